"""``docs/your-plugin-in-one-hour.md``, followed to the letter; then its plugin is broken in the fifteen ways that the page lists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from own_environment import OwnEnvironment

DOCS = Path(__file__).parents[2] / "docs"
PAGE, CHINESE = ((DOCS / f"your-plugin-in-one-hour{ending}").read_text("utf-8") for ending in (".md", ".zh-CN.md"))
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
BLOCKS = BLOCK.findall(PAGE)
RULES = "src/qingsuan_990000/rules/9901-390-2021-01-01.toml"
REGION = "src/qingsuan_990000/region.toml"
SETTLE = (
    "qingsuan settle sample/claims.csv --insured sample/insured.csv --year 2021 --out again --allow ../approved.toml"
)

INPATIENT = 'med_type = ["21"], place = ["pool"], dedc_hosp_lv = ["1", "2", "3"]'
TWO_LEVELS = INPATIENT.replace(', "3"]', "]")

BROKEN = {
    "a ratio as a fraction": (RULES, "[60, 65]]", "[0.6, 65]]"),
    "a ratio as a text of a fraction": (RULES, "[60, 65]]", '["0.6", 65]]'),
    "a cell too few in a row": (RULES, "rows.minors = [100, 200, 400]", "rows.minors = [100, 200]"),
    "a key misspelt": (RULES, "[layers.inpatient.deductible]", "[layers.inpatient.deductable]"),
    "a layer misspelt in a rule": (RULES, 'layers = ["inpatient"]', 'layers = ["inpatinet"]'),
    "a source that is nowhere written": (RULES, 'source = "SYB2020_1_3"', 'source = "SYB2020_1_9"'),
    "a comma forgotten": (RULES, "[200, 400, 800]", "[200, 400 800]"),
    "a second rule for the same claims": (RULES, "[rules]\n", f"[rules]\nagain = {{ when = {{ {INPATIENT} }}, layers = [], source = \"SYB2020_1_2\" }}\n"),
    "a level forgotten that": (RULES, f"inpatient = {{ when = {{ {INPATIENT}", f"inpatient = {{ when = {{ {TWO_LEVELS}"),
    "left in beside the rule": (
        RULES,
        "[missing] ",
        '[missing]\n"residents.inpatient.deductible_ratio_cap" = { why = "not read yet", when = { med_type = ["21"] } }\n#',
    ),
    "a folder of": (REGION, 'folders = ["rules"]', 'folders = ["rule"]'),
    "a prefix of another region": (REGION, 'prefixes = ["9901"]', 'prefixes = ["9801"]'),
    "a number that is not that of the notice": (RULES, "[60, 65]]", "[61, 65]]"),
    "a rule without a case": ("tests/cases/9901-390.toml", 'med_type = "140104"\ninscp_scp_amt = "3428.58"', 'med_type = "21"\ninscp_scp_amt = "4100"'),
    "a word changed after the approval": (RULES, "# 门诊慢病", "# 慢病"),
}  # fmt: skip
"""What was done, as a row of the page's table names it: the file, what stands there, and what is written instead."""


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> tuple[OwnEnvironment, Path]:
    """The folder in which every block of the page was done, in its order, and what was said is what the page shows."""
    environment = OwnEnvironment(tmp_path_factory.mktemp("environment"))
    folder = tmp_path_factory.mktemp("work")
    said = ""
    for kind, text in BLOCKS:
        first = text.splitlines()[0]
        if kind in ("toml", "python") and first.startswith("# qingsuan-990000/"):
            file = folder / first.removeprefix("# ").strip()
            assert file.exists(), f"new-plugin writes no {file.name}, which the page changes"
            file.write_text(text, "utf-8")
        elif kind in ("bash", "python"):
            command = text if kind == "bash" else f"python -c {shlex.quote(text)}"
            done = environment.run(command, folder)
            assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
            said = done.stdout + done.stderr
        else:
            assert kind == "text", kind
            for line in text.splitlines():
                assert line in said, f"{line}\n\n{said}"
    return environment, folder


def test_the_page_leads_to_a_settled_sample(followed: tuple[OwnEnvironment, Path]) -> None:
    _, folder = followed
    kinds = [kind for kind, _ in BLOCKS]
    assert (kinds.count("bash"), kinds.count("toml"), kinds.count("text")) == (6, 2, 6)
    for finished in ("before", "settled", "approved"):
        assert (folder / finished / "run.json").exists()


def test_the_chinese_page_has_the_same_commands_files_and_answers() -> None:
    """So that what is run of one page is run of both."""
    assert BLOCK.findall(CHINESE) == BLOCKS
    answers = re.compile(r"^\| .* \| (`.*`) \|$", re.MULTILINE)
    assert answers.findall(CHINESE.split("## 出错时")[1]) == answers.findall(PAGE.split("## When it breaks")[1])
    prose = re.sub(r"`[^`]*`", "", BLOCK.sub("", CHINESE))
    assert re.findall(r"[a-z]+ [a-z]+ [a-z]+", prose) == []


def rows() -> list[tuple[str, str]]:
    """What was done and what is said, row by row of the table."""
    table = PAGE.split("## When it breaks")[1]
    return [(row[0], row[1].strip("`")) for row in re.findall(r"^\| (.*?) \| (`.*`) \|$", table, re.MULTILINE)]


def test_the_page_lists_fifteen_ways() -> None:
    assert len(rows()) == len(BROKEN) == 15
    assert all(sum(done in row for row, _ in rows()) == 1 for done in BROKEN)


@pytest.mark.parametrize("done", BROKEN)
def test_each_is_told_as_the_page_says(followed: tuple[OwnEnvironment, Path], done: str) -> None:
    environment, folder = followed
    file, written, instead = BROKEN[done]
    path = folder / "qingsuan-990000" / file
    right = path.read_text("utf-8")
    assert right.count(written) == 1, (file, written)
    path.write_text(right.replace(written, instead), "utf-8")
    command = SETTLE if "approval" in done else "qingsuan plugins check qingsuan-990000"
    try:
        told = environment.run(command, folder / "qingsuan-990000")
    finally:
        path.write_text(right, "utf-8")
    (expected,) = [said for row, said in rows() if done in row]
    assert told.returncode == 4, told.stdout + told.stderr
    assert expected in told.stdout + told.stderr, told.stdout + told.stderr
    assert "what to do: " in told.stdout + told.stderr
