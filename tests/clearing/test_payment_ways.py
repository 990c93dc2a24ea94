"""Which way pays which care: what files may say, contracts held against them, and what the plugins at hand say."""

from __future__ import annotations

import datetime as dt
import json
import random
from decimal import Decimal
from pathlib import Path

import pytest

from clearing_cases import ClearingYear
from qingsuan import Pool, Region, plugins
from qingsuan.clearing.contracts.bureau import Bureau, read_bureau
from qingsuan.clearing.ways.holding import held
from qingsuan.clearing.ways.model import HOLDS, PaymentWay, WaysRule
from qingsuan.clearing.ways.reader import read_ways_rules
from qingsuan.errors import PolicyError
from qingsuan.plugins import load
from qingsuan.tables import WAYS
from settling import run

RULE = """\
format = 1
[clearing]
region = "990000"
title = "made-up ways"
effective = 2022-03-01
pools = ["990100"]
source = "X"
[[payment_ways]]
schemes = ["310"]
care = ["21"]
ways = ["05", "06"]
holds = "must"
source = "X"
[[payment_ways]]
schemes = ["390"]
care = ["21"]
ways = ["06"]
holds = "may"
source = "X"
[[missing]]
parameter = "990000.clearing.start"
why = "made up"
[sources.X]
document = "made-up document"
article = "1"
grade = "made-up"
"""
ITEM = '[[terms]]\nid = "item"\nway = "01"\ntitle = "by item"\nsource = "X"\n'
HEADER = "fixmedins_code,pool,insutype,clr_type,begin_month,end_month,terms\n"


def region(folder: Path, *texts: str) -> Region:
    folder.mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(texts):
        (folder / f"{number}.toml").write_text(text, encoding="utf-8")
    pools = (Pool("990100", "one", ("9901",)), Pool("990200", "two", ("9902",)))
    return Region("990000", "made up", pools, clearing=folder)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('region = "990000"', 'region = "980000"', "a plugin brings the rules of its own region only"),
        ('pools = ["990100"]', 'pools = ["990101"]', 'did you mean "990100"'),
        ('pools = ["990100"]', "pools = []", "at least one"),
        ("2022-03-01", "2022-03-02", "the first day of a month"),
        ('ways = ["06"]', 'ways = ["6"]', "07"),
        ('ways = ["06"]', "ways = []", "at least one"),
        ('holds = "may"', 'holds = "shall"', '"shall"'),
        ('schemes = ["390"]', 'schemes = ["390", "310"]', "21 of 310, of which another entry speaks, too"),
        ('care = ["21"]', 'car = ["21"]', "care"),
        ('grade = "made-up"', "", "grade"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(PolicyError, match=r".*") as refused:
        read_ways_rules(region(tmp_path, RULE.replace(old, new)))
    assert said in str(refused.value)


def test_two_files_of_a_pool_and_month_and_one_that_says_nothing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="join the two"):
        read_ways_rules(region(tmp_path / "a", RULE, RULE))
    nothing = RULE.split("[[payment_ways]]", maxsplit=1)[0] + RULE[RULE.index("[sources.X]") :]
    with pytest.raises(PolicyError, match="a file that says nothing"):
        read_ways_rules(region(tmp_path / "b", nothing))
    assert read_ways_rules(Region("990000", "made up")) == ()


def test_a_contract_of_another_way_than_a_document_orders_is_not_cleared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_up = plugins.Plugin("made-up", "qingsuan-made-up", "1", region(tmp_path / "rules", RULE))
    monkeypatch.setattr(plugins, "load", lambda: plugins.Installed((made_up,)))
    contracts = HEADER + "".join(
        f"H1,{pool},{scheme},{kind},{begin},{end},item\n"
        for pool, scheme, kind, begin, end in (
            ("990100", "310", "21", "2022-01", "2022-02"),  # before the document holds
            ("990100", "310", "21", "2022-03", "2022-12"),
            ("990100", "390", "21", "2022-01", "2022-12"),  # only promoted
            ("990100", "310", "11", "2022-01", "2022-12"),  # of which it says nothing
            ("990200", "310", "21", "2022-01", "2022-12"),
        )
    )
    claims = "setl_id,fixmedins_code,insutype,medfee_sumamt,hifp_pay\nC1,H1,310,90.00,70.00\nC2,H1,390,9.00,6.00\n"
    case = {"terms": ITEM, "claims": claims, "tables": {"contracts": contracts}}
    made = ClearingYear(tmp_path / "year", case)
    ran = made.run()
    assert ran.status == 0, ran
    assert sum(row["clearing"] for row in made.table("clearing")) == Decimal("6.00")
    told = [row for row in made.table("unsettled") if row["table"] == "contracts"]
    reason = (
        'made-up document pays med_type 21 of 310 in 990100 from 2022-03-01 by 05 or 06; terms "item" are 01 (month 3)'
    )
    assert [(row["kind"], row["where"], row["reason"]) for row in told] == [
        ("other-way", "contracts.csv: line 3", reason)
    ]
    record = json.loads((tmp_path / "year/out/run.json").read_text("utf-8"))["payment_ways"]
    assert record["contracts"] == {"of another way": 1, "beside what is allowed": 1}
    assert record["missing"] == [{"parameter": "990000.clearing.start", "why": "made up"}]
    assert record["rules"][0]["effective"] == "2022-03-01"
    assert "contracts do: 990000.clearing.start" in " ".join(ran.out.split())
    assert run("verify", tmp_path / "year/out").status == 0
    (tmp_path / "rules/0.toml").write_text(RULE.replace('"must"', '"may"'), encoding="utf-8")
    (tmp_path / "year/out/run.json").unlink()
    ran = made.run("--resume")  # what was settled was settled by other rules
    assert (ran.status, "0.toml" in ran.err) == (4, True), ran


