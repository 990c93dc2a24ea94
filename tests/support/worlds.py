"""Random worlds: regions, rule sets, people and claims, with amounts on the bounds of the rules and bad rows among them.

A world is made of the slow twin's plain values; :mod:`world_tables` writes the same as tables.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from random import Random
from typing import Any

from counting import with_counting
from generate import DIMENSIONS, IDENTITY_CODES, LEVELS, REG_TYPES, YEAR, Dice, registered, rule_set
from qingsuan.benefits.reference.twin import Claim, Identity, Insured, Registration
from qingsuan.benefits.setup import Setup
from qingsuan.policy.compile import Program, compile_rule_sets
from qingsuan.policy.model import Function, Pool, Region, RuleSet
from qingsuan.policy.who.registrations import asks
from varied import varied
from visiting import whole_visits
from year_ends import with_year_ends

FIRST, LAST = dt.date(YEAR, 1, 1), dt.date(YEAR, 12, 31)
LARGEST_FEN = 10**13
POOLS = {
    "990000": (
        Pool("990100", "示例市 (made up)", ("9901",)),
        Pool("990200", "另例市 (made up)", ("9902", "990199")),
    ),
    "980000": (Pool("980100", "再例市 (made up)", ("9801",)),),
}
ADMDVS = {"990100": ("990100", "990101"), "990200": ("990201", "990199"), "980100": ("980103",)}
ELSEWHERE = ("", "", "990100", "990201", "990199", "990301", "980103", "110101")
PERSON_TYPES = ("11", "1101", "12", "1201", "1401", "1402", "1403", "1501", "1560", "16")
NAMED = next(dimension for dimension in DIMENSIONS if dimension.kind == "list")
CARE = ("11", "14", "140104", "140201", "21", "21", "21", "23", "41", "51")


@dataclass
class World:
    """One differential world: everything a run is given. ``seed`` makes it again."""

    seed: int
    regions: tuple[Region, ...]
    rule_sets: tuple[RuleSet, ...]
    claims: list[Claim] = field(default_factory=list)
    insured: list[Insured] = field(default_factory=list)
    identities: list[Identity] = field(default_factory=list)
    registrations: list[Registration] = field(default_factory=list)
    year: int = YEAR
    has_stays: bool = False

    @cached_property
    def _compiled(self) -> Setup:
        return Setup(self.regions, self.rule_sets, self.year, skip_unserved=True)

    def setup(self, **settings: Any) -> Setup:
        """What is decided before the first row, ready for one run; the rules are compiled once for all runs of the world."""
        made = self._compiled.fork()
        for name, value in settings.items():
            setattr(made, name, value)
        return made


def half_of_month(setl_time: dt.datetime) -> str:
    """The function dimension of every world: first or second half of the month of settlement."""
    return "first" if setl_time.day <= 15 else "second"


def world(
    seed: int,
    people: int,
    claims: int,
    *,
    registrations: bool = False,
    families: bool = False,
    year_ends: bool = False,
    whole: bool = False,
) -> World:
    """Make a world of about ``claims`` claims of ``people`` people under rules of its own; some may ask for registrations.

    With ``families`` some groups of every pool are kept by the family, and people are registered in families; with ``year_ends`` some
    layers are settled once, at the end of the year; with ``whole`` nothing has a claim settled apart.
    """
    dice = Dice(Random(seed))
    regions = tuple(
        Region(code, f"{code} (made up)", pools, functions={"half_of_month": Function(_half_of_batch, ("setl_time",))})
        for code, pools in POOLS.items()
    )
    sets = tuple(
        whole_visits(one, seed) if whole else with_counting(varied(one, seed), seed) for one in _rule_sets(dice)
    )
    made = World(seed, regions, sets, has_stays=dice.chance(60))
    if registrations:
        made.rule_sets = tuple(registered(one, seed) for one in made.rule_sets)
    for number in range(people):
        _Person(dice, f"{'甲' if number % 7 == 0 else 'p'}{number:05d}", made).live(max(1, claims // people))
    dice.random.shuffle(made.claims)
    dice.random.shuffle(made.insured)
    dice.random.shuffle(made.identities)
    if asks(made.rule_sets) is not None:
        made.registrations += _registrations(Random(f"registrations {seed}"), made)
    if families:
        made.rule_sets = by_family(made.rule_sets, seed)
        made.registrations += _families(Random(f"families {seed}"), made, people)
    if year_ends:
        made.rule_sets = with_year_ends(made.rule_sets, seed)
        made.claims = [
            one for one in made.claims if abs(one.medfee_sumamt) < LARGEST_FEN // 1000
        ]  # a year is one amount
    return made


def by_family(rule_sets: Sequence[RuleSet], seed: int) -> tuple[RuleSet, ...]:
    """The same, with one or two groups of each pool that are kept by the family instead, or as well as by nobody before."""
    found = []
    for one in rule_sets:
        random = Random(f"by family {one.pool} {seed}")
        groups = {
            name for name in random.sample(("g0", "g1", "g2", "g3"), random.choice((1, 2, 3))) if name in one.groups
        }
        counted = {*one.group_counts, *one.group_counts.values()}
        if groups & counted:
            groups |= counted
        keys = {**one.group_keys, **dict.fromkeys(sorted(groups), "family")}
        found.append(replace(one, group_keys=keys))
    return tuple(found)


def _families(random: Random, made: World, people: int) -> list[Registration]:
    """Most people in one of a few families for the year; some in none, in two, in two at once, or in one only until a day."""
    found = []
    for psn_no in sorted({claim.psn_no for claim in made.claims}):
        if psn_no in ("", "NULL") or psn_no.startswith("'"):
            continue
        first, other = (f"户{random.randrange(max(1, people // 3))}" for _ in range(2))
        day = FIRST + dt.timedelta(days=random.randrange(365))
        whole = Registration(psn_no, "family", first, FIRST - dt.timedelta(days=400), None)
        kind = random.randrange(20)
        rows = {
            0: [],
            1: [whole, replace(whole, begndate=day)],
            2: [whole, replace(whole, reg_value=other, begndate=day, enddate=day + dt.timedelta(days=60))],
            3: [replace(whole, enddate=day), replace(whole, reg_value=other, begndate=day + dt.timedelta(days=1))],
            4: [replace(whole, enddate=day), replace(whole, reg_value=other, begndate=day)],
            5: [replace(whole, begndate=day)],
        }
        found += rows.get(kind, [whole])
    random.shuffle(found)
    return found


def _registrations(random: Random, made: World) -> list[Registration]:
    """Registrations beside the claims: mostly for what a claim has, from or until its day or a day beside, some of them twice."""
    found = []
    for claim in random.sample(made.claims, len(made.claims)):
        area = claim.fix_blng_admdvs
        pairs = (
            ("chronic", claim.dise_code or "M07109"),
            ("resettled", area[:4] + "00" if area else "990200"),
            ("resettled", area or "110000"),
            ("doctor", claim.fixmedins_code or "H9"),
            ("doctor", random.choice(("H1", "H2", "H3"))),
            (random.choice(REG_TYPES), "H1"),
        )
        reg_type, value = random.choice(pairs)
        begin = claim.begndate + dt.timedelta(days=random.choice((-30, -1, 0, 0, 1)))
        end = random.choice((None, begin, claim.begndate, claim.setl_time.date(), begin + dt.timedelta(days=40)))
        approved = {"x_sum": random.choice((None, -1, 0, 5_000, 123_456, 700_001, 10**13))}
        one = Registration(claim.psn_no, reg_type, value, begin, end if end is None or end >= begin else None, approved)
        found += [one] * random.choice((1, 1, 2))
        if random.random() < 0.3:
            found.append(replace(one, begndate=begin - dt.timedelta(days=5)))
    random.shuffle(found)
    return [one for one in found if one.psn_no not in ("", "NULL") and not one.psn_no.startswith("'")]


def _half_of_batch(batch: Any) -> Any:
    import pyarrow as pa

    times = batch.column(batch.schema.get_field_index("setl_time")).to_pylist()
    return pa.array([None if time is None else half_of_month(time) for time in times], pa.string())


KEYS = ("med_type", "med_type", "dedc_hosp_lv", "fixmedins_code", "dise_code", "mdtrt_id", "half", "ward", "tier")
"""What groups are kept apart by; those that are seldom absent more often."""


def _rule_sets(dice: Dice) -> list[RuleSet]:
    """For each pool one set for both schemes or one for each, up to three in succession."""
    found = []
    for pool in (pool for pools in POOLS.values() for pool in pools):
        for schemes in (
            dice.random.choice(((("310", "390"),), (("310",), ("390",)))) if dice.chance(90) else (("390",),)
        ):
            groups = {f"g{i}": period for i, period in enumerate(("year", "quarter", "month"))}
            groups["g3"] = dice.random.choice(("year", "quarter", "month", "day", "day"))
            begins = dice.random.choice(((7, 1), (4, 1), (3, 15), (12, 28))) if dice.chance(25) else (1, 1)
            keys = {name: dice.random.choice(KEYS) for name in ("g0", "g1", "g3") if dice.chance(20)}
            benefit = dice.random.choice(("setl_time", "setl_time", "begndate", "enddate"))
            identity = dice.random.choice(("begndate", "begndate", "setl_time", "enddate"))
            starts = sorted(dice.random.sample(range(1, 364), dice.random.choice((0, 0, 1, 2))))
            first = FIRST + dt.timedelta(days=20) if dice.chance(10) else dt.date(YEAR - 1, 7, 1)
            dates = [first, *(FIRST + dt.timedelta(days=day) for day in starts if day > 20)]
            for effective in dates:
                until = effective + dt.timedelta(days=dice.random.randint(30, 200)) if dice.chance(8) else None
                if until is not None and until < FIRST:
                    until = None
                made = rule_set(dice, pool.code, schemes, effective, groups)
                dates_of = {"benefit_date": benefit, "identity_date": identity, "until": until}
                found.append(replace(made, group_keys=keys, year_begins=begins, **dates_of))
    return found


class _Person:
    """One person's rows, written into a world."""

    def __init__(self, dice: Dice, psn_no: str, made: World) -> None:
        self.dice, self.psn_no, self.world = dice, psn_no, made
        self.pick: Callable[..., Any] = dice.random.choice
        self.home = self.pick(list(ADMDVS))
        self.scheme = self.pick(("310", "390", "390"))
        self.birth: dt.date | None = None

    def live(self, mean_claims: int) -> None:
        dice = self.dice
        if not dice.chance(2):
            self.insure()
        self.hold(dice.random.choice((0, 0, 1, 2, 3, 4)))
        claims: list[Claim] = []
        wanted = dice.random.randint(1, 2 * mean_claims - 1) if mean_claims > 1 else 1
        while len(claims) < wanted:
            claims += self.visit(len(claims))
        if self.world.has_stays:
            claims = self.share_stays(claims)
        more = self.spoil(claims)
        self.world.claims += [*(self.break_parts(claims) if self.world.has_stays else claims), *more]

    def hold(self, count: int) -> None:
        """So many identities: at any time, the day after the one before ended, on its last day, or with it."""
        dice, before = self.dice, FIRST
        for _ in range(count):
            begin = self.day() if dice.chance(60) else min(before + dt.timedelta(days=self.pick((0, 1, -30))), LAST)
            end = None if dice.chance(30) else begin + dt.timedelta(days=dice.random.randint(0, 200))
            code = self.pick((*IDENTITY_CODES, *IDENTITY_CODES, "9999"))
            self.world.identities.append(Identity(self.psn_no, code, begin, end))
            before = end or begin

    def share_stays(self, claims: list[Claim]) -> list[Claim]:
        """Some claims settle parts of one stay, between others and of other kinds of care; most are stays of their own."""
        dice = self.dice
        found = [replace(claim, mdtrt_id=self.pick(("", f"m{number}"))) for number, claim in enumerate(claims)]
        for stay in range(dice.random.choice((0, 1, 1, 2, 3))):
            parts = dice.random.sample(range(len(found)), min(len(found), dice.random.randint(2, 4)))
            alike = dice.chance(70)  # of one kind of care, else of what each is
            for part in parts:
                claim = replace(found[part], mdtrt_id=f"stay{stay}", mid_setl_flag=self.pick(("", "0", "1")))
                first = found[parts[0]]
                same = {"med_type": first.med_type, "insutype": first.insutype, "insu_admdvs": first.insu_admdvs}
                found[part] = replace(claim, **same) if alike else claim
        return [replace(claim, mid_setl_flag="1") if dice.chance(2) else claim for claim in found]

    def break_parts(self, claims: list[Claim]) -> list[Claim]:
        """Some claims that share a stay are rejected while they are read, or belong to another year."""
        shared = Counter(claim.mdtrt_id for claim in claims if claim.mdtrt_id)
        return [
            self.pick(BROKEN)(claim)
            if shared[claim.mdtrt_id] > 1 and claim.refused is None and self.dice.chance(8)
            else claim
            for claim in claims
        ]

    def day(self) -> dt.date:
        if self.dice.chance(20):
            return self.pick((FIRST, LAST, dt.date(YEAR, 3, 31), dt.date(YEAR, 4, 1), dt.date(YEAR, 7, 31)))
        return FIRST + dt.timedelta(days=self.dice.random.randrange(365))

    def insure(self) -> None:
        """One row for the year; or two, overlapping or with a gap, in another pool or scheme, or of another category."""
        dice = self.dice
        begin = self.day() if dice.chance(10) else self.pick((dt.date(YEAR - 3, 1, 1), FIRST))
        rows = [self.row(self.scheme, self.home, begin, self.day() if dice.chance(8) else self.pick((None, LAST)))]
        if dice.chance(35):
            scheme = self.pick(("310", "390", self.scheme, "340"))
            home = self.pick((self.home, self.home, *ADMDVS))
            rows.append(self.row(scheme, home, self.day(), self.pick((None, LAST, self.day()))))
        if dice.chance(15):
            rows.append(self.contradicting(self.pick(rows)))
        self.world.insured += [row for row in rows if row.enddate is None or row.enddate >= row.begndate]

    def contradicting(self, row: Insured) -> Insured:
        """A row of the same scheme, county and days, of which a few columns say something else; or nothing does."""
        other = self.row(row.insutype, self.home, row.begndate, row.enddate)
        changed = self.dice.random.sample(
            ("psn_type", "brdy", "wait_end_date", "acct_balc", "extra"), self.pick((0, 1, 1, 2))
        )
        return replace(row, **{name: getattr(other, name) for name in changed})

    def row(self, scheme: str, home: str, begin: dt.date, end: dt.date | None) -> Insured:
        dice = self.dice
        birth = dt.date(YEAR - dice.random.randint(1, 90), dice.random.randint(1, 12), dice.random.randint(1, 28))
        if dice.chance(10):
            birth = dt.date(1960, 2, 29)
        if self.birth is not None and dice.chance(80):
            birth = self.birth
        self.birth = birth
        return Insured(
            psn_no=self.psn_no,
            insutype=scheme,
            insu_admdvs=self.pick(ADMDVS[home]),
            psn_type=self.pick(PERSON_TYPES),
            begndate=begin,
            enddate=end,
            brdy=None if dice.chance(5) else birth,
            wait_end_date=begin + dt.timedelta(days=dice.random.randint(0, 120)) if dice.chance(8) else None,
            acct_balc=self.pick((None, 0, 1, dice.random.randint(0, 500_000), self.near())),
            extra={
                "tier": self.pick(("", "T1", "T2", "U1", "U22")),
                "years": self.pick((None, *range(18))),
                "insured.x_quota": self.own_amount(),
                "enrolled": self.enrolled(begin),
            },
        )

    def enrolled(self, begin: dt.date) -> int | None:
        """The day on which the person enrolled, about the turn of the year; it is drawn aside, so that all else stays as it was."""
        dice = Random(f"{self.psn_no} {begin}")
        day = (dt.date(YEAR - 1, 12, 1) - dt.date(1970, 1, 1)).days + dice.randrange(90)
        return None if dice.randrange(10) == 0 else day

    def near(self) -> int:
        """An amount on, or one fen beside, a bound of the rules; or one that makes a half."""
        dice = self.dice
        kind = dice.random.randrange(20)
        if kind < 11:
            bound = self.pick(dice.amounts_fen) if dice.amounts_fen else 0
            return max(0, bound + self.pick((-1, 0, 0, 1)) + (self.pick(dice.amounts_fen) if kind < 3 else 0))
        if kind < 14:
            return self.pick((0, 1, 2, 3, 50, 99))
        if kind < 15 and dice.chance(10):
            return LARGEST_FEN - self.pick((0, 1))
        return int(10 ** dice.random.uniform(2, 7.5))

    def own_amount(self) -> int | None:
        """An amount in a column of the plugin's own: now and then nothing, or less."""
        return self.pick((None, -1, *(self.near() for _ in range(18))))

    def bill(self) -> dict[str, int]:
        dice = self.dice
        scope = min(self.near(), LARGEST_FEN)
        others = [self.pick((0, 0, 0, 1, 77, dice.random.randint(0, scope + 100))) for _ in range(3)]
        if dice.chance(12):  # the total itself on a bound
            scope = max(0, min(self.near(), LARGEST_FEN) - sum(others))
        if scope + sum(others) > LARGEST_FEN:
            others = [0, 0, 0]
        return {
            "medfee_sumamt": scope + sum(others),
            "fulamt_ownpay_amt": others[0],
            "overlmt_selfpay": others[1],
            "preselfpay_amt": others[2],
            "inscp_scp_amt": scope,
        }

    def visit(self, number: int) -> list[Claim]:
        """One visit; or a bill cut in two, whose parts together reach a bound."""
        dice, day, last = self.dice, self.day(), LAST
        if dice.chance(20) and any(one.year_begins != (1, 1) for one in self.world.rule_sets):
            day, last = LAST + dt.timedelta(days=dice.random.randrange(200)), dt.date(YEAR + 1, 12, 31)
        begin = max(FIRST, day - dt.timedelta(days=dice.random.choice((0, 0, 3, 20))))
        end = min(last, begin + dt.timedelta(days=dice.random.choice((0, 0, 5))))
        time = dt.datetime.combine(day, self.pick((dt.time(0, 0), dt.time(10, 30), dt.time(23, 59, 59))))
        institution = self.pick(("", "H1", "H2", "H3"))
        claim = Claim(
            setl_id=self.pick((f"{number}", f"s{number:03d}", f"结{number}")),
            psn_no=self.psn_no,
            insutype=self.scheme if not dice.chance(6) else self.pick(("310", "390", "340")),
            med_type=self.pick(CARE),
            insu_admdvs=self.pick(ADMDVS[self.home if not dice.chance(3) else self.pick(list(ADMDVS))]),
            begndate=begin,
            enddate=end,
            setl_time=time,
            fix_blng_admdvs=self.pick(ELSEWHERE) if dice.chance(50) else "",
            fixmedins_code=institution,
            dedc_hosp_lv=self.pick((*LEVELS, *LEVELS, "")),
            dise_code=self.pick(("", "", "", "M02207", "M07109", "M07101", "X1")),
            refl_flag=self.pick(("", "0", "1")),
            er_flag=self.pick(("", "0", "0", "1")),
            acct_used_flag=self.pick(("", "0", "1")),
            extra=self.dimensions(time, institution),
            **self.bill(),
        )
        if not dice.chance(15):
            return [claim]
        half = claim.inscp_scp_amt // 2
        parts = (half, claim.inscp_scp_amt - half)
        bills = [
            replace(claim, inscp_scp_amt=part, medfee_sumamt=claim.medfee_sumamt - rest)
            for part, rest in zip(parts, reversed(parts), strict=True)
        ]
        return [bills[0], replace(bills[1], setl_id=f"{claim.setl_id}b")]

    def dimensions(self, time: dt.datetime, institution: str) -> dict[str, str | int | None]:
        return {
            "ward": self.pick(("", "A1", "A2", "B1", "C")),
            "days": self.pick((None, *range(20))),
            "half": half_of_month(time),
            "named": "in" if institution in NAMED.members else "out",
            "claims.x_approved": self.own_amount(),
        }

    def spoil(self, claims: list[Claim]) -> list[Claim]:
        """Reversals, good and bad, duplicates, strangers, and pools that nobody serves."""
        dice = self.dice
        more: list[Claim] = []
        for number, claim in enumerate(claims):
            if dice.chance(9):
                makes = dice.random.choice(TAKEN_BACK)
                claims[number], *others = makes(
                    self, claim, _negated(claim, f"{claim.setl_id}r{number}", claim.setl_id)
                )
                more += others
            if dice.chance(1):
                claims[number], *others = self.take_back_as_nobody(claims[number], number)
                more += others
            if dice.chance(1):
                more.append(claim)
            if dice.chance(1):
                more.append(replace(claim, med_type="21", setl_time=claim.setl_time.replace(hour=12)))
            if dice.chance(1):  # the first copy fails a check that comes late, or one that comes first
                copy = replace(claim, setl_time=claim.setl_time.replace(hour=0, minute=1))
                more.append(self.pick((_refused(copy), replace(copy, insutype="340"), replace(copy, med_type="41"))))
            if dice.chance(1):
                more.append(replace(claim, setl_id=f"{claim.setl_id}x", psn_no=f"{self.psn_no}-stranger"))
            if dice.chance(1):
                more.append(replace(claim, setl_id=f"{claim.setl_id}n", insu_admdvs="110101"))
        return more

    def take_back_as_nobody(self, claim: Claim, number: int) -> list[Claim]:
        """The claim, and a reversal whose person cannot be read; ids that nobody else has, or everybody's claims are meant."""
        dice, own = self.dice, replace(claim, setl_id=f"{self.psn_no}-{number}")
        if dice.chance(20):
            own = replace(own, refd_setl_flag="1")
        back = _negated(own, f"{own.setl_id}r", own.setl_id)
        if back.medfee_sumamt < 0 and dice.chance(25):
            back = replace(back, setl_id=own.setl_id, init_setl_id=self.pick(("", "gone")))
        psn_no, code = self.pick((("", "E_MISSING"), (f"'{self.psn_no}", "E_FORM"), ("NULL", "E_FORM")))
        nobody = replace(back, psn_no=psn_no, refused=(code, "psn_no"))
        later = _later(own)
        other = later if own.refused else replace(later, med_type="41")  # what a row is refused for stays in it
        others = self.pick(((), (), (later,), (_later(back),), (other,)))
        return [own, nobody, *others]


