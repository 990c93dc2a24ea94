"""Reading cells strictly: Arrow columns of any accepted type to fen, days, microseconds and texts, with what was wrong.

Whole columns are read at once and no cell is guessed at: a cell that does not read is marked with its rejection code and
gets a neutral value. A column whose *type* cannot be trusted (an amount as a float or a bare integer, a code as a number)
is refused as a whole, before a row is looked at.
"""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.columns.legible import illegible, no_id
from qingsuan.columns.rows import arrow, low_words, recoded
from qingsuan.money import MAX_FEN

__all__ = [
    "FIRST_DAY",
    "LAST_DAY",
    "NO_AMOUNT",
    "NO_DATE",
    "OPEN_END",
    "READERS",
    "Cells",
    "Torn",
    "TypeRefused",
    "day_text",
    "decimals",
    "decimals_or_null",
    "read_counts",
    "read_dates",
    "read_flags",
    "read_ids",
    "read_money",
    "read_texts",
    "read_times",
]

NO_DATE = -(2**31)
"""Days of an absent date."""

OPEN_END = 2**31 - 1
"""Days of an end that has not come."""

NO_AMOUNT = -(2**62)
"""Fen of an absent amount."""

MAX_COUNT = 999_999_999
_COUNT_TEXT = r"^\d{1,9}$"
_MONEY_TEXT = r"^-?\d{1,15}(\.\d{1,2})?$"
_SCALE_TEXT = r"^-?\d{1,15}\.\d{3,}$"
_RANGE_TEXT = r"^-?\d{16,}(\.\d+)?$"
_DATE_TEXT = r"^\d{4}-\d{2}-\d{2}$"
_TIME_TEXT = r"^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}(\.\d{1,6})?$"
_DAY_US = 86_400_000_000
DIGITS_OF_64_BITS = 18
_DAY_SECONDS = 86_400
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_LEAST, _MOST = -(2**63), 2**63 - 1
FIRST_DAY = (dt.date.min - dt.date(1970, 1, 1)).days
LAST_DAY = (dt.date.max - dt.date(1970, 1, 1)).days
"""The first day of year 1 and the last of year 9999: dates that can be written."""

_FALSE, _TRUE, _EMPTY, _ZERO, _ONE = (pa.scalar(value) for value in (False, True, "", "0", "1"))
_NOTHING = pa.array([""], pa.string())
"""Scalars made once: making one from a Python value looks for other packages each time."""

Mask = npt.NDArray[np.bool_]
Judge = Callable[[pa.Array], Mask | None]


class TypeRefused(ValueError):
    """A column's type cannot be trusted; the message says what was expected."""


class Torn(NamedTuple):
    """A row that cannot be read (from 0, within its batch): what stands there, and what should.

    Without a ``column`` it has too few or too many cells, and all of them are null; otherwise that cell is not written as an
    intake file says, and the others are as they are.
    """

    row: int
    found: str
    expected: str
    code: str = "E_FORM"
    column: str = ""


@dataclass(frozen=True, slots=True)
class Cells:
    """A column read: values without nulls, where a cell was absent, and where it did not read, by rejection code."""

    values: Any
    absent: Mask
    faults: dict[str, Mask]


def _mask(array: Any) -> Mask:
    """A boolean Arrow array as NumPy; null counts as false."""
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    filled = pc.fill_null(array, _FALSE) if array.null_count else array
    result: Mask = filled.to_numpy(zero_copy_only=False)
    return result


def _numbers(array: pa.Array) -> npt.NDArray[Any]:
    """Whole numbers as NumPy; null counts as 0."""
    filled = pc.fill_null(array, pa.scalar(0, array.type)) if array.null_count else array
    result: npt.NDArray[Any] = filled.to_numpy(zero_copy_only=False)
    return result


