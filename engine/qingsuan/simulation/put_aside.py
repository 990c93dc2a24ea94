"""What stands at the core's door, put aside, so that value after value is tried without reading or ordering the year again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.benefits.core.core import AtDoor
from qingsuan.run.folder.disk import writing
from qingsuan.run.threads import in_threads
from qingsuan.simulation.variants import Variant
from qingsuan.simulation.views import MEASURES, View, measured

__all__ = ["Views"]

Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]

_SHARE_OF_MEMORY = 4
"""A quarter of what a simulation may hold in memory is for what is put aside."""

_COLUMNS = ("row", "cells", "cell", "amounts", "bucket", "has_claims")
"""The plain arrays of a view, in the order of its fields."""


class Views:
    """The views of a year, put aside: in memory up to a bound, beyond it in a folder.

    Parameters
    ----------
    memory
        What a simulation may hold in memory, in bytes; a quarter of it is for the views.
    folder
        For the others; made when it is needed, and left to the caller.
    """

    def __init__(self, memory: int, folder: Path) -> None:
        self._left, self._folder = memory // _SHARE_OF_MEMORY, folder
        self._held: dict[int, View | Path] = {}

    def put(self, partition: int, view: View) -> None:
        """Put one aside.

        Raises
        ------
        RunError
            It cannot be written.
        """
        self._left -= view.bytes()
        if self._left >= 0:
            self._held[partition] = view
            return
        path = self._folder / f"view-{partition:05d}.npz"
        with writing(path):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            np.savez(path, **dict(_arrays(view)))
        self._held[partition] = path

    def partitions(self) -> list[int]:
        """The partitions that were put aside."""
        return sorted(self._held)

    def change(self, variant: Variant, workers: int, of: Callable[[View], Bool] | None = None) -> Int64:
        """By how much :data:`~qingsuan.simulation.views.MEASURES` change by a variant for which claims stand at the same door.

        ``of`` says of each claim of a view whether it counts; without it all do.
        """

        def work(partition: int) -> Int64:
            view = self.get(partition)
            kept, door, before = view.touched(variant.touched)
            if not len(door.person):
                return np.zeros(len(MEASURES), np.int64)
            change = measured(door, variant.core.run(door)) - before
            found: Int64 = (change if of is None else change[:, of(view)[kept]]).sum(axis=1)
            return found

        sums = np.zeros(len(MEASURES), np.int64)
        for change in in_threads(work, self.partitions(), workers):
            sums += change
        return sums

    def get(self, partition: int) -> View:
        """Take one again."""
        held = self._held[partition]
        return _read(held) if isinstance(held, Path) else held


def _arrays(view: View) -> Iterator[tuple[str, Any]]:
    for one in fields(AtDoor):
        yield f"door.{one.name}", getattr(view.door, one.name)
    for name in _COLUMNS:
        yield name, getattr(view, name)
    for name in ("psn_no", "setl_id"):
        column = getattr(view, name)
        _, offsets, content = column.buffers()
        yield f"{name}.offsets", np.frombuffer(offsets, np.int32)
        yield f"{name}.content", np.frombuffer(content, np.uint8)


def _read(path: Path) -> View:
    with np.load(path, allow_pickle=False) as held:
        texts = [
            pa.Array.from_buffers(
                pa.string(),
                len(held[f"{name}.offsets"]) - 1,
                [None, pa.py_buffer(held[f"{name}.offsets"]), pa.py_buffer(held[f"{name}.content"])],
            )
            for name in ("psn_no", "setl_id")
        ]
        door = AtDoor(*(held[f"door.{one.name}"] for one in fields(AtDoor)))
        plain_ones = [held[name] for name in _COLUMNS]
        return View(door, *plain_ones, *texts)
