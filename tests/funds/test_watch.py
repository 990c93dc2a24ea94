"""What the books are watched by, through the public command: published statements, budgets, lines of warning, and bad lines of tables."""

from __future__ import annotations

import json
import random
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import qingsuan
from account_years import installed_as
from gap_rules import GAP_RULE
from qingsuan.errors import PolicyError
from qingsuan.funds.gaps.reader import lines_of_rules, read_gap_rules
from qingsuan.funds.lines import LINES
from qingsuan.funds.watch.printed import months
from qingsuan.plugins import load
from settling import RULES, Ran, claim, insured, run, write_csv

HEAD = "fund,insu_admdvs,line,basis,date,amount,voucher\n"
ENTRIES = (
    "resident,990101,premium-persons,cash,2022-01-10,900.00,V1\n"
    "resident,990102,benefit-inpatient,cash,2022-05-01,1200.00,V2\n"
    "resident,990101,from-above,cash,2022-05-01,50.00,V3\n"
)
OPENING = "fund,insu_admdvs,line,amount\nresident,990101,balance,1000.00\nresident,990102,balance,115.01\n"
POOLS = (qingsuan.Pool("990100", "one", ("9901",)),)
PRINTED = Path(__file__).parent / "cases/printed.csv"


class Year:
    """A year of a made-up bureau, watched."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, "utf-8")
        return path

    def run(self, *more: object, entries: str = ENTRIES, opening: str = OPENING) -> Ran:
        files = self.file("entries.csv", HEAD + entries), self.file("opening.csv", opening)
        return run("fund", files[0], "--opening", files[1], "--year", 2022, "--out", self.folder / "out", *more)

    def table(self, name: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = pq.read_table(self.folder / f"out/{name}/part-00000.parquet").to_pylist()
        return rows

    @property
    def warnings(self) -> list[str]:
        found: list[str] = json.loads((self.folder / "out/run.json").read_text("utf-8"))["warnings"]
        return found


@pytest.fixture
def year(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Year:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/a.toml").write_text(RULES, "utf-8")
    installed_as(monkeypatch, qingsuan.Region("990000", "made up", POOLS, rules=tmp_path / "rules"))
    return Year(tmp_path)


# ---- printed statements


def test_published_statements_are_held_against_their_sums(year: Year) -> None:
    assert year.run("--printed", PRINTED).status == 0
    found = {(row["place"], row["fund"], row["year"], row["says"]): row for row in year.table("printed")}
    off = {key: (str(row["difference"]), row["verdict"]) for key, row in found.items() if row["verdict"] != "equal"}
    assert off == {  # in yuan: 30.00 万元; a unit of the last place of 亿元 is a million, of 万元 a hundred
        ("tacheng", "employee", 2024, "opening + income − expense"): ("300000.0000", "differs"),
        ("national", "employee", 2021, "Σ parts of expense"): ("-1000000.0000", "rounding"),
        ("national", "employee", 2023, "Σ parts of income"): ("-1000000.0000", "rounding"),
        ("jinhu", "unknown", 2013, "opening + income − expense"): ("-100.0000", "rounding"),
        ("hongze", "unknown", 2013, "income − expense"): ("100.0000", "rounding"),
        ("hongze", "unknown", 2013, "opening + income − expense"): ("100.0000", "rounding"),
    }
    assert {row["place"] for row in found.values() if not row["balanced"]} == {"tacheng"}
    assert [row["balanced"] for key, row in found.items() if key[:2] == ("tacheng", "assistance")] == [True]
    tacheng = found["tacheng", "employee", 2024, "opening + income − expense"]
    assert (str(tacheng["printed"]), str(tacheng["expected"])) == ("9968400.0000", "9668400.0000")
    [told] = [text for text in year.warnings if "tacheng" in text and "closing is printed" in text]
    assert told == (
        "employee tacheng 2024: closing is printed as 9968400.00, opening + income − expense gives 9668400.00; "
        "the printed line is kept, the year is not balanced"
    )
    assert run("verify", year.folder / "out").status == 0


def test_months_of_reserve_are_those_that_were_printed(year: Year) -> None:
    year.run("--printed", PRINTED)
    found = {row["place"]: row["months"] for row in year.table("trend") if row["year"] == 2013}
    assert found == {
        name: Decimal(text)
        for name, text in (("jinhu", "8.66"), ("hongze", "7.33"), ("zone", "26.05"), ("qinghe", "8.82"))
    }
    whole = {name: int(value.quantize(Decimal(1), ROUND_HALF_UP)) for name, value in found.items()}
    assert whole == {"jinhu": 9, "hongze": 7, "zone": 26, "qinghe": 9}


def test_the_books_stand_in_the_trend_of_their_pool(year: Year) -> None:
    lines = "year,fund,place,line,amount,unit\n2021,resident,990100,income,0.08,wan\n2021,resident,990100,expense,700,yuan\n2021,resident,990100,closing,1115.01,yuan\n"
    assert year.run("--printed", year.file("printed.csv", lines)).status == 0
    rows = [
        (row["year"], row["of"], *(str(row[name]) for name in ("income", "expense", "closing", "months")))
        for row in year.table("trend")
    ]
    assert rows == [
        (2021, "printed", "800.0000", "700.0000", "1115.0100", "19.11"),
        (2022, "books", "950.0000", "1200.0000", "865.0100", "8.65"),
    ]


def test_months_round_half_away_from_zero() -> None:
    assert [months(closing, 2_400) for closing in (0, 1, -1, 2_400)] == [0, 1, -1, 1_200]  # half a hundredth
    for seed in range(500):
        dice = random.Random(seed)
        closing, expense = dice.randrange(-(10**12), 10**12), dice.randrange(1, 10**12)
        exact = (Decimal(closing) * 1_200 / Decimal(expense)).quantize(Decimal(1), ROUND_HALF_UP)
        assert months(closing, expense) == int(exact)


# ---- budgets and lines of warning


def test_execution_by_hand(year: Year) -> None:
    budgets = "fund,place,line,amount\nresident,990100,income,800.00\nresident,990100,expense,1000.00\nresident,990101,premium-persons,1350.00\nresident,990101,interest,0\n"
    assert year.run("--budgets", year.file("budgets.csv", budgets)).status == 0
    rows = [
        (row["place"], row["line"], str(row["actual"]), row["share"] and str(row["share"]))
        for row in year.table("execution")
    ]
    assert rows == [  # 900 ÷ 800; 1200 ÷ 1000; 900 ÷ 1350; what comes from above is outside
        ("990100", "income", "900.00", "1.1250"),
        ("990100", "expense", "1200.00", "1.2000"),
        ("990101", "premium-persons", "900.00", "0.6667"),
        ("990101", "interest", "0.00", None),
    ]
    assert (
        "resident 990100: the plan spends 1000.00 of 800.00 that it brings in (以收定支、收支平衡、略有结余)"
        in year.warnings
    )


def test_lines_of_warning_say_level_and_measure(year: Year) -> None:
    budgets = year.file("budgets.csv", "fund,place,line,amount\nresident,990100,expense,1000.00\n")
    lines = "fund,measure,level,low,high\nresident,months,red,8.66,\nresident,months,yellow,8.65,\nresident,execution-expense,yellow,90,120\n"
    assert year.run("--budgets", budgets, "--lines", year.file("lines.csv", lines)).status == 0
    rows = [
        (row["measure"], str(row["value"]), row["level"], row["crossed"], row["source"])
        for row in year.table("warnings")
    ]
    assert rows == [  # closing 865.01 of 1200 spent: 8.6501 months
        ("months", "8.65", "red", True, "the table lines.csv"),
        ("months", "8.65", "yellow", False, "the table lines.csv"),
        ("execution-expense", "120.00", "yellow", False, "the table lines.csv"),
    ]
    assert "resident 990100: 可支付月数 8.65 crosses the line “red” of the table lines.csv" in year.warnings


def test_what_is_paid_of_the_cost_in_scope_is_measured(year: Year) -> None:
    rows, people = [claim()], [insured()]
    files = [write_csv(year.folder / f"{name}.csv", rows) for name, rows in (("claims", rows), ("insured", people))]
    assert run("settle", files[0], "--insured", files[1], "--year", 2022, "--out", year.folder / "settled").status == 0
    opening = OPENING + "critical-illness,990101,balance,0\n"
    assert year.run("--settled", year.folder / "settled", entries="", opening=opening).status == 0
    [row] = [row for row in year.table("warnings") if row["measure"] == "inpatient-ratio"]
    assert (str(row["value"]), row["level"], row["crossed"]) == ("43.75", None, None)  # 350 of 800


def test_documents_state_two_targets() -> None:
    rules = [rule for region in load().regions for rule in read_gap_rules(region)]
    found = {(pool, line.fund, line.measure): line.low for pools, line in lines_of_rules(rules, 2023) for pool in pools}
    assert found == {
        **dict.fromkeys((("150100", "resident", "inpatient-ratio"), ("150900", "resident", "inpatient-ratio")), 7_500),
        **{(pool, "employee-pool", "outpatient-ratio"): 5_000 for pool in ("220100", "220200", "220581")},
    }
    assert {pool for pools, _ in lines_of_rules(rules, 2022) for pool in pools} == {"150100", "150900"}


def test_a_line_of_a_rule_is_of_its_funds(tmp_path: Path) -> None:
    line = '[[lines]]\nfund = "assistance"\nmeasure = "inpatient-ratio"\nlevel = "target"\nat_least_percent = 75\nsource = "X"\n[sources.X]'
    (tmp_path / "a.toml").write_text(GAP_RULE.replace("[sources.X]", line), "utf-8")
    with pytest.raises(PolicyError, match="lines"):
        read_gap_rules(qingsuan.Region("990000", "made up", POOLS, funds=tmp_path))


@pytest.mark.parametrize(
    ("option", "text", "said"),
    [
        ("--budgets", "fund,place,line,amount\nresident,990100,incomes,1\n", 'line "incomes"'),
        ("--budgets", "fund,place,line,amount\nresident,880100,income,1\n", 'place "880100"'),
        ("--budgets", "fund,place,line,amount\nresident,990100,income,-1\n", "amount -1.00"),
        ("--budgets", "fund,place,line,amount\n" + "resident,990100,income,1\n" * 2, "income again"),
        ("--lines", "fund,measure,level,low,high\nresident,month,red,1,\n", 'measure "month"'),
        ("--lines", "fund,measure,level,low,high\nresident,months,red,,\n", 'low "", high ""'),
        ("--lines", "fund,measure,level,low,high\nresident,months,red,1.005,\n", 'low "1.005"'),
        ("--printed", "year,fund,place,line,amount,unit\n2021,resident,a,net,1,yuan\n", 'line "net"'),
        ("--printed", "year,fund,place,line,amount,unit\n2021,resident,a,income,1,k\n", 'unit "k"'),
        ("--printed", "year,fund,place,line,amount,unit\n2021,resident,a,closing.x,1,yuan\n", 'line "closing.x"'),
        ("--printed", "year,fund,place,line,amount,unit\n" + "2021,resident,a,income,1,yuan\n" * 2, "income again"),
        ("--printed", "year,fund,place,line,amount,unit\nnow,resident,a,income,1,yuan\n", 'year "now"'),
    ],
)
def test_a_bad_line_of_a_table_is_named(year: Year, option: str, text: str, said: str) -> None:
    ran = year.run(option, year.file("table.csv", text))
    assert ran.status == 4
    assert "table.csv: line" in ran.err
    assert said in ran.err


def test_every_line_is_of_some_fund() -> None:
    assert all(line.funds for line in LINES.values())
