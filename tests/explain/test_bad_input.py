"""What cannot be explained is refused by name: an id that is not there, several runs, another year, a run that kept none."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from settling import Ran, run


class Years:
    """A small made-up year settled from its prepared year, and once more without one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        assert run("sample", folder / "year", "--people", 40, "--seed", 3).status == 0
        self.tables = [folder / "year" / "claims", "--insured", folder / "year" / "insured.parquet"]
        self.tables += ["--identities", folder / "year" / "identities.parquet"]
        runs = folder / "runs"
        assert (
            run("settle", *self.tables, "--year", 2021, "--out", runs / "kept", "--keep", folder / "kept").status == 0
        )
        assert run("settle", *self.tables, "--year", 2021, "--out", runs / "bare").status == 0
        rows = pq.read_table(runs / "kept" / "settled", columns=["setl_id", "psn_no"]).to_pylist()
        self.setl_id, self.psn_no = str(rows[0]["setl_id"]), str(rows[0]["psn_no"])

    def explain(self, which: str, *more: object) -> Ran:
        return run("explain", self.folder / "runs" / which, "--lang", "en", *more)


@pytest.fixture(scope="module")
def years(tmp_path_factory: pytest.TempPathFactory) -> Years:
    return Years(tmp_path_factory.mktemp("explain"))


def test_a_run_that_kept_no_year_asks_for_what_came_in(years: Years) -> None:
    ran = years.explain("bare", "--setl-id", years.setl_id)
    assert (ran.status, "kept no prepared year" in ran.err, "--insured" in ran.err) == (2, True, True), ran.err
    ran = years.explain("bare", "--setl-id", years.setl_id, "--claims", *years.tables)
    assert (ran.status, years.setl_id in ran.out) == (0, True), ran.err


@pytest.mark.parametrize("asked", ["--setl-id", "--psn-no"])
def test_an_id_that_is_not_there_is_answered_with_the_nearest(years: Years, asked: str) -> None:
    known = years.setl_id if asked == "--setl-id" else years.psn_no
    wrong = known[:-2] + known[-1] + known[-2] if known[-1] != known[-2] else known[:-1]
    ran = years.explain("kept", asked, wrong)
    assert (ran.status, f"no claim of {asked[2:].replace('-', '_')} {wrong}" in ran.err) == (3, True), ran.err
    assert known in ran.err


def test_several_runs_in_one_folder_are_listed(years: Years) -> None:
    ran = years.explain(".", "--setl-id", years.setl_id)
    assert (ran.status, "2 runs in it: bare, kept" in ran.err) == (3, True), ran.err


def test_another_prepared_year_is_refused(years: Years, tmp_path: Path) -> None:
    assert run("sample", tmp_path / "other", "--people", 30, "--seed", 9).status == 0
    tables = [tmp_path / "other" / "claims", "--insured", tmp_path / "other" / "insured.parquet"]
    assert run("prepare", *tables, "--year", 2021, "--out", tmp_path / "prepared").status == 0
    ran = years.explain("kept", "--setl-id", years.setl_id, "--prepared", tmp_path / "prepared")
    assert (ran.status, "a prepared year that is not the one of" in ran.err) == (3, True), ran.err


def test_nothing_asked_for_is_refused(years: Years) -> None:
    ran = years.explain("kept")
    assert (ran.status, "--setl-id or --psn-no" in ran.err) == (2, True), ran.err


def test_a_changed_row_is_told_and_is_exit_status_1(years: Years, tmp_path: Path) -> None:
    """The row in the run folder says another amount than the twin comes to."""
    part = years.folder / "runs" / "kept" / "settled" / "part-00000.parquet"
    before = part.read_bytes()
    table = pq.read_table(part)
    place = table.schema.get_field_index("rule_id")
    pq.write_table(table.set_column(place, "rule_id", [["nobody:wrote"] * len(table)]), part)
    ran = years.explain("kept", "--setl-id", years.setl_id, "--format", "json")
    part.write_bytes(before)
    found = json.loads(ran.out)
    assert (ran.status, found["agrees"]) == (1, False)
    assert [one["column"] for one in found["claims"][0]["differences"]] == ["rule_id"]
