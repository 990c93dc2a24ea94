"""Small files that are read together: whose row is whose, how many go together, and what is told of one that cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qingsuan.columns.alike import for_alike
from qingsuan.columns.cells import Torn
from qingsuan.columns.pieces import Pieces
from qingsuan.errors import InputError
from qingsuan.run.inputs import Chunk, Joined, joined, open_sources, parcels
from qingsuan.run.inputs import chunks as chunks_of
from qingsuan.run.inputs.joining import PARCEL_ROWS

COLUMNS = ("number", "code")


def table_of(first: int, rows: int) -> pa.Table:
    numbers = range(first, first + rows)
    return pa.table({"number": pa.array(numbers, pa.int64()), "code": [f"c{number % 7}" for number in numbers]})


def opened(folder: Path, tables: Sequence[pa.Table]) -> list[Chunk]:
    folder.mkdir()
    for number, table in enumerate(tables):
        pq.write_table(table, folder / f"{number:02d}.parquet")
    return [chunk for source in open_sources([folder], "rows") for chunk in chunks_of(source)]


def read(parcel: Sequence[Chunk]) -> list[Joined]:
    return list(joined(parcel, lambda chunk: [name for name in chunk.source.schema.names if name in COLUMNS]))


def rows_of(batches: Sequence[Joined]) -> list[tuple[int, int, int, str]]:
    """File, row, number and code of each row."""
    found = []
    for pieces, batch, _ in batches:
        size = batch.num_rows
        places = pieces.files_of(size).tolist(), pieces.rows_of(size).tolist()
        found += list(zip(*places, batch["number"].to_pylist(), batch["code"].to_pylist(), strict=True))
    return found


# ---- whose row is whose


def test_a_row_of_a_batch_is_found_by_its_file_and_row_and_the_other_way_round() -> None:
    pieces = Pieces.joined([(3, 0, 2), (4, 10, 0), (4, 10, 3), (9, 7, 1)])
    files, rows = pieces.files_of(6), pieces.rows_of(6)
    assert files.tolist() == [3, 3, 4, 4, 4, 9]
    assert rows.tolist() == [0, 1, 10, 11, 12, 7]
    assert (files.dtype, rows.dtype) == (np.int32, np.int64)
    back = [5, 0, 4, 1]
    assert pieces.places_of(files[back], rows[back]).tolist() == back


def test_one_piece_is_as_long_as_its_batch() -> None:
    pieces = Pieces.of(7, 2**33)
    assert pieces.files_of(3).tolist() == [7, 7, 7]
    assert pieces.rows_of(3).tolist() == [2**33, 2**33 + 1, 2**33 + 2]
    assert pieces.rows_of(0).tolist() == []


# ---- what goes together


def test_files_of_the_same_columns_come_in_one_batch_with_their_rows_in_order(tmp_path: Path) -> None:
    parcel = opened(tmp_path / "in", [table_of(0, 5), table_of(5, 1), table_of(6, 0), table_of(6, 9)])
    batches = read(parcel)
    assert len(batches) == 1
    expected = [(file, row) for file, rows in ((0, 5), (1, 1), (3, 9)) for row in range(rows)]
    assert rows_of(batches) == [(*place, n, f"c{n % 7}") for n, place in enumerate(expected)]


def test_another_type_of_a_column_begins_a_batch_another_order_or_a_column_that_nobody_reads_does_not(
    tmp_path: Path,
) -> None:
    tables = [table_of(0, 2), table_of(2, 2), table_of(4, 2), table_of(6, 2)]
    tables[1] = tables[1].append_column("beside", pa.array([1, 2]))
    tables[2] = tables[2].select(["code", "number"])
    tables[3] = tables[3].cast(pa.schema([("number", pa.int32()), ("code", pa.string())]))
    batches = read(opened(tmp_path / "in", tables))
    assert [batch.num_rows for _, batch, _ in batches] == [6, 2]
    assert [number for _, _, number, _ in rows_of(batches)] == list(range(8))


def test_codes_that_no_common_dictionary_holds_are_given_file_by_file(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(2):
        codes = pa.array([f"c{code}" for code in range(100 * number, 100 * number + 100)])
        small = pa.DictionaryArray.from_arrays(pa.array(range(100), pa.int8()), codes)
        table = pa.table({"number": pa.array(range(100)), "code": small})
        with pa.OSFile(str(folder / f"{number}.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
    batches = read([chunk for source in open_sources([folder], "rows") for chunk in chunks_of(source)])
    assert [batch.num_rows for _, batch, _ in batches] == [100, 100]
    assert [code for _, _, _, code in rows_of(batches)] == [f"c{code}" for code in range(200)]


def test_what_was_read_before_a_file_that_cannot_be_read_is_given_first(tmp_path: Path) -> None:
    parcel = opened(tmp_path / "in", [table_of(3 * number, 3) for number in range(5)])
    whole = (tmp_path / "in/03.parquet").read_bytes()
    (tmp_path / "in/03.parquet").write_bytes(whole[:20] + bytes(len(whole) - 20))
    reading = joined(parcel, lambda _: COLUMNS)
    assert rows_of([next(reading)]) == [(n // 3, n % 3, n, f"c{n % 7}") for n in range(9)]
    with pytest.raises(InputError, match=r"in/03\.parquet"):
        next(reading)


def test_torn_rows_are_told_at_their_places_in_the_whole(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("number,code\n1,c1\n2\n")
    (tmp_path / "b.csv").write_text("number,code\n3\n4,c4\n")
    parcel = [chunk for source in open_sources([tmp_path], "rows") for chunk in chunks_of(source)]
    ((pieces, batch, torn),) = read(parcel)
    assert batch["code"].to_pylist() == ["c1", None, None, "c4"]
    assert [(type(one), one.row) for one in torn] == [(Torn, 1), (Torn, 2)]
    assert list(zip(pieces.files_of(4).tolist(), pieces.rows_of(4).tolist(), strict=True))[1:3] == [(0, 1), (1, 0)]


@pytest.mark.parametrize(
    ("rows", "workers", "sizes"),
    [
        ([PARCEL_ROWS // 2] * 16, 1, [2] * 8),
        ([PARCEL_ROWS // 2, PARCEL_ROWS // 2 + 1] * 8, 1, [1] * 16),
        ([1000] * 80, 2, [10] * 8),
        ([1000] * 80, 1, [20] * 4),
        ([5] * 3, 2, [1] * 3),
        ([0] * 3, 2, [3]),
        ([], 2, []),
    ],
)
def test_parcels_are_as_large_as_leaves_work_for_every_worker(
    rows: list[int], workers: int, sizes: list[int], tmp_path: Path
) -> None:
    (chunk,) = opened(tmp_path / "in", [table_of(0, 1)])
    parts = [Chunk(chunk.source, number, size) for number, size in enumerate(rows)]
    found = parcels(parts, workers)
    assert [len(parcel) for parcel in found] == sizes
    assert [part for parcel in found for part in parcel] == parts


# ---- what follows from columns


def test_what_follows_from_columns_is_worked_out_once_for_files_that_are_alike() -> None:
    asked: list[pa.Schema] = []

    @for_alike
    def names(schema: pa.Schema) -> list[str]:
        asked.append(schema)
        return list(schema.names)

    one, same = (pa.schema([("a", pa.int64())], {"k": "1"}) for _ in range(2))
    others = pa.schema([("a", pa.int64())], {"k": "2"}), pa.schema([("a", pa.int32())], {"k": "1"})
    assert names(one) is names(same)
    assert len(asked) == 1
    assert [names(other) for other in others] == [["a"], ["a"]]
    assert len(asked) == 3
