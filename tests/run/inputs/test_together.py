"""Small Parquet files that are read as one: the same rows as each by itself, whoever wrote them; and what keeps a file to itself."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qingsuan.errors import InputError
from qingsuan.run.inputs import Source, chunks, joined, open_sources
from qingsuan.run.inputs.formats.parquet import file as parquet
from qingsuan.run.inputs.formats.parquet import together
from qingsuan.run.inputs.formats.parquet.footers import columns_of, footer_of, under_one_footer
from qingsuan.run.inputs.formats.parquet.thrift import Garbled
from qingsuan.run.inputs.formats.parquet.together import read_together, size_together
from qingsuan.run.inputs.formats.source import SMALL_BYTES

ROWS = 37
WRITERS: dict[str, dict[str, Any]] = {
    "usual": {},
    "plain": {"use_dictionary": False, "compression": "none"},
    "pages of version 2": {"data_page_version": "2.0", "compression": "zstd"},
    "dictionaries that overflow": {"dictionary_pagesize_limit": 64, "data_page_size": 128},
    "checksums and indexes": {"write_page_checksum": True, "write_page_index": True},
    "row groups": {"row_group_size": 5},
    "version 1.0": {"version": "1.0", "write_statistics": False, "store_schema": False},
    "times of INT96": {"use_deprecated_int96_timestamps": True},
    "bloom filters": {"bloom_filter_options": {"psn_no": {"ndv": 50, "fpp": 0.1}}},
}


def table_of(rows: int, seed: int) -> pa.Table:
    draw = random.Random(seed)
    day = dt.date(2021, 1, 1)

    def some(make: Callable[[], object], kind: pa.DataType, gaps: float = 0.2) -> pa.Array:
        return pa.array([None if draw.random() < gaps else make() for _ in range(rows)], kind)

    return pa.table(
        {
            "setl_id": some(lambda: f"S{draw.randrange(10**9)}", pa.string(), 0),
            "psn_no": some(lambda: f"P{draw.randrange(9)}", pa.string()),
            "insutype": some(lambda: draw.choice(["310", "390", "医保"]), pa.string()),
            "begndate": some(lambda: day + dt.timedelta(draw.randrange(365)), pa.date32()),
            "setl_time": some(lambda: 1_609_459_200_000_000 + draw.randrange(10**13), pa.timestamp("us")),
            "medfee_sumamt": some(lambda: Decimal(draw.randrange(10**9)) / 100, pa.decimal128(16, 2)),
            "cnt": some(lambda: draw.randrange(-9, 9), pa.int16()),
            "flag": some(lambda: draw.random() < 0.5, pa.bool_()),
            "empty": pa.array([None] * rows, pa.string()),
        }
    )


def opened(folder: Path, tables: Sequence[pa.Table], **how: object) -> tuple[Source, ...]:
    folder.mkdir()
    for number, table in enumerate(tables):
        pq.write_table(table, folder / f"{number:02d}.parquet", **how)
    return open_sources([folder], "rows")


def by_themselves(sources: Sequence[Source], columns: Sequence[str]) -> pa.Table:
    parts = [batch for source in sources for chunk in chunks(source) for _, batch, _ in chunk.batches(columns)]
    return pa.Table.from_batches(parts).unify_dictionaries().combine_chunks()


# ---- the same rows


@pytest.mark.parametrize("writer", WRITERS)
def test_files_read_as_one_have_the_rows_that_each_has_by_itself(writer: str, tmp_path: Path) -> None:
    sizes = (ROWS, 1, 0, 12, ROWS)
    tables = [table_of(rows, seed) for seed, rows in enumerate(sizes)]
    sources = opened(tmp_path / "in", tables, **WRITERS[writer])
    columns = [name for name in tables[0].schema.names if name != "cnt"]
    batch = read_together(sources, columns)
    expected = by_themselves(sources, columns)
    assert batch is not None
    assert batch.schema == expected.schema
    assert pa.Table.from_batches([batch]).equals(expected)
    assert batch.num_rows == sum(sizes)


def test_a_parcel_of_alike_files_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = opened(tmp_path / "in", [table_of(3, seed) for seed in range(5)])
    opens: list[object] = []

    def counted(*file: Any, **how: Any) -> pq.ParquetFile:
        opens.append(file)
        return pq.ParquetFile(*file, read_dictionary=how["codes"])

    monkeypatch.setattr(together, "opened", counted)
    parcel = [chunk for source in sources for chunk in chunks(source)]
    ((pieces, batch, torn),) = joined(parcel, lambda chunk: chunk.source.schema.names)
    assert len(opens) == 1
    assert (pieces.files.tolist(), pieces.begins.tolist(), torn) == ([0, 1, 2, 3, 4], [0, 3, 6, 9, 12], ())
    assert (
        batch["setl_id"].to_pylist() == pa.concat_tables(table_of(3, seed) for seed in range(5))["setl_id"].to_pylist()
    )


def test_a_file_without_rows_has_no_piece(tmp_path: Path) -> None:
    sources = opened(tmp_path / "in", [table_of(0, 0), table_of(4, 1), table_of(0, 2)])
    parcel = [chunk for source in sources for chunk in chunks(source)]
    found = [(pieces.files.tolist(), batch.num_rows) for pieces, batch, _ in joined(parcel, lambda _: ["psn_no"])]
    assert found == [([1], 4)]


# ---- ids that a dictionary says once


@pytest.mark.parametrize("packed", ["none", "snappy", "zstd", "gzip", "brotli"])
@pytest.mark.parametrize("writer", ["usual", "pages of version 2", "row groups", "dictionaries that overflow"])
def test_what_ids_take_when_they_are_written_out_is_known_before(writer: str, packed: str, tmp_path: Path) -> None:
    sources = opened(
        tmp_path / "in", [table_of(ROWS, seed) for seed in range(3)], **{**WRITERS[writer], "compression": packed}
    )
    contents = [source.path.read_bytes() for source in sources]
    size = WRITERS[writer].get("row_group_size", ROWS)
    expected = 0
    for source in sources:
        ids = pq.read_table(source.path)["setl_id"].to_pylist()
        groups = [ids[start : start + size] for start in range(0, ROWS, size)]
        expected += sum(len(group) * max(map(len, group)) for group in groups)
    found = under_one_footer(contents, [ROWS] * 3, frozenset({0})).text_bytes
    assert found == expected if writer != "dictionaries that overflow" else 0 < found <= expected
    assert under_one_footer(contents, [ROWS] * 3).text_bytes == 0


def test_ids_that_would_take_more_are_not_read_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = opened(tmp_path / "in", [table_of(ROWS, seed) for seed in range(2)])
    contents = [source.path.read_bytes() for source in sources]
    most = under_one_footer(contents, [ROWS] * 2, frozenset({0, 1})).text_bytes
    monkeypatch.setattr(together, "_MOST_ID_BYTES", most)
    assert read_together(sources, ["setl_id", "psn_no"]) is not None
    monkeypatch.setattr(together, "_MOST_ID_BYTES", most - 1)
    assert read_together(sources, ["setl_id", "psn_no"]) is None
    assert read_together(sources, ["psn_no"]) is not None


@pytest.mark.parametrize(
    "how",
    [
        {"use_dictionary": False, "column_encoding": {"setl_id": "DELTA_BYTE_ARRAY"}},
        {"use_dictionary": False, "column_encoding": {"setl_id": "DELTA_BYTE_ARRAY"}, "data_page_version": "2.0"},
        {"compression": "lz4"},
    ],
    ids=["differences", "differences in pages of version 2", "packed otherwise"],
)
def test_ids_of_which_that_is_not_known_are_read_by_themselves(how: dict[str, Any], tmp_path: Path) -> None:
    tables = [table_of(ROWS, seed) for seed in range(2)]
    sources = opened(tmp_path / "in", tables, **how)
    assert read_together(sources, ["setl_id"]) is None
    parcel = [chunk for source in sources for chunk in chunks(source)]
    ((_, batch, _),) = joined(parcel, lambda _: ["setl_id"])
    assert batch["setl_id"].to_pylist() == pa.concat_tables(tables)["setl_id"].to_pylist()


def test_a_dictionary_larger_than_a_small_file_is_not_unpacked(tmp_path: Path) -> None:
    (source,) = opened(
        tmp_path / "in",
        [pa.table({"psn_no": ["x" * 1_000 + str(n) for n in range(1_100)]})],
        compression="zstd",
        dictionary_pagesize_limit=2 * SMALL_BYTES,
    )
    found = under_one_footer([source.path.read_bytes()], [1_100], frozenset({0})).text_bytes
    assert found > 1_100 * SMALL_BYTES


# ---- what keeps a file to itself


def test_what_other_columns_than_texts_numbers_and_times_take_is_not_known_so_their_file_is_read_by_itself(
    tmp_path: Path,
) -> None:
    for number, column in enumerate(
        (pa.array([[1]]), pa.array([{"a": 1}]), pa.array([b"x"]), pa.array([b"x"], pa.binary(1)), pa.nulls(1))
    ):
        path = tmp_path / f"{number}.parquet"
        pq.write_table(pa.table({"psn_no": ["P"], "other": column}), path)
        assert size_together(open_sources([path], "rows")[0]) == 0


def test_a_large_file_and_one_of_another_format_are_read_by_themselves(tmp_path: Path) -> None:
    noise = random.Random(5).randbytes(SMALL_BYTES).hex()
    pq.write_table(pa.table({"a": [noise[:-1], noise[1:]]}), tmp_path / "large.parquet", compression="none")
    (tmp_path / "b.csv").write_text("a\n1\n")
    pq.write_table(pa.table({"a": ["x"]}), tmp_path / "small.parquet")
    by_name = {source.name: size_together(source) for source in open_sources([tmp_path], "rows")}
    assert (by_name["large.parquet"], by_name["b.csv"]) == (0, 0)
    assert by_name["small.parquet"] > (tmp_path / "small.parquet").stat().st_size


def test_texts_that_would_become_large_are_not_written_out_together(tmp_path: Path) -> None:
    """One text of 60,000 bytes that a file says two thousand times: 120 MB, of 60 kB."""
    table = pa.table({"psn_no": ["P" * 60_000] * 2_000})
    sources = opened(tmp_path / "in", [table, table])
    assert all(0 < size_together(source) < SMALL_BYTES for source in sources)
    assert read_together(sources, ["psn_no"]) is None


def test_files_of_other_columns_or_rows_are_not_put_under_one_footer(tmp_path: Path) -> None:
    tables = [pa.table({"a": [1, 2]}), pa.table({"b": [1, 2]}), pa.table({"a": pa.array([1, 2], pa.int32())})]
    contents = [source.path.read_bytes() for source in opened(tmp_path / "in", tables)]
    for other in contents[1:]:
        with pytest.raises(Garbled, match="other columns than the first file has"):
            under_one_footer([contents[0], other], [2, 2])
    with pytest.raises(Garbled, match="2 rows where 3 were counted"):
        under_one_footer(contents[:1], [3])


@pytest.mark.parametrize("column", [pa.array([[1], [2]]), pa.array([{"a": 1}, {"a": 2}])])
def test_columns_of_lists_or_within_others_are_not_put_under_one_footer(column: pa.Array, tmp_path: Path) -> None:
    (source,) = opened(tmp_path / "in", [pa.table({"a": column})])
    with pytest.raises(Garbled, match="columns of lists, or within others"):
        columns_of(source.path.read_bytes())


# ---- files that lie


def lying(path: Path, column: int, values: int) -> bytes:
    """A file of 9 rows; the header of the page of one of its columns says other values. All are numbers of one byte in Thrift."""
    table = pa.table({"a": list(range(9)), "b": [f"t{number}" for number in range(9)], "c": [0.5] * 9})
    pq.write_table(table, path, use_dictionary=False, compression="none", write_statistics=False)
    whole = bytearray(path.read_bytes())
    at = pq.read_metadata(path).row_group(0).column(column).data_page_offset
    head = bytes(whole[at : at + 24])
    place = (
        at + head.index(b"\x2c\x15") + 2
    )  # field 5, the header of a data page, whose field 1 is the number of values
    assert whole[place] == 9 << 1
    whole[place] = values << 1
    path.write_bytes(whole)
    return bytes(whole)


@pytest.mark.parametrize("values", [0, 1, 8, 10, 63])
@pytest.mark.parametrize("column", [0, 1, 2])
def test_a_column_cannot_push_its_values_into_the_next_files_rows(column: int, values: int, tmp_path: Path) -> None:
    honest, lie = lying(tmp_path / "a.parquet", column, 9), lying(tmp_path / "b.parquet", column, values)
    assert footer_of(honest, 3).groups[0][0] == 9
    with pytest.raises(Garbled, match="more or fewer values"):
        footer_of(lie, 3)
    with pytest.raises(Garbled, match="more or fewer values"):
        under_one_footer([lie, honest], [9, 9])


HEADS = {
    "the head of another kind of page stands before the kind": b"\x5c\x15\x12\x00\x3c\x15\x18\x00\x05\x02\x06\x25\x02\x00",
    "a number of a field that others read as a smaller one": b"\x15\x00\x25\x02\x2c\x15\x12\x00\x0c\x8a\x80\x08\x15\x18\x00\x00",
    "a kind of page that is a text": b"\x18\x01\x00\x25\x02\x2c\x15\x12\x00\x00",
}
"""Heads of a page of one byte. Some of a page's heads say 9 values; who reads fields by their numbers and kinds finds another number."""


