"""Settlement 3 (个人账户) as a run carries it: insured people, contributions and uses in, ledgers and balances out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.accounts.credits import accounts_of
from qingsuan.accounts.intake import columns
from qingsuan.accounts.intake.batches import Intake
from qingsuan.accounts.ledger import book
from qingsuan.accounts.record import record_of, totals_of, used_of
from qingsuan.accounts.results import Outcome
from qingsuan.accounts.rule.year import PoolOf, Rules
from qingsuan.accounts.uses import judge
from qingsuan.columns.cells import Torn
from qingsuan.contents import content
from qingsuan.errors import InputError
from qingsuan.heads.families import Families
from qingsuan.money import yuan
from qingsuan.policy.model import Region
from qingsuan.settlement import Books, InputFile, InputTable, Settled, Settlement, Taken
from qingsuan.tables import CLAIMS, CODES, INSURED, INTERFACE

__all__ = ["OPTIONAL", "TABLES", "PersonalAccounts"]

TABLES = ("ledger", "uses", "balances", "totals", "rejected", ".shuffle")

OPTIONAL = ("months", "uses", "families", "opening", "claims")
"""Input tables that a run may do without."""

_BYTES = {"insured": 4800, "months": 120, "uses": 500, "families": 220, "opening": 120, "claims": 300}
"""What a row needs of memory while its partition is settled; an insured row stands for a ledger of twelve months."""


_KNOWN = {
    "insured": frozenset(column.name for column in INSURED),
    "claims": frozenset(column.name for column in CLAIMS)
    | frozenset(column.name for column in INTERFACE)
    | frozenset(("rule_id", "pool", "variant", "benefit_date")),
}
"""Columns that mean something to other settlements, or come out of them, and need not be read."""


class PersonalAccounts(Settlement):
    """The personal accounts of one year.

    Parameters
    ----------
    rules
        The rules of the year, by pool and month.
    regions
        The regions whose pools are served.
    skip_unserved
        Whether employees in places without a plugin are rejected (E_POOL) instead of stopping the run.
    """

    name = "account 个人账户"
    tables = TABLES
    always = ("ledger", "uses", "balances")

    def __init__(self, rules: Rules, regions: Sequence[Region], *, skip_unserved: bool = False) -> None:
        self.rules, self.year, self.skip_unserved = rules, rules.year, skip_unserved
        self.families = Families()
        self.inputs = tuple(
            InputTable(
                name,
                getattr(columns, name.upper()),
                known=_KNOWN.get(name, frozenset()),
                by_hash=columns.KEY,
                row_bytes=row_bytes,
                is_trusted=name == "opening",
                ties=name == "families",
            )
            for name, row_bytes in _BYTES.items()
        )
        codes = {
            name: frozenset((*CODES[name], *(code for region in regions for code in region.codes.get(name, {}))))
            for name in ("insutype", "psn_type")
        }
        pool_of = PoolOf(regions, rules.pools)
        self._intake = Intake(rules.year, rules.pools, pool_of, codes, self.families, skip_unserved)
        days = np.datetime64(f"{rules.year}-01-01") + np.arange(366)
        self._month = ((days.astype("datetime64[M]").astype(np.int64)) % 12).astype(np.int8)

    def identity(self) -> dict[str, dict[str, Any]]:
        """See :meth:`qingsuan.settlement.Settlement.identity`."""
        return {"options": {"year": self.year, "skip unserved regions": self.skip_unserved}}

    def rule_folder(self, region: Region) -> Any:
        """See :meth:`qingsuan.settlement.Settlement.rule_folder`."""
        return region.accounts

    def tie(self, table: str, batch: pa.RecordBatch) -> None:
        """Learn which people are relatives; see :meth:`qingsuan.settlement.Settlement.tie`."""
        self._intake.tie(batch)

    def take(
        self, table: str, batch: pa.RecordBatch, file: InputFile, first_row: int, torn: Sequence[Torn] = ()
    ) -> Taken:
        """Check a batch and make it small.

        Raises
        ------
        QingsuanError
            From :meth:`qingsuan.accounts.intake.batches.Intake.take`.
        """
        return self._intake.take(table, batch, file, first_row, torn)

    def empty(self, table: str) -> pa.RecordBatch:
        """See :meth:`qingsuan.settlement.Settlement.empty`."""
        return pa.RecordBatch.from_pylist([], columns.INTERNAL[table])

    def check_spread(self, table: str, rows: pa.Table) -> None:
        """Check that an account opens once.

        Raises
        ------
        InputError
            One does not.
        """
        many = rows.group_by(["psn_no", "pool"]).aggregate([([], "count_all")])
        twice = many.filter(pc.greater(many["count_all"], 1)).sort_by([("psn_no", "ascending"), ("pool", "ascending")])
        if len(twice):
            first = twice.slice(0, 1).to_pylist()[0]
            raise InputError(
                table,
                found=f"psn_no {content(first['psn_no'])}, pool {self.rules.pools[first['pool']]}: {first['count_all']} rows",
                expected="one opening balance of an account",
                do="give the balances of one run, and give them once",
            )

    def settler(self) -> Callable[..., Settled]:
        """See :meth:`qingsuan.settlement.Settlement.settler`."""
        return self._settle

    def _settle(
        self,
        insured: pa.Table,
        months: pa.Table,
        uses: pa.Table,
        families: pa.Table,
        opening: pa.Table,
        claims: pa.Table,
    ) -> Settled:
        accounts = accounts_of(insured, months, opening, self.rules)
        judged = judge(uses, claims, families, accounts, self.rules, self._month)
        events = judged.events(len(accounts.person), self._month[judged.day - accounts.first_day])
        booked = book(accounts.pool, accounts.opening, accounts.credit, accounts.withheld, self.rules.terms, events)
        paid, left = judged.booked(booked)
        outcome = Outcome(self.rules, accounts, booked, judged, paid, left)
        return Settled(outcome.tables(), outcome.counts(), outcome.totals(), accounts.refusals)

    def check(self, books: Books) -> None:
        """See :meth:`qingsuan.settlement.Settlement.check`."""
        counts, sums = books.counts, books.sums_in
        insured = {"with an account": counts["insured_rows"], "idle": counts["insured_idle"]}
        insured |= {"other scheme": sums["insured_other_scheme"], "outside the year": sums["insured_outside_year"]}
        wrong = list(_wrong(books))
        books.check_balance("insured", insured, wrong)
        months = {name: counts[f"months_{name}"] for name in ("used", "of_nobody", "of_refused", "idle")}
        books.check_balance("months", months | {"outside the year": sums["months_outside_year"]})
        books.check_balance("uses", {"accepted": counts["uses_accepted"], "refused": counts["uses_refused"]})

    def totals(self, books: Books) -> dict[str, pa.Table]:
        """See :meth:`qingsuan.settlement.Settlement.totals`."""
        return totals_of(books)

    def record(self, books: Books) -> dict[str, Any]:
        """See :meth:`qingsuan.settlement.Settlement.record`."""
        return record_of(books, self.rules, self.families.count)


def _wrong(books: Books) -> Sequence[str]:
    """Which identities of the accounts do not hold, in words."""
    return [f"{name}: {yuan(one)} and {yuan(other)}" for name, one, other in used_of(books) if one != other]
