"""Two finished settlements compared: ``qingsuan.diff``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from qingsuan.api.arguments import PathLike, folder_for
from qingsuan.differing import compare, summary
from qingsuan.differing.register import Register
from qingsuan.finished import FinishedRun, Folder, Rows
from qingsuan.listing import files_in
from qingsuan.messages import Lang, Words
from qingsuan.run.bounds import MOST_WORKERS, whole_number
from qingsuan.run.model import Progress

__all__ = ["Comparison", "diff"]


class Comparison:
    """Two runs compared; every table as in ``docs/diff.md``, read from its folder when it is asked for.

    Attributes
    ----------
    record : what ``diff.json`` holds.
    """

    def __init__(self, folder: Folder, record: Mapping[str, Any]) -> None:
        self._folder, self.record = folder, record

    @property
    def path(self) -> Path:
        """The folder: a temporary one lives as long as this object and the tables that were taken from it."""
        return self._folder.path

    @cached_property
    def rows(self) -> Rows:
        """One row for each claim that differs; without columns where none does."""
        return self._rows("rows")

    @cached_property
    def people(self) -> Rows:
        """What is to be paid out and taken back by person, scheme and pool."""
        return self._rows("people")

    @cached_property
    def paid(self) -> Rows:
        """What is paid of these claims once the differences are, in the ``paid_…`` columns of the next run."""
        return self._rows("paid")

    @cached_property
    def registered(self) -> Rows:
        """One row for each person of the register; without columns where none was given."""
        return self._rows("registered")

    @cached_property
    def totals(self) -> Mapping[str, Rows]:
        """Sums by rule and cause, by institution, and of a register."""
        names = ("causes", "institutions", *(["register"] if "register" in self.record else []))
        return MappingProxyType(
            {name: Rows(self._folder, f"totals {name}", [f"totals/{name}.parquet"], pa.schema([])) for name in names}
        )

    def summary(self, lang: Lang = "en") -> str:
        """What the command prints, in one language."""
        return summary(self.record, Words(lang))

    def _rows(self, table: str) -> Rows:
        files = [f"{table}/{path.name}" for path in files_in(self.path / table)]
        return Rows(self._folder, table, files, pa.schema([]))

    def __repr__(self) -> str:
        return f"<diff {self.record['year']}: {self.record['rows']['differ']:,} claims: {self.path}>"


def diff(
    first: PathLike | FinishedRun,
    second: PathLike | FinishedRun,
    *,
    register: PathLike | None = None,
    out: PathLike | None = None,
    workers: int = 2,
    progress: Progress | None = None,
) -> Comparison:
    """Compare two finished settlements of one year (补退): which claims differ, why, and what is to be paid out or taken back.

    Parameters
    ----------
    first, second
        The run that was paid, and the one that says what is due: finished runs, or their folders.
    register
        A CSV file of people with a former benefit (台账): who gets less by the second run, and by how much.
    out
        A new folder to write and to keep; None writes a temporary one, gone with the result.
    workers
        Threads that work, from 1 to 256. Each holds a partition of both runs in memory.
    progress
        Told how it gets on; nothing is said otherwise.

    Raises
    ------
    UsageError
        An argument is not what it must be: one folder twice, or ``out`` is there.
    PolicyError
        A line of the register cannot be trusted.
    InputError
        The runs cannot be compared: unfinished, of other years, with other columns; or a file of theirs cannot be read.
    RunError
        The folder cannot be written, or the differences are not the difference of the runs.
    """
    workers = whole_number("--workers", workers, 1, MOST_WORKERS)
    told = progress or Progress()
    paid, due = (one.path if isinstance(one, FinishedRun) else Path(one) for one in (first, second))
    people = None if register is None else Register.read(Path(register))
    with folder_for(out, goes_on=False) as place:
        record = compare(paid, due, place.path, workers, told, people)
        return Comparison(place, record)
