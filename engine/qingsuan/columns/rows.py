"""Taking rows of columns, and adding columns up by group. The door of the compiled ``_rows``.

Columns here have no nulls and are plain fixed-width numbers or texts: what the engine keeps of its inputs. They are moved
as memory, which costs a third of what a general take does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan import _rows
from qingsuan.people import Texts

__all__ = [
    "Keeper",
    "Taker",
    "add_up",
    "are_within",
    "arrow",
    "has_its_digits",
    "looked_up",
    "low_words",
    "numbers",
    "recoded",
]

MAX_BYTES = 2**31 - 1
_DIGITS_OF_64_BITS = 18


def arrow(values: npt.NDArray[Any], kind: pa.DataType | None = None) -> pa.Array:
    """A NumPy column as an Arrow array over the same memory; ``kind`` reads the same bits as another type."""
    values = np.ascontiguousarray(values)
    kind = pa.from_numpy_dtype(values.dtype) if kind is None else kind
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(values)])


def numbers(column: pa.Array | pa.ChunkedArray) -> npt.NDArray[Any]:
    """A fixed-width column without nulls as NumPy, over the same memory where it lies in one piece.

    Raises
    ------
    ValueError
        It holds nulls.
    """
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    if column.null_count:
        raise ValueError("a column of numbers must not hold nulls")
    dtype = np.dtype(column.type.to_pandas_dtype())
    buffer = column.buffers()[1]
    if buffer is None or len(column) == 0:
        return np.zeros(0, dtype)
    values: npt.NDArray[Any] = np.frombuffer(buffer, dtype, len(column), column.offset * dtype.itemsize)
    return values


def are_within(places: npt.NDArray[np.int32], size: int) -> bool:
    """Whether all places of 32 bits lie in ``0 … size - 1``.

    Raises
    ------
    ValueError
        They have other than 32 bits.
    """
    if places.dtype != np.int32:
        raise ValueError(f"places are whole numbers of 32 bits, not {places.dtype}")
    unsigned = places.view(np.uint32)  # of these, negative ones are the largest
    return not len(places) or int(unsigned.max()) < min(size, 2**31)


class Taker:
    """Takes the same rows of many columns.

    Parameters
    ----------
    rows : (n,) int32
    size
        How many rows the columns have.

    Raises
    ------
    ValueError
        A row lies outside.
    """

    def __init__(self, rows: npt.NDArray[np.int32], size: int) -> None:
        if not are_within(rows, size):
            raise ValueError(f"a row is outside 0 … {size - 1}")
        self.rows, self.size = np.ascontiguousarray(rows, np.int32), size
        self._offsets: dict[int, pa.Buffer] = {}

    def numbers(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Rows of a column of whole numbers of 8 to 64 bits."""
        self._check(len(values))
        out = np.empty(len(self.rows), values.dtype)
        _rows.take_fixed(np.ascontiguousarray(values), self.rows, out)
        return out

    def stacked(self, columns: Sequence[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
        """Rows of several columns, as the rows of one (columns, n) array."""
        out = np.empty(len(columns) * len(self.rows), np.int64).reshape(len(columns), len(self.rows))
        for values, row in zip(columns, out, strict=True):
            self._check(len(values))
            _rows.take_fixed(np.ascontiguousarray(values), self.rows, row)
        return out

    def texts(self, texts: Texts) -> pa.Array:
        """Rows of a text column."""
        self._check(len(texts))
        if texts.width >= 0:
            return self._even_texts(texts, texts.width)
        offsets = np.empty(len(self.rows) + 1, np.int32)
        data = np.empty(_bounded(_rows.take_offsets(texts.offsets, self.rows, offsets)), np.uint8)
        _rows.take_texts(texts.offsets, texts.data, self.rows, offsets, data)
        return pa.Array.from_buffers(pa.string(), len(self.rows), [None, pa.py_buffer(offsets), pa.py_buffer(data)])

    def _even_texts(self, texts: Texts, width: int) -> pa.Array:
        """All texts are so wide: where one lies needs no looking up."""
        count = len(self.rows)
        data = np.empty(_bounded(count * width), np.uint8)
        _rows.take_even_texts(texts.data[texts.offsets[0] :], width, self.rows, data)
        if width not in self._offsets:
            self._offsets[width] = pa.py_buffer(np.arange(count + 1, dtype=np.int32) * np.int32(width))
        return pa.Array.from_buffers(pa.string(), count, [None, self._offsets[width], pa.py_buffer(data)])

    def batch(self, batch: pa.RecordBatch, hashed: dict[str, Texts]) -> pa.RecordBatch:
        """Rows of a whole batch; ``hashed`` holds text columns that have been taken apart already."""
        arrays = []
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            if pa.types.is_string(column.type):
                arrays.append(self.texts(hashed.get(name) or Texts.plain(column)))
            else:
                arrays.append(arrow(self.numbers(numbers(column)), column.type))
        return pa.RecordBatch.from_arrays(arrays, schema=batch.schema)

    def _check(self, length: int) -> None:
        if length != self.size:
            raise ValueError(f"a column has {length} rows, the others {self.size}")


def low_words(column: pa.Array) -> tuple[npt.NDArray[np.int64], int, int, bool]:
    """The numbers of a column of decimals of 64 or 128 bits, as far as 64 bits hold them; what stands in the place of nulls too.

    Returns
    -------
    low : (n,) int64
        The lower 64 bits of each; of numbers of 64 bits the column's own memory, which cannot be written to.
    least, most
        The least and the greatest of these and 0.
    fit
        Whether 64 bits hold all of them.
    """
    words = _words(column)
    if not len(words):
        return np.zeros(len(column), np.int64), 0, 0, True
    if pa.types.is_decimal64(column.type):
        return words, int(words.min(initial=0)), int(words.max(initial=0)), True
    low = np.empty(len(column), np.int64)
    return (low, *_rows.low_words(words, low))


def has_its_digits(column: pa.Decimal128Array) -> bool:
    """Whether no number of a decimal column has more digits than its type, what stands in the place of nulls too.

    Types of more digits than 64 bits hold are not looked at: the answer is no.
    """
    digits = column.type.precision
    return bool(digits <= _DIGITS_OF_64_BITS and _rows.words_within(_words(column), 10**digits - 1))


def _words(column: pa.Array) -> npt.NDArray[np.int64]:
    """The number of each of 64 bits; of those of 128 the lower and the upper 64 bits in turn. Nothing may be written there."""
    each = column.type.byte_width // 8
    buffer = column.buffers()[1]
    if buffer is None or not len(column):
        return np.zeros(0, np.int64)
    words = np.frombuffer(buffer, np.int64, each * len(column), 8 * each * column.offset)
    words.flags.writeable = False  # it is the column's own memory, which Arrow lets others write to
    return words


class Keeper:
    """Keeps the same rows of many columns, where most are kept: what lies between two dropped rows is moved at once.

    Parameters
    ----------
    kept : (n,) bool
    """

    def __init__(self, kept: npt.NDArray[np.bool_]) -> None:
        self.size, self._dropped = len(kept), np.flatnonzero(~kept)

    def numbers(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The rows kept of a column of plain numbers.

        Raises
        ------
        ValueError
            The column has another length.
        """
        if values.shape != (self.size,):
            raise ValueError(f"a column has {len(values)} rows, the others {self.size}")
        out = np.empty(self.size - len(self._dropped), values.dtype)
        if len(out):
            source = np.ascontiguousarray(values).view(np.uint8)
            _rows.keep_rest(source, values.itemsize, self._dropped, out.view(np.uint8))
        return out


def looked_up(values: npt.NDArray[Any], places: npt.NDArray[np.int32]) -> npt.NDArray[Any]:
    """What stands in a table at each place: ``values[places]``, for places of 32 bits, none of them negative.

    Raises
    ------
    ValueError
        A place lies outside the table.
    """
    if values.dtype == np.bool_:
        return Taker(places, len(values)).numbers(values.view(np.int8)).view(np.bool_)
    return Taker(places, len(values)).numbers(values)


def recoded(indices: pa.Array, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """What each index of a dictionary array stands for, given what each text stands for.

    Raises
    ------
    ValueError
        An index is null, or lies outside the dictionary.
    """
    return looked_up(values, numbers(indices).astype(np.int32, copy=False))


def _bounded(length: int) -> int:
    if length > MAX_BYTES:
        raise ValueError("more text than one column of a partition can hold; use more partitions")
    return length


def add_to(
    sums: Sequence[npt.NDArray[np.int64]], groups: npt.NDArray[np.int32], columns: Sequence[npt.NDArray[np.int64]]
) -> None:
    """Add columns to sums that are there, by group number.

    Raises
    ------
    ValueError
        A group is out of range, a column has another length, or a sum could leave 64 bits; the sums are then worth nothing.
    """
    for total, column in zip(sums, columns, strict=True):
        if len(column) != len(groups):
            raise ValueError("columns differ in length")
        if not are_within(groups, len(total)):
            raise ValueError(f"a group is outside 0 … {len(total) - 1}")
        largest = max(int(column.max()), -int(column.min())) if len(column) else 0
        reached = max(int(total.max(initial=0)), -int(total.min(initial=0)))
        if reached + largest * len(column) >= 2**63:
            raise ValueError("sums of these amounts may leave 64 bits")
        if largest:
            _rows.add_by_group(groups, np.ascontiguousarray(column, np.int64), total)


def add_up(
    groups: npt.NDArray[np.int32], count: int, columns: Sequence[npt.NDArray[np.int64]]
) -> list[npt.NDArray[np.int64]]:
    """Exact sums of columns by group number ``0 … count - 1``.

    Raises
    ------
    ValueError
        A group is out of range, a column has another length, or a sum could leave 64 bits.
    """
    if not are_within(groups, count):
        raise ValueError(f"a group is outside 0 … {count - 1}")
    found = []
    for column in columns:
        if len(column) != len(groups):
            raise ValueError("columns differ in length")
        largest = max(int(column.max()), -int(column.min())) if len(column) else 0
        if largest * len(column) >= 2**63:
            raise ValueError("sums of these amounts may leave 64 bits")
        sums = np.zeros(count, np.int64)
        if largest:  # many a fund pays nobody here
            _rows.add_by_group(groups, np.ascontiguousarray(column, np.int64), sums)
        found.append(sums)
    return found
