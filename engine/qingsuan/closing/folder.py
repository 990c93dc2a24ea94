"""The folder of a year: one sub-folder for each part, the case file as it was read, and at the end one record over them.

A folder with ``run.json`` is a closed year and is never written again. One without it is a year that did not finish.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from qingsuan.closing.case import Case
from qingsuan.closing.parts import PARTS
from qingsuan.errors import InputError, RunError, UsageError
from qingsuan.listing import files_below
from qingsuan.run.folder import RECORD, Written, draft, is_file, sync
from qingsuan.run.folder.disk import looking_into, writing
from qingsuan.run.folder.known import LITTER, SIGNATURE, TEMPORARY
from qingsuan.run.folder.lock import LOCK

__all__ = ["CASE", "CORRECTIONS", "NAME", "PLAN", "YearFolder", "is_closed_year", "read_year", "strangers_in"]

CASE = "case.toml"
PLAN = "plan.json"
"""What a year was begun as: the digest of its case, and the year that it supersedes."""

CORRECTIONS = "corrections"
"""What differs from the year that is superseded."""

NAME = "year-end 年终清算"
"""How the record of a year names itself."""

_FILES = (CASE, PLAN, RECORD, SIGNATURE, LOCK)


def is_closed_year(folder: Path) -> bool:
    """Whether a folder holds the record of a closed year."""
    try:
        return bool(json.loads((folder / RECORD).read_bytes())["settlement"] == NAME)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False


def read_year(folder: Path) -> tuple[dict[str, Any], str]:
    """The record of a closed year, and its SHA-256.

    Raises
    ------
    InputError
        The folder holds none, or a part of it has not the record that the year's names.
    """
    if not is_closed_year(folder):
        raise InputError(
            str(folder),
            found=f"no {RECORD} of a closed year",
            expected="the folder that --out of “qingsuan year-end” named, closed",
            do="close that year first, with --resume if it was begun",
        )
    content = (folder / RECORD).read_bytes()
    record: dict[str, Any] = json.loads(content)
    try:
        wrong = [
            part["part"]
            for part in record["parts"]
            if hashlib.sha256((folder / part["part"] / RECORD).read_bytes()).hexdigest() != part["record_sha256"]
        ]
        int(record["year"])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            str(folder / RECORD),
            found=f"a record that cannot be followed: {error}",
            expected="a closed year as it was written",
        ) from error
    if wrong:
        raise InputError(
            str(folder),
            found=f"{', '.join(wrong)}: another {RECORD} than the one that the year was closed with",
            expected="a closed year as it was written",
            do="see “qingsuan verify”; fetch the folder again",
        )
    return record, hashlib.sha256(content).hexdigest()


def strangers_in(folder: Path) -> Iterator[str]:
    """What lies in a year's folder beside what a year writes; parts look after themselves."""
    folders = {CORRECTIONS, *(part.name for part in PARTS)}
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        is_known = entry.name in _FILES or entry.name in LITTER or entry.name.startswith(TEMPORARY)
        if is_known and not entry.is_file(follow_symlinks=False):
            yield f"{entry.name} (not a file)"
        elif entry.name in folders and not entry.is_dir(follow_symlinks=False):
            yield f"{entry.name} (not a folder)"
        elif not is_known and entry.name not in folders:
            yield entry.name


