"""Rounding to another unit than the fen: how a file says it, and what can be said against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from qingsuan.policy.findings import Finding
from qingsuan.policy.model import Rounding, RuleSet, Source
from qingsuan.policy.per_claim.rounding import SIDES, UNITS
from qingsuan.policy.sources import cite
from qingsuan.policy.strict import Table

__all__ = ["check_rounding", "read_rounding"]

_OF: tuple[Literal["payment", "own_share"], ...] = ("payment", "own_share")


def read_rounding(table: Table, sources: Mapping[str, Source]) -> Rounding:
    """Read ``rounding``: the unit, the side, and what is rounded.

    Raises
    ------
    PolicyError
        It says what is done anyway.
    """
    unit, side, of = table.choice("to", tuple(UNITS)), table.choice("side", SIDES), table.choice("of", _OF, "payment")
    if (unit, side, of) == ("fen", "half", "payment"):
        expected = "another unit or side: payments are rounded half up to the fen"
        table.refuse("", found="a rounding that is done anyway", expected=expected, do="take it out, or mend it")
    return Rounding(UNITS[unit], side, of, cite(table, sources))


def check_rounding(rule_set: RuleSet) -> Iterator[Finding]:
    """Find layers that ask for the cost above a cap of one that is rounded: of how much cost a round payment is, nobody says."""
    rounded = {
        layer.name for layer in rule_set.layers.values() if any(case.rounding is not None for case in layer.cases)
    }
    for layer in rule_set.layers.values():
        for number, case in enumerate(layer.cases):
            for place, entry in enumerate(case.entry or (), 1):
                if entry.part == "cost_above_cap" and entry.layer in rounded:
                    path = f"layers.{layer.name}" + (f".cases[{number}]" if number else "")
                    yield Finding(
                        rule_set.file,
                        f"{path}.entry[{place}]",
                        f'cost_above_cap of "{entry.layer}", whose payment is rounded',
                        "a part that a rounded payment has: cut_by_cap, which is payment",
                        f'ask for cut_by_cap, or take the rounding of "{entry.layer}" out',
                        entry.source,
                    )
