"""Which value of one number changes a fund's payments by what is wanted: tried on whole fen or basis points.

Nothing says that payments rise with a number. So a value is known to be found only where the difference changes its sign between two
neighbours, and everything that was tried is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from qingsuan.benefits.core.core import AtDoor
from qingsuan.errors import UsageError
from qingsuan.money import yuan
from qingsuan.run.folder.disk import writing
from qingsuan.simulation.changing.asked import Seek, Sweep, plain
from qingsuan.simulation.views import View

__all__ = ["Found", "Tried", "Views", "seek_value"]

_BETWEEN = 7
"""So many values between the bounds are tried where the bounds lie on one side of what is wanted."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A value in hundredths, by how many fen it changes the fund's payments, and how many fen that is from what is wanted."""

    value: int
    change: int
    off: int


@dataclass(frozen=True, slots=True)
class Found:
    """The value that comes nearest, its neighbour on the other side (None where it hits), and all that was tried, in that order."""

    nearest: Tried
    other: Tried | None
    tried: tuple[Tried, ...]


def seek_value(sweep: Sweep, seek: Seek, change_of: Callable[[int], int]) -> Found:
    """Seek a value between the bounds of a sweep, on its steps, or on hundredths.

    Parameters
    ----------
    change_of
        By how many fen a value, in hundredths, changes the payments of the fund.

    Raises
    ------
    UsageError
        No value that was tried, and no two neighbours, lie on both sides of what is wanted.
    """
    known: dict[int, Tried] = {}
    step = sweep.step or 1
    last = (sweep.high - sweep.low) // step

    def at(place: int) -> Tried:
        value = sweep.low + place * step
        if value not in known:
            change = change_of(value)
            known[value] = Tried(value, change, change - seek.target_fen)
        return known[value]

    low, high = _bracket(at, last)
    if low is None or high is None:
        raise _nothing_found(sweep, seek, [*known.values()])
    while high - low > 1 and at(low).off and at(high).off:
        middle = (low + high) // 2
        if (at(middle).off > 0) == (at(low).off > 0):
            low = middle
        else:
            high = middle
    nearest, other = sorted((at(low), at(high)), key=lambda one: (abs(one.off), one.value))
    return Found(nearest, other if nearest.off else None, tuple(known.values()))


def _bracket(at: Callable[[int], Tried], last: int) -> tuple[int, int] | tuple[None, None]:
    """Two places on both sides of what is wanted: the bounds, else the first such pair of some between them."""
    places = [0, last]
    for tried in (places, sorted({last * part // (_BETWEEN + 1) for part in range(_BETWEEN + 2)})):
        for one, following in pairwise(tried):
            if at(one).off * at(following).off <= 0:
                return one, following
    return None, None


def _nothing_found(sweep: Sweep, seek: Seek, tried: list[Tried]) -> UsageError:
    ends = [next(one for one in tried if one.value == value) for value in (tried[0].value, tried[1].value)]
    said = "; ".join(f"at {plain(Decimal(one.value) / 100)} they change by {_signed(one.change)} yuan" for one in ends)
    nearest = min(tried, key=lambda one: abs(one.off))
    return UsageError(
        f"--seek {seek} --sweep {sweep}",
        found=f"no value between the bounds that changes payments by {_signed(seek.target_fen)} yuan: {said}",
        expected=f"bounds on both sides of it; of {len(tried)} values tried {plain(Decimal(nearest.value) / 100)} comes nearest "
        f"({_signed(nearest.change)} yuan)",
        do="take wider bounds, or another number",
    )


def _signed(fen: int) -> str:
    return f"{'+' if fen > 0 else '±' if fen == 0 else ''}{yuan(fen)}"


_COLUMNS = ("row", "cells", "cell", "amounts", "bucket", "has_claims")
"""The plain arrays of a view, in the order of its fields."""


class Views:
    """The views of a year, put aside: in memory up to a bound, beyond it in a folder.

    Parameters
    ----------
    most
        So many bytes are held in memory.
    folder
        For the others; made when it is needed, and left to the caller.
    """

    def __init__(self, most: int, folder: Path) -> None:
        self._left, self._folder = most, folder
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
