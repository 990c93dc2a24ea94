"""What a closed year corrects, said again: it is compared with the year that it supersedes, and held against its ``corrections/``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qingsuan.again.comparing import compare_json, compare_names, compare_tables
from qingsuan.closing.folder import CORRECTIONS
from qingsuan.closing.superseding import corrections
from qingsuan.differing.comparing import RECORD as COMPARISON
from qingsuan.listing import files_below
from qingsuan.run.folder import RECORD
from qingsuan.run.folder.disk import scratch_folder
from qingsuan.run.inputs import digest_of
from qingsuan.run.model import Progress
from qingsuan.verify.findings import Findings, checking

__all__ = ["correct_again"]


def correct_again(folder: Path, record: Mapping[str, Any], earlier: Path, findings: Findings) -> int:
    """Compare a closed year with the one that it supersedes, where ``TMPDIR`` says. Returns how many files were compared.

    Parameters
    ----------
    folder, record
        The year, and its ``run.json``, which says what it supersedes; the tables of its parts were settled again before.
    earlier
        The folder of the year that it supersedes.

    Raises
    ------
    InputError, RunError
        As :func:`qingsuan.closing.superseding.corrections`.
    """
    with scratch_folder() as scratch:
        again = scratch / CORRECTIONS
        expected = corrections(earlier, folder, again, [str(part["part"]) for part in record["parts"]], Progress())
        with checking(findings, RECORD):
            said = {"supersedes": record["supersedes"]}
            compare_json(_without_places(said), _without_places({"supersedes": expected}), RECORD, findings)
        mine, other = (_names_below(place) for place in (folder / CORRECTIONS, again))
        for name in compare_names(mine, other, f"{CORRECTIONS}/", findings):
            file = f"{CORRECTIONS}/{name}"
            with checking(findings, file):
                if Path(name).name == COMPARISON:
                    found, wanted = (json.loads((place / name).read_bytes()) for place in (folder / CORRECTIONS, again))
                    compare_json(_without_places(found), _without_places(wanted), file, findings)
                elif digest_of(folder / file) != digest_of(again / name):
                    compare_tables(folder / file, again / name, file, findings)
        return len(other)


def _names_below(place: Path) -> set[str]:
    return {path.relative_to(place).as_posix() for path in files_below(place)}


def _without_places(value: Any) -> Any:
    """A JSON value without the names of folders: they may lie elsewhere now."""
    if isinstance(value, Mapping):
        return {key: _without_places(inner) for key, inner in value.items() if key != "folder"}
    return value
