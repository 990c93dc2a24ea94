"""From numbers to Arrow columns without a step per row: identifiers, money, dates, codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from qingsuan.sample.draw import Words
from qingsuan.tables import CLAIMS, PAID_COLUMNS, Column

__all__ = [
    "arrow_type",
    "as_text",
    "claims_schema",
    "codes",
    "dates",
    "digits",
    "identifiers",
    "money",
    "plain_schema",
    "times",
]

_NOT_WRITTEN = (*PAID_COLUMNS, "vali_flag", "mdtrt_id", "mid_setl_flag")
"""Columns that a made-up year does without."""

_MONEY = pa.decimal128(16, 2)
_FOUR = np.array([f"{n:04d}".encode() for n in range(10_000)], dtype="S4").view(np.uint32)
"""The four digits of every number below 10 000, as one 32-bit word each."""


def arrow_type(column: Column) -> pa.DataType:
    """Arrow type of a column of :mod:`qingsuan.tables`."""
    by_kind = {"date": pa.date32(), "time": pa.timestamp("us"), "money": _MONEY, "count": pa.int64()}
    return by_kind.get(column.kind, pa.string())


def digits(head: Words, tail: Words) -> Words:
    """Write ``head`` (< 10**4) and ``tail`` (< 10**16) as twenty digits: an (n, 5) array of 32-bit words."""
    groups = np.empty((len(tail), 5), dtype=np.uint32)
    groups[:, 0] = _FOUR[head]
    rest = tail
    for place in (4, 3, 2, 1):
        upper = rest // 10_000
        groups[:, place] = _FOUR[rest - upper * 10_000]
        rest = upper
    return groups


def _bitmap(valid: Words | None) -> tuple[pa.Buffer | None, int]:
    if valid is None:
        return None, 0
    return pa.py_buffer(np.packbits(valid, bitorder="little")), int(len(valid) - np.count_nonzero(valid))


def identifiers(groups: Words, valid: Words | None = None) -> pa.Array:
    """Make a text column of twenty-character identifiers from :func:`digits`; null where not ``valid``."""
    if valid is None:
        chars, lengths = groups, np.full(len(groups), 20, dtype=np.int32)
    else:
        chars, lengths = groups[valid], valid.astype(np.int32) * 20
    offsets = np.zeros(len(lengths) + 1, dtype=np.int32)
    np.cumsum(lengths, out=offsets[1:])
    bitmap, nulls = _bitmap(valid)
    buffers = [bitmap, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(chars))]
    return pa.Array.from_buffers(pa.string(), len(lengths), buffers, nulls)


def money(fen: Words, valid: Words | None = None) -> pa.Array:
    """Make ``decimal128(16,2)`` yuan from 64-bit fen: the two halves of a 128-bit word are the fen and its sign."""
    halves = np.empty((len(fen), 2), dtype=np.int64)
    halves[:, 0] = fen
    halves[:, 1] = fen >> 63
    bitmap, nulls = _bitmap(valid)
    return pa.Array.from_buffers(_MONEY, len(fen), [bitmap, pa.py_buffer(halves)], nulls)


def dates(days: Words, valid: Words | None = None) -> pa.Array:
    """Make ``date32`` from days since 1970-01-01."""
    bitmap, nulls = _bitmap(valid)
    return pa.Array.from_buffers(pa.date32(), len(days), [bitmap, pa.py_buffer(days.astype(np.int32))], nulls)


def times(seconds: Words) -> pa.Array:
    """Make ``timestamp[us]`` from seconds since 1970-01-01."""
    micros = seconds.astype(np.int64) * 1_000_000
    return pa.Array.from_buffers(pa.timestamp("us"), len(micros), [None, pa.py_buffer(micros)], 0)


def codes(index: Words, values: Sequence[str | None]) -> pa.Array:
    """Make a dictionary column; an index whose value is None is null."""
    known = list(dict.fromkeys(value for value in values if value is not None))
    place = {value: at for at, value in enumerate(known)}
    remap = np.array([place[value] if value is not None else 0 for value in values], dtype=np.int16)
    if None not in values:
        return _dictionary(remap[index], known, None)
    absent = np.array([value is None for value in values])
    return _dictionary(remap[index], known, ~absent[index])


def _dictionary(index: Words, known: list[str], valid: Words | None) -> pa.Array:
    bitmap, nulls = _bitmap(valid)
    indices = pa.Array.from_buffers(pa.int16(), len(index), [bitmap, pa.py_buffer(index)], nulls)
    return pa.DictionaryArray.from_arrays(indices, pa.array(known, pa.string()))


def plain_schema(columns: Sequence[Column]) -> pa.Schema:
    """Plain Arrow schema of a table of :mod:`qingsuan.tables`, with the columns that a sample has."""
    written = [column for column in columns if column.name not in _NOT_WRITTEN]
    fields: list[Any] = [pa.field(column.name, arrow_type(column)) for column in written]
    return pa.schema(fields)


def claims_schema() -> pa.Schema:
    """The claim columns a sample has: all but those of what was already paid."""
    return plain_schema(CLAIMS)


def as_text(table: pa.Table) -> pa.Table:
    """Every column as text, as CSV carries it; a time to the second."""
    columns = [
        (column.cast(pa.timestamp("s")) if pa.types.is_timestamp(column.type) else column).cast(pa.string())
        for column in table.columns
    ]
    return pa.table(columns, names=table.column_names)
