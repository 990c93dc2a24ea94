"""An amount that is a multiple of a published figure is said with where it comes from; another figure is one difference."""

from __future__ import annotations

import copy
from pathlib import Path

from qingsuan.money import BP_ONE
from qingsuan.policy.model import Pool, Region, RuleSet
from qingsuan.policy.reader import read_rule_set
from qingsuan.policy.when.figures import FigureFen, beside
from qingsuan.rulebook.changes import changes, changes_text
from qingsuan.rulebook.page.book import book
from qingsuan.rulebook.sheets.editing import edited
from qingsuan.rulebook.sheets.layout import sheets_of
from qingsuan.rulebook.sheets.reading import edits_of, open_workbook
from qingsuan.rulebook.sheets.writing import write_workbook
from qingsuan.rulebook.text import rule_set_text
from qingsuan.rulebook.words import Words
from rule_heads import head

TEXT = (
    head(levels=("1", "2"), source="X1")
    + """\
[figures]
average_wage = { yuan = 92160, year = 2020, source = "X1" }
[groups]
pooled = "year"
[layers.pooled]
fund = "hifp_pay"
limit = { yuan = { percent = 250, figure = "average_wage" }, source = "X1" }
[layers.pooled.deductible]
columns = { dedc_hosp_lv = ["1", "2"] }
rows.all = [[{ percent = 5, figure = "average_wage" }, 300], 600]     # a comment
per = "visit"
group = "pooled"
source = "X1"
[layers.pooled.bands]
upto = [10000, { times = 1, figure = "average_wage" }]
percent = [60, 70, 80]
per = "visit"
measured = "excess"
source = "X1"
[[layers.pooled.caps]]
group = "pooled"
yuan = { times = 6, figure = "average_wage" }
source = "X1"
[rules]
inpatient = { when = { med_type = ["21"] }, layers = ["pooled"] }
large = { when = { med_type = ["11"], medfee_sumamt = { above = { times = 1, figure = "average_wage" } } }, layers = ["pooled"] }
"""
)
UNKNOWN = TEXT.replace('yuan = 92160, year = 2020, source = "X1"', 'year = 2020, why = "it was not found"').replace(
    '{ times = 1, figure = "average_wage" }', "20000"
)


def read(folder: Path, text: str = TEXT) -> RuleSet:
    file = folder / "a.toml"
    file.write_text(text, "utf-8")
    return read_rule_set(file)


def test_the_rules_are_shown_with_where_an_amount_comes_from(tmp_path: Path) -> None:
    shown = rule_set_text(Words(read(tmp_path), "en"))
    assert "552,960 = 6 × 92,160 (average_wage 2020)" in shown
    assert "4,608 = 5% × 92,160 (average_wage 2020) / 300" in shown
    assert "230,400 = 2.5 × 92,160 (average_wage 2020)" in shown
    assert "up to 10,000 / 92,160 = 1 × 92,160 (average_wage 2020)" in shown
    assert "medfee_sumamt above 92,160 = 1 × 92,160 (average_wage 2020)" in shown
    (line,) = [one for one in shown.splitlines() if "figures.average_wage" in one]
    assert "92,160 (2020); " in line
    assert "layers.pooled.caps[1].yuan 6 ×" in line


def test_an_amount_without_a_value_is_no_zero(tmp_path: Path) -> None:
    shown = rule_set_text(Words(read(tmp_path, UNKNOWN), "en"))
    assert "6 × average_wage 2020 (no value)" in shown
    assert "2020, no value: it was not found" in shown


def test_the_page_says_it_in_chinese(tmp_path: Path) -> None:
    region = Region("990000", "虚构省", (Pool("990100", "虚构市", ("9901",)),), tmp_path)
    page = book(region, [read(tmp_path)], {})
    assert "公布的数字 average_wage" in page
    assert "552,960 = 6 × 92,160 (average_wage 2020)" in page
    assert "6 × average_wage 2020 (无数值)" in book(region, [read(tmp_path, UNKNOWN)], {})


def test_another_figure_is_one_difference_with_the_amounts_that_hang_on_it(tmp_path: Path) -> None:
    before, after = read(tmp_path), read(tmp_path, TEXT.replace("92160, year = 2020", "100000, year = 2021"))
    (change,) = changes(before, after)
    assert (change.place, change.key) == ("figures", "average_wage")
    assert (change.before, change.after) == ("92,160 (2020)", "100,000 (2021)")
    assert "layers.pooled.caps[1].yuan: 6 × is 552,960 → 600,000" in change.amounts
    assert len(change.amounts) == len(before.multiples) == 5
    said = changes_text(before, after, [change])
    assert "figures.average_wage\n    92,160 (2020) → 100,000 (2021)\n      layers.pooled." in said
    assert "\n      rules.large.when.medfee_sumamt.above: 1 × is 92,160 → 100,000\n" in said


def test_another_factor_is_a_difference_of_its_amount_alone(tmp_path: Path) -> None:
    before, after = read(tmp_path), read(tmp_path, TEXT.replace("times = 6", "times = 7"))
    (change,) = changes(before, after)
    assert (change.place, change.key) == ("layers.pooled", "caps")
    assert change.before.startswith("552,960 = 6 × 92,160 (average_wage 2020)")
    assert change.after.startswith("645,120 = 7 × 92,160 (average_wage 2020)")


def test_a_sheet_has_the_origin_and_the_way_back_leaves_it(tmp_path: Path) -> None:
    rules, path = read(tmp_path), tmp_path / "a.xlsx"
    (sheet,) = sheets_of(rules, "a.toml")
    write_workbook(path, [sheet], {"a.toml": "0"}, [])
    workbook = open_workbook(path)
    page = workbook[sheet.name]
    assert [page.cell(7, column).value for column in (2, 3, 4)] == [
        "4,608 = 5% × 92,160 (average_wage 2020)", 300, 600,
    ]  # fmt: skip
    assert edits_of(workbook, path, sheet) == ()
    page.cell(7, 3).value = 200
    changed = edited(TEXT, edits_of(workbook, path, sheet))
    assert changed == TEXT.replace('"average_wage" }, 300]', '"average_wage" }, 200]')
    page.cell(7, 3).value = None
    assert edited(TEXT, edits_of(workbook, path, sheet)) == TEXT.replace('"average_wage" }, 300]', '"average_wage" }]')


def test_a_multiple_is_an_amount_like_any_other(tmp_path: Path) -> None:
    (figure,) = read(tmp_path).figures
    fen = FigureFen(9_216_000, figure, BP_ONE)
    back = copy.deepcopy(fen)
    assert (back, back.figure, back.factor_bp) == (9_216_000, figure, BP_ONE)
    assert repr(fen) == "9216000"
    assert beside(fen, 1) == 9_216_001
    assert isinstance(beside(fen, 1), FigureFen)
