"""The page of a simulation: every number of its tables is on it, in both languages, and no text of it becomes an element."""

from __future__ import annotations

import re
import stat
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pytest

import qingsuan
from html_pages import check_page, texts_of
from qingsuan.policy.model import FUNDS
from qingsuan.sample.make import make_year
from qingsuan.simulation.page.page import page_of
from settling import run

Lang = Literal["zh", "en"]
LANGS: tuple[Lang, ...] = ("zh", "en")
HOSTILE = '<script>alert("&amp;")</script>'
CHINESE = re.compile(r"[\u4e00-\u9fff]")
DIMENSIONS = ("pool", "insutype", "identity", "age", "dedc_hosp_lv", "decile")


class Made:
    """Tables of a made-up simulation; no two numbers of one are alike."""

    def __init__(self, variants: int) -> None:
        self.numbers = count(100_003, 7_919)
        self.variants = range(1, variants + 1)

    def amount(self, sign: int = 1) -> Decimal:
        return sign * Decimal(next(self.numbers)) / 100

    def tables(self, *, tried: bool = False) -> dict[str, pa.Table]:
        found = {
            "variants": [self.variant(number) for number in self.variants],
            "funds": [self.fund(number, fund) for number in self.variants for fund in FUNDS],
            "effects": [
                self.effect(number, dimension, group)
                for number in self.variants
                for dimension in DIMENSIONS
                for group in ("", f"{HOSTILE} {dimension}")
            ],
            "people": [
                {"variant": number, "who": who, "people": next(self.numbers), "fund_pay_sumamt_change": self.amount()}
                for number in self.variants
                for who in ("winners", "losers", "unchanged")
            ],
            "deciles": [self.decile(number, tenth) for number in self.variants for tenth in range(1, 11)],
            "biggest": [self.big(number, rank) for number in self.variants for rank in range(1, 4)],
        }
        if tried:
            names = ("value", "fund_pay_sumamt_change", "off")
            found["tried"] = [{name: self.amount() for name in names} for _ in range(3)]
        return {name: pa.Table.from_pylist(rows) for name, rows in found.items()}

    def variant(self, number: int) -> dict[str, Any]:
        several = len(self.variants) > 1
        amounts = ("fund_pay_sumamt", "fund_pay_sumamt_change", "psn_part_amt", "psn_part_amt_change")
        return {
            "variant": number,
            "label": f"{HOSTILE} label",
            "value": Decimal(5000 + number) / 100 if several else None,
            "unit": "percent" if several else "",
            **{name: self.amount() for name in amounts},
            **{name: next(self.numbers) for name in ("claims_changed", "winners", "losers")},
        }

    def fund(self, number: int, fund: str) -> dict[str, Any]:
        before, change = self.amount(), self.amount(-1)
        amounts = {"before": before, "after": before + change, "change": change}
        return {"variant": number, "pool": HOSTILE, "insutype": "390", "fund": fund, **amounts}

    def effect(self, number: int, dimension: str, group: str) -> dict[str, Any]:
        names = ("fund_pay_sumamt", "psn_part_amt", *FUNDS)
        amounts = {f"{name}{what}": self.amount() for name in names for what in ("", "_change")}
        claims = {"claims": next(self.numbers), "claims_change": 0}
        return {"variant": number, "dimension": dimension, "group": group, **claims, **amounts}

    def decile(self, number: int, tenth: int) -> dict[str, Any]:
        counts = {name: next(self.numbers) for name in ("people", "winners", "losers")}
        amounts = {"own_from": self.amount(), "gained": self.amount(), "lost": self.amount(-1)}
        return {"variant": number, "decile": tenth, **amounts, **counts}

    def big(self, number: int, rank: int) -> dict[str, Any]:
        before, change = self.amount(), self.amount(-1)
        ids = {"psn_no": f"{HOSTILE} psn {rank}", "setl_id": f"{HOSTILE} setl {rank}"}
        return {"variant": number, "rank": rank, **ids, "before": before, "after": before + change, "change": change}


def record(**more: Any) -> dict[str, Any]:
    return {
        "year": 2021,
        "plugins": [{"plugin": HOSTILE, "version": "1"}],
        "prepared": {"folder": f"{HOSTILE} prepared"},
        "asked": {"set": [f"{HOSTILE} set"], "rules": f"{HOSTILE} rules", "sweep": None, "seek": None},
        "at_hand": [{"pool": "990100", "insutype": "390"}],
        "base": {"compiled_rules": "0" * 64},
        "sorted_otherwise": True,
        **more,
    }


