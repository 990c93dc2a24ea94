"""What an earlier run left for a later one: accumulators, shortfalls. Found in its folder, and held against its record."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qingsuan.errors import InputError
from qingsuan.listing import files_in
from qingsuan.run.folder import DIGESTS, LEDGER, RECORD
from qingsuan.run.inputs import Source, check_columns, digest_of, find_files, open_files
from qingsuan.tables import ACCUMULATORS, SHORTFALLS, Column

__all__ = ["FOLDER", "earlier_run", "open_carried", "open_opening"]

FOLDER = "accumulators"
"""Sub-folder of a run folder."""


@dataclass(frozen=True, slots=True)
class _Brought:
    """A table that an earlier run leaves for a later one: its sub-folder, its columns, what left it, and what it stands for."""

    folder: str
    columns: tuple[Column, ...]
    settlement: str
    expected: str
    without: str
    stands_for: str


_ACCUMULATORS = _Brought(
    FOLDER,
    ACCUMULATORS,
    "benefits",
    "the folder of a finished “qingsuan settle --accumulators” of the same year",
    "settle it again with --accumulators",
    "money that was paid",
)
_CARRIED = _Brought(
    "carried",
    SHORTFALLS,
    "premium",
    "the folder of a finished “qingsuan premium” of an earlier year, whose rule carries shortfalls",
    "its rule does not say that shortfalls are made up: leave --carried out",
    "money that is owed",
)


def open_opening(place: Path, year: int, encoding: str) -> tuple[Source, ...]:
    """Find and open accumulators: in the folder of a finished run, or any file, folder or glob of them.

    Raises
    ------
    InputError
        The run did not finish, was of another year or without accumulators; a file changed since, or is gone; a column
        is missing, or has a type that cannot be trusted.
    """
    if (place / RECORD).is_file() and (found := _year_of(place, _ACCUMULATORS)) != year:
        do = f"accumulators begin anew each year: settle {year} alone"
        raise _foreign(place, f"the year {found}", do)
    return _open(place, encoding, _ACCUMULATORS)


def open_carried(place: Path, year: int, encoding: str) -> tuple[Source, ...]:
    """Find and open shortfalls (补缴) that an earlier year carries on, likewise.

    Raises
    ------
    InputError
        As :func:`open_opening`; and the run was not of an earlier year.
    """
    if (place / RECORD).is_file():
        found = _year_of(place, _CARRIED)
        if not isinstance(found, int) or found >= year:
            raise _foreign(place, f"the year {found}", f"give a run of a year before {year}", _CARRIED)
    return _open(place, encoding, _CARRIED)


def _year_of(folder: Path, what: _Brought) -> Any:
    """The year of a finished run that left such a table.

    Raises
    ------
    InputError
        It was another settlement, left none, or a file of it is not as the run wrote it.
    """
    record = _record(folder)
    if not str(record.get("settlement")).startswith(what.settlement):
        raise _foreign(folder, f"a run of {record.get('settlement')}", what=what)
    return record.get("year")


def _open(place: Path, encoding: str, what: _Brought) -> tuple[Source, ...]:
    if (place / RECORD).is_file():
        _check_run(place, what)
        place = place / what.folder
    elif (place / LEDGER).exists() or (place / what.folder).is_dir():
        raise InputError(
            str(place),
            found=f"a run that did not finish: no {RECORD}",
            expected="the folder of a finished run",
            do="finish it with --resume",
        )
    found = find_files([place], what.folder)
    if found.left_out:
        raise InputError(
            str(place),
            found=f"files that would be left out by their names: {', '.join(found.left_out[:5])}",
            expected=f"a folder of {what.folder} and nothing else: what is left out is {what.stands_for}",
            do=f"move them away, or name the file with the {what.folder}",
        )
    sources = open_files(found, encoding)
    for source in sources:
        check_columns(source, what.columns)
    return sources


def earlier_run(sources: tuple[Source, ...]) -> dict[str, Any] | None:
    """What the record of this run says of the one whose folder the accumulators lie in; None if they lie elsewhere."""
    path = sources[0].path.parent.parent / RECORD if sources else None
    if path is None or not path.is_file():
        return None
    return {RECORD: digest_of(path), "rules_digest": _record(path.parent).get("rules_digest")}


def _record(folder: Path) -> dict[str, Any]:
    try:
        record = json.loads((folder / RECORD).read_text("utf8"))
    except (OSError, ValueError) as error:
        raise _foreign(folder, f"a {RECORD} that cannot be read: {error}") from error
    if not isinstance(record, dict):
        raise _foreign(folder, f"a {RECORD} that is no run record")
    return record


def _foreign(
    folder: Path,
    found: str,
    do: str = "give the folder that --out of the earlier run named",
    what: _Brought = _ACCUMULATORS,
) -> InputError:
    return InputError(str(folder), found=found, expected=what.expected, do=do)


def _check_run(folder: Path, what: _Brought) -> None:
    listed = _listed(folder, what)
    if not listed:
        raise _foreign(folder, f"a run without {what.folder}", what.without, what)
    there = {path.relative_to(folder).as_posix() for path in files_in(folder / what.folder, "*") if path.is_file()}
    wrong = sorted(there ^ listed.keys())
    wrong += [name for name in sorted(there & listed.keys()) if digest_of(folder / name) != listed[name]]
    if wrong:
        found = f"changed since the run wrote it, gone, or not of it: {', '.join(wrong[:5])}"
        raise _foreign(folder, found, "fetch the folder again, or settle the earlier run again", what)


def _listed(folder: Path, what: _Brought) -> dict[str, str]:
    """Digests of the table, as the earlier run wrote them down."""
    try:
        lines = (folder / DIGESTS).read_text("utf8").splitlines()
    except (OSError, ValueError) as error:
        raise _foreign(folder, f"a {DIGESTS} that cannot be read: {error}") from error
    pairs = (line.partition("  ") for line in lines)
    return {name: digest for digest, _, name in pairs if name.startswith(f"{what.folder}/")}
