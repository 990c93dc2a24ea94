"""Accumulators as an input: found in the folder of an earlier run, and held against its record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from qingsuan.errors import InputError
from qingsuan.run.folder import DIGESTS, LEDGER, RECORD
from qingsuan.run.inputs import Source, check_columns, digest_of, find_files, open_files
from qingsuan.tables import ACCUMULATORS

__all__ = ["FOLDER", "earlier_run", "open_opening"]

FOLDER = "accumulators"
"""Sub-folder of a run folder."""


def open_opening(place: Path, year: int, encoding: str) -> tuple[Source, ...]:
    """Find and open accumulators: in the folder of a finished run, or any file, folder or glob of them.

    Raises
    ------
    InputError
        The run did not finish, was of another year or without accumulators; a file changed since, or is gone; a column
        is missing, or has a type that cannot be trusted.
    """
    if (place / RECORD).is_file():
        _check_run(place, year)
        place = place / FOLDER
    elif (place / LEDGER).exists() or (place / FOLDER).is_dir():
        raise InputError(
            str(place),
            found=f"a run that did not finish: no {RECORD}",
            expected="the folder of a finished run",
            do="finish it with --resume",
        )
    found = find_files([place], "accumulators")
    if found.left_out:
        raise InputError(
            str(place),
            found=f"files that would be left out by their names: {', '.join(found.left_out[:5])}",
            expected="a folder of accumulators and nothing else: what is left out is money that was paid",
            do="move them away, or name the file with the accumulators",
        )
    sources = open_files(found, encoding)
    for source in sources:
        check_columns(source, ACCUMULATORS)
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


def _foreign(folder: Path, found: str, do: str = "give the folder that --out of the earlier run named") -> InputError:
    expected = "the folder of a finished “qingsuan settle --accumulators” of the same year"
    return InputError(str(folder), found=found, expected=expected, do=do)


def _check_run(folder: Path, year: int) -> None:
    record = _record(folder)
    if not str(record.get("settlement")).startswith("benefits"):
        raise _foreign(folder, f"a run of {record.get('settlement')}")
    if record.get("year") != year:
        raise _foreign(
            folder, f"the year {record.get('year')}", f"accumulators begin anew each year: settle {year} alone"
        )
    listed = _listed(folder)
    if not listed:
        raise _foreign(folder, "a run without accumulators", "settle it again with --accumulators")
    there = {path.relative_to(folder).as_posix() for path in (folder / FOLDER).glob("*") if path.is_file()}
    wrong = sorted(there ^ listed.keys())
    wrong += [name for name in sorted(there & listed.keys()) if digest_of(folder / name) != listed[name]]
    if wrong:
        found = f"changed since the run wrote it, gone, or not of it: {', '.join(wrong[:5])}"
        raise _foreign(folder, found, "fetch the folder again, or settle the earlier run again")


def _listed(folder: Path) -> dict[str, str]:
    """Digests of the accumulators, as the earlier run wrote them down."""
    try:
        lines = (folder / DIGESTS).read_text("utf8").splitlines()
    except (OSError, ValueError) as error:
        raise _foreign(folder, f"a {DIGESTS} that cannot be read: {error}") from error
    pairs = (line.partition("  ") for line in lines)
    return {name: digest for digest, _, name in pairs if name.startswith(f"{FOLDER}/")}
