"""One process at a time writes into a folder: it holds a lock there, and the kernel lets go of it when the process dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from qingsuan.errors import RunError
from qingsuan.run.folder.disk import writing
from qingsuan.run.folder.modes import private_files

__all__ = ["LOCK", "held", "is_held"]

LOCK = ".lock"


@contextmanager
def held(folder: Path, name: Path | None = None) -> Iterator[None]:
    """Hold a folder, which is made, and is gone again at the end if nothing is in it; what is written meanwhile is private.

    Parameters
    ----------
    name
        What messages call the folder: its path unless given.

    Raises
    ------
    RunError
        Another process holds it, or it cannot be made.
    """
    with private_files():
        yield from _held(folder, name or folder)


def _held(folder: Path, called: Path) -> Iterator[None]:
    new = not folder.exists()
    handle = _lock(folder, called)
    try:
        yield
    finally:
        with suppress(OSError):  # what cannot be removed keeps nobody away once the handle is closed
            if _is_at(folder / LOCK, handle):  # a sample's folder gets its name, and another may have been begun
                (folder / LOCK).unlink()
        os.close(handle)
        with suppress(OSError):
            if new and folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()


def is_held(folder: Path) -> bool:
    """Whether another process writes into the folder at this moment."""
    try:
        handle = os.open(folder / LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _lock(folder: Path, called: Path) -> int:
    path = folder / LOCK
    while True:
        with writing(called):
            folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        if _is_locked(path, handle, called):
            return handle
        os.close(handle)  # whoever held it before removed it between our opening and our locking


def _is_locked(path: Path, handle: int, called: Path) -> bool:
    """Lock a file that was opened; False if by then it was not the folder's any more. What fails leaves it closed."""
    try:
        with writing(called):
            if not _flocked(handle):
                raise RunError(
                    str(called),
                    found="another run is writing here",
                    expected="one run to a folder",
                    do="wait until it has ended, then give --resume if it did not finish; or give another --out",
                )
            return _is_at(path, handle)
    except BaseException:
        os.close(handle)
        raise


def _flocked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(path: Path, handle: int) -> bool:
    return path.exists() and os.path.samestat(os.fstat(handle), path.stat())
