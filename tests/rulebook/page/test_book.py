"""The rule book: everything of the files is on the page, the page needs nothing else, and it is the same every time."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from pathlib import Path

import pytest
from markupsafe import escape

from html_pages import check_page
from qingsuan.messages import LANGUAGES, Lang
from qingsuan.messages import Words as Speech
from qingsuan.plugins import load
from qingsuan.plugins.texts import rules_in_chinese
from qingsuan.policy.model import Region
from qingsuan.policy.reader import read_rule_sets
from qingsuan.rulebook.grids import grids
from qingsuan.rulebook.page.book import book
from qingsuan.rulebook.page.timeline import spans, timeline
from qingsuan.rulebook.words import Words
from settling import install, only, run

REGIONS = load().regions
CHINESE = re.compile(r"[\u3400-\u9fff]")


def page_of(region: Region, lang: Lang) -> str:
    return book(region, read_rule_sets(region), {"a.toml": "0" * 64}, lang)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("region", REGIONS, ids=lambda one: one.code)
def test_everything_of_the_files_is_on_the_page(region: Region, lang: Lang) -> None:
    page = page_of(region, lang)
    rule_sets = read_rule_sets(region)
    for one in [rules_in_chinese(rule_set, region) for rule_set in rule_sets] if lang == "zh" else rule_sets:
        for layer in one.layers.values():
            for grid in grids(one, layer, Words(one, lang, region.codes)):
                assert escape(grid.frame) in page
                for name, cells in grid.rows:
                    assert escape(name) in page
                    assert all(
                        escape(cell) in page or str(escape(cell)).replace(" / ", "<br>") in page for cell in cells
                    )
        for source in one.sources.values():
            assert escape(source.document) in page
            assert escape(source.article) in page
            assert f"grade-{source.grade}" in page
        for missing in one.missing:
            assert escape(missing.parameter) in page
            assert escape(missing.why) in page
        assert all(f"<td>{rule.id}</td>" in page for rule in one.rules)
        assert str(one.effective) in page


@pytest.mark.parametrize(("lang", "html_lang"), [("zh", "zh-CN"), ("en", "en")])
@pytest.mark.parametrize("region", REGIONS, ids=lambda one: one.code)
def test_the_page_is_whole_and_needs_no_network(region: Region, lang: Lang, html_lang: str) -> None:
    page = page_of(region, lang)
    check_page(page, html_lang)
    assert page == page_of(region, lang), "the same files give the same bytes"


@pytest.mark.parametrize("region", REGIONS, ids=lambda one: one.code)
def test_headings_and_phrases_are_of_one_language(region: Region) -> None:
    english = re.findall(r"<(?:th|h3)[^>]*>([^<]+)<", page_of(region, "en"))
    assert [one for one in english if CHINESE.search(one)] == []
    shown = re.sub(r"<style>.*?</style>|<[^>]+>", " ", page_of(region, "zh"), flags=re.DOTALL)
    assert re.findall(r"[a-z]{2,} [a-z]{2,} [a-z]{2,}", shown) == [], "three English words in a row"


def test_a_text_of_a_file_is_no_element_of_the_page() -> None:
    (region,) = [one for one in REGIONS if one.code == "220000"]
    one = replace(read_rule_sets(region)[0], title="<script>alert(1)</script>")
    page = book(region, [one], {})
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_versions_follow_each_other_along_the_years() -> None:
    first = read_rule_sets(REGIONS[0])[0]
    second = replace(first, effective=dt.date(2022, 7, 1), until=dt.date(2023, 12, 31))
    third = replace(first, effective=dt.date(2025, 1, 1))
    drawn = timeline([("某市 <390>", [first, second, third])], Speech("zh"))
    ends = [f"{first.effective} 至 2022-06-30", "2022-07-01 至 2023-12-31", "2025-01-01 起"]
    assert [each for each in re.findall(r">([^<]+)</text>", drawn) if "-" in each] == ends
    assert "某市 &lt;390&gt;" in drawn
    assert list(spans([first, second, third])) == [
        (first.effective, dt.date(2022, 6, 30)),
        (second.effective, dt.date(2023, 12, 31)),
        (third.effective, None),
    ]


def test_the_command_writes_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)
    ran = run("policy", "doc", "990000", "--out", tmp_path / "rules.html", "--lang", "zh")
    assert ran.status == 0, ran.err
    page = (tmp_path / "rules.html").read_text("utf-8")
    assert "outpatient.ratio" in page
    assert "因此退回的情形" in page
    assert "工作副本" not in page
    rules = tmp_path / "site" / "qingsuan_settling" / "rules"
    asked = ("policy", "doc", "990100", "--out", tmp_path / "work.html", "--rules-dir", rules)
    for lang, said in (("zh", "工作副本，未发布"), ("en", "working copy, not released")):
        assert run(*asked, "--lang", lang).status == 0
        assert said in (tmp_path / "work.html").read_text("utf-8")
    for out, pool, said in ((tmp_path, "990100", "cannot be written"), (tmp_path / "x.html", "990200", "no rule set")):
        refused = run("policy", "doc", pool, "--out", out)
        assert refused.status == 2
        assert said in refused.err


@pytest.mark.parametrize("region", REGIONS, ids=lambda region: region.code)
def test_every_column_has_a_name_and_the_head_only_words(region: Region) -> None:
    rule_sets = read_rule_sets(region)
    page = book(region, rule_sets, {})
    assert "<th></th>" not in page
    assert "<td>ruleset." not in page
    assert ">reading</span>" not in page
    assert page.count(">理解</span>") > 1


def test_rows_by_level_without_columns_are_named_and_a_year_that_begins_on_another_day_is_said() -> None:
    (region,) = [one for one in REGIONS if one.code == "150000"]
    employees = next(one for one in read_rule_sets(region) if one.pool == "150100" and one.schemes == ("310",))
    page = book(region, [replace(employees, year_begins=(7, 1))], {})
    assert "<th>医院等级</th><th>支付比例</th>" in page
    assert "<td>待遇年度开始日</td><td>07-01</td>" in page
    assert "待遇年度开始日" not in book(region, [employees], {})
