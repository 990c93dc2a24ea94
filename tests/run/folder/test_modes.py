"""Who may read what is written: its owner alone, whatever the machine's own habit; unless told otherwise."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import qingsuan
from qingsuan.errors import UsageError
from qingsuan.run.folder.modes import SHARE, private_files
from qingsuan.run.shuffle import Shuffle
from settling import claim, install, insured, only, run, settle, write

WIDE = 0o022


@pytest.fixture(autouse=True)
def wide() -> Iterator[None]:
    """The mask that most machines have, which lets everybody read."""
    before = os.umask(WIDE)
    yield
    assert os.umask(before) == WIDE, "the mask comes back"


@pytest.fixture
def year(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)
    claims = [claim(setl_id=f"s{n}", psn_no=f"p{n}") for n in range(3)]
    people = [insured(psn_no=f"p{n}") for n in range(3)]
    return write(tmp_path / "claims.csv", [*claims, claim(setl_id="x", med_type="x")]), write(
        tmp_path / "insured.csv", people
    )


def modes(folder: Path) -> set[tuple[bool, int]]:
    """Modes of a folder and everything in it; whether it is a folder."""
    return {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in (folder, *folder.rglob("*"))}


PRIVATE = {(True, 0o700), (False, 0o600)}


def test_a_run_is_for_its_owner_alone(year: tuple[Path, Path], tmp_path: Path) -> None:
    assert settle(*year, tmp_path / "out", "--accumulators", "--detail").status == 0
    assert modes(tmp_path / "out") == PRIVATE


def test_a_year_and_what_is_settled_from_python_too(year: tuple[Path, Path], tmp_path: Path) -> None:
    qingsuan.prepare(year[0], year[1], year=2022, out=tmp_path / "year")
    for name in ("out", "again"):
        qingsuan.settle(tmp_path / "year", year=2022, out=tmp_path / name)
    qingsuan.diff(tmp_path / "out", tmp_path / "again", out=tmp_path / "diff")
    for name in ("year", "out", "diff"):
        assert modes(tmp_path / name) == PRIVATE, name


def test_rows_on_their_way_are_for_nobody_else(
    year: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: set[tuple[bool, int]] = set()
    close = Shuffle.close

    def look(self: Shuffle) -> None:
        self.spill()
        seen.update(modes(tmp_path / "out"))
        close(self)

    monkeypatch.setattr(Shuffle, "close", look)
    assert settle(*year, tmp_path / "out").status == 0
    assert seen == PRIVATE


def test_a_folder_that_was_there_keeps_its_mode(year: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "out").mkdir(mode=0o755)
    assert settle(*year, tmp_path / "out").status == 0
    assert modes(tmp_path / "out") == {*PRIVATE, (True, 0o755)}


@pytest.mark.parametrize(("who", "folders", "files"), [("group", 0o750, 0o640), ("everybody", 0o755, 0o644)])
def test_it_is_shared_with_whom_it_is_said(
    who: str, folders: int, files: int, year: tuple[Path, Path], tmp_path: Path
) -> None:
    arguments = ("settle", year[0], "--insured", year[1], "--year", 2022, "--out", tmp_path / "out")
    assert run("--share", who, *arguments).status == 0
    assert modes(tmp_path / "out") == {(True, folders), (False, files)}
    assert SHARE not in os.environ


def test_whom_nobody_knows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SHARE, "the world")
    with pytest.raises(UsageError, match="one of owner, group, everybody"), private_files():
        pass


def test_the_mask_comes_back_when_the_last_is_done() -> None:
    begun, may_end = threading.Event(), threading.Event()

    def other() -> None:
        with private_files():
            begun.set()
            may_end.wait(10)

    thread = threading.Thread(target=other)
    with private_files():
        thread.start()
        begun.wait(10)
    mask = os.umask(0o077)
    may_end.set()
    thread.join()
    assert mask == 0o077, "while another one writes it stays private"
