"""Rule sets with more in them: constructs that are put into some when they are made, drawn aside, so that all others stay what they are."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from generate import Dice
from qingsuan.policy.model import (
    COLUMN_PART,
    PERSONAL_ACCOUNT,
    Case,
    Deductible,
    Entry,
    Layer,
    Rounding,
    Rule,
    RuleSet,
    Toward,
)
from qingsuan.policy.per_claim.amount import Amount
from qingsuan.policy.per_claim.rounding import SIDES, UNITS

__all__ = ["varied"]

OF_ACCOUNT = "ga"
"""The group on which turns of the personal account draw, and nothing else."""
PERIODS = ("year", "month", "day")


def varied(made: RuleSet, seed: int) -> RuleSet:
    """The same, or with more in it."""
    dice = Dice(Random(f"{made.file} {seed} more"))
    if dice.chance(35):
        made = with_turns(made, dice)
    if dice.chance(25):
        made = with_columns(made, dice)
    if dice.chance(35):
        made = with_payments_toward(made, dice)
    return with_rounding(made, dice) if dice.chance(30) else made


def with_columns(made: RuleSet, dice: Dice) -> RuleSet:
    """Into some layers a part enters that stands in a column; or it is taken off."""
    of_claim = Amount("claims.x_approved", column="x_approved", table="claims", of_bill=True)

    referred = {entry.layer for layer in made.layers.values() for case in layer.cases for entry in case.entry or ()}

    def entered(name: str, case: Case) -> Case:
        entries = (Entry("inscp_scp_amt", 10_000, None, "X"),) if case.entry is None else case.entry
        if case.when and case.entry is None:
            return case
        ratio_bp = dice.random.choice((-10_000, -5_000, -3_333, -1))
        if len(entries) < 3 and dice.chance(40) and name not in referred:  # else a base could hold too many bills
            ratio_bp = dice.random.choice((10_000, 3_333))
        return replace(case, entry=(*entries, Entry(COLUMN_PART, ratio_bp, None, "X", of_claim)))

    return _with_layers(
        made,
        {
            name: replace(layer, cases=tuple(entered(name, case) for case in layer.cases)) if dice.chance(30) else layer
            for name, layer in made.layers.items()
        },
    )


def with_payments_toward(made: RuleSet, dice: Dice) -> RuleSet:
    """What some layers pay counts toward the deductible of a group, and the other layers have a deductible of that group."""
    group = dice.random.choice(sorted(set(made.groups) - {OF_ACCOUNT}))
    paying = dice.random.choice(list(made.layers)[:2])
    layers = {
        name: layer if name == paying and len(made.layers) > 1 else _deducting(made, layer, group, dice)
        for name, layer in made.layers.items()
    }
    deductibles = [case.deductible for layer in layers.values() for case in layer.cases if case.deductible]
    groups = sorted({str(one.group) for one in deductibles if one.per == "period"})
    for name, layer in layers.items():
        own, *cases = layer.cases
        if name == paying or dice.chance(25):
            own = replace(own, counts_toward=Toward(group, "X"))
            if cases and dice.chance(40):
                cases[0] = replace(cases[0], counts_toward=Toward(dice.random.choice(groups), "X"))
        layers[name] = replace(layer, cases=(own, *cases))
    return _with_layers(made, layers)


def _deducting(made: RuleSet, layer: Layer, group: str, dice: Dice) -> Layer:
    """The layer with deductibles per period of a group that a few visits use up: not above a limit of the same period."""
    limits = [case.limit for case in layer.cases if case.limit is not None and case.limit.per == "period"]
    same = [one.amount_fen for one in limits if made.groups[str(one.group)] == made.groups[group]]
    largest_fen = min((fen for fen in same if fen), default=5_000_000)

    def deducting(case: Case) -> Case:
        amount_fen = dice.random.choice((30_000, 200_000, 1_000_000, 5_000_000))
        return replace(case, deductible=Deductible("period", (min(amount_fen, largest_fen),), group, source="X"))

    own, *cases = layer.cases
    others = [deducting(case) if case.deductible is not None and dice.chance(70) else case for case in cases]
    return replace(layer, cases=(deducting(own), *others))


def with_rounding(made: RuleSet, dice: Dice) -> RuleSet:
    """Payments of some layers, or what they leave to the person, are rounded to another unit: not where cost above a cap is asked for."""
    entries = [one for layer in made.layers.values() for case in layer.cases for one in case.entry or ()]
    asked = {one.layer for one in entries if one.part == "cost_above_cap"}
    layers = {}
    for name, layer in made.layers.items():
        own, *cases = layer.cases
        if name not in asked and dice.chance(60):
            own = replace(own, rounding=_rounding(dice))
            if cases and dice.chance(40):
                cases[0] = replace(cases[0], rounding=_rounding(dice))
        layers[name] = replace(layer, cases=(own, *cases))
    return _with_layers(made, layers)


def _rounding(dice: Dice) -> Rounding:
    of = dice.random.choice(("payment", "payment", "own_share"))
    return Rounding(dice.random.choice(tuple(UNITS.values())), dice.random.choice(SIDES), of, "X")  # type: ignore[arg-type]


def _with_layers(made: RuleSet, layers: dict[str, Layer]) -> RuleSet:
    return replace(made, layers=layers)


def with_turns(made: RuleSet, dice: Dice) -> RuleSet:
    """Some layers are the personal account's turn: bounded by a group of its own, and seen by no ceiling and no guarantee."""
    turns = {name for name in made.layers if dice.chance(45)}
    layers = {name: _of_account(layer) if name in turns else layer for name, layer in made.layers.items()}
    rules = tuple(_without(rule, turns) for rule in made.rules)
    groups = {**made.groups, OF_ACCOUNT: PERIODS[int(made.pool) // 100 % 3]}  # of a pool one
    return replace(made, layers=layers, rules=rules, groups=groups)  # type: ignore[arg-type]


def _of_account(layer: Layer) -> Layer:
    return replace(layer, fund=PERSONAL_ACCOUNT, cases=tuple(map(_own_caps, layer.cases)))


def _own_caps(case: Case) -> Case:
    """A case whose caps draw on the account's group: one a period, and those of each visit."""
    if not case.caps:
        return case
    caps = [replace(cap, group=None if cap.group is None else OF_ACCOUNT) for cap in case.caps]
    return replace(case, caps=tuple(cap for n, cap in enumerate(caps) if cap.per == "visit" or cap not in caps[:n]))


def _without(rule: Rule, turns: set[str]) -> Rule:
    """A rule whose ceiling and guarantee name layers of funds only, or are not there."""
    ceiling, guarantee = rule.ceiling, rule.guarantee
    if ceiling is not None:
        ceiling = _of_funds(ceiling, turns)
    if guarantee is not None:
        guarantee = None if guarantee.to in turns else _of_funds(guarantee, turns)
    if ceiling is not None and guarantee is not None and ceiling.of == guarantee.of:
        guarantee = guarantee if ceiling.ratio_bp >= guarantee.ratio_bp else None
    return replace(rule, ceiling=ceiling, guarantee=guarantee)


def _of_funds(bound: Any, turns: set[str]) -> Any:
    """A ceiling or a guarantee of the layers of funds alone; None where it has none."""
    left = tuple(name for name in bound.layers if name not in turns)
    return replace(bound, layers=left) if left else None
