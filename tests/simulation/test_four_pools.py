"""The four pools: a simulation comes to what settling by the changed files comes to, in every table; searches; what is refused."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import qingsuan
from html_pages import texts_of
from qingsuan.errors import PolicyError, UsageError
from qingsuan.policy.model import FUNDS
from qingsuan.simulation.outcome import Simulation
from qingsuan.simulation.telling.effects import DIMENSIONS

CHANGES = {
    "220000": (
        "220100/390:inpatient.bands.minors.3M=60/75/85.5",
        "220200/310:chronic.caps=3500",
        "220200/310:inpatient.caps=60000",
    ),
    "150000": ("150100/390:critical.bands=65", "150900/390:pooled.deductible.others[1]=900"),
}
CHEAP = "220200/390:inpatient.bands.3[1]"


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up year, prepared."""
    from qingsuan.sample.make import make_year

    folder = tmp_path_factory.mktemp("year")
    make_year(folder / "in", people=1500, seed=5, year=2021)
    qingsuan.prepare(
        folder / "in" / "claims",
        folder / "in" / "insured.parquet",
        folder / "in" / "identities.parquet",
        year=2021,
        out=folder / "year",
        partitions=3,
    )
    return folder / "year"


@pytest.fixture(scope="module")
def totals(year: Path) -> Callable[[Path | None], Counter[tuple[str, str]]]:
    """What each fund pays, by pool, when the year is settled."""
    known: dict[Path | None, Counter[tuple[str, str]]] = {}

    def of(rules_dir: Path | None) -> Counter[tuple[str, str]]:
        if rules_dir not in known:
            run = qingsuan.settle(year, year=2021, rules_dir=rules_dir)
            found: Counter[tuple[str, str]] = Counter()
            for row in pa.table(run.totals["funds"]).to_pylist():
                found[row["pool"], row["fund"]] += int(row["amount"] * 100)
            known[rules_dir] = found
        return known[rules_dir]

    return of


def changes_of(simulation: Simulation) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for row in simulation.tables["funds"].to_pylist():
        found[row["pool"], row["fund"]] += int(row["change"] * 100)
    return found


@pytest.mark.parametrize("region", CHANGES)
def test_it_comes_to_the_difference_of_two_settlements(
    year: Path, totals: Callable[[Path | None], Counter[tuple[str, str]]], tmp_path: Path, region: str
) -> None:
    simulation = qingsuan.simulate(year, CHANGES[region], out=tmp_path / "out", workers=1)
    before, after = totals(None), totals(tmp_path / "out" / "rules" / region)
    found = changes_of(simulation)
    assert {key: change for key, change in found.items() if change}, "nothing changes"
    assert {key: change for key, change in found.items() if change} == {
        key: after[key] - before[key] for key in {*before, *after} if after[key] != before[key]
    }


def test_every_dimension_adds_up_to_the_whole(year: Path) -> None:
    simulation = qingsuan.simulate(year, [one for changes in CHANGES.values() for one in changes])
    effects, funds, variant = (simulation.tables[name].to_pylist() for name in ("effects", "funds", "variants"))
    whole = sum(row["change"] for row in funds)
    assert whole == variant[0]["fund_pay_sumamt_change"] != 0
    for dimension in DIMENSIONS:
        rows = [row for row in effects if row["dimension"] == dimension]
        assert sum(row["fund_pay_sumamt_change"] for row in rows) == whole
        assert sum(row["psn_part_amt_change"] for row in rows) == -whole
        assert sum(row["fund_pay_sumamt"] for row in rows) == sum(row["before"] for row in funds)
        for fund in {row["fund"] for row in funds}:
            assert sum(row[f"{fund}_change"] for row in rows) == sum(r["change"] for r in funds if r["fund"] == fund)
    people = {row["who"]: row for row in simulation.tables["people"].to_pylist()}
    assert people["winners"]["fund_pay_sumamt_change"] + people["losers"]["fund_pay_sumamt_change"] == whole
    deciles = simulation.tables["deciles"].to_pylist()
    assert sum(row["people"] for row in deciles) == sum(row["people"] for row in people.values())
    assert [row["own_from"] for row in deciles] == sorted(row["own_from"] for row in deciles)
    assert sum(row["gained"] + row["lost"] for row in deciles) == whole


def test_the_page_has_the_columns_of_every_table(year: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "simulate.md").read_text("utf-8")
    rows = re.findall(r"^\| `([a-z]+)` \| (.*) \|$", page.partition("<!-- tables -->")[2], re.MULTILINE)
    told = {name: re.findall(r"`([a-z_]+)`", columns.partition(", and for ")[0]) for name, columns in rows}
    simulation = qingsuan.simulate(year, sweep=f"{CHEAP}=54..56:1", seek="hifp_pay=±0")
    of_funds = [name for one in ("fund_pay_sumamt", "psn_part_amt", *FUNDS) for name in (one, f"{one}_change")]
    told["effects"] += of_funds
    assert {name: table.schema.names for name, table in simulation.tables.items()} == told
    assert simulation.record["found"]["value"] == "55"


