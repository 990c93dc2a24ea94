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

__all__ = ["Footer", "columns_of", "ended", "footer_of", "longest_text", "saying", "standing_alone", "under_one_footer"]

_MAGIC = b"PAR1"
_ARROW_SCHEMA = b"ARROW:schema"
_SCHEMA = 2  # a field of the footer
_REPETITION, _CHILDREN = 3, 5  # fields of an element of the schema
_REPEATED = 2
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
    """

    before: bytes
    groups: list[tuple[int, int]]
    moved: bytes
    after: bytes

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


def footer_of(content: bytes, columns: int, by: int = 0) -> Footer:
    """Read the footer of a file with so many columns, its row groups moved by so many bytes.

    Raises
    ------
    Garbled
        Footer or pages cannot be followed, or a column has more or fewer values than there are rows.
    """
    try:
        return Footer(*_footers.moved(content, _footer_at(content), columns, by))
    except ValueError as error:
        raise Garbled(str(error)) from error


def under_one_footer(contents: Sequence[bytes], rows: Sequence[int]) -> list[bytes]:
    """The parts, one behind the other, of one Parquet file with the row groups of all these; the last is its footer.

    Parameters
    ----------
    contents
        The whole files.
    rows
        How many rows each of them has.

    Raises
    ------
    Garbled
        They have other columns or rows than is said, or what :func:`footer_of` and :func:`columns_of` raise it for.
    """
    columns, place = columns_of(contents[0]), 0
    footers: list[Footer] = []
    for content, expected in zip(contents, rows, strict=True):
        footer = footer_of(content, columns, place)
        if footer.before != (footers[0] if footers else footer).before:
            raise Garbled("other columns than the first file has")
        if footer.rows != expected:
            raise Garbled(f"{footer.rows} rows where {expected} were counted")
        footers.append(footer)
        place += len(content)
    groups = sum(len(footer.groups) for footer in footers)
    parts = [footer.moved for footer in footers]
    joined = _footers.joined(footers[0].before, sum(rows), groups, parts, footers[0].after)
    return [*contents, joined]


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
