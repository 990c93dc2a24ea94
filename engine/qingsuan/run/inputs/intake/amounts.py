"""Amounts as a bureau writes them: in yuan or fen, with digits in groups, or as floats, by the one checked way in."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.columns.cells import decimals

__all__ = ["of_floats", "of_wholes", "wholes_of_texts", "without_groups"]

Mask = npt.NDArray[np.bool_]

_DIGITS = 21
"""Digits of a decimal that holds every whole number of 64 bits, and two behind the point."""

_MOST_FEN = 2**44
"""Above it a double of so many fen has too few digits left to show that a part of a fen was meant."""

_FINE_FEN = 2**33
"""Below it doubles of yuan lie closer than a millionth of a fen."""

_PER_FEN = 1_000_000
"""A float is taken where it is within one part in so many of a whole fen."""

_FEN = r"^-?\d{1,17}$"


def of_floats(column: pa.Array, unit: str) -> tuple[pa.Array, Mask]:
    """Floats as decimals of yuan, and which are not a whole fen: the one place where an amount comes out of a float.

    Below 2**33 fen a float is taken within a millionth of a whole fen: sums of amounts are off by so little, and a product of
    doubles by less. From there on doubles lie further apart, and one is taken if none is nearer to a whole fen. Not-a-number, what
    is infinite, and what is larger than 2**44 fen are not taken.
    """
    values = column.cast("double").to_numpy(zero_copy_only=False)
    parts = 1 if unit == "fen" else 100
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = values * parts
        whole = np.rint(scaled)
        near = (np.abs(scaled - whole) * _PER_FEN <= 1) & (np.abs(whole) < _FINE_FEN)
        good = (near | (np.divide(whole, parts) == values)) & (np.abs(whole) < _MOST_FEN)
    fen = np.where(good, whole, 0).astype(np.int64)
    return _known(fen, column), ~good & column.is_valid().to_numpy(zero_copy_only=False)


def of_wholes(column: pa.Array, unit: str) -> pa.Array:
    """Whole numbers of yuan or fen as decimals of yuan."""
    if unit == "fen":
        return _known(pc.fill_null(column.cast(pa.int64()), 0).to_numpy(zero_copy_only=False), column)
    return column.cast(pa.decimal128(20, 0)).cast(pa.decimal128(_DIGITS + 2, 2))


def _known(fen: npt.NDArray[np.int64], column: pa.Array) -> pa.Array:
    """Fen as decimals of yuan; null where the column is."""
    made = decimals(np.ascontiguousarray(fen), _DIGITS)
    return pc.if_else(column.is_valid(), made, pa.scalar(None, made.type)) if column.null_count else made


def wholes_of_texts(texts: pa.Array) -> tuple[pa.Array, Mask]:
    """Texts that are whole numbers of fen as decimals of yuan, null where one is null or empty; and which are none."""
    fits = pc.fill_null(pc.match_substring_regex(texts, _FEN), False)
    fen = pc.if_else(fits, texts, "0").cast(pa.int64())
    made = decimals(np.ascontiguousarray(fen.to_numpy(zero_copy_only=False)), _DIGITS)
    there = pc.fill_null(pc.not_equal(texts, ""), False)
    bad = pc.and_not(there, fits).to_numpy(zero_copy_only=False)
    return pc.if_else(fits, made, pa.scalar(None, made.type)), bad


def without_groups(texts: pa.Array, sign: str) -> pa.Array:
    """Texts of amounts without what groups their digits by three; one that is grouped otherwise stays, and is refused."""
    mark = re.escape(sign)
    grouped = pc.fill_null(pc.match_substring_regex(texts, rf"^-?\d{{1,3}}({mark}\d{{3}})+(\.\d+)?$"), False)
    return pc.if_else(grouped, pc.replace_substring(texts, sign, ""), texts)
