"""Which files are meant by paths, folders and globs: one strict walk for all of them, and nothing left out in silence.

What is met on the way is an input, or is left out and named, or stops the run: a folder that cannot be listed, a link, a
file that is no file, a sign that a writer has not finished or that the table's own log says which files count. What the
caller names himself may be a link, or have a hidden name: he said so. The rules are in ``docs/inputs.md``.
"""

from __future__ import annotations

import glob
import os
import re
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase, translate
from pathlib import Path
from urllib.parse import unquote

from qingsuan.errors import InputError
from qingsuan.run.folder.known import LITTER
from qingsuan.run.inputs.formats.source import FORMATS, ending_of

__all__ = ["KNOWN", "UNFINISHED", "Found", "find_files", "keys_of"]

_LOG = "the table's own log says which of its files count"
_WRITER = "its writer has not finished, or was stopped"
UNFINISHED: dict[str, str] = {
    "_temporary": _WRITER,
    ".spark-staging*": _WRITER,
    ".hive-staging*": _WRITER,
    "_impala_insert_staging": _WRITER,
    "_started_*": _LOG,
    "_committed_*": _LOG,
    "_delta_log": _LOG,
    "_spark_metadata": _LOG,
    "_symlink_format_manifest": _LOG,
    ".hoodie": _LOG,
    "*.metadata.json": _LOG,
    "*._COPYING_": _WRITER,
    "*.inprogress*": _WRITER,
    "*.tmp": _WRITER,
    "*.temp": _WRITER,
    "*.part": _WRITER,
    "*.partial": _WRITER,
    "*.filepart": _WRITER,
    "*.crdownload": _WRITER,
    "*.download": _WRITER,
    "*.unfinished": _WRITER,
    **{f".*{ending}.??????": "rsync has not finished, or was stopped" for ending in FORMATS},
}
"""Names that say that a folder is not to be read file by file, and why."""

KNOWN = ("_SUCCESS", "*.crc", "_metadata", "_common_metadata", *LITTER)
"""Names of files that are known to hold no rows."""

_OF_THE_SYSTEM = ("$recycle.bin", "recycler", "system volume information", "lost+found", "#recycle", "@eadir")
"""Folders that systems and storage boxes keep beside those of people: what was deleted lies in some of them, and counts no more."""

_KEY = re.compile(r"([^=]+)=(.*)")
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@dataclass(frozen=True, slots=True)
class _File:
    """A file that was found; folders ``key=value`` below the place it was found in, and keys of the place itself."""

    path: Path
    partitions: tuple[tuple[str, str | None], ...] = ()
    keys_above: tuple[str, ...] = ()


@dataclass(slots=True)
class Found:
    """The files of one table, in the order of their paths, and what lay beside them and was left out by its name."""

    files: list[_File] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def find_files(places: Sequence[str | Path], what: str) -> Found:
    """Find the files named by paths, folders and globs.

    Raises
    ------
    InputError
        Nothing is there, a file is named twice or has an unknown ending, or something stands there that cannot be trusted.
    """
    found = Found()
    for place in places:
        _find(str(place), what, found)
    twice = [path for path, times in Counter(file.path for file in found.files).items() if times > 1]
    if twice:
        raise InputError(str(min(twice)), found=f"named twice as {what}", expected="each file once")
    found.files.sort(key=lambda file: file.path)
    found.left_out = sorted(set(found.left_out))
    return found


def _find(place: str, what: str, found: Found) -> None:
    try:
        base, paths = _looked_up(place, found)
    except OSError as error:
        raise InputError(
            place,
            found=f"cannot be looked at: {error.strerror}",
            expected="a file or folder that this user may read",
            do="check the path and its rights",
        ) from error
    if not paths:
        raise InputError(
            place,
            found=f"no {what} there" + "".join(f"; left out: {name}" for name in found.left_out[:3]),
            expected="a file, a folder with files, or a glob that matches some",
            do="check the path",
        )
    above = tuple(key for key, _ in keys_of(base))
    folders: dict[Path, tuple[Path, tuple[tuple[str, str | None], ...]]] = {}
    for path in paths:
        _check_ending(path)
        if path.parent not in folders:
            folders[path.parent] = path.parent.resolve(), keys_of(path.parent.relative_to(base))
        folder, keys = folders[path.parent]
        found.files.append(_File(path.resolve() if path.is_symlink() else folder / path.name, keys, above))


def _looked_up(place: str, found: Found) -> tuple[Path, list[Path]]:
    """The folder that a place begins at, and the files it stands for."""
    path = Path(place)
    try:
        mode = path.stat().st_mode if place else 0
    except (FileNotFoundError, NotADirectoryError, ValueError):
        mode = 0
    if stat.S_ISDIR(mode):
        return path, list(_Walk(path, found).folder(path))
    if mode:
        return path.parent, [_regular(path, mode)]
    if not glob.has_magic(place):
        return path, []
    base, parts = _fixed(place)
    return base, list(dict.fromkeys(_Walk(base, found).matches(parts)))