def written(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{abs(value):,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


@pytest.mark.parametrize("lang", LANGS)
def test_every_effect_of_one_variant_is_on_the_page(lang: Lang) -> None:
    tables = Made(1).tables()
    page = page_of(record(), tables, lang)
    check_page(page, "zh-CN" if lang == "zh" else "en")
    texts = texts_of(page)
    assert page.count("<svg") == 2 + len(DIMENSIONS), "funds, each dimension, tenths"
    beside = {"variant", "dimension", "claims_change", "unit", "insutype", "who", "fund"}
    for name, table in tables.items():
        for row in table.to_pylist():
            for column, value in row.items():
                of_fund = column.removesuffix("_change") in FUNDS and name == "effects"
                own = column == "psn_part_amt" or (row.get("who") == "unchanged" and isinstance(value, Decimal))
                if value is None or column in beside or of_fund or own:
                    continue
                assert written(value) in texts, (name, column, value)


@pytest.mark.parametrize("lang", LANGS)
def test_a_sweep_is_a_table_and_a_curve(lang: Lang) -> None:
    tables = Made(4).tables()
    page = page_of(record(), tables, lang)
    check_page(page, "zh-CN" if lang == "zh" else "en")
    assert page.count("<svg") == 1
    texts = texts_of(page)
    for row in tables["variants"].to_pylist():
        for column in ("fund_pay_sumamt", "fund_pay_sumamt_change", "psn_part_amt_change", "claims_changed", "winners"):
            assert written(row[column]) in texts
    assert "50.01 %" in texts
    assert {"zh": "取值（%）", "en": "value (%)"}[lang] in texts


@pytest.mark.parametrize("lang", LANGS)
def test_a_search_says_what_was_found_and_draws_what_was_tried(lang: Lang) -> None:
    found = {"value": "54.92", "change": "-9.50", "off": "0.50", "other": None, "tried": ["50"], "is_monotone": False}
    page = page_of(record(found=found), Made(1).tables(tried=True), lang)
    check_page(page, "zh-CN" if lang == "zh" else "en")
    assert page.count("<svg") == 3 + len(DIMENSIONS)
    for said in ("54.92", "-9.50", "0.50"):
        assert said in texts_of(page)


@pytest.mark.parametrize("lang", LANGS)
def test_no_text_of_a_simulation_becomes_an_element(lang: Lang) -> None:
    page = page_of(record(), Made(1).tables(), lang)
    assert "<script" not in page
    assert HOSTILE in texts_of(page)


def test_the_english_page_has_no_chinese_of_its_own() -> None:
    assert not CHINESE.search(texts_of(page_of(record(), Made(1).tables(), "en")))


def test_a_simulation_that_touches_nobody_is_a_page_without_pictures() -> None:
    made = Made(1)
    tables = {name: table.slice(0, 0) for name, table in made.tables().items()}
    tables["variants"] = pa.Table.from_pylist([made.variant(1)])
    tables["people"] = Made(1).tables()["people"]
    page = page_of(record(at_hand=[], sorted_otherwise=False), tables, "en")
    check_page(page, "en")
    assert "<svg" not in page
    assert "nobody is paid otherwise" in texts_of(page)


def test_the_command_writes_the_page_beside_the_tables(tmp_path: Path) -> None:
    make_year(tmp_path / "in", people=80, seed=5, year=2021)
    tables = (tmp_path / "in" / name for name in ("claims", "insured.parquet", "identities.parquet"))
    qingsuan.prepare(*tables, year=2021, out=tmp_path / "year")
    change = ("--set", "220200/390:inpatient.bands.3=50/60/65", "--lang", "zh")
    ran = run("simulate", tmp_path / "year", *change, "--page", "--out", tmp_path / "with")
    assert ran.status == 0, ran.err
    page = tmp_path / "with" / "simulation.html"
    check_page(page.read_text("utf-8"), "zh-CN")
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert run("simulate", tmp_path / "year", *change, "--out", tmp_path / "without").status == 0
    assert not (tmp_path / "without" / "simulation.html").exists()
