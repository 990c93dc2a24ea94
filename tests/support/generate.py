"""Random rule sets that use every setting of the policy model: valid by construction, and odd on purpose.

Rules are disjoint because they lie on a partition of one or two dimensions; a further rule inside one of them says
that it overrides. Cases of a layer set different things, or lie on one partition. Ratios are chosen so that exact
halves occur, amounts so that claims can sit on them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from random import Random
from typing import Any

from qingsuan.money import yuan
from qingsuan.policy.model import (
    COUNTERS,
    ENTRY_PARTS,
    FUNDS,
    LAYER_PARTS,
    Adjust,
    AnyOf,
    Bands,
    Cap,
    Case,
    Ceiling,
    Codes,
    Condition,
    Covers,
    Deductible,
    Dimension,
    Entry,
    Guarantee,
    Held,
    IdentityClass,
    IdentityRank,
    InterimSettlements,
    Interval,
    Layer,
    Limit,
    Missing,
    Rule,
    RuleSet,
    Select,
    Source,
    Visits,
    When,
)
from qingsuan.policy.per_claim.amount import BILL_VALUES, DAYS, Amount
from qingsuan.policy.when.waiting import Exemption, Waiting

YEAR = 2021
SOURCE = Source("X", "示例 (made up)", "第一条", "made-up")
LEVELS = ("1", "2", "3A")
IDENTITIES = (
    IdentityClass("no_support", "三无", ("2301",)),
    IdentityClass("five", "五保", ("2307",)),
    IdentityClass("low", "低保", ("2303", "7019")),
    IdentityClass("poor", "特困", ("2304",)),
    IdentityClass("returned", "返贫致贫", ("7202",)),
)
IDENTITY_CODES = tuple(code for one in IDENTITIES for code in one.codes)
DIMENSIONS = (
    Dimension("ward", "code", "claims", "x_ward"),
    Dimension("tier", "code", "insured", "x_tier"),
    Dimension("days", "number", "claims", "x_days"),
    Dimension("years", "number", "insured", "x_years"),
    Dimension("named", "list", "claims", "fixmedins_code", members=frozenset({"H1", "H3"})),
    Dimension("half", "function", "claims", function="half_of_month"),
    Dimension("claims.x_approved", "amount", "claims", "x_approved"),
    Dimension("insured.x_quota", "amount", "insured", "x_quota"),
    Dimension("enrolled", "date", "insured", "x_enrolled"),
)
REGISTRATIONS = (
    Dimension("of_disease", "registered", "registrations", "dise_code", reg_type="chronic"),
    Dimension("of_place", "registered", "registrations", "fix_blng_admdvs", reg_type="resettled"),
    Dimension("of_house", "registered", "registrations", "fixmedins_code", reg_type="doctor"),
    Dimension("doctors", "registrations", "registrations", reg_type="doctor"),
)
APPROVED = (
    Dimension("registrations.doctor.x_sum", "amount", "registrations", "x_sum", reg_type="doctor"),
    Dimension(
        "registrations.chronic.dise_code.x_sum",
        "amount",
        "registrations",
        "x_sum",
        reg_type="chronic",
        asked="dise_code",
    ),
)
"""Amounts that stand in a registration (按个人审定金额)."""
REG_TYPES = ("chronic", "resettled", "doctor", "nobody_asks")
ATOMS = {
    "insutype": ("310", "390"),
    "psn_type": ("11*", "12*", "1401", "1402", "15*", "16"),
    "med_type": ("11", "14*", "21", "23", "41"),
    "dise_code": ("", "M02207", "M07*"),
    "dedc_hosp_lv": LEVELS,
    "place": ("pool", "region", "outside"),
    "referral": ("none", "referred", "emergency", "both"),
    "ward": ("", "A*", "B1"),
    "tier": ("T1", "T2", "U*"),
    "named": ("in", "out"),
    "half": ("first", "second"),
}
"""Dimension -> patterns that exclude each other."""

CLOSED = (*ATOMS, "psn_idet_type")
"""Dimensions whose values a partition can cover whole without intervals."""

ODD_RATIOS_BP = (0, 1, 50, 150, 625, 1250, 2500, 3125, 5000, 5550, 6150, 7500, 8750, 9950, 9999, 10_000)
MAX_BILLS = 15
NUMBERS = ("age", "medfee_sumamt", "date", "days", "years")


@dataclass
class Dice:
    """A source of randomness, and the amounts it gave: claims are put beside them."""

    random: Random
    amounts_fen: list[int] = field(default_factory=list)
    classes: tuple[IdentityClass, ...] = IDENTITIES
    rank: tuple[str, ...] = ()

    def chance(self, percent: int) -> bool:
        return self.random.randrange(100) < percent

    def amount(self) -> int:
        """A bound: mostly of a size that a few visits reach, sometimes nothing or far away, sometimes one met before."""
        if self.amounts_fen and self.chance(30):
            return self.random.choice(self.amounts_fen[-12:])
        size = self.random.choice((1, 10, 1_000, 100_000, 100_000, 1_000_000, 1_000_000, 20_000_000))
        found = self.random.choice((size, size * self.random.randint(1, 9), self.random.randint(0, 10 * size)))
        self.amounts_fen.append(found)
        return found

    def group(self, groups: list[str]) -> str:
        """A group: the first, a year's, more often than the others, so that much is shared and much adds up."""
        return groups[0] if self.chance(45) else self.random.choice(groups)

    def bounds(self, count: int) -> tuple[int, ...]:
        found: set[int] = set()
        while len(found) < count:
            found.add(max(1, self.amount()) if self.chance(70) else self.random.randint(1, 10**7))
        return tuple(sorted(found))

    def ratio(self) -> int:
        step = self.random.choice((0, 1, 500, 10_000))
        return (
            self.random.choice(ODD_RATIOS_BP)
            if step == 0
            else min(10_000, step * self.random.randint(1, 10_000 // step))
        )


def partition(dice: Dice, dimension: str, *, whole: bool = False) -> list[Condition]:
    """Conditions on one dimension that exclude each other; ``whole``: one of them holds for every value."""
    if dimension in NUMBERS:
        return _intervals(dice, dimension)
    if dimension == "psn_idet_type":
        found = _identities(dice)
        return found if whole or dice.chance(60) else found[:-1]
    atoms = list(ATOMS[dimension])
    dice.random.shuffle(atoms)
    count = dice.random.randint(1, min(3, len(atoms) - 1))
    cells = [tuple(atoms[i::count]) for i in range(count)]
    if len(cells) > 1 and dice.chance(50):
        cells[-1] = cells[-1][:1]
    found = [Codes(cell) for cell in cells]
    if whole or dice.chance(60):
        found.append(Codes(tuple(pattern for cell in cells for pattern in cell), negated=True))
    return found


def _either(dice: Dice, dimensions: Iterable[str]) -> When:
    """Alternatives on some dimensions, one or two conditions each; several of them may hold at once."""
    cells = {name: partition(dice, name) for name in dimensions}
    whens: list[When] = []
    for name in cells:
        also = [one for one in cells if dice.chance(20)] or [name]
        whens.append({one: dice.random.choice(cells[one]) for one in also})
    return {"any_of": AnyOf(tuple(whens))}


def _part(dice: Dice, dimension: str, others: Iterable[str]) -> When:
    """A condition that is narrower than none: a cell of a partition, or alternatives on other dimensions."""
    return _either(dice, others) if dice.chance(30) else {dimension: dice.random.choice(partition(dice, dimension))}


def _identities(dice: Dice) -> list[Condition]:
    """Conditions on identity classes of which everybody meets exactly one."""
    names = [one.name for one in dice.classes]
    dice.random.shuffle(names)
    some, others = tuple(names[:2]), tuple(names[2:])
    kind = dice.random.randrange(4)
    if kind == 0 and dice.rank:
        cut = dice.random.randint(1, len(dice.rank))
        ranked = (dice.rank[:cut:2], dice.rank[1:cut:2], dice.rank[cut:])
        cells: list[Condition] = [Held(highest=cell, rank=dice.rank) for cell in ranked if cell]
        return [*cells, Held(none=dice.rank)]
    if kind == 1:
        first, second = some
        return [Held(all=some), Held(all=(first,), none=(second,)), Held(any=(second,), none=(first,)), Held(none=some)]
    if kind == 2:
        return [Held(any=some), Held(any=others[:2], none=some), Held(none=(*some, *others[:2]))]
    if dice.rank:
        cut = dice.random.randint(1, len(dice.rank))
        top, rest, one = dice.rank[:cut], dice.rank[cut:], some[:1]
        mixed: list[Condition] = [
            Held(highest=top, rank=dice.rank, none=one),
            Held(any=one, highest=top, rank=dice.rank),
        ]
        return [*mixed, *([Held(highest=rest, rank=dice.rank)] if rest else []), Held(none=dice.rank)]
    return [Held(any=some), Held(none=some)]


def _intervals(dice: Dice, dimension: str) -> list[Condition]:
    count = dice.random.randint(1, 2)
    if dimension == "medfee_sumamt":
        cuts = dice.bounds(count)
    elif dimension == "date":
        first = (dt.date(YEAR, 1, 1) - dt.date(1970, 1, 1)).days
        cuts = tuple(sorted(dice.random.sample(range(first + 1, first + 360), count)))
    else:
        cuts = tuple(sorted(dice.random.sample(range(1, 70 if dimension == "age" else 15), count)))
    edges = (None, *cuts, None)
    return [Interval(low, high) for low, high in pairwise(edges)]


def rule_set(dice: Dice, pool: str, schemes: tuple[str, ...], effective: dt.date, groups: dict[str, str]) -> RuleSet:
    """One rule set over all settings. ``groups`` is shared by the successive sets of one pool and scheme."""
    dice.classes = _classes(dice)
    dice.rank = tuple(one.name for one in dice.random.sample(dice.classes, dice.random.choice((0, 2, 3, 4))))
    named = dice.random.sample([*CLOSED, *NUMBERS], 6)
    if dice.chance(40):
        named = ["psn_idet_type", *(name for name in named if name != "psn_idet_type")][:6]
        dice.random.shuffle(named)
    layers, needs = _layers(dice, named[2:], list(groups))
    rules, missing = _rules(dice, named, layers, needs)
    if dice.chance(25):
        missing.append(Missing("another.ratio", "only reported"))
    return RuleSet(
        file=f"{pool}-{'-'.join(schemes)}-{effective}.toml",
        pool=pool,
        schemes=schemes,
        title="示例 (made up)",
        effective=effective,
        until=None,
        benefit_date="setl_time",
        identity_date="begndate",
        levels=LEVELS,
        identities=dice.classes,
        sources={"X": SOURCE},
        groups=groups,  # type: ignore[arg-type]
        dimensions=DIMENSIONS,
        layers=layers,
        rules=rules,
        missing=tuple(missing),
        covers=_covers(dice, rules, missing),
        identity_rank=IdentityRank(dice.rank, "X") if dice.rank else None,
        interim_settlements=_interim_settlements(dice),
        waiting=_waiting(dice, schemes, named),
    )


def _approved(one: Dimension) -> Amount:
    """The amount that a registration says."""
    asked: Any = one.asked or None
    return Amount(one.name, column=one.column, table="registrations", reg_type=one.reg_type, asked=asked)


def registered(made: RuleSet, seed: int) -> RuleSet:
    """The same; of some sets rules ask for registrations, pay who has one otherwise, and bound what grows with their number."""
    dice = Dice(Random(f"{made.file} {seed}"))
    if dice.chance(40):
        return made
    rules: list[Rule] = []
    yielding = {name for rule in made.rules for name in rule.overrides}
    for rule in made.rules:
        asked = tuple(one.name for one in REGISTRATIONS[:3] if dice.chance(25))
        rules.append(replace(rule, registered=asked))
        if rule.id not in yielding and dice.chance(30):
            name = dice.random.choice(("of_disease", "of_place", "of_house"))
            when: When = {name: Codes((dice.random.choice(("yes", "no")),))}
            if dice.chance(40):
                when = {"doctors": Interval(dice.random.choice((1, 2)), None)}
            others = dice.random.choice(made.rules).layers
            over = (rule.id, *rule.overrides)
            rules.append(Rule(f"{rule.id}-reg", {**rule.when, **when}, others, overrides=over, source="X"))
    layers = {}
    for name, layer in made.layers.items():
        own, *cases = layer.cases
        if own.limit is None and not any(one.limit for one in cases) and dice.chance(60):
            grows = Amount("doctors", base_fen=100_000, step_fen=70_000)
            limit = dice.random.choice((grows, *(_approved(one) for one in APPROVED)))
            own = replace(own, limit=Limit(0, "visit", None, "X", limit))
        layers[name] = replace(layer, cases=(own, *cases))
    return replace(made, dimensions=(*made.dimensions, *REGISTRATIONS, *APPROVED), rules=tuple(rules), layers=layers)


def _waiting(dice: Dice, schemes: tuple[str, ...], named: list[str]) -> Waiting | None:
    """A waiting period of some of the schemes, which spares some people; or nothing is said of one.

    It is drawn aside: what the rule set says otherwise does not depend on it.
    """
    dice = Dice(Random(f"{schemes} {named} {dice.amounts_fen}"), classes=dice.classes, rank=dice.rank)
    if dice.chance(20):
        return None
    spared: list[When] = [{name: dice.random.choice(partition(dice, name))} for name in dice.random.sample(named, 2)]
    spared.append(_either(dice, named[:2]))
    first = (dt.date(YEAR - 1, 12, 1) - dt.date(1970, 1, 1)).days + dice.random.randrange(40)
    spared.append({"enrolled": Interval(dice.random.choice((None, first)), first + dice.random.randrange(1, 60))})
    exempt = tuple(Exemption(when, "X") for when in dice.random.sample(spared, dice.random.choice((0, 1, 1, 2))))
    return Waiting("wait_end_date", schemes if dice.chance(40) else schemes[:1], exempt, "X")


def _interim_settlements(dice: Dice) -> InterimSettlements | None:
    return InterimSettlements("one-visit", "X", "anew" if dice.chance(50) else None) if dice.chance(75) else None


def _classes(dice: Dice) -> tuple[IdentityClass, ...]:
    """Identity classes in some order; sometimes a code is in no class, so that nobody holds it by that code."""
    found = [one if dice.chance(85) else replace(one, codes=one.codes[:1]) for one in IDENTITIES]
    return tuple(dice.random.sample(found, len(found)))


def _covers(dice: Dice, rules: tuple[Rule, ...], missing: list[Missing]) -> tuple[Covers, ...]:
    """Promises that hold: what a rule or a missing parameter matches."""
    whens = [one.when for one in (*rules, *missing) if one.when is not None]
    return tuple(Covers(when) for when in dice.random.sample(whens, min(len(whens), dice.random.choice((0, 1, 2)))))


def _rules(
    dice: Dice, named: list[str], layers: dict[str, Layer], needs: dict[str, set[str]]
) -> tuple[tuple[Rule, ...], list[Missing]]:
    """Rules on a partition of two dimensions, some inside them that override, and parts that a parameter is missing for."""
    rules: list[Rule] = []
    missing: list[Missing] = []
    first = partition(dice, named[0])
    for i, one in enumerate(first):
        second: list[Condition | None] = list(partition(dice, named[1])) if dice.chance(70) else [None]
        for j, other in enumerate(second):
            when: dict[str, Condition] = {named[0]: one} | ({} if other is None else {named[1]: other})
            if dice.chance(8):
                if dice.chance(50):
                    missing.append(Missing("some.ratio", "the source names no number", when))
                continue
            rules.append(_rule(dice, f"r{i}{j}", when, layers, needs))
            if dice.chance(25):
                narrow = _part(dice, named[2], named[2:5])
                rules.append(_rule(dice, f"r{i}{j}x", {**when, **narrow}, layers, needs, (f"r{i}{j}",)))
                if dice.chance(30):
                    other_part = dice.random.choice(partition(dice, named[3]))
                    over = (f"r{i}{j}", f"r{i}{j}x")
                    rules.append(_rule(dice, f"r{i}{j}y", {**when, named[3]: other_part}, layers, needs, over))
            if dice.chance(12):
                name = next(name for name in ("psn_idet_type", named[4]) if name not in when)
                unknown = _part(dice, name, [one for one in named[3:6] if one not in when])
                over = tuple(rule.id for rule in rules if rule.id.startswith(f"r{i}{j}"))
                missing.append(Missing("a.ratio", "not known of some", {**when, **unknown}, over))
    if not rules:
        rules.append(_rule(dice, "r", {}, layers, needs))
        missing.clear()
    return tuple(rules), missing


def _rule(
    dice: Dice,
    name: str,
    when: dict[str, Condition],
    layers: dict[str, Layer],
    needs: dict[str, set[str]],
    overrides: tuple[str, ...] = (),
) -> Rule:
    wanted: set[str] = set()
    if not dice.chance(5):
        for layer in dice.random.sample(list(layers), dice.random.randint(1, len(layers))):
            wanted |= {layer, *needs[layer]}
    order = tuple(layer for layer in layers if layer in wanted)
    ceiling = None
    if order and dice.chance(30):
        closed = tuple(dice.random.sample(order, dice.random.randint(1, len(order))))
        of = dice.random.choice(("medfee_sumamt", "inscp_scp_amt"))
        ceiling = Ceiling(dice.ratio(), of, closed, "X")
    entry_bp = dice.random.choice((10_000, 10_000, 8_500, 3_333, dice.ratio()))
    return Rule(name, when, order, entry_bp, ceiling, overrides, "X", _guarantee(dice, order, ceiling))


def _guarantee(dice: Dice, order: tuple[str, ...], ceiling: Ceiling | None) -> Guarantee | None:
    """A guarantee of some of a rule's layers; none that its ceiling would always take back."""
    if not order or not dice.chance(25):
        return None
    layers = tuple(dice.random.sample(order, dice.random.randint(1, len(order))))
    of = dice.random.choice(("medfee_sumamt", "inscp_scp_amt"))
    found = Guarantee(dice.ratio(), of, layers, dice.random.choice(layers), "X")
    if ceiling is not None and ceiling.of == of and ceiling.ratio_bp < found.ratio_bp:
        return None
    return found


def _layers(dice: Dice, named: list[str], groups: list[str]) -> tuple[dict[str, Layer], dict[str, set[str]]]:
    """One to five layers in their order, and which earlier layers each of them reads, also through others."""
    layers: dict[str, Layer] = {}
    needs: dict[str, set[str]] = {}
    bills: dict[str, int] = {}
    leaves: dict[str, tuple[str, ...]] = {}
    for name in [f"L{number}" for number in range(dice.random.randint(1, 5))]:
        layer = _layer(dice, name, named, groups, bills, leaves)
        leaves[name] = _leaves(layer)
        bills = {**bills, name: max(1, *(_bills(case.entry or (), bills) for case in layer.cases))}
        reads = {entry.layer for case in layer.cases for entry in case.entry or () if entry.layer is not None}
        needs[name] = reads.union(*(needs[read] for read in reads)) if reads else set()
        layers[name] = layer
    return layers, needs


def _leaves(layer: Layer) -> tuple[str, ...]:
    """What later layers may ask of a layer: the cost above a cap or limit only where it may have one."""
    caps = any(cap.amount_fen is not None for case in layer.cases for cap in case.caps or ())
    limits = any(case.limit is not None for case in layer.cases)
    without = {part for part, has in (("cost_above_cap", caps), ("cost_above_limit", limits)) if not has}
    return tuple(part for part in LAYER_PARTS if part not in without)


def _layer(
    dice: Dice,
    name: str,
    named: list[str],
    groups: list[str],
    earlier: dict[str, int],
    leaves: dict[str, tuple[str, ...]],
) -> Layer:
    """The layer's own settings; then partitions whose cases set keys that no other partition sets."""
    keys = ["visits", "deductible", "bands", "limit", "caps", "entry"]
    make = {
        "visits": lambda: Visits(dice.group(groups), dice.chance(75), "X"),
        "deductible": lambda: _deductible(dice, groups),
        "bands": lambda: _bands(dice, groups),
        "limit": lambda: _limit(dice, groups),
        "caps": lambda: _caps(dice, groups),
        "entry": lambda: _entry(dice, earlier, leaves),
    }
    likely = {"visits": 60, "deductible": 70, "bands": 100, "limit": 35, "caps": 55, "entry": 35}
    own = {key: make[key]() for key in keys if dice.chance(likely[key])}
    names = [dimension for dimension in named if dimension in CLOSED]
    cases: list[Case] = []
    if names and dice.chance(15):
        del own["bands"]
        keys.remove("bands")
        dimension = dice.random.choice(names)
        cases += [
            Case({dimension: cell}, bands=_bands(dice, groups)) for cell in partition(dice, dimension, whole=True)
        ]
    dice.random.shuffle(keys)
    for dimension in dice.random.sample(named, dice.random.randint(0, 2)):
        chosen, keys = keys[:2], keys[2:]
        for cell in partition(dice, dimension):
            settings = {key: make[key]() for key in chosen if dice.chance(70)}
            if settings:
                cases.append(Case({dimension: cell}, **settings))
    cases += _adjusts(dice, named, groups)
    if any(case.deductible for case in cases) and "deductible" not in own:  # said for every claim, or for none
        own["deductible"] = (
            _deductible(dice, groups) if dice.chance(50) else Deductible("visit", (0,), None, exempt=True)
        )
    if any(case.caps for case in cases) and "caps" not in own:
        own["caps"] = (Cap(None, "visit", None, "X"),)
    if dice.chance(10):
        own["adjust"] = Adjust(points_bp=dice.random.choice((-700, 500)), source="X")
    return Layer(name, dice.random.choice(("hifp_pay", *FUNDS)), (Case(**own), *cases))


def _adjusts(dice: Dice, named: list[str], groups: list[str]) -> list[Case]:
    """Adjustments that may hold at once: only the first partition sets what may be set once."""
    cases: list[Case] = []
    if dice.chance(30):
        points = Adjust(points_bp=dice.random.choice((300, -800)), source="X")
        cases.append(Case(_either(dice, dice.random.sample(named, 2)), adjust=points))
    for turn, dimension in enumerate(("psn_idet_type", *dice.random.sample(named, 1))):
        if not dice.chance(45):
            continue
        for cell in partition(dice, dimension):
            once = turn == 0
            lift = tuple(dice.random.sample([*groups, "visit"], dice.random.choice((0, 0, 1, 2))))
            cases.append(
                Case(
                    {dimension: cell},
                    adjust=Adjust(
                        deductible_bp=dice.random.choice((None, 0, 5000, 3333, 15_000)) if once else None,
                        points_bp=dice.random.choice((0, 500, -500, 137, 9000, -9000)),
                        own_bp=dice.random.choice((None, None, 13_100, 5000, 333, 40_000)) if once else None,
                        lift_caps=lift,
                        source="X",
                    ),
                )
            )
    return cases


def _deductible(dice: Dice, groups: list[str]) -> Deductible:
    exempt = dice.chance(25)
    if dice.chance(50):
        group = dice.group(groups)
        of_claim = _grows(dice) if dice.chance(15) else None
        amounts = (dice.amount() if of_claim is None else 0,)
        return Deductible("period", amounts, group, exempt, exempt and dice.chance(60), "X", of_claim)
    amounts = tuple(dice.amount() for _ in range(dice.random.randint(1, 4)))
    group = dice.random.choice((None, dice.group(groups)))
    credits_group = exempt and group is not None and dice.chance(60)
    of_claim = _of_claim(dice) if dice.chance(15) else None
    return Deductible("visit", amounts if of_claim is None else (0,), group, exempt, credits_group, "X", of_claim)


def _bands(dice: Dice, groups: list[str]) -> Bands:
    count = dice.random.randint(0, 4)
    ratio_bp = tuple(dice.ratio() for _ in range(count + 1))
    measured = dice.random.choice(("absolute", "excess"))
    if dice.chance(22):
        counter = dice.random.choice((*COUNTERS, "visits", "paid"))
        upto = _select_bounds(dice, counter, count)
        select = Select(dice.group(groups), counter, upto)
        return Bands(ratio_bp, (), "visit", measured, dice.random.choice((None, dice.group(groups))), select, "X")
    per = dice.random.choice(("visit", "period"))
    group = dice.group(groups) if per == "period" else dice.random.choice((None, dice.group(groups)))
    return Bands(ratio_bp, dice.bounds(count), per, measured, group, None, "X")


def _select_bounds(dice: Dice, counter: str, count: int) -> tuple[int | str, ...]:
    """Bounds as a file writes them: visits, or yuan, whole ones now and then without a point."""
    if counter == "visits":
        return tuple(sorted(dice.random.sample(range(1, 7), count)))
    return tuple(bound // 100 if bound % 100 == 0 else yuan(bound) for bound in dice.bounds(count))


def _limit(dice: Dice, groups: list[str]) -> Limit:
    if dice.chance(20):
        return Limit(0, "visit", None, "X", _of_claim(dice))
    if dice.chance(10):
        return Limit(0, "period", dice.group(groups), "X", _grows(dice))
    if dice.chance(35):
        return Limit(dice.amount(), "visit", None, "X")
    return Limit(dice.amount(), "period", dice.group(groups), "X")


def _of_claim(dice: Dice, *, share: bool = False) -> Amount:
    """An amount that each claim has for itself: it grows, or is so much for each of something; or a share of the bill."""
    kind = dice.random.randrange(3 if share else 2)
    if kind == 0:
        return _grows(dice)
    if kind == 1:
        return Amount(dice.random.choice((DAYS, "days", "years")), step_fen=dice.amount(), each=True)
    return Amount(dice.random.choice(BILL_VALUES), ratio_bp=dice.ratio(), each=True)


def _grows(dice: Dice) -> Amount:
    """An amount that grows with a number; or one that stands in a column."""
    if dice.chance(30):
        one = dice.random.choice([one for one in DIMENSIONS if one.kind == "amount"])
        return Amount(one.name, column=one.column, table=one.table)
    base, step = dice.amount(), dice.random.choice((0, 1, 100, 30_000, dice.amount()))
    upto = None if dice.chance(30) else base + dice.amount()
    return Amount(dice.random.choice(("days", "years")), base, step, dice.random.randrange(6), upto)


def _caps(dice: Dice, groups: list[str]) -> tuple[Cap, ...]:
    caps = []
    for group in dice.random.sample(groups, dice.random.choice((0, 1, 1, 2))):
        amount = None if dice.chance(12) else dice.amount()
        caps.append(
            Cap(0, "period", group, "X", _grows(dice)) if dice.chance(12) else Cap(amount, "period", group, "X")
        )
    if dice.chance(30):
        group = caps[0].group if caps and dice.chance(40) else dice.random.choice((None, dice.group(groups)))
        of_claim = _of_claim(dice, share=True) if dice.chance(50) else None
        caps.append(Cap(dice.amount() if of_claim is None else 0, "visit", group, "X", of_claim))
    return tuple(caps)


def _entry(dice: Dice, earlier: dict[str, int], leaves: dict[str, tuple[str, ...]]) -> tuple[Entry, ...]:
    """Components of a base. ``earlier``: layer -> how many bills its base may hold; no base may hold too many.

    ``leaves``: layer -> the parts of it that may enter.
    """
    found: list[Entry] = [Entry(part, dice.ratio(), None, "X") for part in ENTRY_PARTS if dice.chance(40)]
    for layer in earlier:
        found += [Entry(part, dice.ratio(), layer, "X") for part in leaves[layer] if dice.chance(30)]
    if earlier and dice.chance(25):  # more than the bill holds: what the layer before took or left enters once again
        last = list(earlier)[-1]
        found = [Entry("inscp_scp_amt", 10_000, None, "X"), *(Entry(part, 10_000, last, "X") for part in leaves[last])]
    while _bills(found, earlier) > MAX_BILLS:
        found.pop()
    return tuple(found) or (Entry("inscp_scp_amt", 10_000, None, "X"),)


def _bills(entries: Iterable[Entry], earlier: dict[str, int]) -> int:
    return sum(1 if entry.layer is None else earlier[entry.layer] for entry in entries)
