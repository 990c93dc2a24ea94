"""The page of an explanation: everything of the document is on it, in both languages, and nothing of it becomes an element."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pyarrow.parquet as pq
import pytest

from explaining import sampled_year
from explanations import HOSTILE, full_explanation, leaves
from held_in_memory import people_by_partition
from html_pages import check_page, texts_of
from qingsuan.explain.document import Explanation, plain
from qingsuan.explain.page.page import page_of
from qingsuan.explain.rows.opening import open_run
from qingsuan.explain.text.whole import text_of
from qingsuan.messages import Words
from qingsuan.pages.numbers import exact_yuan, grouped_yuan, percent
from qingsuan.report.wording.rejected import rejected_says
from settling import run

Lang = Literal["zh", "en"]
About = Literal["claim", "person"]
LANGS: tuple[Lang, ...] = ("zh", "en")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
ENGLISH = re.compile(r"\b[a-z]{2,} [a-z]{2,} [a-z]{2,}\b")


def written(name: str, value: Any) -> str:
    """A leaf of the document as the page has to write it."""
    if isinstance(value, str):
        return value
    kind = name.partition(".")[0]
    if kind.endswith("_fen_bp"):
        return exact_yuan(value)
    if kind.endswith("_fen") or kind == "counter_value":  # the counter is none that counts visits
        return grouped_yuan(value)
    return percent(value) if kind.endswith("_bp") else str(value)


def said_in_words(document: Any) -> Iterator[tuple[str, Any]]:
    """Leaves but those that the page says in words: what a thing is, and of which language; and but names of pools of other claims."""
    kinds = {"outcome", "why", "per", "measured", "about", "lang"}
    return (leaf for leaf in leaves(document) if leaf[0] not in kinds and not leaf[0].startswith("pools"))


def changed(explanation: Explanation, **of_claims: Any) -> Explanation:
    return replace(explanation, claims=tuple(replace(one, **of_claims) for one in explanation.claims))


@pytest.mark.parametrize("about", ["claim", "person"])
@pytest.mark.parametrize("lang", LANGS)
def test_every_number_and_text_of_the_document_is_on_the_page(lang: Lang, about: About) -> None:
    explanation = changed(full_explanation(lang, about), agrees=False)
    page = page_of(explanation)
    check_page(page, "zh-CN" if lang == "zh" else "en")
    texts = texts_of(page)
    leaves_of = list(said_in_words(plain(explanation)))
    assert len(leaves_of) > 500
    absent = [(name, value) for name, value in leaves_of if written(name, value) not in texts]
    if about == "claim":  # what the claims of a year come to is said of a year alone
        of_year = {value for _, value in leaves(plain(explanation.year), "year")}
        absent = [(name, value) for name, value in absent if value not in of_year]
    assert not absent


def test_a_pool_is_called_in_chinese_what_its_plugin_calls_it() -> None:
    for lang, called in (("zh", "990100 示例市"), ("en", "pool 990100")):
        explanation = changed(full_explanation(lang, "claim"), pool="990100")
        explanation = replace(explanation, run=replace(explanation.run, pools={"990100": "示例市"}))
        for told in (texts_of(page_of(explanation)), text_of(explanation)):
            assert (called in told, "示例市" in told) == (True, lang == "zh")


@pytest.mark.parametrize("lang", LANGS)
def test_no_text_of_the_document_becomes_an_element(lang: Lang) -> None:
    page = page_of(full_explanation(lang, "person"))
    assert "<script" not in page
    assert page.count("&lt;script&gt;") > 100
    assert HOSTILE in texts_of(page)


def test_the_english_page_has_no_chinese_of_its_own() -> None:
    texts = texts_of(page_of(full_explanation("en", "person")))
    assert not CHINESE.search(texts)


def test_no_sentence_of_the_english_page_runs_into_the_next() -> None:
    texts = texts_of(page_of(full_explanation("en", "claim")))
    assert re.search(r"is multiplied by [\d.]+%\. [\d.]+% are added to every ratio\. The own share", texts)


@pytest.mark.parametrize("lang", LANGS)
def test_an_explanation_that_does_not_agree_says_so_first(lang: Lang) -> None:
    full = full_explanation(lang, "claim")
    said = {"zh": "本说明与结算结果不一致", "en": "does not agree with the result"}[lang]
    assert said not in texts_of(page_of(full))
    page = page_of(replace(changed(full, agrees=False), agrees=False))
    before, _, _ = page.partition("<h2>")
    assert said in before
    for difference in full.claims[0].differences:
        assert difference.explained in texts_of(page)


@pytest.mark.parametrize("lang", LANGS)
def test_what_is_absent_leaves_no_empty_part_behind(lang: Lang) -> None:
    absent: dict[str, Any] = dict.fromkeys(
        ("rule", "waiting", "guarantee", "ceiling", "stay", "sums", "account", "rejection", "reversal", "found", "pool")
    )
    lists: dict[str, Any] = dict.fromkeys(("insured", "identities", "registrations", "layers", "counters"), ())
    bare = changed(full_explanation(lang, "person"), benefit_date=None, **absent, **lists)
    page = page_of(replace(bare, carried_in=(), at=None))
    check_page(page, "zh-CN" if lang == "zh" else "en")
    assert "None" not in texts_of(page)
    assert "<svg" not in page, "no picture of a year in which nothing is settled"


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up year with bad rows, settled in ``out`` from ``prepared``."""
    folder = tmp_path_factory.mktemp("year")
    sampled_year(folder, 3, 200)
    return folder


def test_what_rejected_rows_say_is_said_in_chinese(year: Path) -> None:
    words = Words("zh")
    rows = [row for file in (year / "out" / "rejected").glob("*.parquet") for row in pq.read_table(file).to_pylist()]
    said = {(row["code"], rejected_says(words, row[name])) for row in rows for name in ("found", "expected")}
    assert len({code for code, _ in said}) > 8
    own = [(code, text.partition("须由经办机构提供")[0]) for code, text in said]
    assert [one for one in own if ENGLISH.search(one[1])] == []


def test_the_command_writes_a_page_that_only_its_owner_can_read(year: Path, tmp_path: Path) -> None:
    opened = open_run(year / "out", year / "prepared", None)
    psn_no = people_by_partition(opened)[0]
    calls = {"html": "<!DOCTYPE html>", "json": "{", "text": ""}
    for how, begins in calls.items():
        to = tmp_path / f"page.{how}"
        ran = run(
            "explain",
            opened.folder,
            "--psn-no",
            psn_no,
            "--prepared",
            year / "prepared",
            "--format",
            how,
            "--to",
            to,
        )
        assert ran.status == 0, ran.err
        assert ran.out == ""
        assert to.read_text("utf-8").startswith(begins)
        assert psn_no in to.read_text("utf-8")
        assert stat.S_IMODE(to.stat().st_mode) == 0o600
    refused = run(
        "explain",
        opened.folder,
        "--psn-no",
        psn_no,
        "--prepared",
        year / "prepared",
        "--to",
        tmp_path / "no" / "page",
    )
    assert refused.status == 2
    assert "cannot be written" in refused.err
