"""A run that went on with the accumulators of an earlier one is explained with them; what it was settled by must be there as it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from quarterly import QUARTERLY, year
from settling import Ran, install, insured, only, run, settle, write

MIDDLE = "2022-06-30"


class Halves:
    """A made-up year in two runs: the second kept its year, and goes on with what the first counted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        rows, people = year(count=160, people=6)
        for name, late in (("first", False), ("second", True)):
            claims = write(folder / f"{name}.csv", [row for row in rows if (str(row["begndate"]) > MIDDLE) == late])
            more = ["--opening", folder / "run-first", "--keep", folder / "year"] if late else []
            out = folder / f"run-{name}"
            ran = settle(claims, write(folder / "people.csv", people), out, "--accumulators", *more)
            assert ran.status == 0, ran.err

    def explain(self, *more: object) -> Ran:
        return run("explain", self.folder / "run-second", "--psn-no", "p1", "--lang", "en", *more)


@pytest.fixture
def halves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Halves:
    install(tmp_path / "site", rules=QUARTERLY)
    only(tmp_path / "site", monkeypatch)
    return Halves(tmp_path)


def test_a_second_half_agrees_with_what_the_first_one_counted(halves: Halves) -> None:
    ran = halves.explain("--opening", halves.folder / "run-first", "--format", "json")
    assert ran.status == 0, ran.err
    told = json.loads(ran.out)
    assert told["agrees"]
    assert len(told["claims"]) > 5
    assert {one["insutype"] for one in told["carried_in"]} == {"310", "390"}
    groups = {move["group"] for one in told["carried_in"] for move in one["counters"]}
    assert groups >= {"stay", "third"}


def test_without_what_was_carried_in_nothing_is_explained(halves: Halves) -> None:
    ran = halves.explain()
    assert (ran.status, "--opening FOLDER" in ran.err) == (2, True), ran.err
    other = halves.folder / "other"
    claims = halves.folder / "first.csv"
    people = write(
        halves.folder / "few.csv", [insured(psn_no=f"p{n}", insutype=t) for n in range(6) for t in ("310", "390")]
    )
    assert settle(claims, people, other, "--accumulators").status == 0
    ran = halves.explain("--opening", other)
    assert (ran.status, "none of those that the run went on with" in ran.err) == (3, True), ran.err


@pytest.mark.parametrize(
    ("file", "before", "after", "said"),
    [
        ("qingsuan_settling/rules/a.toml", "percent = [50]", "percent = [51]", "settled by other rules: 990000 a.toml"),
        (
            "qingsuan_settling-2022.1.dist-info/METADATA",
            "Version: 2022.1",
            "Version: 2022.2",
            "qingsuan-settling: its content changed (version 2022.1 before, 2022.2 now)",
        ),
    ],
)
def test_other_rules_and_plugins_than_those_of_the_run_are_refused(
    halves: Halves, file: str, before: str, after: str, said: str
) -> None:
    path = halves.folder / "site" / file
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after), "utf-8")
    ran = halves.explain("--opening", halves.folder / "run-first")
    assert (ran.status, said in ran.err) == (4, True), ran.err
