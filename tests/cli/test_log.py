"""What a command tells of how it gets on: in one language, not at all where that is asked for, and in a log without anything of people."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import click
import pytest

from qingsuan.cli import progress
from qingsuan.cli.log import Telling
from qingsuan.cli.progress import progress_for
from settling import claim, insured, run, write


@pytest.fixture
def year(tmp_path: Path) -> tuple[object, ...]:
    claims = write(tmp_path / "claims.csv", [claim(), claim(setl_id="s2", med_type="ZZ")])
    people = write(tmp_path / "insured.csv", [insured()])
    return ("settle", claims, "--insured", people, "--year", 2022, "--out", tmp_path / "out", "--skip-unserved")


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


@pytest.mark.parametrize(("lang", "said"), [("en", "reading rows done in"), ("zh", "读取完成，用时")])
def test_stages_are_told_in_the_language_of_the_summary(year: tuple[object, ...], lang: str, said: str) -> None:
    told = run(*year, "--lang", lang).err
    assert said in told
    assert told.isascii() or lang == "zh" or "…" in told


def test_quiet_says_only_what_a_person_should_know(year: tuple[object, ...], tmp_path: Path) -> None:
    (tmp_path / "claims.csv").rename(tmp_path / "dir")
    (tmp_path / "claims.csv").mkdir()
    (tmp_path / "dir").rename(tmp_path / "claims.csv" / "claims.csv")
    (tmp_path / "claims.csv" / "_notes").write_text("mine")
    ran = run("--quiet", *year)
    assert ran.status == 0, ran.err
    assert "_notes" in ran.err, "a file that is left out is named"
    assert "done in" not in ran.err


@pytest.mark.parametrize(("quiet", "said"), [(True, ""), (False, "qingsuan: [fund] 9/9\n")])
def test_parts_of_a_year_are_told_unless_it_is_to_be_quiet(
    quiet: bool, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with click.Context(click.Command("year-end"), obj=Telling(quiet=quiet)):
        progress_for(as_json=False, lang="en").part("fund", 9, 9)
    assert capsys.readouterr().err == said


def test_a_log_says_when_stages_began_and_how_the_command_ended(year: tuple[object, ...], tmp_path: Path) -> None:
    log = tmp_path / "night.jsonl"
    assert run("--log", log, *year).status == 0
    assert run("--log", log, *year).status == 2, "the folder is finished already"
    first, second = ([at for at, one in enumerate(lines(log)) if one["event"] == "command"] + [None])[:2]
    done, refused = lines(log)[first:second], lines(log)[second:]
    assert [one["stage"] for one in done if one["event"] == "stage"] == ["reading", "settling", "rejected rows"]
    assert [one["stage"] for one in done if one["event"] == "stage done"] == ["reading", "settling", "rejected rows"]
    assert (done[0]["command"], done[-1]["event"], done[-1]["status"]) == ("settle", "ended", 0)
    assert (refused[-1]["status"], refused[-1]["error"]) == (2, "UsageError")
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert "p1" not in log.read_text("utf-8"), "nothing of people"


def test_a_log_that_cannot_be_written_ends_the_command_before_it_begins(
    year: tuple[object, ...], tmp_path: Path
) -> None:
    ran = run("--log", tmp_path / "no" / "log", *year)
    assert ran.status == 2
    assert "No such file" in ran.err
    assert not (tmp_path / "out").exists()


def test_a_long_stage_says_how_long_it_will_take(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    told = progress_for(as_json=False, lang="en")
    told.stage("settling", 10)
    for clock[0] in (4.0, 10.0, 12.0):
        told.step()
    said = capsys.readouterr().err
    assert "settling: 2 of 10, about 40 s left" in said
    assert said.count("left") == 1


def test_a_stage_that_knows_its_rows_says_how_many_a_second(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    told = progress_for(as_json=False, lang="en")
    told.stage("reading", 4)
    for clock[0] in (10.0, 20.0):
        told.rows(123_456)
        told.step()
    told.end()
    said = capsys.readouterr().err
    assert "reading rows: 1 of 4, 12,000 rows a second, about 30 s left" in said
    assert "reading rows done in 20.0 s: 246,912 rows, 12,000 a second" in said


def test_verbose_says_every_step_and_quiet_cannot_be_asked_beside_it(year: tuple[object, ...], tmp_path: Path) -> None:
    ran = run("-v", *year, "--partitions", 3)
    assert ran.status == 0, ran.err
    assert [f"settling: {done} of 3" in ran.err for done in (1, 2)] == [True, True]
    assert "reading rows done in" in ran.err
    assert ": 3 rows, " in ran.err
    both = run("-q", "-v", *year)
    assert both.status == 2
    assert "one of them" in both.err
    log = tmp_path / "log.jsonl"
    assert run("--log", log, *year, "--overwrite").status == 0
    assert [one["rows"] for one in lines(log) if one["event"] == "stage done" and one["stage"] == "reading"] == [3]
