"""Random premium rules and a year of people under them, made up: settled by columns and by the slow twin, side by side."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import pyarrow as pa

from qingsuan.columns.cells import OPEN_END
from qingsuan.heads.counting import periods_of
from qingsuan.heads.standards import Standard
from qingsuan.policy.model import Region, Source
from qingsuan.premiums.bureau import BureauTables, PoolStandard
from qingsuan.premiums.intake import HELD, NO_DAY, OWED, PAID
from qingsuan.premiums.model import BEARERS, FORMS, Group, Payer, PremiumRule, UnknownGroup
from qingsuan.premiums.partition import EARLIER, INTERNAL, IS_EMPLOYED, RESIDENT, settle_people
from qingsuan.premiums.reference import twin
from qingsuan.premiums.reference.rows import Held, Insured, Paid
from qingsuan.premiums.reference.rows import Settled as ByHand
from qingsuan.premiums.rules import PremiumRules
from qingsuan.premiums.terms import Lists
from qingsuan.settlement import Settled
from qingsuan.tables import CODES

RULE = """\
format = 1
[premium]
region = "990000"
title = "阳曲's groups of 2022, in a made-up region"
year = 2022
schemes = ["390"]
days = [2021-12-31, 2022-06-30]
source = "X"
[standard]
yuan = 320
minimum = true
source = "X"
[carry]
into = 2023
source = "X"
[[groups]]
id = "full"
title = "特困"
codes = ["2304"]
full = true
borne_by = [{ bearer = "assistance" }]
source = "X"
[[groups]]
id = "returned"
title = "返贫致贫 90 %"
codes = ["7202"]
percent = 90
borne_by = [{ bearer = "assistance", percent = 50 }, { bearer = "province", yuan = 100 }, { bearer = "county" }]
source = "X"
[[groups]]
id = "low-income"
title = "低保 80 %, not below 280"
codes = ["2303", "7019"]
percent = 80
floor = 280
borne_by = [{ bearer = "assistance" }]
source = "X"
[[groups]]
id = "at-risk"
title = "at risk, fixed"
codes = ["7299"]
yuan = 280
borne_by = [{ bearer = "assistance", yuan = 150 }, { bearer = "county" }]
source = "X"
[[groups]]
id = "half"
title = "low income 50 %"
codes = ["7300"]
percent = 50
borne_by = [{ bearer = "finance" }]
source = "X"
[[missing]]
parameter = "990000.2022.premium.orphans"
why = "made up: not found"
codes = ["7041"]
[counties]
names = { 990101 = "first", 990102 = "second" }
source = "X"
[sources.X]
document = "made up"
article = "1"
grade = "made-up"
"""
"""A premium file with the groups of 阳曲 in 2022 (a published example), for a made-up region; two of them have several payers here."""

YEAR = 2021
COUNTIES = ("220102", "220104", "222401", "220323", "150102", "150902", "150781")
IDENTITIES = ("2301", "2302", "2303", "2304", "7019", "7202")
MADE_UP = Source("X1", "示例 (made up)", "一", "made-up")
SINCE, FIRST, LAST = (
    (dt.date(*day) - dt.date(1970, 1, 1)).days for day in ((2020, 1, 1), (2021, 1, 1), (2021, 12, 31))
)
DAYS = (FIRST - 31, FIRST + 100, LAST)
"""On which some rule reads identities, and on which some identity begins or ends, or a day beside."""


def rule_of(region: str, **changes: object) -> PremiumRule:
    """A plain rule of a region: 320 yuan, nobody assisted."""
    rule = PremiumRule(
        file="made-up.toml",
        digest="",
        region=region,
        title="made up",
        year=YEAR,
        schemes=("390",),
        heads_source="X1",
        days=(),
        standard=Standard(32_000, minimum=True, source="X1"),
        groups=(),
        unknown=(),
        carry_into=None,
        carry_source="",
        counties={},
        apart=(),
        sources={"X1": MADE_UP},
    )
    return replace(rule, **changes)  # type: ignore[arg-type]


def rules_of(*rules: PremiumRule) -> PremiumRules:
    """Rules as a run has them."""
    return PremiumRules(
        year=YEAR,
        rules={rule.prefix: rule for rule in rules},
        refused={},
        regions={rule.prefix: Region(rule.region, "made up") for rule in rules},
        periods=periods_of(YEAR, "year"),
        schemes=frozenset(["390"]),
        insutypes=frozenset(CODES["insutype"]),
        kind="premium",
    )


@dataclass(frozen=True)
class World:
    """Rules, standards, and rows of a made-up year."""

    rules: tuple[PremiumRule, ...]
    standards: dict[str, int]
    insured: Sequence[Insured]
    identities: Sequence[Held]
    paid: Sequence[Paid]
    owed: Sequence[Paid]

    @cached_property
    def lists(self) -> Lists:
        standards = {prefix: PoolStandard(fen, "made up") for prefix, fen in self.standards.items()}
        return Lists(rules_of(*self.rules), BureauTables(standards=standards))

    @property
    def rows(self) -> int:
        return sum(map(len, (self.insured, self.identities, self.paid, self.owed)))

    def by_hand(self) -> ByHand:
        rules = {rule.prefix: rule for rule in self.rules}
        return twin.settle(rules, self.standards, self.insured, self.identities, self.paid, self.owed)

    def by_columns(self) -> Settled:
        return settle_people(self.lists, *self.tables())

    def tables(self) -> tuple[pa.Table, ...]:
        """The rows as intake hands them over: identities only of codes that some rule names."""
        named = set(self.lists.codes)
        insured = [
            (r.psn_no, int(r.admdvs), r.first, r.last, r.permit, _kind(r), 0, place)
            for place, r in enumerate(self.insured)
        ]
        held = [(h.psn_no, int(h.code), h.first, h.last) for h in self.identities if h.code in named]
        paid = [(p.psn_no, int(p.admdvs or 0), NO_DAY, p.fen) for p in self.paid]
        owed = [(o.psn_no, o.fen) for o in self.owed]
        return tuple(
            pa.table([list(column) for column in zip(*rows, strict=True)] or [[]] * len(schema), schema=schema)
            for rows, schema in ((insured, INTERNAL), (held, HELD), (paid, PAID), (owed, OWED))
        )


def _kind(row: Insured) -> int:
    if row.scheme == "310":
        return IS_EMPLOYED
    return RESIDENT if row.last >= FIRST else EARLIER


def world(seed: int, people: int) -> World:
    """A random world."""
    dice = random.Random(seed)
    rules = tuple(_rule(dice, region) for region in ("150000", "220000"))
    least = {rule.prefix: rule.standard.fen for rule in rules}
    standards = {
        code[: dice.choice((4, 6))]: least[code[:2]] + dice.choice((0, 1, 333, 8_000))
        for code in dice.sample(COUNTIES, dice.randrange(4))
    }
    names = [f"P{number:07d}" for number in range(people)]
    insured = [row for name in names for row in _rows(dice, name)]
    held = [_held(dice, name) for name in names for _ in range(dice.choice((0, 0, 1, 1, 2, 3)))]
    amounts = sorted({0, *least.values(), *standards.values()})
    paid = [one for name in [*names, "Q1", "Q2"] for one in _payments(dice, name, amounts)]
    owed = [Paid(name, dice.choice((1, 4_000, 32_000))) for name in names if dice.random() < 0.1]
    return World(rules, standards, insured, held, paid, owed)


def _rule(dice: random.Random, region: str) -> PremiumRule:
    groups = tuple(_group(dice, region, number) for number in range(dice.randrange(5)))
    taken = {code for group in groups for code in group.codes}
    left = [code for code in IDENTITIES if code not in taken]
    unknown = (
        (UnknownGroup((dice.choice(left),), (region[:2],), "made.up", "made up"),)
        if left and dice.random() < 0.3
        else ()
    )
    days = tuple(sorted(dice.sample(DAYS, dice.choice((1, 2))))) if groups else ()
    return rule_of(
        region,
        standard=Standard(dice.choice((28_000, 32_000, 32_001, 36_000, 1)), minimum=True, source="X1"),
        groups=groups,
        unknown=unknown,
        days=days,
        carry_into=dice.choice((None, YEAR + 1)),
    )


def _group(dice: random.Random, region: str, number: int) -> Group:
    form = dice.choice(FORMS)
    prefixes = (
        (region[:2],) if dice.random() < 0.7 else (dice.choice([c for c in COUNTIES if c[:2] == region[:2]])[:4],)
    )
    order = dice.sample(BEARERS, dice.randrange(1, 4))
    payers = tuple(
        Payer(bearer) if place == len(order) - 1 else _share(dice, bearer) for place, bearer in enumerate(order)
    )
    return Group(
        id=f"g{number}",
        title="made up",
        codes=tuple(dice.sample(IDENTITIES, dice.randrange(1, 3))),
        prefixes=prefixes,
        form=form,
        fen=dice.choice((10_000, 22_000, 99_900)) if form == "yuan" else 0,
        bp=dice.choice((8_000, 5_000, 3_333, 1)) if form == "percent" else 0,
        floor_fen=dice.choice((0, 28_000, 50_000)) if form == "percent" else 0,
        payers=payers,
        source="X1",
    )


def _share(dice: random.Random, bearer: str) -> Payer:
    if dice.random() < 0.5:
        return Payer(bearer, fen=dice.choice((1, 15_000, 40_000)))
    return Payer(bearer, bp=dice.choice((3_333, 5_000, 10_000)))


def _rows(dice: random.Random, name: str) -> list[Insured]:
    rows = []
    for _ in range(dice.choice((1, 1, 1, 1, 2, 2, 3))):
        scheme = "310" if dice.random() < 0.25 else "390"
        first = dice.choice((SINCE - 400, SINCE, FIRST, FIRST + 1, dice.randrange(SINCE, LAST)))
        last = dice.choice((OPEN_END, LAST, FIRST - 1, dice.randrange(first, LAST + 30)))
        if last >= max(first, SINCE) and first <= LAST:
            rows.append(Insured(name, scheme, dice.choice(COUNTIES), first, last, dice.randrange(2)))
    return rows


def _held(dice: random.Random, name: str) -> Held:
    first = dice.choice((SINCE, *(day + dice.choice((0, 1)) for day in DAYS)))
    last = dice.choice((OPEN_END, *(day - dice.choice((0, 1)) for day in DAYS if day > first)))
    return Held(name, dice.choice((*IDENTITIES, "9999")), first, last)


def _payments(dice: random.Random, name: str, amounts: Sequence[int]) -> list[Paid]:
    place = dice.choice(("", *COUNTIES))
    rows = [
        Paid(name, max(0, dice.choice(amounts) + dice.choice((0, 0, -1, 1))), place)
        for _ in range(dice.choice((0, 1, 1, 1, 2)))
    ]
    if rows and dice.random() < 0.1:
        rows.append(Paid(name, -rows[0].fen - dice.choice((0, 0, 1)), place))
    return rows
