"""Central procurement (集中带量采购) as a run carries it: purchases and agreed quantities in, what is kept and ledgers out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pyarrow as pa

from qingsuan.columns.cells import Torn
from qingsuan.errors import InputError
from qingsuan.movements.tables import movements_table
from qingsuan.purchases.bureau import MOVEMENT_COLUMNS, Bureau
from qingsuan.purchases.intake import AGREED, INTERNAL, PURCHASES, Intake
from qingsuan.purchases.outcome import identities, judge, record_of
from qingsuan.purchases.partition import AGREEMENTS, settle_institutions
from qingsuan.purchases.results import SUMS, sums_of, totals_table
from qingsuan.settlement import Books, InputFile, InputTable, Settled, Settlement, Taken

__all__ = ["TABLES", "CentralProcurement"]

TABLES = ("quantities", "institutions", "kept", "ledger", "movements", "totals", "rejected", ".shuffle")

_BYTES = {"purchases": 220, "agreed": 500}
"""What a row needs of memory while its partition is settled."""


class CentralProcurement(Settlement):
    """The batches whose agreements end in one year; ``bureau`` is what the bureau hands over."""

    name = "procurement 集中带量采购"
    tables = TABLES
    always = ("quantities", "institutions", "kept", "ledger")

    def __init__(self, bureau: Bureau) -> None:
        self.bureau, self.year = bureau, bureau.procurement.year
        self._intake = Intake(bureau)
        key, size = "fixmedins_code", _BYTES
        self.inputs = (
            InputTable("purchases", PURCHASES, key=key, row_bytes=size["purchases"]),
            InputTable("agreed", AGREED, key=key, row_bytes=size["agreed"], is_trusted=True),
        )

    def identity(self) -> dict[str, dict[str, Any]]:
        """See :meth:`qingsuan.settlement.Settlement.identity`."""
        return {
            "options": {"year": self.year},
            "tables of the bureau": {f"{file.table} {file.name}": file.sha256 for file in self.bureau.files},
        }

    def take(
        self, table: str, batch: pa.RecordBatch, file: InputFile, first_row: int, torn: Sequence[Torn] = ()
    ) -> Taken:
        """Check a batch of a table, row by row.

        Raises
        ------
        InputError
            From :meth:`qingsuan.purchases.intake.Intake.take`.
        """
        return self._intake.take(table, batch, file, first_row, torn)

    def empty(self, table: str) -> pa.RecordBatch:
        """See :meth:`qingsuan.settlement.Settlement.empty`."""
        return pa.RecordBatch.from_pylist([], INTERNAL[table])

    def check_spread(self, table: str, rows: pa.Table) -> None:
        """Check that a quantity is agreed once for each item and institution.

        Raises
        ------
        InputError
            One is agreed twice.
        """
        seen = set()
        items = list(self.bureau.items)
        for key in zip(rows["fixmedins_code"].to_pylist(), rows["item"].to_pylist(), strict=True):
            if key in seen:
                batch, item = items[key[1]]
                found = f"item {item} of batch {batch} again for {key[0]}"
                raise InputError("agreed", found=found, expected="each once", do="add the two rows up")
            seen.add(key)

    def settler(self) -> Callable[..., Settled]:
        """See :meth:`qingsuan.settlement.Settlement.settler`."""
        return partial(settle_institutions, self.bureau)

    def check(self, books: Books) -> None:
        """See :meth:`qingsuan.settlement.Settlement.check`."""
        wrong = [name for name, one, other in identities(self.bureau, books) if one != other]
        books.check_balance("purchases", {"counted": books.counts["counted"]}, wrong)
        books.check_balance("agreed", {"settled": books.counts["agreed"]})

    def totals(self, books: Books) -> dict[str, pa.Table]:
        """See :meth:`qingsuan.settlement.Settlement.totals`."""
        judge(self.bureau, books.totals.get(AGREEMENTS, []))
        return {
            "totals/scheme.parquet": totals_table(sums_of(books.totals.get(SUMS, []))),
            "movements/part-00000.parquet": movements_table(self.bureau.movements, MOVEMENT_COLUMNS),
        }

    def record(self, books: Books) -> dict[str, Any]:
        """See :meth:`qingsuan.settlement.Settlement.record`."""
        return record_of(self.bureau, books)
