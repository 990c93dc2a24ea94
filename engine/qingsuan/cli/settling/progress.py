"""Progress on standard error: a bar on a terminal, lines elsewhere, with ``--json`` only what a person should know."""

from __future__ import annotations

import sys
import time
from typing import Any

import click

from qingsuan.cli.output import tell
from qingsuan.run.model import Progress

__all__ = ["progress_for"]


class _Quiet(Progress):
    def note(self, text: str) -> None:
        tell(f"qingsuan: {text}")


class _Bar(_Quiet):
    def stage(self, name: str, total: int) -> None:
        self._bar: Any = click.progressbar(length=total, label=name, file=sys.stderr)
        self._bar.render_progress()

    def step(self, count: int = 1) -> None:
        self._bar.update(count)

    def end(self) -> None:
        self._bar.render_finish()


class _Lines(_Quiet):
    def stage(self, name: str, total: int) -> None:
        self._name, self._since = name, time.monotonic()
        tell(f"{name} … ({total} parts)")

    def end(self) -> None:
        tell(f"{self._name} done in {time.monotonic() - self._since:.1f} s")


def progress_for(as_json: bool) -> Progress:
    """The progress that fits where standard error goes."""
    if as_json:
        return _Quiet()
    return _Bar() if sys.stderr is not None and sys.stderr.isatty() else _Lines()
