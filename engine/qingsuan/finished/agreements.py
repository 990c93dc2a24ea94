"""Finished runs of what a bureau has agreed with others: operators of critical illness insurance."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar

from qingsuan.finished.folder import FinishedRun, Rows

__all__ = ["Operators"]


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

    def summary(self) -> str:
        """What ``qingsuan operator`` prints when it is done."""
        from qingsuan.report.operator import operator_summary

        return operator_summary(self.path)

    def _told(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        return ("", "amount"), [[name, amount] for name, amount in self.record["amounts"].items()]
