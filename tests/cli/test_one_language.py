"""What commands of the policy clerk, of keys and of plugins print is of one language, and of the one that was asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from qingsuan.messages import LANGUAGES, Lang
from settling import RULES, Ran, install, only, run

CHINESE = re.compile(r"[\u3400-\u9fff]")
ENGLISH = re.compile(r"\b[A-Za-z][a-z]+ [a-z]+ [a-z]+\b")
"""Three words in a row are English, not a name or what is typed."""
AS_WRITTEN = ("低保", "the document names no number", "paid by hand", "their others sheet", "其他")
"""What the files of this page say themselves, or what a sheet is called."""
CHANGED = {
    'deductible = { per = "visit", yuan = [100, 50], source = "X" }': (
        'deductible = { per = "visit", columns = { dedc_hosp_lv = ["1", "2"] }, rows = { all = [300, 400] }, source = "X" }'
    ),
    'percent = [50, "62.5"]': 'percent = [70, "62.5"]',
    'when = { med_type = ["21"] }': 'when = { med_type = ["21"], dedc_hosp_lv = ["1", "2"] }',
}
TABLE = RULES
for written, instead in CHANGED.items():
    TABLE = TABLE.replace(written, instead)
CASE = """format = 1
title = "paid by hand"
source = "made up"
constructed = true
year = 2022

[[insured]]
insutype = "390"
insu_admdvs = "990101"
psn_type = "1501"

[[claims]]
setl_id = "S1"
insutype = "390"
insu_admdvs = "990101"
med_type = "21"
dedc_hosp_lv = "1"
inscp_scp_amt = "800"

[[claims]]
setl_id = "S2"
insutype = "390"
insu_admdvs = "990101"
med_type = "11"
inscp_scp_amt = "800"

[[expect]]
setl_id = "S1"
hifp_pay = "1.00"

[[expect]]
setl_id = "S2"
hifp_pay = "1.00"
"""


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder of a made-up region: a table, a ratio that falls, and a case that comes out otherwise."""
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)
    folder = tmp_path / "work"
    (folder / "cases").mkdir(parents=True)
    (folder / "a.toml").write_text(TABLE, "utf-8")
    (folder / "cases" / "stay.toml").write_text(CASE, "utf-8")
    return folder


def check(ran: Ran, lang: Lang, *said: str) -> None:
    """Hold every line against the language; what is quoted is typed, and paths are names."""
    text = ran.out + ran.err
    assert all(one in text for one in said), text
    for own in AS_WRITTEN:
        text = text.replace(own, "…")
    if lang == "en":
        assert CHINESE.findall(text) == [], text
    else:
        text = re.sub(r"“[^”]*”|[!-~]*/[!-~]*|qingsuan [a-z -]+", "", text)
        assert ENGLISH.findall(text) == [], text
        assert CHINESE.search(text), text


def show(work: Path, lang: Lang) -> None:
    asked = ("policy", "show", "990100", "--date", "2022-05-01", "--rules-dir", work, "--lang", lang)
    said = {
        "zh": (
            "2021-02-01 起",
            "起付线 deductible：每次   [X]",
            "医院等级    1    2",
            "因此退回 医疗类别 11",
            "工作副本：",
        ),
        "en": (
            "from 2021-02-01",
            "deductible: per visit   [X]",
            "dedc_hosp_lv",
            "refuses med_type 11",
            "working copy: ",
        ),
    }
    ran = run(*asked)
    assert ran.status == 0, ran
    check(ran, lang, *said[lang])
    assert json.loads(run(*asked, "--json").out)[0]["layers"]["pooled"]["tables"][1]["key"] == "deductible"


def lint(work: Path, lang: Lang) -> None:
    asked = ("policy", "lint", "--no-cases", "--rules-dir", work, "--lang", lang)
    said = {
        "zh": (
            "ratio-falls: layers.pooled.bands",
            "两个比例是否对调？",
            "待说明的疑点 1 处",
            "qingsuan: policy lint：",
        ),
        "en": ("ratio-falls: layers.pooled.bands", "are two percentages exchanged?", "1 oddities to ask about"),
    }
    ran = run(*asked)
    assert ran.status == 4, ran
    check(ran, lang, *said[lang])
    assert "are two percentages exchanged?" in run(*asked, "--json").out


