"""The front door for programs: tables of four programs in, the rows of the command out, errors as exceptions, nothing printed."""

from __future__ import annotations

import gc
import importlib
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import qingsuan
import settling
from qingsuan.errors import InputError, PluginError, QingsuanError, RunError, UsageError
from qingsuan.finished import Settlement
from qingsuan.report.summary import read_record
from qingsuan.run.inputs import BATCH_ROWS, Spool
from qingsuan.verify.finished import verify
from settling import claim, full_after, install, insured, only, read

CLAIMS = [
    *(claim(setl_id=f"s{n}", psn_no=f"p{n % 7}", medfee_sumamt="1000.00") for n in range(40)),
    claim(setl_id="bad", med_type="99", my_note="<b>"),
    claim(setl_id="nobody", psn_no="stranger"),
]
INSURED = [insured(psn_no=f"p{n}") for n in range(7)]


@pytest.fixture
def region(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One made-up region, and a place of its own for temporary folders."""
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    return temporary


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return (
        settling.write(tmp_path / "in/claims.parquet", CLAIMS),
        settling.write(tmp_path / "in/insured.parquet", INSURED),
    )


@pytest.fixture
def tables(files: tuple[Path, Path]) -> tuple[pa.Table, pa.Table]:
    return pq.read_table(files[0]), pq.read_table(files[1])


def of_polars(table: pa.Table) -> Any:
    return pytest.importorskip("polars").from_arrow(table)


def categorical(table: pa.Table) -> Any:
    polars = pytest.importorskip("polars")
    return polars.from_arrow(table).with_columns(polars.col(polars.String).cast(polars.Categorical))


def of_duckdb(table: pa.Table) -> Any:
    return pytest.importorskip("duckdb").connect().from_arrow(table)


def of_pandas(table: pa.Table) -> Any:
    pytest.importorskip("pandas", minversion="2.2")
    return table.to_pandas()


def views(table: pa.Table) -> pa.Table:
    return table.cast(
        pa.schema([(f.name, pa.string_view() if f.type == pa.string() else f.type) for f in table.schema])
    )


def large(table: pa.Table) -> pa.Table:
    return table.cast(
        pa.schema([(f.name, pa.large_string() if f.type == pa.string() else f.type) for f in table.schema])
    )


def dictionaries(table: pa.Table) -> pa.RecordBatchReader:
    """Codes as dictionaries, another one in each batch."""
    batches = []
    for batch in table.to_batches(max_chunksize=5):
        columns = [c.dictionary_encode() if c.type == pa.string() else c for c in batch.columns]
        batches.append(pa.RecordBatch.from_arrays(columns, names=batch.schema.names))
    return pa.RecordBatchReader.from_batches(batches[0].schema, batches)


FRAMES: dict[str, Callable[[pa.Table], Any]] = {
    "table": lambda table: table,
    "reader": lambda table: table.to_reader(max_chunksize=3),
    "polars": of_polars,
    "categorical": categorical,
    "duckdb": of_duckdb,
    "pandas": of_pandas,
    "views": views,
    "large": large,
    "dictionaries": dictionaries,
}


def rows_of(run: Settlement, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = getattr(run, name).to_arrow().to_pylist()
    return rows


def without_file(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name != "source_file"} for row in rows]


@pytest.mark.parametrize("kind", FRAMES)
def test_every_kind_of_frame_gives_the_rows_of_the_command(
    region: Path, tmp_path: Path, files: tuple[Path, Path], tables: tuple[pa.Table, pa.Table], kind: str
) -> None:
    assert settling.settle(*files, tmp_path / "out").status == 0
    frame = FRAMES[kind]
    run = qingsuan.settle(frame(tables[0]), frame(tables[1]), year=2022)
    assert rows_of(run, "settled") == read(tmp_path / "out", "settled")
    assert rows_of(run, "reversed") == read(tmp_path / "out", "reversed")
    expected = without_file(read(tmp_path / "out", "rejected"))
    assert len(expected) == 2
    assert without_file(rows_of(run, "rejected")) == expected
    assert {row["source_file"] for row in rows_of(run, "rejected")} == {"claims"}
    assert run.totals["care"].to_arrow().to_pylist() == read(tmp_path / "out", "totals", "care.parquet")
    assert run.record["rows"] == {"in": 42, "settled": 40, "reversed": 0, "rejected": 2}


def test_a_kept_folder_is_the_commands_but_for_the_names_of_the_tables(
    region: Path, tmp_path: Path, files: tuple[Path, Path], tables: tuple[pa.Table, pa.Table]
) -> None:
    command, out = tmp_path / "command", tmp_path / "out"
    assert settling.settle(*files, command, "--partitions", 3).status == 0
    run = qingsuan.settle(*tables, year=2022, out=out, partitions=3)
    assert run.path == out
    for folder in ("settled", "reversed", "totals"):
        names = sorted(path.name for path in (command / folder).iterdir())
        assert names == sorted(path.name for path in (out / folder).iterdir())
        assert all((command / folder / name).read_bytes() == (out / folder / name).read_bytes() for name in names)
    assert verify(out, lambda _: None).findings.total == 0
    assert [one["file"] for one in run.record["inputs"]["claims"]] == ["claims"]
    del run
    gc.collect()
    assert (out / "run.json").is_file()
    assert not list(region.iterdir())


def test_paths_are_taken_as_the_command_takes_them(region: Path, tmp_path: Path, files: tuple[Path, Path]) -> None:
    assert settling.settle(*files, tmp_path / "command").status == 0
    qingsuan.settle(str(files[0]), [files[1]], [], year=2022, out=str(tmp_path / "out"))
    for name in ("run.json", "SHA256SUMS"):
        assert (tmp_path / "command" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()


def test_a_table_may_come_in_pieces(region: Path, files: tuple[Path, Path], tables: tuple[pa.Table, pa.Table]) -> None:
    whole = qingsuan.settle(*tables, year=2022)
    settling.write(files[0].with_name("one.parquet"), CLAIMS[:10])
    pieces = [tables[0].slice(10, 20), files[0].with_name("one.parquet"), tables[0].slice(30)]
    run = qingsuan.settle(pieces, tables[1], year=2022)
    assert rows_of(run, "settled") == rows_of(whole, "settled")
    assert [one["file"] for one in run.record["inputs"]["claims"]] == ["one.parquet", "claims[0]", "claims[2]"]
    assert {(row["source_file"], row["source_row"]) for row in rows_of(run, "rejected")} == {
        ("claims[2]", 11),
        ("claims[2]", 12),
    }


def refused(kind: type[QingsuanError], call: Callable[[], Any]) -> str:
    with pytest.raises(kind) as caught:
        call()
    assert type(caught.value) is kind
    return str(caught.value)


SPOILED: dict[str, Callable[[pa.Table], pa.Table]] = {
    "lacks a column": lambda table: table.drop(["psn_no"]),
    "a column nearly of its name": lambda table: table.rename_columns({"begndate": "begn_date"}),
    "money as float": lambda table: table.set_column(
        table.schema.get_field_index("medfee_sumamt"), "medfee_sumamt", pa.array([1.0] * len(table))
    ),
    "money as int": lambda table: table.set_column(
        table.schema.get_field_index("medfee_sumamt"), "medfee_sumamt", pa.array([1] * len(table))
    ),
    "time with a zone": lambda table: table.set_column(
        table.schema.get_field_index("setl_time"), "setl_time", pa.nulls(len(table), pa.timestamp("us", "UTC"))
    ),
    "the same column twice": lambda table: table.append_column("psn_no", table["psn_no"]),
    "a type that no rejected row carries": lambda table: table.append_column(
        "odd", pa.nulls(len(table), pa.list_(pa.string_view()))
    ),
}


@pytest.mark.parametrize("how", SPOILED)
def test_what_is_refused_is_refused_in_the_words_of_the_command(
    region: Path, tmp_path: Path, files: tuple[Path, Path], tables: tuple[pa.Table, pa.Table], how: str
) -> None:
    spoiled = SPOILED[how](tables[0])
    path = tmp_path / "in/claims.arrow"
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, spoiled.schema) as writer:
        writer.write_table(spoiled)
    ran = settling.settle(path, files[1], tmp_path / "out")
    assert ran.status == InputError.exit_status
    told = refused(InputError, lambda: qingsuan.settle(spoiled, tables[1], year=2022))
    assert told.startswith("claims: ")
    assert f"qingsuan: {path}{told.removeprefix('claims')}" in ran.err
    assert not list(region.iterdir())


def test_a_pool_without_a_plugin_stops_the_run(region: Path, tmp_path: Path, tables: tuple[pa.Table, pa.Table]) -> None:
    settling.write(tmp_path / "other.parquet", [claim(insu_admdvs="880101")])
    other = pq.read_table(tmp_path / "other.parquet")
    assert "no installed plugin serves" in refused(PluginError, lambda: qingsuan.settle(other, tables[1], year=2022))
    assert "--require" in refused(PluginError, lambda: qingsuan.settle(*tables, year=2022, require="qingsuan-other"))
    assert not list(region.iterdir())


class Raising:
    """An object that is asked for its rows and has none."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        raise ConnectionError("the database is gone")


def test_a_reader_that_raises_is_an_input_that_cannot_be_read(region: Path, tables: tuple[pa.Table, pa.Table]) -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield from tables[0].slice(0, 12).to_batches(max_chunksize=6)
        raise RuntimeError("the cursor was closed")

    reader = pa.RecordBatchReader.from_batches(tables[0].schema, batches())
    told = refused(InputError, lambda: qingsuan.settle(reader, tables[1], year=2022))
    assert told.startswith("claims: cannot be read behind row 12: the cursor was closed\n")
    told = refused(InputError, lambda: qingsuan.settle(tables[0], Raising(), year=2022))
    assert told.startswith("insured: cannot be read: the database is gone\n")
    told = refused(InputError, lambda: qingsuan.settle(pa.chunked_array([[1]]), tables[1], year=2022))
    assert "non-struct" in told
    assert not list(region.iterdir())


def test_a_reader_that_was_read_before_is_no_empty_table(region: Path, tables: tuple[pa.Table, pa.Table]) -> None:
    reader = tables[0].to_reader()
    reader.read_all()
    told = refused(InputError, lambda: qingsuan.settle(reader, tables[1], year=2022))
    assert told.startswith("claims: a reader without a single batch: it may have been read before\n")
    people = tables[1].to_reader()
    told = refused(InputError, lambda: qingsuan.settle(tables[0], [people, people], year=2022))
    assert told.startswith("insured[1]: a reader without a single batch")
    nothing = pa.RecordBatchReader.from_batches(tables[0].schema, [pa.RecordBatch.from_pylist([], tables[0].schema)])
    assert qingsuan.settle(nothing, tables[1], year=2022).record["rows"]["in"] == 0


def test_a_batch_of_any_size_is_written_and_read_in_small_ones(region: Path) -> None:
    rows = 2 * BATCH_ROWS + 1
    whole = pa.table({"a": pa.repeat(pa.scalar("x"), rows).cast(pa.string_view())}).combine_chunks()
    with Spool() as spool:
        _, (stream,) = spool.parted(whole, "claims")
        source = stream.open(3)
        assert (source.number, source.name, source.where, source.rows) == (3, "claims", "claims", rows)
        with pa.OSFile(str(source.path)) as file, pa.ipc.open_stream(file) as reader:
            assert [(batch.num_rows, batch.schema.field("a").type) for batch in reader] == [
                (BATCH_ROWS, pa.string()),
                (BATCH_ROWS, pa.string()),
                (1, pa.string()),
            ]
        assert source.path.is_relative_to(region)
    assert not list(region.iterdir())


def test_a_batch_that_lies_is_refused_before_it_is_looked_into(region: Path, tables: tuple[pa.Table, pa.Table]) -> None:
    text = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"\xff\xfe")])
    told = refused(InputError, lambda: qingsuan.settle(tables[0], pa.table({"psn_no": text}), year=2022))
    assert "insured: cannot be read: " in told
    assert "UTF8" in told


