"""Inputs that let a run down, and --resume with what --opening brings along: what is finished stays, what changed is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest

from qingsuan.run.folder import LEDGER
from qingsuan.run.restart.ledger import read_lines
from quarterly import QUARTERLY, year
from settling import Ran, full_after, install, only, run, write
from settling import settle as settle_made_up
from stopping import tree

PARTITIONS = 5
CUT = "2022-06-30"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    install(tmp_path / "site", rules=QUARTERLY)
    only(tmp_path / "site", monkeypatch)
    return tmp_path


class Halves:
    """A year in two halves; the first is settled, the second can be stopped and gone on with."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        rows, people = year()
        early = [row for row in rows if str(row["begndate"]) <= CUT]
        self.early = write(folder / "early.parquet", early)
        self.fewer = write(folder / "fewer.parquet", early[:-1])
        self.late = write(folder / "late.parquet", [row for row in rows if str(row["begndate"]) > CUT])
        self.people = write(folder / "people.parquet", people)
        self.first(self.early, folder / "first")

    def first(self, claims: Path, out: Path, *more: object) -> None:
        ran = settle_made_up(claims, self.people, out, "--accumulators", "--partitions", 2, *more)
        assert ran.status == 0, ran.err

    def second(self, out: Path, *more: object) -> Ran:
        return settle_made_up(self.late, self.people, out, "--partitions", PARTITIONS, "--workers", 1, *more)

    def stopped(self, out: Path, after: int, patch: pytest.MonkeyPatch) -> None:
        with full_after(after, patch):
            ran = self.second(out, "--opening", self.folder / "first")
        assert (ran.status, f"{after} of {PARTITIONS} partitions are finished and kept" in ran.err) == (5, True)


@pytest.fixture
def halves(site: Path) -> Halves:
    return Halves(site)


# ---- --resume with --opening


