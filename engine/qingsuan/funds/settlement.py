"""Settlement 5 (基金账) as a run carries it: entries and settled claims in, books and their statement out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from qingsuan.columns.cells import Torn
from qingsuan.errors import RunError
from qingsuan.funds.brought import Brought
from qingsuan.funds.burden.columns import HELD, IDENTITY_COLUMNS, PEOPLE, PERSON
from qingsuan.funds.burden.intake import take_identities, take_people
from qingsuan.funds.burden.lines import KINDS, Monitoring
from qingsuan.funds.burden.people import watch_people
from qingsuan.funds.columns import CLAIMS, ENTRIES, INTERNAL, KEY
from qingsuan.funds.gaps.year import Gaps, Sharing
from qingsuan.funds.intake import Intake
from qingsuan.funds.partition import settle_lines
from qingsuan.funds.places import Pools
from qingsuan.funds.record import equals, record_of
from qingsuan.funds.results import tables_of
from qingsuan.funds.statement import Amount, Statement, statement_of
from qingsuan.funds.watch.year import Watch, Watched
from qingsuan.heads.small_tables import TableFile
from qingsuan.money import yuan
from qingsuan.policy.model import Region
from qingsuan.settlement import Books, InputFile, InputTable, Settled, Settlement, Taken
from qingsuan.tables import CLAIMS as INTERFACE_CLAIMS

__all__ = ["PRIVATE", "TABLES", "FundBooks"]

TABLES = (
    "entries",
    "statement",
    "closing",
    "gaps",
    "targets",
    "remedies",
    "execution",
    "warnings",
    "printed",
    "trend",
    "burden",
    "candidates",
    "totals",
    "rejected",
    ".shuffle",
)

PRIVATE = ("burden", "candidates")
"""Tables about people: for their owner alone."""

_BYTES = {"entries": 420, "claims": 40, "people": 420, "identities": 150}
"""What a row needs of memory while its partition is settled; claims are kept as sums of their batches."""

_OF_SETTLED = frozenset(
    (
        *(column.name for column in INTERFACE_CLAIMS),
        *("rule_id", "act_pay_dedc", "pool_prop_selfpay", "hosp_part_amt", "fund_pay_sumamt", "psn_part_amt"),
        *("psn_cash_pay", "balc", "pool", "benefit_date", "variant"),
    )
)
"""Columns of settled claims that need not be read."""


class FundBooks(Settlement):
    """The books of one year.

    Parameters
    ----------
    pools
        The pools that are served.
    brought
        Opening balances, and what finished runs state.
    sharing
        Who bears a gap: rules of the regions, and the bureau's tables.
    watch
        What the books are watched by: budgets, lines of warning, printed statements.
    monitoring
        Lines of people's burden; None where nobody is watched.
    skip_unserved
        Whether entries of places without a plugin are rejected (E_POOL) instead of stopping the run.
    """

    name = "fund 基金账"
    tables = TABLES
    always: tuple[str, ...] = ("entries",)

    def __init__(
        self,
        year: int,
        pools: Pools,
        brought: Brought,
        sharing: Sharing | None = None,
        watch: Watch | None = None,
        monitoring: Monitoring | None = None,
        *,
        skip_unserved: bool = False,
    ) -> None:
        self.year, self.pools, self.brought, self.skip_unserved = year, pools, brought, skip_unserved
        self.sharing, self.watch = sharing or Sharing(), watch or Watch()
        self.inputs = (
            InputTable("entries", ENTRIES, key="voucher", by_hash=KEY, row_bytes=_BYTES["entries"]),
            InputTable("claims", CLAIMS, known=_OF_SETTLED, key="insu_admdvs", by_hash=KEY, row_bytes=_BYTES["claims"]),
        )
        self.monitoring = monitoring
        if monitoring is not None:
            known = _OF_SETTLED | {column.name for column in CLAIMS}
            self.inputs += (
                InputTable("people", PEOPLE, known=known, row_bytes=_BYTES["people"]),
                InputTable("identities", IDENTITY_COLUMNS, row_bytes=_BYTES["identities"]),
            )
            self.always = (*self.always, *PRIVATE)
        self._intake = Intake(
            year, pools, dict(brought.taken), account_apart="account" in brought.runs, skip_unserved=skip_unserved
        )

    def identity(self) -> dict[str, dict[str, Any]]:
        """See :meth:`qingsuan.settlement.Settlement.identity`."""
        return {
            "options": {"year": self.year, "skip unserved regions": self.skip_unserved},
            "finished runs": dict(self.brought.runs),
            "tables of the bureau": {
                f"{file.table} {file.name}": file.sha256 for file in (*self.brought.files, *self._files)
            },
        }

    def take(
        self, table: str, batch: pa.RecordBatch, file: InputFile, first_row: int, torn: Sequence[Torn] = ()
    ) -> Taken:
        """Check a batch of a table, row by row.

        Raises
        ------
        QingsuanError
            From :class:`qingsuan.funds.intake.Intake`.
        """
        if table == "people":
            return take_people(batch, file, first_row, torn)
        if table == "identities":
            codes = frozenset() if self.monitoring is None else self.monitoring.codes
            return take_identities(batch, file, first_row, torn, codes)
        taker = self._intake.entries if table == "entries" else self._intake.claims
        return taker(batch, file, first_row, torn)

    def empty(self, table: str) -> pa.RecordBatch:
        """See :meth:`qingsuan.settlement.Settlement.empty`."""
        return pa.RecordBatch.from_pylist([], {**INTERNAL, "people": PERSON, "identities": HELD}[table])

    def settler(self) -> Callable[..., Settled]:
        """See :meth:`qingsuan.settlement.Settlement.settler`."""
        monitoring = self.monitoring
        if monitoring is None:
            return settle_lines

        def settle(entries: pa.Table, claims: pa.Table, people: pa.Table, identities: pa.Table) -> Settled:
            booked, watched = settle_lines(entries, claims), watch_people(people, identities, monitoring)
            return replace(
                booked, tables={**booked.tables, **watched.tables}, counts={**booked.counts, **watched.counts}
            )

        return settle

    def check(self, books: Books) -> None:
        """See :meth:`qingsuan.settlement.Settlement.check`: every entry is somewhere, and every identity holds."""
        statement, amounts = self._statement(books)
        wrong = [
            f"{name}: {yuan(one)} and {yuan(other)}"
            for name, one, other in (
                *equals(statement, amounts, self.brought, self.pools, books),
                *self._gaps(statement).equals(),
            )
            if one != other
        ]
        books.check_balance("entries", {"accepted": books.counts["accepted"]}, wrong)
        if self.monitoring is not None:
            self._check_people(books)
            books.check_balance("identities", {"read": books.sums_in["identities"]})
        if books.rows_read["claims"] != books.sums_in["claims"]:
            raise RunError(
                "run",
                found=f"{books.rows_read['claims']} claims read, {books.sums_in['claims']} added up",
                expected="every one",
                do="report this; the folder has no run.json, so nobody takes it for whole",
            )

    def _check_people(self, books: Books) -> None:
        """Every claim that was added up was looked at for its person, too."""
        if books.sums_in["people"] != books.rows_read["claims"]:
            raise RunError(
                "run",
                found=f"{books.sums_in['people']} claims of people, {books.rows_read['claims']} claims",
                expected="the same ones",
                do="report this; the folder has no run.json, so nobody takes it for whole",
            )

    def totals(self, books: Books) -> dict[str, pa.Table]:
        """See :meth:`qingsuan.settlement.Settlement.totals`.

        Raises
        ------
        PolicyError
            A book has amounts, and nobody says what it opens with.
        """
        statement = self._statement(books)[0]
        found = {**tables_of(statement, self.pools), **self._gaps(statement).tables()}
        return {**found, **self._watched(statement).tables()}

    def record(self, books: Books) -> dict[str, Any]:
        """See :meth:`qingsuan.settlement.Settlement.record`."""
        statement, amounts = self._statement(books)
        gaps = self._gaps(statement)
        equal = [*equals(statement, amounts, self.brought, self.pools, books), *gaps.equals()]
        told = record_of(self.year, statement, equal, self.brought, self.pools, books)
        files, watched = self._files, self._watched(statement)
        told["tables"] += [{"table": each.table, "file": each.name, "sha256": each.sha256} for each in files]
        told["warnings"] += [
            *(f"{file.name}: {text}" for file in files for text in file.comments),
            *gaps.warnings(),
            *watched.warnings(),
        ]
        told |= {"gaps": gaps.record(), "watched": watched.record()}
        return told if self.monitoring is None else {**told, "burden": self._burden(books)}

    def rule_folder(self, region: Region) -> Any:
        """See :meth:`qingsuan.settlement.Settlement.rule_folder`."""
        return region.funds

    def _burden(self, books: Books) -> dict[str, Any]:
        """How many people exceed each line, and how many candidates there are; nobody is named."""
        return {
            "claims": books.rows_read["people"],
            "people": {kind: books.counts[f"burden.{kind}"] for kind in KINDS},
            "candidates": books.counts["burden.candidates"],
            "identities": {
                "in": books.rows_read["identities"],
                "rejected": dict(sorted(books.rejected.get("identities", {}).items())),
            },
        }

    @property
    def _files(self) -> tuple[TableFile, ...]:
        """The tables of the bureau that gaps and warnings go by."""
        own = () if self.monitoring is None else self.monitoring.files
        return (*self.sharing.tables.files, *self.watch.files, *own)

    def _watched(self, statement: Statement) -> Watched:
        return Watched.of(self.year, statement, self.watch, self.pools)

    def _gaps(self, statement: Statement) -> Gaps:
        return Gaps.of(self.year, statement, self.sharing, self.pools)

    def _statement(self, books: Books) -> tuple[Statement, list[Amount]]:
        amounts = [Amount(*row.values()) for part in books.totals.get("sums", ()) for row in _amounts(part)]
        amounts += [
            Amount(one.fund, one.admdvs, one.line, one.basis, one.fen, one.origin) for one in self.brought.stated
        ]
        return statement_of(amounts, self.brought.opening), amounts


def _amounts(part: pa.Table) -> list[dict[str, Any]]:
    """The sums of a partition, in the order of an amount's fields."""
    rows: list[dict[str, Any]] = part.select(list(Amount._fields)).to_pylist()
    return rows
