"""Where the two stages of a run take place: what a run asks of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, Self

from qingsuan.run.folder import Written
from qingsuan.run.kept import Kept
from qingsuan.run.model import Run
from qingsuan.run.rejections.refused import RefusedRows

__all__ = ["Done", "Engine"]

Done = Callable[[int, Kept, tuple[Written, ...]], None]
"""Told that a partition is settled: its number, what is kept of it, its files."""


class Engine(Protocol):
    """Where the two stages of a run take place if not in this process's threads; open during one run."""

    def read(self, run: Run, refused: RefusedRows) -> None:
        """Read every file once, check rows on their own, spread them on their key; freeze the settlement."""

    def settle(self, run: Run, partitions: Sequence[int], done: Done) -> None:
        """Settle these partitions and write their files."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...
