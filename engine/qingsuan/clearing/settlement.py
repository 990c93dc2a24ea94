"""Clearing of institutions (医疗机构清算) as a run carries it: claims, cases and contracts in; what is to be paid or taken back out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pyarrow as pa

from qingsuan.clearing.contracts.bureau import Bureau
from qingsuan.clearing.intake.columns import CASES, CONTRACTS, HASH, INTERNAL, KEY, settled_columns
from qingsuan.clearing.intake.taking import Taking
from qingsuan.clearing.partition import settle_contracts
from qingsuan.clearing.record import identities_of, record_of, totals_of
from qingsuan.clearing.ways.holding import held
from qingsuan.clearing.ways.model import WaysRule
from qingsuan.columns.cells import Torn
from qingsuan.money import yuan
from qingsuan.policy.model import Region
from qingsuan.settlement import Books, InputFile, InputTable, Settled, Settlement, Taken
from qingsuan.tables import CLAIMS, INTERFACE

__all__ = ["TABLES", "ContractClearing", "contracts_table"]

TABLES = (
    "clearing",
    "cases",
    "forms",
    "pools",
    "alliances",
    "specials",
    "payers",
    "unsettled",
    "totals",
    "rejected",
    ".shuffle",
)

_BYTES = {"settled": 120, "cases": 260, "contracts": 2000}
"""What a row needs of memory while its partition is settled; most claims are added up before they come there."""

_OF_SETTLED = frozenset(("rule_id", "variant", "act_pay_dedc", "pool_prop_selfpay", "hosp_part_amt", "balc"))


class ContractClearing(Settlement):
    """The clearing of one year's contracts.

    Parameters
    ----------
    bureau
        The contracts, and all that the bureau says of them.
    regions
        The regions whose pools are served.
    ways
        What these regions say of ways of payment.
    skip_unserved
        Whether claims of other pools are rejected (E_POOL) instead of stopping the run.
    """

    name = "clearing 医疗机构清算"
    tables = TABLES
    always = ("clearing", "cases", "forms", "pools", "alliances", "specials", "payers", "unsettled")

    def __init__(
        self, bureau: Bureau, regions: Sequence[Region], ways: Sequence[WaysRule] = (), *, skip_unserved: bool = False
    ) -> None:
        self._held = held(bureau, ways)
        bureau = self._held.bureau
        self.bureau, self.year = bureau, bureau.terms.year
        known = _OF_SETTLED.union(*({column.name for column in table} for table in (CLAIMS, INTERFACE)))
        columns = settled_columns(bureau.terms.funds, with_divisions=bool(bureau.alliances))
        self.inputs = (
            InputTable("settled", columns, known=known, key="setl_id", by_hash=HASH, row_bytes=_BYTES["settled"]),
            InputTable("cases", CASES, key="setl_id", by_hash=HASH, row_bytes=_BYTES["cases"]),
            InputTable("contracts", CONTRACTS, key=KEY, by_hash=HASH, row_bytes=_BYTES["contracts"], is_trusted=True),
        )
        self.skip_unserved = skip_unserved
        pools = frozenset(pool.code for region in regions for pool in region.pools)
        self._taking = Taking(bureau, pools, skip_unserved=skip_unserved)

    def identity(self) -> dict[str, dict[str, Any]]:
        """See :meth:`qingsuan.settlement.Settlement.identity`."""
        procured = self.bureau.procured.sha256
        return {
            "options": {"year": self.year, "skip unserved regions": self.skip_unserved},
            "tables of the bureau": {f"{file.table} {file.name}": file.sha256 for file in self.bureau.files},
            **({"finished runs": {"procurement": procured}} if procured else {}),
        }

    def rule_folder(self, region: Region) -> Any:
        """See :meth:`qingsuan.settlement.Settlement.rule_folder`."""
        return region.clearing

    def take(
        self, table: str, batch: pa.RecordBatch, file: InputFile, first_row: int, torn: Sequence[Torn] = ()
    ) -> Taken:
        """Check a batch, and add up the claims that need not stay by themselves."""
        return self._taking.take(table, batch, file, first_row, torn)

    def empty(self, table: str) -> pa.RecordBatch:
        """See :meth:`qingsuan.settlement.Settlement.empty`."""
        return pa.RecordBatch.from_pylist([], INTERNAL[table])

    def settler(self) -> Callable[..., Settled]:
        """See :meth:`qingsuan.settlement.Settlement.settler`."""
        return partial(settle_contracts, self.bureau, self._taking.sums, self._taking.crossing)

    def check(self, books: Books) -> None:
        """See :meth:`qingsuan.settlement.Settlement.check`: every claim is in a contract or shown apart, to the fen."""
        counts = books.counts
        wrong = [
            f"{name}: {yuan(one)} and {yuan(other)}"
            for name, one, other in identities_of(self.bureau, books)
            if one != other
        ]
        out = {"cleared": counts["claims"], "unsettled": counts["unsettled.settled"]}
        books.check_balance("settled", out, wrong)
        books.check_balance("cases", {"read": counts["cases_in"]})
        books.check_balance("contracts", {"settled": counts["contracts"], "unsettled": counts["unsettled.contracts"]})

    def totals(self, books: Books) -> dict[str, pa.Table]:
        """See :meth:`qingsuan.settlement.Settlement.totals`."""
        return totals_of(books)

    def record(self, books: Books) -> dict[str, Any]:
        """See :meth:`qingsuan.settlement.Settlement.record`."""
        return record_of(books, self._held, self._taking.listed.unseen())


def contracts_table(bureau: Bureau) -> pa.Table:
    """The contracts as an input of the run: each comes to the partition of its pool and scheme."""
    return pa.table(
        {
            "number": pa.array([one.number for one in bureau.contracts], pa.int64()),
            "key": pa.array([one.key for one in bureau.contracts], pa.string()),
        }
    )
