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


def test_its_example_finds_a_person_without_the_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    people = [*some_people(20_000), "22010000000007"]
    create(tmp_path / "year", claims(people), insured(some_people(20_000)), partitions=1)
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 1
    assert "qingsuan" not in blocks[0]
    names: dict[str, Any] = {}
    exec(compile(blocks[0], "docs/prepared-year.md", "exec"), names)  # noqa: S102
    assert capsys.readouterr().out == "20001 claims\n2 of 22010000000007\n"
    texts = ["年" * 40, *("0123456789abcdefghijklmnopqrstuvwxyz"[:length] for length in range(37))]
    assert [names["hash_of"](text) for text in texts] == Texts.of(pa.array(texts)).hashes.tolist()


def test_its_numbers_are_those_of_the_format() -> None:
    assert f"version {layout.VERSION}" in PAGE
    assert f"has {layout.ROWS_PER_BATCH} rows" in PAGE
    assert f"`{layout.FORMAT}`" in PAGE
