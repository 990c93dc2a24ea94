"""Rows of files with hundreds of columns are fetched whole, though some columns at a time are read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qingsuan.run.inputs import fetch_rows, open_sources
from qingsuan.run.inputs import reading as inputs
from qingsuan.run.inputs.formats.parquet import file as parquet
from qingsuan.run.inputs.formats.source import SMALL_BYTES

ROWS = 5_000
KINDS = (
    lambda row, column: row * column,
    lambda row, column: f"text {row % (column + 3)}",
    lambda row, column: f"text {row} of {column}",
    lambda row, _: None if row % 3 else "很少",
    lambda row, column: Decimal(row * column) / 100,
    lambda row, _: date(2021, 1, 1 + row % 28),
    lambda *_: None,
)


@pytest.mark.parametrize("columns", [48, 49, 202])
@pytest.mark.parametrize("bytes_at_once", [inputs.BATCH_BYTES, 1 << 20])
def test_a_fetched_row_has_every_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: int, bytes_at_once: int
) -> None:
    monkeypatch.setattr(inputs, "BATCH_BYTES", bytes_at_once)
    named = {f"c{at:03d}": [KINDS[at % len(KINDS)](row, at) for row in range(ROWS)] for at in reversed(range(columns))}
    table = pa.table(named)
    pq.write_table(table, tmp_path / "wide.parquet", row_group_size=1_300)
    (source,) = open_sources([tmp_path / "wide.parquet"], "claims")
    asked = np.array(sorted({0, 1, 1_299, 1_300, *range(2_000, 3_500, 3), ROWS - 1}))
    fetched = list(fetch_rows(source, asked))
    assert np.concatenate([rows for rows, _ in fetched]).tolist() == asked.tolist()
    batches = [batch for _, batch in fetched]
    assert {tuple(batch.schema.names) for batch in batches} == {tuple(table.schema.names)}
    assert [row for batch in batches for row in batch.to_pylist()] == table.take(pa.array(asked)).to_pylist()


@pytest.mark.parametrize("encoding", ["PLAIN", "DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"])
def test_a_file_is_opened_once_for_all_its_columns_and_again_where_no_dictionaries_can_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    texts = {f"c{at:03d}": [f"text {row * at % 900}" for row in range(ROWS)] for at in range(200)}
    table = pa.table({"setl_id": [str(row) for row in range(ROWS)], **texts})
    encodings = dict.fromkeys(table.column_names, encoding)
    pq.write_table(table, tmp_path / "a.parquet", use_dictionary=False, column_encoding=encodings, compression="none")
    (source,) = open_sources([tmp_path / "a.parquet"], "claims")
    assert source.path.stat().st_size > SMALL_BYTES
    asked, times = np.array([0, 77, ROWS - 1]), []
    monkeypatch.setattr(parquet, "opened", lambda *given, how=parquet.opened: times.append(given) or how(*given))
    (found,) = (batch for _, batch in fetch_rows(source, asked))
    assert found.to_pylist() == table.take(pa.array(asked)).to_pylist()
    assert len(times) == 1 if encoding == "PLAIN" else len(times) > 1
