"""The report of a run says what the settled rows come to, added up here in plain Python; page and workbook have the same numbers."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import openpyxl
import pyarrow.parquet as pq
import pytest

from html_pages import check_page, texts_of
from qingsuan.columns.tenths import bucket_of
from qingsuan.printed.report import Report, report_of
from qingsuan.report.summary import read_record
from settling import Ran, run

CHINESE = re.compile(r"[\u4e00-\u9fff]")
LANGS: tuple[Literal["zh", "en"], ...] = ("zh", "en")
Rows = list[dict[str, Any]]


class Made:
    """A small made-up year, settled with its detail, and its rows as plain values."""

    def __init__(self, folder: Path) -> None:
        self.out, tables = folder / "out", folder / "in"
        assert run("sample", tables, "--people", 150, "--seed", 11, "--bad-rows", 12).status == 0
        people = ("--insured", tables / "insured.parquet", "--identities", tables / "identities.parquet")
        ran = run(
            "settle", tables / "claims", *people, "--year", 2021, "--partitions", 3, "--detail", "--out", self.out
        )
        assert ran.status == 0, ran.err
        self.settled = self.rows("settled")

    def rows(self, table: str, pattern: str = "part-*.parquet") -> Rows:
        files = sorted((self.out / table).glob(pattern))
        return [row for file in files for row in pq.read_table(file).to_pylist()]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def report(made: Made) -> Report:
    return report_of(made.out, "en")


def fen(rows: Rows, name: str) -> int:
    return int(sum((row[name] for row in rows), Decimal(0)).scaleb(2))


def share(part: int, whole: int) -> int | None:
    return int((Decimal(part * 10_000) / whole).quantize(Decimal(1), "ROUND_HALF_UP")) if whole else None


def told(rows: Rows) -> list[int | None]:
    cost, scope, funds, own = (
        fen(rows, name) for name in ("medfee_sumamt", "inscp_scp_amt", "fund_pay_sumamt", "psn_part_amt")
    )
    account, cash = fen(rows, "acct_pay"), fen(rows, "psn_cash_pay")
    return [len(rows), cost, scope, funds, share(funds, scope), own, account, cash, share(own, cost)]


def grouped(rows: Rows, *by: str) -> dict[tuple[str, ...], Rows]:
    found: dict[tuple[str, ...], Rows] = defaultdict(list)
    for row in rows:
        found[tuple(str(row[name]) for name in by)].append(row)
    return dict(sorted(found.items()))


# ---- the numbers


def test_pools_care_and_institutions_are_what_the_rows_add_up_to(made: Made, report: Report) -> None:
    for name, by in (("pools", ("pool", "insutype")), ("care", ("insutype", "med_type"))):
        section = report.sections[name]
        rows = section.rows[:-1] if section.has_total else section.rows
        found = [(row[0].split()[0], row[1].split()[0], *row[2:]) for row in rows]
        assert found == [(*key, *told(mine)) for key, mine in grouped(made.settled, *by).items()]
    assert list(report.sections["pools"].rows[-1]) == ["all", "", *told(made.settled)]
    institutions = report.sections["institutions"].rows
    expected = [(key, *told(rows)) for (key,), rows in grouped(made.settled, "fixmedins_code").items()]
    assert sorted(map(tuple, institutions)) == sorted(expected)
    assert [row[4] for row in institutions] == sorted((row[4] for row in institutions), reverse=True)


def test_funds_are_what_the_rows_add_up_to(made: Made, report: Report) -> None:
    assert report.sections["funds"].rows[-1][-1] == fen(made.settled, "fund_pay_sumamt")
    names = report.sections["funds"].rows
    pooled = [row for row in names if row[0] == "pooled fund of basic insurance"]
    expected = {key: fen(rows, "hifp_pay") for key, rows in grouped(made.settled, "pool", "insutype").items()}
    found = {(row[1], row[2].split()[0]): row[3] for row in pooled}
    assert found == {key: paid for key, paid in expected.items() if paid}


def test_months_are_those_of_the_benefit_date(made: Made, report: Report) -> None:
    by_month: dict[str, Rows] = defaultdict(list)
    for row in made.settled:
        by_month[row["benefit_date"].isoformat()[:7]].append(row)
    expected = []
    for month, rows in sorted(by_month.items()):
        count, cost, scope, funds, ratio, own, *_ = told(rows)
        expected.append([month, count, cost, scope, funds, own, ratio])
    assert [list(row) for row in report.sections["months"].rows] == expected
    assert len(expected) == 12


def test_tenths_hold_everybody_and_each_bears_no_less_than_the_one_before(made: Made, report: Report) -> None:
    own: Counter[str] = Counter()
    for row in made.settled:
        own[row["psn_no"]] += int(row["psn_part_amt"].scaleb(2))
    rows = report.sections["tenths"].rows
    assert sum(row[1] for row in rows) == len(own)
    for place, name in ((3, "medfee_sumamt"), (4, "fund_pay_sumamt"), (5, "psn_part_amt")):
        assert sum(row[place] for row in rows) == fen(made.settled, name)
    in_order, begin = sorted(own.values()), 0
    for row in rows:  # an amount is known to within one part in 128: a tenth ends where its bucket does
        mine = in_order[begin : begin + row[1]]
        assert sum(mine) == row[5]
        assert row[2] <= mine[0] <= mine[-1]
        begin += row[1]
        assert abs(begin * 10 - row[0] * len(own)) <= 10 * in_a_bucket(in_order, mine[-1])


def in_a_bucket(amounts: list[int], amount: int) -> int:
    import numpy as np

    buckets = bucket_of(np.array(amounts, np.int64))
    return int((buckets == bucket_of(np.array([amount], np.int64))[0]).sum()) + 1


def test_bounds_are_counted_as_the_detail_has_them(made: Made, report: Report) -> None:
    lines = grouped(made.rows("setldetail"), "fund", "layer")
    expected = []
    for (_, layer), rows in lines.items():
        capped = sum(
            row["crt_payb_lmt_amt"] is not None and row["crt_payb_lmt_amt"] == row["fund_payamt"] for row in rows
        )
        with_deductible = sum(row["act_pay_dedc"] > 0 for row in rows)
        expected.append(
            [layer, len(rows), with_deductible, fen(rows, "act_pay_dedc"), capped, fen(rows, "fund_payamt")]
        )
    assert [list(row[1:]) for row in report.sections["bounds"].rows] == expected
    assert sum(row[4] for row in expected) > 0


def test_rows_and_rejections_are_those_of_the_record(made: Made, report: Report) -> None:
    record = read_record(made.out)
    rows = {(row[0], row[1]): row[2] for row in report.sections["rows"].rows}
    claims = {name: rows["settlement records", name] for name in ("settled", "reversed", "rejected")}
    assert rows["settlement records", "came in"] == sum(claims.values()) == record["rows"]["in"]
    rejected = made.rows("rejected")
    codes = Counter(row["code"] for row in rejected)
    found = {row[1]: row for row in report.sections["rejected"].rows if row[0] == "settlement records"}
    assert {code: row[3] for code, row in found.items()} == codes
    places = {f"{row['source_file']}:{row['source_row']}" for row in rejected}
    for row in found.values():
        examples = row[4].split(", ")
        assert len(examples) == min(3, row[3])
        assert set(examples) <= places
    assert [row[0] for row in report.sections["warnings"].rows] == record["warnings"]
    assert len(report.sections["rules"].rows) == len(record["rule_sets"])


# ---- the files


@pytest.mark.parametrize("lang", LANGS)
def test_page_and_workbook_have_every_number(made: Made, tmp_path: Path, lang: Literal["zh", "en"]) -> None:
    report = report_of(made.out, lang)
    for name in ("r.html", "r.xlsx"):
        report.write(tmp_path / name)
    page = (tmp_path / "r.html").read_text("utf-8")
    check_page(page, "zh-CN" if lang == "zh" else "en")
    assert page.count("<svg") == 3
    texts = texts_of(page)
    book = openpyxl.load_workbook(tmp_path / "r.xlsx")
    assert book.sheetnames == [section.sheet for section in report.sections.values()]
    for section in report.sections.values():
        assert section.title in texts
        for row in section.shown():
            assert all(text in texts for text in row), row
        sheet = book[section.sheet]
        assert sheet.freeze_panes == "A2"
        assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
        assert (sheet.sheet_properties.pageSetUpPr.fitToPage, sheet.print_title_rows) == (True, "$1:$1")
        head, *rows = sheet.iter_rows()
        assert [cell.value for cell in head] == [column.title for column in section.columns]
        assert [[cell.value for cell in row] for row in rows] == [
            [plain(value) for value in row] for row in section.cells()
        ]
        assert {cell.data_type for row in rows for cell in row} <= {"s", "n", "inlineStr"}, "no formula"
        forms = {"text": "@", "count": "#,##0", "yuan": "#,##0.00", "ratio": "0.00%"}
        for cell, column in zip(rows[0], section.columns, strict=True):
            assert cell.value is None or cell.number_format == forms[column.kind]


def plain(value: Any) -> Any:
    """A value as a workbook gives it back: a decimal as the number that it reads."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value or None if isinstance(value, str) else value


