"""What goes into a prepared year comes out again: whole by partition, and by person and settlement id from a few kilobytes."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from prepared_years import PARTITIONS, add, claims, create, insured, parts, some_people, write
from qingsuan.people import Texts
from qingsuan.run.prepared import DeliveryWriter, PreparedYear, bounds, create_year, files
from qingsuan.run.prepared.layout import ROWS_PER_BATCH, SPILL, aside_of
from qingsuan.run.prepared.sums import Checksum

BATCH = ROWS_PER_BATCH


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def rows_of(table: pa.Table, column: str, value: str) -> list[dict[str, object]]:
    return [row for row in table.to_pylist() if row[column] == value]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[PreparedYear, pa.Table, pa.Table]:
    """A year with several record batches in each part; its middle person has more rows than two batches."""
    people = some_people(9000, each=7)
    people[31_500:31_500] = [people[31_500]] * (2 * BATCH + 5)
    claimed, persons = claims(people), insured(some_people(9000))
    return create(tmp_path_factory.mktemp("large") / "year", claimed, persons), claimed, persons


# ---- whole


def test_rows_come_out_as_they_went_in(large: tuple[PreparedYear, pa.Table, pa.Table]) -> None:
    year, claimed, persons = large
    (delivery,) = year.deliveries
    for name, table in (("claims", claimed), ("insured", persons)):
        for partition, part in enumerate(parts(table)):
            read = delivery.read(name, partition)
            assert read.equals(part)
            assert all(column.num_chunks == 1 for column in read.columns)
    assert delivery.state == {"rows": len(claimed)}
    assert (year.record.settlement, year.record.year, year.record.partitions) == ("benefits", 2021, PARTITIONS)
    assert year.record.made_by == {"version": "1"}


def test_every_batch_but_the_last_is_full_however_the_rows_came(tmp_path: Path) -> None:
    part = parts(claims(some_people(BATCH + 40, each=2)), 1)[0]
    pieces = pa.concat_tables([part.slice(at, 1000) for at in range(0, len(part), 1000)])
    assert pieces.column("psn_no").num_chunks > 1
    with create_year(tmp_path / "year", settlement="b", year=2021, partitions=1, made_by=None) as writer:
        writer.write_part(0, {"claims": pieces})
        writer.finish(None)
    with pa.ipc.open_file(tmp_path / "year/delivery-0001/claims/part-00000.arrow") as reader:
        sizes = [reader.get_batch(number).num_rows for number in range(reader.num_record_batches)]
    assert sizes == [BATCH, BATCH, 80]
    assert PreparedYear.open(tmp_path / "year").deliveries[0].read("claims", 0).equals(part)


def test_tables_of_their_own_are_read_by_name(tmp_path: Path) -> None:
    refused = pa.table({"code": ["E_FORM"], "row": [7]})
    with create_year(tmp_path / "year", settlement="b", year=2021, partitions=PARTITIONS, made_by=None) as writer:
        write(writer, claims(some_people(9)), insured([]))
        writer.write_table("rejected/claims", refused)
        for name in ("rejected/claims", "../claims", "claims/../x", "/x", "Rejected/x", "a/b/c", ""):
            with pytest.raises(ValueError, match=r"written before|called like"):
                writer.write_table(name, refused)
        writer.finish(None)
    assert PreparedYear.open(tmp_path / "year").deliveries[0].read_table("rejected/claims").equals(refused)


def test_chunks_of_different_dictionaries_are_one_column(tmp_path: Path) -> None:
    chunks = [pa.array(texts).dictionary_encode() for texts in (["a", "b"] * BATCH, ["c", "a"])]
    with create_year(tmp_path / "year", settlement="b", year=2021, partitions=PARTITIONS, made_by=None) as writer:
        write(writer, claims([]), insured([]))
        writer.write_table("rejected/claims", pa.table({"code": pa.chunked_array(chunks)}))
        writer.finish(None)
    read = PreparedYear.open(tmp_path / "year").deliveries[0].read_table("rejected/claims")
    assert read["code"].to_pylist() == ["a", "b"] * BATCH + ["c", "a"]


def test_what_its_maker_put_aside_goes_with_the_end(tmp_path: Path) -> None:
    with create_year(tmp_path / "year", settlement="b", year=2021, partitions=PARTITIONS, made_by=None) as writer:
        (writer.folder / SPILL / "rows").mkdir(parents=True)
        write(writer, claims([]), insured([]))
        writer.finish(None)
    assert not list((tmp_path / "year").rglob(".*"))
    PreparedYear.open(tmp_path / "year")


def test_the_bytes_depend_on_the_rows_only(tmp_path: Path) -> None:
    people = some_people(900, each=3)
    claimed, persons = claims(people, [f"S{n % 800}" for n in range(len(people))]), insured(some_people(900))
    trees = []
    for name, memory_bytes, order in (("a", 1 << 20, (0, 1, 2)), ("b", 1000, (2, 0, 1)), ("c", 60_000, (1, 2, 0))):
        about = {"settlement": "b", "year": 2021, "partitions": PARTITIONS, "made_by": None}
        with create_year(tmp_path / name, **about, memory_bytes=memory_bytes, workers=2) as writer:  # type: ignore[arg-type]
            write(writer, claimed, persons, order)
            assert any(aside_of(writer.folder).iterdir()) is (name != "a")
            writer.finish(None)
        assert not list((tmp_path / name).rglob(".*"))
        trees.append(tree(tmp_path / name))
    assert trees[0] == trees[1] == trees[2]


# ---- by person


def person_at(part: pa.Table, row: int) -> str:
    return str(part.column("psn_no")[row].as_py())


@pytest.mark.parametrize("partition", range(PARTITIONS))
def test_people_are_found_at_the_bounds_of_batches(
    large: tuple[PreparedYear, pa.Table, pa.Table], partition: int
) -> None:
    year, claimed, persons = large
    part, of_people = parts(claimed)[partition], parts(persons)[partition]
    assert len(part) > 2 * BATCH
    bounds_of_batches = [row + off for row in range(BATCH, len(part), BATCH) for off in (-1, 0, 1)]
    for row in (0, len(part) - 1, *(row for row in bounds_of_batches if row < len(part))):
        wanted = person_at(part, row)
        found = year.person(wanted)
        assert found["claims"].to_pylist() == rows_of(part, "psn_no", wanted)
        assert found["insured"].to_pylist() == rows_of(of_people, "psn_no", wanted)


def test_a_person_may_span_several_batches(large: tuple[PreparedYear, pa.Table, pa.Table]) -> None:
    year, claimed, _ = large
    wanted = claimed.column("psn_no")[31_500].as_py()
    found = year.person(wanted)["claims"]
    assert len(found) == 2 * BATCH + 5 + 7
    assert found.to_pylist() == rows_of(claimed, "psn_no", wanted)


def test_somebody_who_is_not_there_has_no_rows(large: tuple[PreparedYear, pa.Table, pa.Table]) -> None:
    year, claimed, persons = large
    for nobody in ("", "22019", "nobody", "无此人"):
        found = year.person(nobody)
        assert {name: len(rows) for name, rows in found.items()} == {"claims": 0, "insured": 0}
        assert (found["claims"].schema, found["insured"].schema) == (claimed.schema, persons.schema)
        assert len(year.claim(nobody)) == 0


@pytest.mark.parametrize(
    ("firsts", "wanted", "batches"),
    [
        ([], 5, []),
        ([5], 4, []),
        ([5], 5, [0]),
        ([5], 6, [0]),
        ([5, 8], 8, [0, 1]),
        ([5, 8, 8, 9], 8, [0, 1, 2]),
        ([5, 8, 8, 9], 7, [0]),
        ([5, 8, 8, 9], 2**64 - 1, [3]),
        ([2**63 + 1, 2**63 + 2], 2**63 + 1, [0]),
    ],
)
def test_only_batches_that_can_have_a_hash_are_read(firsts: list[int], wanted: int, batches: list[int]) -> None:
    assert list(bounds.batches_with(np.array(firsts, np.uint64), wanted)) == batches


class Counting(io.FileIO):
    """A file that counts the bytes that are read from it."""

    read_bytes = 0

    def read(self, size: int | None = -1, /) -> bytes:
        content = super().read(size)
        Counting.read_bytes += len(content)
        return content


def test_one_person_and_one_settlement_cost_a_few_batches(
    large: tuple[PreparedYear, pa.Table, pa.Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    year, claimed, _ = large
    whole: list[Path] = []
    read_whole = files.read_table
    monkeypatch.setattr(files, "opened", lambda path: pa.PythonFile(Counting(path)))
    monkeypatch.setattr(
        "qingsuan.run.prepared.opened.read_table", lambda path, types: (whole.append(path), read_whole(path, types))[1]
    )
    batch_bytes = max(parts(claimed)[0].slice(0, BATCH).nbytes, 1)
    for ask, text, batches in ((year.person, "22010000000100", 4), (year.claim, "S00000100", 2)):
        Counting.read_bytes = 0
        whole.clear()
        found = ask(text)
        assert len(found["claims"] if isinstance(found, dict) else found)
        assert 0 < Counting.read_bytes < batches * batch_bytes + 20_000
        assert whole
        assert sum(path.stat().st_size for path in whole) < 4096


# ---- by settlement id


def test_every_settlement_is_found(large: tuple[PreparedYear, pa.Table, pa.Table]) -> None:
    year, claimed, _ = large
    for row in range(0, len(claimed), 4001):
        assert year.claim(f"S{row:08d}").to_pylist() == claimed.slice(row, 1).to_pylist()


def test_settlements_of_one_id_are_all_found_in_order(tmp_path: Path) -> None:
    people = some_people(300)
    claimed = claims(people, [f"S{number % 7}" for number in range(300)])
    year = create(tmp_path / "year", claimed, insured(people), memory_bytes=500)
    in_order = pa.concat_tables(parts(claimed))
    for number in range(7):
        assert year.claim(f"S{number}").to_pylist() == rows_of(in_order, "setl_id", f"S{number}")


def hashed_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give all texts of one length the same hash."""
    of = Texts.of

    def alike(column: pa.Array | pa.ChunkedArray) -> Texts:
        texts = of(column)
        hashes = np.diff(texts.offsets).astype(np.uint64) << np.uint64(40)
        return Texts(texts.offsets, texts.data, hashes, -1)

    monkeypatch.setattr(Texts, "of", alike)


