"""The room of pages: escaped texts, pictures that need nothing, and files for their owner alone."""

from __future__ import annotations

import itertools
import stat
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import UndefinedError

from html_pages import check_page, texts_of
from qingsuan.errors import UsageError
from qingsuan.pages.charts import text_millimetres
from qingsuan.pages.files import write_page
from qingsuan.pages.numbers import nice_steps, percent, short_yuan
from qingsuan.pages.pictures import bars, curves
from qingsuan.pages.rendering import render

HOSTILE = '</text><script>alert("1")</script>&amp;$x_1$'

TEMPLATE = """{% extends "base.html.j2" %}{% from "parts.html.j2" import badge, table %}
{% block title %}{{ name }}{% endblock %}
{% block body %}<h1 title="{{ name }}">{{ name }}</h1>{{ badge("reading", {"reading": "理解"}) }}
{{ table(["a", name], [[name, amount | yuan], [["x", name], ratio | percent]], 1) }}
{% for one in pictures %}<figure>{{ one }}</figure>{% endfor %}{% endblock %}
"""


def pictures() -> list[str]:
    one = bars("one", HOSTILE, [("统筹基金", [12_345, -3]), (HOSTILE, [-500])], "变化 (元)", short_yuan)
    lines = {"基金": [0, 100, 250], HOSTILE: [-20, 0, 3]}
    two = curves("two", "曲线", [5000, 5500, 6000], lines, ("支付比例", "金额 (元)"), (percent, short_yuan))
    return [one, two]


def page_of(folder: Path) -> str:
    (folder / "t.html.j2").write_text(TEMPLATE, "utf-8")
    return render(folder, "t.html.j2", name=HOSTILE, amount=123_456_789, ratio=1250, pictures=pictures())


def test_every_text_is_escaped_in_templates_and_in_pictures(tmp_path: Path) -> None:
    page = page_of(tmp_path)
    check_page(page, "zh-CN")
    assert texts_of(page).count(HOSTILE) == 7, "title, heading, header, two cells, bar, legend"
    assert "1,234,567.89" in page
    assert "12.5%" in page
    assert ">理解<" in page


def test_a_picture_is_the_same_each_time_and_its_texts_are_texts_with_titles_and_units() -> None:
    first, second = pictures(), pictures()
    assert first == second
    for said in ("统筹基金", "变化 (元)", "-50", "150"):
        assert f">{said}</text>" in first[0]
    for said in ("支付比例", "金额 (元)", "50%", "60%", "基金"):
        assert f">{said}</text>" in first[1]
    assert "font-family" not in first[0]
    assert "<style" not in first[0]


def test_pictures_on_one_page_share_no_id(tmp_path: Path) -> None:
    (tmp_path / "t.html.j2").write_text(TEMPLATE, "utf-8")
    two = [bars(name, "", [("a", [1])], "t", short_yuan) for name in ("first", "second")]
    check_page(render(tmp_path, "t.html.j2", name="n", amount=0, ratio=0, pictures=two), "zh-CN")


def test_a_template_that_names_what_is_not_there_fails(tmp_path: Path) -> None:
    (tmp_path / "t.html.j2").write_text("{{ absent }}", "utf-8")
    with pytest.raises(UndefinedError):
        render(tmp_path, "t.html.j2")


@given(st.integers(-(10**15), 10**15), st.integers(0, 10**15))
@settings(max_examples=300)
def test_the_steps_of_an_axis_enclose_everything_and_are_few(low: int, spread: int) -> None:
    steps = nice_steps(low, low + spread)
    assert steps[0] <= low
    assert steps[-1] >= low + spread
    assert 2 <= len(steps) <= 8
    (apart,) = {after - before for before, after in itertools.pairwise(steps)}
    assert str(apart).rstrip("0") in ("1", "2", "5")


def test_a_chinese_text_is_given_more_room_than_a_latin_one() -> None:
    assert text_millimetres("统筹基金") > text_millimetres("fund")


def test_a_page_about_people_can_be_read_by_its_owner_alone(tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    out.write_text("what was there", "utf-8")
    out.chmod(0o644)
    write_page("页", out, private=True)
    assert out.read_text("utf-8") == "页"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    write_page("页", out, private=False)
    assert stat.S_IMODE(out.stat().st_mode) == 0o644
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("name", ["absent/page.html", "."])
def test_a_page_that_cannot_be_written_is_said_and_leaves_nothing_behind(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        write_page("x", tmp_path / name, private=True)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("library", ["jinja2", "matplotlib"])
def test_who_lacks_a_library_is_told_the_extra(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(UsageError, match=f"{library} is not installed") as raised:
        bars("one", "", [("a", [1])], "t", short_yuan)
    assert 'pip install "qingsuan[pages]"' in str(raised.value)