def test_the_english_report_has_no_chinese_of_its_own(report: Report) -> None:
    own = [report.title, *(text for one in report.sections.values() for text in (one.sheet, one.title, one.note))]
    own += [column.title for one in report.sections.values() for column in one.columns]
    assert not [text for text in own if CHINESE.search(text)]


def test_the_chinese_report_says_in_chinese_why_a_parameter_is_missing(made: Made) -> None:
    reasons = [row[1] for row in report_of(made.out, "zh").sections["missing"].rows]
    assert len(reasons) > 20
    assert [one for one in reasons if re.search("[a-z]{2,} [a-z]{2,} [a-z]{2,}", one)] == []


def test_a_name_that_is_an_element_stays_a_text(made: Made, tmp_path: Path) -> None:
    report = report_of(made.out, "en")
    hostile = '<script>alert("&amp;")</script>'
    record = {**report.record, "warnings": [hostile], "plugins": [{"plugin": hostile, "version": "=1+1"}]}
    rows = report.sections["warnings"]
    report.sections["warnings"] = type(rows)(rows.sheet, rows.title, rows.columns, [[hostile], ["=1+1"]])
    spoilt = replace(report, record=record)
    spoilt.write(tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text("utf-8")
    assert "<script" not in page
    assert hostile in texts_of(page)
    spoilt.write(tmp_path / "r.xlsx")
    cell = openpyxl.load_workbook(tmp_path / "r.xlsx")[rows.sheet]["A3"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")


# ---- the command


def test_the_command_writes_what_it_is_asked_for(made: Made, tmp_path: Path) -> None:
    ran = run("report", made.out, "--to", tmp_path / "a.html", "--to", tmp_path / "a.xlsx", "--lang", "zh")
    assert ran.status == 0, ran.err
    assert ran.out.count("报告已写入") == 2
    assert {path.name for path in tmp_path.iterdir()} == {"a.html", "a.xlsx"}


@pytest.mark.parametrize(
    ("files", "status", "said"),
    [
        ((), 2, "--to NAME.html"),
        (("a.pdf",), 2, "a name that ends in .html or .xlsx"),
        (("a.html", "a.html"), 2, "twice"),
        (("no/such/folder/a.html",), 2, "cannot be written"),
        (("no/such/folder/a.xlsx",), 2, "cannot be written"),
    ],
)
def test_what_cannot_be_written_is_said(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: tuple[str, ...], status: int, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run("report", made.out, *(text for file in files for text in ("--to", file)))
    assert (ran.status, said in ran.err) == (status, True), ran.err
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_finished_settlement_of_benefits_is_refused(made: Made, tmp_path: Path) -> None:
    ran: Ran = run("report", tmp_path, "--to", tmp_path / "a.html")
    assert (ran.status, "no run record" in ran.err) == (3, True), ran.err
    tables = made.out.parent / "in"
    people = (tables / "insured.parquet", "--classes", tables / "classes.csv")
    assert run("subsidy", *people, "--year", 2021, "--out", tmp_path / "s", "--skip-unserved").status == 0
    ran = run("report", tmp_path / "s", "--to", tmp_path / "a.html")
    assert (ran.status, "a finished settlement of benefits" in ran.err) == (3, True), ran.err


def test_a_part_that_cannot_be_read_is_named(made: Made, tmp_path: Path) -> None:
    part = made.out / "settled" / "part-00001.parquet"
    before = part.read_bytes()
    part.write_bytes(before[: len(before) // 2])
    ran = run("report", made.out, "--to", tmp_path / "a.html")
    part.write_bytes(before)
    assert (ran.status, "part-00001.parquet: cannot be read" in ran.err) == (3, True), ran.err
