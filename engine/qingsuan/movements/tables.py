"""Lines of money as a table: as they came, with what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

import pyarrow as pa

from qingsuan.movements.model import OPTIONAL_COLUMNS, Movement

__all__ = ["MONEY", "money", "movements_table"]

MONEY = pa.decimal128(20, 2)
"""The type of amounts that are sums of other amounts."""


def movements_table(movements: Sequence[Movement], columns: Sequence[str]) -> pa.Table:
    """One row per line; ``columns`` are those that every line has."""
    table = {"source_row": pa.array([one.number for one in movements], pa.int64())}
    table["outcome"] = pa.array([one.outcome for one in movements], pa.string())
    for name in ("code", "column", "found", "expected"):
        table[name] = pa.array([getattr(one.fault, name) if one.fault else None for one in movements], pa.string())
    for name in (*columns, *OPTIONAL_COLUMNS):
        table[f"input_{name}"] = pa.array([one.cells.get(name) or None for one in movements], pa.string())
    table["amount"] = money(None if one.fault is not None else one.fen for one in movements)
    return pa.table(table)


def money(values: Iterable[int | None]) -> pa.Array:
    """Fen as decimals of yuan."""
    return pa.array([None if fen is None else Decimal(fen).scaleb(-2) for fen in values], MONEY)
