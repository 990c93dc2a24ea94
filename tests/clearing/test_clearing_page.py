"""``docs/clearing.md``: every file, column, way and kind that there is stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import qingsuan
from clearing_cases import ClearingYear, only_made_up
from qingsuan.clearing.cases import REASONS
from qingsuan.clearing.contracts.bureau import FILES, OPTIONAL
from qingsuan.clearing.intake.columns import CASES
from qingsuan.report.clearing import KINDS
from qingsuan.tables import WAYS

PAGE = (Path(__file__).parents[2] / "docs" / "clearing.md").read_text("utf8")
CASE = Path(__file__).parent / "cases" / "02-by-disease.toml"


def section(title: str) -> str:
    return re.split(rf"^### {title}$", PAGE, flags=re.MULTILINE)[1].split("\n#")[0]


def test_every_column_of_cases_is_documented() -> None:
    for spec in CASES:
        row = f"| `{spec.name}` | {spec.kind} | {'yes' if spec.must else ''} | {spec.meaning} |"
        assert row in section("cases"), row
    assert re.findall(r"^\| `(\w+)` \|", section("cases"), re.MULTILINE) == [spec.name for spec in CASES]


@pytest.mark.parametrize(
    "table", ["clearing", "cases", "forms", "pools", "alliances", "specials", "payers", "unsettled"]
)
def test_every_column_that_comes_out_is_documented(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str) -> None:
    only_made_up(monkeypatch)
    made = ClearingYear.of(tmp_path, CASE)
    run = qingsuan.clear(made.claims, cases=tmp_path / "cases.csv", year=2022, contracts=tmp_path / "contracts")
    title = "cases that come out" if table == "cases" else table
    assert re.findall(r"^\| `(\w+)` \|", section(title), re.MULTILINE) == getattr(run, table).schema.names


def test_every_file_way_and_kind_is_named() -> None:
    for file, columns in FILES.items():
        line = next(line for line in PAGE.splitlines() if line.startswith(f"| `{file}` |"))
        assert re.findall(r"`(\w+…?)`", line.split("|")[2].split("where")[0])[: len(columns)] == list(columns)
        for column in OPTIONAL.get(file, ()):
            assert f"`{column}`" in line
    for way in WAYS:
        assert re.search(rf"^\| (?:`\w+`.*)?`{way}`", PAGE, re.MULTILINE), way
    for kind in (*KINDS, *REASONS):
        assert kind in KINDS
        assert f"`{kind}`" in PAGE, kind
