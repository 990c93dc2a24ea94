"""What must be in memory together is estimated before it is, and refused with the number that would do; threads wait for one another."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from qingsuan.cli import ALLOCATOR
from qingsuan.errors import InputError
from qingsuan.run.inputs.formats.dictionaries import batch_with_used
from qingsuan.run.inputs.formats.ipc import open_ipc, read_ipc
from qingsuan.run.machine import memory
from qingsuan.run.machine.memory import Memory, Room, memory_for
from settling import Ran, claim, install, insured, only, settle, write

MB = 1 << 20
GIVEN = 1024 * MB
LEFT = GIVEN - memory.LIBRARIES_BYTES - memory.KEPT_BYTES - GIVEN // 16
"""What can be in memory together, of a gigabyte."""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def tight(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No memory is too small to be kept within, and reading takes none."""
    monkeypatch.setattr(memory, "LEAST_KEPT_BYTES", 0)
    monkeypatch.setattr(memory, "READER_BYTES", 0)
    monkeypatch.setattr(memory, "KEPT_BYTES", 0)
    return monkeypatch


def settled(place: Path, claims: str = "claims.parquet", *more: object) -> Ran:
    return settle(place / claims, place / "insured.parquet", place.parent / "out", "--partitions", 1, *more)


class Waiting:
    """Rows that wait: what they may take, and what they take."""

    def __init__(self, size_bytes: int = 0, held_bytes: int = 0) -> None:
        self.size_bytes, self.held_bytes = size_bytes, held_bytes

    def shrink(self, size_bytes: int) -> None:
        self.size_bytes = min(self.size_bytes, size_bytes)
        self.held_bytes = min(self.held_bytes, size_bytes)


def test_a_partition_that_fits_to_the_byte_is_settled_and_one_more_is_refused() -> None:
    Memory(GIVEN, Waiting()).to_settle("claims", np.array([5, LEFT]))
    with pytest.raises(InputError) as refused:
        Memory(GIVEN, Waiting()).to_settle("claims", np.array([LEFT + 1, 5]))
    would_do = re.search(r"--memory (\d+)MB", refused.value.do)
    assert would_do is not None
    assert int(would_do[1]) == 1088
    Memory(1088 * MB, Waiting()).to_settle("claims", np.array([LEFT + 1, 5]))


@pytest.mark.parametrize("together", [0, 1, 300 * MB, 5000 * MB + 1])
def test_the_number_that_is_told_does(together: int) -> None:
    whole = max(0, together - memory.READER_BYTES) // memory.WHOLE_TIMES
    Memory(max(memory.LEAST_KEPT_BYTES, memory_for(together)), Waiting()).to_read([("a", whole)])


def test_what_rows_that_wait_may_take_is_left_to_them_while_others_are_read() -> None:
    waiting = Waiting(GIVEN // 2)
    room = Memory(GIVEN, waiting).to_read([("a", 10 * MB)])
    assert waiting.size_bytes == GIVEN // 2
    assert room.take(10**12) == GIVEN - memory.LIBRARIES_BYTES - GIVEN // 2


def test_rows_that_wait_make_room_for_a_large_partition() -> None:
    waiting = Waiting(700 * MB, 600 * MB)
    room = Memory(GIVEN, waiting).to_settle("claims", np.array([10 * MB]))
    assert waiting.held_bytes == 600 * MB
    assert room.take(10**12) == GIVEN - memory.LIBRARIES_BYTES - memory.KEPT_BYTES - 600 * MB
    Memory(GIVEN, waiting).to_settle("claims", np.array([LEFT]))
    assert waiting.held_bytes == GIVEN // 16


def test_a_memory_below_what_is_promised_refuses_nothing_that_512_mb_would_hold() -> None:
    most = 512 * MB * 15 // 16 - memory.LIBRARIES_BYTES - memory.KEPT_BYTES
    Memory(64 * MB, Waiting()).to_settle("claims", np.array([most]))
    with pytest.raises(InputError, match="--memory 64MB"):
        Memory(64 * MB, Waiting()).to_settle("claims", np.array([most + 1]))


@pytest.mark.parametrize(
    ("sizes", "threads"),
    [([], 8), ([0, 0], 8), ([10], 8), ([30, 30, 30], 3), ([31, 35], 3), ([99, 1, 0], 2), ([500], 1)],
)
def test_no_more_threads_are_begun_than_have_room(sizes: list[int], threads: int) -> None:
    assert Room(100).threads(8, np.array(sizes, np.int64)) == threads


def test_each_piece_of_work_is_done_once_when_there_is_room_for_it() -> None:
    sizes = np.array([60, 60, 10, 10, 200, 0])
    room, seen = Room(100), []
    most, now = 0, 0
    lock = threading.Lock()

    def work(item: str) -> str:
        nonlocal most, now
        mine = min(100, int(sizes["abcdef".index(item)]))
        with lock:
            now += mine
            most = max(most, now)
        time.sleep(0.01)
        with lock:
            now -= mine
        return item

    seen = list(room.each(work, "abcdef", sizes, 8))
    assert sorted(seen) == list("abcdef")
    assert 60 <= most <= 100


def test_threads_wait_for_what_others_have() -> None:
    room, most, held, lock = Room(100), [0], [0], threading.Lock()

    def work(size: int) -> None:
        with room.taken(size):
            with lock:
                held[0] += min(size, 100)
                most[0] = max(most[0], held[0])
            with lock:
                held[0] -= min(size, 100)

    threads = [threading.Thread(target=work, args=(size,)) for size in (30, 60, 101, 500, 41, 0) * 5]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)
    assert most[0] <= 100


