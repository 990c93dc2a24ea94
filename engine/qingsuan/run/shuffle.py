"""Rows on their way to their partition: kept in memory within a budget, beyond it on disk, in Arrow's own format."""

from __future__ import annotations

import shutil
import threading
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.ipc

from qingsuan.columns.rows import Taker, numbers
from qingsuan.errors import InputError, RunError
from qingsuan.people import Texts, partition_of, spread
from qingsuan.run.folder.disk import reading_again
from qingsuan.run.folder.known import MOST_PARTITIONS
from qingsuan.run.inputs import Source
from qingsuan.run.threads import in_threads

__all__ = ["Budget", "Shuffle", "partitions_within"]


_COMPRESSED = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
"""Half the bytes for a disk that is slower than this is to pack and unpack."""

_SPILLED_AT_ONCE = 8
"""One byte in so many that wait goes to disk at once, until more went there than may wait."""


def partitions_within(needed: int, sources: Iterable[Source]) -> int:
    """How many partitions the rows of these files need; their number is what the files say of themselves.

    Raises
    ------
    InputError
        It is more than a run has.
    """
    if needed <= MOST_PARTITIONS:
        return needed
    largest = max(sources, key=lambda source: source.rows)
    raise InputError(
        str(largest.path),
        found=f"it says that it has {largest.rows} rows",
        expected=f"so many in all that {MOST_PARTITIONS} partitions hold them, not {needed}",
        do="write the file again; if it really has so many, cut the year by person into several runs",
    )


def _hashed(column: pa.Array) -> Texts:
    """A column of keys as texts with hashes; of numbers the hashes alone, which they are themselves."""
    if not pa.types.is_int64(column.type):
        return Texts.of(column)
    return Texts(np.zeros(1, np.int32), np.zeros(0, np.uint8), numbers(column).view(np.uint64))


