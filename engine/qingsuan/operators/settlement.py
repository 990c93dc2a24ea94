"""Contracts with operators (大病保险承办合同) as a run carries them: settled claims in, contracts settled out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

from qingsuan.columns.cells import Torn
from qingsuan.errors import RunError
from qingsuan.money import yuan
from qingsuan.movements.tables import movements_table
from qingsuan.operators.bureau import MOVEMENT_COLUMNS, Bureau
from qingsuan.operators.outcome import Outcome
from qingsuan.operators.results import bands_table, contracts_table, uncovered_table
from qingsuan.paid.columns import KNOWN
from qingsuan.paid.rows import CLAIMS, Adding
from qingsuan.policy.model import FUNDS
from qingsuan.settlement import Books, InputFile, InputTable, Settled, Settlement, Taken

__all__ = ["TABLES", "OperatorContracts"]

TABLES = ("contracts", "bands", "movements", "uncovered", "rejected", ".shuffle")

_PAID = "paid"
_BYTES_PER_ROW = 40
"""What a settled row needs of memory: it is added up as it is read."""


class OperatorContracts(Settlement):
    """The contracts of one year; ``bureau`` is what the bureau hands over."""

    name = "operator 大病保险承办"
    tables = TABLES
    always: tuple[str, ...] = ()

    def __init__(self, bureau: Bureau) -> None:
        self.bureau, self.year = bureau, bureau.contracts.year
        self._adding = Adding(self.year, ("pool", "insutype"), FUNDS)
        columns = self._adding.columns
        self.inputs = (InputTable("settled", columns, known=KNOWN, key="pool", row_bytes=_BYTES_PER_ROW),)

    def identity(self) -> dict[str, dict[str, Any]]:
        """See :meth:`qingsuan.settlement.Settlement.identity`."""
        return {
            "options": {
                "year": self.year,
                "carried in": {name: yuan(fen) for name, fen in self.bureau.carried.items()},
            },
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
        return self._adding.take(batch, file, first_row, torn)

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
        books.check_balance("settled", {"added up": sum(numbers[0] for numbers in outcome.paid.values())}, wrong)
        if books.sums_in[CLAIMS] != books.rows_read["settled"]:
            raise RunError("run", found="rows that were read and not taken", expected="none", do="report this")

    def totals(self, books: Books) -> dict[str, pa.Table]:
        """See :meth:`qingsuan.settlement.Settlement.totals`."""
        outcome = self._outcome(books)
        return {
            "contracts/part-00000.parquet": contracts_table(outcome.settled),
            "bands/part-00000.parquet": bands_table(outcome.settled),
            "movements/part-00000.parquet": movements_table(self.bureau.movements, MOVEMENT_COLUMNS),
            "uncovered/part-00000.parquet": uncovered_table(outcome.uncovered),
        }

    def record(self, books: Books) -> dict[str, Any]:
        """See :meth:`qingsuan.settlement.Settlement.record`."""
        return self._outcome(books).record()

    def _outcome(self, books: Books) -> Outcome:
        return Outcome.of(self.bureau, self._adding.added_up(books.totals.get(_PAID, ())))

    def _add_up(self, rows: pa.Table) -> Settled:
        """Add the rows of a partition up: a pool is whole in one."""
        return Settled({}, totals={_PAID: self._adding.grouped(rows)})
