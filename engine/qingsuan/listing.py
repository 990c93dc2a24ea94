"""The files of a folder, all of them or none: what ``Path.glob`` does not say is that it leaves out what may not be looked into.

A folder of parts that cannot be listed would be a table without rows.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from qingsuan.errors import InputError

__all__ = ["all_below", "files_below", "files_in", "names_in"]


def names_in(folder: Path) -> list[str]:
    """The names of what lies in a folder, in order; none where there is no folder.

    Raises
    ------
    InputError
        The folder cannot be listed.
    """
    try:
        return sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise _unlisted(folder, error) from error


def files_in(folder: Path, pattern: str = "part-*.parquet") -> list[Path]:
    """What lies in a folder and fits a pattern, in the order of names; nothing where there is no folder.

    Raises
    ------
    InputError
        The folder cannot be listed.
    """
    return [folder / name for name in names_in(folder) if fnmatchcase(name, pattern)]


def all_below(folder: Path) -> Iterator[Path]:
    """Everything that lies in a folder and in those below it, each folder before what is in it; links are not followed.

    Raises
    ------
    InputError
        A folder cannot be listed.
    """
    for name in names_in(folder):
        path = folder / name
        yield path
        if _is_folder(path):
            yield from all_below(path)


def files_below(folder: Path) -> Iterator[Path]:
    """What of :func:`all_below` is no folder; errors are its own."""
    return (path for path in all_below(folder) if not _is_folder(path))


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _unlisted(folder: Path, error: OSError) -> InputError:
    return InputError(
        str(folder),
        found=f"a folder that cannot be listed: {error.strerror or error}",
        expected="a folder that this user may read: what is in it would be missing",
        do="mend that, or give this user the right to read it, and give the command again",
    )