@contextmanager
def _putting_aside(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RunError(
            str(folder),
            found=f"rows could not be put aside: {error}",
            expected="room for the input a second time",
            do="make room, or give --memory more",
        ) from error


class Budget:
    """What waiting rows may take of memory, in all shuffles that share it: beyond it, rows of the one that holds most go to disk.

    Parameters
    ----------
    size_bytes
    workers
        How many threads put rows aside while those that add wait.
    open_files
        How many files of rows put aside may stay open between two writes to them, in all shuffles together.

    Attributes
    ----------
    lock : held while rows are added to, taken from, or put aside by any of the shuffles.
    """

    def __init__(self, size_bytes: int, workers: int = 1, open_files: int = 256) -> None:
        self.size_bytes, self.workers = size_bytes, workers
        self.lock = threading.Lock()
        self._shuffles: list[Shuffle] = []
        self._left_open, self._counting = open_files, threading.Lock()

    def may_stay_open(self) -> bool:
        """Whether one more file may stay open; it counts from then on."""
        with self._counting:
            if self._left_open <= 0:
                return False
            self._left_open -= 1
            return True

    def share(self, shuffle: Shuffle) -> None:
        """Let one more shuffle live on this budget."""
        self._shuffles.append(shuffle)

    @property
    def held_bytes(self) -> int:
        """What waiting rows take of memory now."""
        return sum(shuffle.held_bytes for shuffle in self._shuffles)

    def shrink(self, size_bytes: int) -> None:
        """Let waiting rows take no more than this from now on."""
        with self.lock:
            self.size_bytes = min(self.size_bytes, size_bytes)
            self.keep()

    def keep(self) -> None:
        """Put rows aside until the others fit. Called under the lock."""
        while self.held_bytes > self.size_bytes:
            max(self._shuffles, key=lambda shuffle: shuffle.held_bytes).spill()


class _Piece(NamedTuple):
    """The rows of a batch that are of one partition; ``batch`` counts those that were added."""

    batch: int
    rows: pa.RecordBatch
    size_bytes: int


class _Aside:
    """A file of rows put aside, being written."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._file = pa.OSFile(str(path), "wb")
        self._writer = pa.ipc.new_stream(self._file, schema, options=_COMPRESSED)

    def write(self, table: pa.Table) -> None:
        """Write rows."""
        self._writer.write_table(table)

    def close(self) -> None:
        """Finish it; it may be finished already."""
        if self._file.closed:
            return
        try:
            self._writer.close()
        finally:
            self._file.close()


class Shuffle:
    """Collects batches by partition. Threads may add side by side; what is taken out is in no particular order.

    Parameters
    ----------
    partitions
        How many partitions.
    budget
        What may stay in memory, perhaps with others.
    folder
        Where the rest goes; made when it is needed, removed at the end.

    Attributes
    ----------
    held_bytes, spilled_bytes : what waits in memory, and what was put aside so far.
    rows_of, bytes_of : (partitions,) int64, how many rows each partition was sent so far, and what they take as they wait.
    """

    def __init__(self, partitions: int, budget: Budget, folder: Path) -> None:
        self.partitions, self.folder = partitions, folder
        self.spilled_bytes = self.held_bytes = 0
        self._held: list[list[_Piece]] = [[] for _ in range(partitions)]
        self._batch_bytes: deque[int] = deque()
        self._first_batch = 0
        self._bytes = np.zeros(partitions, np.int64)
        self.rows_of, self.bytes_of = np.zeros(partitions, np.int64), np.zeros(partitions, np.int64)
        self._files: dict[int, list[Path]] = {}
        self._open: dict[int, _Aside] = {}
        self._schema: pa.Schema | None = None
        self._budget = budget
        budget.share(self)

    @property
    def has_columns(self) -> bool:
        """Whether a batch was added, be it one without rows."""
        return self._schema is not None

    def add(self, batch: pa.RecordBatch, key: str = "psn_no") -> None:
        """Send a batch's rows to the partitions of their people."""
        if batch.num_rows == 0:
            with self._budget.lock:
                self._schema = self._schema or batch.schema
            return
        pieces = self._pieces(batch, key)
        row_bytes = -(-batch.nbytes // batch.num_rows)
        with self._budget.lock:
            self._schema = self._schema or batch.schema
            number = self._first_batch + len(self._batch_bytes)
            self._batch_bytes.append(batch.num_rows * row_bytes)
            for partition, rows in pieces:
                piece = _Piece(number, rows, rows.num_rows * row_bytes)
                self._held[partition].append(piece)
                self._bytes[partition] += piece.size_bytes
                self.rows_of[partition] += rows.num_rows
                self.bytes_of[partition] += piece.size_bytes
            self.held_bytes = int(self._bytes.sum())
            self._budget.keep()

    def _pieces(self, batch: pa.RecordBatch, key: str) -> list[tuple[int, pa.RecordBatch]]:
        """The batch cut by partition; rows that come partition after partition already are not moved."""
        if self.partitions == 1:
            return [(0, batch)]
        texts = _hashed(batch.column(key))
        partitions = partition_of(texts, self.partitions)
        if (partitions[1:] >= partitions[:-1]).all():
            starts = np.searchsorted(partitions, np.arange(self.partitions + 1))
        else:
            starts, rows = spread(partitions, self.partitions)
            batch = self._ordered(batch, rows, {key: texts} if len(texts) else {})
        return [
            (int(p), batch.slice(int(starts[p]), int(starts[p + 1] - starts[p])))
            for p in np.flatnonzero(np.diff(starts))
        ]

    @staticmethod
    def _ordered(batch: pa.RecordBatch, rows: npt.NDArray[np.int32], hashed: dict[str, Texts]) -> pa.RecordBatch:
        """The batch's rows in another order; moved as plain memory where no column has nulls or another shape."""
        plain = (pa.types.is_string(column.type) or pa.types.is_signed_integer(column.type) for column in batch.columns)
        if all(plain) and not any(column.null_count for column in batch.columns):
            return Taker(rows, batch.num_rows).batch(batch, hashed)
        return batch.take(pa.array(rows))

    def spill(self) -> None:
        """Put the oldest batches held aside, or all once most rows are there. Called under the budget's lock.

        Of rows that hardly exceed the budget most never leave memory. Batches go whole, since all pieces of one are slices of the
        same memory: it is given back with the last of them.

        Raises
        ------
        RunError
            There is no room.
        """
        self._spill(self.held_bytes if self._is_mostly_aside else self.held_bytes // _SPILLED_AT_ONCE)

    @property
    def _is_mostly_aside(self) -> bool:
        return self.spilled_bytes > self._budget.size_bytes

    def _spill(self, size_bytes: int) -> None:
        """Put so much aside at least, the oldest batches first."""
        freed = 0
        while self._batch_bytes and freed <= size_bytes:
            freed += self._batch_bytes.popleft()
            self._first_batch += 1
        with _putting_aside(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            for _ in in_threads(self._put_aside, range(self.partitions), self._budget.workers):
                continue
        self.spilled_bytes += self.held_bytes - int(self._bytes.sum())
        self.held_bytes = int(self._bytes.sum())

    def _put_aside(self, partition: int) -> None:
        """Put the pieces of a partition aside that are of batches no longer held."""
        held = self._held[partition]
        oldest = held[: bisect_left(held, self._first_batch, key=lambda piece: piece.batch)]
        if not oldest:
            return
        file = self._open.get(partition) or self._begun(partition, oldest[0].rows.schema)
        # many small pieces are joined first: each batch of a file costs as much as some thousand rows
        file.write(pa.Table.from_batches([piece.rows for piece in oldest]).combine_chunks())
        if partition not in self._open:
            file.close()
        self._held[partition] = held[len(oldest) :]
        self._bytes[partition] -= sum(piece.size_bytes for piece in oldest)

    def _begun(self, partition: int, schema: pa.Schema) -> _Aside:
        """A partition's next file; it stays open for what comes later if one more may."""
        files = self._files.setdefault(partition, [])
        files.append(self.folder / f"{partition:05d}-{len(files)}.arrows")
        file = _Aside(files[-1], schema)
        if self._budget.may_stay_open():
            self._open[partition] = file
        return file

    def close(self) -> None:
        """Everything has been added: finish the files. Where most rows are there, the others go too: memory is needed now."""
        with self._budget.lock:
            if self._is_mostly_aside and self.held_bytes:
                self.spill()
            with _putting_aside(self.folder):
                self._end_files()

    def _end_files(self) -> None:
        while self._open:
            self._open.popitem()[1].close()

    def take(self, partition: int) -> pa.Table:
        """Take a partition's rows out; they are gone from here afterwards.

        Whatever else needs memory by then may put rows aside at any moment, so a partition is taken out before its files are read.
        """
        with self._budget.lock:
            files, held = self._of(partition)
            self._held[partition] = []
            self._bytes[partition] = 0
            self.held_bytes = int(self._bytes.sum())
        table = self._table(files, held)
        for path in files:
            with reading_again(path):
                path.unlink()
        return table

    def look(self, partition: int) -> pa.Table:
        """A partition's rows, which stay; everything has been added."""
        with self._budget.lock:
            files, held = self._of(partition)
        return self._table(files, held)

    def _of(self, partition: int) -> tuple[list[Path], list[_Piece]]:
        """Where a partition's rows are: in files, which are finished, and in memory. Called under the budget's lock."""
        if partition in self._open:
            with _putting_aside(self.folder):
                self._open.pop(partition).close()
        return [*self._files.get(partition, ())], self._held[partition]

    def _table(self, files: Sequence[Path], held: Sequence[_Piece]) -> pa.Table:
        batches: list[pa.RecordBatch] = []
        for path in files:
            with reading_again(path), pa.ipc.open_stream(path) as reader:
                batches += reader
        batches += [piece.rows for piece in held]
        if self._schema is None:
            raise ValueError("nothing was ever added, not even an empty batch")
        return pa.Table.from_batches(batches, self._schema)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(
            OSError
        ):  # whatever stopped the run is told, and what is left here goes with the folder's other rest
            self._end_files()
        shutil.rmtree(self.folder, ignore_errors=True)
