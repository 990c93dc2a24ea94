"""The stages of a benefit settlement in threads of this process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from qingsuan.benefits.partition import Outcome, Settler
from qingsuan.run.executors.interface import Done
from qingsuan.run.folder import RunFolder, Written
from qingsuan.run.kept import Kept, tables_of
from qingsuan.run.model import Run
from qingsuan.run.opening import OpeningRows
from qingsuan.run.reading import kinds, read_all
from qingsuan.run.rejections.refused import RefusedRows
from qingsuan.run.shuffle import Shuffle
from qingsuan.run.threads import in_threads

__all__ = ["Threads"]


class Threads:
    """Threads of this process; rows wait for the others of their partition in memory, and beyond a budget on disk."""

    def __init__(self, run: Run, spill: Path) -> None:
        self.shuffles = {name: Shuffle(run.partitions, run.waiting, spill / name) for _, _, name in kinds(run)}
        self.opening = OpeningRows(run, spill) if run.setup.accumulators else None

    def read(self, run: Run, refused: RefusedRows) -> None:
        """Read every file once; see :meth:`qingsuan.run.executors.interface.Engine.read`."""
        if self.opening is not None:
            self.opening.read(run, in_threads)
        read_all(run, self.shuffles, refused)

    def settle(self, run: Run, partitions: Sequence[int], done: Done) -> None:
        """Settle these partitions; see :meth:`qingsuan.run.executors.interface.Engine.settle`."""
        _settle_partitions(run, self.shuffles, self.opening, partitions, done)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for shuffle in (*self.shuffles.values(), *([] if self.opening is None else [self.opening.shuffle])):
            shuffle.__exit__(None, None, None)


def _settle_partitions(
    run: Run, shuffles: dict[str, Shuffle], opening: OpeningRows | None, partitions: Sequence[int], done: Done
) -> None:
    for shuffle in shuffles.values():
        shuffle.close()
    settler = Settler(run.setup)

    def work(partition: int) -> None:
        accounts = None if opening is None else opening.take(partition)
        claims, insured, identities = (shuffle.take(partition) for shuffle in shuffles.values())
        outcome = settler.settle(claims, insured, identities, accounts)
        done(partition, Kept.of(outcome), _write(run.folder, f"part-{partition:05d}.parquet", outcome))

    for _ in in_threads(work, partitions, run.options.workers):
        run.progress.step()


def _write(folder: RunFolder, name: str, outcome: Outcome) -> tuple[Written, ...]:
    """Write the tables of a partition."""
    return tuple(folder.write_table(f"{kind}/{name}", rows) for kind, rows in tables_of(outcome).items())
