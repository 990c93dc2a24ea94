"""Counters of the slow twin, as the document has them."""

from __future__ import annotations

from collections.abc import Mapping

from qingsuan.benefits.reference.steps import Counters as TwinCounters
from qingsuan.explain.document import Counters

__all__ = ["counters_by_name", "counters_of"]


def counters_of(counters: TwinCounters | None) -> Counters:
    """What is counted, as the document has it."""
    one = counters or TwinCounters()
    return Counters(one.visits, one.deductible_used, one.base, one.excess, one.paid, one.carried)


def counters_by_name(counters: Mapping[str, TwinCounters]) -> dict[str, Counters]:
    """Several of them."""
    return {name: counters_of(one) for name, one in counters.items()}
