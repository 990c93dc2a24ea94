"""Decimals of few digits decoded as numbers of 64 bits: PyArrow decodes them as numbers of 128, which takes twice as long.

PyArrow takes the width from the Arrow schema that a writer may have left in the footer. So the footer is read, and says in memory what
such a writer would have said; the file stays as it is.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["are_many", "narrow_schema"]

_DIGITS_OF_64_BITS = 18
_BYTES_OF_64_BITS = 8
_WHOLE = ("INT32", "INT64")
_ROWS_PER_COLUMN = 64


def are_many(rows: int, schema: pa.Schema) -> bool:
    """Whether so many rows of a file with these columns are read sooner so, the footer that has to say it included."""
    return rows >= _ROWS_PER_COLUMN * len(schema)


def narrow_schema(written: pq.ParquetSchema, schema: pa.Schema) -> pa.Schema | None:
    """The columns of a file as they can be decoded, decimals as numbers of 64 bits where these hold them; None if there are no such.

    Parameters
    ----------
    written
        How the file has its columns.
    schema
        How PyArrow decodes them.
    """
    if len(written) != len(schema):
        return None  # columns within others
    fields = [_narrow(written.column(at), field) for at, field in enumerate(schema)]
    return None if all(one is field for one, field in zip(fields, schema, strict=True)) else pa.schema(fields)


def _narrow(written: pq.ColumnSchema, field: pa.Field) -> pa.Field:
    kind = field.type
    if not pa.types.is_decimal128(kind) or kind.precision > _DIGITS_OF_64_BITS or written.path != field.name:
        return field
    is_short = written.physical_type == "FIXED_LEN_BYTE_ARRAY" and 0 < written.length <= _BYTES_OF_64_BITS
    if not is_short and written.physical_type not in _WHOLE:
        return field
    return field.with_type(pa.decimal64(kind.precision, kind.scale))
