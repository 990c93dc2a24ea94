"""Due less paid (补退), for every row that carries what was paid during the year: settled, reversed or rejected.

Of a pair that was taken back, and of a rejected row, nothing is due: what they carry as paid stands there to be taken back. So what
was paid is in the differences whole, and ``outcome`` says what became of the row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.benefits.results import code_columns, groups_of, id_columns
from qingsuan.columns.cells import NO_AMOUNT, decimals_or_null
from qingsuan.columns.rows import Taker, add_up, arrow
from qingsuan.tables import PAID_COLUMNS

if TYPE_CHECKING:
    from qingsuan.benefits.columns import Columns

__all__ = ["BY", "DIFFERENCES", "OUTCOMES", "REFUNDS_OF_PART", "Differences", "fund_of"]

OUTCOMES = ("settled", "reversed", "rejected")
"""What became of a row."""

BY = ("pool", "insutype", "fixmedins_code", "outcome", "fund")
"""What totals of differences are by."""

DIFFERENCES = "differences"
REFUNDS_OF_PART = "refunds_of_part"
"""The name among a partition's totals under which refunds of a part are counted."""

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Placed = tuple[Int32, Int32]
"""Rows of a partition, and the number of the pool of each."""


def fund_of(column: str) -> str:
    """The fund, or account, that a ``paid_…`` column is about."""
    return column.removeprefix("paid_")


class Differences:
    """Rows with what they carry as paid and what is due for them.

    Parameters
    ----------
    paid
        By ``paid_…`` column (n,) int64 fen, ``NO_AMOUNT`` where a row does not say.
    due
        By fund (n,) int64 fen; a fund that is not there owes nothing.
    outcome : (n,) int32
        Place in :data:`OUTCOMES`.
    """

    def __init__(self, paid: Mapping[str, Int64], due: Mapping[str, Int64], outcome: Int32) -> None:
        self.paid, self.outcome = paid, outcome
        self.known = {column: fen != NO_AMOUNT for column, fen in paid.items()}
        self.fen = {
            column: np.where(self.known[column], due.get(fund_of(column), np.int64(0)) - np.where(self.known[column], fen, 0), 0)
            for column, fen in paid.items()
        }  # fmt: skip

    @classmethod
    def of_partition(
        cls, columns: Columns, ordered: Int32, settled: Placed, due: Mapping[str, Int64], taken_back: Placed
    ) -> tuple[pa.Table, pa.Table]:
        """The table ``differences`` of a partition, and its sums; of settled rows and of those that were taken back."""
        rows, pool = (np.concatenate(both) for both in zip(settled, taken_back, strict=True))
        back = np.zeros(len(taken_back[0]), np.int64)
        outcome = np.repeat(np.arange(2, dtype=np.int32), [len(settled[0]), len(back)])
        if len(back):  # in the order of people, whatever became of their rows
            place = np.empty(len(columns), np.int64)
            place[ordered] = np.arange(len(ordered))
            turn = np.argsort(place[rows], kind="stable")
            rows, pool, outcome = rows[turn], pool[turn], outcome[turn]
            due = {fund: np.concatenate([fen, back])[turn] for fund, fen in due.items()}
        taker = Taker(rows, len(columns))
        paid = {name: taker.numbers(columns.raw(name)) for name in PAID_COLUMNS if columns.has(name)}
        found = cls(paid, due, outcome)
        return found.table(columns, rows, pool), found.totals(columns, rows, pool)

    @property
    def some(self) -> npt.NDArray[np.bool_]:
        """Which rows carry anything."""
        found = np.zeros(len(self.outcome), np.bool_)
        for known in self.known.values():
            found |= known
        return found

    def table(self, columns: Columns, rows: Int32, pool: Int32) -> pa.Table:
        """The table ``differences`` of rows of a partition, whose pools have these numbers."""
        some = self.some
        taker = Taker(rows[some], len(columns))
        fields = id_columns(columns, taker)
        fields.update(code_columns(columns, taker, ("insutype", "insu_admdvs", "fixmedins_code")))
        pools = pa.array([one.code for one in columns.setup.places.pools], pa.string())
        fields["pool"] = pa.DictionaryArray.from_arrays(arrow(pool[some]), pools)
        return self.completed(fields)

    def completed(self, fields: dict[str, pa.Array]) -> pa.Table:
        """The table ``differences``, given its first columns of those rows that carry anything."""
        some = self.some
        found = {**fields, "outcome": pa.DictionaryArray.from_arrays(arrow(self.outcome[some]), pa.array(OUTCOMES))}
        for column, fen in self.fen.items():
            found[f"diff_{fund_of(column)}"] = decimals_or_null(fen[some], self.known[column][some])
        return pa.table(found)

    def totals(self, columns: Columns, rows: Int32, pool: Int32) -> pa.Table:
        """Sums in fen of rows of a partition, to be merged with those of other partitions."""
        groups, table = groups_of(columns, rows, pool, ("pool", "insutype", "fixmedins_code"))
        return self.summed(groups, table)

    def summed(self, groups: Int32, table: pa.Table) -> pa.Table:
        """Sums in fen by :data:`BY`; ``groups`` is each row's row in ``table``, which has the first columns."""
        parts = []
        for number, outcome in enumerate(OUTCOMES):
            mine = self.outcome == number
            if mine.any():
                parts += [self._fund(column, mine, outcome, groups, table) for column in self.paid]
        if parts:
            return pa.concat_tables(parts)
        names = [*(pa.field(name, pa.string()) for name in BY), *(pa.field(name, pa.int64()) for name in _SUMS)]
        return pa.schema(names).empty_table()

    def _fund(self, column: str, mine: npt.NDArray[np.bool_], outcome: str, groups: Int32, table: pa.Table) -> pa.Table:
        fen, known = self.fen[column][mine], self.known[column][mine]
        paid = np.where(known, self.paid[column][mine], 0)
        sums = [known.astype(np.int64), paid, np.maximum(fen, 0), np.maximum(-fen, 0)]
        rows, *sums = add_up(np.ascontiguousarray(groups[mine]), table.num_rows, sums)
        part = table.append_column("outcome", pa.repeat(pa.scalar(outcome), table.num_rows))
        part = part.append_column("fund", pa.repeat(pa.scalar(fund_of(column)), table.num_rows))
        for name, values in zip(_SUMS, sums, strict=True):
            part = part.append_column(name, arrow(values))
        return part.filter(pa.array(rows > 0))


_SUMS = ("paid", "to_pay", "to_take_back")
