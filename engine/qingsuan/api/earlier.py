"""A table of an earlier run as an input of this one: found in its folder, and held against its record."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from qingsuan.errors import InputError
from qingsuan.finished import FinishedRun
from qingsuan.listing import files_in
from qingsuan.run.folder import DIGESTS, LEDGER, RECORD
from qingsuan.run.inputs import digest_of

__all__ = ["place_of", "table_of"]


def place_of(given: Any) -> Any:
    """Where a finished run lies, if it is one that is given; anything else as it is given."""
    return given.path if isinstance(given, FinishedRun) else given


def table_of(given: Any, settlement: str, table: str, year: int) -> Any:
    """The folder of a table, where what is given is the folder of a finished run; anything else as it is given.

    Parameters
    ----------
    settlement, year
        Of which settlement the run has to be, as its record begins to name it, and of which year.

    Raises
    ------
    InputError
        The run did not finish, is of another settlement or year, or a file of the table changed since.
    """
    place = _only(given)
    if place is None or not place.is_dir():
        return given
    if not (place / RECORD).is_file():
        if (place / LEDGER).exists() or (place / table).is_dir():
            raise _foreign(
                place, settlement, year, f"a run that did not finish: no {RECORD}", "finish it with --resume"
            )
        return given
    try:
        record = json.loads((place / RECORD).read_text("utf8"))
        found = str(record["settlement"]), int(record["year"])
        lines = (place / DIGESTS).read_text("utf8").splitlines()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _foreign(
            place, settlement, year, f"a {RECORD} that cannot be read: {error}", "fetch the folder again"
        ) from error
    if not found[0].startswith(settlement) or found[1] != year:
        raise _foreign(place, settlement, year, f"a run of {found[0]}, {found[1]}", "give the folder of that run")
    listed = {
        name: digest for digest, _, name in (line.partition("  ") for line in lines) if name.startswith(f"{table}/")
    }
    there = {path.relative_to(place).as_posix() for path in files_in(place / table, "*") if path.is_file()}
    wrong = sorted(there ^ listed.keys())
    wrong += [name for name in sorted(there & listed.keys()) if digest_of(place / name) != listed[name]]
    if wrong or not listed:
        changed = f"changed since the run wrote it, gone, or not of it: {', '.join(wrong[:5]) or table}"
        raise _foreign(place, settlement, year, changed, "fetch the folder again, or settle that run again")
    return place / table


def _only(given: Any) -> Path | None:
    """The one path that is given; None if it is something else."""
    if isinstance(given, Sequence) and not isinstance(given, str) and len(given) == 1:
        given = given[0]
    return Path(given) if isinstance(given, str | Path) else None


def _foreign(place: Path, settlement: str, year: int, found: str, do: str) -> InputError:
    expected = f"the folder of a finished run of {settlement} of {year}, or a table"
    return InputError(str(place), found=found, expected=expected, do=do)
