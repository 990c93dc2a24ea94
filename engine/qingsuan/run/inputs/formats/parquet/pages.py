"""How many rows the pages of a Parquet file hold, whatever its footer says: counted by their headers, without Arrow.

Arrow reads as many rows as the footer says and leaves the others where they are, without a word. A column that is neither
a list nor within another one has a value, or a null, in each row; so the headers of its pages count the rows.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow.parquet as pq

from qingsuan.run.inputs.formats.limits import check_page, may_be_large
from qingsuan.run.inputs.formats.parquet.footers import longest_text, unpacked
from qingsuan.run.inputs.formats.parquet.thrift import Fields, Garbled, Struct, read_struct

__all__ = ["check_sizes", "footer_bytes", "longest_in_dictionaries", "rows_of_pages"]

_MAGIC = b"PAR1"
_SCHEMA, _ROW_GROUPS = 2, 4  # fields of the footer
_REPETITION, _CHILDREN = 3, 5  # fields of an element of the schema
_COLUMNS, _COLUMN = 1, 3  # fields of a row group, and of a column in it
_PACKED_SIZE, _DATA_AT, _DICTIONARY_AT = 7, 9, 11  # fields of a column
_PAGE_KIND, _UNPACKED_SIZE, _PAGE_SIZE, _VALUES = 1, 2, 3, 1  # fields of a page header, and of that of each kind
_DICTIONARY, _DICTIONARY_HEADER = 2, 7  # the kind of page that is a dictionary, and the field of its own header
_HEADERS = {0: 5, 3: 8}  # of pages with values: their kind, and the field of their own header
_REPEATED = 2
_COUNTED: Fields = {
    _SCHEMA: {_REPETITION: None, _CHILDREN: None},
    _ROW_GROUPS: {_COLUMNS: {_COLUMN: {_PACKED_SIZE: None, _DATA_AT: None, _DICTIONARY_AT: None}}},
}
"""What of a footer is needed to count rows: of ten thousand columns all the rest would be made into objects."""

_HEADER_BYTES = (1 << 10, 1 << 14, 1 << 24)


def rows_of_pages(path: Path, content: bytes | None = None) -> list[int] | None:
    """How many rows the pages of each row group hold; None where every column is a list, or lies within another one.

    Parameters
    ----------
    content
        What is in the file, where that was read already.

    Raises
    ------
    Garbled
        Footer or pages cannot be followed.
    """
    with path.open("rb") if content is None else BytesIO(content) as file:
        size = file.seek(0, os.SEEK_END)
        footer = read_struct(footer_bytes(file, size), wanted=_COUNTED)[0]
        try:
            column = _flat_column(footer[_SCHEMA])
            if column is None:
                return None
            groups = [group[_COLUMNS][column][_COLUMN] for group in footer[_ROW_GROUPS]]
            return [sum(_values(file, chunk, size)) for chunk in groups]
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise Garbled(f"a part that is not where it should be: {error!r}") from error


def check_sizes(path: Path, metadata: pq.FileMetaData) -> None:
    """Check that no page is larger than the limit; of columns that are smaller themselves no page is looked at.

    Raises
    ------
    InputError
        One is.
    """
    for group in range(metadata.num_row_groups):
        rows = metadata.row_group(group)
        if not may_be_large(rows.total_byte_size):
            continue
        for column in map(rows.column, range(rows.num_columns)):
            if may_be_large(column.total_uncompressed_size):
                _check_pages_of(path, column)


def _check_pages_of(path: Path, column: pq.ColumnChunkMetaData) -> None:
    with path.open("rb") as file:
        for header, _ in _pages_of(file, column):
            check_page(path, column.path_in_schema, header[_UNPACKED_SIZE])


def longest_in_dictionaries(path: Path, columns: Iterable[pq.ColumnChunkMetaData]) -> int:
    """How many bytes the longest text has that a dictionary of these columns of texts says; 0 if there is no dictionary.

    Raises
    ------
    Garbled
        Pages cannot be followed, or a dictionary is packed in a way that is not known here.
    InputError
        One is larger than a page may be.
    """
    longest = 0
    with path.open("rb") as file:
        for column in columns:
            for header, place in _pages_of(file, column):
                if header[_PAGE_KIND] == _DICTIONARY:
                    check_page(path, column.path_in_schema, header[_UNPACKED_SIZE])
                    file.seek(place)
                    page = unpacked(file.read(max(0, header[_PAGE_SIZE])), column.compression, header[_UNPACKED_SIZE])
                    longest = max(longest, longest_text(page, header[_DICTIONARY_HEADER][_VALUES]))
    return longest


def _pages_of(file: BinaryIO, column: pq.ColumnChunkMetaData) -> Iterator[tuple[Struct, int]]:
    """The header of each page of a column in a row group, and the place behind it."""
    places = (column.data_page_offset, column.dictionary_page_offset if column.has_dictionary_page else 0)
    place = min(at for at in places if at > 0)
    end = place + column.total_compressed_size
    while place < end:
        header, length = _header(file, place)
        yield header, place + length
        place += length + max(0, header[_PAGE_SIZE])


def footer_bytes(file: BinaryIO, size: int) -> bytes:
    """The footer of a file of so many bytes.

    Raises
    ------
    Garbled
        There is none.
    """
    file.seek(max(0, size - 8))
    end = file.read(8)
    length = int.from_bytes(end[:4], "little")
    if end[4:] != _MAGIC or length > size - 8:
        raise Garbled("the file does not end as a Parquet file does")
    file.seek(size - 8 - length)
    return file.read(length)


def _flat_column(schema: list[Any]) -> int | None:
    """The number, among the columns that have values, of the first one that has one in each row."""
    leaves, place = 0, 1
    while place < len(schema):
        element = schema[place]
        if not element.get(_CHILDREN):
            if element.get(_REPETITION) != _REPEATED:
                return leaves
            leaves, place = leaves + 1, place + 1
        else:
            within, place = _leaves_below(schema, place)
            leaves += within
    return None


def _leaves_below(schema: list[Any], place: int) -> tuple[int, int]:
    """How many columns with values are below an element, and where the element after all of them is."""
    leaves, left = 0, 1
    while left:
        children = schema[place].get(_CHILDREN) or 0
        leaves, left, place = leaves + (not children), left - 1 + children, place + 1
    return leaves, place


def _values(file: BinaryIO, column: Struct, size: int) -> Iterator[int]:
    """How many values each page of a column in a row group has, nulls included."""
    if not column[_PACKED_SIZE]:
        return  # a row group without rows
    place = min((at for at in (column[_DATA_AT], column.get(_DICTIONARY_AT) or 0) if at > 0), default=0)
    end = place + column[_PACKED_SIZE]
    if not 0 < place <= end <= size:
        raise Garbled("a column that lies outside the file")
    while place < end:
        header, length = _header(file, place)
        place += length + header[_PAGE_SIZE]
        if header[_PAGE_SIZE] < 0 or place > size:
            raise Garbled("a page that lies outside the file")
        if header[_PAGE_KIND] in _HEADERS:
            values = header[_HEADERS[header[_PAGE_KIND]]][_VALUES]
            if values < 0:
                raise Garbled(f"a page of {values} values")
            yield values


def _header(file: BinaryIO, place: int) -> tuple[Struct, int]:
    """The header of the page that begins at a place, and how long it is: seldom as long as the longest texts, which it may name."""
    for most in _HEADER_BYTES[:-1]:
        file.seek(place)
        try:
            return read_struct(file.read(most))
        except Garbled:
            continue
    file.seek(place)
    return read_struct(file.read(_HEADER_BYTES[-1]))
