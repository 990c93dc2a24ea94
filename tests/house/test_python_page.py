"""``docs/python.md`` is true: every block is run, in a folder with the year it names, and prints what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from settling import run

PAGE = (Path(__file__).resolve().parents[2] / "docs/python.md").read_text("utf-8")
_BLOCK = re.compile(r"^```python\n(.*?)^```\n\n```text\n(.*?)^```", re.MULTILINE | re.DOTALL)
BLOCKS = [
    (section.splitlines()[0], *block)
    for section in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
    for block in _BLOCK.findall(section)
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the made-up year of the page."""
    place = tmp_path_factory.mktemp("page")
    command = re.search(r"^qingsuan sample year (.*)$", PAGE, re.MULTILINE)
    assert command is not None
    assert run("sample", place / "year", *command[1].split()).status == 0
    return place


def test_every_block_is_run() -> None:
    assert len(BLOCKS) == PAGE.count("```python") == PAGE.count("```text")
    assert all(output.strip() for _, _, output in BLOCKS)


@pytest.mark.parametrize(("title", "code", "output"), BLOCKS, ids=[block[0] for block in BLOCKS])
def test_a_block_prints_what_the_page_says(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], title: str, code: str, output: str
) -> None:
    for module in re.findall(r"^import (polars|duckdb|pandas)", code, re.MULTILINE):
        pytest.importorskip(module)
    monkeypatch.chdir(folder)
    exec(compile(code, title, "exec"), {})  # noqa: S102 - it is the page
    assert capfd.readouterr() == (output, "")
