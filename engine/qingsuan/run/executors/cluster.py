"""A run in many processes, as its own process sees it: parts of the input go out, pieces come together, receipts come back.

The driver plans, learns every code, decides whether to go on, and alone gives files their names. What lies between, an
*exchange*, only moves pieces: it may lose a process, repeat a task or run it twice, and the files are the same. It is not
trusted: what it did with the pieces is checked where they arrive (:mod:`qingsuan.run.executors.worker`).
"""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol, Self

import pyarrow as pa

from qingsuan.errors import QingsuanError, RunError
from qingsuan.listing import files_in
from qingsuan.run.executors.interface import Done
from qingsuan.run.executors.pieces import NOWHERE, REFUSED, REPORT, pieces_of, read_stream
from qingsuan.run.executors.worker import (
    Frozen,
    Item,
    Job,
    fault_in,
    read_items,
    receipt_of,
    settle_one,
    settle_pieces,
)
from qingsuan.run.folder import Written
from qingsuan.run.inputs import chunks
from qingsuan.run.model import Run
from qingsuan.run.rejections.refused import RefusedRows

__all__ = ["Cluster", "Exchange", "Work"]

Work = Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]
_POLL_SECONDS = 0.5


class Exchange(Protocol):
    """Moves pieces between processes: what an engine has to offer. Open while a run uses it."""

    def read(self, items: int, work: Work) -> Iterable[pa.RecordBatch]:
        """Run ``work`` over the numbers ``0 … items - 1`` and keep the pieces it gives; those that go nowhere come back.

        ``work`` takes batches of one column of numbers; an engine may cut them as it likes.
        """

    def settle(self, partitions: Sequence[int], of: int, work: Work) -> int:
        """Bring the pieces of each of these partitions (of ``of``) together, in any order, and run ``work`` over them.

        Returns how many rows ``work`` gave in tasks that counted.
        """

    def stop(self) -> None:
        """Give up what is running: called from another thread."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...


class Cluster:
    """An engine (:class:`qingsuan.run.settle.Engine`) over an exchange.

    Parameters
    ----------
    exchange
        Not opened yet.
    by_what
        Software, plugins and rules of this process (:func:`qingsuan.run.restart.fingerprint.by_what`).
    """

    def __init__(self, exchange: Exchange, by_what: dict[str, dict[str, Any]]) -> None:
        self.exchange, self.by_what = exchange, by_what
        self.expected: dict[int, dict[str, tuple[int, int]]] = {}
        self._drafts: Path | None = None

    def __enter__(self) -> Self:
        self.exchange.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        try:
            self.exchange.__exit__(*error)
        finally:
            if self._drafts is not None:
                shutil.rmtree(self._drafts, ignore_errors=True)

    def read(self, run: Run, refused: RefusedRows) -> None:
        """Have every part of the input read; learn from the reports what all of it holds.

        Raises
        ------
        RunError
            A part was lost, or came twice.
        """
        items = tuple(_items(run))
        token = uuid.uuid4().hex
        self.job = Job(
            token,
            run.settlement.recipe(),
            self.by_what,
            items,
            {table.name: run.settlement.empty(table.name) for table in run.settlement.inputs},
            run.partitions,
            (run.folder.path / ".shuffle" / token).resolve(),
        )
        run.progress.stage("reading", len(items))
        reported: set[int] = set()
        with _plain():
            for batch in self.exchange.read(len(items), partial(read_items, self.job)):
                for piece in pieces_of(batch):
                    table = items[piece.item].table.name
                    if piece.kind == REFUSED:
                        refused.remember(table, read_stream(piece.payload))
                    elif piece.kind != REPORT or piece.partition != NOWHERE or piece.item in reported:
                        raise _untrue(f"part {piece.item + 1} of the input was reported twice, or as {piece.kind}")
                    else:
                        reported.add(piece.item)
                        self._learn(run, table, json.loads(piece.payload))
                        run.progress.step()
        if len(reported) != len(items):
            raise _untrue(f"{len(reported)} of {len(items)} parts of the input were reported")
        run.progress.end()
        run.settlement.freeze(run.problems)

    def _learn(self, run: Run, table: str, content: dict[str, Any]) -> None:
        run.books.read(table, content["rows"], content["sums"])
        run.settlement.learn(content["learned"])
        for partition, (count, rows) in content["pieces"]:
            tables = self.expected.setdefault(partition, {})
            before = tables.get(table, (0, 0))
            tables[table] = before[0] + count, before[1] + rows

    def settle(self, run: Run, partitions: Sequence[int], done: Done) -> None:
        """Have partitions settled, and name their files as receipts come in.

        Raises
        ------
        RunError
            The engine cannot be trusted, or failed.
        """
        self._drafts = self.job.drafts
        self._drafts.mkdir(parents=True)
        frozen = Frozen(run.settlement.learned(), self.expected)
        receipts = _Receipts(run, done)
        for partition in partitions:
            if partition not in self.expected:
                settle_one(self.job, frozen, partition, [])
        busy = [partition for partition in partitions if partition in self.expected]
        with ThreadPoolExecutor(1, "exchange") as pool, _plain():
            work = partial(settle_pieces, self.job, frozen)
            job = pool.submit(self.exchange.settle, busy, run.partitions, work) if busy else pool.submit(int)
            try:
                while not wait([job], _POLL_SECONDS).done:
                    receipts.collect(self._drafts)
            except BaseException:
                self.exchange.stop()
                raise
            receipts.collect(self._drafts)  # also of a job that failed: what is settled is settled
            settled = job.result()
        left = sorted(set(partitions) - receipts.done)
        if left or settled != len(busy):
            raise _untrue(f"{settled} of {len(busy)} partitions were settled; without a receipt: {left[:10]}")


class _Receipts:
    """Names the files of settled partitions, each once: a task may have run more than once."""

    def __init__(self, run: Run, done: Done) -> None:
        self.run, self.tell = run, done
        self.done: set[int] = set()
        self._seen: set[str] = set()
        self._files: dict[int, list[Written]] = {}

    def collect(self, drafts: Path) -> None:
        """Take up receipts that have come since."""
        for path in files_in(drafts, "receipt-*"):
            if path.name not in self._seen:
                self._seen.add(path.name)
                self._take(path)

    def _take(self, path: Path) -> None:
        partition, files, kept = receipt_of(path)
        written = [file for _, file in files]
        if self._files.setdefault(partition, written) != written:
            raise _untrue(f"partition {partition} was settled twice, with different results")
        if partition not in self.done:
            self.done.add(partition)
            for draft, file in files:
                self.run.folder.adopt(path.with_name(draft), file)
            self.tell(partition, kept, tuple(written))
            self.run.progress.step()


@contextmanager
def _plain() -> Iterator[None]:
    """Let a worker's own words through, whatever an exchange wrapped them in."""
    try:
        yield
    except QingsuanError:
        raise
    except Exception as error:
        fault = fault_in(str(error))
        if fault is None:
            raise
        raise fault from error


def _items(run: Run) -> Iterator[Item]:
    """Parts of all files, and what of them is read."""
    for table in run.settlement.inputs:
        for source in run.inputs.of(table.name):
            columns, size = tuple(table.wanted(source.schema)), source.path.stat().st_size
            for chunk in chunks(source):
                yield Item(table, chunk, columns, size)


def _untrue(found: str) -> RunError:
    return RunError(
        "the engine",
        found=found,
        expected="every part read once, every partition settled",
        do="do not trust this engine; “qingsuan engine-selftest” shows what it does",
    )
