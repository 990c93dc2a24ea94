"""A command that is told to stop takes away what nobody needs to go on with, and nothing that somebody does."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import qingsuan.again.settling
import qingsuan.differing.comparing
from qingsuan.run.restart.ledger import Ledger
from settling import claim, install, insured, only, run, settle, write

pytestmark = pytest.mark.usefixtures("signals_heard")

SIGNALS = [signal.SIGTERM, signal.SIGHUP]


@pytest.fixture
def year(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)
    claims = [claim(setl_id=f"s{n}", psn_no=f"p{n}") for n in range(9)]
    people = [insured(psn_no=f"p{n}") for n in range(9)]
    (tmp_path / "in").mkdir()
    return write(tmp_path / "in/claims.csv", claims), write(tmp_path / "in/insured.csv", people)


def after(number: signal.Signals, work: Callable[..., Any], *, twice: bool = False) -> Callable[..., Any]:
    """The work, at whose end somebody sends a signal."""

    def stopped(*arguments: Any, **named: Any) -> Any:
        done = work(*arguments, **named)
        os.kill(os.getpid(), number)
        if twice:
            os.kill(os.getpid(), number)
        return done

    return stopped


@pytest.mark.parametrize("number", SIGNALS)
def test_a_run_keeps_what_it_finished_and_nothing_else(
    number: signal.Signals, year: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = ("--partitions", 4, "--workers", 1)
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "partition", after(number, Ledger.partition))
        ran = settle(*year, tmp_path / "out", *more)
    assert (ran.status, "--resume" in ran.err) == (5, True), ran
    left = {path.relative_to(tmp_path / "out").parts[0] for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert left <= {"ledger.jsonl", ".state", "settled", "reversed", "rejected", "contradictions"}
    assert settle(*year, tmp_path / "out", *more, "--resume").status == 0


def test_a_second_signal_waits_for_the_tidying_up(
    year: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", after(signal.SIGHUP, shutil.rmtree))
        patch.setattr(Ledger, "partition", after(signal.SIGTERM, Ledger.partition))
        assert settle(*year, tmp_path / "out").status == 5
    assert not (tmp_path / "out/.shuffle").exists()


@pytest.mark.parametrize("number", SIGNALS)
def test_what_was_settled_again_is_taken_away(
    number: signal.Signals, year: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert settle(*year, tmp_path / "out").status == 0
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    monkeypatch.setattr(qingsuan.again.settling, "compare", after(number, lambda *_, **__: 0))
    assert run("verify", tmp_path / "out", "--settle", "--inputs", tmp_path / "in").status == 5
    assert list((tmp_path / "scratch").iterdir()) == []


@pytest.mark.parametrize("number", SIGNALS)
def test_a_comparison_leaves_nothing(
    number: signal.Signals, year: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        assert settle(*year, tmp_path / name).status == 0
    before = set(tmp_path.iterdir())
    work = qingsuan.differing.comparing.write_parquet
    monkeypatch.setattr(qingsuan.differing.comparing, "write_parquet", after(number, work))
    assert run("diff", tmp_path / "one", tmp_path / "two", "--out", tmp_path / "changes").status == 5
    assert set(tmp_path.iterdir()) == before


def test_what_nohup_ignores_stays_ignored(
    year: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        monkeypatch.setattr(Ledger, "partition", after(signal.SIGHUP, Ledger.partition))
        assert settle(*year, tmp_path / "out").status == 0
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
