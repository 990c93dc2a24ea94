"""What a run needs of disk and open files is known before its first row, and what is not there is said with the number."""

from __future__ import annotations

import resource
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest

from qingsuan.run.machine import room
from qingsuan.run.machine.open_files import files_for_rows
from qingsuan.run.shuffle import Budget, Shuffle
from qingsuan.settlement import InputTable
from settling import claim, install, insured, only, run, settle, write

Year = tuple[Path, Path]
Free = Callable[[int], None]


@pytest.fixture
def year(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Year:
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)
    claims = [claim(setl_id=f"s{n}", psn_no=f"p{n}") for n in range(50)]
    people = [insured(psn_no=f"p{n}") for n in range(50)]
    (tmp_path / "in").mkdir()
    return write(tmp_path / "in/claims.parquet", claims), write(tmp_path / "in/insured.parquet", people)


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> Free:
    def left(size_bytes: int) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=size_bytes))

    return left


def test_a_disk_with_too_little_room_is_refused_before_the_first_row(
    year: Year, tmp_path: Path, free: Free, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_MB", 1)
    result = 50 * 60
    free(result - 1)
    ran = settle(*year, tmp_path / "out")
    assert (ran.status, (tmp_path / "out").exists()) == (5, False)
    assert ran.err.endswith(
        f"qingsuan: {tmp_path}/out: 2,999 MB free on the disk of {tmp_path}, counting what an earlier run left there\n"
        "  expected: 3,000 MB: 3,000 MB for the result, 0 MB for rows on their way\n"
        "  what to do: make room, or give another --out; if there is more room than the system says, set QINGSUAN_DISK=unchecked\n"
    )
    free(result)
    assert settle(*year, tmp_path / "out").status == 0


def test_rows_that_do_not_fit_in_memory_need_room_too(
    year: Year, tmp_path: Path, free: Free, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting, result = 50 * (90 + 40), 50 * 60
    monkeypatch.setattr("qingsuan.run.model.Budget", lambda *_: Budget(2 * waiting - 1))
    free(waiting + result - 1)
    ran = settle(*year, tmp_path / "out")
    assert (ran.status, "or more --memory" in ran.err) == (5, True), ran
    free(waiting + result)
    assert settle(*year, tmp_path / "out").status == 0


def test_a_prepared_year_needs_room_for_its_rows(year: Year, tmp_path: Path, free: Free) -> None:
    command = ("prepare", year[0], "--insured", year[1], "--year", 2022, "--out", tmp_path / "year")
    free(50 * 2 * (90 + 40) - 1)
    assert run(*command).status == 5
    assert not (tmp_path / "year").exists()
    free(50 * 2 * (90 + 40))
    assert run(*command).status == 0


def test_what_an_earlier_run_left_counts_as_free(year: Year, tmp_path: Path, free: Free) -> None:
    free(10**9)
    assert settle(*year, tmp_path / "out").status == 0
    free(0)
    assert settle(*year, tmp_path / "out", "--overwrite").status == 0


def test_who_knows_better_says_so(year: Year, tmp_path: Path, free: Free, monkeypatch: pytest.MonkeyPatch) -> None:
    free(0)
    assert settle(*year, tmp_path / "out").status == 5
    monkeypatch.setenv(room.DISK, "unchecked")
    assert settle(*year, tmp_path / "out").status == 0


def test_a_table_that_does_not_say_takes_half_and_a_quarter_of_its_memory() -> None:
    assert [(table.waiting_bytes, table.result_bytes) for table in (InputTable("a", (), row_bytes=100),)] == [(50, 25)]


def test_too_few_open_files_are_refused_with_the_number(
    year: Year, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def limit(number: int) -> None:
        monkeypatch.setattr(resource, "getrlimit", lambda _: (number, number))

    limit(95)
    ran = settle(*year, tmp_path / "out", "--workers", 2)
    assert (ran.status, (tmp_path / "out").exists()) == (5, False)
    assert "this process have 95 files open at once" in ran.err
    assert "expected: 96 for 2 workers" in ran.err
    assert "ulimit -n 1024" in ran.err
    limit(96)
    assert settle(*year, tmp_path / "out", "--workers", 2).status == 0


@pytest.mark.parametrize(("number", "left"), [(96, 16), (1024, 944), (2000, 1024), (resource.RLIM_INFINITY, 1024)])
def test_rows_put_aside_have_the_files_that_are_left(number: int, left: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (number, number))
    assert files_for_rows(2) == left


def test_more_partitions_than_open_files_lose_no_row(tmp_path: Path) -> None:
    """Of 1,120 partitions that spilled each had a file open, and the system refused the next one."""
    before = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0
    budget, batches = Budget(0, 2, 8), [_people(start) for start in (0, 500, 1000)]
    with Shuffle(64, budget, tmp_path / "one") as one, Shuffle(64, budget, tmp_path / "other") as other:
        for batch in batches:
            one.add(batch)
            other.add(batch)
        if before:
            assert len(list(Path("/proc/self/fd").iterdir())) <= before + 8
        for shuffle in (one, other):
            shuffle.close()
            found = [name for part in range(64) for name in shuffle.take(part).column("psn_no").to_pylist()]
            assert sorted(found) == sorted(name for batch in batches for name in batch.column("psn_no").to_pylist())
            assert not list(shuffle.folder.iterdir())


def _people(start: int) -> pa.RecordBatch:
    return pa.record_batch({"psn_no": [f"p{number}" for number in range(start, start + 500)]})
