"""What is said to people is there in both languages: nothing untranslated, nothing unused, the same placeholders."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import qingsuan
from qingsuan.messages import Words, language_of

ENGINE = Path(qingsuan.__file__).parent
CATALOGUE = ENGINE / "messages" / "zh.po"
KEYWORDS = {"speak": None, "marked": None}
CHINESE = re.compile(r"[\u3400-\u9fff]")


def said() -> dict[str, str]:
    """Every English text of the engine, and where it stands; ``speak`` and ``marked`` of the catalogue's own room are none."""
    found = extract_from_dir(
        ENGINE, method_map=[("**.py", "python"), ("**.j2", "jinja2")], keywords=KEYWORDS, comment_tags=()
    )
    return {str(text): f"{file}:{line}" for file, line, text, _, _ in found if not file.startswith("messages/")}


def catalogue() -> dict[str, str]:
    with CATALOGUE.open("rb") as file:
        return {str(one.id): str(one.string) for one in read_po(file, locale="zh", abort_invalid=True) if one.id}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_every_text_has_a_translation_and_every_translation_a_text() -> None:
    texts, known = said(), catalogue()
    assert [f"{where}: {text!r} is not in zh.po" for text, where in texts.items() if not known.get(text)] == []
    assert sorted(known.keys() - texts.keys()) == [], "nobody says these any more"


@pytest.mark.parametrize(("english", "chinese"), catalogue().items())
def test_a_translation_fills_in_the_same_values(english: str, chinese: str) -> None:
    assert placeholders(english) == placeholders(chinese)
    assert "" not in placeholders(english), "a placeholder has a name"


def test_an_english_text_has_no_chinese_and_a_chinese_one_has_some() -> None:
    mixed = [text for text in catalogue() if CHINESE.search(text)]
    assert mixed == []
    untranslated = [text for text, chinese in catalogue().items() if not CHINESE.search(chinese)]
    assert untranslated == []


def test_no_text_is_there_twice_and_none_is_unsure() -> None:
    text = CATALOGUE.read_text("utf-8")
    assert "fuzzy" not in text
    assert "#~" not in text
    ids = re.findall(r'^msgid (".*"(?:\n".*")*)', text, re.MULTILINE)
    assert len(ids) == len(set(ids))


def test_only_plain_texts_are_said() -> None:
    """A text that is put together before it is said is found by no extraction; one in a variable was marked where it stands."""
    for path in ENGINE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "speak":
                assert not isinstance(node.args[0], ast.JoinedStr | ast.BinOp), f"{path}:{node.lineno}"


def test_an_untranslated_text_is_no_english_one() -> None:
    with pytest.raises(KeyError):
        Words("zh").speak("nobody ever says this")


@pytest.mark.parametrize(
    ("asked", "environment", "found"),
    [
        ("en", {"QINGSUAN_LANG": "zh"}, "en"),
        (None, {"QINGSUAN_LANG": "zh", "LC_ALL": "en_US.UTF-8"}, "zh"),
        (None, {"QINGSUAN_LANG": "", "LC_ALL": "zh_CN"}, "zh"),
        (None, {"LC_ALL": "en_US.UTF-8", "LANG": "zh_CN.UTF-8"}, "en"),
        (None, {"LC_MESSAGES": "zh_TW", "LANG": "en_US"}, "zh"),
        (None, {"LANG": "fr_FR.UTF-8"}, "en"),
        (None, {}, "en"),
    ],
)
def test_the_language_is_the_first_that_is_said(asked: str | None, environment: dict[str, str], found: str) -> None:
    assert language_of(asked, environment) == found


@pytest.mark.parametrize(
    ("asked", "environment", "which"), [("fr", {}, "lang"), (None, {"QINGSUAN_LANG": "cn"}, "QINGSUAN_LANG")]
)
def test_another_language_is_refused_by_name(asked: str | None, environment: dict[str, str], which: str) -> None:
    with pytest.raises(ValueError, match=which):
        language_of(asked, environment)
