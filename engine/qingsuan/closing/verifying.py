"""A closed year checked again: its own files, each part as ``qingsuan verify`` checks it, and the identities computed anew."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qingsuan.closing.folder import NAME, strangers_in
from qingsuan.closing.identities import identities_of
from qingsuan.errors import InputError
from qingsuan.listing import files_below
from qingsuan.run.folder import RECORD, Written, is_file
from qingsuan.run.folder.lock import is_held
from qingsuan.verify.findings import Findings, checking
from qingsuan.verify.finished import Verified, verify

__all__ = ["verify_year"]


def verify_year(folder: Path, say: Callable[[str], None] = lambda _: None) -> Verified:
    """Check the folder of a closed year.

    Parameters
    ----------
    say
        Gets a line at each stage.

    Returns
    -------
    Verified
        With the findings of all parts, each naming its part's folder.

    Raises
    ------
    InputError
        A run is writing into the folder.
    """
    if is_held(folder):
        raise InputError(
            str(folder), found="a year is being closed in it", expected="a closed year", do="wait until it has ended"
        )
    found = Verified(NAME)
    record: dict[str, Any] = json.loads((folder / RECORD).read_bytes())
    with checking(found.findings, RECORD):
        names = tuple(part["part"] for part in record["parts"])
        for name in strangers_in(folder):
            found.findings.add(name, "it belongs to the year", "something", "nothing: no year writes it")
        _check_files(folder, record, found)
        for part in record["parts"]:
            _check_part(folder, part, record, found, say)
        say("identities of the year")
        _check_identities(folder, record, names, found.findings)
    return found


def _check_files(folder: Path, record: dict[str, Any], found: Verified) -> None:
    there = {path.relative_to(folder).as_posix() for place in ("corrections",) for path in files_below(folder / place)}
    for name in sorted(there - record["files"].keys()):
        found.findings.add(name, "it belongs to the year", "a file", f"none: {RECORD} does not list it")
    for name, digest in record["files"].items():
        found.files += 1
        if not is_file(folder / name):
            found.findings.add(name, "it is there", "nothing", f"a file with SHA-256 {digest}")
            continue
        found.findings.same(name, "its SHA-256", Written.of(folder, name).sha256, digest)


def _check_part(
    folder: Path, part: dict[str, Any], record: dict[str, Any], found: Verified, say: Callable[[str], None]
) -> None:
    """Check one part, and that it is the one with which the year was closed."""
    name = str(part["part"])
    findings = found.findings
    path = folder / name / RECORD
    if not is_file(path):
        findings.add(f"{name}/{RECORD}", "it is there", "nothing", "the record of a part")
        return
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    findings.same(f"{name}/{RECORD}", f"its SHA-256 is that in {RECORD}", digest, part["record_sha256"])
    try:
        checked = verify(folder / name, lambda stage: say(f"{name}: {stage}"))
    except InputError as error:
        findings.add(f"{name}", "it can be checked", error.found, error.expected)
        return
    found.files += checked.files
    found.rows_checked += checked.rows_checked
    found.notes += [f"{name}: {note}" for note in checked.notes]
    findings.take(checked.findings, f"{name}/")


def _check_identities(folder: Path, record: dict[str, Any], parts: tuple[str, ...], findings: Findings) -> None:
    """What the year was closed with must be what its parts say, and hold."""
    identities, not_checked = identities_of(folder, parts)
    findings.same(
        RECORD, "its identities are those of its parts", record["identities"], [one.record() for one in identities]
    )
    findings.same(RECORD, "what was not checked", record["not_checked"], [one.record() for one in not_checked])
    for one in identities:
        if not one.holds:
            told = one.record()
            findings.add(
                one.tables[1],
                f"{one.name} {one.of}".strip(),
                told["other"],
                f"{told['one']}, as {one.tables[0]} has it",
            )
