"""Which parameter files were read, and what was in them: whoever keeps what came of them can see that they are still the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.resources.abc import Traversable
from pathlib import Path

__all__ = ["Noted", "note_file", "note_folder", "noting"]


class Noted:
    """What was read.

    Attributes
    ----------
    files : by their paths, the SHA-256 of what they held.
    folders : by their paths, the names of the parameter files in them.
    is_whole : whether that is all: of what lies in no folder of the machine nobody sees whether it changes.
    """

    def __init__(self) -> None:
        self.files: dict[Path, bytes] = {}
        self.folders: dict[Path, tuple[str, ...]] = {}
        self.is_whole = True


_NOTED: ContextVar[Noted | None] = ContextVar("qingsuan_noted", default=None)


@contextmanager
def noting() -> Iterator[Noted]:
    """Note what is read inside, by this thread."""
    noted = Noted()
    before = _NOTED.set(noted)
    try:
        yield noted
    finally:
        _NOTED.reset(before)


def note_file(file: Traversable | Path, content: bytes) -> None:
    """Note what a file held; one that holds something else the second time is no file to go by."""
    noted, digest = _NOTED.get(), hashlib.sha256(content).digest()
    if noted is not None:
        noted.is_whole &= isinstance(file, Path) and noted.files.setdefault(file, digest) == digest


def note_folder(folder: Traversable | Path, names: Sequence[str]) -> None:
    """Note the names of the parameter files in a folder."""
    noted, found = _NOTED.get(), tuple(names)
    if noted is not None:
        noted.is_whole &= isinstance(folder, Path) and noted.folders.setdefault(folder, found) == found
