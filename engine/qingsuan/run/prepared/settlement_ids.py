"""The index of settlements while a delivery is written: where each ``setl_id`` lies, by its hash, within a memory budget.

Parts are added in any order, by several threads. Entries wait in memory; beyond the budget they are put into a file, divided by
the part of the index in which they will lie. Each part of the index is then put together alone, and sorted by (hash, partition,
row): it depends on the rows only.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.columns.rows import arrow
from qingsuan.people import Texts, divide
from qingsuan.run.folder.disk import writing

__all__ = ["SettlementIds"]

_BYTES_PER_ENTRY = 48
"""What one entry takes while those that wait are divided: the most there is of it at any time."""


class _Divided(NamedTuple):
    """Entries divided by part of the index: those of part ``p`` are ``starts[p]`` up to ``starts[p + 1]``."""

    starts: npt.NDArray[np.int64]
    hashes: npt.NDArray[np.uint64]
    places: npt.NDArray[np.uint64]


class _Spilled(NamedTuple):
    """The same in a file: all hashes, then all places."""

    starts: npt.NDArray[np.int64]
    path: Path


class SettlementIds:
    """Collects the settlement ids of a delivery.

    Parameters
    ----------
    partitions
        How many parts the index has, and the delivery.
    memory_bytes
        What the entries may take while they wait.
    folder
        Where the rest goes; it is there, and who writes the delivery removes it.
    """

    def __init__(self, partitions: int, memory_bytes: int, folder: Path) -> None:
        self.partitions, self.memory_bytes, self.folder = partitions, memory_bytes, folder
        self._lock = threading.Lock()
        self._waiting: dict[int, npt.NDArray[np.uint64]] = {}
        self._count = 0
        self._spilled: list[_Spilled] = []
        self._rest: _Divided | None = None

    def add(self, partition: int, hashes: npt.NDArray[np.uint64]) -> None:
        """Add the ids of a partition's claims, by their hashes in the order of rows.

        Raises
        ------
        RunError
            There is no room on the disk.
        """
        with self._lock:
            self._waiting[partition] = hashes
            self._count += len(hashes)
            if self._count * _BYTES_PER_ENTRY > self.memory_bytes:
                self._spill()

    def close(self) -> None:
        """Everything has been added."""
        self._rest = self._divide()

    def part(self, number: int) -> tuple[pa.Table, npt.NDArray[np.uint64]]:
        """One part of the index, and its hashes, which rise.

        Raises
        ------
        ValueError
            It was not closed before.
        """
        if self._rest is None:
            raise ValueError("the index is taken out when everything has been added")
        begin, end = self._rest.starts[number : number + 2]
        pieces = [_read(spilled, number) for spilled in self._spilled]
        pieces.append((self._rest.hashes[begin:end], self._rest.places[begin:end]))
        hashes, places = _sorted(*(np.concatenate(each) for each in zip(*pieces, strict=True)))
        columns = {
            "hash": arrow(hashes),
            "partition": arrow((places >> np.uint64(32)).astype(np.int32)),
            "row": arrow(places.astype(np.uint32).view(np.int32)),
        }
        return pa.table(columns), hashes

    def _divide(self) -> _Divided:
        """Divide the entries that wait, and let them go."""
        none = [np.zeros(0, np.uint64)]
        hashes = np.concatenate([*self._waiting.values(), *none])
        places = np.concatenate([*(_places(*item) for item in self._waiting.items()), *none])
        self._waiting, self._count = {}, 0
        starts, rows = divide(
            Texts(np.zeros(len(hashes) + 1, np.int32), np.zeros(0, np.uint8), hashes), self.partitions
        )
        return _Divided(starts, hashes[rows], places[rows])

    def _spill(self) -> None:
        path = self.folder / f"run-{len(self._spilled)}"
        starts, hashes, places = self._divide()
        with writing(path), path.open("xb") as file:
            hashes.tofile(file)
            places.tofile(file)
        self._spilled.append(_Spilled(starts, path))


def _places(partition: int, hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Partition and row of every claim of a partition in one number, in their order."""
    return np.arange(len(hashes), dtype=np.uint64) + np.uint64(partition << 32)


def _read(spilled: _Spilled, number: int) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    begin, end = (int(start) for start in spilled.starts[number : number + 2])
    with writing(spilled.path), spilled.path.open("rb") as file:
        hashes, places = (
            np.fromfile(file, np.uint64, end - begin, offset=8 * at - file.tell())
            for at in (begin, begin + int(spilled.starts[-1]))
        )
    return hashes, places


def _sorted(
    hashes: npt.NDArray[np.uint64], places: npt.NDArray[np.uint64]
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """Entries by (hash, place). The few whose hashes are equal are sorted again: the first sort is fast, but not stable."""
    order = np.argsort(hashes)
    hashes, places = hashes[order], places[order]
    equal = hashes[1:] == hashes[:-1]
    if equal.any():
        tied = np.zeros(len(hashes), np.bool_)
        tied[1:] |= equal
        tied[:-1] |= equal
        places[tied] = places[tied][np.lexsort((places[tied], hashes[tied]))]
    return hashes, places
