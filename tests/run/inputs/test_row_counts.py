"""Files that lie about how many rows they have: refused by name, whatever their columns are, before anything is made for so many."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qingsuan.errors import InputError
from qingsuan.run.folder.known import MOST_PARTITIONS
from qingsuan.run.inputs import BATCH_ROWS, open_sources
from qingsuan.run.inputs.formats.layout import Batch, Lies, check_layout, unpacked_size
from qingsuan.run.inputs.formats.parquet import file as parquet
from qingsuan.run.inputs.formats.parquet.pages import footer_bytes, rows_of_pages
from qingsuan.run.inputs.formats.parquet.thrift import Fields, Garbled, read_struct
from qingsuan.run.shuffle import partitions_within
from settling import Ran, claim, install, insured, only, run, settle, write

ROWS = 1237
"""How many rows a whole file has here: a number that stands nowhere else in it."""

LIES = (ROWS + 1000, 2**31, 2**40, 2**62)

SHORT = r"record batch 1: .* bytes for 12(37|40)|a column's bytes lie outside its record batch"
"""What is said of too few bytes; the other where a column of one byte a cell lies about its bytes in the same number."""

WRITERS = [pa.ipc.new_file, pa.ipc.new_stream]
CODECS = [None, "lz4", "zstd"]


def unions(rows: int) -> list[pa.Array]:
    which, texts = pa.array([0, 1] * rows, pa.int8())[:rows], pa.array(["x"] * rows)
    places = pa.array(range(rows), pa.int32())
    return [
        pa.UnionArray.from_sparse(which, [texts, pa.array([1] * rows)]),
        pa.UnionArray.from_dense(which, places, [texts, pa.array([1] * rows)]),
    ]


def with_bytes(rows: int) -> list[pa.Array]:
    """Columns that have bytes for each of their cells."""
    texts = ["a text that is longer than twelve bytes", None, "b"] * rows
    kinds = [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())]
    lists = [
        pa.list_(pa.string()),
        pa.large_list(pa.string()),
        pa.list_view(pa.string()),
        pa.large_list_view(pa.string()),
    ]
    return [
        *(pa.array(texts[:rows], kind) for kind in kinds),
        *(pa.array(([["x", None], None, []] * rows)[:rows], kind) for kind in lists),
        pa.array(([True, None] * rows)[:rows]),
        *(
            pa.array(([1, None] * rows)[:rows], kind)
            for kind in (pa.int8(), pa.decimal128(16, 2), pa.timestamp("us"), pa.date32())
        ),
        *(pa.array(([b"xy", None] * rows)[:rows], kind) for kind in (pa.binary(), pa.binary_view(), pa.binary(2))),
        pa.array(([[("k", 1)], None] * rows)[:rows], pa.map_(pa.string(), pa.int8())),
        pa.array([(1, 2, 3)] * rows, pa.month_day_nano_interval()),
        *unions(rows),
    ]


def without_bytes(rows: int) -> list[pa.Array]:
    """Columns that need no bytes of their own, whatever the number of their cells."""
    return [
        pa.nulls(rows),
        pa.array([b""] * rows, pa.binary(0)),
        pa.array([{}] * rows, pa.struct([])),
        pa.array([[]] * rows, pa.list_(pa.int8(), 0)),
        pa.array([{"a": None}] * rows, pa.struct([("a", pa.null())])),
        pa.RunEndEncodedArray.from_arrays(pa.array([rows], pa.int16()), pa.array(["x"])),
    ]


def nested(rows: int) -> list[pa.Array]:
    """Columns whose bytes are those of the columns within them."""
    return [
        pa.array([{"a": "x", "b": [1]}, None] * rows, pa.struct([("a", pa.string()), ("b", pa.list_(pa.int8()))]))[
            :rows
        ],
        pa.array([["x", "y"], None] * rows, pa.list_(pa.string(), 2))[:rows],
    ]


def written(path: Path, table: pa.Table, new: Callable[..., object], codec: str | None = None) -> bytes:
    with new(path, table.schema, options=pa.ipc.IpcWriteOptions(compression=codec)) as writer:  # type: ignore[attr-defined]
        writer.write_table(table)
    return path.read_bytes()


def of_eight(number: int) -> bytes:
    return number.to_bytes(8, "little")


@pytest.mark.parametrize("new", WRITERS)
@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("rows", [0, 1, 17])
def test_whole_files_of_every_type_have_the_rows_that_they_say(
    rows: int, codec: str | None, new: Callable[..., object], tmp_path: Path
) -> None:
    arrays = [array for make in (with_bytes, without_bytes, nested) for array in make(max(rows, 1))]
    table = pa.table({f"c{number}": array for number, array in enumerate(arrays)})
    for begin in (0, 1):
        for more in (table.slice(begin, rows), pa.table({"a": pa.array(["x"] * 400)}).slice(begin, rows)):
            written(tmp_path / "c.arrow", more, new, codec)
            (source,) = open_sources([tmp_path / "c.arrow"], "rows")
            assert source.rows == more.num_rows


@pytest.mark.parametrize("new", WRITERS)
@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("at", range(len(with_bytes(1))))
def test_a_batch_that_says_more_rows_than_it_has_bytes_for_is_refused(
    at: int, lie: int, new: Callable[..., object], tmp_path: Path
) -> None:
    path = tmp_path / "c.arrow"
    whole = written(path, pa.table({"none": pa.nulls(ROWS), "c": with_bytes(ROWS)[at]}), new)
    path.write_bytes(whole.replace(of_eight(ROWS), of_eight(lie)))
    with pytest.raises(InputError, match=SHORT):
        open_sources([path], "rows")


@pytest.mark.parametrize("codec", ["lz4", "zstd"])
@pytest.mark.parametrize("lie", LIES)
def test_a_packed_batch_is_held_against_what_it_unpacks_to(codec: str, lie: int, tmp_path: Path) -> None:
    path = tmp_path / "c.arrow"
    whole = written(path, pa.table({"c": pa.array(["text"] * ROWS)}), pa.ipc.new_file, codec)
    path.write_bytes(whole.replace(of_eight(ROWS), of_eight(lie)))
    with pytest.raises(InputError, match="record batch 1: column “c” has bytes for 1237 cells"):
        open_sources([path], "rows")
    offsets = of_eight(4 * (ROWS + 1))
    assert offsets in whole
    path.write_bytes(whole.replace(of_eight(ROWS), of_eight(2**40)).replace(offsets, of_eight(2**43)))
    with pytest.raises(InputError, match=r"a packed part of .* that says it holds 8796093022208"):
        open_sources([path], "rows")


@pytest.mark.parametrize("new", WRITERS)
@pytest.mark.parametrize("array", without_bytes(ROWS), ids=lambda array: str(array.type))
def test_rows_that_no_byte_stands_for_are_refused_where_they_are_many(
    array: pa.Array, new: Callable[..., object], tmp_path: Path
) -> None:
    path = tmp_path / "c.arrow"
    whole = written(path, pa.table({"c": array}), new)
    (source,) = open_sources([path], "rows")
    assert source.rows == ROWS
    path.write_bytes(whole.replace(of_eight(ROWS), of_eight(BATCH_ROWS + 1)))
    with pytest.raises(InputError, match="no column has bytes for its cells, and the batch says it has 262145 rows"):
        open_sources([path], "rows")


@pytest.mark.parametrize("lie", LIES[:3])
@pytest.mark.parametrize("at", range(len(nested(1))))
def test_columns_within_columns_are_held_against_their_bytes(at: int, lie: int, tmp_path: Path) -> None:
    path = tmp_path / "c.arrow"
    whole = written(path, pa.table({"c": nested(ROWS)[at]}), pa.ipc.new_file)
    for number in (ROWS, 2 * ROWS):
        whole = whole.replace(of_eight(number), of_eight(number // ROWS * lie))
    path.write_bytes(whole)
    with pytest.raises(InputError, match=r"bytes for \d+|bytes lie outside"):
        open_sources([path], "rows")


def test_columns_have_as_many_cells_as_the_batch_has_rows_and_are_all_there() -> None:
    schema = pa.schema([("a", pa.int8()), ("b", pa.struct([("c", pa.string())]))])
    whole = Batch(3, [(3, 0), (3, 0), (3, 0)], [0, 3, 0, 0, 16, 9], [], 4)
    check_layout(whole, schema)
    for change, said in (
        ({"rows": 4}, "“a” has 3 cells, and the batch says it has 4 rows"),
        ({"nodes": [(3, 0), (2, 0), (3, 0)]}, "“b” has 2 cells"),
        ({"nodes": [(3, 0), (3, 0), (9, 0)]}, "has 9 cells in it, and bytes for 3"),
        ({"nodes": [(3, 0), (3, 0)]}, "fewer columns than the file says"),
        ({"buffers": [0, 3, 0, 0, 16]}, "fewer columns than the file says"),
        ({"buffers": [0, 2, 0, 0, 16, 9]}, "“a” has bytes for 2 cells"),
    ):
        with pytest.raises(Lies, match=said):
            check_layout(whole._replace(**change), schema)


def test_unions_of_old_files_have_bits_for_nulls() -> None:
    schema = pa.schema([("a", pa.sparse_union([pa.field("b", pa.int8())]))])
    nodes = [(3, 0), (3, 0)]
    check_layout(Batch(3, nodes, [3, 0, 3], [], 4), schema)
    check_layout(Batch(3, nodes, [0, 3, 0, 3], [], 3), schema)
    with pytest.raises(Lies):
        check_layout(Batch(3, nodes, [0, 3, 0, 3], [], 4), schema)


def test_a_packed_buffer_holds_no_more_than_its_codec_can_make() -> None:
    assert unpacked_size(0, 100, -1) == 100
    assert unpacked_size(1, 100, 3_276_800) == 3_276_800
    for codec, told in ((0, 3_276_800), (1, 2**40), (0, -2), (9, 2**30)):
        with pytest.raises(Lies):
            unpacked_size(codec, 100, told)


@pytest.mark.parametrize("codec", ["lz4", "zstd"])
def test_what_packs_best_is_read(codec: str, tmp_path: Path) -> None:
    path = tmp_path / "c.arrow"
    written(path, pa.table({"c": pa.array([0] * 3_000_000)}), pa.ipc.new_file, codec)
    (source,) = open_sources([path], "rows")
    assert source.rows == 3_000_000


# ---- through the command


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A made-up region, insured people, and a table of claims in both formats."""
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)
    write(tmp_path / "insured.csv", [insured(psn_no=f"p{number}") for number in range(7)])
    rows = [claim(setl_id=f"s{number}", psn_no=f"p{number % 7}") for number in range(ROWS)]
    table = pa.table({name: [row[name] for row in rows] for name in rows[0]})
    pq.write_table(table, tmp_path / "claims.parquet")
    written(tmp_path / "claims.arrow", table, pa.ipc.new_file)
    return tmp_path


