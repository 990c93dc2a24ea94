"""Checks of whole columns: the first row that is wrong is named with what was found there and what was expected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Ranges", "columns_of", "least_of_owners"]

Bool = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Ranges:
    """The checks of one thing, which ``of`` names in messages; each raises ``ValueError``."""

    of: str

    def within(self, what: str, values: Int64, low: Int64 | int, high: Int64 | int) -> None:
        """Check ``low <= values <= high``."""
        wrong = np.flatnonzero((values < low) | (values > high))
        if len(wrong):
            row = int(wrong[0])
            least, most = (np.broadcast_to(bound, values.shape)[row] for bound in (low, high))
            raise ValueError(f"{self.of}: {what} out of range: row {row} has {values[row]}, expected {least} … {most}")

    def spans(self, what: str, start: Int64, end: Int64, size: int) -> None:
        """Check that every ``start … end`` lies in a table of ``size`` rows."""
        wrong = np.flatnonzero((start < 0) | (end < start) | (end > size))
        if len(wrong):
            row = int(wrong[0])
            found = f"row {row} has {start[row]} … {end[row]} of {size}"
            raise ValueError(f"{self.of}: {what} point outside their table: {found}")

    def must(self, what: str, values: Int64, fine: Bool, expected: str) -> None:
        """Check that all ``values`` are ``fine``."""
        wrong = np.flatnonzero(~fine)
        if len(wrong):
            row = int(wrong[0])
            raise ValueError(f"{self.of}: {what}: row {row} has {values[row]}, expected {expected}")


def columns_of(table: Int64, names: Sequence[str]) -> dict[str, Int64]:
    """The columns of a table that has one for each name, by their names."""
    return dict(zip(names, table.T, strict=True))


def least_of_owners(start: Int64, end: Int64, of_owner: Int64, size: int, none: int) -> Int64:
    """The least value among the owners of each row, where owner k has rows ``start[k] … end[k]``; ``none`` where it has no owner."""
    least = np.full(size, none, np.int64)
    for first, last, value in zip(start.tolist(), end.tolist(), of_owner.tolist(), strict=True):
        least[first:last] = np.minimum(least[first:last], value)
    return least
