"""A finished clearing of institutions as an object."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar

from qingsuan.finished.folder import REASONS, FinishedRun, Rows
from qingsuan.messages import Lang
from qingsuan.report.wording.speaking import words_in

__all__ = ["Clearing"]


class Clearing(FinishedRun):
    """A finished clearing (医疗机构清算); every table as in ``docs/clearing.md``."""

    kind: ClassVar[str] = "clearing"

    @cached_property
    def clearing(self) -> Rows:
        """One row per contract: what its claims add up to, and every term of what is paid or taken back."""
        return self._rows("clearing")

    @cached_property
    def cases(self) -> Rows:
        """One row per case that a contract pays for: its group, and what it is worth."""
        return self._rows("cases")

    @cached_property
    def pools(self) -> Rows:
        """One row per pool, scheme and kind of care whose contracts share a budget by points: what a point is worth, and why."""
        return self._rows("pools")

    @cached_property
    def alliances(self) -> Rows:
        """One row per county alliance, pool and scheme whose contracts share a sum: what was spent outside it, and what is left."""
        return self._rows("alliances")

    @cached_property
    def specials(self) -> Rows:
        """One row per claim, part and payer, of claims that special payers bear."""
        return self._rows("specials")

    @cached_property
    def payers(self) -> Rows:
        """One row per contract, part and payer, of contracts whose terms say who bears them."""
        return self._rows("payers")

    @cached_property
    def forms(self) -> Rows:
        """The national application for clearing (3203), one row per contract and month of settlement."""
        return self._rows("forms")

    @cached_property
    def unsettled(self) -> Rows:
        """What is not cleared, and why."""
        return self._rows("unsettled")

    @cached_property
    def rejected(self) -> Rows:
        """Rejected claims as they came, with the reason first."""
        return self._rows("rejected")

    @cached_property
    def rejected_cases(self) -> Rows:
        """Rejected rows of cases, likewise."""
        return self._rows("rejected", "cases-", REASONS)

    def summary(self, lang: Lang | None = None) -> str:
        """What ``qingsuan clear`` prints when it is done."""
        from qingsuan.report.clearing import clearing_summary

        return clearing_summary(self.path, words_in(lang))

    def _told(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        rows = self.record["amounts"]
        names = list(rows[0]) if rows else ["pool"]
        return names, [[str(row[name]) for name in names] for row in rows]
