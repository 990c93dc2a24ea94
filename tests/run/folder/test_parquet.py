"""How a result table is written: the same rows come back, however few or many; a few rows are not packed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qingsuan.run.folder.parquet import write_parquet

FEW = 8


def table_of(rows: int) -> pa.Table:
    places = range(rows)
    return pa.table(
        {
            "psn_no": pa.array([f"p{place}" for place in places], pa.string()),
            "med_type": pa.array(["21", "11"] * rows).slice(0, rows).dictionary_encode(),
            "setl_time": pa.array([None if place % 5 == 3 else place for place in places], pa.timestamp("us")),
            "begndate": pa.array([dt.date(2021, 1, 1)] * rows, pa.date32()),
            "hifp_pay": pa.array([Decimal(place) / 100 for place in places], pa.decimal64(16, 2)),
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
