"""``qingsuan.rules``: the rules of a pool on a date as tables, and what is said of a question that has no answer."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import qingsuan
from qingsuan.errors import PolicyError, UsageError
from settling import RULES, install, only, run


@pytest.fixture(autouse=True)
def _region(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = '[[missing]]\nparameter = "a.cap"\nwhy = "not found"\nwhen = { med_type = ["14*"] }\n'
    install(tmp_path / "site", rules=RULES + missing)
    only(tmp_path / "site", monkeypatch)


def test_every_statement_has_its_place_and_the_sources_that_it_names() -> None:
    found = qingsuan.rules("990100", date="2022-03-01")
    rows = found.statements.to_pylist()
    assert {(row["pool"], tuple(row["schemes"]), row["effective"]) for row in rows} == {
        ("990100", ("310", "390"), dt.date(2021, 2, 1))
    }
    (deductible,) = [row for row in rows if (row["place"], row["key"]) == ("layers.pooled", "deductible")]
    assert (deductible["condition"], deductible["sources"]) == ("", ["X"])
    assert "100 / 50" in deductible["text"]
    _, missing = found.missing.to_pylist()
    assert (missing["parameter"], missing["why"], missing["overrides"]) == ("a.cap", "not found", [])
    assert "14*" in missing["when"]
    (source,) = found.sources.to_pylist()
    assert (source["key"], source["grade"], source["article"]) == ("X", "made-up", "1")
    assert pa.table(found.statements).num_rows == len(rows)


def test_it_says_what_the_command_shows() -> None:
    found = qingsuan.rules("990100", date=dt.date(2022, 3, 1), scheme="390")
    shown = run("policy", "show", "990100", "--date", "2022-03-01", "--scheme", "390")
    assert found.summary() == shown.out.rstrip("\n")


def test_a_working_folder_stands_in(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "a.toml").write_text(RULES.replace("[100, 50]", "[77, 50]"), "utf-8")
    found = qingsuan.rules("990100", date="2022-03-01", rules_dir=tmp_path / "work")
    assert any("77 / 50" in row["text"] for row in found.statements.to_pylist())
    assert "working copy" in found.summary()


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("990101", {"date": "2022-03-01"}, 'no region or pool is called "990101"'),
        ("990100", {"date": "1.3.2022"}, 'date: "1.3.2022"'),
        ("990100", {"date": 20220301}, "expected: a date, or its text"),
        ("990100", {"date": "2020-03-01"}, "a date and scheme of: 310+390 from 2021-02-01"),
        ("990100", {"date": "2022-03-01", "scheme": "340"}, "scheme 340, are in force"),
    ],
)
def test_a_question_without_an_answer_says_why(name: str, options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as refused:
        qingsuan.rules(name, **options)
    assert said in str(refused.value)


def test_a_folder_that_cannot_be_trusted_is_the_parameters_fault(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "a.toml").write_text("format = 2\n", "utf-8")
    with pytest.raises(PolicyError, match=r"a\.toml"):
        qingsuan.rules("990100", date="2022-03-01", rules_dir=tmp_path / "work")
