"""Telling people apart: hashing, numbering and spreading rows by ``psn_no``. The door of the compiled ``_people``.

The hash decides in which partition a person is settled and in which order people come out of it; it is the same on every
machine and in every version of this package (a changed hash would change the files of a run, never its rows).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan import _people

__all__ = ["Numbering", "Texts", "partition_of", "spread"]

MAX_ROWS = 2**31 - 2
"""Rows of one partition are numbered in 32 bits."""


@dataclass(frozen=True, slots=True)
class Texts:
    """A text column as its buffers and hashes, without nulls.

    Attributes
    ----------
    offsets : (n + 1,) int32
    data : (bytes,) uint8
    hashes : (n,) uint64
    """

    offsets: npt.NDArray[np.int32]
    data: npt.NDArray[np.uint8]
    hashes: npt.NDArray[np.uint64]

    @classmethod
    def of(cls, column: pa.Array | pa.ChunkedArray) -> Texts:
        """Take a string column apart and hash it; see :meth:`plain` for what is raised."""
        texts = cls.plain(column)
        hashes = np.empty(len(column), np.uint64)
        _people.hash_rows(texts.offsets, texts.data, hashes)
        return cls(texts.offsets, texts.data, hashes)

    @classmethod
    def plain(cls, column: pa.Array | pa.ChunkedArray) -> Texts:
        """Take a string column apart without hashing it: ``hashes`` is empty.

        Raises
        ------
        ValueError
            The column holds nulls, or more rows or bytes than 32 bits can number.
        """
        if isinstance(column, pa.ChunkedArray):
            column = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
        if column.null_count:
            raise ValueError("a key column must not hold nulls")
        if len(column) > MAX_ROWS:
            raise ValueError(f"a partition holds at most {MAX_ROWS} rows, got {len(column)}")
        if not pa.types.is_string(column.type):
            column = column.cast(pa.string())
        _, offsets, data = column.buffers()
        if offsets is None or offsets.size == 0:
            first = np.zeros(1, np.int32)
        else:
            first = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1]
        content = np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(0, np.uint8)
        if first[0] < 0 or (np.diff(first) < 0).any() or first[-1] > len(content):
            raise ValueError("the column's text offsets are not in order")
        return cls(first, content, np.empty(0, np.uint64))

    def __len__(self) -> int:
        return len(self.offsets) - 1


def partition_of(texts: Texts, partitions: int) -> npt.NDArray[np.int32]:
    """Give each row the partition its person belongs to: ``hash`` scaled to ``0 … partitions - 1``.

    The upper 32 bits are scaled, so that a partition is a range of hashes and 8 partitions nest in 4.
    """
    upper = texts.hashes >> np.uint64(32)
    return ((upper * np.uint64(partitions)) >> np.uint64(32)).astype(np.int32)


class Numbering:
    """The different texts of a column, numbered in the order of (hash, text): it depends on no row order.

    Attributes
    ----------
    numbers : (n,) int32
        The number of each row's text.
    count : int
        How many texts differ.
    """

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        size = 1 << max(4, (2 * len(texts)).bit_length())
        self._table = np.full(size, -1, np.int32)
        first_row = np.empty(max(1, len(texts)), np.int32)
        numbers = np.empty(len(texts), np.int32)
        self.count: int = _people.number_rows(texts.offsets, texts.data, texts.hashes, self._table, first_row, numbers)
        self._first_row = first_row[: self.count]
        self._rank = self._ranks()
        self.numbers: npt.NDArray[np.int32] = self._rank[numbers]

    def _ranks(self) -> npt.NDArray[np.int32]:
        hashes = self._texts.hashes[self._first_row]
        order = np.argsort(hashes, kind="stable")
        ordered = hashes[order]
        same = np.flatnonzero(ordered[1:] == ordered[:-1])
        if len(same):  # two people under one hash: their texts decide, whatever came first
            keys = [(int(hashes[i]), self._text(int(self._first_row[i]))) for i in order]
            order = order[np.array(sorted(range(len(keys)), key=keys.__getitem__), np.intp)]
        ranks = np.empty(self.count, np.int32)
        ranks[order] = np.arange(self.count, dtype=np.int32)
        return ranks

    def _text(self, row: int) -> bytes:
        start, end = self._texts.offsets[row : row + 2]
        return self._texts.data[start:end].tobytes()

    def find(self, texts: Texts) -> npt.NDArray[np.int32]:
        """Give each of other texts its number here, or -1 where it is not among them."""
        found = np.empty(len(texts), np.int32)
        _people.find_rows(
            texts.offsets,
            texts.data,
            texts.hashes,
            self._table,
            self._first_row,
            self._texts.offsets,
            self._texts.data,
            self._texts.hashes,
            found,
        )
        known = found >= 0
        found[known] = self._rank[found[known]]
        return found


def spread(numbers: npt.NDArray[np.int32], count: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Sort rows by their number, stably and in linear time; rows numbered -1 are left out.

    Returns
    -------
    starts : (count + 1,) int64
    rows : (number of rows kept,) int32
        The rows of number ``k`` are ``rows[starts[k]:starts[k + 1]]``.

    Raises
    ------
    ValueError
        A number is outside ``-1 … count - 1``.
    """
    if len(numbers) and not (int(numbers.min()) >= -1 and int(numbers.max()) < count):
        raise ValueError(f"numbers must lie in -1 … {count - 1}")
    starts = np.zeros(count + 1, np.int64)
    rows = np.empty(len(numbers), np.int32)
    _people.spread_rows(numbers, starts, rows)
    return starts, rows[: int(starts[count])]
