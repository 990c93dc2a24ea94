"""Rows on their way: each to the partition of its person, moved only where they do not lie there already, aside if need be."""

import random

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


def test_what_is_on_disk_in_part_goes_there_whole(tmp_path):
    budget = Budget(20_000, workers=2)
    names = people(1000)
    with (
        Shuffle(PARTITIONS, budget, tmp_path / "aside") as shuffle,
        Shuffle(PARTITIONS, budget, tmp_path / "kept") as kept,
    ):
        shuffle.add(batch_of(names[:900]))
        shuffle.add(batch_of(names[900:]))
        kept.add(batch_of(names[:100]))
        for one in (shuffle, kept):
            one.close()
        assert (shuffle.held_bytes, kept.held_bytes > 0, kept.spilled_bytes) == (0, True, 0)
        found = [
            name for partition in range(PARTITIONS) for name in shuffle.take(partition).column("psn_no").to_pylist()
        ]
        assert sorted(found) == sorted(names)


def test_rows_that_cannot_be_put_aside_stop_the_run_and_name_memory(tmp_path):
    (tmp_path / "aside").write_text("a file where the folder should be")
    shuffle = Shuffle(PARTITIONS, Budget(0), tmp_path / "aside")
    with pytest.raises(RunError, match="rows could not be put aside") as told:
        shuffle.add(batch_of(people(10)))
    assert "--memory" in str(told.value)
