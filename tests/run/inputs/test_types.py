"""Every Arrow type of a column is carried everywhere, or refused by name before the first row; foreign memory is not trusted."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qingsuan.columns.cells import READERS
from qingsuan.errors import InputError
from qingsuan.run.inputs import Source, as_text, check_columns, chunks, count_rows, fetch_rows, open_sources
from qingsuan.run.inputs.formats.messages import batches_of
from qingsuan.run.inputs.formats.parquet import file as parquet
from qingsuan.run.inputs.formats.parquet.sound import _validate
from qingsuan.tables import ACCUMULATORS, CLAIMS, Column
from settling import claim, install, insured, only, read, settle, typed, write

ONE_OF_EACH_KIND = list({column.kind: column for column in (*CLAIMS, *ACCUMULATORS)}.values())
FAR = pa.array([2**63 - 1, -(2**63)], pa.int64())
INDICES = (pa.int8(), pa.uint8(), pa.int16(), pa.uint16(), pa.int32(), pa.uint32(), pa.int64(), pa.uint64())


def plain_samples() -> Iterator[pa.Array]:
    yield pa.nulls(2)
    yield pa.array([True, None])
    for kind in INDICES:
        yield pa.array([1, None], kind)
    for kind in (pa.float16(), pa.float32(), pa.float64()):
        yield pa.array([np.float16(1), None], kind)
    for kind in (pa.string(), pa.large_string(), pa.string_view()):
        yield pa.array(["a", None], kind)
    for kind in (pa.binary(), pa.large_binary(), pa.binary_view(), pa.binary(2)):
        yield pa.array([b"\xff\xfe", None], kind)
    yield pa.array([b"", None], pa.binary(0))
    for kind in (pa.decimal32(5, 2), pa.decimal64(15, 2), pa.decimal128(38, 2), pa.decimal256(60, 2)):
        yield pa.array([Decimal(1), None], kind)
    for kind in (pa.decimal128(5, -2), pa.decimal256(60, -2)):
        yield pa.array([Decimal(100), None], kind)


def temporal_samples() -> Iterator[pa.Array]:
    yield pa.array([2**31 - 1, -(2**31)], pa.int32()).view(pa.date32())
    yield pa.array([86_400_000 * 2**36, None], pa.int64()).view(pa.date64())
    for unit in ("s", "ms", "us", "ns"):
        for zone in (None, "Asia/Shanghai", "+08:00", "Nowhere/Land"):
            yield FAR.view(pa.timestamp(unit, zone))
        yield FAR.view(pa.duration(unit))
    for kind in (pa.time32("s"), pa.time32("ms")):
        yield pa.array([1, None], pa.int32()).view(kind)
    for kind in (pa.time64("us"), pa.time64("ns")):
        yield pa.array([1, None], pa.int64()).view(kind)
    yield pa.array([(1, 2, 3), None], pa.month_day_nano_interval())


def nested_samples() -> Iterator[pa.Array]:
    item = pa.field("item", pa.int32())
    for kind in (pa.list_(item), pa.large_list(item), pa.list_view(item), pa.large_list_view(item), pa.list_(item, 1)):
        yield pa.array([[1], None], kind)
    yield pa.array([{"a": "x"}, None], pa.struct([("a", pa.string())]))
    yield pa.array([{"a": "x"}, None], pa.struct([("a", pa.string_view())]))
    yield pa.array([{}, None], pa.struct([]))
    yield pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int32()))
    yield pa.array([[2**62], None], pa.list_(pa.int64())).cast(pa.list_(pa.timestamp("s")))
    for kind in (pa.string(), pa.string_view()):
        yield pa.RunEndEncodedArray.from_arrays(pa.array([2], pa.int32()), pa.array(["x"], kind))
    children = [pa.array([1, 2]), pa.array(["a", "b"])]
    yield pa.UnionArray.from_sparse(pa.array([0, 1], pa.int8()), children)
    yield pa.UnionArray.from_dense(pa.array([0, 1], pa.int8()), pa.array([0, 0], pa.int32()), children)


def dictionary_samples() -> Iterator[pa.Array]:
    for kind in INDICES:
        yield pa.DictionaryArray.from_arrays(pa.array([0, None], kind), pa.array(["a"]))
    for kind in (
        pa.large_string(),
        pa.string_view(),
        pa.binary_view(),
        pa.int64(),
        pa.timestamp("s"),
        pa.list_(pa.int8()),
    ):
        yield pa.DictionaryArray.from_arrays(pa.array([0, None], pa.int32()), pa.nulls(1, kind))
    yield pa.DictionaryArray.from_arrays(pa.array([0, None], pa.int32()), pa.array(["a"]), ordered=True)


def extension_samples() -> Iterator[pa.Array]:
    yield pa.ExtensionArray.from_storage(pa.bool8(), pa.array([1, None], pa.int8()))
    yield pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"0" * 16, None], pa.binary(16)))
    yield pa.ExtensionArray.from_storage(pa.json_(), pa.array(["{}", None]))
    yield pa.ExtensionArray.from_storage(pa.opaque(pa.string(), "x", "y"), pa.array(["{}", None]))
    tensor = pa.fixed_shape_tensor(pa.int32(), [1])
    yield pa.ExtensionArray.from_storage(tensor, pa.array([[1], None], pa.list_(pa.int32(), 1)))


SAMPLES = [
    *(*plain_samples(), *temporal_samples(), *nested_samples()),
    *(*dictionary_samples(), *extension_samples()),
]


@pytest.fixture(autouse=True)
def _plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)
    write(tmp_path / "insured.csv", [insured()])


def files_with(tmp_path: Path, name: str, values: pa.Array) -> Iterator[Path]:
    """Two claims, the second of nobody, with a column of this type, as Arrow IPC and in Parquet if that can hold it."""
    rows = [claim(setl_id="s1"), claim(setl_id="s2", psn_no="nobody")]
    columns = {key: typed([row[key] or "" for row in rows], None) for key in rows[0]}
    table = pa.table({**columns, name: values})
    path = tmp_path / "c.arrow"
    as_file_or_stream = (pa.ipc.new_file, pa.ipc.new_stream)[len(str(values.type)) % 2]  # the reader behind both is one
    with as_file_or_stream(path, table.schema) as writer:
        writer.write_table(table)
    yield path
    path.unlink()
    try:
        pq.write_table(table, tmp_path / "c.parquet")
    except (pa.ArrowException, OSError):
        return
    yield tmp_path / "c.parquet"


@pytest.mark.parametrize("values", SAMPLES[::2], ids=lambda values: str(values.type))
def test_a_column_that_nobody_reads_is_carried_or_refused_at_the_door(tmp_path: Path, values: pa.Array) -> None:
    for path in files_with(tmp_path, "extra", values):
        ran = settle(path, tmp_path / "insured.csv", tmp_path / "out", "--overwrite")
        assert (ran.status in {0, 3}, "Traceback" in ran.err) == (True, False), ran.err
        if ran.status == 3:
            assert "column extra: type " in ran.err
            assert not (tmp_path / "out").exists()
        else:
            out = tmp_path / "out" / "rejected" / "part-00000.parquet"
            (column,) = pq.read_table(out, columns=["extra"]).columns
            assert column.null_count == (pa.types.is_null(values.type) or not values[1].is_valid)


@pytest.mark.parametrize("values", SAMPLES, ids=lambda values: str(values.type))
@pytest.mark.parametrize("column", ONE_OF_EACH_KIND, ids=lambda column: column.kind)
def test_a_column_that_is_read_is_understood_or_refused_at_the_door(
    tmp_path: Path, column: Column, values: pa.Array
) -> None:
    path = tmp_path / "c.arrow"
    table = pa.table({column.name: values})
    with pa.ipc.new_file(path, table.schema) as writer:
        writer.write_table(table)
    (source,) = open_sources([path], "claims")
    try:
        check_columns(source, [column])
    except InputError as error:
        found = str(error)
        assert f"column {column.name}: type " in found
        return
    for _, batch, _ in chunks(source)[0].batches([column.name]):
        assert len(READERS[column.kind](batch.column(0)).absent) == 2


def test_texts_as_views_are_texts(tmp_path: Path) -> None:
    for path in files_with(tmp_path, "my_note", pa.array(["as it came", "long enough for a view"], pa.string_view())):
        assert settle(path, tmp_path / "insured.csv", tmp_path / "out", "--overwrite").status == 0
        assert [row["my_note"] for row in read(tmp_path / "out", "rejected")] == ["long enough for a view"]


def test_what_python_cannot_say_is_text_all_the_same() -> None:
    assert as_text(pa.array([[1, 2], None])).to_pylist() == ["[1, 2]", None]
    assert as_text(pa.array([dt.date(2022, 3, 1)])).to_pylist() == ["2022-03-01"]
    far = pa.array([[2**62]], pa.list_(pa.int64())).cast(pa.list_(pa.timestamp("s")))
    assert "out of range" in as_text(far).to_pylist()[0]


# ---- what a file says of its bytes


BROKEN = [
    pa.StringArray.from_buffers(2, pa.py_buffer(np.array([0, 1, 2], np.int32)), pa.py_buffer("é".encode())),
    pa.StringArray.from_buffers(1, pa.py_buffer(np.array([0, 1], np.int32)), pa.py_buffer(b"\xff")),
    pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int32()), pa.array(["a"]), safe=False),
    pa.DictionaryArray.from_arrays(pa.array([-1], pa.int32()), pa.array(["a"]), safe=False),
    pa.DictionaryArray.from_arrays(pa.array([1, None], pa.int8()), pa.array(["a"]), safe=False),
    pa.DictionaryArray.from_arrays(
        pa.array([0], pa.int32()),
        pa.StringArray.from_buffers(1, pa.py_buffer(np.array([0, 1], np.int32)), pa.py_buffer(b"\xff")),
    ),
    pa.Array.from_buffers(pa.decimal128(5, 2), 1, [None, pa.py_buffer((10**20).to_bytes(16, "little"))]),
]


@pytest.mark.parametrize("values", BROKEN, ids=lambda values: str(values.type))
def test_what_a_page_says_of_its_cells_is_checked(values: pa.Array) -> None:
    with pytest.raises(pa.ArrowInvalid):
        _validate(values)


@pytest.mark.parametrize("values", SAMPLES, ids=lambda values: str(values.type))
def test_what_is_whole_passes_that_check(values: pa.Array) -> None:
    if not pa.types.is_time(values.type):
        _validate(values)
        _validate(values.slice(1))


def test_an_ipc_file_whose_offsets_lie_is_refused_before_anything_looks_into_it(tmp_path: Path) -> None:
    table = pa.table({"psn_no": [f"person {n}" for n in range(50)]})
    path = tmp_path / "c.arrow"
    with pa.ipc.new_file(path, table.schema) as writer:
        writer.write_table(table)
    whole = path.read_bytes()
    at = whole.index(np.arange(0, 8 * 9, 8, np.int32).tobytes())
    for offset in (2**31 - 1, -1, 8 * 40):
        path.write_bytes(whole[: at + 8] + np.int32(offset).tobytes() + whole[at + 12 :])
        (source,) = open_sources([path], "rows")
        with pytest.raises(InputError, match="cannot be read from row 1 on"):
            list(chunks(source)[0].batches())


@pytest.mark.parametrize("new", [pa.ipc.new_file, pa.ipc.new_stream])
@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
def test_altered_ipc_files_are_refused_or_read_but_never_end_the_process(
    tmp_path: Path, new: object, compression: str | None
) -> None:
    table = pa.table(
        {"a": [str(n) for n in range(40)], "b": pa.array(["x", "y"] * 20).dictionary_encode(), "c": [[1]] * 40}
    )
    path = tmp_path / "c.arrow"
    with new(path, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:  # type: ignore[operator]
        writer.write_table(table, max_chunksize=15)
    assert [batch.rows for batch in batches_of(path) if not batch.is_dictionary] == [15, 15, 10]
    whole, chance = path.read_bytes(), random.Random(7)
    outcomes = set()
    for _ in range(300):
        data, at = bytearray(whole), chance.randrange(len(whole) // 4) * 4
        data[at : at + 4] = chance.choice([0, 1, -1, 2**31 - 1, -(2**31), 70_000]).to_bytes(4, "little", signed=True)
        path.write_bytes(data if chance.randrange(4) else data[: chance.randrange(len(data))])
        try:
            (source,) = open_sources([path], "rows")
            rows = sum(batch.num_rows for _, batch, _ in chunks(source)[0].batches())
            outcomes.add(rows == source.rows == count_rows(source))
        except InputError:
            outcomes.add("refused")
    assert outcomes <= {True, "refused"}
    assert "refused" in outcomes


def test_parquet_is_counted_by_its_footer_and_by_its_pages(tmp_path: Path) -> None:
    path = tmp_path / "c.parquet"
    pq.write_table(pa.table({"a": ["x"] * 1000}), path, row_group_size=100)
    (source,) = open_sources([path], "rows")
    assert (source.rows, count_rows(source)) == (1000, 1000)
    parts = chunks(source)
    assert sum(part.rows for part in parts) == 1000
    found = [row for rows, _ in fetch_rows(source, np.array([0, 150, 999])) for row in rows.tolist()]
    assert found == [0, 150, 999]
    with pytest.raises(InputError, match="where 999 were counted"):
        list(replace(parts[0], rows=999).batches())


@pytest.mark.parametrize("fails_at", [0, 1, 3])
def test_texts_that_make_no_dictionary_are_read_on_from_where_that_was_noticed(
    tmp_path: Path, fails_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "c.parquet"
    pq.write_table(pa.table({"a": [str(n) for n in range(5000)]}), path, row_group_size=1250)
    whole, failed = parquet._batches, list[int]()

    def failing(
        source: Source, parts: tuple[int, ...], columns: list[str], codes: list[str], _file: None
    ) -> Iterator[pa.RecordBatch]:
        step = 1000 if codes else 1700  # batches of the second reading lie elsewhere
        rows = pa.Table.from_batches(whole(source, parts, columns, [], None))
        for number, start in enumerate(range(0, rows.num_rows, step)):
            if codes and number == fails_at:
                failed.append(number)
                raise OSError("cannot make a dictionary of these")
            yield rows.slice(start, step).combine_chunks().to_batches()[0]

    monkeypatch.setattr(parquet, "_batches", failing)
    (source,) = open_sources([path], "rows")
    (part,) = chunks(source)
    read = [text for _, batch, _ in part.batches(["a"]) for text in batch["a"].to_pylist()]
    assert read == [str(n) for n in range(5000)]
    assert failed == [fails_at]