def _refused(claim: Claim) -> Claim:
    return replace(claim, med_type="99", refused=("E_CODE", "med_type"))


def _later(claim: Claim) -> Claim:
    """The same on another hour: of two rows alike in date, time and id the content decides, which the twin cannot know."""
    return replace(claim, setl_time=claim.setl_time.replace(hour=(claim.setl_time.hour + 7) % 24, second=1))


def _one_fen_off(claim: Claim) -> Claim:
    fen = -1 if claim.medfee_sumamt > -LARGEST_FEN else 1
    return replace(claim, inscp_scp_amt=claim.inscp_scp_amt + fen, medfee_sumamt=claim.medfee_sumamt + fen)


def _in_year(claim: Claim, year: int) -> Claim:
    """The same in January of another year, whichever date decides."""
    day = dt.date(year, 1, 5)
    return replace(claim, begndate=day, enddate=day, setl_time=dt.datetime.combine(day, dt.time(9)))


def _elsewhere(claim: Claim) -> Claim:
    home = next(area for area in ("990100", "990201") if not claim.insu_admdvs.startswith(area[:4]))
    return replace(claim, insu_admdvs=home)


Taking = Callable[["_Person", Claim, Claim], list[Claim]]
TAKEN_BACK: tuple[Taking, ...] = (
    lambda _, claim, back: [claim, back],
    lambda _, claim, back: [claim, back],
    lambda _, claim, back: [claim, _later(back)],
    lambda _, claim, back: [claim, replace(back, init_setl_id=f"nobody{back.setl_id}")],
    lambda _, claim, back: [claim, _one_fen_off(back)],
    lambda _, claim, back: [claim, back, replace(back, setl_id=f"{back.setl_id}2")],
    lambda _, claim, back: [claim, replace(back, setl_id=claim.setl_id)],
    lambda _, claim, back: [claim, replace(back, setl_id=claim.setl_id, init_setl_id="")],
    lambda _, claim, back: [claim, replace(back, setl_id=claim.setl_id, init_setl_id="gone")],
    lambda _, claim, back: [claim, replace(back, init_setl_id="")],
    lambda _, claim, back: [claim, _refused(replace(back, init_setl_id=""))],
    lambda _, claim, back: [claim, _later(replace(claim, setl_id=f"{claim.setl_id}s")), replace(back, init_setl_id="")],
    lambda _, claim, back: [replace(claim, refd_setl_flag="1"), back],
    lambda _, claim, _back: [replace(claim, refd_setl_flag="1")],
    lambda _, claim, _back: [claim, _later(replace(claim, refd_setl_flag="1"))],
    lambda _, claim, back: [claim, replace(back, insutype="310" if claim.insutype != "310" else "390")],
    lambda _, claim, back: [claim, _elsewhere(back)],
    lambda person, claim, back: [claim, replace(back, fixmedins_code=person.pick(("", "H1", "H9")))],
    lambda person, claim, back: [claim, replace(back, med_type=person.pick(CARE))],
    lambda _, claim, back: [claim, _in_year(back, YEAR + 1)],
    lambda _, claim, back: [claim, _in_year(_one_fen_off(back), YEAR + 1)],
    lambda _, claim, back: [claim, _in_year(replace(back, init_setl_id="nobody"), YEAR + 1)],
    lambda _, claim, back: [_in_year(claim, YEAR - 1), back],
    lambda _, claim, back: [_in_year(claim, YEAR - 1), _in_year(back, YEAR - 1)],
    lambda _, claim, back: [claim, replace(_in_year(back, YEAR + 1), insu_admdvs="110101")],
    lambda _, claim, back: [claim, _refused(back)],
    lambda _, claim, back: [_refused(claim), back],
    lambda _, claim, back: [_refused(claim), _refused(back)],
    lambda _, claim, back: [claim, _refused(back), _later(back)],
    lambda _, claim, back: [_refused(claim), _later(claim), back],
    lambda _, claim, back: [claim, _one_fen_off(back), _later(back)],
    lambda _, claim, back: [claim, back, _later(_one_fen_off(back)), replace(back, acct_used_flag="")],
    lambda _, claim, back: [claim, _later(replace(claim, er_flag="1")), back],
    lambda _, claim, back: [_later(_elsewhere(claim)), claim, back],
    lambda _, claim, back: [claim, replace(back, refd_setl_flag="", refused=("E_NEGATIVE", _first_negative(back)))]
    if min(back.medfee_sumamt, back.inscp_scp_amt) < 0
    else [claim],
    lambda _, claim, back: [
        claim,
        replace(back, setl_id=claim.setl_id, init_setl_id="", refd_setl_flag="", refused=("E_NEGATIVE", _first_negative(back))),
    ]
    if back.medfee_sumamt < 0
    else [claim],
    lambda person, claim, back: [claim, replace(back, psn_no=f"{person.psn_no}-stranger")],
    lambda _, claim, back: [claim, _later(replace(claim, setl_id=f"{claim.setl_id}s")), back, _later(replace(back, init_setl_id=f"{claim.setl_id}s"))],
    lambda _, claim, back: [claim, back, replace(back, setl_id=f"{back.setl_id}b", init_setl_id=back.setl_id)],
    lambda _, claim, back: [claim, replace(back, insu_admdvs="110101")],
)  # fmt: skip
"""What a claim becomes, and what comes with it, given the reversal that negates it."""


