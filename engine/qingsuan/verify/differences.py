"""The differences (补退) of a finished settlement, added up again: by what became of the row, against the totals and the record."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qingsuan.columns.cells import read_money
from qingsuan.money import yuan
from qingsuan.tables import PAID_COLUMNS
from qingsuan.verify.findings import Findings

__all__ = ["CheckedDifferences"]

_MOST_TOTAL = 1 << 62
_TOTALS = "totals/differences.parquet"
_BY = ("pool", "insutype", "fixmedins_code", "outcome", "fund")
"""What totals are by."""

Key = tuple[str, ...]


class CheckedDifferences:
    """What the rows of ``differences`` and the payments in ``reversed`` add up to."""

    def __init__(self) -> None:
        self._rows = 0
        self._sums: dict[str, Counter[Key]] = {"to_pay": Counter(), "to_take_back": Counter()}
        self._paid_reversed: Counter[str] = Counter()

    def add(self, batch: pa.RecordBatch) -> None:
        """Add rows of ``differences``."""
        self._rows += batch.num_rows
        keys = [pc.fill_null(batch.column(name).cast(pa.string()), "") for name in _BY[:-1]]
        for column in batch.schema.names:
            if column.startswith("diff_"):
                fen = read_money(batch.column(column)).values
                table = pa.table(
                    [*keys, pa.array(np.maximum(fen, 0)), pa.array(np.maximum(-fen, 0))], [*_BY[:-1], *self._sums]
                )
                wanted = [(name, "sum") for name in self._sums]
                for row in table.group_by(list(_BY[:-1]), use_threads=False).aggregate(wanted).to_pylist():
                    key = (*(row[name] for name in _BY[:-1]), column.removeprefix("diff_"))
                    for name, sums in self._sums.items():
                        sums[key] += row[f"{name}_sum"]

    def add_reversed(self, batch: pa.RecordBatch) -> None:
        """Add what rows of ``reversed`` carry as paid."""
        for name in PAID_COLUMNS:
            if name in batch.schema.names:
                self._paid_reversed[name] += int(read_money(batch.column(name)).values.sum())

    def compare(self, folder: Path, record: dict[str, Any], findings: Findings) -> None:
        """Compare with ``totals/differences.parquet`` and with what the record says was paid."""
        carried = [name for name in PAID_COLUMNS if name in record["amounts"]]
        if not carried and not self._rows:
            return
        try:
            totals = pq.read_table(folder / _TOTALS)
            told = {name: self._told(totals, name) for name in (*self._sums, "paid")}
        except (OSError, KeyError, ValueError, pa.ArrowException) as error:
            findings.add(_TOTALS, "it can be read", str(error)[:200], "a table of totals")
            return
        for name, sums in self._sums.items():
            for key in sorted({*sums, *told[name]}):
                check = f"the sum of {name} for {' '.join(key)} (fen)"
                findings.same(_TOTALS, check, told[name][key], sums[key])
        for column in carried:
            self._paid(column, record["amounts"][column], told["paid"], findings)

    def _told(self, totals: pa.Table, name: str) -> Counter[Key]:
        found: Counter[Key] = Counter()
        fen = read_money(totals.column(name), _MOST_TOTAL).values.tolist()
        for row, amount in zip(totals.select(list(_BY)).to_pylist(), fen, strict=True):
            found[tuple(row[key] or "" for key in _BY)] += amount
        return found

    def _paid(self, column: str, amounts: dict[str, str], told: Counter[Key], findings: Findings) -> None:
        """Of rows for which nothing is due, what was paid is what is to be taken back."""
        fund = column.removeprefix("paid_")
        for outcome in ("settled", "reversed", "rejected"):
            keys = [key for key in told if key[3:] == (outcome, fund)]
            check = f"{column} of {outcome} rows"
            findings.same("run.json", check, amounts[outcome], yuan(sum(told[key] for key in keys)))
            if outcome != "settled":
                back = sum(self._sums["to_take_back"][key] - self._sums["to_pay"][key] for key in keys)
                findings.same("run.json", f"{check}, as differences take it back", amounts[outcome], yuan(back))
        findings.same("run.json", f"{column} in reversed/", amounts["reversed"], yuan(self._paid_reversed[column]))