@pytest.mark.parametrize("given", [None, [], 5, b"claims.parquet", {"setl_id": ["1"]}], ids=repr)
def test_what_is_no_table_is_wrong_use(region: Path, tables: tuple[pa.Table, pa.Table], given: Any) -> None:
    told = refused(UsageError, lambda: qingsuan.settle(given, tables[1], year=2022))
    assert told.startswith("claims: ")
    assert "__arrow_c_stream__" in told


@pytest.mark.parametrize(
    "wrong",
    [
        {"year": 1999},
        {"year": "2022"},
        {"workers": 0},
        {"workers": True},
        {"memory": 1},
        {"partitions": 0},
        {"engine": "other"},
        {"spark_master": "local"},
        {"resume": True},
        {"out": "x", "resume": True, "overwrite": True},
        {"csv_encoding": "none"},
    ],
    ids=repr,
)
def test_arguments_are_checked(region: Path, tables: tuple[pa.Table, pa.Table], wrong: dict[str, Any]) -> None:
    refused(UsageError, lambda: qingsuan.settle(*tables, **{"year": 2022, **wrong}))
    assert not list(region.iterdir())


def test_a_path_that_leads_nowhere(region: Path, tmp_path: Path, tables: tuple[pa.Table, pa.Table]) -> None:
    gone = tmp_path / "gone.parquet"
    ran = settling.settle(gone, gone, tmp_path / "out")
    assert f"qingsuan: {refused(InputError, lambda: qingsuan.settle(gone, tables[1], year=2022))}" in ran.err


