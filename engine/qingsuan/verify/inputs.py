"""The inputs of a finished run, found again and compared: the files by digest, their rows with what became of them.

``run.json`` knows every input file by name, number of rows and digest, not where it lay: who checks says where to look.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from qingsuan.errors import InputError
from qingsuan.listing import files_below
from qingsuan.run.folder import RECORD
from qingsuan.run.inputs import (
    FORMATS,
    INTERFACE_NAMES,
    Intake,
    Source,
    bound,
    count_rows,
    digest_of,
    ending_of,
    intake_of,
    open_again,
)
from qingsuan.tables import CLAIMS, IDENTITIES, INSURED, PREMIUMS, REGISTRATIONS
from qingsuan.verify.findings import Findings

__all__ = ["Found", "find_inputs"]

_COLUMNS = {
    "claims": CLAIMS,
    "insured": INSURED,
    "identities": IDENTITIES,
    "registrations": REGISTRATIONS,
    "premiums": PREMIUMS,
}
"""The columns of tables whose rows are compared: other tables are only counted."""

_GIVE = "give --inputs the files that the run read; if they were corrected since, settle anew"


@dataclass(frozen=True, slots=True)
class Found:
    """The inputs that were found.

    Attributes
    ----------
    files : how many are what the run read.
    sources
        By table, its files in the order of the record, under the names they have there; only tables whose files are all there.
    """

    files: int
    sources: Mapping[str, tuple[Source, ...]]


_MADE = ("contracts",)
"""Tables that a run makes of the bureau's files: no file has their rows, and the bureau's files are in the record themselves."""


def find_inputs(record: Mapping[str, Any], places: Sequence[Path], encoding: str, findings: Findings) -> Found:
    """Find every input of a run by name and digest; what is not there, or is another file, is a finding.

    Parameters
    ----------
    record
        ``run.json``.
    places
        Files, and folders to look into. Files that the run did not read are left alone.

    Raises
    ------
    InputError
        A place is not there, or a file cannot be read.
    """
    intakes = _intakes(record)
    candidates = [path for place in places for path in _files(place)]
    digests: dict[Path, str] = {}
    files = 0
    sources: dict[str, tuple[Source, ...]] = {}
    for table, listed in sorted(record.get("inputs", {}).items()):
        if table in _MADE:
            continue
        opened = []
        for number, one in enumerate(listed):
            path = _find(one, candidates, digests)
            if path is None:
                _missed(table, one, candidates, digests, findings)
            else:
                files += 1
                source = _opened(path, table, encoding, one, intakes)
                for check, rows in (("rows", source.rows), ("rows, counted another way", count_rows(source))):
                    findings.same(f"{table}: {one['file']}", check, rows, one["rows"])
                opened.append(replace(source, number=number, name=one["file"]))
        if len(opened) == len(listed):
            sources[table] = tuple(opened)
    return Found(files, sources)


def _intakes(record: Mapping[str, Any]) -> dict[str, Intake]:
    """The intake files by which a run read its inputs, by digest.

    Raises
    ------
    InputError
        One is not what the record says.
    """
    found = {}
    for said in record.get("intake", ()):
        found[said["sha256"]] = intake = intake_of(said["text"], said["file"])
        if intake.sha256 != said["sha256"]:
            raise InputError(
                f"{RECORD}: intake {said['file']}",
                found=f"a text of SHA-256 {intake.sha256}",
                expected=f"SHA-256 {said['sha256']}",
                do="the record was changed; settle anew",
            )
    return found


def _opened(path: Path, table: str, encoding: str, one: Mapping[str, Any], intakes: Mapping[str, Intake]) -> Source:
    """An input file, read as the run read it."""
    if "intake" in one and one["intake"] not in intakes:
        raise InputError(
            f"{RECORD}: {one['file']}",
            found=f"read by an intake file of SHA-256 {one['intake']}",
            expected="that file in the record",
            do="the record was changed; settle anew",
        )
    said = intakes[one["intake"]].of(table) if "intake" in one else None
    columns = _COLUMNS.get(table, ())
    return bound(open_again(path, table, encoding, said), columns, INTERFACE_NAMES)


def _files(place: Path) -> Iterator[Path]:
    """A file, or those of a folder that could be inputs."""
    if place.is_file():
        yield place.resolve()
        return
    if not place.is_dir():
        raise InputError(str(place), found="nothing there", expected="a file or a folder", do="check the path")
    for path in files_below(place.resolve()):
        if path.is_file() and ending_of(path) in FORMATS:
            yield path


def _named_so(path: Path, name: str) -> bool:
    """Whether a path ends with a name of the record, which may have folders."""
    parts = Path(name).parts
    return path.parts[-len(parts) :] == parts


def _digest(path: Path, digests: dict[Path, str]) -> str:
    """SHA-256 of a file, worked out once.

    Raises
    ------
    InputError
        It cannot be read.
    """
    if path not in digests:
        try:
            digests[path] = digest_of(path)
        except InputError as error:
            raise InputError(str(path), found=error.found, expected=error.expected, do=_GIVE) from error
    return digests[path]


def _find(one: Mapping[str, Any], candidates: Sequence[Path], digests: dict[Path, str]) -> Path | None:
    """The file of this name and digest; of several alike the first."""
    named = (path for path in candidates if _named_so(path, one["file"]))
    return next((path for path in named if _digest(path, digests) == one["sha256"]), None)


def _missed(
    table: str, one: Mapping[str, Any], candidates: Sequence[Path], digests: dict[Path, str], findings: Findings
) -> None:
    others = [path for path in candidates if _named_so(path, one["file"])]
    found = "; ".join(f"{path} with SHA-256 {_digest(path, digests)}" for path in others[:3])
    findings.add(
        f"{table}: {one['file']}",
        "it is the file that the run read",
        found or "no file of this name where --inputs says",
        f"{one['rows']} rows, SHA-256 {one['sha256']}",
        do=_GIVE,
    )
