"""Commands that are stopped and gone on with: as processes of their own, and what their folders hold."""

from __future__ import annotations

import subprocess
import sys
import time
from abc import ABC, abstractmethod
from pathlib import Path

from qingsuan.run.folder import LEDGER
from settling import Ran, run

__all__ = ["MAIN", "Stoppable", "Tree", "change_file", "tree"]

MAIN = [sys.executable, "-c", "from qingsuan.cli import main; main()"]

Tree = dict[str, bytes]


def tree(folder: Path) -> Tree:
    """Every file of a folder, hidden ones too; the ledger tells how a run went, not what came of it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != LEDGER)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def change_file(path: Path, old: str, new: str) -> None:
    """Put another text into a file, once."""
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


class Stoppable(ABC):
    """A command over made-up inputs, run here or as a process that can be stopped."""

    @abstractmethod
    def arguments(self, out: Path, *more: object) -> list[str]:
        """What the command is given."""

    def run(self, out: Path, *more: object) -> Ran:
        """Run it to its end."""
        return run(*self.arguments(out, *more))

    def start(self, out: Path, *more: object) -> subprocess.Popen[str]:
        """Run it as a process of its own."""
        streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        return subprocess.Popen([*MAIN, *self.arguments(out, *more)], text=True, **streams)  # type: ignore[call-overload, no-any-return]

    def wait_for(self, path: Path, process: subprocess.Popen[str]) -> float:
        """When a path appeared, or the process ended without it."""
        while not path.exists() and process.poll() is None:
            time.sleep(0.002)
        return time.monotonic()
