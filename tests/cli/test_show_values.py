"""A message names places: what stands in a person's row is shown to who asks for it, on the screen as in a log."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from sealing import change, replace_row
from settling import claim, install, insured, only, run, settle, write

PERSON, STAY, ILLNESS = "4401X99", "stay-of-March", "F20.900"


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)
    (tmp_path / "in").mkdir()
    claims = [claim(setl_id=STAY, psn_no=PERSON, my_note=ILLNESS), claim(setl_id="x", psn_no=PERSON, med_type="x")]
    write(tmp_path / "in/claims.csv", claims)
    write(tmp_path / "in/insured.csv", [insured(psn_no=PERSON)])
    assert settle(tmp_path / "in/claims.csv", tmp_path / "in/insured.csv", tmp_path / "out").status == 0
    return tmp_path / "out"


def said(*arguments: object) -> str:
    """What a command that finds something wrong says, of which nothing may be a person's."""
    ran = run(*arguments)
    assert ran.status == 3, ran
    for content in (PERSON, STAY, ILLNESS):
        assert content not in ran.out + ran.err
    shown = run("--show-values", *arguments)
    assert shown.status == 3
    assert "QINGSUAN_SHOW_VALUES" not in os.environ
    return shown.out + shown.err


def test_a_row_that_was_cut_off_stops_a_run_with_its_place(out: Path, tmp_path: Path) -> None:
    settled = tmp_path / "settled.csv"
    settled.write_text(f"setl_id,psn_no,pool,insutype,benefit_date\n{STAY},{PERSON},{ILLNESS}\n", "utf-8")
    case = Path(__file__).parents[1] / "operators/cases/shandong"
    files = ("--contracts", case / "contracts.toml", "--heads", case / "heads.csv")
    head = (case / "settled.csv").read_text("utf-8").splitlines()[0]
    settled.write_text(f"{head}\n{STAY},{PERSON},{ILLNESS}\n", "utf-8")
    assert PERSON in said("operator", settled, "--year", 2022, *files, "--out", tmp_path / "never")


def test_what_a_check_finds_is_named_by_its_row(out: Path, tmp_path: Path) -> None:
    changed = Path(shutil.copytree(out, tmp_path / "changed"))
    change(changed, "rejected/part-00000.parquet", replace_row("my_note", 0, ILLNESS))
    found = said("verify", changed, "--settle", "--inputs", tmp_path / "in")
    assert "rejected/part-00000.parquet, row 1: settled again, column my_note" in found
    assert ILLNESS in found
