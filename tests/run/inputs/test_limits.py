"""Small files that stand for more than there is memory are refused before they are unpacked, with the limit and what raises it."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qingsuan.run.inputs.formats import limits
from qingsuan.run.inputs.formats.parquet import file as parquet
from settling import claim, install, insured, only, read, settle, write

ROWS = 3000
MEGABYTE = "x" * 1_000_000


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)
    write(tmp_path / "insured.parquet", [insured()])
    return tmp_path


def table(**columns: pa.Array) -> pa.Table:
    """Made-up claims, alike but for some columns."""
    row = {name: value for name, value in claim().items() if value is not None}
    return pa.table({name: columns.get(name, pa.array([value] * ROWS)) for name, value in row.items()})


def said_once(text: str) -> pa.DictionaryArray:
    """A column that says one text in every row, and holds it once."""
    return pa.DictionaryArray.from_arrays(pa.array([0] * ROWS, pa.int32()), pa.array([text]))


@pytest.mark.parametrize("column", ["psn_no", "fixmedins_code", "my_note"])
def test_one_text_of_a_megabyte_in_every_row_is_refused(column: str, place: Path) -> None:
    """Of 22 KB such a file made 5.6 GB, and of a code it took more than ten minutes."""
    path = place / "claims.parquet"
    pq.write_table(table(**{column: said_once(MEGABYTE)}), path, compression="zstd", store_schema=False)
    assert path.stat().st_size < 10_000
    before = pa.total_allocated_bytes()
    ran = settle(path, place / "insured.parquet", place / "out")
    assert ran.status == 3
    assert f"{path}: column {column}: a cell of 1,000,000 bytes" in ran.err
    assert "expected: at most 65,536 bytes in a cell" in ran.err
    assert "set QINGSUAN_CELL_BYTES=1000000" in ran.err
    assert not (place / "out/run.json").exists()
    assert pa.default_memory_pool().max_memory() - before < 256 << 20


def test_a_page_that_is_large_once_unpacked_is_refused(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page is unpacked whole: one of 59 KB made 5.1 GB."""
    monkeypatch.setitem(limits._USUAL, limits.PAGE, 1 << 20)
    path, notes = place / "claims.parquet", pa.array([f"{number:05d}{'z' * 995}" for number in range(ROWS)])
    how = {"compression": "zstd", "use_dictionary": False, "data_page_size": 1 << 30, "write_batch_size": ROWS}
    pq.write_table(table(my_note=notes), path, **how)
    ran = settle(path, place / "insured.parquet", place / "out")
    assert (ran.status, (place / "out").exists()) == (3, False)
    assert f"{path}: column my_note: a page of 3,012,00" in ran.err
    assert "expected: pages of at most 1,048,576 bytes" in ran.err
    monkeypatch.setenv(limits.PAGE, str(4 << 20))
    assert settle(path, place / "insured.parquet", place / "out").status == 0


def test_long_cells_are_read_once_the_limit_is_raised(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = place / "claims.arrow"
    write(path, [claim(my_note="y" * 65_536), claim(setl_id="s2", psn_no="nobody", my_note="y" * 65_537)])
    ran = settle(path, place / "insured.parquet", place / "out")
    assert (ran.status, "a cell of 65,537 bytes" in ran.err) == (3, True), ran
    monkeypatch.setenv(limits.CELL, "65537")
    assert settle(path, place / "insured.parquet", place / "out", "--overwrite").status == 0
    assert [len(row["my_note"]) for row in read(place / "out", "rejected")] == [65_537]


def test_a_limit_that_is_no_number_is_refused(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(limits.CELL, "64k")
    path = write(place / "claims.parquet", [claim()])
    ran = settle(path, place / "insured.parquet", place / "out")
    assert (ran.status, "QINGSUAN_CELL_BYTES: found “64k”" in ran.err or "“64k”" in ran.err) == (2, True), ran


def test_long_ids_are_read_in_batches_of_few_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the file says once is written out for each row: batches are as large as the longest id lets them be."""
    path = tmp_path / "claims.parquet"
    pq.write_table(table(psn_no=said_once("p" * 30_000)), path, store_schema=False)
    monkeypatch.setattr(parquet, "BATCH_BYTES", 64 << 20)
    source = parquet.open_parquet(0, path)
    assert [batch.num_rows for batch in parquet.read_parquet(source, (0,), ["psn_no"])] == [1118, 1118, 764]
    assert [batch.num_rows for batch in parquet.read_parquet(source, (0,), ["setl_id"])] == [ROWS]
