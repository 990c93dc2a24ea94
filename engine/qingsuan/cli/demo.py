"""``qingsuan demo``: a made-up year, settled, with its subsidy and a summary: the first thing to run."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from qingsuan.api.benefits import settle
from qingsuan.api.subsidies import subsidy
from qingsuan.cli.output import results_apart, show
from qingsuan.cli.settling.progress import progress_for
from qingsuan.errors import UsageError
from qingsuan.report.text import folded, width
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

_COLUMNS = 100

_MADE_UP = "Made-up data (样例数据): no person, claim or amount here is real, nor true of the pools named."


@click.command("demo")
@click.option("--people", type=click.IntRange(1, 100_000_000), default=400_000, show_default=True, help="People.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="The same seed, the same year.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("demo"), show_default=True, help="Where to.")
@click.option("--workers", type=click.IntRange(1, 256), default=2, show_default=True, help="Threads that settle.")
@click.option("--keep", is_flag=True, help="Keep the sample already there, if it is the one asked for.")
@results_apart
def command(*, people: int, seed: int, out: Path, workers: int, keep: bool) -> None:
    """Make a year of claims of four pools in two regions, settle it, and say what was paid. All of it is made up.

    400,000 people have a good million claims. Everything stays in the folder --out; the next demo replaces it.
    """
    _check(out)
    with held(out):
        told = _demo(out, people, seed, workers, keep)
    show("\n".join(_fit(line) for line in told.splitlines()))
    show(f"\n{_next(out)}")


def _demo(out: Path, people: int, seed: int, workers: int, keep: bool) -> str:
    """Make the year, settle it, split its subsidy; returns the summary."""
    kept = _prepare(out, people, seed, keep)
    show(f"{_MADE_UP}\n")
    sample, seconds, progress = out / "sample", _Seconds(), progress_for(as_json=False)
    if not kept:
        with seconds.of("sample 样例"):
            _sample(sample, people, seed, progress)
    with seconds.of("settle 待遇结算"):
        settled = settle(
            sample / "claims",
            sample / "insured.parquet",
            sample / "identities.parquet",
            year=_YEAR,
            out=out / "settled",
            workers=workers,
            progress=progress,
        )
    with seconds.of("subsidy 财政补助"):
        owed = subsidy(
            sample / "insured.parquet",
            year=_YEAR,
            out=out / "subsidy",
            classes=sample / "classes.csv",
            overwrite=True,
        )
    return f"{settled.summary()}\n\n{owed.summary()}\n\n{seconds.told()}"


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

    def told(self) -> str:
        """All stages on one line."""
        stages = ", ".join(f"{stage} {tenths // 10}.{tenths % 10} s" for stage, tenths in self._tenths.items())
        return f"Time taken (用时): {stages}"


def _sample(out: Path, people: int, seed: int, progress: Progress) -> None:
    progress.stage("sample 样例", -(-people // CHUNK))
    make_year(out, people=people, seed=seed, year=_YEAR, bad_rows=_bad_rows(people), progress=lambda _: progress.step())
    progress.end()


def _bad_rows(people: int) -> int:
    """One claim in a few thousand is spoiled, so that a rejection of every kind is seen."""
    return people // 1000


def _fit(line: str) -> str:
    """A sentence too long for a terminal of 100 columns goes on in the next line, a little to the right."""
    return line if width(line) <= _COLUMNS else "\n    ".join(folded(line, _COLUMNS - 4))


def _next(out: Path) -> str:
    sample = out / "sample"
    return (
        f"Everything is in {out}: sample (made up), settled, subsidy. The same by hand:\n"
        f"  qingsuan settle {sample / 'claims'} --insured {sample / 'insured.parquet'} \\\n"
        f"    --identities {sample / 'identities.parquet'} --year {_YEAR} --out settled-by-hand\n"
        f"  qingsuan subsidy {sample / 'insured.parquet'} --classes {sample / 'classes.csv'} \\\n"
        f"    --year {_YEAR} --out subsidy-by-hand"
    )


def _check(out: Path) -> None:
    """Check that nothing there would be lost.

    Raises
    ------
    UsageError
        The folder holds something that is not a demo's.
    """
    with looking_into(out):
        is_ours = not out.exists() or is_file(out / _MARK) or not any(name != LOCK for name in os.listdir(out))
    linked = [part for part in ("sample", "settled", "subsidy") if (out / part).is_symlink()]
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
        for part in ("settled", "subsidy", *(() if kept else ("sample",))):
            if (out / part).exists():
                shutil.rmtree(out / part)
    return kept


def _is_asked_for(path: Path, people: int, seed: int) -> bool:
    if not path.is_file():
        return False
    made = json.loads(path.read_text("utf-8"))
    there = (made["people"], made["seed"], made["year"], sum(made["spoiled"].values()))
    return bool(there == (people, seed, _YEAR, _bad_rows(people)))
