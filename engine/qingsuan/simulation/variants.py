"""A changed rule set beside the one in force: which claims it can touch, and whether they stand at the same door of the core."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from qingsuan.benefits.core.core import Core
from qingsuan.benefits.partition import Settler
from qingsuan.benefits.settlement import Benefits, refuse_families
from qingsuan.benefits.setup import Setup
from qingsuan.errors import PolicyError
from qingsuan.policy.compile import Program, sorted_by
from qingsuan.policy.model import RuleSet
from qingsuan.policy.resolve import amounts_of

__all__ = ["Base", "Scope", "Variant", "changed_series", "variant_of"]

Scope = frozenset[tuple[str, str]]
"""Pools and schemes."""


@dataclass(frozen=True)
class Base:
    """The rules in force, ready to settle the year: variants numbered by conditions alone, and what of each decides an amount."""

    settler: Settler
    terms: tuple[str, ...]

    @classmethod
    def of(cls, settler: Settler) -> Base:
        """Of a settler made by a setup that keeps variants apart."""
        return cls(settler, _terms(settler.setup.program))

    @property
    def setup(self) -> Setup:
        """What they are set up by."""
        return self.settler.setup


@dataclass(frozen=True)
class Variant:
    """One changed set of rules.

    Attributes
    ----------
    number : its place among those of a simulation.
    label : what it is called: the value of a sweep, or what is changed.
    core : its core; claims stand at its door as at that of the base, unless there is a ``settler``.
    touched : (variants + 1,) bool
        By number of the base, whether what a claim is paid can be another; the last is of claims for which no layer runs.
    setup : what it is set up by.
    settler : where claims are sorted or refused otherwise than by the base; None where only amounts differ.
    """

    number: int
    label: str
    core: Core
    touched: npt.NDArray[np.bool_]
    setup: Setup
    settler: Settler | None = None


def changed_series(before: Sequence[RuleSet], after: Sequence[RuleSet]) -> Scope:
    """The pools and schemes whose rule sets are not the same."""

    def by_series(rule_sets: Sequence[RuleSet]) -> dict[tuple[str, str], list[RuleSet]]:
        found: dict[tuple[str, str], list[RuleSet]] = {}
        for one in sorted(rule_sets, key=lambda each: each.effective):
            for scheme in one.schemes:
                found.setdefault((one.pool, scheme), []).append(replace(one, file=""))
        return found

    old, new = by_series(before), by_series(after)
    return frozenset(name for name in {*old, *new} if old.get(name) != new.get(name))


def variant_of(base: Base, rule_sets: Sequence[RuleSet], number: int, label: str, where: str) -> Variant:
    """Make a variant of changed rule sets.

    Raises
    ------
    PolicyError
        By these rules the rows of the year would be read otherwise: it must be prepared by them.
    UsageError
        They count by the family.
    """
    setup = replace(base.setup, rule_sets=tuple(rule_sets))
    refuse_families(setup, where, "settle the year's tables by both rule sets, and compare the runs: qingsuan diff")
    settled, now = Benefits(base.setup).reading(), Benefits(setup).reading()
    if settled != now:
        differing = ", ".join(name for name in sorted({*settled, *now}) if settled.get(name) != now.get(name))
        raise PolicyError(
            where,
            found=f"rules by which the year would be read otherwise: {differing}",
            expected="rules that ask claims for what the prepared year was read for",
            do="prepare the year by the changed rules (--rules-dir), and simulate on that",
        )
    setup.learned = base.setup.learned
    program = setup.program
    if _is_sorted_alike(base.setup.program, program):
        core = setup.core
        if np.array_equal(core.needs_keys, base.settler.core.needs_keys):
            touched = [one != other for one, other in zip(base.terms, _terms(program), strict=True)]
            return Variant(number, label, core, np.array([*touched, False], np.bool_), setup)
    settler = Settler(setup)
    everywhere = np.ones(len(base.terms) + 1, np.bool_)
    return Variant(number, label, settler.core, everywhere, setup, settler)


def _is_sorted_alike(before: Program, after: Program) -> bool:
    """Whether every claim has the same variant number, is refused alike, and brings the same amounts of its own."""
    if sorted_by(before) != sorted_by(after) or before.per_visit != after.per_visit:
        return False
    return [amounts_of(one) for one in before.resolved] == [amounts_of(one) for one in after.resolved]


def _terms(program: Program) -> tuple[str, ...]:
    """Of each variant, all that decides an amount."""
    return tuple(json.dumps(_plain(one), ensure_ascii=False, sort_keys=True) for one in program.resolved)


def _plain(value: Any) -> Any:
    """A value of the model as JSON has it, without sources."""
    if is_dataclass(value):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value) if one.name != "source"}
    return [_plain(one) for one in value] if isinstance(value, tuple) else value