def test_texts_of_one_hash_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed_alike(monkeypatch)
    people = some_people(BATCH, each=2)
    claimed = claims(people, [f"S{number % 9000:05d}" for number in range(len(people))])
    about = {"settlement": "b", "year": 2021, "partitions": 1, "made_by": None}
    with create_year(tmp_path / "year", **about) as writer:  # type: ignore[arg-type]
        writer.write_part(0, {"claims": claimed})
        writer.finish(None)
    year = PreparedYear.open(tmp_path / "year")
    for wanted in (people[0], people[BATCH], people[-1]):
        assert year.person(wanted)["claims"].to_pylist() == rows_of(claimed, "psn_no", wanted)
    for wanted in ("S00003", "S08999"):
        assert year.claim(wanted).to_pylist() == rows_of(claimed, "setl_id", wanted)
    assert len(year.claim("S99999")) == 0


# ---- several deliveries, empty ones


def test_a_later_delivery_leaves_the_earlier_one_as_it_is(tmp_path: Path) -> None:
    first = claims(some_people(50, each=2))
    create(tmp_path / "year", first, insured(some_people(50)))
    before = tree(tmp_path / "year")
    second = claims(some_people(80), [f"T{number}" for number in range(79)] + ["S00000000"])
    year = add(tmp_path / "year", second, insured(some_people(80)))
    after = tree(tmp_path / "year")
    assert {name: content for name, content in before.items() if name != "year.json"}.items() <= after.items()
    assert [delivery.state["rows"] for delivery in year.deliveries] == [100, 80]
    wanted = some_people(50)[3]
    assert year.person(wanted)["claims"].to_pylist() == [
        *rows_of(first, "psn_no", wanted),
        *rows_of(second, "psn_no", wanted),
    ]
    assert year.claim("S00000000").to_pylist() == [
        *rows_of(first, "setl_id", "S00000000"),
        *rows_of(second, "setl_id", "S00000000"),
    ]
    assert year.claim("T5").to_pylist() == rows_of(second, "setl_id", "T5")


