"""The stages of a run in threads of this process."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Self

import pyarrow as pa

from qingsuan.run.executors.interface import Done
from qingsuan.run.kept import Kept
from qingsuan.run.model import Run
from qingsuan.run.reading import read_all
from qingsuan.run.rejections.refused import RefusedRows
from qingsuan.run.shuffle import Shuffle
from qingsuan.run.threads import in_threads

__all__ = ["Threads", "settle_partitions"]


def settle_partitions(
    run: Run, partitions: Sequence[int], take: Callable[[int], Sequence[pa.Table]], done: Done
) -> None:
    """Settle partitions side by side and write their files; ``take`` gives the rows of one.

    Whether the disk has a partition's files is waited for beside the work on the next ones.
    """
    settler = run.settlement.settler()

    def work(partition: int) -> Future[None]:
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

    with ThreadPoolExecutor(run.options.workers) as sealing:
        sealed: deque[Future[None]] = deque()
        for one in in_threads(work, partitions, run.options.workers):
            sealed.append(one)
            while sealed and sealed[0].done():
                sealed.popleft().result()
        for one in sealed:
            one.result()


class Threads:
    """Threads of this process; rows wait for the others of their partition in memory, and beyond a budget on disk."""

    def __init__(self, run: Run, spill: Path) -> None:
        self.shuffles = {
            table.name: Shuffle(run.partitions, run.waiting, spill / table.name) for table in run.settlement.inputs
        }

    def read(self, run: Run, refused: RefusedRows) -> None:
        """Read every file once; see :meth:`qingsuan.run.executors.interface.Engine.read`."""
        read_all(run, self.shuffles, refused)

    def settle(self, run: Run, partitions: Sequence[int], done: Done) -> None:
        """Settle these partitions; see :meth:`qingsuan.run.executors.interface.Engine.settle`."""
        self.close()
        settle_partitions(run, partitions, self.take, done)

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
