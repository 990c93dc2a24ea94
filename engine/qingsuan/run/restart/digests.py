"""Digests of the input files, worked out beside the run: reading them again must not cost its own time."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

from qingsuan.errors import InputError
from qingsuan.run.inputs import Source

__all__ = ["InputDigests"]

_BLOCK_BYTES = 4 << 20

_AT_ONCE = 64
"""So many files are digested one after another before anybody is told: to tell costs as much as to digest a small one."""


class InputDigests:
    """SHA-256 of input files, each worked out once, by a thread of its own that lets the others work.

    Inside ``with``; what is not yet known is given up at the end.
    """

    def __init__(self, sources: Iterable[Source]) -> None:
        self._stop = threading.Event()
        self._stamps: dict[Path, tuple[int, int]] = {}
        self._thread = ThreadPoolExecutor(1, "digests")
        self._found: dict[Path, Future[dict[Path, str | OSError]]] = {}
        for source in sources:
            if not source.sha256:
                self._stamps[source.path] = _stamp(source.path)
        paths = iter(self._stamps)
        while some := list(islice(paths, _AT_ONCE)):
            self._found.update(dict.fromkeys(some, self._thread.submit(self._digests, some)))

    def size(self, source: Source) -> int:
        """The file's size in bytes when the run began."""
        return source.size if source.sha256 else self._stamps[source.path][0]

    def of(self, source: Source) -> str:
        """SHA-256 of a file, as hexadecimal text; waits until it is known.

        Raises
        ------
        InputError
            The file cannot be read.
        """
        if source.sha256:
            return source.sha256
        found = self._found[source.path].result()[source.path]
        if isinstance(found, OSError):
            raise _unreadable(source.path, str(found)) from found
        return found

    def check_unchanged(self) -> None:
        """Check that no file was written to since the run began.

        Raises
        ------
        InputError
            One was: what was read and what was digested may differ.
        """
        for path, stamp in self._stamps.items():
            if _stamp(path) != stamp:
                raise InputError(
                    str(path),
                    found="it was changed while it was read",
                    expected="input that stays as it is",
                    do="wait until the extract is complete, then settle again with --overwrite",
                )

    def _digests(self, paths: Sequence[Path]) -> dict[Path, str | OSError]:
        return {path: self._digest(path) for path in paths}

    def _digest(self, path: Path) -> str | OSError:
        try:
            return self._read(path)
        except OSError as error:
            return error

    def _read(self, path: Path) -> str:
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                if self._stop.is_set():
                    raise CancelledError
                digest.update(block)
        return digest.hexdigest()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.shutdown(cancel_futures=True)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError as error:
        raise _unreadable(path, str(error)) from error
    return found.st_size, found.st_mtime_ns


def _unreadable(path: Path, why: str) -> InputError:
    return InputError(
        str(path),
        found=f"cannot be read: {why}",
        expected="a file that stays readable",
        do="mend that, or fetch the file again, and give the command again",
    )
