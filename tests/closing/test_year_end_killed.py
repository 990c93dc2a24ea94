"""A year that is killed, however often, goes on with --resume and ends with the bytes of one that was not.

QINGSUAN_KILLS says how many times it is killed in all (`make kills` does ten of a larger year).
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from random import Random

import pytest

from closing_years import sample_in
from qingsuan.closing.parts import PARTS
from settling import run
from stopping import Stoppable, Tree, tree

KILLS = int(os.environ.get("QINGSUAN_YEAR_KILLS", "2"))
PEOPLE = int(os.environ.get("QINGSUAN_YEAR_PEOPLE", "600"))
"""Of how many people the year is that is killed."""


class Year(Stoppable):
    """A made-up year with its case, and the undisturbed close of it."""

    def __init__(self, folder: Path) -> None:
        self.case = sample_in(folder / "sample", people=PEOPLE, seed=9)
        begin = time.monotonic()
        ran = self.run(folder / "undisturbed")
        self.seconds = time.monotonic() - begin
        assert ran.status == 0, ran.err
        self.expected: Tree = tree(folder / "undisturbed")

    def arguments(self, out: Path, *more: object) -> list[str]:
        return [str(each) for each in ("year-end", self.case, "--out", out, *more)]


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Year:
    return Year(tmp_path_factory.mktemp("killed-year"))


def test_killed_again_and_again_it_ends_with_the_same_bytes(year: Year, tmp_path: Path) -> None:
    dice, out, killed = Random(KILLS), tmp_path / "out", 0
    more: tuple[str, ...] = ()
    for turn in range(KILLS):
        process = year.start(out, *more)
        part = PARTS[turn * len(PARTS) // KILLS].name
        year.wait_for(out / part, process)
        time.sleep(dice.uniform(0, year.seconds / len(PARTS)))
        process.kill()
        process.communicate()
        killed += process.returncode == -signal.SIGKILL
        if (out / "run.json").exists():
            assert tree(out) == year.expected
        more = ("--resume",) if (out / "plan.json").exists() else ()
    assert killed > 0
    ran = year.run(out, *more)
    assert ran.status == 0, ran.err
    assert tree(out) == year.expected
    assert run("verify", out).status == 0


def test_asked_to_stop_it_says_how_to_go_on(year: Year, tmp_path: Path) -> None:
    process = year.start(tmp_path / "out")
    year.wait_for(tmp_path / "out" / "settle" / "ledger.jsonl", process)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    if process.returncode:  # unless it was as good as finished
        assert process.returncode == 5
        assert "Traceback" not in err
        assert not (tmp_path / "out" / "run.json").exists()
        assert "interrupted" in err
        assert "--resume" in err
