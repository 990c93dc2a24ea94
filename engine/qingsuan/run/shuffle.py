"""Rows on their way to their partition: kept in memory within a budget, beyond it on disk, in Arrow's own format."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.ipc

from qingsuan.errors import RunError
from qingsuan.people import Texts, partition_of, spread
from qingsuan.rows import Taker

__all__ = ["Shuffle"]


class Shuffle:
    """Collects batches by partition. Threads may add side by side; what is taken out is in no particular order.

    Parameters
    ----------
    partitions
        How many partitions.
    budget_bytes
        What may stay in memory.
    folder
        Where the rest goes; made when it is needed, removed at the end.
    """

    def __init__(self, partitions: int, budget_bytes: int, folder: Path) -> None:
        self.partitions, self.budget_bytes, self.folder = partitions, budget_bytes, folder
        self.spilled_bytes = 0
        self._held: list[list[pa.RecordBatch]] = [[] for _ in range(partitions)]
        self._held_bytes = 0
        self._writers: dict[int, pa.ipc.RecordBatchStreamWriter] = {}
        self._lock = threading.Lock()
        self._schema: pa.Schema | None = None

    def add(self, batch: pa.RecordBatch, key: str = "psn_no") -> None:
        """Send a batch's rows to the partitions of their people."""
        if batch.num_rows == 0:
            with self._lock:
                self._schema = self._schema or batch.schema
            return
        if self.partitions == 1:
            pieces = [(0, batch)]
        else:
            texts = Texts.of(batch.column(key))
            starts, rows = spread(partition_of(texts, self.partitions), self.partitions)
            ordered = self._ordered(batch, rows, {key: texts})
            pieces = [
                (p, ordered.slice(int(starts[p]), int(starts[p + 1] - starts[p])))
                for p in range(self.partitions)
                if starts[p + 1] > starts[p]
            ]
        with self._lock:
            self._schema = self._schema or batch.schema
            for partition, piece in pieces:
                self._held[partition].append(piece)
            self._held_bytes += batch.nbytes
            if self._held_bytes > self.budget_bytes:
                self._spill()

    @staticmethod
    def _ordered(batch: pa.RecordBatch, rows: npt.NDArray[np.int32], hashed: dict[str, Texts]) -> pa.RecordBatch:
        """The batch's rows in another order; moved as plain memory where no column has nulls or another shape."""
        plain = (pa.types.is_string(column.type) or pa.types.is_signed_integer(column.type) for column in batch.columns)
        if all(plain) and not any(column.null_count for column in batch.columns):
            return Taker(rows, batch.num_rows).batch(batch, hashed)
        return batch.take(pa.array(rows))

    def _spill(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for partition, batches in enumerate(self._held):
                if not batches:
                    continue
                if partition not in self._writers:
                    path = self.folder / f"{partition:05d}.arrows"
                    self._writers[partition] = pa.ipc.new_stream(path, batches[0].schema)
                # many small pieces are joined first: each batch of a file costs as much as some thousand rows
                self._writers[partition].write_table(pa.Table.from_batches(batches).combine_chunks())
                self._held[partition] = []
        except OSError as error:
            raise RunError(
                str(self.folder),
                found=f"rows could not be put aside: {error}",
                expected="room for the input a second time",
                do="make room, or give --memory more",
            ) from error
        self.spilled_bytes += self._held_bytes
        self._held_bytes = 0

    def close(self) -> None:
        """Everything has been added: finish the files."""
        for writer in self._writers.values():
            writer.close()

    def take(self, partition: int) -> pa.Table:
        """Take a partition's rows out; they are gone from here afterwards."""
        table = self.look(partition)
        self._held[partition] = []
        if partition in self._writers:
            (self.folder / f"{partition:05d}.arrows").unlink()
        return table

    def look(self, partition: int) -> pa.Table:
        """A partition's rows, which stay; everything has been added."""
        batches = self._held[partition]
        if partition in self._writers:
            with pa.ipc.open_stream(self.folder / f"{partition:05d}.arrows") as reader:
                batches = [*reader, *batches]
        if self._schema is None:
            raise ValueError("nothing was ever added, not even an empty batch")
        return pa.Table.from_batches(batches, self._schema)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if self.folder.exists():
            shutil.rmtree(self.folder)
