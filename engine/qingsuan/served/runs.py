"""The runs that are served, by their numbers: the order on the command line, the parts of a closed year behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from qingsuan.api.folders import open_run
from qingsuan.closing.folder import is_closed_year
from qingsuan.closing.year import ClosedYear, open_year
from qingsuan.errors import InputError, UsageError
from qingsuan.explain.rows.opening import Opened, prepared_of
from qingsuan.explain.rows.opening import open_run as open_to_explain
from qingsuan.explain.whole import Explainer
from qingsuan.finished import FinishedRun, Settlement
from qingsuan.messages import Lang
from qingsuan.prepared import Prepared
from qingsuan.printed.report import Report, report_of

__all__ = ["MOST_RUNS", "Served", "open_runs"]

MOST_RUNS = 999
"""So many runs are served at once, the parts of closed years among them."""


@dataclass
class Served:
    """One finished run, or one closed year, and what was made of it so far.

    Attributes
    ----------
    name : its folder, as it was given.
    prepared : the prepared year from which it was settled; None where there is none.
    rules_dir : the working folder of rules by which it was settled; None for the installed ones.
    """

    name: str
    run: FinishedRun | ClosedYear
    prepared: Path | None = None
    rules_dir: Path | None = None
    reports: dict[Lang, Report] = field(default_factory=dict)

    @property
    def year(self) -> int:
        """The year that was settled."""
        return int(self.run.record["year"])

    @property
    def is_benefits(self) -> bool:
        """Whether it is a settlement of benefits (待遇结算), which has people, institutions and rules to look at."""
        return isinstance(self.run, Settlement)

    def kind(self, lang: Lang) -> str:
        """What was settled: records say it in English and in Chinese."""
        english, _, chinese = str(self.run.record["settlement"]).partition(" ")
        return chinese if lang == "zh" and chinese else english

    def report(self, lang: Lang) -> Report:
        """What it comes to; added up when it is asked for first.

        Raises
        ------
        InputError
            A table of it cannot be read.
        """
        if lang not in self.reports:
            self.reports[lang] = report_of(self.run.path, lang)
        return self.reports[lang]

    @cached_property
    def _opened(self) -> Opened:
        return open_to_explain(self.run.path, self.prepared, self.rules_dir)

    def explainer(self, lang: Lang) -> Explainer:
        """What explains its people and settlements.

        Raises
        ------
        UsageError, InputError, PluginError, PolicyError
            As :func:`qingsuan.explain.rows.opening.open_run`: it has no prepared year, or was settled by other rules.
        """
        return Explainer(self._opened, lang)


def open_runs(folders: Sequence[Path], years: Sequence[Path], rules_dir: Path | None) -> tuple[Served, ...]:
    """Open every folder that is to be served.

    Parameters
    ----------
    folders
        Finished runs and closed years.
    years
        Prepared years: each is taken for the runs of its year, before the one that a run names.
    rules_dir
        The working folder of rules by which the runs were settled.

    Raises
    ------
    UsageError
        There are too many, or two prepared years of one year.
    InputError
        A folder holds no finished run, or no prepared year.
    """
    prepared = _prepared(years)
    served = []
    for run, name in _opened(folders):
        year = None
        if isinstance(run, Settlement):
            year = prepared.get(run.year) or prepared_of(run.path, run.record)
        served.append(Served(name, run, year, rules_dir))
    if len(served) > MOST_RUNS:
        raise UsageError("serve", found=f"{len(served)} runs", expected=f"at most {MOST_RUNS}")
    return tuple(served)


def _opened(folders: Sequence[Path]) -> Iterator[tuple[FinishedRun | ClosedYear, str]]:
    for folder in folders:
        if is_closed_year(folder):
            year = open_year(folder)
            yield year, str(folder)
            yield from ((_run(folder / part), f"{folder}/{part}") for part in year.parts)
        else:
            yield _run(folder), str(folder)


def _run(folder: Path) -> FinishedRun:
    found = open_run(folder)
    if isinstance(found, Prepared):
        raise InputError(
            str(folder),
            found="a prepared year",
            expected="a finished run, or a closed year",
            do=f"give the folder of a run, and --year {folder} beside it",
        )
    return found


def _prepared(years: Sequence[Path]) -> dict[int, Path]:
    found: dict[int, Path] = {}
    for folder in years:
        year = int(Prepared(folder).record["year"])
        if year in found:
            raise UsageError(
                f"--year {folder}", found=f"a second prepared year of {year}, beside {found[year]}", expected="one"
            )
        found[year] = folder
    return found
