"""Rows on their way: each to the partition of its person, moved only where they do not lie there already, aside if need be."""

import random
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pytest

from qingsuan.errors import RunError
from qingsuan.people import Texts, partition_of
from qingsuan.run.shuffle import Budget, Shuffle

PARTITIONS = 5


def batch_of(people):
    return pa.RecordBatch.from_pydict({"psn_no": pa.array(people), "n": pa.array(range(len(people)), pa.int64())})


def people(count, seed=3):
    rng = random.Random(seed)
    return [f"22010000{rng.randrange(10**12):012d}" for _ in range(count)]


def partitions_of(names):
    return partition_of(Texts.of(pa.array(names)), PARTITIONS)


def test_every_row_comes_to_its_person_s_partition(tmp_path):
    names = people(400)
    with Shuffle(PARTITIONS, Budget(1 << 20), tmp_path / "aside") as shuffle:
        shuffle.add(batch_of(names))
        shuffle.close()
        for partition in range(PARTITIONS):
            rows = shuffle.take(partition)
            expected = np.flatnonzero(partitions_of(names) == partition)
            assert rows.column("n").to_pylist() == expected.tolist()
            assert rows.column("psn_no").to_pylist() == [names[n] for n in expected]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("in_order", [True, False])
def test_rows_that_lie_in_order_are_not_moved(in_order, tmp_path):
    names = people(400)
    order = np.argsort(partitions_of(names), kind="stable")
    if not in_order:
        order[[0, -1]] = order[[-1, 0]]
    batch = batch_of([names[n] for n in order])
    with Shuffle(PARTITIONS, Budget(1 << 20), tmp_path / "aside") as shuffle:
        shuffle.add(batch)
        shuffle.close()
        taken = [shuffle.take(partition) for partition in range(PARTITIONS)]
    here = batch.column("n").buffers()[1].address
    assert all((table.column("n").chunk(0).buffers()[1].address == here) == in_order for table in taken)
    assert sorted(n for table in taken for n in table.column("n").to_pylist()) == list(range(400))


def test_the_shuffle_that_holds_most_goes_to_disk_first(tmp_path):
    budget = Budget(50_000)
    with (
        Shuffle(PARTITIONS, budget, tmp_path / "large") as large,
        Shuffle(PARTITIONS, budget, tmp_path / "small") as small,
    ):
        large.add(batch_of(people(1000)))
        assert (large.spilled_bytes, large.held_bytes > 30_000) == (0, True)
        small.add(batch_of(people(600)))
        assert large.held_bytes == small.spilled_bytes == 0 < min(large.spilled_bytes, small.held_bytes)
        large.add(batch_of(people(20, seed=4)))
        large.close()
        small.close()
        for shuffle, names in ((large, [*people(1000), *people(20, seed=4)]), (small, people(600))):
            found = [
                name for partition in range(PARTITIONS) for name in shuffle.take(partition).column("psn_no").to_pylist()
            ]
            assert sorted(found) == sorted(names)
            assert shuffle.held_bytes == 0


def found_in(shuffle):
    taken = (shuffle.take(partition) for partition in range(shuffle.partitions))
    return sorted(name for table in taken for name in table.column("psn_no").to_pylist())


@pytest.mark.parametrize(
    ("times", "least", "most"), [(0.99, 0, 0), (1.01, 11, 15), (1.3, 30, 40), (1.9, 45, 55), (2.5, 100, 100)]
)
def test_of_rows_that_hardly_exceed_the_budget_most_stay_in_memory(times, least, most, tmp_path):
    """How much goes to disk, in percent, of so many times the rows that fit."""
    names = people(round(2000 * times))
    with Shuffle(40, Budget(64_000, workers=2), tmp_path / "aside") as shuffle:  # a row takes 32 bytes
        for start in range(0, len(names), 10):
            shuffle.add(batch_of(names[start : start + 10]))
            assert shuffle.held_bytes <= 64_000
        shuffle.close()
        whole = int(shuffle.bytes_of.sum())
        assert shuffle.spilled_bytes + shuffle.held_bytes == whole
        assert least <= 100 * shuffle.spilled_bytes / whole <= most
        assert found_in(shuffle) == sorted(names)
        assert shuffle.held_bytes == 0


def test_a_batch_goes_to_disk_whole_so_that_its_memory_is_given_back(tmp_path):
    """All pieces of a batch are slices of its memory: one piece left would keep all of it."""
    names = people(4000)
    # of columns with nulls Arrow itself makes the pieces, and says what they take
    n = pa.array([None, *range(399)], pa.int64())
    with Shuffle(PARTITIONS, Budget(1 << 30), tmp_path / "aside") as shuffle:
        before = pa.total_allocated_bytes()
        for start in range(0, len(names), 400):
            shuffle.add(pa.RecordBatch.from_pydict({"psn_no": pa.array(names[start : start + 400]), "n": n}))
        whole, taken = shuffle.held_bytes, pa.total_allocated_bytes() - before
        shuffle.spill()
        assert 0 < shuffle.held_bytes < whole
        assert (pa.total_allocated_bytes() - before) / taken <= 1.05 * shuffle.held_bytes / whole
        shuffle.close()
        assert found_in(shuffle) == sorted(names)


def test_rows_that_were_left_in_memory_go_to_disk_when_it_is_needed_otherwise(tmp_path):
    """After the files were finished, and after a partition was taken: into further files."""
    names, budget = people(1000), Budget(20_000, workers=2)
    with Shuffle(PARTITIONS, budget, tmp_path / "aside") as shuffle:
        for start in range(0, len(names), 100):
            shuffle.add(batch_of(names[start : start + 100]))
        shuffle.close()
        assert shuffle.held_bytes > 0 < shuffle.spilled_bytes
        found = shuffle.take(0).column("psn_no").to_pylist()
        budget.shrink(0)
        assert shuffle.held_bytes == 0
        for partition in range(1, PARTITIONS):
            found += shuffle.take(partition).column("psn_no").to_pylist()
        assert sorted(found) == sorted(names)
    assert not list(tmp_path.iterdir())


def test_rows_that_are_put_aside_while_others_are_taken_are_not_lost(tmp_path):
    """Rejected rows come while partitions are settled, and what waits makes room for them at any moment."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for attempt in range(10):
            names, budget = people(2000, seed=attempt), Budget(1 << 30)
            with Shuffle(40, budget, tmp_path / f"aside{attempt}") as shuffle:
                for start in range(0, len(names), 50):
                    shuffle.add(batch_of(names[start : start + 50]))
                shuffle.close()
                sizes = range(shuffle.held_bytes, -1, -shuffle.held_bytes // 30)
                with ThreadPoolExecutor(1) as others:
                    shrunk = others.submit(lambda budget=budget, sizes=sizes: [budget.shrink(size) for size in sizes])
                    assert found_in(shuffle) == sorted(names)
                    shrunk.result()
                assert shuffle.held_bytes == 0
    finally:
        sys.setswitchinterval(before)


def test_rows_that_cannot_be_put_aside_stop_the_run_and_name_memory(tmp_path):
    (tmp_path / "aside").write_text("a file where the folder should be")
    shuffle = Shuffle(PARTITIONS, Budget(0), tmp_path / "aside")
    with pytest.raises(RunError, match="rows could not be put aside") as told:
        shuffle.add(batch_of(people(10)))
    assert "--memory" in str(told.value)
