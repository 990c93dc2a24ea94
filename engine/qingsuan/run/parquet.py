"""How result files are written: plain Parquet that every reader knows, at the least cost.

Amounts and times are packed as differences, codes as dictionaries; statistics are left out, because people come in the
order of hashes and no range could ever be skipped. No Arrow schema is stored: the bytes depend on the rows alone.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["write_parquet"]

_COMPRESSION = "zstd"
_DIGITS_OF_64_BITS = 18


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write a table as one Parquet file.

    Raises
    ------
    OSError
        It cannot be written.
    """
    pq.write_table(
        table,
        path,
        compression=_COMPRESSION,
        store_schema=False,
        store_decimal_as_integer=True,
        use_dictionary=[field.name for field in table.schema if pa.types.is_dictionary(field.type)],
        column_encoding={field.name: "DELTA_BINARY_PACKED" for field in table.schema if _is_whole(field.type)},
        write_statistics=False,
    )


def _is_whole(kind: pa.DataType) -> bool:
    """Whether a column is stored as whole numbers of 64 bits."""
    if pa.types.is_decimal(kind):
        return bool(kind.precision <= _DIGITS_OF_64_BITS)
    return bool(pa.types.is_int64(kind) or pa.types.is_timestamp(kind))
