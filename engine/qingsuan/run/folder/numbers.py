"""Decimals written as the whole numbers that they are, under a footer that says that they are decimals.

PyArrow makes a whole number of each decimal, one by one: a quarter of what writing an amount takes. So it is given the numbers, and the
footer gets the columns' own types afterwards, in the words that PyArrow has for them in a file without rows. The file is the one
that PyArrow makes of the columns themselves, byte for byte.
"""

from __future__ import annotations

import os
from functools import lru_cache
from itertools import takewhile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["AS_NUMBERS", "write_as_numbers"]

AS_NUMBERS: dict[str, Any] = {"store_schema": False, "store_decimal_as_integer": True}
"""What a file must be written with to have its decimals as whole numbers, and its types in nothing but its columns."""

_DIGITS_OF_32_BITS = 9
_TAIL_BYTES = 8
"""So many bytes follow the footer: how long it is, and the mark of a Parquet file."""


def write_as_numbers(table: pa.Table, path: Path, **settings: Any) -> None:
    """Write a table as one Parquet file, as :func:`pyarrow.parquet.write_table` does with these settings and :data:`AS_NUMBERS`.

    Raises
    ------
    OSError
        It cannot be written.
    """
    numbers = pa.table([_numbers_of(column) for column in table.columns], schema=_plain(table.schema))
    pq.write_table(numbers, path, **AS_NUMBERS, **settings)
    if numbers.schema != table.schema and not _say_types(path, *_beginnings(numbers.schema, table.schema)):
        pq.write_table(table, path, **AS_NUMBERS, **settings)


def _plain(schema: pa.Schema) -> pa.Schema:
    return pa.schema([field.with_type(_number_of(field.type)) for field in schema])


def _number_of(kind: pa.DataType) -> pa.DataType:
    """The whole numbers as which a file has decimals of 64 bits; other types themselves."""
    if not pa.types.is_decimal64(kind):
        return kind
    return pa.int32() if kind.precision <= _DIGITS_OF_32_BITS else pa.int64()


def _numbers_of(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = _number_of(column.type)
    if kind == column.type:
        return column
    return pa.chunked_array([chunk.view(pa.int64()) for chunk in column.chunks], pa.int64()).cast(kind)


def _say_types(path: Path, numbers: bytes, types: bytes) -> bool:
    """Have the footer of a file of numbers begin with its types; False, and nothing done, if it does not begin with the numbers."""
    with path.open("r+b") as file:
        file.seek(-_TAIL_BYTES, os.SEEK_END)
        tail = file.read()
        size = int.from_bytes(tail[:4], "little")
        begin = file.seek(-_TAIL_BYTES - size, os.SEEK_END)
        footer = file.read(size)
        if not footer.startswith(numbers):
            return False
        footer = types + footer.removeprefix(numbers)
        file.seek(begin)
        file.write(footer + len(footer).to_bytes(4, "little") + tail[4:])
        file.truncate()
    return True


@lru_cache
def _beginnings(numbers: pa.Schema, types: pa.Schema) -> tuple[bytes, bytes]:
    """How the footers of tables of these columns begin, to where they differ no more: a footer says its columns first."""
    one, other = _footer_without_rows(numbers), _footer_without_rows(types)
    alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one[::-1], other[::-1], strict=False)))
    return one[: len(one) - alike], other[: len(other) - alike]


def _footer_without_rows(schema: pa.Schema) -> bytes:
    content = pa.BufferOutputStream()
    pq.write_table(schema.empty_table(), content, **AS_NUMBERS)
    file: bytes = content.getvalue().to_pybytes()
    end = len(file) - _TAIL_BYTES
    return file[end - int.from_bytes(file[end : end + 4], "little") : end]
