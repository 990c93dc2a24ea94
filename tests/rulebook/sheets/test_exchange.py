"""Tables out to a workbook and back: nothing changes by itself, three numbers are three numbers, and no cell is guessed at."""

from __future__ import annotations

import datetime as dt
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from qingsuan.errors import InputError, PolicyError, UsageError
from qingsuan.plugins import load
from qingsuan.rulebook.sheets.exchange import bring, take
from qingsuan.rulebook.sheets.others import OTHERS
from qingsuan.rulebook.which import choose
from rule_heads import head
from settling import Ran, install, only, run

TABLES = (
    head(("390",), levels=("1", "2", "3"))
    + """\
[identities]
low = { title = "低保", codes = ["2303"], source = "X" }

[who]                                   # groups of people (made up)
poor = { psn_idet_type = { any = ["low"] } }
minors = { psn_type = ["14*"] }

[groups]
stays = "year"
pooled = "year"

[layers.pooled]                         # 住院 (made up)
fund = "hifp_pay"
visits = { group = "stays", source = "X" }
limit = { yuan = 2000000, source = "X" }
caps = [{ yuan = 900000, per = "visit", source = "X" }, { group = "pooled", rows = { minors = 300000, others = 200000 }, source = "X" }]

[layers.pooled.deductible]              # 起付线: first, second, later
columns = { dedc_hosp_lv = ["1", ["2", "3"]] }
rows.poor   = [{ exempt = true },  100]         # as printed
rows.minors = [[ 100, 50 ],  [200, "92.80"]]
rows.others = [ 200,  [400, 300, 200] ]
per = "visit"
source = "X"

[layers.pooled.bands]
upto = [30000]
columns = { dedc_hosp_lv = ["1", ["2", "3"]] }
rows.minors = [[80, 85], [70, "72.5"]]      # 70 %, 72.5 %
rows.others = [[70, 75],
               [60, 65]]                    # two lines
per = "visit"
measured = "absolute"
source = "X"

[layers.pooled.adjust]
rows.poor = 1
source = "X"

[layers.again]
fund = "hifmi_pay"
deductible = { like = "pooled", source = "X" }
bands = { rows_by = "dedc_hosp_lv", rows = { 1 = 80, others = "-" }, source = "X" }

[[layers.again.cases]]
when = { dedc_hosp_lv = { not = ["1"] } }
bands = { percent = [50], source = "X" }

[[rules]]
id = "inpatient"
when = { med_type = ["21"], dedc_hosp_lv = ["1", "2", "3"] }
layers = ["pooled", "again"]
"""
)
DEDUCTIBLE, BANDS, ADJUST, CAPS, AGAIN = (
    "01 pooled deductible",
    "02 pooled bands",
    "03 pooled adjust",
    "04 pooled caps",
    "05 again bands",
)


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    install(tmp_path / "site", rules=TABLES)
    only(tmp_path / "site", monkeypatch)
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "a.toml").write_bytes(TABLES.encode())
    return folder


@pytest.fixture
def workbook(tmp_path: Path, work: Path) -> Path:
    take(choose("990100", work), tmp_path / "rules.xlsx")
    return tmp_path / "rules.xlsx"


def change(workbook: Path, *cells: tuple[str, str, Any]) -> None:
    book = openpyxl.load_workbook(workbook)
    for sheet, cell, value in cells:
        book[sheet][cell].value = value
    book.save(workbook)


def lines_changed(before: str, after: str) -> list[tuple[str, str]]:
    old, new = before.splitlines(), after.splitlines()
    assert len(old) == len(new)
    return [(one, other) for one, other in zip(old, new, strict=True) if one != other]


def test_a_sheet_is_a_table_of_the_notice(workbook: Path) -> None:
    book = openpyxl.load_workbook(workbook)
    assert book.sheetnames == ["目录 index", DEDUCTIBLE, BANDS, ADJUST, CAPS, AGAIN, OTHERS]
    page = book[DEDUCTIBLE]
    assert page["A2"].value == "layers.pooled.deductible"
    assert "made up, 1 (made-up)" in page["A3"].value
    shown = [[cell.value for cell in row] for row in page.iter_rows(min_row=5)]
    assert shown == [
        [None, "1", None, "2, 3", None, None],
        [None, "第1次", "第2次", "第1次", "第2次", "第3次"],
        ["poor", "{ exempt = true }", None, 100, None, None],
        ["minors", 100, 50, 200, 92.8, None],
        ["others", 200, None, 400, 300, 200],
    ]
    assert [[cell.value for cell in row] for row in book[BANDS].iter_rows(min_row=6, max_row=7)] == [
        [None, "至 30,000", "以上", "至 30,000", "以上"],
        ["minors", 80, 85, 70, 72.5],
    ]
    assert page["B5"].data_type == "s", "a level is no number"
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]


