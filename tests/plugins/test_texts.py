"""What parameter files say in English is there in Chinese: nothing untranslated, nothing unused; and pages say it so."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qingsuan.errors import PolicyError
from qingsuan.plugins import load
from qingsuan.plugins.texts import CATALOGUE, rules_in_chinese, texts_in_chinese
from qingsuan.policy.model import Region
from qingsuan.policy.reader import read_rule_sets

REGIONS = {plugin.name: plugin.region for plugin in load().plugins if plugin.region is not None}
TOLD = ("article", "document", "title", "why")
ENGLISH = re.compile(r"[a-z]{2,} [a-z]{2,}")


def told(value: Any, key: str = "") -> Iterator[str]:
    """Every text of a parameter file that people read."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from told(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from told(inner, key)
    elif isinstance(value, str) and key in TOLD:
        yield value


def texts_of(region: Region) -> set[str]:
    files = Path(str(region.rules)).parent.glob("**/*.toml")
    return {text for file in files for text in told(tomllib.loads(file.read_text("utf-8")))}


@pytest.mark.parametrize("name", REGIONS)
def test_every_english_text_has_a_translation_and_every_translation_a_text(name: str) -> None:
    texts, known = texts_of(REGIONS[name]), texts_in_chinese(REGIONS[name])
    assert [text for text in texts if ENGLISH.search(text) and text not in known] == []
    assert sorted(known.keys() - texts) == []
    assert [text for text, chinese in known.items() if numbers(text) - numbers(chinese)] == []


def numbers(text: str) -> Counter[str]:
    """Numbers of two digits and more, none of which a translation loses; a smaller one may be a word in one of the languages."""
    return Counter(re.findall(r"\d{2,}", text))


@pytest.mark.parametrize("name", REGIONS)
def test_sources_and_reasons_of_rules_are_said_in_chinese(name: str) -> None:
    for rule_set in read_rule_sets(REGIONS[name]):
        chinese = rules_in_chinese(rule_set, REGIONS[name])
        assert chinese.layers == rule_set.layers
        said = [text for one in chinese.sources.values() for text in (one.document, one.article)]
        said += [one.why for one in (*chinese.missing, *chinese.beyond, *chinese.explained)]
        assert [text for text in said if ENGLISH.search(text)] == []


def test_a_region_without_texts_says_what_its_files_say() -> None:
    (rule_set, *_) = read_rule_sets(REGIONS["jilin"])
    assert rules_in_chinese(rule_set, Region("990000", "made up")) == rule_set


@pytest.mark.parametrize(
    ("content", "said"), [(None, "No such file"), (b"\xff\xfe", "utf-8"), (b'msgid "a\n', "cannot be read")]
)
def test_a_catalogue_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / CATALOGUE).write_bytes(content)
    with pytest.raises(PolicyError, match=said):
        texts_in_chinese(Region("990000", "made up", texts=tmp_path))
