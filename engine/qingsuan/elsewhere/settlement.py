"""Care outside the pool (异地就医清算) as a run carries it: settled claims in, what each side owes the other out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.columns.cells import Torn
from qingsuan.elsewhere.bureau import MOVEMENT_COLUMNS, Bureau
from qingsuan.elsewhere.clearing import LOCAL
from qingsuan.elsewhere.model import AMOUNTS
from qingsuan.elsewhere.outcome import Outcome
from qingsuan.elsewhere.results import tables_of
from qingsuan.movements.tables import movements_table
from qingsuan.paid.columns import KNOWN, MONTH
from qingsuan.paid.rows import Adding
from qingsuan.settlement import Books, InputFile, InputTable, Settled, Settlement, Taken

__all__ = ["TABLES", "CareOutside"]

TABLES = (
    "paying",
    "treating",
    "balances",
    "advances",
    "alarms",
    "movements",
    "unplaced",
    "rejected",
    ".shuffle",
)

_PAID = "paid"
_BYTES_PER_ROW = 320
"""What a settled row needs of memory while its partition is added up: texts, eleven amounts, and their sums beside them."""


class CareOutside(Settlement):
    """Care outside the pool of one year; ``bureau`` is what the bureau hands over."""

    name = "outside 异地就医清算"
    tables = TABLES
    always: tuple[str, ...] = ()

    def __init__(self, bureau: Bureau) -> None:
        self.bureau, self.year = bureau, bureau.arrangement.year
        self._adding = Adding(self.year, ("pool", "insutype", "fixmedins_code", MONTH), AMOUNTS)
        columns = self._adding.columns
        self.inputs = (InputTable("settled", columns, known=KNOWN, key="pool", row_bytes=_BYTES_PER_ROW),)
        own = bureau.own_pools
        self._codes, self._pools = (pa.array(list(texts), pa.string()) for texts in (own, own.values()))
        self._done: Outcome | None = None

    def identity(self) -> dict[str, dict[str, Any]]:
        """See :meth:`qingsuan.settlement.Settlement.identity`."""
        return {
            "options": {"year": self.year},
            "tables of the bureau": {f"{file.table} {file.name}": file.sha256 for file in self.bureau.files},
        }

    def take(
        self, table: str, batch: pa.RecordBatch, file: InputFile, first_row: int, torn: Sequence[Torn] = ()
    ) -> Taken:
        """Add a batch of settled rows up.

        Raises
        ------
        InputError
            From :meth:`qingsuan.paid.rows.Adding.take`.
        """
        taken = self._adding.take(batch, file, first_row, torn)
        return taken._replace(rows=self._without_local(taken.rows))

    def _without_local(self, rows: pa.RecordBatch) -> pa.RecordBatch:
        """Sums of which those of care in the own pool are added up further: most care is, and none of it is cleared."""
        own = self._pools.take(pc.index_in(rows["fixmedins_code"], value_set=self._codes))
        is_local = pc.fill_null(pc.equal(own, rows["pool"]), False)
        columns = {name: rows[name] for name in rows.schema.names}
        for name in ("fixmedins_code", MONTH):
            columns[name] = pc.if_else(is_local, pa.scalar(LOCAL), columns[name])
        grouped = self._adding.grouped(pa.table(columns, schema=rows.schema))
        return pa.RecordBatch.from_arrays(
            [column.combine_chunks() for column in grouped.columns], schema=self._adding.internal
        )

    def empty(self, table: str) -> pa.RecordBatch:
        """See :meth:`qingsuan.settlement.Settlement.empty`."""
        return pa.RecordBatch.from_pylist([], self._adding.internal)

    def settler(self) -> Callable[..., Settled]:
        """See :meth:`qingsuan.settlement.Settlement.settler`."""
        return self._add_up

    def check(self, books: Books) -> None:
        """See :meth:`qingsuan.settlement.Settlement.check`."""
        outcome = self._outcome(books)
        wrong = [name for name, one, other in outcome.identities() if one != other]
        rows = {name: count for name, count in outcome.rows().items() if name != "in"}
        books.check_balance("settled", rows, wrong)

    def totals(self, books: Books) -> dict[str, pa.Table]:
        """See :meth:`qingsuan.settlement.Settlement.totals`."""
        tables = tables_of(self._outcome(books))
        tables["movements"] = movements_table(self.bureau.movements, MOVEMENT_COLUMNS)
        return {f"{name}/part-00000.parquet": table for name, table in tables.items()}

    def record(self, books: Books) -> dict[str, Any]:
        """See :meth:`qingsuan.settlement.Settlement.record`."""
        return self._outcome(books).record()

    def _outcome(self, books: Books) -> Outcome:
        """What all partitions came to, reckoned once."""
        if self._done is None:
            self._done = Outcome.of(self.bureau, self._adding.each(books.totals.get(_PAID, ())))
        return self._done

    def _add_up(self, rows: pa.Table) -> Settled:
        """Add the rows of a partition up: a pool is whole in one."""
        return Settled({}, totals={_PAID: self._adding.grouped(rows)})
