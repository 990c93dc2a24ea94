"""Footers of Parquet files that are there whole: what they say, checked against the pages; several under one. The door of ``_footers``.

Of every column of a row group the pages say as many values as it has rows: no column holds a row that nobody sees, and none can push a
value into the rows of the next file where several are read as one.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa

from qingsuan import _footers
from qingsuan.run.inputs.formats.parquet.thrift import Garbled, read_struct
from qingsuan.run.inputs.formats.source import SMALL_BYTES

__all__ = [
    "Footer",
    "Together",
    "columns_of",
    "ended",
    "footer_of",
    "longest_text",
    "saying",
    "standing_alone",
    "under_one_footer",
    "unpacked",
]

_MAGIC = b"PAR1"
_ARROW_SCHEMA = b"ARROW:schema"
_SCHEMA = 2  # a field of the footer
_REPETITION, _CHILDREN = 3, 5  # fields of an element of the schema
_REPEATED = 2
_CODECS = {0: "UNCOMPRESSED", 1: "SNAPPY", 2: "GZIP", 4: "BROTLI", 6: "ZSTD"}
"""How pages are packed, by the numbers that the format has for it."""

_NO_COLUMNS: frozenset[int] = frozenset()
_TAIL = 8
"""What ends a file: how long its footer is, and the magic."""


class Footer(NamedTuple):
    """What a footer says.

    Attributes
    ----------
    before : its columns, as they are written.
    groups : rows and bytes of each row group, bytes as they are before they are packed.
    moved : the row groups, as they are written, their places moved.
    after : what follows them: who wrote it, what else he says of its columns.
    dictionaries
        Of the columns of texts that were asked for: the rows of the row group, how it is packed, the place and the size of its page,
        the size unpacked, and the number of its texts.
    """

    before: bytes
    groups: list[tuple[int, int]]
    moved: bytes
    after: bytes
    dictionaries: list[tuple[int, int, int, int, int, int]]

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return sum(rows for rows, _ in self.groups)


def columns_of(content: bytes) -> int:
    """How many columns a file has.

    Raises
    ------
    Garbled
        Its footer cannot be followed; or one of them is a list, or within another one.
    """
    before = _schema_of(content, _footer_at(content))
    try:
        root, *columns = read_struct(before + b"\0")[0][_SCHEMA]
        if any(column.get(_CHILDREN) or column.get(_REPETITION) == _REPEATED for column in columns):
            raise Garbled("columns of lists, or within others")
        if root.get(_CHILDREN) != len(columns):
            raise Garbled("more or fewer columns than are said")
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise Garbled(f"columns that cannot be followed: {error!r}") from error
    return len(columns)


def _schema_of(content: bytes, footer_at: int) -> bytes:
    try:
        return _footers.schema_of(content, footer_at)
    except ValueError as error:
        raise Garbled(str(error)) from error


def footer_of(content: bytes, columns: int, by: int = 0, texts: frozenset[int] = _NO_COLUMNS) -> Footer:
    """Read the footer of a file with so many columns, its row groups moved by so many bytes.

    Parameters
    ----------
    texts
        Numbers of columns of texts whose dictionaries are wanted: what else they have stands in their pages, each text in full.

    Raises
    ------
    Garbled
        Footer or pages cannot be followed; a column has more or fewer values than there are rows; or one of ``texts`` is written as
        differences.
    """
    try:
        return Footer(*_footers.moved(content, _footer_at(content), columns, by, texts))
    except ValueError as error:
        raise Garbled(str(error)) from error


class Together(NamedTuple):
    """Several files under one footer, which belongs behind the files, one behind the other.

    Attributes
    ----------
    footer : that footer.
    text_bytes : so many bytes texts have at most that their files say once, in dictionaries, when they are written out row by row.
    """

    footer: bytes
    text_bytes: int


def under_one_footer(contents: Sequence[bytes], rows: Sequence[int], texts: frozenset[int] = _NO_COLUMNS) -> Together:
    """One footer for the row groups of all these Parquet files, as they lie one behind the other.

    Parameters
    ----------
    contents
        The whole files.
    rows
        How many rows each of them has.
    texts
        Numbers of the columns of texts that will be written out.

    Raises
    ------
    Garbled
        They have other columns or rows than is said, or what :func:`footer_of` and :func:`columns_of` raise it for.
    """
    columns, place, text_bytes = columns_of(contents[0]), 0, 0
    footers: list[Footer] = []
    for content, expected in zip(contents, rows, strict=True):
        footer = footer_of(content, columns, place, texts)
        if footer.before != (footers[0] if footers else footer).before:
            raise Garbled("other columns than the first file has")
        if footer.rows != expected:
            raise Garbled(f"{footer.rows} rows where {expected} were counted")
        footers.append(footer)
        place += len(content)
        text_bytes += sum(_written_out(content, *dictionary) for dictionary in footer.dictionaries)
    groups = sum(len(footer.groups) for footer in footers)
    parts = [footer.moved for footer in footers]
    joined = _footers.joined(footers[0].before, sum(rows), groups, parts, footers[0].after)
    return Together(joined, text_bytes)


def _written_out(content: bytes, rows: int, codec: int, place: int, packed: int, size: int, texts: int) -> int:
    """How many bytes the texts of a dictionary have at most in so many rows; of one that is itself too large, more than may be."""
    if size > SMALL_BYTES:
        return size * rows
    page = unpacked(content[place : place + packed], _CODECS.get(codec, f"number {codec}"), size)
    return rows * longest_text(page, texts)


def unpacked(page: bytes, codec: str, size: int) -> bytes:
    """What is on a page, given how it is packed and how large it is unpacked.

    Raises
    ------
    Garbled
        It cannot be unpacked, or is packed in a way that is not known here.
    """
    if codec == _CODECS[0]:
        return page
    if codec not in _CODECS.values():
        raise Garbled(f"a page packed with {codec}")
    try:
        found: bytes = pa.decompress(page, size, codec.lower(), asbytes=True)
    except (pa.ArrowException, OSError) as error:
        raise Garbled(f"a page that cannot be unpacked: {error}") from error
    return found


def saying(footer: bytes, schema: pa.Schema) -> bytes:
    """A footer that says this Arrow schema beside its columns, as a writer does, and nothing else there.

    Raises
    ------
    Garbled
        It cannot be followed.
    """
    try:
        return _footers.saying(footer, _ARROW_SCHEMA, base64.b64encode(schema.serialize()))
    except ValueError as error:
        raise Garbled(str(error)) from error


def longest_text(page: bytes, values: int) -> int:
    """How many bytes the longest of the texts of a dictionary has, given its page, unpacked, and how many there are.

    Raises
    ------
    Garbled
        They are not so many.
    """
    try:
        return _footers.longest(page, values)
    except ValueError as error:
        raise Garbled(str(error)) from error


def ended(footer: bytes) -> bytes:
    """A footer with what ends a file behind it."""
    return footer + len(footer).to_bytes(4, "little") + _MAGIC


def standing_alone(footer: bytes) -> bytes:
    """A file without rows that has this footer, to be read by itself."""
    return _MAGIC + ended(footer)


def _footer_at(content: bytes) -> int:
    length = int.from_bytes(content[-_TAIL:-4], "little")
    if content[-4:] != _MAGIC or not content.startswith(_MAGIC) or length > len(content) - _TAIL - len(_MAGIC):
        raise Garbled("the file does not begin and end as a Parquet file does")
    return len(content) - _TAIL - length
