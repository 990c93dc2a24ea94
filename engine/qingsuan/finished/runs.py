"""Finished settlements as objects, one class for each kind of run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from qingsuan.benefits.partition.contradictions import SCHEMA as CONTRADICTIONS
from qingsuan.finished.folder import REASONS, FinishedRun, Rows
from qingsuan.messages import Lang
from qingsuan.report.summary import settle_summary
from qingsuan.report.wording.speaking import words_in

if TYPE_CHECKING:  # a run starts without what only explanations need
    from qingsuan.explain.document import Explanation
    from qingsuan.messages import Lang

__all__ = ["Accounts", "Fund", "Premium", "Settlement", "Subsidy"]


class Settlement(FinishedRun):
    """A finished settlement of benefits (待遇结算); every table as in ``docs/tables.md``."""

    kind: ClassVar[str] = "benefits"

    @cached_property
    def settled(self) -> Rows:
        """One row per settled claim: what each fund paid, the person's part, the rule that decided."""
        return self._rows("settled")

    @cached_property
    def reversed(self) -> Rows:
        """Reversals (退费) and the claims that they took back."""
        return self._rows("reversed")

    @cached_property
    def rejected(self) -> Rows:
        """Rejected claims as they came, with the reason first."""
        return self._rows("rejected")

    @cached_property
    def rejected_insured(self) -> Rows:
        """Rejected insured rows, likewise."""
        return self._rows("rejected", "insured-", REASONS)

    @cached_property
    def rejected_identities(self) -> Rows:
        """Rejected identity rows, likewise."""
        return self._rows("rejected", "identities-", REASONS)

    @cached_property
    def rejected_registrations(self) -> Rows:
        """Rejected registrations, likewise."""
        return self._rows("rejected", "registrations-", REASONS)

    @cached_property
    def differences(self) -> Rows:
        """Due less paid (补退), of every claim that carries what was paid; without columns where none does."""
        return self._rows("differences", "")

    @cached_property
    def contradictions(self) -> Rows:
        """Insured rows of one person that contradict each other."""
        return self._rows("contradictions", schema=CONTRADICTIONS)

    @cached_property
    def setldetail(self) -> Rows:
        """What each fund's turn came to for each claim (基金分项), if it was asked for; without columns if not."""
        return self._rows("setldetail")

    @cached_property
    def accumulators(self) -> Rows:
        """The accounts of every person, if they were asked for; without columns if not."""
        return self._rows("accumulators")

    def explain(
        self,
        *,
        setl_id: str | None = None,
        psn_no: str | None = None,
        lang: Lang = "en",
        at: dt.date | None = None,
        prepared: Path | None = None,
        opening: Path | None = None,
        rules_dir: Path | None = None,
    ) -> Explanation:
        """Why a settlement, or a person's year, came to what it came to (``docs/explain.md``).

        Parameters
        ----------
        setl_id, psn_no, lang, at, prepared, opening, rules_dir
            As :func:`qingsuan.explain.whole.explain` has them.

        Raises
        ------
        UsageError, InputError, PluginError, PolicyError
            As there: what is asked for is not there, or the run was not settled from a prepared year that is still its own.
        """
        from qingsuan.explain.whole import explain  # a run that is not explained does without the slow twin

        asked = {"prepared": prepared, "opening": opening, "rules_dir": rules_dir}
        return explain(self.path, setl_id=setl_id, psn_no=psn_no, lang=lang, at=at, **asked)

    def summary(self, lang: Lang | None = None) -> str:
        """What ``qingsuan settle`` prints when it is done."""
        return settle_summary(self.path, words_in(lang))

    def _told(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        amounts = self.record["amounts"]
        rows = [[what, f"{count:,}", *(amounts[name][what] for name in amounts)] for what, count in self._counts()]
        return ("claims", "rows", *amounts), rows

    def _counts(self) -> list[tuple[str, int]]:
        return [(what, self.record["rows"][what]) for what in ("in", "settled", "reversed", "rejected")]


class Subsidy(FinishedRun):
    """A finished calculation of subsidies (财政补助); every table as in ``docs/tables.md``."""

    kind: ClassVar[str] = "subsidy"

    @cached_property
    def due(self) -> Rows:
        """One row per county: heads, and what each level of government owes."""
        return self._rows("due")

    @cached_property
    def duplicates(self) -> Rows:
        """Rows of people who are counted in another row."""
        return self._rows("duplicates")

    @cached_property
    def arrived(self) -> Rows:
        """What has arrived of each payer's debt, by place; without columns where no receipts were given."""
        return self._rows("arrived")

    @cached_property
    def receipts(self) -> Rows:
        """Every receipt with what became of it, likewise."""
        return self._rows("receipts")

    @cached_property
    def rejected(self) -> Rows:
        """Rejected insured rows as they came, with the reason first."""
        return self._rows("rejected")

    def summary(self, lang: Lang | None = None) -> str:
        """What ``qingsuan subsidy`` prints when it is done."""
        from qingsuan.report.subsidy import subsidy_summary

        return subsidy_summary(self.path, words_in(lang))

    def _told(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        return ("region", "level", "amount"), [
            [one["region"], one["level"], one["amount"]] for one in self.record["amounts"]
        ]


class Accounts(FinishedRun):
    """Finished personal accounts (个人账户); every table as in ``docs/tables.md``."""

    kind: ClassVar[str] = "account"

    @cached_property
    def ledger(self) -> Rows:
        """One row per account and month: what it opened with, what came and went, what it closed with."""
        return self._rows("ledger")

    @cached_property
    def uses(self) -> Rows:
        """One row per use: what was paid and what was left, or why it was refused."""
        return self._rows("uses")

    @cached_property
    def balances(self) -> Rows:
        """One row per account: what the next year opens with."""
        return self._rows("balances")

    @cached_property
    def rejected(self) -> Rows:
        """Rejected insured rows as they came, with the reason first."""
        return self._rows("rejected")

    @cached_property
    def rejected_months(self) -> Rows:
        """Rejected months of contribution, likewise."""
        return self._rows("rejected", "months-", REASONS)

    @cached_property
    def rejected_uses(self) -> Rows:
        """Rejected uses, likewise: those that cannot be read. Those that are refused are in :attr:`uses`."""
        return self._rows("rejected", "uses-", REASONS)

    @cached_property
    def rejected_families(self) -> Rows:
        """Rejected relations, likewise."""
        return self._rows("rejected", "families-", REASONS)

    def summary(self, lang: Lang | None = None) -> str:
        """What ``qingsuan account`` prints when it is done."""
        from qingsuan.report.account import account_summary

        return account_summary(self.path, words_in(lang))

    def _told(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        rows = self.record["amounts"]
        names = list(rows[0]) if rows else ["pool"]
        return names, [[str(row[name]) for name in names] for row in rows]


class Premium(FinishedRun):
    """A finished settlement of premiums (个人缴费); every table as in ``docs/tables.md``."""

    kind: ClassVar[str] = "premium"

    @cached_property
    def premiums(self) -> Rows:
        """One row per person who counts: what is due, who bears it, what was paid and what is not."""
        return self._rows("premiums")

    @cached_property
    def carried(self) -> Rows:
        """Shortfalls that are made up in a later year; without columns where no rule says so."""
        return self._rows("carried")

    @cached_property
    def gaps(self) -> Rows:
        """Who was insured last year and is not now, and who has a gap inside the year."""
        return self._rows("gaps")

    @cached_property
    def unapplied(self) -> Rows:
        """Money that is nobody's premium of the year, row by row."""
        return self._rows("unapplied")

    @cached_property
    def duplicates(self) -> Rows:
        """Rows of people who are counted in another row."""
        return self._rows("duplicates")

    @cached_property
    def rejected(self) -> Rows:
        """Rejected insured rows as they came, with the reason first."""
        return self._rows("rejected")

    def summary(self, lang: Lang | None = None) -> str:
        """What ``qingsuan premium`` prints when it is done."""
        from qingsuan.report.premium import premium_summary

        return premium_summary(self.path, words_in(lang))

    def _told(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        names = ("standard", "assisted", "due", "paid", "shortfall", "overpaid")
        return ("region", *names), [[one["region"], *(one[name] for name in names)] for one in self.record["amounts"]]


class Fund(FinishedRun):
    """Finished books of a fund (基金账); every table as in ``docs/fund.md``."""

    kind: ClassVar[str] = "fund"

    @cached_property
    def statement(self) -> Rows:
        """One row per line of a book: what is due beside what was received or paid."""
        return self._rows("statement")

    @cached_property
    def gaps(self) -> Rows:
        """Who bears the gap of each county's account; without columns where no region has a rule of gaps."""
        return self._rows("gaps")

    @cached_property
    def closing(self) -> Rows:
        """What the next year opens with."""
        return self._rows("closing")

    @cached_property
    def entries(self) -> Rows:
        """The entries that were accepted."""
        return self._rows("entries")

    @cached_property
    def rejected(self) -> Rows:
        """Rejected entries as they came, with the reason first."""
        return self._rows("rejected")

    def summary(self, lang: Lang | None = None) -> str:
        """What ``qingsuan fund`` prints when it is done."""
        from qingsuan.report.fund import fund_summary

        return fund_summary(self.path, words_in(lang))

    def _told(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        rows = self.record["amounts"]
        names = list(rows[0]) if rows else ["fund"]
        return names, [[str(row[name]) for name in names] for row in rows]
