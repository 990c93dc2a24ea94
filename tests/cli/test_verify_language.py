"""What ``qingsuan verify`` prints is of one language, of whole folders and of damaged ones, and of the one that was asked for."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import tampering
from qingsuan.cli.asking.verified import as_text
from qingsuan.messages import LANGUAGES, Lang, Words
from qingsuan.signatures.keys import new_pair, private_key
from qingsuan.signatures.signature import sign
from qingsuan.verify.books import CheckedBooks
from qingsuan.verify.clearing import CheckedClearing
from qingsuan.verify.findings import Findings
from qingsuan.verify.finished import Verified
from qingsuan.verify.heads.premium import CheckedPremiums
from qingsuan.verify.heads.subsidy import CheckedSubsidy
from qingsuan.verify.ledgers import CheckedLedgers
from settling import Ran, claim, install, insured, only, run, settle, write

CHINESE = re.compile(r"[\u3400-\u9fff]")
ENGLISH = re.compile(r"\b[A-Za-z][a-z]+ [a-z]+ [a-z]+\b")
"""Three words in a row are English, not a name or what is typed."""
NAMED = "benefits 待遇结算"
"""What a record calls the settlement, in either language."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A tiny year of a made-up region, with every table, signed; what damages it, and a pair of keys."""
    place = tmp_path_factory.mktemp("verified")
    with pytest.MonkeyPatch.context() as patch:
        install(place / "site")
        only(place / "site", patch)
        claims = [
            claim(setl_id=f"s{n}", psn_no=f"p{n % 3}", setl_time=f"2022-03-{n + 5:02} 10:00:00") for n in range(5)
        ]
        write(place / "in" / "claims.csv", [*claims, claim(setl_id="bad", med_type="x")])
        write(place / "in" / "insured.csv", [insured(psn_no=f"p{n}") for n in range(3)])
        more = ("--accumulators", "--detail")
        assert settle(place / "in/claims.csv", place / "in/insured.csv", place / "out", *more).status == 0
        new_pair(place / "bureau.key")
        sign(place / "out", private_key(place / "bureau.key", str))
        yield place


def verified(folder: Path, made: Path, lang: Lang, *more: object) -> Ran:
    ran = run("verify", folder, "--inputs", made / "in", "--key", made / "bureau.key.pub", "--lang", lang, *more)
    check(ran.out + ran.err, lang)
    return ran