def test_tables_without_rows_settle_to_tables_without_rows(region: Path, tables: tuple[pa.Table, pa.Table]) -> None:
    run = qingsuan.settle(tables[0].slice(0, 0), tables[1].slice(0, 0), year=2022)
    assert run.record["rows"] == {"in": 0, "settled": 0, "reversed": 0, "rejected": 0}
    assert (len(run.settled), len(run.contradictions), len(run.rejected_insured)) == (0, 0, 0)
    assert run.settled.to_arrow().schema.field("hifp_pay").type == pa.decimal128(16, 2)
    assert run.differences.to_arrow().num_columns == 0
    assert "code" in run.rejected_insured.schema.names
    assert "psn_no" in run.contradictions.schema.names


def test_two_settlements_at_once(region: Path, tables: tuple[pa.Table, pa.Table]) -> None:
    halves = [tables[0].slice(0, 20), tables[0].slice(20)]
    alone = [rows_of(qingsuan.settle(half, tables[1], year=2022), "settled") for half in halves]
    barrier = threading.Barrier(2, timeout=60)

    def at_once(half: pa.Table) -> list[dict[str, Any]]:
        barrier.wait()
        return rows_of(qingsuan.settle(half, tables[1], year=2022, partitions=4, workers=1), "settled")

    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(at_once, halves))
    assert [sorted(rows, key=str) for rows in both] == [sorted(rows, key=str) for rows in alone]


