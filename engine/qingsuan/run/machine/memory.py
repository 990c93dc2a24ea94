"""What a run takes of its memory: known before it is taken, shared by its threads, refused with the number that would do.

The figures are measured (``make memory-shapes``). What must be in memory together (a record batch, the rows of a partition) is held
against the memory before it is; threads that read or settle wait for one another where all of them would take more.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from qingsuan.errors import InputError
from qingsuan.run.threads import in_threads

__all__ = ["Memory", "Room", "memory_for"]

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_MB = 1 << 20

LIBRARIES_BYTES = 140 * _MB
"""What a run has resident before its first row: the interpreter, libraries, rules."""

KEPT_BYTES = 60 * _MB
"""What allocators keep of reading while rows are settled, though it is given back."""

READER_BYTES = 160 * _MB
"""What a thread takes that reads: a batch as it came, checked, made small, and spread."""

WHOLE_TIMES = 2
"""So many times its size a record batch takes that is read whole: allocators keep the one before it."""

WRITTEN_TIMES = 2
"""So many times what rejected rows take as they wait, they take while they are put in order and written."""

LEAST_KEPT_BYTES = 512 * _MB
"""A smaller memory is not kept within; what fits into this one is not refused."""

_LEAST_WAITING = 16
"""Such a part of the memory is left for rows that wait, at least."""


def memory_for(together_bytes: int) -> int:
    """How much memory a run needs that must have so much in memory together, rounded up to 64 MB."""
    needed = (LIBRARIES_BYTES + together_bytes) * _LEAST_WAITING // (_LEAST_WAITING - 1)
    return -(-needed // (64 * _MB)) * 64 * _MB


class Waiting(Protocol):
    """What rows that wait may take of memory: so much, and less where that is needed otherwise."""

    size_bytes: int

    @property
    def held_bytes(self) -> int:
        """What they take now."""

    def shrink(self, size_bytes: int) -> None:
        """Let them take no more than this from now on."""


class Memory:
    """A run's memory, and how its stages share it.

    Parameters
    ----------
    size_bytes
        What was given.
    waiting
        What rows that wait for the others of their partition may take of it.
    """

    def __init__(self, size_bytes: int, waiting: Waiting) -> None:
        self.size_bytes, self._waiting = size_bytes, waiting

    def to_read(self, whole: Iterable[tuple[str, int]]) -> Room:
        """The room of threads that read.

        Parameters
        ----------
        whole
            Of each file, the bytes that are read into memory whole.

        Raises
        ------
        InputError
            They do not fit.
        """
        file, largest = max(whole, key=lambda one: one[1], default=("", 0))
        together = READER_BYTES + WHOLE_TIMES * largest
        if not self._fits(together):
            size, given, needed = _told(largest), _told(self.size_bytes), _told(memory_for(together))
            raise InputError(
                file,
                found=f"{size} in one record batch and dictionaries, which are read into memory whole",
                expected=f"no more than --memory {given} holds beside what a run needs",
                do=f"give --memory {needed}, or write the file in batches of fewer rows",
            )
        return self._room(together, self._waiting.size_bytes)

    def to_settle(self, table: str, sizes: npt.NDArray[np.int64]) -> Room:
        """The room of threads that work on partitions when all rows wait.

        Parameters
        ----------
        table
            What is settled, or written.
        sizes
            (partitions,) int64, what the rows of each take while they are worked on.

        Raises
        ------
        InputError
            A partition does not fit.
        """
        together = KEPT_BYTES + int(sizes.max(initial=0))
        if not self._fits(together):
            size, given, needed = _told(together), _told(self.size_bytes), _told(memory_for(together))
            raise InputError(
                f"--memory {given}",
                found=f"rows of one partition of {table} that take {size} while they are worked on together",
                expected="no more than that: rows of one person or institution are not taken apart",
                do=f"give --memory {needed}, or more --partitions if the rows are of many",
            )
        return self._room(together, self._waiting.held_bytes, KEPT_BYTES)

    def _fits(self, together: int) -> bool:
        kept = max(self.size_bytes, LEAST_KEPT_BYTES)
        return LIBRARIES_BYTES + together + kept // _LEAST_WAITING <= kept

    def _room(self, together: int, waiting: int, kept: int = 0) -> Room:
        """What is left beside rows that wait; these get less where that is not enough for what must be in memory together."""
        left = max(self.size_bytes, LEAST_KEPT_BYTES) - LIBRARIES_BYTES
        if left - waiting < together:
            waiting = left - together
            self._waiting.shrink(waiting)
        return Room(left - waiting - kept)


def _told(size_bytes: int) -> str:
    return f"{-(-size_bytes // _MB)}MB"


class Room:
    """Memory that threads share: who needs more than is left waits; who needs more than there is waits until nobody has any.

    Parameters
    ----------
    size_bytes
    """

    def __init__(self, size_bytes: int) -> None:
        self._size = self._left = max(1, size_bytes)
        self._changed = threading.Condition()

    def threads(self, workers: int, sizes: npt.NDArray[np.int64]) -> int:
        """How many of the workers it has room for, whose work takes so much, piece by piece; one at least.

        No more are begun than have room: allocators keep some memory for every thread that ever worked.
        """
        usual = int(sizes.sum()) // max(1, int(np.count_nonzero(sizes)))
        return max(1, min(workers, self._size // max(1, usual)))

    def each(
        self, work: Callable[[_Item], _Result], items: Sequence[_Item], sizes: npt.NDArray[np.int64], workers: int
    ) -> Iterable[_Result]:
        """Do work side by side, as :func:`qingsuan.run.threads.in_threads`, and each piece of it when there is room for it.

        Parameters
        ----------
        sizes
            (items,) int64, what the work on each takes.
        """

        def one(at: int) -> _Result:
            with self.taken(int(sizes[at])):
                return work(items[at])

        return in_threads(one, range(len(items)), self.threads(workers, sizes))

    def take(self, size_bytes: int) -> int:
        """Wait until there is so much left, and take it; returns what is to be given back."""
        mine = min(size_bytes, self._size)
        with self._changed:
            self._changed.wait_for(lambda: self._left >= mine)
            self._left -= mine
        return mine

    def give_back(self, size_bytes: int) -> None:
        """Give back what was taken."""
        with self._changed:
            self._left += size_bytes
            self._changed.notify_all()

    @contextmanager
    def taken(self, size_bytes: int) -> Iterator[None]:
        """Take so much, and give it back at the end."""
        mine = self.take(size_bytes)
        try:
            yield
        finally:
            self.give_back(mine)