BROKEN: tuple[Callable[[Claim], Claim], ...] = (
    _refused,
    lambda claim: replace(claim, insutype="", refused=("E_MISSING", "insutype")),
    lambda claim: replace(claim, insutype="39", refused=("E_CODE", "insutype")),
    lambda claim: replace(claim, insu_admdvs="", refused=("E_MISSING", "insu_admdvs")),
    lambda claim: replace(claim, setl_id="", refused=("E_MISSING", "setl_id")),
    lambda claim: replace(claim, preselfpay_amt=claim.preselfpay_amt + 1, refused=("E_COMPOSITION", "medfee_sumamt")),
    lambda claim: replace(claim, insu_admdvs="110101"),
    lambda claim: _in_year(claim, YEAR - 1),
    lambda claim: _in_year(claim, YEAR - 1),
    lambda claim: _in_year(claim, YEAR + 1),
)
"""What becomes of a part of a stay, so that it is not settled with the others."""


def _first_negative(claim: Claim) -> str:
    names = ("medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
    return next((name for name in names if getattr(claim, name) < 0), "")


def _negated(claim: Claim, setl_id: str, original: str) -> Claim:
    amounts = ("medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
    negated = {name: -getattr(claim, name) for name in amounts}
    return replace(claim, setl_id=setl_id, refd_setl_flag="1", init_setl_id=original, **negated)


@cache
def compiled(seed: int) -> Program:
    """The rules of a world, compiled once for all tests that only look at what they come to."""
    return compile_rule_sets(world(seed, 1, 1).rule_sets)
