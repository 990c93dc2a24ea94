"""Taking rows of columns, against Python's indexing."""

import random

import numpy as np
import pyarrow as pa
import pytest

from qingsuan.columns.rows import Keeper, Taker, are_within, has_its_digits, looked_up, low_words
from qingsuan.people import Texts

N = 300


def rows(count, seed=0):
    return np.array(random.Random(seed).choices(range(N), k=count), np.int32)


@pytest.mark.parametrize("count", [0, 1, 500])
@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.int64])
def test_numbers_of_every_width(dtype, count):
    info = np.iinfo(dtype)
    values = np.random.default_rng(1).integers(info.min, info.max, N, dtype, endpoint=True)
    taken = Taker(rows(count), N).numbers(values)
    assert taken.dtype == dtype
    assert taken.tolist() == values[rows(count)].tolist()


@pytest.mark.parametrize(
    "dropped", [[], [0], [N - 1], [0, 1, 2, 150, 152, N - 1], list(range(N)), list(range(1, N, 2))]
)
@pytest.mark.parametrize("dtype", [np.bool_, np.int8, np.int16, np.int32, np.int64, np.uint64])
def test_rows_are_kept_of_every_width(dtype, dropped):
    values = np.random.default_rng(2).integers(0, 1 << 62, N).astype(dtype)
    kept = np.ones(N, np.bool_)
    kept[dropped] = False
    for column in (values, np.repeat(values, 2)[::2]):  # in one piece, and not
        found = Keeper(kept).numbers(column)
        assert found.dtype == dtype
        assert found.tolist() == values[kept].tolist()
    with pytest.raises(ValueError, match="299 rows, the others 300"):
        Keeper(kept).numbers(values[1:])


@pytest.mark.parametrize("dtype", [np.bool_, np.int8, np.int64])
def test_what_stands_in_a_table_is_looked_up(dtype):
    table = np.random.default_rng(3).integers(0, 100, N).astype(dtype)
    found = looked_up(table, rows(500))
    assert found.dtype == dtype
    assert found.tolist() == table[rows(500)].tolist()
    assert looked_up(table[:0], rows(0)).tolist() == []
    with pytest.raises(ValueError, match="outside 0 … 299"):
        looked_up(table, np.array([3, -1], np.int32))


def test_columns_are_stacked_as_they_are_taken_alone():
    columns = [np.arange(N, dtype=np.int64) * factor for factor in (1, -3, 10**15)]
    taker = Taker(rows(500), N)
    assert taker.stacked(columns).tolist() == [taker.numbers(column).tolist() for column in columns]
    assert Taker(rows(0), N).stacked(columns).shape == (3, 0)
    with pytest.raises(ValueError, match="299 rows, the others 300"):
        taker.stacked([columns[0], columns[1][:-1]])


@pytest.mark.parametrize("count", [0, 1, 500])
@pytest.mark.parametrize("length", [0, 1, 2, 3, 4, 7, 8, 15, 16, 19, 20, 21, 32, 33, 100])
def test_texts_of_every_length(length, count):
    """Of one length, of that and shorter ones, and as a part of a longer column."""
    rng = random.Random(length)
    even = ["".join(rng.choices("0123456789ABCDEF", k=length)) for _ in range(N)]
    uneven = [value[: rng.randrange(length + 1)] for value in even]
    for values in (even, uneven):
        cut = pa.array(["before", *values, "after"]).slice(1, N)
        for column in (pa.array(values), cut):
            taken = Taker(rows(count), N).texts(Texts.plain(column))
            taken.validate(full=True)
            assert taken.to_pylist() == [values[row] for row in rows(count).tolist()]


def test_texts_of_one_width_share_their_offsets_and_nothing_else():
    taker = Taker(rows(500), N)
    batch = pa.RecordBatch.from_arrays(
        [pa.array([f"{i:05d}" for i in range(N)]), pa.array([f"{-i:05d}" for i in range(N)]), pa.array(range(N))], "abc"
    )
    taken = taker.batch(batch, {"a": Texts.of(batch.column("a"))})
    assert taken.to_pylist() == batch.take(pa.array(rows(500))).to_pylist()


@pytest.mark.parametrize(
    ("places", "size"),
    [
        ([], 0),
        ([0], 1),
        ([0], 0),
        ([-1], 1),
        ([0, 1], 1),
        ([-(2**31)], 2**40),
        ([2**31 - 1], 2**31),
        ([2**31 - 1], 2**31 - 1),
    ],
)
def test_places_are_within_when_none_is_negative_or_beyond(places, size):
    column = np.array(places, np.int32)
    assert are_within(column, size) == all(0 <= place < size for place in places)
    assert are_within(np.repeat(column, 2)[::2], size) == are_within(column, size)


def test_places_of_other_widths_are_refused():
    with pytest.raises(ValueError, match="32 bits, not int64"):
        are_within(np.array([2**32]), 1)


@pytest.mark.parametrize("wrong", [[-1], [0, N], [N + 5]])
def test_rows_outside_are_refused(wrong):
    with pytest.raises(ValueError, match="outside 0 … 299"):
        Taker(np.array(wrong, np.int32), N)
    with pytest.raises(ValueError, match="2 rows, the others 300"):
        Taker(rows(3), N).texts(Texts.plain(pa.array(["a", "b"])))


def decimals(values, precision=38):
    """A decimal column, its first and last cells cut off, of whole numbers however many digits they have."""
    raw = b"".join(value.to_bytes(16, "little", signed=True) for value in [7, *values, 7])
    kind = pa.decimal128(precision, 0)
    return pa.Array.from_buffers(kind, len(values) + 2, [None, pa.py_buffer(raw)]).slice(1, len(values))


@pytest.mark.parametrize(
    ("values", "fit"),
    [
        ([], True),
        ([0], True),
        ([-3, 5], True),
        ([2**63 - 1, -(2**63)], True),
        ([1, 2**63], False),
        ([-(2**63) - 1], False),
    ],
)
def test_the_low_words_of_decimals(values, fit):
    low, least, most, all_fit = low_words(decimals(values))
    assert all_fit == fit
    if fit:
        assert low.tolist() == values
        assert (least, most) == (min([*values, 0]), max([*values, 0]))


@pytest.mark.parametrize("precision", [1, 7, 16, 18])
def test_decimals_have_no_more_digits_than_their_type(precision):
    most = 10**precision - 1
    assert has_its_digits(decimals([most, -most, 0], precision))
    for one in (most + 1, -most - 1, 2**64, -(2**64), 2**63):
        assert not has_its_digits(decimals([0, one], precision))
    assert not has_its_digits(decimals([0], 19))
