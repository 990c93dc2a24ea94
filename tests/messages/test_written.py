"""Errors and help speak Chinese: every text of them is in the catalogue, found by reading the code, and is found again where it is said."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import click
import pytest
from babel.messages.pofile import read_po

import qingsuan
from finding_texts import finding_texts
from qingsuan.cli import cli
from qingsuan.cli.speaking import CLICK_SAYS, SpeakingContext, spoken_to
from qingsuan.messages import Words, written_says
from qingsuan.messages.written import known_texts
from qingsuan.report.text import width
from settling import run
from written_texts import help_texts, is_prose, shape, written_texts

MESSAGES = Path(qingsuan.__file__).parent / "messages"
CHINESE = re.compile(r"[\u3400-\u9fff]")
ENGLISH = re.compile(r"\b[A-Za-z][a-z]+ [a-z]+ [a-z]+\b")
"""Three words in a row are English, not a name or what is typed."""
AS_TYPED = {
    '"format": "{}"',
    "--engine spark",
    "chmod 600 {}",
    "en",
    "no-budget",
    "overlapping",
    "same-county",
    "successive",
    'per = "visit"',
    'per = "{}"',
    'per = "{}", group = "{}"',
    "several-terms",
    "exempt = true",
    "false",
    "format = 1",
    "format = {}",
    "from ",
    'money.from_float = "exact-to-the-fen"',
    "new-plugin {}",
    "pip install -e {}",
    'pip install "qingsuan[spark]"',
    'pip install "qingsuan[{}]"',
    'pip install "{}"',
    "plugins check {}",
    "plugins seal",
    "plugins {}",
    "policy lint",
    "policy test",
    "qingsuan policy",
    "qingsuan sign --new-key bureau.key; qingsuan sign out --key bureau.key",
    "qingsuan {}",
    'settings = ["adjust"]',
    "spark",
    "zh",
    'admdvs "{}"',
    'procurement "{}"',
    "{}: format",
    "{}: plugins",
    "{}: shares",
    '{{ form = "…%z", zone = "Asia/Shanghai" }}',
    '{} = {{ zone = "Asia/Shanghai" }}',
    "其他 others",
    "目录 index",
}
"""What is typed as it stands, in either language: keys, columns and commands."""


def catalogue(name: str) -> dict[str, str]:
    with (MESSAGES / f"{name}.po").open("rb") as file:
        return {str(one.id): str(one.string) for one in read_po(file, locale="zh", abort_invalid=True) if one.id}


WRITTEN = catalogue("written.zh")


@pytest.fixture(scope="module")
def texts() -> dict[str, tuple[str, str]]:
    """Every text with its place and kind."""
    return {**written_texts(), **finding_texts(), **help_texts()}


def test_every_text_has_a_translation(texts: dict[str, tuple[str, str]]) -> None:
    known = {shape(one) for one in known_texts().texts} | AS_TYPED
    missing = [
        f'\n#. {where}\nmsgid "{text}"\nmsgstr ""'
        for text, (where, kind) in texts.items()
        if is_prose(text, kind) and shape(text) not in known
    ]
    assert missing == [], "write their Chinese into messages/written.zh.po, or into AS_TYPED what is typed as it stands"


def test_every_translation_has_a_text(texts: dict[str, tuple[str, str]]) -> None:
    known = {shape(one) for one in texts}
    assert [one for one in WRITTEN if shape(one) not in known] == [], "nobody says these any more: take them out"
    assert sorted(AS_TYPED - known) == []


def test_a_translation_is_chinese_with_the_same_values() -> None:
    def names(text: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}

    assert [one for one, chinese in WRITTEN.items() if names(one) != names(chinese)] == []
    assert [one for one, chinese in WRITTEN.items() if not CHINESE.search(chinese)] == []
    shapes = [shape(one) for one in WRITTEN]
    assert len(shapes) == len(set(shapes)), "two texts that differ in the names of their values alone are one"


def test_every_text_is_found_again() -> None:
    """No other text is taken for it, whatever its values are: then a person would read what nobody said."""
    said = known_texts()
    wrong = []
    for english, chinese in WRITTEN.items():
        values: dict[str, str] = {}
        for own, name, _, _ in Formatter().parse(english):
            if name is not None:
                values[name] = f"«{len(values)}»" if own or not values else f" («{len(values)}»)"
        found = said.said(english.format_map(values))
        if found != chinese.format_map(values):
            wrong.append((english, found))
    assert wrong == []


def test_a_value_that_is_a_phrase_is_said_too_and_whatever_else_stays() -> None:
    words = Words("zh")
    assert written_says(words, "cannot be read: nothing there") == "无法读取：那里什么都没有"
    assert written_says(words, "cannot be read: closing") == "无法读取：closing"
    assert written_says(words, "what no message says") == "what no message says"
    whole = "a sentence of a library in which nobody twice says of it what it is"
    assert written_says(words, whole) == whole, "a text of few words is none that has unknown phrases for values"
    assert written_says(words, "one of poor, low") == "poor, low 之一", "a list is a value of one"
    assert written_says(words, "a number of visits above 3") == "高于 3 的次数", "and so is a phrase that is known"
    assert written_says(Words("en"), "nothing there") == "nothing there"


# ---- the command line


@pytest.mark.parametrize(
    ("arguments", "environment", "lang"),
    [
        (["settle", "--lang", "zh"], "en", "zh"),
        (["--lang=en", "settle"], "zh", "en"),
        (["settle", "--lang"], "zh", "zh"),
        (["settle", "--lang", "fr"], "zh", "zh"),
        (["settle"], "neither", "en"),
    ],
)
def test_help_and_errors_speak_what_the_arguments_ask_for(
    arguments: list[str], environment: str, lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QINGSUAN_LANG", environment)
    monkeypatch.setenv("LC_ALL", "C")
    assert spoken_to(arguments).lang == lang


def commands(command: click.Command, *path: str) -> list[tuple[click.Command, tuple[str, ...]]]:
    found = [(command, path)]
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            found += commands(inner, *path, name)
    return found


def test_every_command_explains_itself_in_one_language(monkeypatch: pytest.MonkeyPatch) -> None:
    for columns in ("80", "120"):
        monkeypatch.setenv("COLUMNS", columns)
        for command, path in commands(cli):
            assert command.context_class is SpeakingContext, path
            told = run("--lang", "zh", *path, "--help")
            assert told.status == 0, path
            lines = re.sub(r"“[^”]*”|qingsuan [a-z -]+", "", told.out).splitlines()
            assert [line for line in told.out.splitlines() if width(line) > int(columns)] == []
            assert [line for line in lines if ENGLISH.search(line)] == [], path


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["settle"], "错误：缺少参数 'CLAIMS…'。"),
        (["settle", "a"], "错误：缺少选项 '--out'。"),
        (["settle", "a", "--year", "x"], "错误：'--year' 的值无效：'x' 不是整数。"),
        (["settle", "a", "--year", "1"], "错误：'--year' 的值无效：1 不在范围 2000<=x<=2100 内。"),
        (["settle", "a", "--yeer", "1"], "错误：没有选项 '--yeer'。（是否指其中之一：'--keep', '--year'？）"),
        (["settle", "--year"], "错误：选项 '--year' 需要一个值。"),
        (["settle", "--json=1"], "错误：选项 '--json' 不带值。"),
        (["settle", "--engine", "x"], "错误：'--engine' 的值无效：'x' 不属于 'local', 'spark'。"),
        (["settle", "--memory", "1"], "错误：'--memory' 的值无效：'1' 小于运行所需的 64MB"),
        (["report", "a", "b"], "错误：多余的参数（b）"),
        (["setle"], "错误：没有命令 'setle'。"),
    ],
)
def test_a_command_called_the_wrong_way_says_so(
    arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QINGSUAN_LANG", "zh")
    told = run(*arguments)
    assert told.status == 2
    assert said in told.err.splitlines()
    assert not ENGLISH.search(told.err)
    monkeypatch.setenv("QINGSUAN_LANG", "en")
    assert not CHINESE.search(run(*arguments).err)


def test_what_click_says_is_what_it_said() -> None:
    """A newer click may say it otherwise; then it is written anew here."""
    source = "".join(path.read_text("utf-8") for path in Path(click.__file__).parent.glob("*.py"))
    for text in CLICK_SAYS:
        for own in (own.strip(" .:()") for own, *_ in Formatter().parse(text)):
            assert (
                own.replace("\n\t", "\\n\\t").partition(". ")[0].removesuffix(" integer range").removesuffix(" integer")
                in source
            )


def test_an_error_says_all_of_its_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QINGSUAN_LANG", "zh")
    arguments = ("settle", tmp_path / "a.csv", "--insured", tmp_path / "b.csv", "--year", 2021, "--out", tmp_path / "o")
    told = run(*arguments)
    assert told.status == 3
    first, expected, do = told.err.splitlines()
    assert first == f"qingsuan: {tmp_path / 'a.csv'}：那里没有 claims"
    assert expected == "  应为：文件、含文件的文件夹，或有所匹配的通配符"
    assert do == "  处理：请检查路径"
