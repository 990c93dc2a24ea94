"""What docs/prepared-year.md shows works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from prepared_years import claims, create, insured, some_people
from qingsuan.people import Texts
from qingsuan.run.prepared import layout

PAGE = (Path(__file__).parents[3] / "docs/prepared-year.md").read_text("utf-8")


BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
PEOPLE = [*some_people(20_000), "22010000000007"]


@pytest.fixture
def year(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder that the page reads, in the folder where one is."""
    create(tmp_path / "year", claims(PEOPLE), insured(some_people(20_000)), partitions=1)
    monkeypatch.chdir(tmp_path)


def shown_by(number: int, capsys: pytest.CaptureFixture[str], names: dict[str, Any]) -> str:
    exec(compile(BLOCKS[number], "docs/prepared-year.md", "exec"), names)  # noqa: S102
    return capsys.readouterr().out


@pytest.mark.usefixtures("year")
def test_pyarrow_finds_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    assert shown_by(0, capsys, names) == "20001 claims\n2 of 22010000000007\n"
    texts = ["年" * 40, *("0123456789abcdefghijklmnopqrstuvwxyz"[:length] for length in range(37))]
    assert [names["hash_of"](text) for text in texts] == Texts.of(pa.array(texts)).hashes.tolist()


@pytest.mark.usefixtures("year")
@pytest.mark.parametrize(("number", "tool", "shown"), [(1, "polars", sum(range(20_001))), (2, "duckdb", 20_000)])
def test_other_tools_read_it(number: int, tool: str, shown: int, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip(tool)
    assert tool in BLOCKS[number]
    assert shown_by(number, capsys, {}) == f"{shown}\n"


def test_it_needs_nothing_of_ours() -> None:
    assert len(BLOCKS) == 3
    assert "qingsuan" not in "".join(BLOCKS)


def test_its_numbers_are_those_of_the_format() -> None:
    assert f"version {layout.VERSION}" in PAGE
    assert f"has {layout.ROWS_PER_BATCH} rows" in PAGE
    assert f"`{layout.FORMAT}`" in PAGE
