"""How result files are written: plain Parquet that every reader knows, at the least cost.

Amounts, times and dates that every row has are packed as differences, codes as dictionaries; a column of little but
zeros stays as it is, its packing would cost more than its zeros. Codes and dates that every row has are not compressed
further: it would cost more than it saves. Statistics are left out, because people come in the order of hashes and no range
could ever be skipped. No Arrow schema is stored: the bytes depend on the rows alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from qingsuan.run.folder.numbers import AS_NUMBERS, write_as_numbers

__all__ = ["write_parquet"]

_COMPRESSION = "zstd"
_FAST = -3
"""The level for packed columns: what packing left is hardly smaller at a slower one. Texts are given the usual one."""
_USUAL = 1
_DIGITS_OF_64_BITS = 18
_FEW_ROWS = 8
"""Of so many rows nothing becomes smaller by packing it, and the file is written at once: there may be ten thousand columns."""

_COUNTED_AT_ONCE = 8192
_FEW = 8
"""A column is one of little but zeros if fewer than one in so many is not."""


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write a table as one Parquet file.

    Raises
    ------
    OSError
        It cannot be written.
    """
    if table.num_rows > _FEW_ROWS:
        write_as_numbers(table, path, write_statistics=False, **_packing(table))
        return
    content = pa.BufferOutputStream()
    pq.write_table(table, content, write_statistics=False, compression="NONE", use_dictionary=False, **AS_NUMBERS)
    path.write_bytes(content.getvalue())


def _packing(table: pa.Table) -> dict[str, Any]:
    """How each column is packed."""
    whole = [field.name for field in table.schema if _is_whole(field)]
    packed = [field for field in table.schema if _is_packed(field)]
    others = [field for field in table.schema if not _is_packed(field)]
    return {
        "compression": {field.name: _COMPRESSION for field in others} | {field.name: "NONE" for field in packed},
        "compression_level": {field.name: _USUAL if pa.types.is_string(field.type) else _FAST for field in others},
        "use_dictionary": [field.name for field in table.schema if pa.types.is_dictionary(field.type)],
        "column_encoding": {
            name: "PLAIN" if _is_little(table.column(name)) else "DELTA_BINARY_PACKED" for name in whole
        },
    }


def _is_packed(field: pa.Field) -> bool:
    """Whether a column is one of codes or dates that every row has: compression would hardly make it smaller."""
    return not field.nullable and bool(pa.types.is_dictionary(field.type) or pa.types.is_date32(field.type))


def _is_whole(field: pa.Field) -> bool:
    """Whether a column is stored as whole numbers of 64 bits, or is one of dates that every row has."""
    kind = field.type
    if pa.types.is_date32(kind):
        return not field.nullable
    if pa.types.is_decimal(kind):
        return bool(kind.precision <= _DIGITS_OF_64_BITS)
    return bool(pa.types.is_int64(kind) or pa.types.is_timestamp(kind))


def _is_little(column: pa.ChunkedArray) -> bool:
    """Whether a column holds little but zeros; of one that 64 bits do not hold in memory nothing is said."""
    if not pa.types.is_decimal64(column.type):
        return False
    some = 0
    for chunk in column.chunks:
        values = np.frombuffer(chunk.buffers()[1], np.int64)[chunk.offset : chunk.offset + len(chunk)]
        for begin in range(0, len(values), _COUNTED_AT_ONCE):
            some += int(np.count_nonzero(values[begin : begin + _COUNTED_AT_ONCE]))
            if some * _FEW >= len(column):
                return False
    return True
