"""Files and folders found again by name and SHA-256, wherever they lie now."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from qingsuan.errors import InputError
from qingsuan.run.folder import RECORD, is_file
from qingsuan.run.inputs import digest_of
from qingsuan.run.prepared.layout import YEAR_RECORD

__all__ = ["Places"]

_DO = "give --inputs the files that the run read, and the folders of runs that it took; what was corrected since is another run"


class Places:
    """Where to look for what a run read.

    Parameters
    ----------
    places
        Files, and folders to look into, however deep. Links that lie in them are not followed.
    """

    def __init__(self, places: Sequence[Path]) -> None:
        self._by_name: dict[str, list[Path]] = {}
        for path in (path for place in places for path in _files(place)):
            self._by_name.setdefault(path.name, []).append(path)
        self._digests: dict[Path, str] = {}

    def file(self, what: str, name: str, sha256: str) -> Path:
        """The file of a name, which may have folders, and a digest; of several alike the first.

        Parameters
        ----------
        what
            What messages call it.

        Raises
        ------
        InputError
            There is none, or it cannot be read.
        """
        return self._found(f"{what}: {name}", name, sha256, "no file of this name where --inputs says")

    def _found(self, where: str, name: str, sha256: str, found: str) -> Path:
        parts = Path(name).parts
        named = [path for path in self._by_name.get(parts[-1], ()) if path.parts[-len(parts) :] == parts]
        for path in named:
            if self._digest(path) == sha256:
                return path
        others = "; ".join(f"{path} with SHA-256 {self._digest(path)}" for path in named[:3])
        raise InputError(
            where,
            found=others or found,
            expected=f"the file that the run read, SHA-256 {sha256}",
            do=_DO,
        )

    def run(self, what: str, sha256: str) -> Path:
        """The folder of the finished run whose ``run.json`` has a digest.

        Raises
        ------
        InputError
            There is none.
        """
        return self._found(what, RECORD, sha256, "no folder with its run.json where --inputs says").parent

    def year(self, sha256: str) -> Path | None:
        """The folder of the prepared year whose ``year.json`` has a digest; None if there is none."""
        named = self._by_name.get(YEAR_RECORD, ())
        return next((path.parent for path in named if self._digest(path) == sha256), None)

    def run_of(self, settlement: str, year: int) -> Path:
        """The folder of a finished run of a settlement and a year, where nothing more is known of it.

        Raises
        ------
        InputError
            There is none, or more than one.
        """
        found = [path.parent for path in self._by_name.get(RECORD, ()) if _is_of(path, settlement, year)]
        if len(found) != 1:
            raise InputError(
                f"the run of {settlement} of {year} that this one goes on from",
                found=", ".join(map(str, found)) or "none where --inputs says",
                expected="one folder",
                do=_DO,
            )
        return found[0]

    def _digest(self, path: Path) -> str:
        if path not in self._digests:
            try:
                self._digests[path] = digest_of(path)
            except InputError as error:
                raise InputError(str(path), found=error.found, expected=error.expected, do=_DO) from error
        return self._digests[path]


def _files(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place.resolve()
        return
    if not place.is_dir():
        raise InputError(str(place), found="nothing there", expected="a file or a folder", do="check the path")
    for folder, folders, names in os.walk(place.resolve()):
        folders.sort()
        yield from (path for name in sorted(names) if is_file(path := Path(folder, name)))


def _is_of(path: Path, settlement: str, year: int) -> bool:
    try:
        record: Any = json.loads(path.read_bytes())
        return bool(str(record["settlement"]).startswith(settlement) and record["year"] == year)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False