def settled(place: Path, claims: str, *more: object) -> Ran:
    return settle(place / claims, place / "insured.csv", place / "out", *more)


def varint(number: int) -> bytes:
    """A positive whole number as the footer of a Parquet file has it."""
    number, found = number * 2, b""
    while number > 0x7F:
        found, number = found + bytes([number & 0x7F | 0x80]), number >> 7
    return found + bytes([number])


def with_rows_of_footer(data: bytes, rows: int) -> bytes:
    """A Parquet file whose footer says another number of rows: in all, of the row group, and of each of its columns."""
    size = int.from_bytes(data[-8:-4], "little")
    pages, footer = data[: -8 - size], data[-8 - size : -8]
    assert footer.count(varint(ROWS)) > 2
    footer = footer.replace(varint(ROWS), varint(rows))
    return pages + footer + len(footer).to_bytes(4, "little") + b"PAR1"


@pytest.mark.parametrize("partitions", [(), ("--partitions", 4)])
@pytest.mark.parametrize("lie", LIES)
def test_a_batch_that_lies_ends_with_3_before_anything_is_written(
    lie: int, partitions: tuple[object, ...], place: Path
) -> None:
    path = place / "claims.arrow"
    path.write_bytes(path.read_bytes().replace(of_eight(ROWS), of_eight(lie)))
    ran = settled(place, path.name, *partitions)
    assert ran.status == 3
    assert re.search(SHORT, ran.err)
    assert f"{path}: cannot be read: " in ran.err
    assert "what to do: fetch the file again" in ran.err
    assert not (place / "out").exists()


