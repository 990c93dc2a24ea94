"""Reading cells: every accepted type gives the same values, every other one is refused, every bad cell is marked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from qingsuan.columns.cells import (
    NO_DATE,
    Cells,
    TypeRefused,
    decimals,
    read_dates,
    read_flags,
    read_money,
    read_texts,
    read_times,
)
from qingsuan.money import MAX_FEN

Build = Callable[[pa.Array], Any]
WAYS: dict[str, Build] = {
    "plain": lambda array: array,
    "chunked": lambda array: pa.chunked_array([array.slice(0, 1), array.slice(1, 0), array.slice(1)]),
    "no chunk at all": lambda array: pa.chunked_array([array]) if len(array) else pa.chunked_array([], array.type),
    "sliced": lambda array: pa.concat_arrays([array.slice(0, min(1, len(array))), array]).slice(min(1, len(array))),
    "dictionary": lambda array: array.dictionary_encode(),
    "sliced dictionary": lambda array: pa.concat_arrays([array, array]).dictionary_encode().slice(len(array)),
}
STRINGS = (pa.string(), pa.large_string(), pa.string_view())
NO_DICTIONARY = {pa.string_view()}


def cases(types: tuple[pa.DataType, ...]) -> list[Any]:
    return [
        pytest.param(kind, way, id=f"{kind}-{name}")
        for kind in types
        for name, way in WAYS.items()
        if not ("dictionary" in name and kind in NO_DICTIONARY)
    ]


def marked(cells: Cells) -> dict[int, str]:
    """Faults by place."""
    return {int(place): code for code, mask in cells.faults.items() for place in np.flatnonzero(mask)}


# ---- money

TEXTS = ["1.5", None, "0", "-0.00", "-2.05", "100000000000", "7"]
FEN = [150, 0, 0, 0, -205, MAX_FEN, 700]
DECIMALS = (
    pa.decimal128(16, 2),
    pa.decimal128(38, 2),
    pa.decimal128(20, 5),
    pa.decimal256(20, 2),
    pa.decimal256(70, 30),
)


@pytest.mark.parametrize(("kind", "way"), cases((*STRINGS, *DECIMALS)))
def test_money_of_any_type_is_the_same_fen(kind: pa.DataType, way: Build) -> None:
    values: list[Any] = TEXTS
    if pa.types.is_decimal(kind):
        values = [None if text is None else Decimal(text) for text in TEXTS]
    cells = read_money(way(pa.array(values, kind)))
    assert (cells.values.tolist(), cells.absent.tolist()) == (FEN, [value is None for value in values])
    assert marked(cells) == {}
    assert cells.values.dtype == np.int64


@pytest.mark.parametrize(("kind", "way"), cases((pa.string(), pa.decimal128(16, 2), pa.decimal256(50, 4))))
def test_money_of_no_rows_is_no_fen(kind: pa.DataType, way: Build) -> None:
    cells = read_money(way(pa.array([], kind)))
    assert (len(cells.values), len(cells.absent), marked(cells)) == (0, 0, {})


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("100000000000.00", None),
        ("-100000000000.00", None),
        ("100000000000.01", "E_RANGE"),
        ("-100000000000.01", "E_RANGE"),
        ("999999999999999.99", "E_RANGE"),
        ("9" * 40, "E_RANGE"),
        ("1.005", "E_SCALE"),
        ("-1.001", "E_SCALE"),
        *(
            (text, "E_FORM")
            for text in (" 1.00", "1.00 ", "1e3", "1E3", "１.００", "1,000.00", "+1", "1.", ".5", "NaN", "-")
        ),
        *((text, "E_FORM") for text in ("0x10", "1.0.0", "--1", "1\n", "¥1", "壹")),
    ],
)
def test_each_bad_text_is_marked_and_counts_nothing(text: str, code: str | None) -> None:
    cells = read_money(pa.array(["3.00", text, None, "4.00"]))
    assert marked(cells) == ({1: code} if code else {})
    if code:
        assert cells.values.tolist() == [300, 0, 0, 400]


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [
        (pa.decimal128(18, 3), "1.500", None),
        (pa.decimal128(18, 3), "1.505", "E_SCALE"),
        (pa.decimal128(38, 20), "-0.00000000000000000001", "E_SCALE"),
        (pa.decimal128(16, 2), "100000000000.01", "E_RANGE"),
        (pa.decimal128(38, 2), "9" * 36, "E_RANGE"),
        (pa.decimal128(38, 2), "-" + "9" * 36, "E_RANGE"),
        (pa.decimal128(38, 0), "9" * 38, "E_RANGE"),
        (pa.decimal128(38, 0), "1" + "0" * 11, None),
        (pa.decimal128(11, -2), "1" + "0" * 11, None),
        (pa.decimal256(60, 0), "9" * 60, "E_RANGE"),
        (pa.decimal256(76, 40), "0." + "0" * 39 + "1", "E_SCALE"),
        (pa.decimal256(76, 2), "-" + "9" * 74, "E_RANGE"),
        (pa.decimal256(50, 2), "100000000000.00", None),
        (pa.decimal256(50, 2), "-100000000000.01", "E_RANGE"),
    ],
)
def test_decimals_of_any_width_are_exact_or_marked(kind: pa.DataType, value: str, code: str | None) -> None:
    cells = read_money(pa.array([Decimal(value), None, Decimal(0)], kind))
    assert marked(cells) == ({0: code} if code else {})
    assert cells.values.tolist() == [0 if code else int(Decimal(value) * 100), 0, 0]
    assert cells.absent.tolist() == [False, True, False]


def test_what_lies_under_a_null_is_not_read() -> None:
    words = np.array([[2**62, 2**62], [5, 0]], np.int64)
    array = pa.Array.from_buffers(pa.decimal128(38, 2), 2, [pa.py_buffer(b"\x02"), pa.py_buffer(words)])
    assert (read_money(array).values.tolist(), marked(read_money(array))) == ([0, 5], {})


def test_a_column_of_nothing_is_absent() -> None:
    for reader in (read_money, read_dates, read_times, read_texts, read_flags):
        cells = reader(pa.nulls(3))
        assert (cells.absent.tolist(), marked(cells)) == ([True] * 3, {})


REFUSED: list[tuple[Any, list[pa.Array]]] = [
    (read_money, [pa.array([1.0]), pa.array([1]), pa.array([True]), pa.array([dt.date(2022, 1, 1)]), pa.array([b"1"])]),
    (read_dates, [pa.array([20220101]), pa.array([1.0]), pa.array([True]), pa.array([dt.time(1)])]),
    (read_dates, [pa.array([0], pa.timestamp("us", "UTC")), pa.array([0], pa.timestamp("s", "Asia/Shanghai"))]),
    (
        read_times,
        [pa.array([20220101]), pa.array([1.0]), pa.array([0], pa.timestamp("ns", "UTC")), pa.array([dt.time(1)])],
    ),
    (
        read_texts,
        [pa.array([21]), pa.array([2.1]), pa.array([b"21"]), pa.array([True]), pa.array([21]).dictionary_encode()],
    ),
    (read_flags, [pa.array([1]), pa.array([0.0])]),
]


@pytest.mark.parametrize(("reader", "array"), [(reader, array) for reader, arrays in REFUSED for array in arrays])
def test_a_type_that_could_mean_anything_is_refused_even_without_rows(reader: Any, array: pa.Array) -> None:
    for column in (array, array.slice(0, 0)):
        with pytest.raises(TypeRefused):
            reader(column)


# ---- dates and times

DAYS = [dt.date(2022, 1, 1), None, dt.date(2024, 2, 29), dt.date(1969, 12, 31), dt.date(1, 1, 1), dt.date(9999, 12, 31)]
NUMBERS = [0 if day is None else (day - dt.date(1970, 1, 1)).days for day in DAYS]
DATE_TYPES = (pa.date32(), pa.date64(), pa.timestamp("s"), pa.timestamp("ms"), pa.timestamp("us"))


@pytest.mark.parametrize(("kind", "way"), cases((*STRINGS, *DATE_TYPES)))
def test_dates_of_any_type_are_the_same_days(kind: pa.DataType, way: Build) -> None:
    values: list[Any] = list(DAYS)
    if kind in STRINGS:
        values = ["" if day is None else day.isoformat() for day in DAYS]
    elif pa.types.is_timestamp(kind):  # the time of day does not move a date, before 1970 neither
        values = [None if day is None else dt.datetime.combine(day, dt.time(23, 59, 59)) for day in DAYS]
    cells = read_dates(way(pa.array(values, kind)))
    wanted = [NO_DATE if day is None else number for day, number in zip(DAYS, NUMBERS, strict=True)]
    assert cells.values.tolist() == wanted
    assert cells.values.dtype == np.int32
    assert (cells.absent.tolist(), marked(cells)) == ([day is None for day in DAYS], {})


BAD_DATES = (
    "2022-02-30",
    "2023-02-29",
    "2100-02-29",
    "2022-13-01",
    "2022-00-10",
    "2022-01-00",
    "0000-01-01",
    "20220101",
)
BAD_DATES += (
    "2022/01/01",
    "2022-1-1",
    " 2022-01-01",
    "2022-01-01 ",
    "２０２２-01-01",
    "2022年1月1日",
    "yesterday",
    "-2022-01-01",
)


@pytest.mark.parametrize("text", BAD_DATES)
@pytest.mark.parametrize("reader", [read_dates, read_times])
def test_a_text_that_is_no_date_is_marked(reader: Any, text: str) -> None:
    cells = reader(pa.array(["2022-01-01", text, ""]))
    assert marked(cells) == {1: "E_FORM"}
    assert cells.absent.tolist() == [False, False, True]
    assert cells.values[1] == cells.values[2]


@pytest.mark.parametrize("kind", [pa.timestamp("s"), pa.timestamp("ms"), pa.date64()])
@pytest.mark.parametrize("far", [2**62, -(2**62)])
def test_a_stamp_too_far_away_is_marked_and_never_wraps_into_the_year(kind: pa.DataType, far: int) -> None:
    array = pa.array([far, 0], pa.int64()).view(kind)
    assert marked(read_dates(array)) == marked(read_times(array)) == {0: "E_FORM"}
    assert read_times(array).values.tolist() == [0, 0]


@pytest.mark.parametrize("day", [2**31 - 1, -(2**31), 2932897, -719163])
def test_a_date_outside_the_years_one_to_9999_is_marked(day: int) -> None:
    array = pa.array([day], pa.int32()).view(pa.date32())
    assert marked(read_dates(array)) == marked(read_times(array)) == {0: "E_FORM"}


STAMPS = [
    None if text is None else dt.datetime.fromisoformat(text)
    for text in ("2022-03-05 23:59:59", None, "2024-02-29", "1969-12-31 00:00:01")
]
TIME_TYPES = (pa.timestamp("s"), pa.timestamp("ms"), pa.timestamp("us"), pa.timestamp("ns"))


@pytest.mark.parametrize(("kind", "way"), cases((*STRINGS, *TIME_TYPES)))
def test_times_of_any_type_are_the_same_microseconds(kind: pa.DataType, way: Build) -> None:
    values: list[Any] = STAMPS if kind not in STRINGS else [str(stamp or "") for stamp in STAMPS]
    cells = read_times(way(pa.array(values, kind)))
    epoch = dt.datetime.fromisoformat("1970-01-01")
    wanted = [0 if stamp is None else (stamp - epoch) // dt.timedelta(microseconds=1) for stamp in STAMPS]
    assert (cells.values.tolist(), cells.absent.tolist(), marked(cells)) == (wanted, [False, True, False, False], {})


def test_times_may_be_dates_or_say_what_is_below_the_second() -> None:
    texts = ["1970-01-02", "1970-01-01T00:00:01", "1970-01-01 00:00:00.5", "1970-01-01 00:00:00.000001"]
    assert read_times(pa.array(texts)).values.tolist() == [86_400_000_000, 1_000_000, 500_000, 1]
    assert read_times(pa.array([1], pa.int32()).view(pa.date32())).values.tolist() == [86_400_000_000]
    assert read_times(pa.array([-1, 1999], pa.timestamp("ns"))).values.tolist() == [-1, 1]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "2022-01-01 24:00:00",
            "2022-01-01 10:60:00",
            "2022-01-01 10:00:60",
            "2022-01-01 10:00",
            "2022-01-01  10:00:00",
        ),
        *("2022-01-01 10:00:00+08:00", "2022-01-01 10:00:00Z", "2022-01-01 1０:00:00", "2022-02-30 10:00:00"),
        *("2022-01-01 10:00:00.", "2022-01-01 10:00:00.1234567", "10:00:00", "2022-01-01X10:00:00"),
    ],
)
def test_a_text_that_is_no_time_is_marked(text: str) -> None:
    assert marked(read_times(pa.array([text, "2022-01-01 10:00:00"]))) == {0: "E_FORM"}


# ---- texts and flags


@pytest.mark.parametrize(("kind", "way"), cases(STRINGS))
def test_texts_of_any_type_are_the_same(kind: pa.DataType, way: Build) -> None:
    cells = read_texts(way(pa.array(["21", None, "", " 21", "甲", "21"], kind)))
    assert cells.values.to_pylist() == ["21", "", "", " 21", "甲", "21"]
    assert cells.absent.tolist() == [False, True, True, False, False, False]
    assert cells.values.null_count == 0


def test_a_dictionary_stays_one_unless_something_in_it_is_absent() -> None:
    whole = pa.array(["a", "b", "a"]).dictionary_encode()
    assert pa.types.is_dictionary(read_texts(whole).values.type)
    holes = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2], pa.int8()), pa.array(["a", None, ""]))
    cells = read_texts(holes)
    assert (cells.values.to_pylist(), cells.absent.tolist()) == (["a", "", ""], [False, True, True])
    parts = pa.chunked_array([pa.array(["a"]).dictionary_encode(), pa.array(["b", "a"]).dictionary_encode()])
    assert read_texts(parts).values.to_pylist() == ["a", "b", "a"]


@pytest.mark.parametrize(("kind", "way"), cases(STRINGS))
def test_flags_are_nought_or_one(kind: pa.DataType, way: Build) -> None:
    cells = read_flags(way(pa.array(["1", "0", None, "", "2", "１", " 1", "true"], kind)))
    assert cells.values.tolist() == [1, 0, 0, 0, 0, 0, 0, 0]
    assert cells.absent.tolist() == [False, False, True, True, False, False, False, False]
    assert marked(cells) == dict.fromkeys(range(4, 8), "E_FORM")


def test_flags_may_be_booleans() -> None:
    cells = read_flags(pa.array([True, None, False, True])[1:])
    assert (cells.values.tolist(), cells.absent.tolist(), marked(cells)) == ([0, 0, 1], [True, False, False], {})


def test_fen_written_and_read_again_are_the_same() -> None:
    fen = np.array([0, 1, -1, MAX_FEN, -MAX_FEN, 99], np.int64)
    for precision in (16, 20):
        assert read_money(decimals(fen, precision)).values.tolist() == fen.tolist()
        assert decimals(fen, precision).to_pylist() == [Decimal(int(value)) / 100 for value in fen]


def test_the_least_decimal_of_256_bits_is_no_zero() -> None:
    least = pa.Array.from_buffers(pa.decimal256(40, 2), 1, [None, pa.py_buffer(bytes(31) + b"\x80")])
    cells = read_money(least)
    assert cells.faults["E_RANGE"].tolist() == [True]
