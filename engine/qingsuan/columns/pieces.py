"""Where the rows of a batch come from: pieces of files, one after another; mostly one piece of one file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

__all__ = ["Pieces"]

_MOST_ROWS_LOG2 = 40
"""No file has more rows: one alone would need a terabyte for a byte of each."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """The pieces of a batch, in ascending order of files and their rows.

    Attributes
    ----------
    begins : the place in the batch at which each piece begins, the first at 0; it ends where the next one begins.
    files, first_rows : the number of its file, and which row of that its first one is, counted from 0.
    """

    begins: npt.NDArray[np.int64]
    files: npt.NDArray[np.int32]
    first_rows: npt.NDArray[np.int64]

    @classmethod
    def of(cls, file: int, first_row: int) -> Self:
        """A batch of rows of one file, from ``first_row`` on."""
        return cls.joined([(file, first_row, 0)])

    @classmethod
    def joined(cls, pieces: Sequence[tuple[int, int, int]]) -> Self:
        """Pieces given by file, first row, and how many rows there are; those of the last one end with the batch."""
        files, first_rows, sizes = zip(*pieces, strict=True)
        begins = np.cumsum([0, *sizes[:-1]], dtype=np.int64)
        return cls(begins, np.array(files, np.int32), np.array(first_rows, np.int64))

    def files_of(self, size: int) -> npt.NDArray[np.int32]:
        """The file of each row of the batch, which has ``size`` rows."""
        return np.repeat(self.files, self._sizes(size))

    def rows_of(self, size: int) -> npt.NDArray[np.int64]:
        """Which row of its file each row of the batch is."""
        return np.arange(size, dtype=np.int64) + np.repeat(self.first_rows - self.begins, self._sizes(size))

    def _sizes(self, size: int) -> npt.NDArray[np.int64]:
        return np.diff(self.begins, append=size)

    def places_of(self, files: npt.NDArray[np.int32], rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The places in the batch of rows given by file and row; all of them are rows of it."""
        begins = _key(self.files, self.first_rows)
        piece = np.searchsorted(begins, _key(files, rows), "right") - 1
        return rows - self.first_rows[piece] + self.begins[piece]


def _key(files: npt.NDArray[np.int32], rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return (files.astype(np.int64) << _MOST_ROWS_LOG2) | rows
