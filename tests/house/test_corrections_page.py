"""``docs/corrections.md``, followed to the letter: a stay of December taken back in February, and what that comes to."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import qingsuan
from qingsuan.policy.model import FUNDS
from settling import run

PAGE = (Path(__file__).parents[2] / "docs" / "corrections.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture
def followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which every block of the page was done, in its order."""
    monkeypatch.chdir(tmp_path)
    for kind, text in BLOCKS:
        if kind == "python":
            exec(compile(text, "docs/corrections.md", "exec"), {})  # noqa: S102 - the page is ours
        for line in text.splitlines() if kind == "bash" else ():
            assert run(*shlex.split(line)[1:]).status == 0, line
    return tmp_path


def test_a_stay_of_december_is_taken_back_in_february(followed: Path) -> None:
    (reversal,) = pq.read_table(followed / "february.parquet").to_pylist()
    rows = pq.read_table(followed / "corrections-2021/rows").to_pylist()
    (stay,) = [row for row in rows if row["setl_id"] == reversal["init_setl_id"]]
    assert (stay["first_outcome"], stay["second_outcome"], stay["cause"]) == ("settled", "reversed", "fate")
    assert all(stay[f"diff_{fund}"] == -stay[f"first_{fund}"] for fund in FUNDS)
    others = [row for row in rows if row["second_outcome"] == "settled"]
    assert all((row["psn_no"], row["cause"]) == (reversal["psn_no"], "course") for row in others)
    assert {row["psn_no"] for row in rows} == {reversal["psn_no"]}, "everybody else is paid as before"


def test_it_is_the_year_settled_from_all_its_files(followed: Path) -> None:
    """With the reversal among the files of the year, and without a prepared year: the same rows."""
    people = "year/insured.parquet", "year/identities.parquet"
    claims = [followed / "year/claims", followed / "february.parquet"]
    whole = qingsuan.settle(claims, *people, year=2021)
    corrected = qingsuan.open(followed / "due-2021")
    assert whole.settled.to_arrow().equals(corrected.settled.to_arrow())
    assert whole.reversed.to_arrow().equals(corrected.reversed.to_arrow())


def test_the_run_of_the_new_year_names_the_correction(followed: Path) -> None:
    new_year = qingsuan.settle("february.parquet", "year/insured.parquet", year=2022)
    (rejected,) = new_year.rejected.to_arrow().to_pylist()
    assert rejected["code"] in PAGE
    assert "docs/corrections.md" in rejected["expected"]