class YearFolder:
    """The folder that one close of a year writes; whoever uses it holds its lock.

    Parameters
    ----------
    path
        The folder.
    case
        The case that is closed.
    supersedes
        The digest of the record of the year that is corrected; empty where none is.
    """

    def __init__(self, path: Path, case: Case, supersedes: str) -> None:
        self.path, self.case = path, case
        self._plan = {"case_sha256": case.sha256, "supersedes": supersedes}

    @property
    def is_closed(self) -> bool:
        """Whether the year was closed before."""
        return is_file(self.path / RECORD)

    def begin(self, *, resume: bool) -> None:
        """Make the folder ready: a new one, or with ``resume`` one that was begun by the same case.

        Raises
        ------
        UsageError
            A closed year is there, or one that was begun, without ``resume`` or by another case; or something else is.
        RunError
            It cannot be written.
        """
        with looking_into(self.path):
            others = list(strangers_in(self.path)) if self.path.exists() else []
        if others:
            raise UsageError(
                str(self.path),
                found=f"it holds other things: {', '.join(others[:5])}",
                expected="a new folder, or a year that did not finish",
                do="give another --out",
            )
        if self.is_closed and not resume:
            raise UsageError(
                str(self.path),
                found="a closed year, which is not settled again",
                expected="a new folder",
                do=f"correct it in a new one: --out NEW --supersedes {self.path}",
            )
        parts = [part.name for part in PARTS if (self.path / part.name).exists()]
        if is_file(self.path / PLAN) and parts:
            self._check_begun(resume=resume)
        else:  # nothing was settled: a case that was refused may be corrected
            self._check_empty(parts)
            with writing(self.path):
                self.write(CASE, self.case.content)
                self.write(PLAN, _as_bytes(self._plan))

    def _check_begun(self, *, resume: bool) -> None:
        if not resume:
            raise UsageError(
                str(self.path),
                found="a year that was begun and not closed",
                expected="a new folder, or --resume",
                do="give the same command with --resume",
            )
        try:
            begun = json.loads((self.path / PLAN).read_text("utf-8"))
            same = hashlib.sha256((self.path / CASE).read_bytes()).hexdigest() == begun["case_sha256"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UsageError(
                str(self.path / PLAN),
                found=f"cannot be read: {error}",
                expected="the plan of a year",
                do="give a new --out",
            ) from error
        if not same or begun["case_sha256"] != self._plan["case_sha256"]:
            raise UsageError(
                str(self.case.file),
                found=f"another case than the one with which the year in {self.path} was begun",
                expected=f"the file of which {self.path / CASE} is a copy",
                do="put it back, or close the year in a new --out",
            )
        if begun.get("supersedes") != self._plan["supersedes"]:
            raise UsageError(
                "--supersedes",
                found=f"another year than the one that the year in {self.path} was begun to correct",
                expected="the same --supersedes as before, as it was",
                do="give it, or a new --out",
            )

    def _check_empty(self, parts: list[str]) -> None:
        if parts:
            raise UsageError(
                str(self.path),
                found=f"{parts[0]} without {PLAN}: no year that was begun here",
                expected="a new folder",
                do="give another --out",
            )

    def write(self, name: str, content: bytes) -> None:
        """Write a small file, whole or not at all."""
        temporary = self.path / f"{TEMPORARY}{name}"
        draft(temporary, lambda path: path.write_bytes(content), name)
        temporary.replace(self.path / name)
        sync(self.path)

    def without_corrections(self) -> Path:
        """The place of what differs from the superseded year, with nothing there."""
        place = self.path / CORRECTIONS
        with writing(place):
            if place.exists():
                shutil.rmtree(place)
        return place

    def files(self) -> dict[str, str]:
        """The digests of the files that no part wrote."""
        names = [CASE, PLAN]
        place = self.path / CORRECTIONS
        if place.is_dir():
            names += sorted(path.relative_to(self.path).as_posix() for path in files_below(place))
        return {name: Written.of(self.path, name).sha256 for name in names}

    def finish(self, record: Mapping[str, Any]) -> str:
        """Write the record, and read it again; returns its SHA-256.

        Raises
        ------
        RunError
            It cannot be written, or is not there afterwards.
        """
        content = _as_bytes(record)
        self.write(RECORD, content)
        with writing(self.path / RECORD):
            again = (self.path / RECORD).read_bytes()
        if again != content:
            raise RunError(
                str(self.path / RECORD),
                found="it does not hold what was written",
                expected="the record",
                do="close anew",
            )
        return hashlib.sha256(content).hexdigest()


def _as_bytes(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode("utf-8")
