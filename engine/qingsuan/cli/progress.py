"""Progress on standard error: a bar on a terminal, lines elsewhere, with ``--quiet`` and ``--json`` only what a person should know."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any

import click

from qingsuan.cli.log import Log, Telling
from qingsuan.cli.output import tell
from qingsuan.messages import Lang, Words, marked
from qingsuan.run.model import Progress

__all__ = ["progress_for"]

_STAGES = {
    "reading": marked("reading rows"),
    "ordering": marked("ordering"),
    "settling": marked("settling"),
    "checking": marked("checking"),
    "rejected rows": marked("rejected rows"),
    "simulating": marked("simulating"),
    "comparing": marked("comparing"),
    "sample": marked("making the sample"),
}
_TOLD_EVERY = 10.0
"""Seconds between two lines of a long stage."""


class _Quiet(Progress):
    def note(self, text: str) -> None:
        tell(f"qingsuan: {text}")


class _Bar(_Quiet):
    def __init__(self, words: Words) -> None:
        self._words = words

    def stage(self, name: str, total: int) -> None:
        label = self._words.speak(_STAGES[name])
        self._bar: Any = click.progressbar(length=total, label=label, file=sys.stderr)
        self._bar.render_progress()

    def step(self, count: int = 1) -> None:
        self._bar.update(count)

    def end(self) -> None:
        self._bar.render_finish()


class _Lines(_Quiet):
    def __init__(self, words: Words) -> None:
        self._words = words

    def stage(self, name: str, total: int) -> None:
        speak = self._words.speak
        self._name, self._total, self._done = speak(_STAGES[name]), total, 0
        self._since = self._told = time.monotonic()
        tell(speak("{stage} … ({total} parts)", stage=self._name, total=total))

    def step(self, count: int = 1) -> None:
        self._done += count
        now, speak = time.monotonic(), self._words.speak
        if now - self._told >= _TOLD_EVERY and self._done < self._total:
            self._told = now
            left = round((now - self._since) * (self._total - self._done) / self._done)
            values = {"done": self._done, "total": self._total, "left": left}
            tell(speak("{stage}: {done} of {total}, about {left} s left", stage=self._name, **values))

    def end(self) -> None:
        seconds = f"{time.monotonic() - self._since:.1f}"
        tell(self._words.speak("{stage} done in {seconds} s", stage=self._name, seconds=seconds))


class _Logged(Progress):
    def __init__(self, log: Log) -> None:
        self._log = log

    def stage(self, name: str, total: int) -> None:
        self._name, self._since = name, time.monotonic()
        self._log.write("stage", stage=name, parts=total)

    def end(self) -> None:
        self._log.write("stage done", stage=self._name, seconds=round(time.monotonic() - self._since, 3))

    def note(self, text: str) -> None:
        self._log.write("note", text=text)


class _Several(Progress):
    def __init__(self, told: Sequence[Progress]) -> None:
        self._told = told

    def stage(self, name: str, total: int) -> None:
        for one in self._told:
            one.stage(name, total)

    def step(self, count: int = 1) -> None:
        for one in self._told:
            one.step(count)

    def end(self) -> None:
        for one in self._told:
            one.end()

    def note(self, text: str) -> None:
        for one in self._told:
            one.note(text)


def progress_for(*, as_json: bool, lang: Lang) -> Progress:
    """The progress that fits where standard error goes, and what was said before the command's name; in one language."""
    context = click.get_current_context(silent=True)
    telling = context.find_object(Telling) if context is not None else None
    telling = telling or Telling()
    words = Words(lang)
    shown: Progress
    if as_json or telling.quiet:
        shown = _Quiet()
    else:
        shown = _Bar(words) if sys.stderr is not None and sys.stderr.isatty() else _Lines(words)
    return _Several((shown, _Logged(telling.log)))