def test_what_says_the_same_changes_nothing(year: Path) -> None:
    simulation = qingsuan.simulate(year, ["220200/390:inpatient.bands.3=55/60/65"])
    assert simulation.record["at_hand"] == []
    assert simulation.tables["variants"].to_pylist()[0]["fund_pay_sumamt_change"] == 0
    assert simulation.tables["biggest"].num_rows == 0
    assert simulation.summary()


def test_a_sweep_has_every_value_and_each_is_as_alone(year: Path) -> None:
    sweep = qingsuan.simulate(year, sweep=f"{CHEAP}=50..60:2.5")
    variants = sweep.tables["variants"].to_pylist()
    assert [row["value"] for row in variants] == [Decimal(one) for one in ("50", "52.5", "55", "57.5", "60")]
    assert variants[2]["fund_pay_sumamt_change"] == 0
    alone = qingsuan.simulate(year, [f"{CHEAP}=57.5"], workers=1)
    rows = [row for row in sweep.tables["effects"].to_pylist() if row.pop("variant") == 4]
    assert rows == [row for row in alone.tables["effects"].to_pylist() if row.pop("variant")]
    assert sweep.rules == {}


def test_a_value_is_sought_and_found_beside_another_change(year: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more yuan before the fund pays, and the ratio that leaves its payments as they were; what memory does not hold lies on disk."""
    change = ["220200/390:inpatient.deductible.all.3=1200"]
    asked: dict[str, Any] = {"sweep": f"{CHEAP}=55..60:0.25", "seek": "hifp_pay=±0"}
    found = qingsuan.simulate(year, change, **asked)
    nearest = found.record["found"]
    value = Decimal(nearest["value"])
    assert 55 < value < 60
    assert Decimal(nearest["off"]) * Decimal(nearest["other"]["off"]) < 0
    assert abs(Decimal(nearest["other"]["value"]) - value) == Decimal("0.25")
    alone = qingsuan.simulate(year, [*change, f"{CHEAP}={value}"])
    assert alone.tables["effects"] == found.tables["effects"]
    assert alone.tables["funds"].to_pylist()[0]["change"] == Decimal(nearest["change"])
    assert found.tables["tried"].num_rows == len(nearest["tried"])
    monkeypatch.setattr("qingsuan.simulation.put_aside._SHARE_OF_MEMORY", 1 << 40)
    assert qingsuan.simulate(year, change, **asked).tables["effects"] == found.tables["effects"]


def test_rules_that_sort_claims_otherwise_are_settled_as_a_whole(
    year: Path, totals: Callable[[Path | None], Counter[tuple[str, str]]], tmp_path: Path
) -> None:
    ages = ["150100/390:who.older.age.from=20", "150100/390:who.younger.age.below=20"]
    caps = [f"150100/390:{layer}.caps.older=5000" for layer in ("secondary", "tertiary")]
    simulation = qingsuan.simulate(year, [*ages, *caps], out=tmp_path / "out")
    assert simulation.record["sorted_otherwise"]
    before, after = totals(None), totals(tmp_path / "out" / "rules" / "150000")
    assert (
        changes_of(simulation)["150100", "hifp_pay"] == after["150100", "hifp_pay"] - before["150100", "hifp_pay"] > 0
    )
    again = qingsuan.simulate(year, rules=tmp_path / "out" / "rules" / "150000" / "1501-390-2021-01-01.toml")
    assert again.tables["effects"] == simulation.tables["effects"]
    folder = qingsuan.simulate(year, rules=tmp_path / "out" / "rules" / "150000")
    assert folder.tables["effects"] == simulation.tables["effects"]


def test_the_folder_is_private_and_says_what_was_changed(year: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    qingsuan.simulate(year, [f"{CHEAP}=50"], out=out)
    assert {path.stat().st_mode & 0o777 for path in out.rglob("*") if path.is_file()} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in (out, out / "rules")} == {0o700}
    record = json.loads((out / "simulate.json").read_text("utf-8"))
    assert record["mark"] == "working copy"
    assert record["asked"]["set"] == [f"{CHEAP}=50"]
    assert record["variants"][0]["files"]["220000"].keys() == {"2202-390-2021-01-01.toml"}
    effects = pq.read_table(out / "effects.parquet")
    book = openpyxl.load_workbook(out / "simulation.xlsx")
    assert len(book.sheetnames) == 6
    page = book.worksheets[2]
    assert page.max_row == effects.num_rows + 1
    assert page.freeze_panes == "A2"
    with pytest.raises(UsageError, match="there already"):
        qingsuan.simulate(year, [f"{CHEAP}=50"], out=out)
    qingsuan.simulate(year, [f"{CHEAP}=51"], out=out, overwrite=True)
    assert json.loads((out / "simulate.json").read_text("utf-8"))["asked"]["set"] == [f"{CHEAP}=51"]


def test_the_biggest_changes_are_explained_by_both_rules(year: Path, tmp_path: Path) -> None:
    simulation = qingsuan.simulate(year, [f"{CHEAP}=50"], explain=True, out=tmp_path / "out", lang="en")
    told = json.loads((tmp_path / "out" / "explanations.json").read_text("utf-8"))
    biggest = simulation.tables["biggest"].to_pylist()
    assert [one["before"]["setl_id"] for one in told] == [row["setl_id"] for row in biggest]
    assert all(one[side]["agrees"] for one in told for side in ("before", "after"))
    paid = [[one[side]["claims"][0]["sums"]["fund_pay_sumamt_fen"] for side in ("before", "after")] for one in told]
    assert all(after < before for before, after in paid)
    lines = (tmp_path / "out" / "explanations" / "01.txt").read_text("utf-8").splitlines()
    assert any(line.startswith("- ") and "× 55%" in line for line in lines)
    assert any(line.startswith("+ ") and "× 50%" in line for line in lines)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "out" / "explanations").iterdir()} == {0o600}
    page = texts_of(simulation.page())
    for one in simulation.explained:
        changes = one.changes()
        assert [line for line in changes if line[:1] in {"-", "+"}] == [
            line for line in one.text().splitlines() if line[:1] in {"-", "+"}
        ]
        assert len(changes) < len(one.text().splitlines())
        assert all(line.strip() in page for line in changes)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({}, "nothing that is changed"),
    "no path": ({"changes": ["220200/390:inpatient.bands.4=1"]}, r"no parameter .*\n.*inpatient\.bands\.3"),
    "no pool": ({"changes": ["230200/390:inpatient.caps=1"]}, 'no pool "230200"'),
    "no scheme": ({"changes": ["220200/391:inpatient.caps=1"]}, 'no scheme "391"'),
    "no rule set": ({"changes": ["inpatient.caps=1"]}, "POOL/SCHEME:PATH"),
    "no value": ({"changes": ["220200/390:inpatient.caps"]}, "not what is expected"),
    "no number": ({"changes": ["220200/390:inpatient.caps=1,000"]}, "at most two decimals"),
    "no date": ({"changes": ["220200/390/2020-01-01:inpatient.caps=1"]}, "no rule set of 2020-01-01"),
    "step 0": ({"sweep": f"{CHEAP}=50..60:0"}, "a step of 0"),
    "no step": ({"sweep": f"{CHEAP}=50..60"}, "no step"),
    "down": ({"sweep": f"{CHEAP}=60..50:1"}, "more than 50"),
    "many": ({"sweep": "220200/390:inpatient.caps=1..100000:0.01"}, "at most 400"),
    "a list": ({"sweep": "220200/390:inpatient.bands.3=50..60:1"}, r"a list of numbers, 55/60/65"),
    "seek alone": ({"seek": "hifp_pay=±0"}, "nothing that is changed"),
    "seek, no sweep": ({"changes": [f"{CHEAP}=50"], "seek": "hifp_pay=±0"}, "no --sweep"),
    "no fund": ({"sweep": f"{CHEAP}=50..60", "seek": "hifp=±0"}, 'no fund "hifp"'),
    "no target": ({"sweep": f"{CHEAP}=50..60", "seek": "hifp_pay=much"}, '"much"'),
    "one bound": ({"sweep": f"{CHEAP}=50..50", "seek": "hifp_pay=±0"}, "50 twice"),
    "explained sweep": ({"sweep": f"{CHEAP}=50..60:1", "explain": True}, "beside --sweep"),
    "no language": ({"changes": [f"{CHEAP}=50"], "lang": "fr"}, "zh or en"),
    "no file": ({"rules": "/nowhere.toml"}, "no such file or folder"),
}


@pytest.mark.parametrize(("asked", "message"), REFUSED.values(), ids=list(REFUSED))
def test_what_cannot_be_is_refused(year: Path, asked: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        qingsuan.simulate(year, **asked)


@pytest.mark.parametrize(
    ("change", "message"),
    {
        f"{CHEAP}=101": "from 0 to 100 %",
        f"{CHEAP}=0.6": "exact = true",
        "220200/390:inpatient.caps=-5": "from 0 to",
        "220200/390:inpatient.bands.3=50/60": "2202-390-2021-01-01.toml",
        "150100/390:critical.adjust.poor.points=9": "authority|authorise|内医保发",
    }.items(),
)
def test_a_value_beyond_its_bounds_or_authority_is_refused(year: Path, change: str, message: str) -> None:
    with pytest.raises(PolicyError, match=message) as refused:
        qingsuan.simulate(year, [change])
    assert change.partition("=")[0] in str(refused.value)


def test_a_search_that_finds_nothing_says_what_the_bounds_come_to(year: Path) -> None:
    with pytest.raises(UsageError, match=r"at 40 they change by -[\d.]+ yuan; at 50 they change by -[\d.]+ yuan"):
        qingsuan.simulate(year, sweep=f"{CHEAP}=40..50:10", seek="hifp_pay=±0")