@pytest.mark.parametrize("head", HEADS)
def test_of_heads_that_contradict_each_other_the_one_that_counts_is_read(head: str, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    honest = lying(path, 0, 9)
    group = pq.read_metadata(path).row_group(0).column(2)
    place, size = group.data_page_offset, group.total_compressed_size
    page = HEADS[head] + b"x"
    assert len(page) < size
    rest = size - len(page) - 6  # a page of an index fills the column: its head has six bytes
    filled = page + b"\x15\x02\x25" + bytes([rest << 1 & 0x7F | 0x80, rest >> 6]) + b"\x00" + b"x" * rest
    with pytest.raises(Garbled, match=r"more or fewer values|no number"):
        footer_of(honest[:place] + filled + honest[place + size :], 3)


def test_bytes_that_were_changed_anywhere_in_a_footer_or_a_page_end_in_garbled_or_in_the_same_rows(
    tmp_path: Path,
) -> None:
    draw = random.Random(20261130)
    contents = [source.path.read_bytes() for source in opened(tmp_path / "in", [table_of(9, 1), table_of(9, 2)])]
    width = columns_of(contents[0])
    told = 0
    for _ in range(3000):
        changed = bytearray(contents[1])
        for _ in range(draw.choice((1, 1, 2, 5))):
            changed[draw.randrange(len(changed))] = draw.randrange(256)
        cut = bytes(changed[: draw.choice((len(changed), len(changed), draw.randrange(len(changed))))])
        try:
            columns_of(cut)
            assert footer_of(cut, width).rows == 9
            under_one_footer([contents[0], cut], [9, 9])
        except Garbled:
            told += 1
    assert told > 500


def test_a_file_that_cannot_be_decoded_is_told_by_its_own_name_after_the_rows_before_it(tmp_path: Path) -> None:
    sources = opened(tmp_path / "in", [pa.table({"a": [f"text{n}" for n in range(9)]})] * 4, compression="none")
    whole = sources[2].path.read_bytes()
    sources[2].path.write_bytes(whole.replace(b"text4", b"te\xff\xfe4"))
    reading = joined([chunk for source in sources for chunk in chunks(source)], lambda _: ["a"])
    assert next(reading).batch.num_rows == 18
    with pytest.raises(InputError, match=r"in/02\.parquet.*UTF-?8"):
        next(reading)


def test_a_machine_that_cannot_read_a_file_is_not_asked_another_way(tmp_path: Path) -> None:
    sources = opened(tmp_path / "in", [table_of(3, 1), table_of(3, 2)])
    sources[1].path.unlink()
    with pytest.raises(InputError, match=r"in/01\.parquet"):
        read_together(sources, ["psn_no"])


# ---- opening


def test_of_small_files_that_are_alike_pyarrow_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    how = {"use_deprecated_int96_timestamps": True, "row_group_size": 4}
    sources = opened(tmp_path / "in", [table_of(rows, rows) for rows in (7, 3, 0, 9)], **how)
    opens: list[object] = []
    real = parquet.opened
    monkeypatch.setattr(parquet, "opened", lambda *file, **how: opens.append(file) or real(*file, **how))
    monkeypatch.setattr(parquet, "_small_files", parquet._SmallFiles())
    again = open_sources([tmp_path / "in"], "rows")
    assert len(opens) == 1
    assert again == sources
    assert [source.rows for source in again] == [7, 3, 0, 9]
    assert {source.int96 for source in again} == {frozenset({"setl_time"})}
    assert [parquet.row_groups(source.path) for source in again] == [
        [
            (group.num_rows, group.total_byte_size)
            for group in map(
                pq.read_metadata(source.path).row_group, range(pq.read_metadata(source.path).num_row_groups)
            )
        ]
        for source in sources
    ]


def test_a_file_that_is_not_alike_is_opened_as_what_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    tables = [
        pa.table({"a": [1]}),
        pa.table({"b": [1]}),
        pa.table({"a": ["1"]}),
        pa.table({"a": [[1]]}),
        pa.table({"a": [1]}).replace_schema_metadata({"k": "v"}),
        pa.table({"a": [1], "b": [2]}),
    ]
    sources = opened(folder, tables)
    assert [source.schema for source in sources] == [table.schema for table in tables]


@pytest.mark.parametrize(
    ("what", "said"), [(b"PAR1" + b"x" * 90 + b"PAR1", "cannot be read"), (b"PK\x03\x04zip", "zip")]
)
def test_a_file_that_is_none_is_refused_behind_one_that_is(what: bytes, said: str, tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_bytes(what)
    with pytest.raises(InputError, match=rf"b\.parquet.*{said}"):
        open_sources([tmp_path], "rows")