def test_a_round_trip_changes_nothing(workbook: Path, work: Path) -> None:
    assert bring(workbook, work) == ()
    change(workbook, (DEDUCTIBLE, "B8", 100), (BANDS, "E7", 72.50), (ADJUST, "B7", 1))
    assert bring(workbook, work) == (), "the same numbers, however they are written"


@pytest.mark.parametrize("region", ["220000", "150000"])
def test_a_round_trip_of_the_shipped_rules_changes_nothing(tmp_path: Path, region: str) -> None:
    (rules,) = [one.rules for one in load().regions if one.code == region]
    shutil.copytree(rules, tmp_path / "work")
    taken = take(choose(region, tmp_path / "work"), tmp_path / "rules.xlsx")
    assert (len(taken.sheets) > 5, taken.others > 5) == (True, True)
    assert bring(tmp_path / "rules.xlsx", tmp_path / "work") == ()


def test_three_numbers_are_three_numbers(workbook: Path, work: Path) -> None:
    change(workbook, (DEDUCTIBLE, "E8", 95), (BANDS, "B8", 71), (AGAIN, "B7", 81.25))
    ran = run("policy", "import", workbook, "--rules-dir", work)
    assert ran.status == 0, ran.err
    for said in ("200 / 92.80 → 200 / 95", "70% / 75% → 71% / 75%", "80% → 81.25%", "in made up, 1 (made-up)"):
        assert said in ran.out, said
    assert "nothing is written without --write" in ran.out
    assert (work / "a.toml").read_bytes() == TABLES.encode()
    written = run("policy", "import", workbook, "--rules-dir", work, "--write")
    assert "3 cells written" in written.out
    assert lines_changed(TABLES, (work / "a.toml").read_text("utf-8")) == [
        ('rows.minors = [[ 100, 50 ],  [200, "92.80"]]', "rows.minors = [[ 100, 50 ],  [200, 95]]"),
        ("rows.others = [[70, 75],", "rows.others = [[71, 75],"),
        (
            'bands = { rows_by = "dedc_hosp_lv", rows = { 1 = 80, others = "-" }, source = "X" }',
            'bands = { rows_by = "dedc_hosp_lv", rows = { 1 = "81.25", others = "-" }, source = "X" }',
        ),
    ]
    assert sorted(file.name for file in work.iterdir()) == ["a.toml"], "nothing is left beside it"


def test_a_cell_may_get_more_items_or_say_nothing(workbook: Path, work: Path) -> None:
    change(workbook, (DEDUCTIBLE, "C9", 150), (DEDUCTIBLE, "F9", None), (CAPS, "B7", 350_000), (ADJUST, "B7", -5))
    (brought,) = bring(workbook, work)
    assert lines_changed(TABLES, brought.content.decode()) == [
        (
            TABLES[TABLES.index("caps = [{ yuan = 900000") :].splitlines()[0],
            TABLES[TABLES.index("caps = [{ yuan = 900000") :].splitlines()[0].replace("300000", "350000"),
        ),
        ("rows.others = [ 200,  [400, 300, 200] ]", "rows.others = [ [200, 150],  [400, 300] ]"),
        ("rows.poor = 1", "rows.poor = -5"),
    ]


def merged(page: Any) -> None:
    page.merge_cells("B8:C8")


def extra_row(page: Any) -> None:
    page["A10"].value = "veterans"


def extra_column(page: Any) -> None:
    page["F7"].value = 80


def missing_row(page: Any) -> None:
    page.delete_rows(8)


def missing_column(page: Any) -> None:
    page.delete_cols(4)


def exchanged_rows(page: Any) -> None:
    page["A7"].value, page["A8"].value = "others", "minors"


def dated(page: Any) -> None:
    page["B7"].value = dt.date(2021, 1, 1)


def percent_format(page: Any) -> None:
    page["B7"].value, page["B7"].number_format = 0.65, "0%"


def value(cell: str, content: Any) -> Callable[[Any], None]:
    def set_to(page: Any) -> None:
        page[cell].value = content

    return set_to


