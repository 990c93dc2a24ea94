"""Rule sets that carry over what is not used, count periods, and let counters select amounts; drawn aside, so that all others stay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from generate import Dice
from qingsuan.policy.model import (
    COUNTERS,
    PERSONAL_ACCOUNT,
    Bands,
    Cap,
    CarryOver,
    Deductible,
    Layer,
    Limit,
    RuleSet,
    Select,
)
from qingsuan.policy.per_claim.amount import Amount

__all__ = ["CARRYING", "COUNTED", "COUNTING", "with_counting"]

CARRYING, COUNTED, COUNTING = "gc", "gp", "gq"
KEYS = ("med_type", "fixmedins_code", "dise_code", "half", "mdtrt_id")
SIZES = (100, 3_000, 50_000, 50_000, 400_000)


def with_counting(made: RuleSet, seed: int) -> RuleSet:
    """The same, or with more in it; what the groups are is one for all successive sets of a pool and its schemes."""
    shared, dice = Random(f"{made.pool} {made.schemes} {seed} groups"), Dice(Random(f"{made.file} {seed} counting"))
    if shared.random() < 0.35:
        made = _carrying(made, shared, dice)
    if shared.random() < 0.35:
        made = _counting_periods(made, shared, dice)
    return _choosing(made, dice) if dice.chance(30) else made


def _carrying(made: RuleSet, shared: Random, dice: Dice) -> RuleSet:
    period = shared.choice(("month", "month", "quarter"))
    keys = {CARRYING: shared.choice(KEYS)} if shared.random() < 0.3 else {}
    limit_fen = dice.random.choice(SIZES) + dice.random.choice((0, 0, 1, 37))
    most_fen = dice.random.choice((None, None, 0, limit_fen, 2 * limit_fen + 1, dice.random.choice(SIZES)))
    made = _drawing(made, dice, Cap(limit_fen, "period", CARRYING, "X"))
    return replace(
        made,
        groups={**made.groups, CARRYING: period},
        group_keys={**made.group_keys, **keys},
        carry_over={CARRYING: CarryOver(most_fen, "X")},
    )


def _counting_periods(made: RuleSet, shared: Random, dice: Dice) -> RuleSet:
    period = shared.choice(("month", "month", "quarter", "day"))
    key = shared.choice(KEYS) if shared.random() < 0.3 else None
    made = _drawing(made, dice, Cap(None, "period", COUNTED, "X"))
    made = replace(
        made,
        groups={**made.groups, COUNTED: period, COUNTING: "year"},
        group_keys={**made.group_keys, **({} if key is None else {COUNTED: key, COUNTING: key})},
        group_counts={COUNTING: COUNTED},
    )
    return _with_choices(made, dice, lambda: Select(COUNTING, "visits", (1, 3)[: dice.random.choice((1, 2))]))


def _drawing(made: RuleSet, dice: Dice, cap: Cap) -> RuleSet:
    """Some layers, one at least, draw on a group in each of their cases; turns of the account do not."""
    funds = [name for name, layer in made.layers.items() if layer.fund != PERSONAL_ACCOUNT]
    drawing = {name for name in funds if dice.chance(50)} or set(funds[:1])

    def drawn(layer: Layer) -> Layer:
        own, *cases = layer.cases
        own = replace(own, caps=own.caps or ())
        return replace(
            layer,
            cases=tuple(
                one if one.caps is None else replace(one, caps=(*(c for c in one.caps if not c.is_none), cap))
                for one in (own, *cases)
            ),
        )

    layers = {name: drawn(layer) if name in drawing else layer for name, layer in made.layers.items()}
    return replace(made, layers=layers)


def _choosing(made: RuleSet, dice: Dice) -> RuleSet:
    """Any counter of any group that is there for all selects."""
    groups = sorted(name for name in made.groups if name.startswith("g") and name[1:].isdigit())

    def select() -> Select:
        counter = dice.random.choice(("visits", "visits", *COUNTERS))
        count = dice.random.choice((1, 2, 3))
        if counter == "visits":
            return Select(dice.random.choice(groups), counter, tuple(sorted(dice.random.sample(range(1, 6), count))))
        bounds = sorted({dice.random.choice(SIZES) * dice.random.randint(1, 9) for _ in range(count)})
        return Select(dice.random.choice(groups), counter, tuple(f"{fen // 100}.{fen % 100:02d}" for fen in bounds))

    return _with_choices(made, dice, select)


def _with_choices(made: RuleSet, dice: Dice, select: Callable[[], Select]) -> RuleSet:
    layers = {
        name: layer if layer.fund == PERSONAL_ACCOUNT else _chosen(layer, dice, select, sorted(made.groups))
        for name, layer in made.layers.items()
    }
    return replace(made, layers=layers)


def _chosen(layer: Layer, dice: Dice, select: Callable[[], Select], groups: list[str]) -> Layer:
    """The layer with some own settings selected: deductible, limit, one cap, or the ratio."""
    own, *cases = layer.cases
    group = dice.random.choice([name for name in groups if name not in (CARRYING, COUNTED, COUNTING)])
    if own.deductible is not None and dice.chance(35):
        per = dice.random.choice(("visit", "period"))
        taken = Deductible(per, (0,), group, False, False, "X", _amount(dice, select))  # type: ignore[arg-type]
        own = replace(own, deductible=taken)
    if own.limit is not None and dice.chance(35):
        per = dice.random.choice(("visit", "period"))
        own = replace(own, limit=Limit(0, per, group if per == "period" else None, "X", _amount(dice, select)))  # type: ignore[arg-type]
    if own.caps and not own.caps[0].is_none and dice.chance(45):
        per = dice.random.choice(("visit", "period"))
        cap = Cap(0, per, group, "X", _amount(dice, select))  # type: ignore[arg-type]
        own = replace(own, caps=(*(one for one in own.caps if one.group != group), cap))
    if own.bands is not None and dice.chance(25):
        own = replace(own, bands=_bands(dice, select))
    return replace(layer, cases=(own, *cases))


def _amount(dice: Dice, select: Callable[[], Select]) -> Amount:
    found = select()
    return Amount("", select=found, amounts_fen=tuple(dice.random.choice(SIZES) for _ in range(len(found.upto) + 1)))


def _bands(dice: Dice, select: Callable[[], Select]) -> Bands:
    found = select()
    return Bands(tuple(dice.ratio() for _ in range(len(found.upto) + 1)), select=found, source="X")
