"""``qingsuan demo``: a made-up year, closed, on one screen: the first thing to run."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click

from qingsuan.cli.options.language import lang_option
from qingsuan.cli.output import results_apart, show
from qingsuan.cli.progress import progress_for
from qingsuan.closing.year import close_year
from qingsuan.errors import UsageError
from qingsuan.messages import Lang, Words, marked
from qingsuan.report.text import folded
from qingsuan.run.folder import is_file
from qingsuan.run.folder.disk import looking_into, writing
from qingsuan.run.folder.lock import LOCK, held
from qingsuan.run.model import Progress
from qingsuan.sample import CHUNK, make_year

__all__ = ["command"]

_MARK = ".qingsuan-demo"
"""A file that says that a folder is a demo's, and may be replaced by the next one."""

_YEAR = 2021
"""The year for which both regions' rule sets and funding rules are known."""

_MADE_UP = marked("Made-up data: no person, claim or amount here is real, nor true of the pools named.")

_COLUMNS = 100

_YEAR_FOLDER = "year"

_OURS = (_YEAR_FOLDER, "settled", "subsidy")
"""Folders that a demo replaces; earlier versions wrote the last two."""


@click.command("demo")
@click.option("--people", type=click.IntRange(1, 100_000_000), default=400_000, show_default=True, help="People.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="The same seed, the same year.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("demo"), show_default=True, help="Where to.")
@click.option("--workers", type=click.IntRange(1, 256), default=2, show_default=True, help="Threads that settle.")
@click.option("--keep", is_flag=True, help="Keep the sample already there, if it is the one asked for.")
@lang_option
@results_apart
def command(*, people: int, seed: int, out: Path, workers: int, keep: bool, lang: Lang) -> None:
    """Make a year of four pools in two regions, close it, and show what it came to. All of it is made up.

    400,000 people have a good million claims. Everything stays in the folder --out; the next demo replaces it.
    """
    _check(out)
    words = Words(lang)
    with held(out):
        told = _demo(out, people, seed, workers, keep, words)
    show(f"{told}\n\n{_next(out, words)}")


def _demo(out: Path, people: int, seed: int, workers: int, keep: bool, words: Words) -> str:
    """Make the year and close it; returns what the screen shows."""
    kept = _prepare(out, people, seed, keep)
    show(f"{words.speak(_MADE_UP)}\n")
    sample, seconds, progress = out / "sample", _Seconds(), progress_for(as_json=False, lang=words.lang)
    if not kept:
        with seconds.of("sample"):
            _sample(sample, people, seed, progress)
    closed = close_year(sample / "case.toml", out / _YEAR_FOLDER, workers=workers, progress=progress)
    seconds.add(closed.tenths)
    return f"{closed.summary(words.lang)}\n\n{seconds.told(words)}"


class _Seconds:
    """How long each stage took."""

    def __init__(self) -> None:
        self._tenths: dict[str, int] = {}

    @contextmanager
    def of(self, stage: str) -> Iterator[None]:
        """Time what is done inside."""
        begin = time.monotonic_ns()
        yield
        self._tenths[stage] = (time.monotonic_ns() - begin) // 100_000_000

    def add(self, tenths: Mapping[str, int]) -> None:
        """Take over stages that were timed elsewhere."""
        self._tenths.update(tenths)

    def told(self, words: Words) -> str:
        """All stages on one line."""
        stages = ", ".join(f"{stage} {tenths // 10}.{tenths % 10} s" for stage, tenths in self._tenths.items())
        return "\n  ".join(folded(words.speak("Time taken: {stages}", stages=stages), _COLUMNS - 2))


def _sample(out: Path, people: int, seed: int, progress: Progress) -> None:
    progress.stage("sample", -(-people // CHUNK))
    make_year(out, people=people, seed=seed, year=_YEAR, bad_rows=_bad_rows(people), progress=lambda _: progress.step())
    progress.end()


def _bad_rows(people: int) -> int:
    """One claim in a few thousand is spoiled, so that a rejection of every kind is seen."""
    return people // 1000


def _next(out: Path, words: Words) -> str:
    case = out / "sample" / "case.toml"
    told = words.speak("Everything is in {out}: sample (made up), year (closed). The same by hand:", out=str(out))
    return f"{told}\n  qingsuan year-end {case} --out closed-by-hand\n  qingsuan verify {out / _YEAR_FOLDER}"


def _check(out: Path) -> None:
    """Check that nothing there would be lost.

    Raises
    ------
    UsageError
        The folder holds something that is not a demo's.
    """
    with looking_into(out):
        is_ours = not out.exists() or is_file(out / _MARK) or not any(name != LOCK for name in os.listdir(out))
    linked = [part for part in ("sample", *_OURS) if (out / part).is_symlink()]
    if linked or not is_ours:
        raise UsageError(
            str(out),
            found=f"{linked[0]} is a link" if linked else "there is something already that is not a demo's",
            expected="no folder, an empty one, or that of an earlier demo",
            do="choose another folder with --out",
        )


def _prepare(out: Path, people: int, seed: int, keep: bool) -> bool:
    """Make the folder ready for a new demo; True when the sample in it is kept."""
    kept = keep and _is_asked_for(out / "sample" / "sample.json", people, seed)
    with writing(out):
        (out / _MARK).write_text("made by qingsuan demo; the next one replaces it\n", encoding="utf-8")
        for part in (*_OURS, *(() if kept else ("sample",))):
            if (out / part).exists():
                shutil.rmtree(out / part)
    return kept


def _is_asked_for(path: Path, people: int, seed: int) -> bool:
    if not path.is_file():
        return False
    made = json.loads(path.read_text("utf-8"))
    there = (made["people"], made["seed"], made["year"], sum(made["spoiled"].values()))
    return bool(there == (people, seed, _YEAR, _bad_rows(people)))