@pytest.mark.parametrize(
    ("sheet", "damage", "cell", "found", "expected", "do"),
    [
        (BANDS, value("B7", 0.65), "B7", "0.65, which looks like a share of one", "65 for 65 %", "write 65"),
        (BANDS, value("B7", "65%"), "B7", "the text '65%'", "a number such as 65", "write 65, not as text"),
        (BANDS, value("B7", "65"), "B7", "the text '65'", "a number such as 65", "not as text"),
        (BANDS, percent_format, "B7", "formatted as a percentage", "a number such as 65", "formatted as a number"),
        (BANDS, dated, "B7", "the date 2021-01-01", "a percentage", "format the cell as a number"),
        (BANDS, value("B7", "=60+5"), "B7", "the formula =60+5", "a percentage", "write the number itself"),
        (BANDS, value("B7", True), "B7", "the text True", "a percentage", "write a number"),
        (BANDS, value("B7", None), "B7", "an empty cell", "a percentage", "or - where the notice says nothing"),
        (BANDS, value("B7", 100.5), "B7", "100.5", "a percentage", "correct it"),
        (BANDS, value("B7", 65.125), "B7", "65.125", "two decimals", "at most two decimals"),
        (BANDS, value("B7", -1), "B7", "-1, which looks like a share of one", "a percentage", "write"),
        (BANDS, value("C7", "-"), "C7", "- beside numbers", "numbers, or - alone", "write it alone"),
        (ADJUST, value("B7", 0.05), "B7", "0.05, which looks like a share of one", "a percentage", "write 5"),
        (DEDUCTIBLE, value("B8", -100), "B8", "-100", "an amount in yuan: a number from 0", "correct it"),
        (DEDUCTIBLE, value("B8", 0.125), "B8", "0.125", "at most two decimals", "at most two decimals"),
        (DEDUCTIBLE, value("B7", 300), "B7", "300", "{ exempt = true }", "change it in the parameter file"),
        (BANDS, merged, "B8:C8", "merged cells", "a cell for each row and column", "take the cells apart"),
        (BANDS, extra_row, "A10", "'veterans' in a row too many", "nothing", "take it out here"),
        (BANDS, extra_column, "F7", "80 in a column too many", "nothing", "take it out here"),
        (BANDS, missing_row, "A8", "nothing where the row others is named", 'the row "others"', "leave rows and columns"),
        (BANDS, missing_column, "D5", "nothing where the column 2, 3 is named", 'the column "2, 3"', "leave rows"),
        (BANDS, exchanged_rows, "A7", "'others'", 'the row "minors"', "leave rows and columns"),
        (BANDS, value("C2", 5), "C2", "5 in a cell too many", "nothing", "take it out here"),
    ],
)  # fmt: skip
def test_a_cell_that_is_not_what_its_column_says_is_refused(
    workbook: Path, work: Path, sheet: str, damage: Any, cell: str, found: str, expected: str, do: str
) -> None:
    book = openpyxl.load_workbook(workbook)
    damage(book[sheet])
    book.save(workbook)
    ran = run("policy", "import", workbook, "--rules-dir", work, "--write")
    assert ran.status == 3, ran
    assert f"sheet {sheet}, cell {cell}: " in ran.err
    lines = ran.err.splitlines()
    assert found in lines[0], ran.err
    assert expected in lines[1], ran.err
    assert do in lines[2], ran.err
    assert (work / "a.toml").read_bytes() == TABLES.encode()


def without_index(book: Any) -> None:
    del book["目录 index"]


def other_heading(book: Any) -> None:
    book["目录 index"]["A1"].value = "name"


def sheet_missing(book: Any) -> None:
    del book[ADJUST]


def sheet_more(book: Any) -> None:
    book.create_sheet("mine")


def other_table(book: Any) -> None:
    book["目录 index"]["C2"].value = "layers.pooled.limit"


def other_file(book: Any) -> None:
    for row in range(2, 7):
        book["目录 index"].cell(row, 2).value = "b.toml"


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (without_index, 'no sheet "目录 index"'),
        (other_heading, "another list"),
        (sheet_missing, f"{ADJUST}: this sheet is missing"),
        (sheet_more, "mine: a sheet that is not listed"),
        (other_table, "for a.toml the tables layers.pooled.limit"),
        (other_file, "b.toml, which is not in"),
    ],
)
def test_a_workbook_that_is_not_as_exported_is_refused(workbook: Path, work: Path, damage: Any, said: str) -> None:
    book = openpyxl.load_workbook(workbook)
    damage(book)
    book.save(workbook)
    with pytest.raises(InputError, match=said.replace("(", r"\(")):
        bring(workbook, work)


def test_a_file_that_was_changed_meanwhile_is_not_undone(workbook: Path, work: Path) -> None:
    (work / "a.toml").write_bytes(TABLES.replace("yuan = 900000", "yuan = 800000").encode())
    with pytest.raises(InputError, match=r"a\.toml was changed since it was exported"):
        bring(workbook, work)


