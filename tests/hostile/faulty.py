"""What a campaign has to notice: functions that do what no command may do."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence

from hostile.readings import conserved, numbered, read_csv
from hostile.trial import Trial
from hostile.years import claims, people
from settling import write_csv

__all__ = ["killed", "loses_a_row", "quits", "raises"]


def killed(trial: Trial) -> Sequence[str]:
    """As a memory fault ends a process."""
    if trial.seed == 2:
        os.kill(os.getpid(), signal.SIGSEGV)
    return []


def quits(trial: Trial) -> Sequence[str]:
    """As a plugin can end a process with success."""
    os._exit(0)


def raises(trial: Trial) -> Sequence[str]:
    """A fault of the test itself."""
    raise ZeroDivisionError


def loses_a_row(trial: Trial) -> Sequence[str]:
    """A row is in the file that is judged, and in no result; one more has another amount there."""
    rows = claims(trial.dice, odd=False)
    write_csv(trial.folder / "claims.csv", rows)
    write_csv(trial.folder / "insured.csv", people())
    assert trial.settle().status == 0
    reading = read_csv((trial.folder / "claims.csv").read_bytes(), "utf-8")
    assert reading is not None
    came = numbered("claims.csv", [dict(zip(reading[0], row, strict=True)) for row in reading[1]])
    assert not conserved(came, trial.out)
    first = came["claims.csv", 1]
    altered = came | {("claims.csv", 1): {**first, "medfee_sumamt": "0.07"}}
    assert conserved(altered, trial.out)
    return conserved(came | {("claims.csv", len(came) + 1): first}, trial.out)