def compare(work: Path, lang: Lang) -> None:
    asked = ("policy", "diff", "installed", work, "--of", "990100", "--lang", lang)
    said = {
        "zh": ("待遇层 pooled：支付比例 bands：", "50% / 62.5% → 70% / 62.5%", "新增：300", "见 made up，1（虚构）"),
        "en": ("layers.pooled.bands: ", "50% / 62.5% → 70% / 62.5%", "new: 300", "in made up, 1 (made-up)"),
    }
    ran = run(*asked)
    assert ran.status == 0, ran
    check(ran, lang, *said[lang])
    changes = json.loads(run(*asked, "--json").out)[0]["changes"]
    assert ("layers.pooled", "bands") in [(one["place"], one["key"]) for one in changes]
    one_side = run("policy", "diff", "2021-01-31", "2022-01-01", "--of", "990100", "--lang", lang)
    check(one_side, lang, {"zh": "仅 B 有", "en": "only in B"}[lang])


def cases(work: Path, lang: Lang) -> None:
    asked = ("policy", "test", "--rules-dir", work, "--lang", lang)
    said = {
        "zh": (
            "  不符  stay.toml：",
            "hifp_pay：应为 1.00，实际为 350.00 (+349.00)",
            "  起付线 deductible：",
            "E_NO_RULE（",
        ),
        "en": (
            "  FAIL  stay.toml: ",
            "hifp_pay: expected 1.00, found 350.00 (+349.00)",
            "  deductible: ",
            "E_NO_RULE (",
        ),
    }
    ran = run(*asked)
    assert ran.status == 4, ran
    check(ran, lang, *said[lang])
    assert any("hifp_pay: expected 1.00" in line for line in json.loads(run(*asked, "--json").out)[0]["told"])


def workbook(work: Path, lang: Lang) -> None:
    book = work.parent / "rules.xlsx"
    rules = ("--rules-dir", work, "--lang", lang)
    ran = run("policy", "export", "990100", book, *rules)
    assert ran.status == 0, ran
    check(ran, lang, {"zh": "1 张表，取自 a.toml", "en": "1 tables of a.toml"}[lang])
    check(run("policy", "import", book, *rules), lang, {"zh": "无须写入", "en": "nothing to write"}[lang])
    opened = openpyxl.load_workbook(book)
    cells = [cell for sheet in opened for row in sheet.iter_rows() for cell in row if cell.value == 400]
    assert len(cells) == 1
    cells[0].value = 450
    opened.save(book)
    check(
        run("policy", "import", book, *rules),
        lang,
        "400 → 450",
        {"zh": "不加 --write 不写入", "en": "without --write"}[lang],
    )
    check(
        run("policy", "import", book, *rules, "--write"),
        lang,
        {"zh": "已写入 1 个单元格", "en": "1 cells written"}[lang],
    )


def keys(work: Path, lang: Lang) -> None:
    ran = run("sign", "--new-key", work / "bureau.key", "--lang", lang)
    assert ran.status == 0, ran
    check(ran, lang, {"zh": "私钥，供有权签名者使用", "en": "the private key"}[lang])


def installed(work: Path, lang: Lang) -> None:
    said = {
        "zh": ("规则 1 条，缺少参数 1 个", "（没有规则）"),
        "en": ("1 rules, 1 missing parameters", "(no rule set)"),
    }
    check(run("plugins", "--lang", lang), lang, *said[lang])
    sealed = run("plugins", "seal", work / "approved.toml", "--lang", lang)
    check(sealed, lang, {"zh": "已列入 1 个插件", "en": "1 plugins sealed"}[lang])
    (work.parent / "site" / "qingsuan_settling" / "rules" / "a.toml").write_text(TABLE.replace("70,", "700,"), "utf-8")
    refused = run("plugins", "--lang", lang)
    assert refused.status == 4
    check(refused, lang, {"zh": "被拒绝", "en": "REFUSED"}[lang], "a.toml")


def begun(work: Path, lang: Lang) -> None:
    asked = ("new-plugin", "980000", "x", "--pool", "980100:x", "--out", work / "new", "--lang", lang)
    ran = run(*asked)
    assert ran.status == 0, ran
    check(ran, lang, {"zh": "统筹区 1 个", "en": "1 pools"}[lang], "qingsuan plugins check qingsuan-980000")


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("command", [show, lint, compare, cases, workbook, keys, installed, begun])
def test_a_command_speaks_one_language(command: Callable[[Path, Lang], None], lang: Lang, work: Path) -> None:
    command(work, lang)


@pytest.mark.parametrize(("pool", "scheme"), [("220100", "390"), ("150900", "390")])
def test_rules_of_shipped_plugins_are_shown_in_chinese(pool: str, scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QINGSUAN_LANG", "zh")
    ran = run("policy", "show", pool, "--date", "2021-06-01", "--scheme", scheme)
    assert ran.status == 0, ran
    check(ran, "zh", "待遇层 ", "支付比例 bands：", "\n依据\n", "（理解）：")
