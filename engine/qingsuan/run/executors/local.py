"""The stages of a run in threads of this process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from qingsuan.run.executors.interface import Done
from qingsuan.run.kept import Kept
from qingsuan.run.model import Run
from qingsuan.run.reading import read_all
from qingsuan.run.rejections.refused import RefusedRows
from qingsuan.run.shuffle import Shuffle
from qingsuan.run.threads import in_threads

__all__ = ["Threads"]


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
        for shuffle in self.shuffles.values():
            shuffle.close()
        settler = run.settlement.settler()

        def work(partition: int) -> None:
            settled = settler(*(shuffle.take(partition) for shuffle in self.shuffles.values()))
            name = f"part-{partition:05d}.parquet"
            files = [run.folder.write_table(f"{kind}/{name}", rows) for kind, rows in settled.tables.items()]
            done(partition, Kept.of(settled), tuple(files))

        for _ in in_threads(work, partitions, run.options.workers):
            run.progress.step()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for shuffle in self.shuffles.values():
            shuffle.__exit__(None, None, None)
