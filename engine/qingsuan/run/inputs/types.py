"""Arrow types at the door: a column that nobody reads goes out with a rejected row, so its type must be carried there."""

from __future__ import annotations

from functools import cache

import pyarrow as pa
import pyarrow.parquet as pq

from qingsuan.errors import InputError
from qingsuan.run.inputs.formats.source import Source

__all__ = ["as_text", "carried_as", "check_types"]

_TYPES = pa.types
_AS_THEY_ARE = (
    _TYPES.is_boolean,
    _TYPES.is_integer,
    _TYPES.is_floating,
    _TYPES.is_string,
    _TYPES.is_large_string,
    _TYPES.is_binary,
    _TYPES.is_large_binary,
    _TYPES.is_fixed_size_binary,
    _TYPES.is_date32,
)


@cache
def carried_as(kind: pa.DataType) -> pa.DataType:
    """The type of a column in ``rejected/``: its own where Parquet holds every value of it, otherwise text."""
    if any(holds(kind) for holds in _AS_THEY_ARE):
        return kind
    if _TYPES.is_decimal(kind) and kind.scale >= 0:
        return kind
    if _TYPES.is_timestamp(kind) and kind.unit != "s":
        return kind
    return pa.string()


def as_text(column: pa.Array) -> pa.Array:
    """Any column as text, null where it is null."""
    try:
        return column.cast(pa.string())
    except pa.ArrowException:
        return pa.array([_text(column, row) for row in range(len(column))], pa.string())


def _text(column: pa.Array, row: int) -> str | None:
    """One cell as Python writes it, or as Arrow does where Python has no such value."""
    try:
        value = column[row].as_py()
    except (ValueError, OverflowError, LookupError, pa.ArrowException):  # LookupError: a time zone that nobody knows
        return " ".join(column.slice(row, 1).to_string().split())
    return None if value is None else str(value)


def check_types(source: Source) -> None:
    """Check every column of a file, read or not, by a trial: rows of its type are taken, and written as a rejected row is.

    Raises
    ------
    InputError
        One cannot: the first rejected row would stop the run after half of it was written.
    """
    for field in source.schema:
        why = _trial(field.type)
        if why:
            raise InputError(
                f"{source.where}: column {field.name}",
                found=f"type {field.type}",
                expected=f"a type that a rejected row can be written with ({why})",
                do="write the extract again without this column, or as text",
            )


@cache
def _trial(kind: pa.DataType) -> str:
    """Why rows of a type cannot be carried; empty if they can."""
    try:
        taken = pa.nulls(3, kind).take(pa.array([2, 0]))
        target = carried_as(kind)
        column = as_text(taken) if target == pa.string() else taken.cast(target)
        pq.write_table(pa.table({"column": column}), pa.BufferOutputStream())
    except (pa.ArrowException, OSError, TypeError, ValueError) as error:
        return " ".join(str(error).split())[:200]
    return ""
