"""Output folders that cannot be: what cannot be written is the machine's fault, a name that no folder can have the caller's."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from qingsuan.errors import RunError, UsageError

__all__ = ["looking_into", "reading_again", "scratch_folder", "temporary_folder", "writing"]


@contextmanager
def writing(where: Path) -> Iterator[None]:
    """Raise a RunError that names ``where`` if what is done inside cannot be written.

    Raises
    ------
    RunError
        The disk is full, the right to write is missing, or memory ran out.
    """
    try:
        yield
    except (OSError, MemoryError, pa.ArrowException) as error:
        raise RunError(
            str(where),
            found=f"could not be written: {error}",
            expected="room and the right to write",
            do="make room, or let this user write there",
        ) from error


@contextmanager
def reading_again(path: Path) -> Iterator[None]:
    """Raise a RunError that names a file which this run put aside, if what is done inside cannot read it or take it away.

    Raises
    ------
    RunError
        It cannot, or the file is not as it was written.
    """
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        raise RunError(
            str(path),
            found=f"what was put aside could not be read again: {error}",
            expected="the file as it was written",
            do="look whether the disk is whole and no other program writes into the folder, and give the command again",
        ) from error


def temporary_folder() -> Path:
    """Make a new folder for what nobody needs for long, where ``TMPDIR`` says; who asked for it removes it.

    Raises
    ------
    RunError
        It cannot be made.
    """
    with writing(Path("TMPDIR")):
        return Path(tempfile.mkdtemp(prefix="qingsuan-"))


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A :func:`temporary_folder` that is gone when what is done inside is over."""
    folder = temporary_folder()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def looking_into(out: Path) -> Iterator[None]:
    """Raise a UsageError that names an output folder if what is done inside cannot look into it.

    Raises
    ------
    UsageError
        The user may not read it, no folder can have its name, or it begins with ``~``, which Arrow takes for the home folder.
    """
    if str(out).startswith("~"):
        raise UsageError(
            str(out),
            found="a name that begins with ~, which no shell has replaced",
            expected="a folder by its path",
            do="write the path out from / on",
        )
    try:
        yield
    except (OSError, ValueError) as error:
        raise UsageError(
            str(out),
            found=f"it cannot be looked into: {error}",
            expected="a folder that this user may read and write, or a name for one",
            do="choose another",
        ) from error