def test_a_run_whose_rows_do_not_fit_together_is_refused_before_any_is_settled(
    place: Path, tight: pytest.MonkeyPatch
) -> None:
    write(place / "claims.parquet", [claim(setl_id=f"s{number}") for number in range(30)])
    write(place / "insured.parquet", [insured()])
    seen: list[int] = []
    real = Memory.to_settle

    def to_settle(mine: Memory, table: str, sizes: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Room:
        seen.append(int(sizes.max()))
        return real(mine, table, sizes)

    tight.setattr(Memory, "to_settle", to_settle)
    tight.setattr(memory, "LIBRARIES_BYTES", 60 * MB - 1)
    ran = settled(place, "claims.parquet", "--memory", "64MB")
    assert (ran.status, len(seen)) == (3, 1), ran
    assert "--memory 64MB: rows of one partition of claims that take 1MB while they are worked on together" in ran.err
    assert "expected: no more than that: rows of one person or institution are not taken apart" in ran.err
    assert "give --memory 128MB, or more --partitions if the rows are of many" in ran.err
    assert not (place.parent / "out/settled").exists() or not any((place.parent / "out/settled").iterdir())
    tight.setattr(memory, "LIBRARIES_BYTES", 60 * MB - seen[0])
    assert settled(place, "claims.parquet", "--memory", "64MB", "--overwrite").status == 0


def test_a_record_batch_that_does_not_fit_is_refused_before_its_first_row(
    place: Path, tight: pytest.MonkeyPatch
) -> None:
    write(place / "insured.parquet", [insured()])
    path = write(place / "claims.arrow", [claim(setl_id=f"s{number}") for number in range(30)])
    whole = open_ipc(0, path).whole_bytes
    assert 30 * 50 < whole < 30 * 1000
    tight.setattr(memory, "LIBRARIES_BYTES", 60 * MB - whole + 1)
    ran = settled(place, "claims.arrow", "--memory", "64MB")
    assert ran.status == 3
    assert f"{path}: 1MB in one record batch and dictionaries, which are read into memory whole" in ran.err
    assert "give --memory 128MB, or write the file in batches of fewer rows" in ran.err


def test_of_an_arrow_file_the_largest_batch_and_every_dictionary_count(tmp_path: Path) -> None:
    schema = pa.schema([("a", pa.int64()), ("b", pa.dictionary(pa.int32(), pa.string()))])
    values = pa.array([f"{number:08d}" for number in range(1000)])
    for name, new in (("file.arrow", pa.ipc.new_file), ("stream.ipc", pa.ipc.new_stream)):
        with new(tmp_path / name, schema) as writer:
            for rows in (10, 300, 20):
                codes = pa.DictionaryArray.from_arrays(pa.array([7] * rows, pa.int32()), values)
                writer.write_batch(pa.record_batch([pa.array(range(rows)), codes], schema=schema))
        source = open_ipc(0, tmp_path / name)
        assert source.rows == 330
        assert 300 * 12 + 1000 * 12 <= source.whole_bytes <= 300 * 12 + 1000 * 12 + 64
        read = list(read_ipc(source, (), None))
        assert [len(batch.column("b").dictionary) for batch in read] == [1, 1, 1]


def test_only_values_that_rows_have_are_left_of_a_large_dictionary() -> None:
    values = pa.array([f"v{number}" for number in range(9)] + [None])
    for kind in (pa.int8(), pa.uint32(), pa.int64()):
        indices = pa.array([7, None, 2, 7, 9], kind)
        column = pa.DictionaryArray.from_arrays(indices, values)
        rest = pa.array([1, 2, 3, 4, 5])
        found = batch_with_used(pa.record_batch({"a": column, "b": rest}))
        assert found.column("a").to_pylist() == ["v7", None, "v2", "v7", None]
        assert found.column("a").dictionary.to_pylist() == ["v2", "v7", None]
        assert found.schema == pa.schema([("a", column.type), ("b", pa.int64())])
        found.validate(full=True)
    small = pa.record_batch({"a": pa.array(["x", "y"]).dictionary_encode()})
    assert batch_with_used(small) is small
    nothing = pa.DictionaryArray.from_arrays(pa.array([None, None], pa.int32()), values)
    assert batch_with_used(pa.record_batch({"a": nothing})).column("a").to_pylist() == [None, None]
    assert batch_with_used(pa.record_batch({"a": column.slice(0, 0)})).num_rows == 0


def test_a_command_takes_memory_from_the_allocator_that_keeps_least() -> None:
    """Unless whoever starts it says otherwise."""
    told = (
        "import atexit, sys, qingsuan.cli\n"
        "atexit.register(lambda: print(__import__('pyarrow').default_memory_pool().backend_name))\n"
        "sys.argv = ['qingsuan', '--version']\n"
        "qingsuan.cli.main()"
    )
    for given, taken in ((None, "jemalloc"), ("system", "system")):
        environment = {name: value for name, value in os.environ.items() if name != ALLOCATOR}
        environment |= {} if given is None else {ALLOCATOR: given}
        ran = subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, text=True, env=environment)
        assert ran.stdout.split()[-1] == taken
        assert ran.stderr == ""
