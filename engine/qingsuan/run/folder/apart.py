"""The output folder and the inputs may not overlap: what a run clears must never be what it reads.

Places are compared by their resolved paths and by device and inode, so that ``..``, links, hard links and mounts do not hide
that two names are one thing.
"""

from __future__ import annotations

import fnmatch
import glob
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from qingsuan.errors import UsageError

__all__ = ["beside", "check_apart"]

_Id = tuple[int, int]


def check_apart(out: Path, tables: Sequence[str], places: Iterable[str | Path], option: str = "--out") -> None:
    """Check that nothing a run reads lies where it writes, and the other way round.

    Parameters
    ----------
    tables
        Sub-folders that the run writes.
    places
        Files, folders and globs that it reads; those that are not there are left to who opens them.

    Raises
    ------
    UsageError
        An input lies in the output folder, or is a file of it; or the output folder lies in an input folder.
    """
    try:
        output = _Output(out, tables)
        for place in places:
            said = output.overlap(str(place))
            if said:
                raise UsageError(
                    f"{option} {out}", found=said, expected="a folder apart from every input", do="give another folder"
                )
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{option} {out}", found=f"it cannot be looked at: {error}", expected="a folder", do="check the path"
        ) from error


def beside(out: Path) -> Path:
    """The hidden folder beside an output in which something is made before it gets its name.

    Raises
    ------
    UsageError
        It is a link, which is never followed; or no folder can have the output's name.
    """
    try:
        path = out.resolve()
        hidden = path.with_name(f".{path.name}.unfinished")
        is_link = hidden.is_symlink()
    except (OSError, ValueError) as error:
        raise UsageError(
            f"--out {out}", found=f"it cannot be a folder: {error}", expected="a name for one", do="give another --out"
        ) from error
    if is_link:
        raise UsageError(
            str(hidden), found="a link", expected="a folder of qingsuan's own, or nothing", do="take it away"
        )
    return hidden


class _Output:
    """The output folder: its path, the folders around it, and the files in it."""

    def __init__(self, out: Path, tables: Sequence[str]) -> None:
        self.path = out.resolve()
        self.id = _id(self.path)
        self.around = {found for path in (self.path, *self.path.parents) if (found := _id(path)) is not None}
        self.files = {} if self.id is None else {number: path for path, number in _files(self.path)}
        self.names = [self.path / "run.json", *(self.path / table / "part-00000.parquet" for table in tables)]

    def overlap(self, place: str) -> str:
        """How a place overlaps with the folder; nothing if it does not."""
        if os.path.lexists(place):
            return self._of_path(Path(place))
        if any(_matches(name, Path(os.path.abspath(place))) for name in self.names):
            return f"the glob {place} matches what the run writes there"
        return next(filter(None, (self._of_path(Path(match)) for match in glob.iglob(place, recursive=True))), "")

    def _of_path(self, place: Path) -> str:
        path = place.resolve()
        if self.path in (path, *path.parents) or (self.id is not None and self.id in map(_id, (path, *path.parents))):
            return f"the input {place} lies in it"
        if path.is_dir():
            if _id(path) in self.around:
                return f"it lies in the input folder {place}"
            files = _files(path) if self.files else iter(())
        else:
            number = _id(path)
            files = iter(() if number is None else ((path, number),))
        same = next(((file, number) for file, number in files if number in self.files), None)
        return "" if same is None else f"the input {same[0]} is one file with {self.files[same[1]]}"


def _id(path: Path) -> _Id | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _files(folder: Path) -> Iterator[tuple[Path, _Id]]:
    """Files below a folder, with those that links lead to, and what each is known by."""
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            try:
                found = path.stat()
            except OSError:
                continue
            if stat.S_ISREG(found.st_mode):
                yield path, (found.st_dev, found.st_ino)


def _matches(path: Path, pattern: Path) -> bool:
    """Whether a recursive glob would find a path."""
    return _parts_match(path.parts, pattern.parts)


def _parts_match(parts: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    if not wanted:
        return not parts
    if wanted[0] == "**":
        return any(_parts_match(parts[at:], wanted[1:]) for at in range(len(parts) + 1))
    return bool(parts) and fnmatch.fnmatchcase(parts[0], wanted[0]) and _parts_match(parts[1:], wanted[1:])
