"""Columns of insured rows as arrays: texts by their different values, so that a check looks at each value once."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.columns.cells import Cells, read_dates, read_flags, read_ids, read_texts
from qingsuan.columns.forms import quoted, reason

__all__ = ["Days", "Flags", "Ids", "Ints", "Text", "days_of", "flags_of", "ids_of", "int_of_code", "texts_of"]

Ints = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Text:
    """A text column as numbers of its different values, -1 for null and for the empty text; and which are illegible."""

    numbers: Ints
    values: tuple[str, ...]
    bad: Mask

    def found(self, row: int) -> str:
        """The value of a row, for messages."""
        return self.values[self.numbers[row]] if self.numbers[row] >= 0 else ""

    def shown(self, row: int) -> str:
        """The value of a row as it is shown where its form is wrong."""
        return reason(self.found(row), "code")

    def map(self, judge: Callable[[str], int], absent: int) -> Ints:
        """``judge`` of each row's value, called once per different value."""
        return np.array([*(judge(value) for value in self.values), absent], np.int32)[self.numbers]


@dataclass(frozen=True, slots=True)
class Ids:
    """A column of ids: the texts, which are absent, which are none; how a row's cell is shown."""

    values: pa.Array
    absent: Mask
    bad: Mask
    shown: Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Days:
    """A date column: days since 1970-01-01, 0 where absent or not a date; how a row's cell is shown."""

    days: Ints
    absent: Mask
    bad: Mask
    shown: Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Flags:
    """A flag column: 1 where set, 0 where not, absent or neither; which are absent; how a row's cell is shown."""

    values: npt.NDArray[np.int8]
    absent: Mask
    bad: Mask
    shown: Callable[[int], str]


def int_of_code(value: str) -> int:
    """The number of a six-digit code; 0 for anything else.

    >>> int_of_code("220323"), int_of_code("22032"), int_of_code("２２０３２３")
    (220323, 0, 0)
    """
    return int(value) if re.fullmatch(r"[1-9][0-9]{5}", value) else 0


def texts_of(batch: pa.RecordBatch, name: str) -> Text:
    """A text column by its different values; a column that is not there is null throughout.

    Raises
    ------
    TypeRefused
        The column is not text.
    """
    if name not in batch.schema.names:
        return Text(np.full(batch.num_rows, -1, np.int32), (), np.zeros(batch.num_rows, np.bool_))
    cells = read_texts(batch[name])
    array = cells.values if pa.types.is_dictionary(cells.values.type) else cells.values.dictionary_encode()
    numbers = array.indices.to_numpy(zero_copy_only=False).astype(np.int32)
    numbers[cells.absent] = -1
    return Text(numbers, tuple(array.dictionary.to_pylist()), _bad(cells))


def ids_of(batch: pa.RecordBatch, name: str) -> Ids:
    """A column of ids.

    Raises
    ------
    TypeRefused
        The column is not text.
    """
    column, cells = batch[name], read_ids(batch[name])
    return Ids(cells.values.cast(pa.string()), cells.absent, _bad(cells), lambda row: reason(column[row], "text"))


def days_of(batch: pa.RecordBatch, name: str) -> Days:
    """A date column; one that is not there is null throughout.

    Raises
    ------
    TypeRefused
        The column is neither dates nor times without a zone nor text.
    """
    column = batch[name] if name in batch.schema.names else pa.nulls(batch.num_rows)
    cells = read_dates(column)
    bad = _bad(cells)
    return Days(_zeroed(cells, bad), cells.absent, bad, lambda row: quoted(column[row]))


def flags_of(batch: pa.RecordBatch, name: str) -> Flags:
    """A column of '0' and '1', or of booleans; one that is not there is not set throughout.

    Raises
    ------
    TypeRefused
        The column is neither text nor booleans.
    """
    column = batch[name] if name in batch.schema.names else pa.nulls(batch.num_rows)
    cells = read_flags(column)
    return Flags(cells.values, cells.absent, _bad(cells), lambda row: quoted(column[row]))


def _bad(cells: Cells) -> Mask:
    """Which cells of a column are not written as it is."""
    return cells.faults.get("E_FORM", np.zeros(len(cells.absent), np.bool_))


def _zeroed(cells: Cells, bad: Mask) -> Ints:
    days: Ints = np.where(cells.absent | bad, np.int32(0), cells.values)
    return days