def _check_ending(file: Path) -> None:
    if ending_of(file) not in FORMATS:
        raise InputError(
            str(file),
            found=f"the ending “{file.suffix}”",
            expected=f"one of {' '.join(FORMATS)}",
            do="name the files themselves, or move the others away: nothing is left out silently",
        )


def keys_of(path: Path) -> tuple[tuple[str, str | None], ...]:
    """Keys and values of folders ``key=value``, as Hive and Spark write them: ``%3A`` for a colon, a name of its own for null."""
    found = (_KEY.fullmatch(part) for part in path.parts)
    pairs = ((match[1], unquote(match[2])) for match in found if match)
    return tuple((key, None if value == _NO_VALUE else value) for key, value in pairs)


def _regular(path: Path, mode: int) -> Path:
    if not stat.S_ISREG(mode):
        raise InputError(
            str(path),
            found=_KINDS.get(stat.S_IFMT(mode), "no file"),
            expected="a file: it is read more than once",
            do="write it to a file first",
        )
    return path


def _fixed(pattern: str) -> tuple[Path, list[str]]:
    """A glob's folder without wildcards, and the parts behind it."""
    parts = Path(pattern).parts
    first = next(number for number, part in enumerate(parts) if glob.has_magic(part))
    return Path(*parts[:first]), list(parts[first:])


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    """What matches a name that fits any of the patterns."""
    return re.compile("|".join(map(translate, patterns)))


_KNOWN = _any_of(KNOWN)
_UNFINISHED = _any_of(UNFINISHED)


class _Walk:
    """A walk below one place."""

    def __init__(self, base: Path, found: Found) -> None:
        self._base, self._found = base, found

    def folder(self, folder: Path) -> Iterator[Path]:
        """Every file below a folder."""
        return self._below(folder, ["**", "*"])

    def matches(self, parts: list[str]) -> Iterator[Path]:
        """Every file that a glob's parts match; a folder that they match stands for all files below it."""
        return self._below(self._base, parts) if self._base.is_dir() else iter(())

    def _below(self, folder: Path, parts: list[str]) -> Iterator[Path]:
        """Files below a folder whose path from there fits a pattern's parts; ``**`` is any number of folders, or none."""
        while parts[:2] == ["**", "**"]:
            parts = parts[1:]
        if parts == ["**"]:
            parts = ["**", "*"]
        deep = parts[0] == "**"
        here, rest = (parts[1], parts[2:]) if deep else (parts[0], parts[1:])
        entries = _listed(folder)
        if not rest:
            _check_finished(folder, entries)
        for entry in entries:
            fits = fnmatchcase(entry.name, here)
            if (fits or (deep and entry.is_dir())) and not self._is_left_out(entry, here):
                path = folder / entry.name
                _check_link(entry, path)
                if not entry.is_dir():
                    if fits and not rest:
                        yield _regular(path, entry.stat().st_mode)
                    continue
                yield from self._inside(path, parts, rest if fits else None)

    def _inside(self, folder: Path, parts: list[str], rest: list[str] | None) -> Iterator[Path]:
        """Files of a folder met on the way; ``rest`` are the parts behind the one that it fits, if it fits one."""
        if parts[0] == "**":
            yield from self._below(folder, parts)
        elif rest == []:
            yield from self.folder(folder)
        if rest:
            yield from self._below(folder, rest)

    def _is_left_out(self, entry: os.DirEntry[str], pattern: str) -> bool:
        """Whether an entry is left out by its name; it is named unless it is known to hold no rows."""
        if _KNOWN.match(entry.name):
            return True
        hidden = entry.name.startswith((".", "_")) or entry.name.lower() in _OF_THE_SYSTEM
        if not hidden or pattern.startswith(entry.name[0]):
            return False
        name = self._base.name / Path(entry.path).relative_to(self._base)
        self._found.left_out.append(name.as_posix() + "/" * entry.is_dir(follow_symlinks=False))
        return True


def _listed(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise InputError(
            str(folder),
            found=f"a folder that cannot be listed: {error.strerror}",
            expected="folders that this user may read: what is in this one would be missing",
            do="give this user the right to read it, or name the files themselves",
        ) from error


def _check_finished(folder: Path, entries: Sequence[os.DirEntry[str]]) -> None:
    """Check that nothing in a folder says that it is not to be read file by file."""
    for entry in entries:
        if _UNFINISHED.match(entry.name):
            why = next(why for pattern, why in UNFINISHED.items() if fnmatchcase(entry.name, pattern))
            raise InputError(
                str(folder / entry.name),
                found=f"a sign that this folder is not to be read file by file: {why}",
                expected="a folder of finished files",
                do="finish or clear what is being written there; write a table with a log out as plain files",
            )


def _check_link(entry: os.DirEntry[str], path: Path) -> None:
    if entry.is_symlink():
        raise InputError(
            str(path),
            found=f"a link to {os.readlink(path)}",
            expected="files and folders themselves: a link may lead anywhere, twice to one file, or in a circle",
            do="name what it points to as an input of its own, or move it here",
        )