def test_one_run_at_a_time_writes_into_a_folder(
    region: Path, tmp_path: Path, tables: tuple[pa.Table, pa.Table]
) -> None:
    from qingsuan.run.folder.lock import held

    with held(tmp_path / "out"):
        told = refused(RunError, lambda: qingsuan.settle(*tables, year=2022, out=tmp_path / "out"))
    assert "another run is writing here" in told


def test_nothing_is_printed(region: Path, tables: tuple[pa.Table, pa.Table], capfd: pytest.CaptureFixture[str]) -> None:
    run = qingsuan.settle(*tables, year=2022)
    assert run.summary("en").startswith("Settlement records")
    assert run.summary("zh").startswith("结算记录")
    repr(run)
    assert any("my_note" in warning for warning in run.warnings)
    assert capfd.readouterr() == ("", "")


def test_a_temporary_folder_is_gone_with_the_last_who_reads_it(region: Path, tables: tuple[pa.Table, pa.Table]) -> None:
    run = qingsuan.settle(*tables, year=2022)
    assert [path for path in region.iterdir() if path in run.path.parents] == list(region.iterdir())
    settled = run.settled
    del run
    gc.collect()
    assert settled.to_arrow().num_rows == len(settled) == 40
    reader = settled.to_reader()
    del settled
    gc.collect()
    assert reader.read_all().num_rows == 40
    del reader
    gc.collect()
    assert not list(region.iterdir())


