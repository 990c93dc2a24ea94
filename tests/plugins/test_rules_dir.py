"""``--rules-dir``: a working folder stands in for a plugin's rules, and every run says so."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from qingsuan.errors import PolicyError
from qingsuan.plugins import load, rules_dir, with_rules
from qingsuan.policy.findings import Finding
from settling import RULES, claim, install, insured, only, read, run, settle, write

HALF = 'upto = [5000], percent = [50, "62.5"]'
MORE = 'upto = [5000], percent = [60, "62.5"]'


@pytest.fixture
def year(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)
    return write(tmp_path / "claims.csv", [claim()]), write(tmp_path / "people.csv", [insured()])


@pytest.fixture
def work(tmp_path: Path) -> Path:
    assert RULES.count(HALF) == 1
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "mine.toml").write_text(RULES.replace(HALF, MORE), "utf-8")
    return folder


def test_the_folder_decides_and_the_record_says_so(tmp_path: Path, year: tuple[Path, Path], work: Path) -> None:
    assert settle(*year, tmp_path / "installed").status == 0
    ran = settle(*year, tmp_path / "tried", "--rules-dir", work)
    assert ran.status == 0, ran.err
    paid = [read(tmp_path / out, "settled")[0]["hifp_pay"] for out in ("installed", "tried")]
    assert [str(one) for one in paid] == ["350.00", "420.00"]  # (800 - 100) at 50 % and at 60 %
    records = [json.loads((tmp_path / out / "run.json").read_text("utf-8")) for out in ("installed", "tried")]
    assert "working_copy" not in records[0]["plugins"][0]
    told = records[1]["plugins"][0]["working_copy"]
    digest = hashlib.sha256((work / "mine.toml").read_bytes()).hexdigest()
    assert told["folder"] == "work"
    assert told["files"] == {"mine.toml": digest}
    assert told["sha256"] == hashlib.sha256(f"{digest}  mine.toml\n".encode()).hexdigest()
    assert [text for text in records[1]["warnings"] if "working copy" in text]
    assert "working copy" in " ".join(ran.out.split())


def test_a_prepared_year_is_settled_by_it_too(tmp_path: Path, year: tuple[Path, Path], work: Path) -> None:
    claims, people = year
    prepared = tmp_path / "prepared"
    assert run("prepare", claims, "--insured", people, "--year", 2022, "--out", prepared).status == 0
    ran = run("settle", prepared, "--year", 2022, "--out", tmp_path / "out", "--rules-dir", work)
    assert ran.status == 0, ran.err
    assert str(read(tmp_path / "out", "settled")[0]["hifp_pay"]) == "420.00"
    again = run(
        "prepare", claims, "--insured", people, "--year", 2022, "--out", tmp_path / "again", "--rules-dir", work
    )
    assert again.status == 0, again.err


def test_the_installed_rules_may_be_broken_where_the_folder_mends_them(
    tmp_path: Path, year: tuple[Path, Path], work: Path
) -> None:
    (tmp_path / "site" / "qingsuan_settling" / "rules" / "a.toml").write_text("format = 2\n", "utf-8")
    assert settle(*year, tmp_path / "out").status == 4
    assert settle(*year, tmp_path / "out", "--rules-dir", work).status == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("format = 1\n[[", ["mine.toml", "not TOML", "expected"]),
        (RULES.replace("percent = [60]", "percent = [60.5]"), ["mine.toml: layers.critical.bands.percent", "expected"]),
        (RULES.replace('"990100"', '"990300"'), ["mine.toml: ruleset.pool", '"990300"', "one of 990100, 990200"]),
        (
            RULES.replace('med_type = ["11"]', 'med_type = ["21"]'),
            ["mine.toml", "refuses"],
        ),
    ],
)
def test_a_file_that_cannot_be_trusted_stops_everything(
    tmp_path: Path, year: tuple[Path, Path], work: Path, text: str, said: list[str]
) -> None:
    (work / "mine.toml").write_text(text, "utf-8")
    ran = settle(*year, tmp_path / "out", "--rules-dir", work)
    assert ran.status == 4
    assert all(part in ran.err for part in said), ran.err
    assert not (tmp_path / "out" / "run.json").exists()


def test_everything_that_is_wrong_with_it_is_said(tmp_path: Path, year: tuple[Path, Path], work: Path) -> None:
    (work / "mine.toml").write_text("format = 2\n", "utf-8")
    (work / "other.toml").write_text(RULES.replace("percent = [60]", "percent = [0.6]"), "utf-8")
    for name in ("mine.toml", "other.toml"):
        text = (work / name).read_text("utf-8")
        (work / name).write_text(text if "[ruleset]" in text else text + '[ruleset]\npool = "990100"\n', "utf-8")
    ran = settle(*year, tmp_path / "out", "--rules-dir", work)
    assert ran.status == 4
    assert "mine.toml" in ran.err
    assert "other.toml: layers.critical.bands.percent" in ran.err


def test_a_value_beyond_what_the_region_authorises_stops_everything(tmp_path: Path) -> None:
    """The working folder is held against the authority files of the installed plugin, as its own rules are."""
    (region,) = [one for one in load().regions if one.code == "150000"]
    folder = tmp_path / "work"
    folder.mkdir()
    for file in region.rules.iterdir():
        if file.name.endswith(".toml"):
            (folder / file.name).write_bytes(file.read_bytes())
    _, rule_sets = with_rules(load(), folder)
    assert len(rule_sets) > 1
    beyond = replace(region, rules=folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            rules_dir, "check_authority", lambda *_: [Finding("a.toml", "layers", "too much", "less", "lower it")]
        )
        with pytest.raises(PolicyError, match="too much"):
            rules_dir.trusted_rule_sets(beyond)


@pytest.mark.parametrize("there", [False, True])
def test_a_folder_that_is_none(tmp_path: Path, year: tuple[Path, Path], there: bool) -> None:
    folder = tmp_path / "nothing"
    if there:
        folder.mkdir()
    ran = settle(*year, tmp_path / "out", "--rules-dir", folder)
    assert ran.status == 2
    assert "a folder with one *.toml for each rule set" in ran.err


def test_files_of_two_regions_are_refused(tmp_path: Path) -> None:
    installed = load()
    for region in installed.regions[:2]:
        file = next(iter(sorted(region.rules.iterdir(), key=lambda each: each.name)))
        (tmp_path / file.name).write_bytes(file.read_bytes())
    with pytest.raises(Exception, match="files of several regions"):
        with_rules(installed, tmp_path)


def test_a_cluster_has_no_working_folder(tmp_path: Path, year: tuple[Path, Path], work: Path) -> None:
    ran = settle(*year, tmp_path / "out", "--rules-dir", work, "--engine", "spark")
    assert ran.status == 2
    assert "--rules-dir" in ran.err


def test_a_stopped_run_does_not_go_on_with_other_files(tmp_path: Path, year: tuple[Path, Path], work: Path) -> None:
    from settling import full_after

    with pytest.MonkeyPatch.context() as patch, full_after(0, patch):
        assert settle(*year, tmp_path / "out", "--rules-dir", work).status == 5
    (work / "mine.toml").write_text(RULES, "utf-8")
    ran = settle(*year, tmp_path / "out", "--rules-dir", work, "--resume")
    assert ran.status == 4
    assert "other rules" in ran.err
