"""Finished runs of what a bureau has agreed: with operators of critical illness insurance, other pools, institutions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar

from qingsuan.finished.folder import FinishedRun, Rows
from qingsuan.messages import Lang
from qingsuan.report.wording.speaking import words_in

__all__ = ["Operators", "Outside", "Procurement"]


class Operators(FinishedRun):
    """Finished contracts with operators (大病保险承办合同); every table as in ``docs/operator.md``."""

    kind: ClassVar[str] = "operator"

    @cached_property
    def contracts(self) -> Rows:
        """One row per contract, with every term."""
        return self._rows("contracts")

    @cached_property
    def bands(self) -> Rows:
        """One row per part of a surplus or overrun, and whose it is."""
        return self._rows("bands")

    @cached_property
    def movements(self) -> Rows:
        """Every line of money that moved, with what became of it."""
        return self._rows("movements")

    @cached_property
    def uncovered(self) -> Rows:
        """What funds paid for which no contract is settled."""
        return self._rows("uncovered")

    def summary(self, lang: Lang | None = None) -> str:
        """What ``qingsuan operator`` prints when it is done."""
        from qingsuan.report.operator import operator_summary

        return operator_summary(self.path, words_in(lang))

    def _told(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        return ("", "amount"), [[name, amount] for name, amount in self.record["amounts"].items()]


class Outside(FinishedRun):
    """Finished clearing of care outside the pool (异地就医清算); every table as in ``docs/outside.md``."""

    kind: ClassVar[str] = "outside"

    @cached_property
    def paying(self) -> Rows:
        """What each pool owes, by place of treatment and scheme."""
        return self._rows("paying")

    @cached_property
    def treating(self) -> Rows:
        """What each place of treatment is owed, by institution, paying pool and scheme."""
        return self._rows("treating")

    @cached_property
    def balances(self) -> Rows:
        """What is cleared between two sides, transferred, and still to be paid."""
        return self._rows("balances")

    @cached_property
    def advances(self) -> Rows:
        """What each advance has to be, and what is held."""
        return self._rows("advances")

    @cached_property
    def alarms(self) -> Rows:
        """Each advance at the end of each month: what of it is in use, and which alarm that is."""
        return self._rows("alarms")

    @cached_property
    def movements(self) -> Rows:
        """Every line of money that moved, with what became of it."""
        return self._rows("movements")

    @cached_property
    def unplaced(self) -> Rows:
        """Care of which nobody knows where it was given."""
        return self._rows("unplaced")

    def summary(self, lang: Lang | None = None) -> str:
        """What ``qingsuan outside`` prints when it is done."""
        from qingsuan.report.outside import outside_summary

        return outside_summary(self.path, words_in(lang))

    def _told(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        return ("", "amount"), [[name, amount] for name, amount in self.record["amounts"].items()]


class Procurement(FinishedRun):
    """Finished batches of central procurement (集中带量采购); every table as in ``docs/procurement.md``."""

    kind: ClassVar[str] = "procurement"

    @cached_property
    def quantities(self) -> Rows:
        """Agreed and bought quantities, by institution, batch and item."""
        return self._rows("quantities")

    @cached_property
    def institutions(self) -> Rows:
        """One row per batch and institution: what was saved, what of it is kept, its advance."""
        return self._rows("institutions")

    @cached_property
    def kept(self) -> Rows:
        """The same by scheme."""
        return self._rows("kept")

    @cached_property
    def ledger(self) -> Rows:
        """Each advance month by month."""
        return self._rows("ledger")

    @cached_property
    def movements(self) -> Rows:
        """Every line of money that moved, with what became of it."""
        return self._rows("movements")

    @cached_property
    def rejected(self) -> Rows:
        """Rejected purchases as they came, with the reason first."""
        return self._rows("rejected")

    def summary(self, lang: Lang | None = None) -> str:
        """What ``qingsuan procurement`` prints when it is done."""
        from qingsuan.report.procurement import procurement_summary

        return procurement_summary(self.path, words_in(lang))

    def _told(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        names = ("batch", "insutype", "budget", "spent", "saved", "kept")
        return names, [[row[name] for name in names] for row in self.record["amounts"]]
