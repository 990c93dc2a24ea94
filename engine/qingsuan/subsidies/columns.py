"""Columns of insured rows as NumPy arrays: texts by their different values, dates as days since 1970-01-01."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["Days", "Ints", "Text", "absent_in", "days_of", "int_of_code", "strings_of", "texts_of", "usable"]

Ints = npt.NDArray[np.int32]

_EPOCH = dt.date(1970, 1, 1)
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_BAD_DATE = -(2**31)


@dataclass(frozen=True, slots=True)
class Text:
    """A text column as numbers of its different values; -1 for null and for the empty text."""

    numbers: Ints
    values: tuple[str, ...]

    def found(self, row: int) -> str:
        """The value of a row, for messages."""
        return self.values[self.numbers[row]] if self.numbers[row] >= 0 else ""

    def map(self, judge: Callable[[str], int], absent: int) -> Ints:
        """``judge`` of each row's value, called once per different value."""
        return np.array([*(judge(value) for value in self.values), absent], np.int32)[self.numbers]


@dataclass(frozen=True, slots=True)
class Days:
    """A date column: days since 1970-01-01, 0 where absent or not a date."""

    days: Ints
    absent: npt.NDArray[np.bool_]
    bad: npt.NDArray[np.bool_]
    found: Callable[[int], str]


def int_of_code(value: str) -> int:
    """The number of a six-digit code; 0 for anything else.

    >>> int_of_code("220323"), int_of_code("22032"), int_of_code("２２０３２３")
    (220323, 0, 0)
    """
    return int(value) if re.fullmatch(r"[1-9][0-9]{5}", value) else 0


def usable(kind: pa.DataType, *, date: bool) -> bool:
    """Whether a column of this type can be read: text, or (for a date column) dates and times without a zone."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind):
        return True
    plain_time = pa.types.is_timestamp(kind) and kind.tz is None
    return date and (pa.types.is_date(kind) or plain_time)


def strings_of(column: pa.Array) -> pa.Array:
    """A text column, dictionary or not, as plain strings."""
    return column if pa.types.is_string(column.type) else column.cast(pa.string())


def absent_in(column: pa.Array) -> npt.NDArray[np.bool_]:
    """Where a text column is null or empty."""
    lengths = pc.fill_null(pc.binary_length(column), 0)
    absent: npt.NDArray[np.bool_] = lengths.to_numpy(zero_copy_only=False) == 0
    return absent


def texts_of(batch: pa.RecordBatch, name: str) -> Text:
    """A text column by its different values; a column that is not there is null throughout."""
    if name not in batch.schema.names:
        return Text(np.full(batch.num_rows, -1, np.int32), ())
    encoded = strings_of(batch[name]).dictionary_encode()
    values = tuple(encoded.dictionary.to_pylist())
    numbers = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    if "" in values:
        numbers[numbers == values.index("")] = -1
    return Text(numbers, values)


def days_of(batch: pa.RecordBatch, name: str) -> Days:
    """Read a date column: dates and times as they are, text as ISO dates, each different text once."""
    rows = batch.num_rows
    none = np.zeros(rows, np.bool_)
    column: Any = batch[name] if name in batch.schema.names else None
    if column is None or pa.types.is_null(column.type):
        return Days(np.zeros(rows, np.int32), ~none, none, lambda _: "")
    if pa.types.is_date(column.type) or pa.types.is_timestamp(column.type):
        dates = column.cast(pa.date32())
        absent = dates.is_null().to_numpy(zero_copy_only=False)
        days = dates.view(pa.int32()).fill_null(0).to_numpy(zero_copy_only=False)
        return Days(days, absent, none, lambda row: str(dates[row].as_py()))
    text = texts_of(batch, name)
    days = text.map(_iso_day, 0)
    bad = days == _BAD_DATE
    return Days(np.where(bad, 0, days).astype(np.int32), text.numbers < 0, bad, text.found)


def _iso_day(value: str) -> int:
    try:
        return (dt.date.fromisoformat(value) - _EPOCH).days if _ISO.fullmatch(value) else _BAD_DATE
    except ValueError:
        return _BAD_DATE