@pytest.mark.parametrize("lie", [0, 1, ROWS - 1, *LIES])
def test_a_footer_that_lies_ends_with_3_before_anything_is_written(lie: int, place: Path) -> None:
    path = place / "claims.parquet"
    path.write_bytes(with_rows_of_footer(path.read_bytes(), lie))
    ran = settled(place, path.name)
    assert ran.status == 3
    assert f"{path}: cannot be read: row group 1 has 1237 rows in its pages, and {lie} as the footer says" in ran.err
    assert not (place / "out").exists()


@pytest.mark.parametrize("partitions", [(), ("--partitions", 4)])
@pytest.mark.parametrize("lie", LIES)
def test_a_footer_and_pages_that_lie_end_with_3(lie: int, partitions: tuple[object, ...], place: Path) -> None:
    path = place / "claims.parquet"
    path.write_bytes(with_rows_of_footer(path.read_bytes(), lie))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet, "rows_of_pages", lambda *_: [lie])
        patch.setenv("QINGSUAN_DISK", "unchecked")  # no disk has room for what the file says
        ran = settled(place, path.name, *partitions)
    assert ran.status == 3
    if lie < 2**40 or partitions:
        assert f"{path}: cannot be read from row 1 on: 1237 rows where {lie} were counted" in ran.err
    else:
        assert f"{path}: it says that it has {lie} rows" in ran.err
        assert "100000 partitions" in ran.err
    assert not (place / "out" / "run.json").exists()


