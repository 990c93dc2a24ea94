"""Telling people apart: hashing, numbering and spreading rows by ``psn_no``. The door of the compiled ``_people``.

The hash decides in which partition a person is settled and in which order people come out of it; it is the same on every
machine and in every version of this package (a changed hash would change the files of a run, never its rows).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan import _people

__all__ = ["Marks", "Numbering", "Texts", "divide", "partition_of", "piece_hashes", "spread"]

MAX_ROWS = 2**31 - 2
"""Rows of one partition are numbered in 32 bits."""

BUCKET_ROWS = 1024
"""So many rows, with what they are ordered by, fit the nearest cache together."""

MOST_BUCKETS = 2048
"""More buckets than that, and writing to all of them in turn costs more than small buckets save."""

RECORD_WORDS = 4
OUT_OF_ORDER = -2
NO_FIRST, NO_SECOND = np.zeros(0, np.int32), np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class Texts:
    """A text column as its buffers and hashes, without nulls.

    Attributes
    ----------
    offsets : (n + 1,) int32
    data : (bytes,) uint8
    hashes : (n,) uint64
        Those that :meth:`of` gives: where ``width`` is known, they are relied on as what the bytes were made into.
    width
        How many bytes all texts have; -1 where they differ, or where that is not known.
    """

    offsets: npt.NDArray[np.int32]
    data: npt.NDArray[np.uint8]
    hashes: npt.NDArray[np.uint64]
    width: int = -1

    @classmethod
    def of(cls, column: pa.Array | pa.ChunkedArray) -> Texts:
        """Take a string column apart and hash it; see :meth:`plain` for what is raised."""
        texts = cls.plain(column)
        hashes = np.empty(len(column), np.uint64)
        _people.hash_rows(texts.offsets, texts.data, texts.width, hashes)
        return cls(texts.offsets, texts.data, hashes, texts.width)

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
        width = _people.width_of(first, len(content))
        if width == OUT_OF_ORDER:
            raise ValueError("the column's text offsets are not in order")
        return cls(first, content, np.empty(0, np.uint64), width)

    def __len__(self) -> int:
        return len(self.offsets) - 1


def piece_hashes(data: npt.NDArray[np.uint8], width: int) -> npt.NDArray[np.uint64]:
    """The hash of each piece of so many bytes; ``data`` is cut into them without a rest.

    Raises
    ------
    ValueError
        There is a rest, or more than 32 bits can number.
    """
    count, rest = divmod(len(data), width)
    if rest or len(data) > MAX_ROWS:
        raise ValueError(f"{len(data)} bytes are not cut into pieces of {width}, or are too many at once")
    hashes = np.empty(count, np.uint64)
    _people.hash_rows(np.arange(count + 1, dtype=np.int32) * np.int32(width), data, width, hashes)
    return hashes


class Marks:
    """Few texts, marked by some bits of their hashes: it is seen at once which of many others may be among them.

    Parameters
    ----------
    hashes
        Of the few texts.
    """

    def __init__(self, hashes: npt.NDArray[np.uint64]) -> None:
        bits = max(10, (16 * len(hashes)).bit_length())
        self._marks = np.zeros(1 << bits, np.bool_)
        self._shift = np.uint64(64 - bits)
        self._marks[hashes >> self._shift] = True

    def may_have(self, hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
        """Which texts may be among the few: all that are, and hardly any besides."""
        places = (hashes >> self._shift).view(np.int64)
        return self._marks.take(
            places, mode="clip"
        )  # none lies outside: it is only faster than looking whether one does


def partition_of(texts: Texts, partitions: int) -> npt.NDArray[np.int32]:
    """Give each row the partition its person belongs to: ``hash`` scaled to ``0 … partitions - 1``.

    The upper 32 bits are scaled, so that a partition is a range of hashes and 8 partitions nest in 4.
    """
    upper = texts.hashes >> np.uint64(32)
    return ((upper * np.uint64(partitions)) >> np.uint64(32)).astype(np.int32)


def divide(texts: Texts, partitions: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Sort rows by the partition of their person (see :func:`partition_of`), stably and in linear time.

    Returns
    -------
    starts : (partitions + 1,) int64
    rows : (n,) int32
        The rows of partition ``p`` are ``rows[starts[p]:starts[p + 1]]``.

    Raises
    ------
    ValueError
        The number of partitions is not in 1 … 2³¹ - 2, or the texts have not been hashed.
    """
    if not 1 <= partitions <= MAX_ROWS or len(texts.hashes) != len(texts):
        raise ValueError(f"rows are divided by their hashes among 1 … {MAX_ROWS} partitions, got {partitions}")
    starts = np.zeros(partitions + 1, np.int64)
    rows = np.empty(len(texts), np.int32)
    _people.divide_rows(texts.hashes, partitions, starts, rows)
    return starts, rows