def check(text: str, lang: Lang) -> None:
    """Hold every line against the language; what is quoted is typed, and paths are names."""
    if lang == "en":
        assert CHINESE.findall(text.replace(NAMED, "")) == [], text
        return
    assert "benefits" not in text
    text = re.sub(r"“[^”]*”|[!-~]*/[!-~]*|qingsuan [a-z -]+", "", text)
    assert ENGLISH.findall(text) == [], text
    assert CHINESE.search(text), text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_whole_folder_is_told_in_one_language(lang: Lang, made: Path) -> None:
    ran = verified(made / "out", made, lang, "--settle")
    assert ran.status == 0, ran
    said = {
        "zh": (
            "：待遇结算：已复核 文件 ",
            "已结算记录 5 行",
            "重新结算 out，",
            "各项合计相符",
            "正在检查：out：重新结算……",
        ),
        "en": (
            f": {NAMED}: ",
            "5 settled rows",
            "settled again: out, ",
            "everything adds up",
            "checking out: settling again …",
        ),
    }
    assert [one for one in said[lang] if one not in ran.out + ran.err] == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_without_a_key_and_in_the_language_of_the_machine(
    lang: Lang, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QINGSUAN_LANG", raising=False)
    monkeypatch.setenv("LC_ALL", {"zh": "zh_CN.UTF-8", "en": "C"}[lang])
    ran = run("verify", made / "out")
    check(ran.out + ran.err, lang)
    assert {"zh": "\n说明：由密钥 ", "en": "\nnote: it is signed by the key "}[lang] in ran.out


DAMAGE = {
    "cells": ("cell: settled psn_no", "cell: settled hifp_pay", "cell: rejected code", "cell: accumulators balc"),
    "bill": ("cell: settled medfee_sumamt", "cell: settled variant", "cell: setldetail setl_id"),
    "tables": ("table: a row twice", "table: a total", "table: a file of totals too many"),
    "gone": ("table: rejected rows gone", "table: a table of totals gone", "table: money between two people"),
    "record": ("record: rows", "record: an amount", "record: the year", "record: the digest of an input"),
    "ledger": ("ledger: the compiled rules", "ledger: the region of a plugin", "ledger: a rule file"),
}
EVERY = {
    f"{kind}: {name}": tamper
    for kind, several in (
        ("cell", tampering.CELLS),
        ("table", tampering.TABLES),
        ("record", tampering.RECORDS),
        ("ledger", tampering.LEDGERS),
    )
    for name, tamper in several.items()
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_what_is_damaged_is_told_in_one_language(kind: str, made: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(made / "out", tmp_path / "out"))
    for name in DAMAGE[kind]:
        EVERY[name](out)
    (out / "more.txt").write_text("more", "utf-8")
    (out / "link").symlink_to(made)
    for is_sealed in (False, True):
        if is_sealed:
            (out / "link").unlink()
            tampering.seal_all(out)
        told = {lang: verified(out, made, lang) for lang in LANGUAGES}
        assert {ran.status for ran in told.values()} == {3}
        english, chinese = told["en"].out, told["zh"].out
        assert english.count("\n  found: ") == chinese.count("\n  实际：") > 0
        assert english.count("\n  expected: ") == chinese.count("\n  应为：")
        assert english.count("\n  what to do: ") == chinese.count("\n  处理：")
        assert english.count("\n") == chinese.count("\n")


def test_json_is_english_in_either_language(made: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(made / "out", tmp_path / "out"))
    EVERY["cell: settled hifp_pay"](out)
    told = [run("verify", out, "--json", "--lang", lang) for lang in LANGUAGES]
    assert told[0].out == told[1].out
    findings = json.loads(told[0].out)["findings"]
    assert {one["do"] for one in findings if one["check"] == "its SHA-256"} == {
        "do not use this folder: fetch it again from where it is kept whole, or settle anew"
    }


@pytest.mark.parametrize(
    "looked_at",
    [
        {"subsidy": CheckedSubsidy(40, 593, 8, 1)},
        {"ledgers": CheckedLedgers(312, 645, 36)},
        {"premiums": CheckedPremiums(227, 1, 2, 3)},
        {"clearing": CheckedClearing(470, 286, 11)},
        {"books": CheckedBooks(352, 356, 676)},
        {"rows": {"contracts": 2}},
        {"rows_compared": 8, "claims_compared": 1000},
    ],
    ids=lambda looked_at: str(next(iter(looked_at))),
)
def test_every_settlement_is_told_in_one_language(looked_at: dict[str, object]) -> None:
    one = replace(Verified("benefits 待遇结算", notes=["settle: rows are not looked at"]), **looked_at)  # type: ignore[arg-type]
    one.notes = ["settle: rows are not compared with the claims: not all of their files are at hand"]
    texts = {lang: as_text(Words(lang), Path("out"), one, []) for lang in LANGUAGES}
    for lang, text in texts.items():
        check(text, lang)
    assert "说明：settle：未与结算记录逐行比较" in texts["zh"]


def test_what_stands_in_a_finding_is_said_or_stays() -> None:
    """Identities by their names; people, lists, names of tables and what is not there."""
    found = Findings()
    found.add("fund/statement", "benefits resident 220100", "12.00", "11.00, as settle/totals/care.parquet has it")
    found.add("settle/run.json: rows", "rows settle claims", "1", "2, as settle/run.json: inputs has it")
    found.add("contracts", "surplus: next year's part as the bands add up", None, True)
    found.add("accumulators/part-00000.parquet", "every account is there", "psn_no (2 characters: --show-values), "
              "pool 990100, scheme 390: no row", "its balance and counters", 4)  # fmt: skip
    found.add("settled", "balc = the balance before − acct_pay", "balc 100, acct_pay 5 (fen)", "x", 1)
    found.add("run.json", "rejected rows by code", {"E_CODE": 2}, {"E_CODE of the rows": 1})
    for _ in range(9):
        found.add("settled", "hifp_pay is filled", "neither", "a row in which it is not so")
    told = as_text(Words("zh"), Path("out"), Verified("benefits 待遇结算", findings=found), [])
    assert [one for one in told.splitlines() if "处理：" not in one][1:13] == [
        "fund/statement：结算的基金支付 = 基金账待遇支出 resident 220100",
        "  实际：12.00",
        "  应为：11.00（据 settle/totals/care.parquet）",
        "settle/run.json: 行：输入行 = 输出行 + 退回行 settle claims",
        "  实际：1",
        "  应为：2（据 settle/run.json: inputs）",
        "contracts：surplus：下年 所占部分等于各段合计",
        "  实际：无",
        "  应为：是",
        "accumulators/part-00000.parquet 第 4 行：每个账户都在",
        "  实际：psn_no （2 个字符：--show-values），统筹区 990100，险种 390：没有行",
        "  应为：其余额与累计",
    ]
    assert "  实际：balc 100, acct_pay 5（分）" in told
    assert "{'E_CODE of the rows': 1}" in told
    assert told.endswith("settled：hifp_pay 已填写：另有 4 处")


def test_a_long_list_of_values_takes_no_time() -> None:
    found = Findings()
    values = ", ".join(f"pool {n} of {n}, row {n}: {n} (fen)" for n in range(5000))
    found.add("run.json", "outcomes", values, f"[{values}]")
    assert values in as_text(Words("zh"), Path("out"), Verified("benefits 待遇结算", findings=found), [])