def test_a_footer_that_lies_ends_a_subsidy_with_3(tmp_path: Path) -> None:
    path = tmp_path / "heads.parquet"
    rows = [insured(psn_no=f"p{number}", insu_admdvs="220102") for number in range(ROWS)]
    pq.write_table(pa.table({name: [row[name] for row in rows] for name in rows[0]}), path)
    path.write_bytes(with_rows_of_footer(path.read_bytes(), 2**62))
    for pages, said in ((rows_of_pages, "row group 1 has 1237 rows"), (lambda *_: [2**62], f"it has {2**62} rows")):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(parquet, "rows_of_pages", pages)
            ran = run("subsidy", path, "--year", 2021, "--out", tmp_path / "out")
        assert ran.status == 3
        assert said in ran.err


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("compression", ["none", "zstd"])
@pytest.mark.parametrize("dictionary", [True, False])
def test_pages_are_counted_whatever_lies_beside_the_column(
    version: str, compression: str, dictionary: bool, tmp_path: Path
) -> None:
    path = tmp_path / "c.parquet"
    long, deep = ["y" * 30_000, None, "z"], pa.struct([("a", pa.struct([("b", pa.int8()), ("c", pa.int8())]))])
    for table, counted in (
        (pa.table({"l": [[1, 2]] * 50, "s": pa.nulls(50, deep), "x": ["a", None] * 25}), [20, 20, 10]),
        (pa.table({"x": long * 9}), [20, 7]),
        (pa.table({"x": pa.nulls(25)}), [20, 5]),
        (pa.table({"x": pa.array([], pa.string())}), [0]),
        (pa.table({"l": [[1], []] * 20, "s": pa.nulls(40, deep)}), None),
    ):
        pq.write_table(
            table,
            path,
            row_group_size=20,
            data_page_version=version,
            compression=compression,
            use_dictionary=dictionary,
            data_page_size=16,
        )
        assert rows_of_pages(path) == counted
        assert open_sources([path], "rows")[0].rows == table.num_rows


