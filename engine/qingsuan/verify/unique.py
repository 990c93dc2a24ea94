"""Finding texts that occur more than once among any number of rows, in bounded memory: first by hash, then by text."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.people import Texts

__all__ = ["Repeats"]

_IN_MEMORY = 8_000_000
"""Hashes held before they are put aside: 64 MB."""

_BUCKETS = 64
MOST = 10_000
"""So many repeated hashes are followed up; more are counted only."""


class Repeats:
    """Collects the hashes of a text column; those that come twice are found bucket by bucket.

    Inside ``with``: hashes beyond a bound go to files in a temporary folder.
    """

    def __init__(self, in_memory: int = _IN_MEMORY) -> None:
        self._bound = in_memory
        self._held: list[npt.NDArray[np.uint64]] = []
        self._held_count = 0
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def add(self, column: pa.Array) -> None:
        """Add a text column without nulls."""
        hashes = Texts.of(column).hashes
        self._held.append(hashes)
        self._held_count += len(hashes)
        if self._held_count > self._bound:
            self._put_aside()

    def _put_aside(self) -> None:
        self._folder = self._folder or tempfile.TemporaryDirectory(prefix="qingsuan-verify-")
        hashes = np.concatenate([np.zeros(0, np.uint64), *self._held])
        self._held, self._held_count = [], 0
        buckets = (hashes % np.uint64(_BUCKETS)).astype(np.int64)
        for bucket in range(_BUCKETS):
            with (Path(self._folder.name) / f"{bucket}").open("ab") as file:
                hashes[buckets == bucket].tofile(file)

    def found(self) -> npt.NDArray[np.uint64]:
        """The hashes that came more than once, sorted; at most :data:`MOST`."""
        if self._folder is None:
            return _repeated(np.concatenate([np.zeros(0, np.uint64), *self._held]))[:MOST]
        self._put_aside()
        folder = Path(self._folder.name)
        parts = [_repeated(np.fromfile(folder / f"{bucket}", np.uint64)) for bucket in range(_BUCKETS)]
        return np.sort(np.concatenate(parts)[:MOST])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._folder is not None:
            self._folder.cleanup()


def _repeated(hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    hashes = np.sort(hashes)
    return np.unique(hashes[1:][hashes[1:] == hashes[:-1]])