def test_numbers_that_the_file_cannot_be_trusted_with_are_refused(workbook: Path, work: Path) -> None:
    change(workbook, (DEDUCTIBLE, "B9", 3_000_000))  # above the limit on what enters
    with pytest.raises(PolicyError, match=r"work/a\.toml"):
        bring(workbook, work)
    assert (work / "a.toml").read_bytes() == TABLES.encode()


def test_what_is_no_workbook_or_there_already_is_refused(tmp_path: Path, workbook: Path, work: Path) -> None:
    (tmp_path / "no.xlsx").write_text("no", "utf-8")
    with pytest.raises(InputError, match="no workbook: "):
        bring(tmp_path / "no.xlsx", work)
    with pytest.raises(UsageError, match="something that is there already"):
        take(choose("990100", work), workbook)
    with pytest.raises(UsageError, match="cannot be written"):
        take(choose("990100", work), tmp_path / "nowhere" / "a.xlsx")


def test_rules_without_tables_have_nothing_to_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)
    ran = run("policy", "export", "990100", tmp_path / "a.xlsx")
    assert ran.status == 2
    assert "rule sets without a table that has rows" in ran.err


@pytest.mark.parametrize(
    ("missing", "command"), [("openpyxl", "export"), ("openpyxl", "import"), ("tomlkit", "import")]
)
def test_a_library_that_is_not_installed_is_named(
    tmp_path: Path, workbook: Path, work: Path, monkeypatch: pytest.MonkeyPatch, missing: str, command: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    arguments: tuple[object, ...] = ("990100", tmp_path / "b.xlsx") if command == "export" else (workbook,)
    ran: Ran = run("policy", command, *arguments, "--rules-dir", work)
    assert ran.status == 2
    assert f"{missing} is not installed" in ran.err
    assert 'pip install "qingsuan[policy]"' in ran.err


def test_a_byte_order_mark_and_windows_lines_are_kept(workbook: Path, work: Path, tmp_path: Path) -> None:
    content = b"\xef\xbb\xbf" + TABLES.replace("\n", "\r\n").encode()
    (work / "a.toml").write_bytes(content)
    take(choose("990100", work), tmp_path / "b.xlsx")
    assert bring(tmp_path / "b.xlsx", work) == ()
    change(tmp_path / "b.xlsx", (BANDS, "B8", 71))
    (brought,) = bring(tmp_path / "b.xlsx", work)
    assert brought.content == content.replace(b"[[70, 75],", b"[[71, 75],")


def test_what_is_no_table_is_there_to_be_read(workbook: Path) -> None:
    rows = list(openpyxl.load_workbook(workbook)[OTHERS].iter_rows(values_only=True))
    assert {row[:2] for row in rows[1:]} == {
        ("a.toml", "layers.pooled.visits"),
        ("a.toml", "layers.pooled.limit"),
        ("a.toml", "layers.again.bands"),
    }
    (limit,) = [row for row in rows if row[1] == "layers.pooled.limit"]
    assert ("2,000,000" in str(limit[3]), limit[4]) == (True, "X")


@pytest.mark.parametrize(
    ("cell", "value", "said"),
    [
        ("D3", "1,000,000", "cell D3: '1,000,000'"),
        ("B9", "layers.x", "cell B9: 'layers.x'"),
        ("D2", None, "cell D2: nothing"),
    ],
)
def test_a_change_where_nothing_is_read_is_refused(
    work: Path, workbook: Path, cell: str, value: str, said: str
) -> None:
    change(workbook, (OTHERS, cell, value))
    with pytest.raises(InputError) as refused:
        bring(workbook, work)
    assert said in str(refused.value)
    assert "change it in the parameter file" in str(refused.value)


def test_the_sheet_of_what_is_no_table_may_not_be_missing(work: Path, workbook: Path) -> None:
    book = openpyxl.load_workbook(workbook)
    del book[OTHERS]
    book.save(workbook)
    with pytest.raises(InputError, match="其他 others: this sheet is missing"):
        bring(workbook, work)


def test_the_command_names_what_it_leaves_to_the_files(tmp_path: Path, work: Path) -> None:
    bare = head(("310",)) + '[rules]\nall = { when = {}, layers = [], source = "X" }\n'
    (work / "b.toml").write_text(bare, "utf-8")
    ran = run("policy", "export", "990100", tmp_path / "two.xlsx", "--rules-dir", work)
    assert ran.status == 0, ran.err
    assert "not in it, for they have no table with rows: b.toml" in ran.out
    assert "3 settings that are no table are in the sheet “其他 others”" in ran.out
