"""A world as the tables an engine is given: the columns of the national interface, money as decimal128(16,2) yuan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from generate import DIMENSIONS
from qingsuan.tables import CLAIMS, IDENTITIES, INSURED, PAID_COLUMNS, REGISTRATIONS, Column
from worlds import World

__all__ = ["claims_table", "identities_table", "insured_table", "registrations_table"]

TYPES = {
    "text": pa.string(),
    "code": pa.string(),
    "flag": pa.string(),
    "date": pa.date32(),
    "time": pa.timestamp("us"),
    "money": pa.decimal128(16, 2),
}
NEVER_NULL = {"setl_id", "psn_no", "insutype"}


def claims_table(world: World) -> pa.Table:
    """All claims; plugin dimensions in the columns that the rule sets name."""
    columns = [column for column in CLAIMS if column.name not in (*PAID_COLUMNS, "vali_flag")]
    return _table(world.claims, columns, "claims")


def insured_table(world: World) -> pa.Table:
    """All insured rows. The flags that no rule reads are 0."""
    return _table(world.insured, [column for column in INSURED if column.name != "vali_flag"], "insured")


def identities_table(world: World) -> pa.Table:
    """All identities."""
    return _table(world.identities, [column for column in IDENTITIES if column.name != "vali_flag"], "")


def registrations_table(world: World) -> pa.Table:
    """All registrations."""
    table = _table(world.registrations, [column for column in REGISTRATIONS if column.name != "vali_flag"], "")
    fen = [one.extra.get("x_sum") for one in world.registrations]
    return table.append_column("x_sum", money([one or 0 for one in fen], [one is None for one in fen]))


def _table(rows: Sequence[Any], columns: Sequence[Column], owner: str) -> pa.Table:
    arrays = {column.name: _array(rows, column) for column in columns}
    for dimension in DIMENSIONS:
        if dimension.table != owner or dimension.kind not in {"code", "number", "amount", "date"}:
            continue
        values = [row.extra.get(dimension.name) for row in rows]
        if dimension.kind == "date":
            arrays[dimension.column] = pa.array(values, pa.int32()).cast(pa.date32())
        elif dimension.kind == "number":
            arrays[dimension.column] = pa.array(values, pa.int64())
        elif dimension.kind == "amount":
            arrays[dimension.column] = money([value or 0 for value in values], [value is None for value in values])
        else:
            arrays[dimension.column] = pa.array([value or None for value in values], pa.string())
    return pa.table(arrays)


def _array(rows: Sequence[Any], column: Column) -> pa.Array:
    values = [getattr(row, column.name, "0" if column.kind == "flag" else None) for row in rows]
    if column.kind == "money":
        return money([0 if value is None else value for value in values], [value is None for value in values])
    if column.name not in NEVER_NULL and column.kind in {"text", "code", "flag"}:
        values = [value or None for value in values]
    return pa.array(values, TYPES[column.kind])


def money(fen: Sequence[int], absent: Sequence[bool]) -> pa.Array:
    """Fen as yuan: the same 128-bit integers, read with two decimals."""
    data = b"".join(value.to_bytes(16, "little", signed=True) for value in fen)
    found = pa.Array.from_buffers(pa.decimal128(16, 2), len(fen), [None, pa.py_buffer(data)])
    return (
        found
        if not any(absent)
        else pa.array(
            [None if gone else value for gone, value in zip(absent, found.to_pylist(), strict=True)], found.type
        )
    )