def test_what_is_no_footer_and_no_page_is_garbled(tmp_path: Path) -> None:
    path, chance = tmp_path / "c.parquet", random.Random(5)
    pq.write_table(pa.table({"x": [str(number) for number in range(50)]}), path, row_group_size=20, compression="none")
    whole, outcomes = path.read_bytes(), set()
    for _ in range(2000):
        data, at = bytearray(whole), chance.randrange(len(whole))
        data[at] = chance.randrange(256)
        path.write_bytes(data if chance.randrange(4) else data[at:])
        try:
            outcomes.add(rows_of_pages(path) == [20, 20, 10])
        except Garbled:
            outcomes.add("garbled")
    assert outcomes >= {True, "garbled"}


def test_structs_within_structs_end_somewhere() -> None:
    for data in (b"\x1c" * 9999, b"\x19\x1c" * 9999, b"\x19\xf9" + b"\xff" * 12, b"\x18\xff\xff\xff\x7f", b"\x1f", b""):
        with pytest.raises(Garbled):
            read_struct(data)
    assert read_struct(b"\x11\x12\x15\x03\x18\x01a\x1b\x01\x88\x01b\x01c\x00") == (
        {1: True, 2: False, 3: -2, 4: b"a", 5: [(b"b", b"c")]},
        15,
    )


def _only(value: Any, wanted: Fields | None) -> Any:
    if wanted is None or not isinstance(value, dict | list):
        return value
    if isinstance(value, list):
        return [_only(one, wanted) for one in value]
    return {field: _only(inner, wanted[field]) for field, inner in value.items() if field in wanted}


def _some_of(value: Any, draw: random.Random) -> Fields | None:
    """Fields to ask for: of a list of structs those that any of them has."""
    structs = [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]
    if not structs or not draw.randrange(4):
        return None
    found = {field: inner for struct in structs for field, inner in struct.items()}
    return {99: None} | {field: _some_of(inner, draw) for field, inner in found.items() if draw.randrange(3)}


def test_fields_that_are_not_asked_for_are_passed_by(tmp_path: Path) -> None:
    path, draw = tmp_path / "c.parquet", random.Random(20261130)
    table = pa.table({"x": ["a", None] * 20, "y": [1.5] * 40, "z": [{"a": [True]}] * 40})
    pq.write_table(table, path, row_group_size=15, sorting_columns=[pq.SortingColumn(1)])
    with path.open("rb") as file:
        footer = footer_bytes(file, path.stat().st_size)
    whole, end = read_struct(footer)
    asked = [_some_of(whole, draw) for _ in range(300)]
    for wanted in asked:
        assert read_struct(footer, wanted=wanted) == (_only(whole, wanted), end)
    assert len({str(wanted) for wanted in asked}) > 100
    for cut in range(len(footer) - 1):
        with pytest.raises(Garbled):
            read_struct(footer[:cut], wanted={99: None})


def test_as_many_partitions_as_a_run_may_have_are_enough(place: Path) -> None:
    sources = open_sources([place / "claims.arrow", place / "claims.parquet"], "claims")
    assert partitions_within(MOST_PARTITIONS, sources) == MOST_PARTITIONS
    with pytest.raises(InputError, match="1237 rows"):
        partitions_within(MOST_PARTITIONS + 1, sources)