class Numbering:
    """The different texts of a column, numbered in the order of (hash, text): it depends on no row order.

    Parameters
    ----------
    texts
        With their hashes.
    keys : (n,) int32, (n,) int64
        What the rows of one text are ordered by: the one, then the other, then the row's own number. Without them they
        stay in the order of their numbers.
    rows : (m,) int32, rising
        Which rows to number; all of them where it is not given.
    in_order : (n,) int32
        The number of each text, where they lie in the order of numbers and of keys already: nothing is compared then.

    Attributes
    ----------
    size : int
        How many texts there are.
    count : int
        How many of those numbered differ.
    starts : (count + 1,) int64
    rows : (m,) int32
        The rows of text ``k`` are ``rows[starts[k]:starts[k + 1]]``.
    tied : (m,) int8
        1 where a row has the same text and the same keys as the one before it.

    Raises
    ------
    ValueError
        The columns differ in length, ``rows`` are out of range or do not rise, or texts in order do not begin with 0 and
        rise by one.
    """

    def __init__(
        self,
        texts: Texts,
        keys: tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]] = (NO_FIRST, NO_SECOND),
        rows: npt.NDArray[np.int32] | None = None,
        in_order: npt.NDArray[np.int32] | None = None,
    ) -> None:
        first, second = keys
        if len(texts.hashes) != len(texts) or not len(first) == len(second) in (0, len(texts)):
            raise ValueError("hashes and keys must be as long as the texts")
        self._texts, self.size = texts, len(texts)
        if in_order is not None:
            self.starts = self._starts_of(in_order)
            self.rows, self.tied = np.arange(self.size, dtype=np.int32), np.zeros(self.size, np.int8)
            self.numbers, self.count = in_order, len(self.starts) - 1
            return
        if rows is None:
            rows = np.arange(len(texts), dtype=np.int32)
        elif len(rows) and not (rows[0] >= 0 and rows[-1] < len(texts) and bool((rows[1:] > rows[:-1]).all())):
            raise ValueError("rows must be rising row numbers of the texts")
        self.rows = np.empty(len(rows), np.int32)
        self.tied = np.empty(len(rows), np.int8)
        self.starts = self._group(first, second, rows)
        self.count = len(self.starts) - 1

    def _starts_of(self, numbers: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        steps = np.diff(numbers, prepend=np.int32(-1))
        if len(numbers) != self.size or not bool(((steps == 0) | (steps == 1)).all()) or bool((steps[:1] == 0).any()):
            raise ValueError("the numbers of ordered texts begin with 0 and rise by one where the text changes")
        return np.append(np.flatnonzero(steps), self.size).astype(np.int64)

    def _group(
        self, first: npt.NDArray[np.int32], second: npt.NDArray[np.int64], rows: npt.NDArray[np.int32]
    ) -> npt.NDArray[np.int64]:
        if len(rows) == 0:
            return np.zeros(1, np.int64)
        texts = self._texts
        buckets = np.zeros(1 + min(MOST_BUCKETS, 1 << max(1, (len(rows) // BUCKET_ROWS).bit_length())), np.int64)
        low, shift = _people.count_buckets(texts.hashes, rows, buckets)
        dealt = np.empty(len(rows) * RECORD_WORDS, np.uint64)
        room = np.empty(int(np.diff(buckets).max()) * RECORD_WORDS, np.uint64)
        starts = np.empty(len(rows) + 1, np.int64)
        count = _people.group_rows(
            texts.offsets,
            texts.data,
            texts.width,
            texts.hashes,
            rows,
            first,
            second,
            low,
            shift,
            buckets,
            dealt,
            room,
            starts,
            self.rows,
            self.tied,
        )
        return starts[: count + 1].copy()

    @cached_property
    def numbers(self) -> npt.NDArray[np.int32]:
        """(n,) int32: the number of each row's text; -1 for rows that were not numbered."""
        numbers = np.full(len(self._texts), -1, np.int32)
        numbers[self.rows] = np.repeat(np.arange(self.count, dtype=np.int32), np.diff(self.starts))
        return numbers

    @cached_property
    def _index(self) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int32], int, int, npt.NDArray[np.int32]]:
        """Each text's hash and one of its rows; where the slots of hashes begin: about one text lies in each."""
        some = self.rows[self.starts[:-1]]
        hashes = self._texts.hashes[some]
        low, span = (int(hashes[0]), int(hashes[-1]) - int(hashes[0])) if self.count else (0, 0)
        shift = max(0, span.bit_length() - max(1, self.count).bit_length())
        begins = np.empty((span >> shift) + 2, np.int32)
        _people.index_hashes(hashes, low, shift, begins)
        return hashes, some, low, shift, begins

    def find(self, texts: Texts) -> npt.NDArray[np.int32]:
        """Give each of other texts its number here, or -1 where it is not among them.

        Raises
        ------
        ValueError
            They have not been hashed.
        """
        if len(texts.hashes) != len(texts):
            raise ValueError("texts are found by their hashes")
        hashes, rows, low, shift, begins = self._index
        own = self._texts
        found = np.empty(len(texts), np.int32)
        _people.find_rows(
            texts.offsets,
            texts.data,
            texts.width,
            texts.hashes,
            own.offsets,
            own.data,
            own.width,
            hashes,
            rows,
            low,
            shift,
            begins,
            found,
        )
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