def test_a_delivery_of_nothing_is_one(tmp_path: Path) -> None:
    year = create(tmp_path / "year", claims([]), insured([]))
    assert year.deliveries[0].read("claims", 1).equals(claims([]))
    assert {name: len(rows) for name, rows in year.person("x").items()} == {"claims": 0, "insured": 0}
    year.check_sums()


# ---- what a writer is given


def wrong_order(writer: DeliveryWriter) -> None:
    writer.write_part(0, {"claims": claims(parts(claims(some_people(50)))[0].column("psn_no").to_pylist()[::-1])})


def wrong_partition(writer: DeliveryWriter) -> None:
    writer.write_part(1, {"claims": parts(claims(some_people(50)))[0]})


def twice(writer: DeliveryWriter) -> None:
    for _ in range(2):
        writer.write_part(0, {"claims": claims([])})


def outside(writer: DeliveryWriter) -> None:
    writer.write_part(PARTITIONS, {"claims": claims([])})


def other_columns(writer: DeliveryWriter) -> None:
    writer.write_part(0, {"claims": claims([])})
    writer.write_part(1, {"claims": claims([]).append_column("more", pa.array([], pa.int64()))})


def no_ids(writer: DeliveryWriter) -> None:
    writer.write_part(0, {"claims": insured([])})


