"""Who bears a gap: worked by hand, against the slow twin on random pools, and what rules and tables must not say."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import pytest

import qingsuan
from gap_rules import GAP_RULE as RULE
from qingsuan.errors import PolicyError
from qingsuan.funds.gaps.model import NOT_MET, SPREADS, GapRule, LastFund, MissingTerm, Shares
from qingsuan.funds.gaps.reader import read_gap_rules, rule_of
from qingsuan.funds.gaps.remedies import remedies_of
from qingsuan.funds.gaps.sharing import BORNE, gaps_of
from qingsuan.funds.gaps.tables import BureauTables, Fault, Target
from qingsuan.funds.reference import share
from qingsuan.funds.statement import Book
from qingsuan.plugins import load

POOLS = int(os.environ.get("QINGSUAN_FUND_ROWS", "4000")) // 8
POOL = "990100"


def rule(**changes: Any) -> GapRule:
    terms = ("ratio", "not-met", "spread")
    values: dict[str, Any] = {
        "file": "made-up.toml", "digest": "", "region": "990000", "title": "made up", "effective": None, "pools": (POOL,),
        "funds": ("resident",), "shares": Shares(4_000, 6_000, "X"), "not_met": "county", "spread": "proportion", "last": (), "lines": (),
        "missing": tuple(MissingTerm(f"no.{term}", "made up", term) for term in terms), "sources": {}, "cited": (),
    }  # fmt: skip
    return GapRule(**{**values, **changes})


def book(county: str, gap: int, opening: int = 0) -> Book:
    return Book("resident", county, opening, 1_000, 1_000 + gap, 1_000, 1_000 + gap, 0, 0)


def pool(dice: random.Random) -> tuple[GapRule, dict[str, tuple[int, int, str]], int]:
    """A random rule, counties with gap, own fault and plan, and the city's surplus."""
    city = dice.choice((0, 3_333, 5_000, 10_000))
    county = dice.choice((10_000 - city, (10_000 - city) // 2))
    last = (
        ()
        if city + county == 10_000
        else tuple(LastFund(fund, dice.choice((0, 7, 1_000)), "X") for fund in ("reserve", "adjustment"))
    )
    made = rule(
        shares=dice.choice((None, Shares(city, county, "X"))),
        not_met=dice.choice((None, *NOT_MET)),
        spread=dice.choice((None, *SPREADS)),
        last=last,
    )
    gaps = {
        f"9901{number:02d}": (
            dice.choice((0, 1, 99, 101, 12_345)),
            dice.choice((0, 0, 1, 50, 20_000)),
            dice.choice(("met", "met", "not-met", "none")),
        )
        for number in range(1, dice.randrange(2, 7))
    }
    return made, gaps, dice.choice((0, 1, 77, 5_000, 10**6))


def shared(made: GapRule, gaps: dict[str, tuple[int, int, str]], surplus: int) -> dict[str, dict[str, int]]:
    heads = {"met": 5, "not-met": 4}
    tables = BureauTables(
        targets={
            ("resident", c): (Target("heads", 5, heads[plan], ""),) for c, (_, _, plan) in gaps.items() if plan in heads
        },
        faults={("resident", c): (Fault("county", fault, "X"),) for c, (_, fault, _) in gaps.items() if fault},
    )
    books = [book(county, gap) for county, (gap, _, _) in gaps.items()]
    found = gaps_of([book(POOL, 0, surplus), *books], [], made, tables, POOL)
    assert [one.plan for one in found] == [plan for _, _, plan in gaps.values()]
    assert [sum(one.faults.values()) for one in found] == [fault for _, fault, _ in gaps.values()]
    assert [bool(one.lacks) <= bool(one.open) for one in found] == [True] * len(found)
    return {one.book.admdvs: {name: getattr(one, name) for name in BORNE} for one in found}


def test_random_pools_agree_with_the_twin_and_every_gap_is_borne() -> None:
    seen = dict.fromkeys(BORNE, 0)
    for seed in range(POOLS):
        made, gaps, surplus = pool(random.Random(seed))
        found = shared(made, gaps, surplus)
        ratio = made.shares and (made.shares.city_bp, made.shares.county_bp)
        last = [(one.fund, one.bound_fen) for one in made.last]
        expected = share(gaps, surplus, ratio, made.not_met, made.spread, last)
        assert found == {county: {name: mine.get(name, 0) for name in BORNE} for county, mine in expected.items()}, seed
        for county, mine in found.items():
            assert sum(mine.values()) == gaps[county][0]
            assert min(mine.values()) >= 0
            for name in BORNE:
                seen[name] += bool(mine[name])
        assert sum(mine["surplus"] for mine in found.values()) <= surplus
    assert min(seen.values()) > 5, seen


# ---- by hand


def test_every_term_by_hand() -> None:
    # A: gap 1000.00, own fault 100.00 of it; B: gap 500.00; C did not meet its plan, gap 200.00. The city had 700.00.
    # rests of A and B: 900.00 + 500.00; the surplus of 700.00 in proportion: 450.00 and 250.00
    # left 450.00 and 250.00: city 40 %, county 40 %, the rest (90.00 and 50.00) from the reserve (100.00), then open
    made = rule(shares=Shares(4_000, 4_000, "X"), last=(LastFund("reserve", 10_000, "X"),))
    gaps = {"990101": (100_000, 10_000, "met"), "990102": (50_000, 0, "met"), "990103": (20_000, 0, "not-met")}
    assert shared(made, gaps, 70_000) == {
        "990101": {"own_fault": 10_000, "surplus": 45_000, "city": 18_000, "county": 18_000, "reserve": 9_000, "adjustment": 0, "open": 0},
        "990102": {"own_fault": 0, "surplus": 25_000, "city": 10_000, "county": 10_000, "reserve": 1_000, "adjustment": 0, "open": 4_000},
        "990103": {"own_fault": 0, "surplus": 0, "city": 0, "county": 20_000, "reserve": 0, "adjustment": 0, "open": 0},
    }  # fmt: skip


def test_remedies_come_in_their_order_as_far_as_they_are_told() -> None:
    closings = {("resident", POOL): -1_000, ("large-sum", POOL): 5}
    means = {
        ("resident", POOL, step): fen
        for step, fen in (("deposits", 300), ("adjustment", 0), ("reserve", 200), ("investments", 900))
    }
    found = remedies_of(closings, means)
    assert [(one.step, one.short, one.used) for one in found] == [
        ("deposits", 1_000, 300),
        ("adjustment", 700, 0),
        ("reserve", 700, 200),
        ("investments", 500, 500),
        ("government", 0, 0),
        ("rates", 0, 0),
    ]
    del means["resident", POOL, "reserve"]
    assert [one.used for one in remedies_of(closings, means)] == [300, 0, None, None, None, None]


# ---- rules


def region(folder: Path, *texts: str) -> qingsuan.Region:
    (folder / "funds").mkdir(exist_ok=True)
    for number, text in enumerate(texts):
        (folder / "funds" / f"{number}.toml").write_text(text, "utf-8")
    return qingsuan.Region("990000", "made up", (qingsuan.Pool(POOL, "one", ("9901",)),), funds=folder / "funds")


def test_of_several_rules_the_latest_that_holds_decides(tmp_path: Path) -> None:
    rules = read_gap_rules(region(tmp_path, RULE, RULE.replace("2021-01-01", "2023-01-01").replace("40", "30")))
    found = {year: rule_of(rules, year, POOL, "resident") for year in (2020, 2021, 2022, 2023)}
    assert {year: one and one.shares and one.shares.city_bp for year, one in found.items()} == {
        2020: None, 2021: 4_000, 2022: 4_000, 2023: 3_000,
    }  # fmt: skip
    assert rule_of(rules, 2022, POOL, "assistance") is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("city_percent = 40", "city_percent = 61", "more than the whole"),
        ("county_percent = 40", "county_percent = 60", "a ratio that leaves it something"),
        ("2021-01-01", "2021-07-01", "the first day of a year"),
        ('["990100"]', '["990200"]', '"990200"'),
        ('["resident"]', '["residents"]', "funds[1]"),
        ('"990000"', '"980000"', "a plugin brings the rules of its own region only"),
        ('bears = "county"', 'bears = "city"', "not_met.bears"),
        ('fund = "adjustment"', 'fund = "reserve"', '"reserve" twice'),
        ('[spread]\nby = "proportion"\nsource = "X"\n', "", "this part is not written"),
        (
            "[sources.X]",
            '[[missing]]\nparameter = "a"\nwhy = "b"\nconcerns = "ratio"\n[sources.X]',
            "it, and a [[missing]]",
        ),
        ("[sources.X]", "more = 1\n[sources.X]", "unknown key"),
    ],
)
def test_a_rule_that_cannot_be_trusted_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in RULE
    with pytest.raises(PolicyError) as caught:
        read_gap_rules(region(tmp_path, RULE.replace(old, new, 1)))
    assert said in str(caught.value)


def test_two_rules_of_one_day_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="one rule of a pool and fund from a day on"):
        read_gap_rules(region(tmp_path, RULE, RULE))


def test_both_plugins_name_what_is_missing() -> None:
    for one in load().regions:
        rules = read_gap_rules(one)
        assert rules
        for each in rules:
            assert (each.shares, each.not_met, each.spread, each.last) == (None, None, None, ())
            assert {term.concerns for term in each.missing} == {"ratio", "not-met", "spread", "other"}
