"""Columns just decoded that are seen to be in order, at their bounds; of what is not seen, Arrow's own check decides."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest

from qingsuan._sound import unsound, unsound_among
from qingsuan.run.inputs.formats.parquet.sound import check_sound, check_table_sound

KEPT_GIL = 16_384  # rows of a batch that is looked at without giving the GIL away


def codes(numbers: pa.Array, texts: list[str]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(numbers, pa.array(texts, pa.string()), safe=False)


def decimal_of(number: int, digits: int) -> pa.Array:
    """A number in a column that may not hold it."""
    wide = pa.array([Decimal(number)], pa.decimal128(38, 0))
    return pa.Array.from_buffers(pa.decimal128(digits, 2), 1, wide.buffers())


def short_decimal_of(number: int, digits: int) -> pa.Array:
    """Such a number where 64 bits hold each; before it stands one that is in order, and is cut off."""
    words = b"".join(one.to_bytes(8, "little", signed=True) for one in (1, number))
    return pa.Array.from_buffers(pa.decimal64(digits, 2), 2, [None, pa.py_buffer(words)]).slice(1)


def with_nulls(said: int) -> pa.Array:
    """Three days, of which one is null and so many are said to be."""
    column = pa.array([1, None, 3], pa.date32())
    return pa.Array.from_buffers(column.type, 3, column.buffers(), said)


WHOLE = [pa.int8(), pa.uint8(), pa.int16(), pa.uint16(), pa.int32(), pa.uint32(), pa.int64(), pa.uint64()]
SOUND = {
    "texts": pa.array(["a", None, "", "\x7f"]),
    "no texts": pa.array([], pa.string()),
    "only nulls": pa.nulls(3, pa.string()),
    "a slice of texts": pa.array(["清", "a", "b", "算"]).slice(1, 2),
    "codes": codes(pa.array([0, 1, None, 1], pa.int32()), ["a", "b"]),
    "no codes": codes(pa.array([], pa.int32()), []),
    "days": pa.array([1, None, 3], pa.date32()),
    "a slice of days": pa.array([1, None, 3, None], pa.date32()).slice(1),
    "times": pa.array([1, None], pa.timestamp("us")),
    **{f"whole numbers: {kind}": pa.array([0, None, 127], kind) for kind in WHOLE},
    "the largest amount": decimal_of(10**16 - 1, 16),
    "the least amount": decimal_of(1 - 10**16, 16),
    "eighteen digits": decimal_of(10**18 - 1, 18),
    "the largest amount of 64 bits": short_decimal_of(10**16 - 1, 16),
    "the least amount of 64 bits": short_decimal_of(1 - 10**16, 16),
    "eighteen digits of 64 bits": short_decimal_of(10**18 - 1, 18),
}
WRONG = {
    "a number at the end of its dictionary": codes(pa.array([0, 2], pa.int32()), ["a", "b"]),
    "a number below 0": codes(pa.array([0, -1], pa.int32()), ["a", "b"]),
    "a number without a dictionary": codes(pa.array([0], pa.int32()), []),
    "an amount too large by one": decimal_of(10**16, 16),
    "an amount too small by one": decimal_of(-(10**16), 16),
    "an amount of more than 64 bits": decimal_of(2**64, 16),
    "an amount of 64 bits too large by one": short_decimal_of(10**16, 16),
    "an amount of 64 bits too small by one": short_decimal_of(-(10**16), 16),
    "the least number of 64 bits": short_decimal_of(-(2**63), 18),
    "half a character": pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer("清".encode()[:2])]
    ),
    "a dictionary of texts that overlap": pa.DictionaryArray.from_arrays(
        pa.array([0, 1], pa.int32()),
        pa.Array.from_buffers(pa.string(), 2, [None, pa.py_buffer(b"\0\0\0\0\4\0\0\0\2\0\0\0"), pa.py_buffer(b"abcd")]),
        safe=False,
    ),
    "nulls that nobody counted right": with_nulls(2),
}
LEFT_TO_ARROW = {
    "texts beyond ASCII": pa.array(["清算"]),
    "codes beyond ASCII": codes(pa.array([0], pa.int32()), ["清算"]),
    "codes of few bits": codes(pa.array([0], pa.int8()), ["a"]),
    "nineteen digits": decimal_of(1, 19),
    "32 bits": pa.array([Decimal(1)], pa.decimal32(9, 2)),
    "256 bits": pa.array([Decimal(1)], pa.decimal256(18, 2)),
    "numbers with a point": pa.array([1.0]),
    "lists": pa.array([[1]]),
}


def batch_of(column: pa.Array) -> pa.RecordBatch:
    return pa.record_batch([pa.array([""] * len(column), pa.string()), column], names=["before", "column"])


@pytest.mark.parametrize("name", SOUND)
def test_a_column_in_order_is_seen_to_be(name: str) -> None:
    batch = batch_of(SOUND[name])
    assert unsound(*batch.__arrow_c_array__()) == []
    batch.validate(full=True)


@pytest.mark.parametrize("name", WRONG)
def test_a_column_that_is_not_is_refused(name: str) -> None:
    batch = batch_of(WRONG[name])
    assert unsound(*batch.__arrow_c_array__()) == [1]
    with pytest.raises((pa.ArrowException, IndexError)):
        check_sound(batch)


@pytest.mark.parametrize("name", LEFT_TO_ARROW)
def test_what_is_not_looked_at_is_left_to_arrow(name: str) -> None:
    batch = batch_of(LEFT_TO_ARROW[name])
    assert unsound(*batch.__arrow_c_array__()) == [1]
    check_sound(batch)


@pytest.mark.parametrize("name", WRONG)
def test_a_column_that_is_not_in_order_in_one_of_many_batches_is_refused(name: str) -> None:
    wrong = batch_of(WRONG[name])
    table = pa.Table.from_batches([wrong.slice(0, 0), wrong, wrong.slice(0, 0)])
    assert unsound_among(table.__arrow_c_stream__()) == [1]
    with pytest.raises((pa.ArrowException, IndexError)):
        check_table_sound(table)


@pytest.mark.parametrize("name", [*SOUND, *LEFT_TO_ARROW])
def test_many_batches_are_as_each_of_them(name: str) -> None:
    batch = batch_of({**SOUND, **LEFT_TO_ARROW}[name])
    table = pa.Table.from_batches([batch, batch, batch])
    assert unsound_among(table.__arrow_c_stream__()) == unsound(*batch.__arrow_c_array__())
    check_table_sound(table)
    assert unsound_among(table.slice(0, 0).__arrow_c_stream__()) == []


@pytest.mark.parametrize("rows", [KEPT_GIL, KEPT_GIL + 1])
def test_the_last_row_of_a_large_batch_is_looked_at(rows: int) -> None:
    numbers = [0] * rows
    good, bad = (codes(pa.array([*numbers[1:], last], pa.int32()), ["a"]) for last in (0, 1))
    batch = pa.record_batch([good, bad, good], names=["a", "b", "c"])
    assert unsound(*batch.__arrow_c_array__()) == [1]
