"""Counting heads over any number of rows in bounded memory: screened in one pass, spread by person, counted apart.

What is kept of a row is five small columns. They are spread over partitions by the hash of the person, on disk once
they are many; a partition holds every row of its persons, and is counted alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np
import pyarrow as pa

from qingsuan.people import Texts, partition_of, spread
from qingsuan.subsidies.counting import ROWS, Counted, Period, add, count
from qingsuan.subsidies.outcome import RowCounts
from qingsuan.subsidies.screening import Rejection, Screening

__all__ = ["Batch", "Partitions", "count_heads", "partitions_for", "rejected_schema", "rejected_table"]

BYTES_PER_PARTITION = 32 * 2**20
"""Of input files: about a million rows of Parquet, counted in some 200 MB."""

MAX_PARTITIONS = 512

_REASONS = pa.schema(
    [
        ("source_file", pa.string()),
        ("source_row", pa.int64()),
        ("code", pa.string()),
        ("column", pa.string()),
        ("found", pa.string()),
        ("expected", pa.string()),
    ]
)


class Batch(NamedTuple):
    """Some rows of a file: the file's name, the number of the first row in it (from 1), and the rows."""

    file: str
    first_row: int
    rows: pa.RecordBatch


def partitions_for(input_bytes: int) -> int:
    """How many partitions keep memory bounded for files of this size."""
    return min(MAX_PARTITIONS, 1 + input_bytes // BYTES_PER_PARTITION)


class Partitions:
    """Rows of persons spread by hash; one partition stays in memory, several are spilled to files in ``folder``."""

    def __init__(self, folder: Path, number: int) -> None:
        self._number = number
        self._files = [folder / f"heads-{index:05d}.arrow" for index in range(number)]
        self._kept: list[pa.RecordBatch] = []
        self._open = ExitStack()
        self._writers: list[pa.ipc.RecordBatchStreamWriter] = []

    def __enter__(self) -> Self:
        if self._number > 1:
            for file in self._files:
                sink = self._open.enter_context(pa.OSFile(str(file), "wb"))
                self._writers.append(self._open.enter_context(pa.ipc.new_stream(sink, ROWS)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()
        for file in self._files:
            file.unlink(missing_ok=True)

    def add(self, rows: pa.RecordBatch) -> None:
        """Put each row where its person belongs."""
        if rows.num_rows == 0:
            return
        if self._number == 1:
            self._kept.append(rows)
            return
        places = partition_of(Texts.of(rows["psn_no"]), self._number)
        starts, order = spread(places, self._number)
        sorted_rows = rows.take(pa.array(order))
        for index in np.flatnonzero(np.diff(starts)):
            self._writers[index].write_batch(
                sorted_rows.slice(int(starts[index]), int(starts[index + 1] - starts[index]))
            )

    def tables(self) -> Iterator[pa.Table]:
        """Each partition in turn, in the order of hashes; nothing can be added afterwards."""
        self._open.close()
        if self._number == 1:
            yield pa.Table.from_batches(self._kept, ROWS)
            return
        for file in self._files:
            with pa.memory_map(str(file)) as source:
                yield pa.ipc.open_stream(source).read_all()


def count_heads(
    batches: Iterable[Batch],
    screening: Screening,
    periods: tuple[Period, ...],
    partitions: Partitions,
    *,
    rejected: Callable[[Batch, tuple[Rejection, ...]], None],
    duplicates: Callable[[pa.Table], None],
) -> tuple[Counted, RowCounts]:
    """Screen every row, then count partition by partition.

    ``rejected`` gets each batch with its rejections; ``duplicates`` gets tables of
    :data:`qingsuan.subsidies.counting.DUPLICATES` in the order of hashes, whatever the number of partitions.

    Raises
    ------
    QingsuanError
        From :meth:`qingsuan.subsidies.screening.Screening.screen`.
    """
    rows_in = other_scheme = outside_year = 0
    codes: Counter[str] = Counter()
    for batch in batches:
        screened = screening.screen(batch.rows)
        rows_in += batch.rows.num_rows
        other_scheme += screened.other_scheme
        outside_year += screened.outside_year
        codes.update(rejection.code for rejection in screened.rejections)
        partitions.add(screened.rows)
        if screened.rejections:
            rejected(batch, screened.rejections)
    results = []
    for table in partitions.tables():
        result, twice = count(table, periods)
        results.append(result)
        if twice.num_rows:
            duplicates(twice)
    counted = add(results)
    rows = RowCounts(rows_in, counted.rows_counted, counted.rows_duplicate, other_scheme, outside_year, codes)
    return counted, rows


def rejected_schema(inputs: Iterable[pa.Schema]) -> pa.Schema:
    """Every column of any input file, as text, and then why the row is refused."""
    names = dict.fromkeys(_kept_name(name) for schema in inputs for name in schema.names)
    return pa.schema([*((name, pa.string()) for name in names), *_REASONS])


def rejected_table(batch: Batch, rejections: Iterable[Rejection], schema: pa.Schema) -> pa.Table:
    """The rejected rows whole, every column as text, with file, row, code, column, found and expected."""
    refused = list(rejections)
    taken = batch.rows.take(pa.array([rejection.row for rejection in refused], pa.int64()))
    columns = {_kept_name(name): _as_text(column) for name, column in zip(taken.schema.names, taken, strict=True)}
    reasons = {
        "source_file": [batch.file] * len(refused),
        "source_row": [batch.first_row + rejection.row for rejection in refused],
        **{name: [getattr(each, name) for each in refused] for name in ("code", "column", "found", "expected")},
    }
    columns |= {field.name: pa.array(reasons[field.name], field.type) for field in _REASONS}
    absent = pa.nulls(len(refused), pa.string())
    return pa.table([columns.get(name, absent) for name in schema.names], schema=schema)


def _kept_name(name: str) -> str:
    """An input column keeps its name unless the reasons have it."""
    return f"input_{name}" if name in _REASONS.names else name


def _as_text(column: pa.Array) -> pa.Array:
    try:
        return column.cast(pa.string())
    except pa.ArrowException:
        return pa.array([None if value is None else str(value) for value in column.to_pylist()], pa.string())