def test_a_temporary_folder_is_gone_with_the_process(tmp_path: Path, year: Path) -> None:
    code = f"import qingsuan; run = qingsuan.subsidy({str(year / 'insured.parquet')!r}, year=2021, classes={str(year / 'classes.csv')!r}); print(run.path)"
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment)
    assert Path(ran.stdout.strip()).is_relative_to(tmp_path)
    assert ran.stderr == ""
    assert not list(tmp_path.iterdir())


def test_a_temporary_folder_that_cannot_be_made_is_the_machines_fault(
    tmp_path: Path, files: tuple[Path, Path], tables: tuple[pa.Table, pa.Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    assert "TMPDIR: could not be written" in refused(RunError, lambda: qingsuan.settle(*files, year=2022))
    out = tmp_path / "out"
    assert "TMPDIR: could not be written" in refused(RunError, lambda: qingsuan.subsidy(tables[1], year=2022, out=out))
    assert not out.exists()


def test_a_disk_that_a_stream_fills_is_the_machines_fault(
    region: Path,
    small_disk: Callable[[int], Path],
    tables: tuple[pa.Table, pa.Table],
    files: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(small_disk(1 << 20)))
    much = pa.concat_tables([tables[0]] * 1000)
    told = refused(RunError, lambda: qingsuan.settle(much, files[1], year=2022, out=tmp_path / "out"))
    assert "claims.arrow: could not be written: " in told
    assert not list(Path(tempfile.gettempdir()).iterdir())
    assert not (tmp_path / "out").exists()


def test_a_result_is_read_wherever_the_process_goes(
    region: Path, tmp_path: Path, tables: tuple[pa.Table, pa.Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = qingsuan.settle(*tables, year=2022, out="out")
    monkeypatch.chdir(region)
    assert len(run.settled.to_arrow()) == 40


def test_a_stopped_run_goes_on_with_the_same_tables(
    region: Path, tmp_path: Path, tables: tuple[pa.Table, pa.Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = qingsuan.settle(*tables, year=2022, out=tmp_path / "whole", partitions=4)
    how: dict[str, Any] = {"year": 2022, "out": tmp_path / "out", "partitions": 4, "workers": 1}
    with full_after(2, monkeypatch):
        told = refused(RunError, lambda: qingsuan.settle(*tables, **how))
    assert "2 of 4 partitions are finished and kept" in told
    refused(UsageError, lambda: qingsuan.settle(*tables, **how))
    refused(InputError, lambda: qingsuan.settle(tables[0].slice(1), tables[1], **how, resume=True))
    assert qingsuan.settle(*tables, **how, resume=True).record_sha256 == undisturbed.record_sha256


def test_a_year_in_two_parts(region: Path, tables: tuple[pa.Table, pa.Table]) -> None:
    first = qingsuan.settle(tables[0].slice(0, 20), tables[1], year=2022, accumulators=True)
    assert len(first.accumulators) > 0
    later = (
        tables[0]
        .slice(20)
        .set_column(
            tables[0].schema.get_field_index("setl_time"),
            "setl_time",
            pa.array(["2022-06-01 10:00:00"] * 22).cast(pa.timestamp("us")),
        )
    )
    second = qingsuan.settle(later, tables[1], year=2022, opening=first)
    whole = qingsuan.settle(pa.concat_tables([tables[0].slice(0, 20), later]), tables[1], year=2022)
    assert sorted(map(str, [*rows_of(first, "settled"), *rows_of(second, "settled")])) == sorted(
        map(str, rows_of(whole, "settled"))
    )


def test_a_finished_folder_is_opened(region: Path, tmp_path: Path, files: tuple[Path, Path]) -> None:
    out = tmp_path / "out"
    ran = settling.settle(*files, out)
    run = qingsuan.open(str(out))
    assert run.record == read_record(out)
    assert run.settled.to_arrow().to_pylist() == read(out, "settled")
    assert run.summary() in ran.out
    assert run.record_sha256 in ran.out
    (out / "rejected/part-00000.parquet").unlink()
    assert "it is gone" in refused(InputError, lambda: qingsuan.open(out))


@pytest.mark.parametrize("content", [None, b"", b"[]", b'{"settlement": "other"}'], ids=repr)
def test_what_is_no_finished_run_is_not_opened(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "run.json").write_bytes(content)
    told = refused(InputError, lambda: qingsuan.open(tmp_path))
    assert told.startswith(f"{tmp_path}/run.json: ")
    if content is None:
        assert "the folder of a finished run; run.json is written last" in told


def test_a_file_that_breaks_later_is_named(region: Path, tmp_path: Path, files: tuple[Path, Path]) -> None:
    settling.settle(*files, tmp_path / "out")
    run = qingsuan.open(tmp_path / "out")
    (tmp_path / "out/settled/part-00000.parquet").write_bytes(b"PAR1 no more")
    assert "settled/part-00000.parquet: cannot be read" in refused(InputError, run.settled.to_arrow)


def test_a_notebook_shows_tables(region: Path, tables: tuple[pa.Table, pa.Table]) -> None:
    run = qingsuan.settle(*tables, year=2022)
    shown = run._repr_html_()
    assert "<caption>benefits 待遇结算 2022</caption>" in shown
    assert "<td>settled</td><td>40</td>" in shown
    shown = run.rejected._repr_html_()
    assert "<caption>rejected: 2 rows</caption>" in shown
    assert "&lt;b&gt;" in shown
    assert "<b>" not in shown
    assert run.settled._repr_html_().count("<tr>") == 1 + 10


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("year") / "sample"
    assert settling.run("sample", folder, "--people", 200, "--seed", 1).status == 0
    return folder


@pytest.mark.parametrize("kind", ["table", "polars", "duckdb", "pandas"])
def test_a_subsidy_of_every_kind_of_frame_is_the_commands(year: Path, tmp_path: Path, kind: str) -> None:
    people, classes = year / "insured.parquet", year / "classes.csv"
    ran = settling.run("subsidy", people, "--year", 2021, "--classes", classes, "--out", tmp_path / "out")
    assert ran.status == 0
    run = qingsuan.subsidy(FRAMES[kind](pq.read_table(people)), year=2021, classes=classes)
    assert run.due.to_arrow().to_pylist() == read(tmp_path / "out", "due")
    assert len(run.duplicates) == len(read(tmp_path / "out", "duplicates"))
    assert len(run.rejected) == 0
    assert run.totals["region"].to_arrow().to_pylist() == read(tmp_path / "out", "totals", "region.parquet")
    assert "nobody reads" not in ran.out + ran.err, "the table is that of settle as well"
    opened = qingsuan.open(tmp_path / "out")
    assert opened.summary() in ran.out
    assert "<caption>subsidy 财政补助 2021</caption>" in opened._repr_html_()


def test_importing_qingsuan_is_quick_and_its_names_are_there() -> None:
    code = "import sys, qingsuan; assert 'pyarrow' not in sys.modules; qingsuan.settle; assert 'pyarrow' in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
    module = importlib.import_module("qingsuan")
    assert all(getattr(module, name) for name in module.__all__)
    with pytest.raises(AttributeError, match="no attribute 'settel'"):
        _ = module.settel
