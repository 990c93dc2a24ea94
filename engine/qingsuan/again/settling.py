"""A finished run, or every part of a closed year, settled again into a scratch folder and compared."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qingsuan.again.asked import asked_of
from qingsuan.again.comparing import compare
from qingsuan.again.correcting import correct_again
from qingsuan.again.places import Places
from qingsuan.closing.folder import CORRECTIONS
from qingsuan.errors import InputError
from qingsuan.run.folder import RECORD
from qingsuan.run.folder.disk import scratch_folder
from qingsuan.run.restart.ledger import read_lines
from qingsuan.verify.findings import Findings

__all__ = ["Again", "settle_again", "settle_year_again"]


@dataclass(slots=True)
class Again:
    """What was settled again.

    Attributes
    ----------
    runs : the folders, from the one that was given on.
    files : how many files were compared.
    """

    findings: Findings = field(default_factory=Findings)
    runs: list[str] = field(default_factory=list)
    files: int = 0


def settle_again(
    folder: Path,
    places: Sequence[Path],
    how: Mapping[str, Any],
    say: Callable[[str], None] = lambda _: None,
) -> Again:
    """Settle a finished run again, where ``TMPDIR`` says, and compare every table, the record and the ledger.

    Parameters
    ----------
    places
        Where its inputs lie: files, and folders to look into. A prepared year is found where it lay, too.
    how
        Further arguments of the run: ``workers``, ``memory``, and ``rules_dir`` where it was settled by a working copy.
    say
        Gets a line at each stage.

    Raises
    ------
    InputError
        An input is not there.
    QingsuanError
        It cannot be settled again: as the run's own.
    """
    found = Again()
    _settle(folder, folder.name, places, how, say, found)
    return found


def settle_year_again(
    folder: Path,
    places: Sequence[Path],
    how: Mapping[str, Any],
    say: Callable[[str], None] = lambda _: None,
) -> Again:
    """Settle every part of a closed year again, from its inputs and the parts before it; likewise.

    Of a year that supersedes another, what it corrects is said anew: the other one lies among ``places``, too.
    """
    found = Again()
    record = json.loads((folder / RECORD).read_bytes())
    earlier = None
    if "supersedes" in record:
        where = Places(places)
        earlier = where.run("the closed year that this one supersedes", record["supersedes"]["record_sha256"])
    for part in record["parts"]:
        name = str(part["part"])
        mine = Again()
        _settle(folder / name, name, [folder, *places], how, say, mine)
        found.findings.take(mine.findings, f"{name}/")
        found.runs += mine.runs
        found.files += mine.files
    if earlier is not None:
        say(f"{CORRECTIONS}: comparing")
        found.files += correct_again(folder, record, earlier, found.findings)
        found.runs.append(CORRECTIONS)
    return found


def _settle(
    folder: Path,
    name: str,
    places: Sequence[Path],
    how: Mapping[str, Any],
    say: Callable[[str], None],
    found: Again,
) -> None:
    say(f"{name}: inputs")
    record, header = _said(folder)
    asked = asked_of(folder, record, header, places)
    say(f"{name}: settling again")
    with scratch_folder() as place:
        allowed = {key: value for key, value in how.items() if key != "rules_dir" or asked.takes_rules}
        asked.settle(out=place / "again", **allowed)
        say(f"{name}: comparing")
        leave_out = frozenset({"prepared"} if asked.year is None else ())
        found.files += compare(folder, place / "again", found.findings, leave_out=leave_out)
        found.runs.append(name if asked.year is None else f"{name} (from the prepared year {asked.year})")


def _said(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The record of a run and the header of its ledger.

    Raises
    ------
    InputError
        One of them is not there, or is none.
    """
    try:
        record = json.loads((folder / RECORD).read_bytes())
        header = read_lines(folder).header
        for name in ("settlement", "year", "partitions", "inputs", "plugins"):
            record[name]
        (header or {})["options"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(
            str(folder),
            found=f"no record and ledger of a finished run: {type(error).__name__} {error}",
            expected="a folder that “qingsuan verify” finds whole",
            do="see what “qingsuan verify” says without --settle",
        ) from error
    return record, header or {}