@pytest.mark.parametrize("after", [0, 1, 4])
def test_a_run_with_opening_goes_on_to_the_same_bytes(
    halves: Halves, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening, whole, out = halves.folder / "first", halves.folder / "whole", halves.folder / "out"
    assert halves.second(whole, "--opening", opening).status == 0
    halves.stopped(out, after, monkeypatch)
    halves.first(halves.early, opening, "--overwrite")  # settled once more: the same bytes are the same input
    ran = halves.second(out, "--opening", opening, "--resume")
    assert ran.status == 0, ran.err
    assert tree(out) == tree(whole)
    assert list((out / "accumulators").iterdir())
    assert "the run is finished" in halves.second(out, "--opening", opening, "--resume").err


def test_an_opening_that_changed_is_named(halves: Halves, monkeypatch: pytest.MonkeyPatch) -> None:
    opening, out = halves.folder / "first", halves.folder / "out"
    halves.stopped(out, 2, monkeypatch)
    before = tree(out)
    halves.first(halves.fewer, opening, "--overwrite")
    ran = halves.second(out, "--opening", opening, "--resume")
    assert (ran.status, "--resume with other inputs: opening " in ran.err) == (3, True), ran.err
    assert "its content changed" in ran.err
    assert "give the same files as before; or settle anew with --overwrite" in ran.err
    assert tree(out) == before
    halves.first(halves.early, opening, "--overwrite")
    assert halves.second(out, "--opening", opening, "--resume").status == 0


@pytest.mark.parametrize(
    ("more", "status", "named"),
    [
        ((), 2, "accumulators: True before, False now"),
        (("--accumulators",), 3, "opening 1 part-00000.parquet is gone; opening 2 part-00001.parquet is gone"),
    ],
)
def test_an_opening_that_is_left_out_is_named(
    halves: Halves, more: tuple[str, ...], status: int, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = halves.folder / "out"
    halves.stopped(out, 2, monkeypatch)
    ran = halves.second(out, "--resume", *more)
    assert (ran.status, named in ran.err) == (status, True), ran.err


def test_an_opening_that_comes_later_is_named(halves: Halves, monkeypatch: pytest.MonkeyPatch) -> None:
    out = halves.folder / "out"
    halves.stopped(out, 2, monkeypatch)
    (out / LEDGER).unlink()
    assert halves.second(out, "--accumulators", "--resume").status == 0  # without a ledger it begins anew
    ran = halves.second(out, "--opening", halves.folder / "first", "--resume")
    assert (ran.status, "opening 1 part-00000.parquet is new" in ran.err) == (3, True), ran.err


# ---- inputs that cannot be read in the middle


def broken_block(content: bytes) -> bytes:
    third = len(content) // 3
    return content[:third] + b"\xff" * third + content[2 * third :]


def broken_text(content: bytes) -> bytes:
    middle = content.index(b"\n", len(content) // 2) + 1
    return content[:middle] + b"\xff" + content[middle:]


def open_quote(content: bytes) -> bytes:
    return content + b'"'


def cut_off(content: bytes) -> bytes:
    return content[: len(content) * 2 // 3]


BROKEN: list[tuple[str, Callable[[bytes], bytes]]] = [
    (".parquet", broken_block),
    (".parquet", cut_off),
    (".arrow", broken_block),
    (".arrow", cut_off),
    (".csv", broken_text),
    (".csv", open_quote),
]


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pa.Table]:
    folder = tmp_path_factory.mktemp("year") / "year"
    assert run("sample", folder, "--people", 4000, "--seed", 2).status == 0
    names = {"claims": "claims", "insured": "insured.parquet", "identities": "identities.parquet"}
    return {table: pq.read_table(folder / name) for table, name in names.items()}


def write_as(table: pa.Table, path: Path) -> None:
    if path.suffix == ".parquet":
        pq.write_table(table, path, row_group_size=500)
    elif path.suffix == ".csv":
        pa.csv.write_csv(table, path)
    else:
        options = pa.ipc.IpcWriteOptions(compression="zstd")
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema, options=options) as writer:
            writer.write_table(table, max_chunksize=500)


@pytest.mark.parametrize("broken", ["claims", "insured", "identities"])
@pytest.mark.parametrize(("suffix", "breaks"), BROKEN)
def test_an_input_that_cannot_be_read_in_the_middle(
    tables: dict[str, pa.Table], broken: str, suffix: str, breaks: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    for name, table in tables.items():
        write_as(table, tmp_path / f"{name}{suffix if name == broken else '.parquet'}")
    path = tmp_path / f"{broken}{suffix}"
    whole = path.read_bytes()
    path.write_bytes(breaks(whole))
    claims, insured, identities = (next(tmp_path.glob(f"{name}.*")) for name in ("claims", "insured", "identities"))
    arguments = ("settle", claims, "--insured", insured, "--identities", identities, "--year", 2021)
    out = tmp_path / "out"
    for more in ((), ("--resume",)):
        ran = run(*arguments, "--out", out, *more)
        assert (ran.status, "Traceback" in ran.err) == (3, False), ran.err
        assert str(path) in ran.err
        assert "cannot be read" in ran.err
        assert ("line " if suffix == ".csv" else "what to do: fetch the file again") in ran.err
        assert not out.exists()
    path.write_bytes(whole)
    assert run(*arguments, "--out", out, "--resume").status == 0


def test_an_input_that_can_no_longer_be_read_leaves_what_is_finished(
    halves: Halves, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, opening = halves.folder / "out", halves.folder / "first"
    halves.stopped(out, 3, monkeypatch)
    before, whole = tree(out), halves.late.read_bytes()
    second = pq.read_metadata(halves.late).row_group(0).column(1)
    at = second.dictionary_page_offset or second.data_page_offset
    halves.late.write_bytes(
        whole[:at] + b"\xff" * 200 + whole[at + 200 :]
    )  # pages that are not counted, nor the footer
    ran = halves.second(out, "--opening", opening, "--resume")
    assert (ran.status, str(halves.late) in ran.err) == (3, True), ran.err
    assert f"3 of {PARTITIONS} partitions are finished and kept" in ran.err
    assert tree(out) == before
    assert len(read_lines(out).partitions) == 3
    halves.late.write_bytes(whole)
    assert halves.second(out, "--opening", opening, "--resume").status == 0
