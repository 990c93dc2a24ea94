"""Pages in Chinese beside their English ones: the same sections, commands, tables and names; only what is said of them is translated."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*sorted(ROOT.glob("docs/*.zh-CN.md")), ROOT / "plugins/README.zh-CN.md"]  # all of them readable


def english(page: Path) -> str:
    return page.with_name(page.name.replace(".zh-CN.md", ".md")).read_text("utf-8")


def blocks(text: str) -> list[str]:
    """What is typed or printed; comments in it may be translated."""
    return [re.sub(r"[ \t]*#.*", "", block) for block in re.findall(r"^```.*?^```", text, re.MULTILINE | re.DOTALL)]


def without_blocks(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def levels(text: str) -> list[int]:
    return [len(signs) for signs in re.findall(r"^(#+) ", without_blocks(text), re.MULTILINE)]


def rows(text: str) -> list[int]:
    """How many cells each row of a table has."""
    return [line.replace("\\|", "").count("|") for line in without_blocks(text).splitlines() if line.startswith("|")]


def names(text: str) -> Counter[str]:
    """What stands as code in a sentence or a table."""
    return Counter(re.findall(r"`([^`\n]+)`", without_blocks(text)))


def anchors(text: str) -> set[str]:
    """Where a link into a page can lead: its headings, as GitHub names them."""
    headings = re.findall(r"^#+ (.*)$", without_blocks(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_chinese_page_is_its_english_one(page: Path) -> None:
    text, other = page.read_text("utf-8"), english(page)
    assert levels(text) == levels(other)
    assert rows(text) == rows(other)
    if (
        page.name != "your-plugin-in-one-hour.zh-CN.md"
    ):  # whose answers are in Chinese: tests/house/test_one_hour_page.py
        assert blocks(text) == blocks(other)
        assert names(text) == names(other)
    assert len(re.findall(r"[\u3400-\u9fff]", text)) > len(without_blocks(other)) // 10, "it is in Chinese"


def test_both_pages_lead_to_each_other() -> None:
    for page in PAGES:
        name = page.name.replace(".zh-CN.md", ".md")
        assert f"]({page.name})" in english(page), f"{name} leads to {page.name}"
        assert f"]({name})" in page.read_text("utf-8"), f"{page.name} leads to {name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_anchor_of_a_chinese_page_is_a_heading(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)\s#:]*)#([^)\s]+)\)", page.read_text("utf-8")):
        led_to = page.parent / target if target else page
        assert anchor in anchors(led_to.read_text("utf-8")), f"{page.name} leads to {target}#{anchor}"


@pytest.mark.parametrize("catalogue", ["zh.po", "written.zh.po"])
def test_a_chinese_message_leads_to_a_chinese_page(catalogue: str) -> None:
    with (ROOT / "engine/qingsuan/messages" / catalogue).open("rb") as file:
        said = "\n".join(str(message.string) for message in read_po(file))
    for page in re.findall(r"(?:docs|plugins)/[\w.-]+?\.md", said):
        assert (ROOT / page).exists(), f"{catalogue} names {page}"
        assert ROOT / page.replace(".md", ".zh-CN.md") not in PAGES, f"{catalogue} names the English {page}"
