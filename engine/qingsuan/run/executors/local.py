"""The stages of a run in threads of this process."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.run.executors.interface import Done
from qingsuan.run.kept import Kept
from qingsuan.run.model import Run
from qingsuan.run.reading import read_all
from qingsuan.run.rejections.refused import RefusedRows
from qingsuan.run.shuffle import Shuffle
from qingsuan.run.threads import in_threads

__all__ = ["Threads", "settle_partitions", "settled_sizes"]


def settle_partitions(
    run: Run,
    partitions: Sequence[int],
    take: Callable[[int], Sequence[pa.Table]],
    sizes: npt.NDArray[np.int64],
    done: Done,
) -> None:
    """Settle partitions side by side and write their files.

    Whether the disk has a partition's files is waited for beside the work on the next ones.

    Parameters
    ----------
    take
        Gives the rows of a partition.
    sizes
        (all partitions,) int64, what the rows of each take of memory while they are settled.
    """
    settler = run.settlement.settler()
    room = run.memory.to_settle(run.settlement.inputs[0].name, sizes)
    threads = room.threads(run.options.workers, sizes)

    def work(partition: int) -> Future[None]:
        taken = room.take(int(sizes[partition]))
        try:
            sealed = settle(partition)
        except BaseException:
            room.give_back(taken)
            raise
        sealed.add_done_callback(lambda _: room.give_back(taken))
        return sealed

    def settle(partition: int) -> Future[None]:
        tables = take(partition)
        settled = settler(*tables)
        names = [f"{kind}/part-{partition:05d}.parquet" for kind in settled.tables]
        for name, rows in zip(names, settled.tables.values(), strict=True):
            run.folder.begin_table(name, rows)
        with run.lock:
            run.progress.rows(sum(rows.num_rows for rows in tables))
        return sealing.submit(seal, partition, Kept.of(settled), names)

    def seal(partition: int, kept: Kept, names: Sequence[str]) -> None:
        done(partition, kept, tuple(run.folder.seal(name) for name in names))
        run.progress.step()

    with ThreadPoolExecutor(threads) as sealing:
        sealed: deque[Future[None]] = deque()
        for one in in_threads(work, partitions, threads):
            sealed.append(one)
            while sealed and sealed[0].done():
                sealed.popleft().result()
        for one in sealed:
            one.result()


def settled_sizes(run: Run, shuffles: Mapping[str, Shuffle]) -> npt.NDArray[np.int64]:
    """What the rows of each partition take of memory while they are settled, as far as they wait in these."""
    found = np.zeros(run.partitions, np.int64)
    for table in run.settlement.inputs:
        if table.name in shuffles:
            found += table.together_bytes * shuffles[table.name].rows_of
    return found


class Threads:
    """Threads of this process; rows wait for the others of their partition in memory, and beyond a budget on disk."""

    def __init__(self, run: Run, spill: Path) -> None:
        self.shuffles = {
            table.name: Shuffle(run.partitions, run.waiting, spill / table.name) for table in run.settlement.inputs
        }

    def read(self, run: Run, refused: RefusedRows) -> None:
        """Read every file once; see :meth:`qingsuan.run.executors.interface.Engine.read`.

        Raises
        ------
        InputError
            Besides, rows that must be settled together are more than the memory holds.
        """
        read_all(run, self.shuffles, refused)
        run.memory.to_settle(run.settlement.inputs[0].name, self.sizes(run))

    def sizes(self, run: Run) -> npt.NDArray[np.int64]:
        """What the rows of each partition take of memory while they are settled."""
        return settled_sizes(run, self.shuffles)

    def settle(self, run: Run, partitions: Sequence[int], done: Done) -> None:
        """Settle these partitions; see :meth:`qingsuan.run.executors.interface.Engine.settle`."""
        self.close()
        settle_partitions(run, partitions, self.take, self.sizes(run), done)

    def close(self) -> None:
        """Everything has been read."""
        for shuffle in self.shuffles.values():
            shuffle.close()

    def take(self, partition: int) -> Sequence[pa.Table]:
        """The rows of a partition, table after table; gone from here afterwards."""
        return [shuffle.take(partition) for shuffle in self.shuffles.values()]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for shuffle in self.shuffles.values():
            shuffle.__exit__(None, None, None)
