"""One hostile input, the command that is given it, and how the command ended."""

from __future__ import annotations

import io
import shutil
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from qingsuan.cli import main

__all__ = ["Run", "Trial", "command", "unfounded"]


@dataclass(frozen=True)
class Run:
    """How a command ended: ``status`` is None where an exception came out of it."""

    status: int | None
    said: str


@dataclass
class Trial:
    """A folder with a hostile input in it, and what its maker knows about it.

    ``notes`` says in words what was done; ``known`` is for the judge of the kind.
    """

    seed: int
    folder: Path
    dice: Random
    notes: list[str] = field(default_factory=list)
    known: dict[str, Any] = field(default_factory=dict)
    endings: list[int | None] = field(default_factory=list)

    @contextmanager
    def judging(self) -> Iterator[None]:
        """While it lasts, a process that dies dies of the test's own reading."""
        mark = self.folder / "judging"
        mark.touch()
        yield
        mark.unlink()

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def settle(self, claims: str | Path = "claims.csv", *more: object) -> Run:
        """Settle claims of the folder; whatever lay in ``out`` is gone before."""
        shutil.rmtree(self.out, ignore_errors=True)
        people = self.folder / "insured.csv"
        given = ("--insured", people, "--year", 2022, "--out", self.out, "--workers", 1)
        ran = command("settle", self.folder / claims, *given, *more)
        self.endings.append(ran.status)
        return ran


def command(*arguments: object) -> Run:
    """Run the command line in this process; an exception that comes out of it would be a traceback."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main([str(argument) for argument in arguments])
            status: int | None = 0
        except SystemExit as ended:
            status = int(ended.code or 0)
        except BaseException:  # noqa: BLE001  # the fault that is looked for
            return Run(None, err.getvalue() + traceback.format_exc())
    return Run(status, out.getvalue() + err.getvalue())


def unfounded(ran: Run, allowed: set[int], out: Path, *, lazily: bool = False) -> list[str]:
    """What is wrong with how a command ended, whatever it was given.

    ``lazily``: of a file whose columns are read only where they are needed, a fault may show when the run is under way.
    Then it ends without ``run.json``, and nobody takes it for finished.
    """
    found = []
    if ran.status is None or "Traceback (most recent call last)" in ran.said:
        found.append("a traceback")
    elif ran.status not in allowed:
        found.append(f"exit status {ran.status}, where only {sorted(allowed)} can be")
    if ran.status != 0 and out.exists() and not (lazily and ran.status == 3 and not (out / "run.json").exists()):
        found.append(f"exit status {ran.status}, and yet {sorted(path.name for path in out.iterdir())} was written")
    if ran.status == 0 and not (out / "run.json").exists():
        found.append("exit status 0, and no run.json")
    return [f"{wrong}\n{ran.said[-3000:]}" for wrong in found]
