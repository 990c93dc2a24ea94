"""Progress on standard error: a bar on a terminal, lines elsewhere.

``--verbose`` has a line for each step; with ``--quiet`` and ``--json`` only what a person should know is said.
"""

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
    "numbers": marked("looking at numbers"),
    "trying": marked("trying numbers"),
    "comparing": marked("comparing"),
    "sample": marked("making the sample"),
}
_TOLD_EVERY = 10.0
"""Seconds between two lines of a long stage; with ``--verbose`` every step is told."""


class _Quiet(Progress):
    def note(self, text: str) -> None:
        tell(f"qingsuan: {text}")


class _Told(_Quiet):
    def part(self, name: str, number: int, total: int) -> None:
        tell(f"qingsuan: [{name}] {number}/{total}")


class _Bar(_Told):
    _rows = 0  # rows of tables that must be trusted come before the first stage

    def __init__(self, words: Words) -> None:
        self._words, self._rows = words, 0

    def stage(self, name: str, total: int) -> None:
        self._label, self._rows, self._since = self._words.speak(_STAGES[name]), 0, time.monotonic()
        self._bar: Any = click.progressbar(length=total, label=self._label, file=sys.stderr)
        self._bar.render_progress()

    def rows(self, count: int) -> None:
        self._rows += count

    def step(self, count: int = 1) -> None:
        if self._rows:
            rate = _rate(self._rows, time.monotonic() - self._since)
            self._bar.label = self._words.speak("{stage}, {rate} rows a second", stage=self._label, rate=rate)
        self._bar.update(count)

    def end(self) -> None:
        self._bar.render_finish()


class _Lines(_Told):
    """Lines; of a long stage one every so many seconds."""

    _rows = 0

    def __init__(self, words: Words, every: float) -> None:
        self._words, self._every = words, every
        self._rows = 0  # of a run that goes on rows may be read before any stage

    def stage(self, name: str, total: int) -> None:
        speak = self._words.speak
        self._name, self._total, self._done, self._rows = speak(_STAGES[name]), total, 0, 0
        self._since = self._told = time.monotonic()
        tell(speak("{stage} … ({total} parts)", stage=self._name, total=total))

    def rows(self, count: int) -> None:
        self._rows += count

    def step(self, count: int = 1) -> None:
        self._done += count
        now, speak = time.monotonic(), self._words.speak
        if now - self._told >= self._every and self._done < self._total:
            self._told = now
            left = round((now - self._since) * (self._total - self._done) / self._done)
            values: dict[str, str | int] = {"stage": self._name, "done": self._done, "total": self._total, "left": left}
            if self._rows:
                rate = _rate(self._rows, now - self._since)
                tell(
                    speak("{stage}: {done} of {total}, {rate} rows a second, about {left} s left", rate=rate, **values)
                )
            else:
                tell(speak("{stage}: {done} of {total}, about {left} s left", **values))

    def end(self) -> None:
        took = time.monotonic() - self._since
        values = {"stage": self._name, "seconds": f"{took:.1f}"}
        if self._rows:
            values |= {"rows": f"{self._rows:,}", "rate": _rate(self._rows, took)}
            tell(self._words.speak("{stage} done in {seconds} s: {rows} rows, {rate} a second", **values))
        else:
            tell(self._words.speak("{stage} done in {seconds} s", **values))


def _rate(rows: int, seconds: float) -> str:
    """Rows a second, in whole thousands where there are many."""
    rate = round(rows / max(seconds, 0.001))
    return f"{rate:,}" if rate < _MANY else f"{round(rate, -3):,}"


_MANY = 10_000


class _Logged(Progress):
    _rows = 0

    def __init__(self, log: Log) -> None:
        self._log, self._rows = log, 0

    def part(self, name: str, number: int, total: int) -> None:
        self._log.write("part", part=name, number=number, of=total)

    def stage(self, name: str, total: int) -> None:
        self._name, self._since, self._rows = name, time.monotonic(), 0
        self._log.write("stage", stage=name, parts=total)

    def rows(self, count: int) -> None:
        self._rows += count

    def end(self) -> None:
        rows = {"rows": self._rows} if self._rows else {}
        self._log.write("stage done", stage=self._name, seconds=round(time.monotonic() - self._since, 3), **rows)

    def note(self, text: str) -> None:
        self._log.write("note", text=text)


class _Several(Progress):
    def __init__(self, told: Sequence[Progress]) -> None:
        self._told = told

    def part(self, name: str, number: int, total: int) -> None:
        for one in self._told:
            one.part(name, number, total)

    def stage(self, name: str, total: int) -> None:
        for one in self._told:
            one.stage(name, total)

    def step(self, count: int = 1) -> None:
        for one in self._told:
            one.step(count)

    def rows(self, count: int) -> None:
        for one in self._told:
            one.rows(count)

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
        has_bar = sys.stderr is not None and sys.stderr.isatty() and not telling.verbose
        shown = _Bar(words) if has_bar else _Lines(words, 0.0 if telling.verbose else _TOLD_EVERY)
    return _Several((shown, _Logged(telling.log)))
