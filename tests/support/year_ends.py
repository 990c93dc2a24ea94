"""Layers of the year's end (年终二次报销) in random rule sets: some rules of every pool name one of two, which pays once for the year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from generate import Dice, partition
from qingsuan.policy.model import (
    FUNDS,
    PERSONAL_ACCOUNT,
    Adjust,
    Bands,
    Cap,
    Case,
    Deductible,
    Layer,
    Limit,
    Rounding,
    RuleSet,
    Select,
    YearEnd,
)

__all__ = ["with_year_ends"]


def with_year_ends(rule_sets: Sequence[RuleSet], seed: int) -> tuple[RuleSet, ...]:
    """The same, with such layers; the personal account, which then has no turn, gives its turns to a fund."""
    return tuple(_with(one, Random(f"year ends {one.file} {seed}")) for one in rule_sets)


def _with(made: RuleSet, random: Random) -> RuleSet:
    dice = Dice(random, classes=made.identities, rank=() if made.identity_rank is None else made.identity_rank.order)
    layers = {
        name: replace(layer, fund="oth_pay") if layer.fund == PERSONAL_ACCOUNT else layer
        for name, layer in made.layers.items()
    }
    ends = [_layer(dice, f"E{number}", f"e{number}") for number in range(2)]
    rules = [
        replace(rule, layers=(*rule.layers, dice.random.choice(ends).name)) if dice.chance(70) else rule
        for rule in made.rules
    ]
    named = {name for rule in rules for name in rule.layers}
    used = [one for one in ends if one.name in named]
    groups = {**made.groups, **{str(one.year_end and one.year_end.group): "year" for one in used}}
    layers |= {one.name: one for one in used}
    return replace(made, layers=layers, rules=tuple(rules), groups=groups)  # type: ignore[arg-type]


def _layer(dice: Dice, name: str, group: str) -> Layer:
    """A layer whose every setting is of the year; in some rule sets another of a level, of a bill, or of an identity."""
    own = _settings(dice, group)
    cases: list[Case] = []
    if dice.chance(60):
        dimension = dice.random.choice(("dedc_hosp_lv", "medfee_sumamt", "psn_type"))
        keys = dice.random.sample(sorted(own), 1)
        for cell in partition(dice, dimension):
            other = {**own, **_settings(dice, group)}
            cases.append(Case({dimension: cell}, **{key: other[key] for key in keys}))  # type: ignore[arg-type]
    if dice.chance(50):
        lift = (group,) if dice.chance(40) else ()
        relief = Adjust(dice.random.choice((None, 5000)), dice.random.choice((500, -300)), None, lift, "X")
        cases += [Case({"psn_idet_type": cell}, adjust=relief) for cell in partition(dice, "psn_idet_type")[:1]]
    return Layer(name, dice.random.choice(FUNDS), (Case(**own), *cases), YearEnd(group, "X"))


def _settings(dice: Dice, group: str) -> dict[str, object]:
    exempt = dice.chance(15)
    found: dict[str, object] = {
        "deductible": Deductible("period", (dice.amount(),), group, exempt, False, "X"),
        "bands": _bands(dice, group),
        "caps": (Cap(dice.amount(), "period", group, "X"),),
        "limit": Limit(dice.amount(), "period", group, "X"),
    }
    if dice.chance(20):
        side, of = dice.random.choice(("down", "half", "up")), dice.random.choice(("payment", "own_share"))
        found["rounding"] = Rounding(dice.random.choice((10, 100, 1000)), side, of, "X")  # type: ignore[arg-type]
    if dice.chance(60):
        found.pop("limit")
    return {key: found.get(key) for key in ("deductible", "bands", "caps", "limit", "rounding") if key in found}


def _bands(dice: Dice, group: str) -> Bands:
    count = dice.random.randint(0, 4)
    ratio_bp = tuple(dice.ratio() for _ in range(count + 1))
    measured = dice.random.choice(("absolute", "excess"))
    if dice.chance(40):
        upto = tuple(f"{bound // 100}.{bound % 100:02d}" for bound in dice.bounds(count))
        return Bands(ratio_bp, (), "visit", measured, None, Select(group, "base", upto), "X")
    return Bands(ratio_bp, dice.bounds(count), "period", measured, group, None, "X")
