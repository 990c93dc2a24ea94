"""One process at a time writes into a folder, whichever command it is."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from qingsuan.errors import RunError
from qingsuan.run.folder.lock import LOCK, held, is_held
from settling import Ran, insured, run, write

BUSY = "another run is writing here"


def subsidy(out: Path) -> Ran:
    people = write(out.parent / "insured.csv", [insured(insu_admdvs="220102")])
    return run("subsidy", people, "--year", 2021, "--out", out, "--overwrite")


def sample(out: Path) -> Ran:
    return run("sample", out, "--people", 10, "--seed", 1)


def demo(out: Path) -> Ran:
    return run("demo", "--people", 10, "--out", out)


@pytest.mark.parametrize("command", [subsidy, demo])
def test_a_folder_that_another_process_holds_is_named(command: Callable[[Path], Ran], tmp_path: Path) -> None:
    out = tmp_path / "out"
    with held(out):
        ran = command(out)
        assert is_held(out)
        assert [path.name for path in out.iterdir()] == [LOCK]
    assert (ran.status, ran.out) == (5, "")
    assert f"{out}: {BUSY}" in ran.err
    assert not out.exists()


def test_a_sample_that_another_process_makes_is_named(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with held(tmp_path / ".out.unfinished"):
        ran = sample(out)
    assert (ran.status, ran.out) == (5, "")
    assert f"{out}: {BUSY}" in ran.err
    assert not list(tmp_path.iterdir())


def test_nothing_of_the_lock_stays(tmp_path: Path) -> None:
    assert sample(tmp_path / "year").status == 0
    assert demo(tmp_path / "demo").status == 0
    assert subsidy(tmp_path / "subsidy").status == 0
    assert not list(tmp_path.rglob(f"*{LOCK}*"))
    assert not list(tmp_path.glob(".*"))


def test_a_lock_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / LOCK).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RunError, match="out: could not be written"), held(tmp_path / "out"):
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    for name, command in (("year", sample), ("demo", demo)):
        ran = command(tmp_path / name)
        assert (ran.status, ran.out) == (5, "")
        assert f"{name}: could not be written: [Errno 28] No space left on device" in ran.err
        assert not (tmp_path / name).exists()
