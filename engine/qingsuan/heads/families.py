"""Who is tied to whom: families (家庭) as connected components of registered relations, over the whole input.

People are told apart by their hashes here: two who share one would be settled in one partition, and nothing else. So what
is kept is two numbers of 64 bits for a relation while relations are read, and three numbers for a person afterwards.
"""

from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt

__all__ = ["Families", "components"]

UInt64 = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]


class Families:
    """Collects relations from several threads; then says for each person who stands for the family."""

    def __init__(self) -> None:
        self._pairs: list[npt.NDArray[np.uint64]] = []
        self._lock = threading.Lock()
        self._people: UInt64 | None = None
        self._heads = np.zeros(0, np.uint64)
        self._shift, self._begins = np.uint64(63), np.zeros(3, np.int64)
        self.count = 0

    def tie(self, one: UInt64, other: UInt64) -> None:
        """People by their hashes who belong together, pair by pair; a pair of one with itself says nothing."""
        apart = one != other
        if apart.any():
            with self._lock:
                self._pairs.append(np.stack([one[apart], other[apart]]))

    def keys(self, hashes: UInt64) -> npt.NDArray[np.int64]:
        """For each person the hash of the one who stands for the family; the person's own where there is none."""
        with self._lock:
            if self._people is None:
                self._settle()
        people = self._people
        assert people is not None
        keys = hashes.copy()
        if len(people) and len(hashes):
            change = np.empty(len(hashes), np.bool_)
            change[0] = True
            np.not_equal(hashes[1:], hashes[:-1], out=change[1:])
            some = hashes[change]  # rows of one person often lie together: each is looked up once
            places = self._places(some)
            found = places >= 0
            some[found] = self._heads[places[found]]
            keys = np.repeat(some, np.diff(np.append(np.flatnonzero(change), len(hashes))))
        return keys.view(np.int64)

    def _places(self, hashes: UInt64) -> Places:
        """Where people are among those tied, -1 for others: each hash has a slot by its first bits, and few are in one."""
        people = self._people
        assert people is not None
        places = np.full(len(hashes), -1, np.int64)
        slots = (hashes >> self._shift).view(np.int64)
        left = np.arange(len(hashes))
        at, end = self._begins[slots], self._begins[slots + 1]
        while len(left):
            inside = at < end
            left, at, end = left[inside], at[inside], end[inside]
            same = people[at] == hashes[left]
            places[left[same]] = at[same]
            left, at, end = left[~same], at[~same] + 1, end[~same]
        return places

    def _settle(self) -> None:
        pairs = np.concatenate(self._pairs, axis=1) if self._pairs else np.zeros((2, 0), np.uint64)
        self._pairs = []
        self._people, ends = np.unique(pairs, return_inverse=True)
        numbers = components(len(self._people), *ends.reshape(2, -1).astype(np.int64))
        self._heads = self._people[numbers]
        self.count = len(np.unique(numbers))
        bits = max(1, len(self._people).bit_length())
        self._shift = np.uint64(64 - bits)
        slots = (self._people >> self._shift).view(np.int64)
        self._begins = np.searchsorted(slots, np.arange((1 << bits) + 1))


def components(count: int, one: Places, other: Places) -> Places:
    """The least number of each connected component, for each of ``count`` numbers.

    Every number points at a smaller one or at itself. In each round the heads of two that are tied are hung, the larger one under
    the smallest that it is tied to, and all paths are made short, until no two heads are tied.

    >>> components(6, np.array([4, 1, 5]), np.array([1, 0, 3])).tolist()
    [0, 0, 2, 3, 0, 3]
    """
    head = np.arange(count, dtype=np.int64)
    while len(one):
        low, high = np.minimum(head[one], head[other]), np.maximum(head[one], head[other])
        np.minimum.at(head, high, low)
        while True:
            shorter = head[head]
            if np.array_equal(shorter, head):
                break
            head = shorter
        apart = head[one] != head[other]
        one, other = one[apart], other[apart]
    return head