def _plain(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """One array, dictionaries decoded, large strings made plain."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type):
        column = column.cast(pa.string())
    return column


def _absent(array: pa.Array) -> Mask:
    """Null, or an empty text: CSV has no other way to say that nothing is there."""
    if array.null_count == 0 and not pa.types.is_string(array.type):
        return np.zeros(len(array), np.bool_)
    nulls = array.is_null()
    if pa.types.is_string(array.type):
        nulls = pc.or_(nulls, pc.fill_null(pc.equal(array, _EMPTY), _TRUE))
    return _mask(nulls)


def _fen_of_decimals(array: pa.Array, most_fen: int) -> tuple[npt.NDArray[np.int64], Mask | None]:
    """The numbers of a decimal64 or decimal128(…, 2) array as 64-bit ones, and which are beyond ``most_fen``; None if none is."""
    fen, least, most, fit = low_words(array)
    if fit and most <= most_fen and least >= -most_fen:
        return fen, None
    if pa.types.is_decimal64(array.type):
        return fen, (fen > most_fen) | (fen < -most_fen)
    high = np.frombuffer(array.buffers()[1], np.int64, 2 * len(fen), 16 * array.offset)[1::2]
    return fen, (high != (fen >> 63)) | (fen > most_fen) | (fen < -most_fen)


def read_money(column: pa.Array | pa.ChunkedArray, most_fen: int = MAX_FEN) -> Cells:
    """Read yuan (decimal of any scale, or text) into fen; more than ``most_fen``, in either direction, is E_RANGE.

    Returns
    -------
    Cells
        ``values`` (n,) int64 fen, 0 where absent or faulty; faults E_FORM, E_SCALE, E_RANGE.

    Raises
    ------
    TypeRefused
        The column is a float, an integer, or nothing that holds amounts.
    """
    array = _plain(column)
    faults: dict[str, Mask] = {}
    absent = _absent(array)
    if pa.types.is_null(array.type):
        return Cells(np.zeros(len(array), np.int64), np.ones(len(array), np.bool_), faults)
    if pa.types.is_string(array.type):
        array = _decimals_of_texts(array, absent, faults)
    elif not pa.types.is_decimal(array.type):
        raise TypeRefused("decimal128(16,2) yuan, or text; a float or a bare integer could mean anything")
    fen, large = _fen_of_any_decimals(array, absent, faults, most_fen)
    unread = [mask for mask in (absent, *faults.values()) if mask.any()]
    for nothing in unread:
        large = None if large is None else large & ~nothing
    if large is not None and large.any():
        faults["E_RANGE"] = large | faults.get("E_RANGE", np.zeros(len(fen), np.bool_))
        unread.append(large)
    if unread and not fen.flags.writeable:  # the column's own memory
        fen = fen.copy()
    for nothing in unread:
        fen[nothing] = 0
    return Cells(fen, absent, faults)


def _fen_of_any_decimals(
    array: pa.Array, absent: Mask, faults: dict[str, Mask], most_fen: int
) -> tuple[npt.NDArray[np.int64], Mask | None]:
    """Decimals of any width and scale as fen, and which are too large; more than two decimals are E_SCALE."""
    if array.type.scale == 2 and (pa.types.is_decimal64(array.type) or pa.types.is_decimal128(array.type)):
        return _fen_of_decimals(array, most_fen)
    try:
        exact = array.cast(pa.decimal128(38, max(2, array.type.scale)))
    except pa.ArrowInvalid:  # some value fills more than 38 digits: rare enough to look at one by one
        return _fen_one_by_one(array, faults, most_fen)
    if pa.types.is_decimal256(array.type) and not pc.all(pc.equal(exact.cast(array.type), array)).as_py():
        return _fen_one_by_one(array, faults, most_fen)  # Arrow takes the least of 256 bits for a number of few digits
    rounded = exact.cast(pa.decimal128(38, 2), safe=False)
    if exact.type.scale > 2:
        faults["E_SCALE"] = _mask(pc.not_equal(rounded.cast(exact.type), exact)) & ~absent
    return _fen_of_decimals(rounded, most_fen)


def _fen_one_by_one(
    array: pa.Array, faults: dict[str, Mask], most_fen: int
) -> tuple[npt.NDArray[np.int64], Mask | None]:
    with decimal.localcontext(prec=160):
        amounts = [decimal.Decimal(0) if value is None else value * 100 for value in array.to_pylist()]
        fractions = np.array([amount != amount.to_integral_value() for amount in amounts], np.bool_)
    large = np.array([abs(amount) > most_fen for amount in amounts], np.bool_)
    fen = [0 if wrong else int(amount) for amount, wrong in zip(amounts, fractions | large, strict=True)]
    faults["E_SCALE"] = fractions
    return np.array(fen, np.int64), large


def _decimals_of_texts(array: pa.Array, absent: Mask, faults: dict[str, Mask]) -> pa.Array:
    good = _mask(pc.match_substring_regex(array, _MONEY_TEXT))
    bad = ~good & ~absent
    if bad.any():
        faults["E_SCALE"] = bad & _mask(pc.match_substring_regex(array, _SCALE_TEXT))
        faults["E_RANGE"] = bad & _mask(pc.match_substring_regex(array, _RANGE_TEXT))
        faults["E_FORM"] = bad & ~faults["E_SCALE"] & ~faults["E_RANGE"]
    return pc.if_else(pa.array(good), array, "0").cast(pa.decimal128(18, 2))


def _check_stamp(kind: pa.DataType) -> None:
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        raise TypeRefused("local time without a time zone; a zone would move claims across midnight")


def read_dates(column: pa.Array | pa.ChunkedArray) -> Cells:
    """Read dates (date, naive timestamp, or text ``YYYY-MM-DD``) of the years 1 to 9999 into days since 1970-01-01.

    Returns
    -------
    Cells
        ``values`` (n,) int32, :data:`NO_DATE` where absent or faulty; faults E_FORM.
    """
    array = _plain(column)
    absent = _absent(array)
    _check_stamp(array.type)
    if pa.types.is_string(array.type):
        days, bad = _days_of_texts(array)
    elif pa.types.is_timestamp(array.type) or pa.types.is_date(array.type) or pa.types.is_null(array.type):
        days, bad = _days(array)
    else:
        raise TypeRefused("date32, timestamp, or text YYYY-MM-DD")
    bad &= ~absent
    if bad.any() or absent.any():
        days = np.where(absent | bad, np.int32(NO_DATE), days)
    return Cells(days, absent, {"E_FORM": bad} if bad.any() else {})


def _days(array: pa.Array) -> tuple[npt.NDArray[np.int32], Mask]:
    """Dates or stamps as days, and where they lie outside the years 1 to 9999."""
    kind = array.type
    if pa.types.is_timestamp(kind) or pa.types.is_date64(kind):
        per_second = _PER_SECOND["ms" if pa.types.is_date64(kind) else kind.unit]
        raw = _numbers(array.view(pa.int64()))
        days = raw // (_DAY_SECONDS * per_second)
    else:
        days = _numbers(array.cast(pa.date32()).view(pa.int32()))
    bad = (days < FIRST_DAY) | (days > LAST_DAY)
    return (np.where(bad, 0, days) if bad.any() else days).astype(np.int32, copy=False), bad


def _micros_of_stamps(array: pa.Array) -> tuple[npt.NDArray[np.int64], Mask]:
    """Stamps as microseconds, rounded down, and where they lie outside the years 1 to 9999."""
    per_second = _PER_SECOND[array.type.unit]
    raw = _numbers(array.view(pa.int64()))
    day = _DAY_SECONDS * per_second
    first, last = max(FIRST_DAY * day, _LEAST), min((LAST_DAY + 1) * day - 1, _MOST)
    bad = (raw < first) | (raw > last)
    raw = np.where(bad, 0, raw) if bad.any() else raw
    if per_second == 10**6:
        return raw, bad
    return raw // 1000 if per_second > 10**6 else raw * (10**6 // per_second), bad


def _days_of_texts(array: pa.Array) -> tuple[npt.NDArray[np.int32], Mask]:
    formed = _mask(pc.match_substring_regex(array, _DATE_TEXT))
    shaped = pc.if_else(pa.array(formed), array, pa.scalar(None, pa.string()))
    stamps = pc.strptime(shaped, "%Y-%m-%d", "s", error_is_null=True)
    bad = ~_mask(pc.equal(pc.strftime(stamps, "%Y-%m-%d"), array))
    days, outside = _days(stamps)
    return days, bad | outside


def read_times(column: pa.Array | pa.ChunkedArray) -> Cells:
    """Read times (naive timestamp, date, or text ``YYYY-MM-DD[ HH:MM:SS[.ffffff]]``) into microseconds since 1970-01-01.

    Returns
    -------
    Cells
        ``values`` (n,) int64, 0 where absent or faulty; faults E_FORM.
    """
    array = _plain(column)
    absent = _absent(array)
    _check_stamp(array.type)
    if pa.types.is_string(array.type):
        formed = _mask(pc.match_substring_regex(array, _TIME_TEXT))
        days, no_day = _days_of_texts(pc.utf8_slice_codeunits(array, 0, 10))
        clock = pc.utf8_slice_codeunits(pc.if_else(pa.array(formed), array, "1970-01-01 00:00:00"), 11, 19)
        parts = [
            pc.utf8_slice_codeunits(clock, at, at + 2).cast(pa.int64()).to_numpy(zero_copy_only=False)
            for at in (0, 3, 6)
        ]
        hours, minutes, seconds = parts
        only_date = _mask(pc.match_substring_regex(array, _DATE_TEXT))
        bad = (no_day | ~(formed | only_date) | (hours > 23) | (minutes > 59) | (seconds > 59)) & ~absent
        values = days * np.int64(_DAY_US) + ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + _micros(array, formed)
    elif pa.types.is_timestamp(array.type):
        values, bad = _micros_of_stamps(array)
        bad &= ~absent
    elif pa.types.is_date(array.type) or pa.types.is_null(array.type):
        days, bad = _days(array)
        bad &= ~absent
        values = days * np.int64(_DAY_US)
    else:
        raise TypeRefused("timestamp without a zone, date, or text YYYY-MM-DD HH:MM:SS")
    if bad.any() or absent.any():
        values = np.where(bad | absent, 0, values)
    return Cells(values, absent, {"E_FORM": bad} if bad.any() else {})


def _micros(array: pa.Array, formed: Mask) -> npt.NDArray[np.int64]:
    """What a time says below the second."""
    digits = pc.utf8_slice_codeunits(pc.if_else(pa.array(formed), array, ""), 20, 26)
    padded = pc.utf8_rpad(pc.fill_null(digits, ""), 6, "0")
    micros: npt.NDArray[np.int64] = padded.cast(pa.int64()).to_numpy(zero_copy_only=False)
    return micros


def read_texts(column: pa.Array | pa.ChunkedArray, judge: Judge = illegible) -> Cells:
    """Read texts and codes; ``values`` is a string array without nulls (``""`` where absent); faults E_FORM.

    A dictionary stays one, so that its few values are looked at once.
    """
    cells = _read_texts(column)
    values = cells.values
    bad = judge(values.dictionary if pa.types.is_dictionary(values.type) else values)
    if bad is None:
        return cells
    if pa.types.is_dictionary(values.type):
        bad = recoded(values.indices, bad)
    bad = bad & ~cells.absent
    return Cells(values, cells.absent, {"E_FORM": bad}) if bad.any() else cells


def read_ids(column: pa.Array | pa.ChunkedArray) -> Cells:
    """Read ids; like :func:`read_texts`, and what a spreadsheet or a tool made of an id is E_FORM too."""
    return read_texts(column, no_id)


def _read_texts(column: pa.Array | pa.ChunkedArray) -> Cells:
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if _is_text_dictionary(array):
        return _read_dictionary(array)
    array = _plain(array)
    if pa.types.is_null(array.type):
        array = array.cast(pa.string())
    if not pa.types.is_string(array.type):
        raise TypeRefused("text (string); a number may have lost its leading zeros")
    absent = _absent(array)
    return Cells(pc.fill_null(array, _EMPTY) if array.null_count else array, absent, {})


def _is_text_dictionary(array: pa.Array) -> bool:
    kind = array.type
    return bool(
        pa.types.is_dictionary(kind) and pa.types.is_string(kind.value_type) and array.dictionary.null_count == 0
    )


def _read_dictionary(array: pa.DictionaryArray) -> Cells:
    """Texts that come as numbers of a dictionary: an absent cell gets the number of an empty text."""
    dictionary, indices = array.dictionary, array.indices
    absent = np.zeros(len(array), np.bool_)
    if array.null_count:
        absent = indices.is_null().to_numpy(zero_copy_only=False)
        numbers = np.frombuffer(indices.buffers()[1], indices.type.to_pandas_dtype())[indices.offset :]
        named = np.where(absent, np.int32(len(dictionary)), numbers[: len(indices)]).astype(np.int32, copy=False)
        dictionary = pa.concat_arrays([dictionary, _NOTHING])
        array = pa.DictionaryArray.from_arrays(arrow(named), dictionary)
        indices = array.indices
    empty = _mask(pc.equal(dictionary, _EMPTY))
    if empty.any():
        absent = absent | empty[indices.to_numpy(zero_copy_only=False)]
    return Cells(array, absent, {})


def read_flags(column: pa.Array | pa.ChunkedArray) -> Cells:
    """Read '0'/'1' (or booleans) into int8; absent is 0; faults E_FORM."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_boolean(array.type):
        return Cells(_mask(array).astype(np.int8), _absent(array), {})
    cells = _read_texts(array)
    values = cells.values
    if not pa.types.is_dictionary(values.type):
        values = values.dictionary_encode()
    ones = _mask(pc.equal(values.dictionary, _ONE))
    if len(ones) == 0:
        return Cells(np.zeros(len(values), np.int8), cells.absent, {})
    good = ones | _mask(pc.equal(values.dictionary, _ZERO)) | _mask(pc.equal(values.dictionary, _EMPTY))
    bad = np.zeros(0, np.bool_) if good.all() else recoded(values.indices, ~good) & ~cells.absent
    return Cells(recoded(values.indices, ones.astype(np.int8)), cells.absent, {"E_FORM": bad} if bad.any() else {})


def read_counts(column: pa.Array | pa.ChunkedArray) -> Cells:
    """Read whole numbers from 0 to 999 999 999 (integers, or text) into int64; absent is 0; faults E_FORM."""
    array = _plain(column)
    absent = _absent(array)
    if pa.types.is_string(array.type):
        good = _mask(pc.match_substring_regex(array, _COUNT_TEXT))
        array = pc.if_else(pa.array(good), array, "0").cast(pa.int64())
    elif pa.types.is_integer(array.type) or pa.types.is_null(array.type):
        good = _mask(pc.and_(pc.greater_equal(array, 0), pc.less_equal(array, MAX_COUNT)))
    else:
        raise TypeRefused("whole numbers, or text; a float could have been rounded")
    bad = ~good & ~absent
    counts = pc.if_else(pa.array(good), array, pa.scalar(0, array.type)).cast(pa.int64())
    return Cells(counts.to_numpy(zero_copy_only=False), absent, {"E_FORM": bad} if bad.any() else {})


READERS: dict[str, Callable[[pa.Array], Cells]] = {
    "text": read_ids,
    "code": read_texts,
    "flag": read_flags,
    "date": read_dates,
    "time": read_times,
    "money": read_money,
    "count": read_counts,
}
"""How each kind of column (:class:`qingsuan.tables.Column`) is read."""


def decimals(fen: npt.NDArray[np.int64], precision: int = 16) -> pa.Array:
    """Fen as decimals of yuan, without a Python object per cell, and over the same memory where 64 bits hold them."""
    if precision <= DIGITS_OF_64_BITS:
        same = np.ascontiguousarray(fen)
        return pa.Array.from_buffers(pa.decimal64(precision, 2), len(fen), [None, pa.py_buffer(same)])
    words = np.empty((len(fen), 2), np.int64)
    words[:, 0] = fen
    words[:, 1] = fen >> 63
    return pa.Array.from_buffers(pa.decimal128(precision, 2), len(fen), [None, pa.py_buffer(words)])


def decimals_or_null(fen: npt.NDArray[np.int64], known: Mask) -> pa.Array:
    """Fen as decimals of yuan; null where they are not known."""
    plain = decimals(np.where(known, fen, 0))
    return pa.Array.from_buffers(plain.type, len(plain), [pa.array(known).buffers()[1], plain.buffers()[1]])


def day_text(days: int) -> str:
    """Days since 1970-01-01 as a date in words, for messages."""
    return (dt.date(1970, 1, 1) + dt.timedelta(days=days)).isoformat()
