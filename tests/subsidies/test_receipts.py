"""What has arrived of a subsidy: receipts held against what is due, worked out by hand; what each bad line is told; the report."""

from __future__ import annotations

import datetime as dt
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import qingsuan
from qingsuan.errors import UsageError
from settling import Ran, run, write_csv

PEOPLE = {"A": "220102", "B": "220102", "C": "220104", "D": "222401", "E": "220323"}
HEAD = ("date", "payer_level", "admdvs", "year", "amount", "dest_account", "voucher", "takes_back")


def receipt(**changes: str) -> dict[str, str | None]:
    """Half of what 220104 owes for its one head in 2022."""
    row = {"date": "2022-06-01", "payer_level": "county", "admdvs": "220104", "year": "2022", "amount": "48.80"}
    return dict.fromkeys(HEAD, "") | row | {"dest_account": "fiscal"} | changes


class Year:
    """Five heads of Jilin in 2022 (610 each), and tables of money."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        rows = [
            {"psn_no": name, "insutype": "390", "insu_admdvs": county, "begndate": "2022-01-01"}
            for name, county in PEOPLE.items()
        ]
        self.insured = write_csv(folder / "insured.csv", rows)

    def run(self, *receipts: dict[str, str | None], more: tuple[object, ...] = (), as_of: str = "2022-12-15") -> Ran:
        file = write_csv(self.folder / "receipts.csv", receipts or [receipt()])
        out = self.folder / "out"
        return run(
            "subsidy",
            self.insured,
            "--year",
            2022,
            "--out",
            out,
            "--overwrite",
            "--receipts",
            file,
            "--as-of",
            as_of,
            *more,
        )

    def arrived(self) -> dict[tuple[str, str], dict[str, Any]]:
        rows = pq.read_table(self.folder / "out/arrived/part-00000.parquet").to_pylist()
        return {(row["level"], row["place"]): row for row in rows}

    def receipts(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = pq.read_table(self.folder / "out/receipts/part-00000.parquet").to_pylist()
        return found

    def refused(self) -> list[tuple[str, str]]:
        return [(row["code"], row["column"]) for row in self.receipts() if row["outcome"] == "refused"]


@pytest.fixture
def year(tmp_path: Path) -> Year:
    return Year(tmp_path)


def yuan(*texts: str) -> list[Decimal]:
    return [Decimal(text) for text in texts]


def amounts(row: dict[str, Any], *names: str) -> list[Decimal]:
    return [row[name] for name in names]


NAMES = ("due", "received", "outstanding", "beyond", "in_the_account")


# ---- by hand


def test_each_payer_and_place_stands_for_itself(year: Year) -> None:
    # heads: 220102 two, 220104 one (Changchun, 220100); 222401 one (Yanbian); 220323 one (Siping)
    rows = [
        receipt(payer_level="central", admdvs="220100", amount="1000"),  # due 3 × 366 = 1098
        receipt(payer_level="central", admdvs="220100", amount="98.00", date="2022-12-15", dest_account="pool"),
        receipt(payer_level="province", admdvs="222400", amount="100"),  # due 73.20
        receipt(payer_level="county"),  # due 97.60
        receipt(payer_level="prefecture", date="2022-12-16"),
        receipt(payer_level="prefecture", admdvs="220102", amount="0.01"),
    ]
    assert year.run(*rows).status == 0
    arrived = year.arrived()
    assert amounts(arrived["central", "220100"], *NAMES) == yuan("1098.00", "1098.00", "0.00", "0.00", "1000.00")
    assert arrived["central", "220100"]["last_day"] == dt.date(2022, 12, 15)
    assert amounts(arrived["province", "222400"], *NAMES) == yuan("73.20", "100.00", "0.00", "26.80", "100.00")
    assert arrived["province", "222400"]["share"] == Decimal("1.3661")
    assert amounts(arrived["local", "220104"], *NAMES) == yuan("97.60", "48.80", "48.80", "0.00", "48.80")
    assert amounts(arrived["local", "220102"], *NAMES) == yuan("195.20", "0.01", "195.19", "0.00", "0.01")
    assert amounts(arrived["local", "220323"], *NAMES) == yuan("48.80", "0.00", "48.80", "0.00", "0.00")
    assert arrived["local", "220323"]["share"] == 0
    record = json.loads((year.folder / "out/run.json").read_text("utf-8"))["receipts"]
    assert [record["lines"][name]["rows"] for name in ("received", "after-the-day", "another-year", "refused")] == [
        5,
        1,
        0,
        0,
    ]
    for level in record["levels"]:
        due, received, outstanding, beyond = yuan(
            *(level[name] for name in ("due", "received", "outstanding", "beyond"))
        )
        assert due - received == outstanding - beyond


def test_with_a_split_prefecture_and_county_owe_apart(year: Year) -> None:
    split = year.folder / "split.csv"
    split.write_text("admdvs,prefecture_percent\n22,30\n", "utf-8")
    rows = [receipt(amount="68.32"), receipt(payer_level="prefecture", amount="29.28")]
    assert year.run(*rows, more=("--local-split", split)).status == 0
    arrived = year.arrived()
    assert amounts(arrived["county", "220104"], *NAMES[:4]) == yuan("68.32", "68.32", "0.00", "0.00")
    assert amounts(arrived["prefecture", "220104"], *NAMES[:4]) == yuan("29.28", "29.28", "0.00", "0.00")
    assert ("local", "220104") not in arrived


def test_a_refund_takes_back_what_its_voucher_brought(year: Year) -> None:
    rows = [
        receipt(voucher="V1", amount="97.60"),
        receipt(voucher="V2", amount="-50.00", takes_back="V1", date="2022-07-01"),
        receipt(voucher="V3", amount="-47.61", takes_back="V1"),
        receipt(voucher="V4", amount="-1", takes_back="V9"),
        receipt(voucher="V5", amount="-1", takes_back="V1", admdvs="220102"),
        receipt(voucher="V6", amount="-1", takes_back="V1", date="2022-05-31"),
        receipt(voucher="V7", amount="-1", takes_back="V2"),
    ]
    assert year.run(*rows).status == 0
    assert amounts(year.arrived()["local", "220104"], "received", "outstanding") == yuan("47.60", "50.00")
    assert year.refused() == [
        ("E_REVERSAL_MISMATCH", "amount"),
        ("E_REVERSAL_ORPHAN", "takes_back"),
        ("E_REVERSAL_MISMATCH", "takes_back"),
        ("E_DATE", "date"),
        ("E_REVERSAL_ORPHAN", "takes_back"),
    ]


def test_budgets_are_held_against_what_is_due(year: Year) -> None:
    budgets = year.folder / "budgets.csv"
    budgets.write_text(
        "payer_level,admdvs,scheme,year,amount\ncounty,220102,390,2022,195.20\ncounty,220104,390,2022,97.59\n"
        "prefecture,220323,390,2022,100\ncounty,220104,390,2021,5\n",
        "utf-8",
    )
    assert year.run(more=("--budgets", budgets)).status == 0
    told = {
        place: amounts(row, "budgeted", "short_of_due")
        for (level, place), row in year.arrived().items()
        if level == "local"
    }
    assert told == {
        "220102": yuan("195.20", "0.00"),
        "220104": yuan("97.59", "0.01"),
        "220323": yuan("100.00", "0.00"),
        "222401": [None, None],
    }


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("county,220103,390,2022,1", "it owes no subsidy of 2022"),
        ("county,220104,310,2022,1", "it owes no subsidy of 2022"),
        ("cnty,220104,390,2022,1", 'payer_level "cnty"'),
        ("county,2201,390,2022,1", "the six digits of a pool or county"),
        ("county,220104,390,22,1", "a year from 2000 to 2999"),
        ("county,220104,390,2022,-1", "yuan, not below 0"),
        ("county,220104,390,2022,1.005", "yuan, not below 0"),
        ("county,220104,390,2022", "4 cells"),
    ],
)
def test_a_budget_that_cannot_be_trusted_stops_the_run(year: Year, line: str, said: str) -> None:
    budgets = year.folder / "budgets.csv"
    budgets.write_text(f"payer_level,admdvs,scheme,year,amount\n{line}\n", "utf-8")
    ran = year.run(more=("--budgets", budgets))
    assert (ran.status, said in ran.err, "line 2" in ran.err) == (4, True, True), ran
    assert not (year.folder / "out/run.json").exists()


# ---- lines that are refused


@pytest.mark.parametrize(
    ("change", "code", "column", "expected"),
    [
        ({"date": ""}, "E_MISSING", "date", "a value in every line"),
        ({"dest_account": ""}, "E_MISSING", "dest_account", "a value in every line"),
        ({"date": "2022-06-31"}, "E_FORM", "date", "a date of the calendar as YYYY-MM-DD"),
        ({"date": "20220601"}, "E_FORM", "date", "a date of the calendar as YYYY-MM-DD"),
        ({"payer_level": "city"}, "E_CODE", "payer_level", "central, province, prefecture, county"),
        ({"admdvs": "2201"}, "E_FORM", "admdvs", "the six digits of a pool or county"),
        ({"admdvs": "220103"}, "E_CODE", "admdvs", "a county for which this level owes a subsidy of 2022"),
        ({"admdvs": "220100"}, "E_CODE", "admdvs", "a county for which this level owes a subsidy of 2022"),
        ({"payer_level": "central"}, "E_CODE", "admdvs", "a pool for which this level owes a subsidy of 2022"),
        ({"year": "22"}, "E_FORM", "year", "a year from 2000 to 2999"),
        ({"amount": "1.005"}, "E_SCALE", "amount", "an amount in yuan with at most two decimals, such as 1234.50"),
        ({"amount": "1,000"}, "E_FORM", "amount", "an amount in yuan with at most two decimals, such as 1234.50"),
        ({"amount": "0"}, "E_RANGE", "amount", "an amount other than 0, at most 100000000000.00"),
        ({"amount": "100000000000.01"}, "E_RANGE", "amount", "an amount other than 0, at most 100000000000.00"),
        ({"amount": "-1"}, "E_NEGATIVE", "amount", "above 0, or in takes_back the voucher that is refunded"),
        ({"takes_back": "V1"}, "E_NEGATIVE", "amount", "below 0: takes_back says that it is a refund"),
        ({"voucher": "V1"}, "E_DUPLICATE", "voucher", "each voucher once; it stands in line 2, too"),
    ],
)
def test_a_receipt_that_cannot_be_trusted_is_refused(
    year: Year, change: dict[str, str], code: str, column: str, expected: str
) -> None:
    ran = year.run(receipt(voucher="V1"), receipt(voucher="V2") | change)
    assert (ran.status, "1 receipts are refused" in ran.out) == (0, True), ran
    bad = year.receipts()[1]
    assert (bad["outcome"], bad["code"], bad["column"]) == ("refused", code, column)
    assert bad["expected"].startswith(expected)
    assert (bad["input_amount"], bad["amount"]) == (change.get("amount", "48.80"), None)
    assert year.arrived()["local", "220104"]["received"] == Decimal("48.80")


def test_money_of_another_year_counts_for_no_debt_of_this_one(year: Year) -> None:
    assert year.run(receipt(year="2021"), receipt(year="2021", admdvs="999999")).status == 0
    assert [row["outcome"] for row in year.receipts()] == ["another-year", "another-year"]
    assert year.arrived()["local", "220104"]["received"] == 0


def test_a_file_without_its_columns_stops_the_run(year: Year) -> None:
    ran = run(
        "subsidy",
        year.insured,
        "--year",
        2022,
        "--out",
        year.folder / "o",
        "--receipts",
        year.insured,
        "--as-of",
        "2022-12-15",
    )
    assert (ran.status, "no column date, payer_level" in ran.err) == (4, True), ran


def test_receipts_and_their_day_go_together(year: Year) -> None:
    for more in (("--as-of", "2022-12-15"), ("--receipts", year.insured), ("--budgets", year.insured)):
        ran = run("subsidy", year.insured, "--year", 2022, "--out", year.folder / "o", *more)
        assert (ran.status, "receipts and the day up to which they count" in ran.err) == (2, True), ran


# ---- the rule of the money


def test_days_late_and_what_is_taken_off_next_year_are_the_rules_to_say(tmp_path: Path) -> None:
    from qingsuan.subsidies.funding import Funding
    from qingsuan.subsidies.reader import read_funding
    from qingsuan.subsidies.receipts.arrived import _late

    folder = Path(__file__).parents[2] / "plugins/jilin/src/qingsuan_jilin/funding"
    rule = read_funding(folder / "2022-01-01.toml")
    assert rule.transfer is not None
    assert (rule.transfer.account, rule.transfer.day, rule.transfer.excess_off_next_year) == ("fiscal", None, False)
    text = (
        (folder / "2022-01-01.toml")
        .read_text("utf-8")
        .replace('account = "fiscal"', 'day = 2022-10-31\nexcess = "off-next-year"\naccount = "pool"')
    )
    (tmp_path / "a.toml").write_text(text, "utf-8")
    transfer = read_funding(tmp_path / "a.toml").transfer
    assert transfer is not None
    assert (transfer.account, transfer.day, transfer.excess_off_next_year) == ("pool", dt.date(2022, 10, 31), True)
    day, as_of = dt.date(2022, 10, 31), dt.date(2022, 12, 15)
    assert _late(day, [dt.date(2022, 10, 31)], as_of, is_whole=True) == 0
    assert _late(day, [dt.date(2022, 11, 2), dt.date(2022, 10, 1)], as_of, is_whole=True) == 2
    assert _late(day, [dt.date(2022, 10, 1)], as_of, is_whole=False) == 45
    assert Funding is not None


def test_the_record_names_the_day_that_no_document_says(year: Year) -> None:
    ran = year.run(receipt(dest_account="pool"))
    assert "220000.2022.transfer.day is missing" in " ".join(ran.out.split())
    assert "48.80 yuan arrived in another account than the rule's, fiscal" in ran.out


# ---- the report


def test_the_report_as_a_workbook(year: Year) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    report = year.folder / "report.xlsx"
    formula = "=HYPERLINK(1)"
    assert year.run(receipt(), receipt(admdvs=formula), more=("--report", report)).status == 0
    book = openpyxl.load_workbook(report)
    sheet = book["到位情况"]
    assert sheet["A1"].value == "市县财政补助资金到位情况（截至2022年12月15日）"
    assert sheet.freeze_panes == "E5"
    heads = [cell.value for cell in sheet[4]]
    assert heads[:8] == ["统筹区", "市县", "区划代码", "级次", "应到位", "已到位", "其中:规定账户", "未到位"]
    rows = {row[2].value: row for row in sheet.iter_rows(min_row=5)}
    row = rows["220104"]
    assert [cell.value for cell in row[3:8]] == ["市县", 97.6, 48.8, 48.8, 48.8]
    assert (row[4].number_format, row[9].value, row[9].number_format) == ("#,##0.00", 0.5, "0.00%")
    assert row[2].data_type == "s"
    total = [row for row in sheet.iter_rows(min_row=5) if row[1].value == "合计"][-1]
    assert (total[4].value, total[5].value) == (390.4, 48.8)
    refused = book["未采用的到账记录"]
    assert [cell.value for cell in refused[1]] == ["行", "代码", "列", "内容", "应为"]
    cells = [cell for sheet in book for line in sheet.iter_rows() for cell in line if cell.value is not None]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
    assert any(formula in str(cell.value) for cell in refused[2])


def test_the_report_as_a_page(year: Year) -> None:
    pytest.importorskip("jinja2")
    report = year.folder / "report.html"
    assert year.run(receipt(), receipt(admdvs="<script>x</script>"), more=("--report", report)).status == 0
    page = report.read_text("utf-8")
    assert "<h1>市县财政补助资金到位情况（截至2022年12月15日）</h1>" in page
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    row = re.search(r"<tr>(?:(?!</tr>).)*220104.*?</tr>", page, re.DOTALL)
    assert row is not None
    assert re.findall(r">([^<]*)</td>", row[0])[3:8] == ["市县", "97.60", "48.80", "48.80", "48.80"]


@pytest.mark.parametrize(
    ("name", "receipts", "said"),
    [("r.pdf", True, "a name that ends in .xlsx or .html"), ("r.xlsx", False, "no --receipts")],
)
def test_a_report_that_cannot_be_written_is_refused_before_the_run(
    year: Year, name: str, receipts: bool, said: str
) -> None:
    options = ("--receipts", write_csv(year.folder / "r.csv", [receipt()]), "--as-of", "2022-12-15") if receipts else ()
    ran = run(
        "subsidy", year.insured, "--year", 2022, "--out", year.folder / "out", "--report", year.folder / name, *options
    )
    assert (ran.status, said in ran.err) == (2, True), ran
    assert not (year.folder / "out").exists()


# ---- the frame


def test_a_changed_row_is_found_by_verify(year: Year) -> None:
    assert year.run().status == 0
    assert run("verify", year.folder / "out", "--inputs", year.folder).status == 0
    file = year.folder / "out/arrived/part-00000.parquet"
    table = pq.read_table(file)
    place = table.schema.get_field_index("received")
    pq.write_table(table.set_column(place, "received", table["due"]), file)
    ran = run("verify", year.folder / "out")
    assert ran.status == 3
    assert "outstanding = max(0, due − received)" in ran.out
    assert "received as the receipts add up" in ran.out


def test_without_receipts_nothing_of_them_is_written(year: Year) -> None:
    assert run("subsidy", year.insured, "--year", 2022, "--out", year.folder / "out").status == 0
    assert not (year.folder / "out/arrived").exists()
    assert "receipts" not in json.loads((year.folder / "out/run.json").read_text("utf-8"))


def test_another_day_is_another_run(year: Year) -> None:
    assert year.run().status == 0
    (year.folder / "out/run.json").unlink()
    file = year.folder / "receipts.csv"
    ran = run(
        "subsidy",
        year.insured,
        "--year",
        2022,
        "--out",
        year.folder / "out",
        "--resume",
        "--receipts",
        file,
        "--as-of",
        "2022-12-14",
    )
    assert (ran.status, "as of" in ran.err) == (2, True), ran


def test_from_python(year: Year) -> None:
    file = write_csv(year.folder / "receipts.csv", [receipt()])
    made = qingsuan.subsidy(year.insured, year=2022, receipts=file, as_of=dt.date(2022, 12, 15))
    assert len(made.receipts) == 1
    assert sum(made.arrived.to_arrow()["received"].to_pylist()) == Decimal("48.80")
    with pytest.raises(UsageError):
        qingsuan.subsidy(year.insured, year=2022, receipts=file)
