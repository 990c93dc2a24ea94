"""Decimals of few digits come as numbers of 64 bits, and as the same numbers, however a file has them; nothing else of a file changes."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qingsuan.columns.cells import read_money
from qingsuan.errors import InputError
from qingsuan.run.inputs import chunks, joined, open_sources
from qingsuan.run.inputs.formats.parquet.amounts import are_many
from qingsuan.run.inputs.formats.parquet.footers import saying
from qingsuan.run.inputs.formats.parquet.thrift import Garbled, read_struct
from qingsuan.run.inputs.formats.source import SMALL_BYTES

ROWS = 3_000
WRITERS: dict[str, dict[str, Any]] = {
    "bytes": {},
    "bytes, plain": {"use_dictionary": False, "compression": "none"},
    "whole numbers": {"store_decimal_as_integer": True},
    "whole numbers as differences": {
        "store_decimal_as_integer": True,
        "use_dictionary": False,
        "column_encoding": {"amount": "DELTA_BINARY_PACKED"},
    },
    "without a schema of Arrow's": {"store_schema": False},
    "pages of version 2": {"data_page_version": "2.0", "compression": "zstd"},
    "many row groups": {"row_group_size": 500},
}
_SAID = 5  # the footer's field


def _yuan(fen: int) -> Decimal:
    return Decimal(f"{fen}E-2")  # scaleb would round to 28 digits


def amounts(digits: int, gaps: float = 0.2) -> pa.Array:
    """Random amounts of so many digits, the largest and the least among them, and nothing here and there."""
    draw, most = random.Random(digits), 10**digits - 1
    drawn = [draw.choice((0, 1, -1, most, -most, draw.randint(-most, most))) for _ in range(ROWS - 2)]
    given = [None if draw.random() < gaps else _yuan(fen) for fen in drawn]
    return pa.array([*map(_yuan, (most, -most)), *given], pa.decimal128(digits, 2))


def read(path: Path, columns: list[str]) -> pa.Table:
    """The rows as a run reads them."""
    (source,) = open_sources([path], "rows")
    return pa.Table.from_batches(batch for chunk in chunks(source) for _, batch, _ in chunk.batches(columns))


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("digits", [2, 9, 10, 16, 18, 19, 38])
def test_they_are_the_same_numbers_however_they_are_written(digits: int, writer: str, tmp_path: Path) -> None:
    table = pa.table({"amount": amounts(digits), "text": ["a"] * ROWS})
    how = WRITERS[writer]
    if digits > 18 and "column_encoding" in how:
        how = {}  # no whole number holds them
    pq.write_table(table, tmp_path / "a.parquet", **how)
    found = read(tmp_path / "a.parquet", ["amount"]).column("amount")
    assert found.type == (pa.decimal64(digits, 2) if digits <= 18 else pa.decimal128(digits, 2))
    assert found.cast(pa.decimal128(digits, 2)).equals(table.column("amount"))
    if digits <= 16:
        cells, plain = read_money(found), read_money(table.column("amount"))
        assert cells.values.tolist() == plain.values.tolist()
        assert cells.absent.tolist() == plain.absent.tolist()
        assert {code: mask.tolist() for code, mask in cells.faults.items()} == {
            code: mask.tolist() for code, mask in plain.faults.items()
        }


def test_what_is_beyond_the_range_stays_in_its_row_as_it_came(tmp_path: Path) -> None:
    """Amounts are read over the memory of their column: where a cell counts as 0, the row is rejected with what it has."""
    pq.write_table(pa.table({"amount": amounts(18)}), tmp_path / "a.parquet")
    column = read(tmp_path / "a.parquet", ["amount"]).column("amount").combine_chunks()
    cells = read_money(column)
    assert cells.faults["E_RANGE"].sum() > ROWS // 4
    assert not cells.values[cells.faults["E_RANGE"] | cells.absent].any()
    assert column.cast(pa.decimal128(18, 2)).equals(amounts(18))


def test_more_than_64_bits_are_not_made_fewer_though_they_say_few_digits(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"amount": amounts(16).cast(pa.decimal128(38, 2))}), path, store_schema=False)
    content = path.read_bytes()
    at = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    changed = content[at:].replace(bytes([38 << 1]), bytes([16 << 1]))  # the digits that the footer says
    path.write_bytes(content[:at] + changed)
    assert pq.read_schema(path).field("amount").type == pa.decimal128(16, 2)
    found = read(path, ["amount"]).column("amount")
    assert found.type == pa.decimal128(16, 2)
    assert found.equals(pa.chunked_array([amounts(16)]))


def test_the_other_columns_are_what_they_are(tmp_path: Path) -> None:
    day = dt.datetime(2021, 1, 1, 12)  # noqa: DTZ001 - local time, as in the interface
    table = pa.table(
        {
            "amount": amounts(16),
            "large": pa.array(["清算"] * ROWS, pa.large_string()),
            "view": pa.array(["a" * 20] * ROWS, pa.string_view()),
            "zone": pa.array([day] * ROWS, pa.timestamp("ms", "Asia/Shanghai")),
            "time": pa.array([day] * ROWS, pa.timestamp("us")),
            "length": pa.array([7] * ROWS, pa.duration("s")),
            "bytes": pa.array([b"1234567"] * ROWS, pa.binary(7)),
            "code": pa.array(["a", "b"] * (ROWS // 2)).dictionary_encode(),
            "short": pa.array([1] * ROWS, pa.int16()),
            "rate": pa.array([Decimal("0.5")] * ROWS, pa.decimal128(5, 4)),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    names = table.schema.names
    found, few = read(tmp_path / "a.parquet", names), open_sources([tmp_path / "a.parquet"], "rows")[0]
    assert {name: found.schema.field(name).type for name in ("amount", "rate")} == {
        "amount": pa.decimal64(16, 2),
        "rate": pa.decimal64(5, 4),
    }
    (chunk,) = chunks(few)
    whole = pa.Table.from_batches(batch for _, batch, _ in chunk.batches())
    for name in names:
        column = found.column(name)
        if name in ("amount", "rate"):
            column = column.cast(whole.schema.field(name).type)
        plain = whole.column(name)
        if pa.types.is_dictionary(column.type):  # as is asked for of texts, by name
            column, plain = column.cast(column.type.value_type), plain.cast(column.type.value_type)
        assert column.equals(plain), name


def test_columns_within_others_are_left(tmp_path: Path) -> None:
    pair = pa.StructArray.from_arrays([amounts(16), amounts(9)], ["one", "other"])
    pq.write_table(pa.table({"amount": amounts(16), "pair": pair}), tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet", ["amount"]).schema.field("amount").type == pa.decimal128(16, 2)


def test_of_few_rows_no_second_footer_is_made(tmp_path: Path) -> None:
    table = pa.table({"amount": amounts(16)}).slice(0, 63)
    assert not are_many(63, table.schema)
    assert are_many(64, table.schema)
    pq.write_table(table, tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet", ["amount"]).schema.field("amount").type == pa.decimal128(16, 2)


@pytest.mark.parametrize("gap", [0.0, 0.2])
def test_more_digits_than_are_said_are_refused(gap: float, tmp_path: Path) -> None:
    """A file that is written as one of 16 digits, and says 12."""
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"amount": amounts(16, gap)}), path, store_schema=False, store_decimal_as_integer=True)
    content = path.read_bytes()
    at = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    path.write_bytes(content[:at] + content[at:].replace(bytes([16 << 1]), bytes([12 << 1])))
    with pytest.raises(InputError, match="cannot be read"):
        read(path, ["amount"])


def test_a_large_file_of_many_row_groups_is_read_alike_in_every_part(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = pa.concat_tables([pa.table({"amount": amounts(16, 0)})] * 100).combine_chunks()
    pq.write_table(table, path, row_group_size=30_000, compression="none", use_dictionary=False)
    assert path.stat().st_size > SMALL_BYTES
    found = read(path, ["amount"])
    assert found.column("amount").type == pa.decimal64(16, 2)
    assert found.column("amount").cast(pa.decimal128(16, 2)).equals(table.column("amount"))


def test_small_files_read_as_one_are_read_so_too(tmp_path: Path) -> None:
    table = pa.table({"amount": amounts(16), "wide": amounts(38)})
    (tmp_path / "in").mkdir()
    for number, start in enumerate(range(0, ROWS, 100)):
        pq.write_table(table.slice(start, 100), tmp_path / f"in/{number:02d}.parquet")
    sources = open_sources([tmp_path / "in"], "rows")
    parcel = [chunk for source in sources for chunk in chunks(source)]
    (found,) = joined(parcel, lambda _: table.schema.names)
    assert found.batch.schema.types == [pa.decimal64(16, 2), pa.decimal128(38, 2)]
    assert found.batch.column("amount").cast(pa.decimal128(16, 2)).equals(table.column("amount").combine_chunks())
    assert found.batch.column("wide").equals(table.column("wide").combine_chunks())


def footer_bytes(path: Path) -> bytes:
    content = path.read_bytes()
    return content[len(content) - 8 - int.from_bytes(content[-8:-4], "little") : -8]


@pytest.mark.parametrize("store_schema", [True, False])
def test_a_footer_says_this_and_else_what_it_said(store_schema: bool, tmp_path: Path) -> None:
    table = pa.table({"amount": amounts(16)}).replace_schema_metadata({"mine": "kept in the file"})
    pq.write_table(table, tmp_path / "a.parquet", store_schema=store_schema)
    footer = footer_bytes(tmp_path / "a.parquet")
    said = saying(footer, pa.schema([("amount", pa.decimal64(16, 2))]))
    before, after = read_struct(footer)[0], read_struct(said)[0]
    ((entry,), others) = after.pop(_SAID), before.pop(_SAID, None)
    assert entry[1] == b"ARROW:schema"
    assert (others is not None) == store_schema
    assert after == before
    assert saying(said, pa.schema([("amount", pa.decimal64(16, 2))])) == said


def test_bytes_that_were_changed_anywhere_in_a_footer_end_in_garbled_or_in_a_footer(tmp_path: Path) -> None:
    pq.write_table(pa.table({"amount": amounts(16)}), tmp_path / "a.parquet")
    footer, draw, told = footer_bytes(tmp_path / "a.parquet"), random.Random(20261130), 0
    for _ in range(3000):
        changed = bytearray(footer)
        for _ in range(draw.choice((1, 1, 2, 5))):
            changed[draw.randrange(len(changed))] = draw.randrange(256)
        cut = bytes(changed[: draw.choice((len(changed), draw.randrange(len(changed))))])
        try:
            saying(cut, pa.schema([("amount", pa.decimal64(16, 2))]))
        except Garbled:
            told += 1
    assert told > 500
