"""How a result table is written: the same rows come back, however few or many; a few rows are not packed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qingsuan.run.folder import numbers
from qingsuan.run.folder.numbers import AS_NUMBERS, write_as_numbers
from qingsuan.run.folder.parquet import write_parquet

FEW = 8
SETTINGS = {"compression": "zstd", "use_dictionary": ["med_type"], "write_statistics": False}


def table_of(rows: int) -> pa.Table:
    places = range(rows)
    return pa.table(
        {
            "psn_no": pa.array([f"p{place}" for place in places], pa.string()),
            "med_type": pa.array(["21", "11"] * rows, pa.string()).slice(0, rows).dictionary_encode(),
            "setl_time": pa.array([None if place % 5 == 3 else place for place in places], pa.timestamp("us")),
            "begndate": pa.array([dt.date(2021, 1, 1)] * rows, pa.date32()),
            "hifp_pay": pa.array([Decimal(place) / 100 for place in places], pa.decimal64(16, 2)),
            "refunded": pa.array([None if place % 3 else Decimal(-place) for place in places], pa.decimal64(18, 2)),
            "pool_prop_selfpay": pa.array([Decimal(place) / 10_000 for place in places], pa.decimal64(5, 4)),
            "largest": pa.array([Decimal("9" * 18)] * rows, pa.decimal64(18, 0)),
            "large": pa.array([Decimal(place) for place in places], pa.decimal128(38, 0)),
            "unread": pa.array([place % 2 == 0 for place in places], pa.bool_()),
        }
    )


@pytest.mark.parametrize("rows", [0, 1, FEW, FEW + 1, 1_000])
def test_the_same_rows_come_back(rows: int, tmp_path: Path) -> None:
    table = table_of(rows)
    write_parquet(table, tmp_path / "x.parquet")
    found = pq.read_table(tmp_path / "x.parquet")
    assert found.to_pylist() == table.to_pylist()
    assert found.schema.names == table.schema.names


@pytest.mark.parametrize(("rows", "packed"), [(FEW, {"UNCOMPRESSED"}), (FEW + 1, {"ZSTD"})])
def test_a_few_rows_are_not_packed(rows: int, packed: set[str], tmp_path: Path) -> None:
    write_parquet(table_of(rows), tmp_path / "x.parquet")
    group = pq.read_metadata(tmp_path / "x.parquet").row_group(0)
    texts = {
        group.column(at).compression for at in range(group.num_columns) if group.column(at).path_in_schema == "psn_no"
    }
    assert texts == packed


def in_chunks(table: pa.Table) -> pa.Table:
    return pa.concat_tables([table.slice(0, 300), table.slice(300)]).unify_dictionaries()


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("rows", [0, 1, 1_000, 50_000])
@pytest.mark.parametrize("encoding", ["PLAIN", "DELTA_BINARY_PACKED"])
def test_numbers_make_the_bytes_that_pyarrow_makes_of_decimals(
    rows: int, chunked: bool, encoding: str, tmp_path: Path
) -> None:
    table = in_chunks(table_of(rows)) if chunked else table_of(rows)
    whole = [*table.column_names[2:7], "largest"]
    settings = {**SETTINGS, "column_encoding": dict.fromkeys(whole, encoding), "row_group_size": 20_000}
    pq.write_table(table, tmp_path / "decimals.parquet", **AS_NUMBERS, **settings)
    write_as_numbers(table, tmp_path / "numbers.parquet", **settings)
    assert (tmp_path / "numbers.parquet").read_bytes() == (tmp_path / "decimals.parquet").read_bytes()


def test_a_footer_that_begins_otherwise_is_left_to_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = table_of(20)
    pq.write_table(table, tmp_path / "decimals.parquet", **AS_NUMBERS, **SETTINGS)
    monkeypatch.setattr(numbers, "_beginnings", lambda *_: (b"otherwise", b"whatever"))
    write_as_numbers(table, tmp_path / "numbers.parquet", **SETTINGS)
    assert (tmp_path / "numbers.parquet").read_bytes() == (tmp_path / "decimals.parquet").read_bytes()


@pytest.mark.parametrize(("others", "encoding"), [(12_499, "PLAIN"), (12_500, "DELTA_BINARY_PACKED")])
@pytest.mark.parametrize("begin", [0, 87_500])
def test_a_column_of_little_but_zeros_stays_as_it_is(others: int, encoding: str, begin: int, tmp_path: Path) -> None:
    amounts = [0] * begin + [1] * others + [0] * (100_000 - begin - others)
    cells = pa.array(amounts, pa.int64()).view(pa.decimal64(16, 2))
    write_parquet(pa.table({"hifp_pay": cells}), tmp_path / "x.parquet")
    assert encoding in pq.read_metadata(tmp_path / "x.parquet").row_group(0).column(0).encodings
