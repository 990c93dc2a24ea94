"""Money that is nobody's premium of the year: shown row by row, with the reason, never dropped and never netted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.columns.cells import decimals
from qingsuan.columns.rows import arrow
from qingsuan.people import Numbering, Texts
from qingsuan.premiums.intake import NO_DAY

__all__ = ["REASONS", "UNAPPLIED", "Aside", "unapplied_table"]

REASONS = ("", "not-counted", "not-settled", "more-taken-back-than-paid")
"""Why a row is not applied: its person counts nowhere in the year; is refused, a figure being unknown; or keeps less than nothing."""

UNAPPLIED = pa.schema(
    [
        ("psn_no", pa.string()),
        ("table", pa.string()),
        ("reason", pa.string()),
        ("insu_admdvs", pa.string()),
        ("day", pa.date32()),
        ("amount", pa.decimal64(16, 2)),
    ]
)
"""A row of ``premiums`` or ``shortfalls`` that is not applied; place and day as far as it says them."""


class Aside(NamedTuple):
    """Rows of a table, and of each the number of the reason; 0 for those that are applied."""

    table: str
    rows: pa.Table
    reason: npt.NDArray[np.int8]


def unapplied_table(tables: Sequence[Aside]) -> pa.Table:
    """Those not applied, ordered by (hash of the person, person, table, day, amount, place)."""
    parts = [(aside.table, aside.rows.filter(pa.array(aside.reason != 0)), aside.reason) for aside in tables]
    ids = pa.chunked_array([chunk for _, rows, _ in parts for chunk in rows["psn_no"].chunks], pa.string())
    name = np.repeat(np.arange(len(parts)), [rows.num_rows for _, rows, _ in parts])
    reason = np.concatenate([numbers[numbers != 0] for _, _, numbers in parts])
    fen = np.concatenate([rows["fen"].to_numpy() for _, rows, _ in parts])
    day = np.concatenate([_column(rows, "day", NO_DAY) for _, rows, _ in parts])
    admdvs = np.concatenate([_column(rows, "admdvs", 0) for _, rows, _ in parts])
    order = np.lexsort((admdvs, fen, day, name, Numbering(Texts.of(ids)).numbers))
    columns = [
        ids.take(pa.array(order)).combine_chunks(),
        pa.array([table for table, _, _ in parts]).take(pa.array(name[order])),
        pa.array(REASONS).take(pa.array(reason[order])),
        pa.array(admdvs[order], mask=admdvs[order] == 0).cast(pa.string()),
        pa.array(day[order], mask=day[order] == NO_DAY).view(pa.date32()),
        decimals(arrow(fen[order]).to_numpy()),
    ]
    return pa.Table.from_arrays(columns, schema=UNAPPLIED)


def _column(rows: pa.Table, name: str, absent: int) -> npt.NDArray[np.int32]:
    if name not in rows.schema.names:
        return np.full(rows.num_rows, absent, np.int32)
    column: npt.NDArray[np.int32] = rows[name].to_numpy()
    return column