def contracts_of(dice: random.Random, folder: Path) -> Bureau:
    terms = "".join(ITEM.replace('"item"', f'"{way}"').replace('"01"', f'"{way}"') for way in ("01", "04", "unit"))
    head = 'format = 1\n[clearing]\nyear = 2022\ntitle = "made up"\nfunds = ["hifp_pay"]\nsource = "X"\n'
    kinds = [("11", '["11", "14"]'), ("21", '["21"]'), ("90", "[]")]
    text = "".join(f'[[kinds]]\nclr_type = "{kind}"\nmed_types = {care}\nsource = "X"\n' for kind, care in kinds)
    source = '[sources.X]\ndocument = "made up"\narticle = "1"\ngrade = "made-up"\n'
    folder.mkdir(parents=True)
    (folder / "terms.toml").write_text(head + source + text + terms, encoding="utf-8")
    lines = [
        f"H{number},{dice.choice(('990100', '990200'))},{dice.choice(('310', '390'))},{dice.choice(('11', '21', '90'))},"
        f"2022-{first:02d},2022-{dice.randrange(first, 13):02d},{dice.choice(('01', '04', 'unit'))}\n"
        for number, first in enumerate(dice.choices(range(1, 13), k=40))
    ]
    (folder / "contracts.csv").write_text(HEADER + "".join(lines), encoding="utf-8")
    return read_bureau(folder, 2022)


def rules_of(dice: random.Random) -> list[WaysRule]:
    """Random tables: of a pool and month at most one."""
    rules = []
    for pool in ("990100", "990200"):
        for month in sorted(dice.sample(range(1, 13), dice.randrange(4))):
            ways = tuple(
                PaymentWay((scheme,), (care,), tuple(dice.sample(("01", "04", "unit"), 2)), dice.choice(HOLDS), "X")
                for scheme in ("310", "390")
                for care in ("11", "14", "21")
                if dice.random() < 0.5
            )
            day = dt.date(dice.choice((2021, 2022)), month, 1)
            rules.append(WaysRule(f"{pool}-{day}.toml", "", "990000", "made up", day, (pool,), ways, (), {}, ()))
    return [rule for number, rule in enumerate(rules) if rule.file not in {one.file for one in rules[:number]}]


def test_contracts_are_held_as_if_read_month_by_month(tmp_path: Path) -> None:
    refused = beside = 0
    for seed in range(40):
        dice = random.Random(seed)
        bureau, rules = contracts_of(dice, tmp_path / str(seed)), rules_of(dice)
        care_of = {kind.clr_type: kind.med_types for kind in bureau.terms.kinds}
        for rule in rules:
            object.__setattr__(rule, "sources", {"X": next(iter(bureau.terms.sources.values()))})
        found = held(bureau, rules)
        for one, told in zip(bureau.contracts, found.bureau.contracts, strict=True):
            must = may = False
            for month in range(one.first_month, one.last_month + 1):
                there = [rule for rule in rules if one.pool in rule.pools and rule.effective <= dt.date(2022, month, 1)]
                for rule in sorted(there, key=lambda rule: rule.effective)[-1:]:
                    for way in rule.payment_ways:
                        is_of = one.insutype in way.schemes and set(way.care) & set(care_of[one.clr_type])
                        if is_of and one.terms.way not in way.ways:
                            must |= way.holds == "must"
                            may |= way.holds == "may"
            assert (bool(told.refused), one.number in found.beside) == (must, may), (seed, one)
            refused, beside = refused + must, beside + may
    assert min(refused, beside) > 50


def test_what_the_plugins_at_hand_say_is_of_their_pools_and_orders_nothing() -> None:
    found = {region.code: read_ways_rules(region) for region in load().regions}
    assert {code: len(rules) for code, rules in found.items()} == {"150000": 1, "220000": 3}
    for rules in found.values():
        for rule in rules:
            assert rule.missing
            assert all(way.holds == "may" and set(way.ways) <= set(WAYS) for way in rule.payment_ways)
            assert {source.grade for source in rule.sources.values()} <= {"A", "reading"}