def no_text(writer: DeliveryWriter) -> None:
    writer.write_part(0, {"insured": pa.table({"psn_no": pa.array([], pa.int64())})})


def no_person(writer: DeliveryWriter) -> None:
    writer.write_part(0, {"insured": pa.table({"psn_no": pa.array([None], pa.string())})})


def index_name(writer: DeliveryWriter) -> None:
    writer.write_part(0, {"persons": insured([])})


def partition_missing(writer: DeliveryWriter) -> None:
    writer.write_part(0, {"claims": claims([])})
    writer.finish(None)


def unfinished(writer: DeliveryWriter) -> None:
    write(writer, claims([]), insured([]))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (wrong_order, "not in the order of people"),
        (wrong_partition, "belong to another one"),
        (twice, "written before"),
        (outside, "is none"),
        (other_columns, "other tables or columns"),
        (no_ids, "needs one column setl_id"),
        (no_text, "needs one column psn_no"),
        (no_person, "must not hold nulls"),
        (index_name, "can be called"),
        (partition_missing, "1 of 3 partitions"),
        (unfinished, "was not finished"),
    ],
)
def test_a_writer_refuses_what_it_could_not_find_again(
    wrong: Callable[[DeliveryWriter], None], said: str, tmp_path: Path
) -> None:
    about = {"settlement": "b", "year": 2021, "partitions": PARTITIONS, "made_by": None}
    with pytest.raises(ValueError, match=said), create_year(tmp_path / "year", **about) as writer:  # type: ignore[arg-type]
        wrong(writer)
    assert not (tmp_path / "year").exists()


def stir(number: int) -> int:
    number = (number ^ (number >> 32)) * 0xD6E8FEB86659FD93 & (2**64 - 1)
    return number ^ (number >> 29)


def hash_of(piece: bytes) -> bytes:
    found = 0x9E3779B97F4A7C15 ^ len(piece)
    for at in range(0, len(piece), 8):
        found = stir(found ^ int.from_bytes(piece[at : at + 8], "little"))
    return stir(found).to_bytes(8, "little")


def plain_checksum(content: bytes) -> str:
    """The checksum as docs/prepared-year.md has it."""
    whole = len(content) - len(content) % 256
    hashes = b"".join(hash_of(content[at : at + 256]) for at in range(0, whole, 256))
    return hashlib.sha256(hashes + content[whole:]).hexdigest()


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 511, 512, 5000])
def test_a_checksum_does_not_depend_on_how_bytes_come(size: int) -> None:
    content = bytes(number * 37 % 251 for number in range(size))
    for step in (1, 100, 256, 300, 10_000):
        found = Checksum()
        for at in range(0, size, step):
            found.update(content[at : at + step])
        assert found.hexdigest() == plain_checksum(content)


def test_checksums_are_those_of_the_files(tmp_path: Path) -> None:
    year = create(tmp_path / "year", claims(some_people(9)), insured(some_people(9)))
    folder = tmp_path / "year/delivery-0001"
    record = json.loads((folder / "delivery.json").read_bytes())
    for one in record["files"]:
        content = (folder / one["file"]).read_bytes()
        assert (one["size"], one["checksum"]) == (len(content), plain_checksum(content))
    assert record["tables"]["claims"] == {"psn_no": "string", "setl_id": "string", "paid_fen": "int64"}
    assert year.record.deliveries == (hashlib.sha256((folder / "delivery.json").read_bytes()).hexdigest(),)
