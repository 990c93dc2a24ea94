"""``qingsuan fund`` from files to the run folder: books worked out by hand, what runs bring, and what each bad input is told."""

from __future__ import annotations

import json
import shutil
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import qingsuan
from account_rules import ACCOUNT_RULE
from account_years import installed_as
from clearing_cases import ClearingYear
from clearing_worlds import HEAD as HEAD_OF_TERMS
from gap_rules import GAP_RULE
from premium_worlds import RULE as PREMIUM_RULE
from qingsuan.funds.columns import ENTRIES
from qingsuan.funds.lines import FUNDS, LINES
from settling import RULES, Ran, claim, insured, run, write_csv

OPERATOR_CASES = Path(__file__).parents[1] / "operators" / "cases"
HEAD = "fund,insu_admdvs,line,basis,date,amount,voucher,takes_back\n"
OPENING = "fund,insu_admdvs,line,amount\n"
CASES = tomllib.loads((Path(__file__).parent / "cases/published.toml").read_text("utf-8"))["cases"]
POOLS = (qingsuan.Pool("990100", "one", ("9901",)),)


class Year:
    """A folder with the tables of a made-up bureau."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, "utf-8")
        return path

    def run(
        self,
        *entries: str,
        opening: tuple[str, ...] | None = (),
        more: tuple[object, ...] = (),
        out: str = "out",
        year: int = 2022,
    ) -> Ran:
        """Keep the books of these entries; an opening of None gives none."""
        file = self.file("entries.csv", HEAD + "".join(f"{line}\n" for line in entries))
        options: list[object] = ["--year", year, "--out", self.folder / out]
        if opening is not None:
            options += ["--opening", self.file("opening.csv", OPENING + "".join(f"{line}\n" for line in opening))]
        return run("fund", file, *options, *more)

    def table(self, name: str, out: str = "out") -> list[dict[str, Any]]:
        files = sorted((self.folder / out).glob(f"{name}*.parquet"))
        return [row for file in files for row in pq.read_table(file).to_pylist()]

    def lines(self, out: str = "out") -> dict[tuple[str, str, str], dict[str, Any]]:
        return {(row["fund"], row["insu_admdvs"], row["line"]): row for row in self.table("statement/part", out)}

    def rejected(self) -> list[tuple[str, str, str, str]]:
        return [(row["code"], row["column"], row["found"], row["expected"]) for row in self.table("rejected/part")]

    def identities(self) -> dict[str, tuple[str, str]]:
        record = json.loads((self.folder / "out/run.json").read_text("utf-8"))
        return {one["identity"]: (one["one"], one["other"]) for one in record["identities"]}


@pytest.fixture
def year(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Year:
    for name, text in (("rules", RULES), ("premiums", PREMIUM_RULE), ("accounts", ACCOUNT_RULE)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.toml").write_text(text, "utf-8")
    folders = {name: tmp_path / name for name in ("rules", "premiums", "accounts")}
    installed_as(monkeypatch, qingsuan.Region("990000", "made up", POOLS, **folders))
    return Year(tmp_path)


PAID = "resident,990101,premium-persons,cash,2022-01-10,100.00,V1,"
OPENED = "resident,990101,balance,7.00"


# ---- by hand


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_case_comes_out(year: Year, case: dict[str, Any]) -> None:
    assert year.run(*case["entries"], opening=tuple(case["opening"])).status == 0
    books = {f"{row['fund']} {row['insu_admdvs']}": row for row in year.table("totals/books")}
    assert set(books) == set(case["books"])
    for book, expected in case["books"].items():
        assert {name: str(books[book][name]) for name in expected} == expected


def test_what_is_due_stands_beside_what_came(year: Year) -> None:
    assert year.run(PAID, PAID.replace("cash", "due").replace("100.00", "250.00"), opening=(OPENED,)).status == 0
    line = year.lines()["resident", "990101", "premium-persons"]
    amounts = [line[name] for name in ("opened", "due", "cash", "outstanding", "beyond")]
    assert amounts == [Decimal(text) for text in ("0.00", "250.00", "100.00", "150.00", "0.00")]
    assert year.table("closing/part") == [
        {"fund": "resident", "insu_admdvs": "990101", "line": "balance", "amount": Decimal("107.00")},
        {"fund": "resident", "insu_admdvs": "990101", "line": "premium-persons", "amount": Decimal("150.00")},
    ]


def test_the_next_year_goes_on_from_this_one(year: Year) -> None:
    year.run(PAID, PAID.replace("cash", "due").replace("100.00", "250.00"), opening=(OPENED,))
    again = PAID.replace("2022", "2023")
    more = ("--earlier", year.folder / "out")
    assert year.run(again, opening=None, more=more, out="next", year=2023).status == 0
    line = year.lines("next")["resident", "990101", "premium-persons"]
    assert [line[name] for name in ("opened", "due", "outstanding")] == [Decimal("150.00"), 0, Decimal("50.00")]
    [book] = year.table("totals/books", "next")
    assert (book["opening"], book["closing"]) == (Decimal("107.00"), Decimal("207.00"))


# ---- what runs bring


def test_claims_are_benefits_due_by_fund_and_kind_of_care(year: Year) -> None:
    rows = [claim(setl_id=f"s{number}", psn_no=f"p{number}") for number in range(3)]
    people = [insured(psn_no=f"p{number}") for number in range(3)]
    folder = year.folder
    files = [write_csv(folder / f"{name}.csv", rows) for name, rows in (("claims", rows), ("insured", people))]
    assert run("settle", files[0], "--insured", files[1], "--year", 2022, "--out", folder / "settled").status == 0
    paid = PAID.replace("premium-persons", "benefit-inpatient")
    opening = tuple(f"{fund},990101,balance,0" for fund in ("resident", "critical-illness", "employee-account"))
    ran = year.run(paid, paid.replace("cash", "due"), opening=opening, more=("--settled", folder / "settled"))
    assert ran.status == 0, ran.err
    # 800 in scope less the deductible of 100: half of 700, 350 for each of three claims
    line = year.lines()["resident", "990101", "benefit-inpatient"]
    assert [line[name] for name in ("due", "cash", "outstanding")] == [Decimal("1050.00"), 100, Decimal("950.00")]
    assert line["origin"] == "entries+settle"
    assert year.identities()["resident, 990100: paid by the settlement = benefits due"] == ("1050.00", "1050.00")
    expected = "each line once: what is due on it comes from the run given with --settled"
    assert year.rejected() == [("E_DUPLICATE", "line", '"benefit-inpatient"', expected)]


def test_premiums_are_due_and_paid_and_cost_assistance(year: Year) -> None:
    folder = year.folder
    people = [{"psn_no": name, "insutype": "390", "insu_admdvs": "990101", "begndate": "2022-01-01"} for name in "AB"]
    held = [{"psn_no": "A", "psn_idet_type": "2304", "begntime": "2021-01-01"}]
    paid = [{"psn_no": "B", "insutype": "390", "year": "2022", "psn_clct_amt": "300.00"}]
    files = [write_csv(folder / f"{n}.csv", rows) for n, rows in (("insured", people), ("held", held), ("paid", paid))]
    options = ("--identities", files[1], "--premiums", files[2], "--year", 2022, "--out", folder / "premium")
    assert run("premium", files[0], *options).status == 0
    opening = ("resident,990101,balance,0", "assistance,990101,balance,1000")
    more = ("--premiums", folder / "premium")
    cost = PAID.replace("resident", "assistance").replace("premium-persons", "assist-premiums")
    assert year.run(cost, opening=opening, more=more).status == 0
    lines = year.lines()
    amounts = {key[2]: [row[name] for name in ("due", "cash", "outstanding")] for key, row in lines.items()}
    assert amounts == {
        "premium-persons": [Decimal(text) for text in ("320.00", "300.00", "20.00")],
        "premium-assisted": [Decimal(text) for text in ("320.00", "0.00", "320.00")],
        "assist-premiums": [Decimal(text) for text in ("320.00", "100.00", "220.00")],
    }
    assert year.identities()["assisted premiums = expense of medical assistance for premiums"] == ("320.00", "320.00")


def test_accounts_bring_what_is_credited_and_used(year: Year) -> None:
    folder = year.folder
    people = [
        {
            "psn_no": "P1",
            "insutype": "310",
            "insu_admdvs": "990101",
            "psn_type": "1101",
            "begndate": "2020-01-01",
            "cntr_base": "5000.00",
        },
        {
            "psn_no": "P2",
            "insutype": "310",
            "insu_admdvs": "990101",
            "psn_type": "1201",
            "begndate": "2020-01-01",
            "cntr_base": "",
        },
    ]
    uses = [{"psn_no": "P1", "date": "2022-05-01", "use": "care", "amount": "40.00"}]
    files = [write_csv(folder / f"{name}.csv", rows) for name, rows in (("insured", people), ("uses", uses))]
    options = ("--uses", files[1], "--year", 2022, "--out", folder / "account")
    assert run("account", files[0], *options).status == 0
    opening = ("employee-account,990100,balance,0", "employee-pool,990100,balance,0")
    assert year.run(opening=opening, more=("--accounts", folder / "account")).status == 0
    due = {key: row["due"] for key, row in year.lines().items()}
    assert due == {  # 2 % of 5000 and a sum of 100, twelve times
        ("employee-pool", "990100", "credit-to-accounts"): Decimal("1200.00"),
        ("employee-account", "990100", "premium-persons"): Decimal("1200.00"),
        ("employee-account", "990100", "credit-retired"): Decimal("1200.00"),
        ("employee-account", "990100", "benefit-care"): Decimal("40.00"),
    }


def test_subsidies_bring_what_is_due_and_what_has_arrived(tmp_path: Path) -> None:
    year = Year(tmp_path)  # Jilin in 2022: 366 + 146.40 + 97.60 a head
    people = write_csv(
        tmp_path / "i.csv", [{"psn_no": "A", "insutype": "390", "insu_admdvs": "220102", "begndate": "2022-01-01"}]
    )
    row = {
        "date": "2022-06-01",
        "payer_level": "central",
        "admdvs": "220100",
        "year": "2022",
        "amount": "360",
        "dest_account": "pool",
    }
    came = ("--receipts", write_csv(tmp_path / "r.csv", [row]), "--as-of", "2022-12-31")
    for name, options in (("due", ()), ("came", came)):
        assert run("subsidy", people, "--year", 2022, "--out", tmp_path / name, *options).status == 0
    county = ("resident,220102,balance,0", "resident,220100,balance,0")
    assert year.run(opening=county, more=("--subsidies", tmp_path / "due")).status == 0
    due = {key[1:]: row["due"] for key, row in year.lines().items()}
    levels = {"subsidy-central": "366.00", "subsidy-province": "146.40", "subsidy-local": "97.60"}
    assert due == {("220102", level): Decimal(amount) for level, amount in levels.items()}
    assert year.run(opening=county, more=("--subsidies", tmp_path / "came"), out="second").status == 0
    line = year.lines("second")["resident", "220100", "subsidy-central"]
    assert [line[name] for name in ("due", "cash", "outstanding")] == [Decimal("366.00"), 360, Decimal("6.00")]


def test_what_institutions_are_cleared_is_due_and_paid(year: Year) -> None:
    head = "fund,insu_admdvs,line,fixmedins_code,due,paid\n"
    rows = "resident,990101,clearing-difference,H1,30.00,0\nresident,990101,benefit-inpatient,H1,0,80.00\n"
    more = ("--cleared", year.file("cleared.csv", head + rows))
    assert year.run(PAID, opening=(OPENED,), more=more).status == 0
    lines = year.lines()
    assert lines["resident", "990101", "clearing-difference"]["outstanding"] == Decimal("30.00")
    assert lines["resident", "990101", "benefit-inpatient"]["cash"] == Decimal("80.00")
    bad = year.file("bad.csv", head + "resident,990101,benefit-inpatient,H1,5.00,80.00\n")
    ran = year.run(PAID, opening=(OPENED,), more=("--cleared", bad), out="second")
    assert ran.status == 4
    assert "due 5.00 on benefit-inpatient" in ran.err


# ---- bad input

BAD = {
    PAID: ("E_DUPLICATE", "voucher", "V1", "each voucher once on a line of a book"),
    "residents,990101,interest,cash,2022-01-10,1,V2,": ("E_CODE", "fund", '"residents"', "one of employee-pool"),
    "resident,990101,interests,cash,2022-01-10,1,V2,": ("E_CODE", "line", '"interests"', "one of premium-persons"),
    "resident,990101,interest,paid,2022-01-10,1,V2,": ("E_CODE", "basis", '"paid"', "one of cash, due"),
    "resident,990101,transfer-out,cash,2022-01-10,1,V2,": ("E_CODE", "line", '"transfer-out"', "a line of resident: "),
    "resident,9901,interest,cash,2022-01-10,1,V2,": ("E_FORM", "insu_admdvs", '"9901"', "an area code of six digits"),
    "resident,990101,interest,cash,2021-12-31,1,V2,": ("E_DATE", "date", "2021-12-31", "a day of 2022"),
    "resident,990101,interest,cash,2022-01-10,1.005,V2,": ("E_SCALE", "amount", '"1.005"', "at most two decimals"),
    "resident,990101,interest,cash,2022-01-10,0,V2,": ("E_RANGE", "amount", '"0"', "an amount other than 0"),
    "resident,990101,interest,cash,2022-01-10,-1,V2,": ("E_NEGATIVE", "amount", '"-1"', "in takes_back the voucher"),
    "resident,990101,interest,cash,2022-01-10,1,V2,V1": (
        "E_NEGATIVE",
        "amount",
        '"1"',
        "takes_back says that it is a refund",
    ),
    "resident,990101,interest,cash,2022-01-10,-1,V2,V1": (
        "E_REVERSAL_ORPHAN",
        "takes_back",
        '"V1": no such voucher',
        "same fund",
    ),
    "resident,990101,premium-persons,cash,2022-01-10,-100.01,V2,V1": (
        "E_REVERSAL_MISMATCH",
        "takes_back",
        '100.01 of "V1"',
        "at most 100.00",
    ),
    "resident,990101,interest,cash,2022-01-10,1,,": ("E_MISSING", "voucher", "nothing", "number of the voucher"),
}


def test_what_cannot_be_booked_is_shown_beside_what_could(year: Year) -> None:
    assert year.run(PAID, *BAD, opening=(OPENED,)).status == 0
    found = {(code, column, said): expected for code, column, said, expected in year.rejected()}
    assert set(found) == {(code, column, said) for code, column, said, _ in BAD.values()}
    for code, column, said, part in BAD.values():
        assert part in found[code, column, said]
    [book] = year.table("totals/books")
    assert (book["income"], book["closing"]) == (Decimal("100.00"), Decimal("107.00"))
    assert run("verify", year.folder / "out").status == 0


def test_books_without_an_opening_balance_are_named(year: Year) -> None:
    ran = year.run(PAID)
    assert ran.status == 4
    assert "1 books with amounts and without an opening balance: resident 990101" in ran.err
    assert "resident" in ran.err
    assert not (year.folder / "out/run.json").exists()
    ran = year.run(PAID, opening=None)
    assert ran.status == 2
    assert "neither --opening nor --earlier" in ran.err


def test_a_balance_that_does_not_continue_last_years_is_refused(year: Year) -> None:
    year.run(PAID, opening=(OPENED,))
    again = PAID.replace("2022", "2023")
    more = ("--earlier", year.folder / "out")
    ran = year.run(again, opening=("resident,990101,balance,107.01",), more=more, out="next", year=2023)
    assert ran.status == 3
    assert "opening.csv: line 2" in ran.err
    assert "resident 990101: balance opens with 107.01" in ran.err
    assert "107.00, with which the year before closed" in ran.err
    same = ("resident,990101,balance,107.00", "resident,990102,balance,5.00")
    assert year.run(again, opening=same, more=more, out="next", year=2023).status == 0
    assert [book["opening"] for book in year.table("totals/books", "next")] == [Decimal("107.00"), Decimal("5.00")]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("resident,990101,balance,1.005", 'amount "1.005"'),
        ("residents,990101,balance,1", 'fund "residents"'),
        ("resident,990101,transfer-in,1", 'line "transfer-in"'),
        ("resident,880101,balance,1", 'insu_admdvs "880101"'),
        (OPENED, "again, first in line 2"),
    ],
)
def test_a_bad_line_of_an_opening_is_named(year: Year, line: str, said: str) -> None:
    ran = year.run(PAID, opening=(OPENED, line))
    assert ran.status == 4
    assert "opening.csv: line 3" in ran.err
    assert said in ran.err


def test_a_place_without_a_plugin_stops_the_books_or_is_set_aside(year: Year) -> None:
    foreign = PAID.replace("990101", "880101").replace("V1", "V2")
    ran = year.run(PAID, foreign, opening=(OPENED,))
    assert ran.status == 4
    assert "entries of 880101: no plugin serves their pool" in ran.err
    assert year.run(PAID, foreign, opening=(OPENED,), more=("--skip-unserved",)).status == 0
    assert [row[:2] for row in year.rejected()] == [("E_POOL", "insu_admdvs")]


def test_a_run_of_another_kind_or_year_is_refused(year: Year) -> None:
    year.run(PAID, opening=(OPENED,))
    for option in ("--premiums", "--subsidies", "--accounts", "--settled"):
        ran = year.run(PAID, opening=(OPENED,), more=(option, year.folder / "out"), out="second")
        assert ran.status == 3, option
        assert "a run of fund 基金账, 2022" in ran.err
    ran = year.run(PAID, opening=(OPENED,), more=("--earlier", year.folder / "out"), out="second")
    assert ran.status == 3
    assert "finished run of fund of 2021" in ran.err


# ---- the frame


def test_from_python_in_any_partitions_the_same_and_resumed(year: Year) -> None:
    entries = [PAID, *(line for line, (code, *_) in BAD.items() if code.startswith(("E_R", "E_D")))]
    year.run(*entries, opening=(OPENED,))
    rows = [dict(zip(HEAD.strip().split(","), line.split(","), strict=True)) for line in entries]
    table = pa.table({name: [row[name] or None for row in rows] for name in rows[0]})
    opening = year.folder / "opening.csv"
    made = qingsuan.fund(table, year=2022, opening=opening, out=year.folder / "other", partitions=3)
    assert made.statement.to_arrow().to_pylist() == year.table("statement/part")
    assert made.entries.to_arrow().num_rows == 1
    assert "opening + income − expense = closing" in made.summary()
    assert qingsuan.open(year.folder / "other").record == made.record
    ran = year.run(*entries, opening=(OPENED,), more=("--resume",))
    assert "the run is finished; nothing was left to do" in ran.err


@pytest.mark.parametrize(
    ("table", "column", "said"),
    [
        ("totals/books.parquet", "closing", "opening + income − expense = closing"),
        ("statement/part-00000.parquet", "cash", "cash of resident 990101 premium-persons as its entries add up"),
        ("statement/part-00000.parquet", "outstanding", "opened + due − cash = outstanding − beyond"),
        ("closing/part-00000.parquet", "amount", "its rows are what books and lines close with"),
        ("totals/pools.parquet", "receivable", "sums by fund and pool as the books add up"),
    ],
)
def test_verify_finds_a_changed_amount(year: Year, table: str, column: str, said: str) -> None:
    year.run(PAID, PAID.replace("cash", "due"), opening=(OPENED,))
    file = year.folder / "out" / table
    rows = pq.read_table(file)
    place = rows.schema.get_field_index(column)
    changed = pa.array([value + 1 for value in rows[column].to_pylist()], rows.schema.field(column).type)
    pq.write_table(rows.set_column(place, column, changed), file)
    ran = run("verify", year.folder / "out")
    assert ran.status == 3
    assert said in ran.out


def test_the_page_has_every_fund_line_and_column() -> None:
    page = (Path(__file__).parents[2] / "docs/fund.md").read_text("utf-8")
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| `")]
    assert [row[0][3:-1] for row in rows if row[0][3:-1] in FUNDS] == list(FUNDS)
    told = {row[0][3:-1]: row[1:3] for row in rows if row[0][3:-1] in LINES}
    assert told == {line.code: [line.side, f"{line.title} |"] for line in LINES.values()}
    for column in [column.name for column in ENTRIES]:
        assert f"| `{column}` |" in page


# ---- gaps

SPENT = "resident,990101,benefit-inpatient,cash,2022-05-01,1100.00,V9,"


def with_rule(year: Year, monkeypatch: pytest.MonkeyPatch, text: str = GAP_RULE) -> None:
    (year.folder / "funds").mkdir()
    (year.folder / "funds/a.toml").write_text(text, "utf-8")
    installed_as(monkeypatch, qingsuan.Region("990000", "made up", POOLS, funds=year.folder / "funds"))


def test_a_gap_is_shared_term_by_term(year: Year, monkeypatch: pytest.MonkeyPatch) -> None:
    with_rule(year, monkeypatch)
    due = PAID.replace("cash", "due").replace("100.00", "130.00")  # 30 of premiums are due and have not come
    targets = year.file(
        "targets.csv",
        "fund,insu_admdvs,measure,target,actual\nresident,990101,expense,1100.00,\nresident,990101,heads,3,3\n",
    )
    faults = year.file("faults.csv", "fund,insu_admdvs,level,amount,document\nresident,990101,province,20.00,made up\n")
    more = ("--targets", targets, "--faults", faults)
    assert year.run(PAID, due, SPENT, opening=("resident,990101,balance,250.00",), more=more).status == 0
    # gap 1100 − 100 = 1000; own fault 30 + 20; rest 950; surplus 250; left 700: 280 and 280; 140 left: 50, 30, and 60 open
    [gap] = year.table("gaps/part")
    names = ("gap", "own_fault", "surplus", "city", "county", "reserve", "adjustment", "open")
    assert [str(gap[name]) for name in names] == [
        "1000.00",
        "50.00",
        "250.00",
        "280.00",
        "280.00",
        "50.00",
        "30.00",
        "60.00",
    ]
    assert (gap["plan"], str(gap["fault_county"]), str(gap["fault_province"]), gap["lacks"]) == (
        "met",
        "30.00",
        "20.00",
        None,
    )
    assert year.identities()["what everyone bears = the gap, every county"] == ("1000.00", "1000.00")
    assert [(row["measure"], row["target"], row["actual"], row["met"]) for row in year.table("targets/part")] == [
        ("expense", "1100.00", "1100.00", True),
        ("heads", "3", "3", True),
    ]
    assert [row["used"] for row in year.table("remedies/part")] == [None] * 6
    assert run("verify", year.folder / "out").status == 0
    file = year.folder / "out/gaps/part-00000.parquet"
    rows = pq.read_table(file)
    pq.write_table(rows.set_column(rows.schema.get_field_index("city"), "city", rows["surplus"]), file)
    assert "what everyone bears = the gap, nothing below 0" in run("verify", year.folder / "out").out


def test_a_county_in_no_plan_is_shown_with_what_is_missing(year: Year, monkeypatch: pytest.MonkeyPatch) -> None:
    with_rule(year, monkeypatch)
    ran = year.run(PAID, SPENT, opening=("resident,990101,balance,250.00",))
    assert ran.status == 0
    [gap] = year.table("gaps/part")
    assert (gap["plan"], str(gap["open"]), gap["lacks"]) == ("none", "1000.00", "targets of resident 990101")
    assert "parts of gaps stay open: targets of resident 990101 are missing" in ran.out


def test_a_plugin_that_names_the_ratio_missing_leaves_its_part_open(tmp_path: Path) -> None:
    year = Year(tmp_path)
    targets = year.file("targets.csv", "fund,insu_admdvs,measure,target\nresident,220102,expense,2000.00\n")
    entries = [line.replace("990101", "220102") for line in (PAID, SPENT)]
    assert year.run(*entries, opening=("resident,220102,balance,250.00",), more=("--targets", targets)).status == 0
    [gap] = year.table("gaps/part")
    assert (str(gap["surplus"]), str(gap["open"]), gap["lacks"]) == (
        "250.00",
        "750.00",
        "220000.fund.resident.city_county_ratio",
    )


@pytest.mark.parametrize(
    ("option", "text", "said"),
    [
        ("--targets", "fund,insu_admdvs,measure,target\nresident,990101,births,1\n", 'measure "births"'),
        ("--targets", "fund,insu_admdvs,measure,target\nresident,990101,heads,1\n", "heads without actual"),
        (
            "--targets",
            "fund,insu_admdvs,measure,target\n" + "resident,990101,income,1\n" * 2,
            "resident 990101 income again",
        ),
        ("--faults", "fund,insu_admdvs,level,amount,document\nresident,990101,city,1,made up\n", 'level "city"'),
        ("--faults", "fund,insu_admdvs,level,amount,document\nresident,990101,county,1,\n", "document none"),
        ("--means", "fund,pool,step,amount\nresident,990101,deposits,1\n", 'pool "990101"'),
        ("--means", "fund,pool,step,amount\nresident,990100,deposits,-1\n", "amount -1"),
    ],
)
def test_a_bad_line_of_a_table_is_named(year: Year, option: str, text: str, said: str) -> None:
    ran = year.run(PAID, opening=(OPENED,), more=(option, year.file("table.csv", text)))
    assert ran.status == 4
    assert "table.csv: line" in ran.err
    assert said in ran.err


# ---- a run of clearing

TERMS = '[[terms]]\nid = "item"\nway = "01"\ntitle = "by item"\nsource = "X"\n'
CONTRACTS = "fixmedins_code,pool,insutype,clr_type,begin_month,end_month,terms\nH1,990100,310,21,2022-01,2022-12,item\n"
AUDITS = "fixmedins_code,pool,insutype,clr_type,month,amount,document\nH1,990100,310,21,2022-05,20.00,made up\n"
CLEARED = {"terms": TERMS, "claims": "setl_id,fixmedins_code,medfee_sumamt,hifp_pay\nC1,H1,100.00,70.00\n"}


def test_what_institutions_are_due_beyond_claims_comes_from_the_run_of_clearing(year: Year) -> None:
    head = HEAD_OF_TERMS.replace('funds = ["hifp_pay", "hifmi_pay"]', 'funds = ["hifp_pay"]')
    assert "hifmi_pay" not in head
    made = ClearingYear(
        year.folder / "c", {**CLEARED, "head": head, "tables": {"contracts": CONTRACTS, "audits": AUDITS}}
    )
    assert made.run().status == 0
    difference = "employee-pool,990101,clearing-difference,due,2022-05-01,1.00,V1,"
    opening = ("employee-pool,990100,balance,0",)
    more = ("--clearing", year.folder / "c/out")
    assert year.run(difference, opening=opening, more=more).status == 0
    line = year.lines()["employee-pool", "990100", "clearing-difference"]
    assert (line["due"], line["beyond"], line["origin"]) == (
        Decimal("-20.00"),
        Decimal("20.00"),
        "clear",
    )  # 50 payable, 70 paid
    assert year.rejected()[0][3] == "each line once: what is due on it comes from the run given with --clearing"
    cleared = year.file(
        "cleared.csv",
        "fund,insu_admdvs,line,fixmedins_code,due,paid\nemployee-pool,990100,clearing-difference,H1,5,0\n",
    )
    ran = year.run(opening=opening, more=(*more, "--cleared", cleared), out="second")
    assert ran.status == 2
    assert "amounts due, beside --clearing" in ran.err


# ---- a run of contracts with operators


def contracts_of(year: Year, case: str, old: str = "", new: str = "") -> Path:
    """A finished run of contracts with operators, of a case that is worked by hand; something of it may be changed."""
    place = Path(shutil.copytree(OPERATOR_CASES / case, year.folder / "contracts"))
    text = (place / "contracts.toml").read_text("utf-8")
    (place / "contracts.toml").write_text(text.replace(old, new) if old else text, "utf-8")
    moved = ("--movements", place / "movements.csv") if (place / "movements.csv").exists() else ()
    files = ("--contracts", place / "contracts.toml", "--heads", place / "heads.csv", *moved)
    ran = run("operator", place / "settled.csv", "--year", 2022, *files, "--out", year.folder / "operators")
    assert ran.status == 0, ran.err
    return year.folder / "operators"


def test_premiums_of_operators_stand_in_the_books_of_both_funds(year: Year) -> None:
    """100,000 heads at 100.00, of which 9,000,000.00 were advanced; contracts of two other pools have no plugin."""
    more = ("--operators", contracts_of(year, "shandong"))
    opening = ("resident,990100,balance,20000000.00", "critical-illness,990100,balance,0")
    assert year.run(opening=opening, more=more).status == 4
    other = "resident,990101,premium-to-fund,cash,2022-05-01,1.00,V1,"
    assert year.run(other, opening=opening, more=(*more, "--skip-unserved", "--overwrite")).status == 0
    for key in (
        ("resident", "990100", "premium-to-fund"),
        ("critical-illness", "990100", "premium-from-fund"),
    ):
        line = year.lines()[key]
        amounts = [str(line[name]) for name in ("due", "cash", "outstanding", "beyond", "origin")]
        assert amounts == ["10000000.00", "9000000.00", "1000000.00", "0.00", "operator"]
    books = {row["fund"]: row["closing"] for row in year.table("totals/books")}
    assert books == {"resident": Decimal(11_000_000), "critical-illness": Decimal(9_000_000)}
    assert year.rejected() == [
        (
            "E_DUPLICATE",
            "line",
            year.rejected()[0][2],
            "each line once: what is cash on it comes from the run given with --operators",
        )
    ]
    assert run("verify", year.folder / "out", "--settle", "--inputs", year.folder).status == 0


def test_what_is_shared_of_surplus_and_overrun_is_in_no_book_and_said(year: Year) -> None:
    """Of overruns funds bear 20,000.00 + 0.01 + 25,000.00, of surplus 100,000.00 + 70,000.00 go back."""
    opening = ("resident,990100,balance,0", "critical-illness,990100,balance,0")
    more = ("--operators", contracts_of(year, "city"), "--skip-unserved")
    assert year.run(opening=opening, more=more).status == 0
    told = json.loads((year.folder / "out/run.json").read_text("utf-8"))["warnings"]
    assert (
        "45000.01 yuan of overruns that funds bear, 170000.00 yuan of surplus that goes back and 0.00 yuan "
        "that operators gave back are in no book before they are entered"
    ) in told


def test_a_contract_over_several_funds_is_in_no_book_and_said(year: Year) -> None:
    opening = ("resident,990100,balance,0", "critical-illness,990100,balance,0")
    folder = contracts_of(year, "shandong", 'pool = "990100"\nschemes = ["390"]\npays = ["hifmi_pay"]', SEVERAL)
    assert year.run(PAID, opening=(OPENED, *opening), more=("--operators", folder, "--skip-unserved")).status == 0
    told = json.loads((year.folder / "out/run.json").read_text("utf-8"))["warnings"]
    said = (
        "the premium of contract saved, 10000000.00 yuan, is of several funds, or of one that has none, and in no book"
    )
    assert said in told
    assert set(year.lines()) == {("resident", "990101", "premium-persons")}


SEVERAL = 'pool = "990100"\nschemes = ["390"]\npays = ["hifmi_pay", "hifob_pay"]'


def test_a_difference_of_several_funds_is_in_no_book_and_said(year: Year) -> None:
    made = ClearingYear(year.folder / "c", {**CLEARED, "tables": {"contracts": CONTRACTS, "audits": AUDITS}})
    assert made.run().status == 0
    assert year.run(PAID, opening=(OPENED,), more=("--clearing", year.folder / "c/out")).status == 0
    told = "-20.00 yuan that institutions are due beyond claims are of hifp_pay, hifmi_pay together, and in no book"
    assert told in json.loads((year.folder / "out/run.json").read_text("utf-8"))["warnings"]
    assert set(year.lines()) == {("resident", "990101", "premium-persons")}
