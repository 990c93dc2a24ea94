"""From a gap to permitted changes: ``qingsuan.permitted_changes``."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

from qingsuan.api.arguments import PathLike, options_of, texts
from qingsuan.api.changes.simulation import made_in, rules_for
from qingsuan.benefits.settlement import refuse_families
from qingsuan.errors import InputError, UsageError
from qingsuan.finished import Folder, Fund, run_in
from qingsuan.needed import need
from qingsuan.report.wording.speaking import words_in
from qingsuan.run.deliveries import has_table
from qingsuan.run.folder import RECORD as RUN_RECORD
from qingsuan.run.model import Progress
from qingsuan.run.prepared.opened import PreparedYear
from qingsuan.simulation.opened import Means, open_year
from qingsuan.simulation.permitted.finding import Found, find_permitted
from qingsuan.simulation.permitted.gaps import FundGap, gaps_of_books, read_gap
from qingsuan.simulation.permitted.outcome import RECORD, PermittedChanges, outcome_of

__all__ = ["permitted_changes"]


def permitted_changes(
    year: PathLike,
    gaps: Sequence[str] = (),
    *,
    books: PathLike | None = None,
    out: PathLike | None = None,
    overwrite: bool = False,
    workers: int = 2,
    memory: int = 2 << 30,
    require: Sequence[str] = (),
    allow: PathLike | None = None,
    rules_dir: PathLike | None = None,
    lang: str | None = None,
    progress: Progress | None = None,
) -> PermittedChanges:
    """Say which numbers of its rules a pool may change (待遇清单), and by how much each alone closes a gap (``docs/permitted-changes.md``).

    Parameters
    ----------
    year
        A folder of :func:`qingsuan.prepare`.
    gaps
        What funds of pools lack, in yuan: ``"220100:resident=1500000"``.
    books
        A run folder of :func:`qingsuan.fund` of the same year: what its gaps leave open.
    out
        A new folder for tables and record; None writes nothing.
    overwrite
        Whether an earlier one in ``out`` may be replaced.
    rules_dir, lang, workers, memory, require, allow, progress
        As in :func:`qingsuan.simulate`.

    Raises
    ------
    UsageError
        Neither gaps nor books are given, or one fund of a pool twice; a gap is of a pool or fund that no rules pay from.
    PolicyError
        The region of a pool has no authority file.
    InputError, PluginError, RunError
        As in :func:`qingsuan.simulate`; or the books are of another year.
    """
    asked = tuple(map(read_gap, texts(gaps)))
    if not asked and books is None:
        expected = "--books OUT, or --gap POOL:FUND=YUAN: what is lacking"
        raise UsageError("permitted-changes", found="no gap", expected=expected)
    need("tomlkit")
    options = options_of(workers, memory, None)
    prepared = PreparedYear.open(Path(year))
    digest = None
    if books is not None:
        of_books, digest = _of_books(Path(books), prepared.record.year)
        asked = (*asked, *of_books)
    _once_each(asked)
    with made_in(None if out is None else Path(out), overwrite, [year, *([books] if books else [])], RECORD) as folder:
        setup, installed = rules_for(prepared, texts(require), rules_dir, allow)
        setup.registrations = has_table(Path(year), "registrations")
        refuse_families(
            setup, "permitted-changes", "try a change on the year's tables, and compare the runs: qingsuan diff"
        )
        means = Means(options.workers, options.memory, folder, progress or Progress())
        opened = open_year(prepared, setup, installed, means)
        found = find_permitted(opened, asked) if asked else Found()
        outcome = outcome_of(opened, asked, digest, found, words_in(lang).lang)
        shutil.rmtree(folder / ".views", ignore_errors=True)
        if out is not None:
            outcome.write(folder)
        return outcome


def _of_books(books: Path, year: int) -> tuple[tuple[FundGap, ...], str]:
    """What the books of a year leave open, and the SHA-256 of their record."""
    run = run_in(Folder(books))
    if not isinstance(run, Fund) or run.record["year"] != year:
        found = f"a run of {run.record.get('settlement')}, {run.record.get('year')}"
        raise InputError(
            str(books),
            found=found,
            expected=f"the books of {year}",
            do="give the folder of “qingsuan fund” of that year",
        )
    digest = hashlib.sha256((books / RUN_RECORD).read_bytes()).hexdigest()
    return gaps_of_books(run.gaps.to_arrow().to_pylist()), digest


def _once_each(gaps: Sequence[FundGap]) -> None:
    seen: set[tuple[str, str]] = set()
    for gap in gaps:
        if (gap.pool, gap.fund) in seen:
            expected = "what a fund of a pool lacks once: from the books, or as it is said"
            raise UsageError(f"--gap {gap}", found="the same fund of the pool twice", expected=expected)
        seen.add((gap.pool, gap.fund))
