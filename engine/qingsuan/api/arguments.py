"""What several functions of the front door take: tables, folders, and how much of the machine may be used."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from qingsuan.errors import UsageError
from qingsuan.finished import Folder
from qingsuan.run.bounds import FIRST_YEAR, LAST_YEAR, LEAST_MEMORY_BYTES, MOST_WORKERS, whole_number
from qingsuan.run.folder.disk import temporary_folder
from qingsuan.run.folder.known import MOST_PARTITIONS
from qingsuan.run.inputs import (
    Given,
    Intake,
    Source,
    Spool,
    Streamed,
    find_files,
    open_files,
    open_streams,
    read_intake,
)
from qingsuan.run.model import Inputs, Options
from qingsuan.run.prepared.opened import record_of

__all__ = [
    "Parted",
    "PathLike",
    "check_how",
    "folder_for",
    "is_nothing",
    "opened",
    "options_of",
    "texts",
    "year_of",
    "year_tables",
]

PathLike = str | os.PathLike[str]

Parted = tuple[tuple[str, ...], tuple[Streamed, ...]]
"""A table as it was given: paths, and streams."""


def is_nothing(given: Given | None) -> bool:
    """Whether a table was left out, or is a list of none."""
    return given is None or (isinstance(given, list | tuple) and not given)


def year_tables(
    spool: Spool,
    claims: Given | None,
    insured: Given | None,
    identities: Given | None,
    registrations: Given | None,
    *,
    add: bool = False,
) -> dict[str, Parted]:
    """Tell paths from streams; of what is added to a year any table may be left out."""
    return {
        "claims": spool.parted(claims, "claims", optional=add),
        "insured": spool.parted(insured, "insured", optional=add),
        "identities": spool.parted(identities, "identities", optional=True),
        **(
            {}
            if is_nothing(registrations)
            else {"registrations": spool.parted(registrations, "registrations", optional=True)}
        ),
    }


def opened(
    given: Mapping[str, Parted],
    encoding: str,
    others: Mapping[str, tuple[Source, ...]] | None = None,
    intake: PathLike | Intake | None = None,
) -> Inputs:
    """Find and open every input: all files before the first stream, which is read to its end; ``others`` are open.

    Raises
    ------
    UsageError, PolicyError
        There is no such intake file, or it cannot be trusted.
    InputError
        A file cannot be read.
    """
    read = intake if intake is None or isinstance(intake, Intake) else read_intake(Path(intake))
    said = {table: None if read is None else read.of(table) for table in given}
    found = {table: find_files(paths, table) for table, (paths, _) in given.items()}
    sources = {table: open_files(files, encoding, said[table]) for table, files in found.items()}
    for table, (_, streams) in given.items():
        sources[table] += open_streams(streams, len(sources[table]), said[table])
    left_out = {table: files.left_out for table, files in found.items()}
    return Inputs({**sources, **(others or {})}, left_out, () if read is None else (read.record(),))


@contextmanager
def folder_for(out: PathLike | None, *, goes_on: bool) -> Iterator[Folder]:
    """The run folder: the caller's, or a temporary one, which is gone if the run fails."""
    if out is not None:
        yield Folder(Path(out))
        return
    if goes_on:
        raise UsageError("--out", found="none", expected="the folder of the run to go on with, or to replace")
    temporary = temporary_folder()
    folder = Folder(temporary / "run", temporary)
    try:
        yield folder
    except BaseException:
        folder.discard()
        raise


def options_of(workers: int, memory: int, partitions: int | None) -> Options:
    """How much of the machine a run may use.

    Raises
    ------
    UsageError
        A number is none, or out of its bounds.
    """
    return Options(
        whole_number("--workers", workers, 1, MOST_WORKERS),
        whole_number("--memory", memory, LEAST_MEMORY_BYTES),
        None if partitions is None else whole_number("--partitions", partitions, 1, MOST_PARTITIONS),
    )


def year_of(year: int | None, prepared: Path | None) -> int:
    """The year that is meant: the one given, or that of a prepared year.

    Raises
    ------
    UsageError
        It is out of bounds, nobody says it, or the prepared year is another one.
    InputError
        The prepared year cannot be trusted.
    """
    if year is not None:
        year = whole_number("--year", year, FIRST_YEAR, LAST_YEAR)
    if prepared is not None:
        known = record_of(prepared).year
        if year not in (None, known):
            raise UsageError(
                "--year",
                found=f"{year}, with a prepared year of {known}",
                expected=f"{known}",
                do="leave it out, or give another year's folder",
            )
        return known
    if year is None:
        raise UsageError("--year", found="nothing", expected="a year: only a prepared one says it itself")
    return year


def check_how(*, resume: bool, overwrite: bool) -> None:
    """Check that a run either goes on with what is there or replaces it.

    Raises
    ------
    UsageError
        It shall do both.
    """
    if resume and overwrite:
        raise UsageError(
            "--resume --overwrite", found="both", expected="one: to go on with what is there, or to replace it"
        )


def texts(given: Sequence[str]) -> tuple[str, ...]:
    """Texts given as a list, or one of them alone."""
    return (given,) if isinstance(given, str) else tuple(given)
