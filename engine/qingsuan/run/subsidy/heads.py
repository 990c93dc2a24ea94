"""Counting heads over any number of rows in bounded memory: screened in one pass, spread by person, counted apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

import pyarrow as pa

from qingsuan.columns.cells import Torn
from qingsuan.run.inputs import as_text
from qingsuan.run.rejections.refused import REASON_COLUMNS
from qingsuan.run.shuffle import Shuffle
from qingsuan.run.subsidy.counted import CountedPartition
from qingsuan.subsidies.counting import ROWS, Counted, Period, add, count
from qingsuan.subsidies.employed import EMPLOYED
from qingsuan.subsidies.outcome import RowCounts
from qingsuan.subsidies.screening import Rejection, Screening

__all__ = ["Batch", "count_heads", "partitions_for", "rejected_schema", "rejected_table"]

ROWS_PER_PARTITION = 1_000_000
"""A partition of this size is counted in some 200 MB."""

_REASONS = pa.schema([(name, pa.int64() if name == "source_row" else pa.string()) for name in REASON_COLUMNS])


class Batch(NamedTuple):
    """Some rows of a file: the file's name, the number of the first row in it (from 1), the rows, and which are torn."""

    file: str
    first_row: int
    rows: pa.RecordBatch
    torn: tuple[Torn, ...] = ()


def partitions_for(rows: int) -> int:
    """How many partitions keep memory bounded for so many rows of input."""
    return 1 + rows // ROWS_PER_PARTITION


def count_heads(
    batches: Iterable[Batch],
    screening: Screening,
    periods: tuple[Period, ...],
    shuffle: Shuffle,
    employed: Shuffle,
    *,
    rejected: Callable[[Batch, tuple[Rejection, ...]], None],
    duplicates: Callable[[pa.Table], None],
    earlier: Callable[[int], CountedPartition | None] = lambda _: None,
    keep: Callable[[int, CountedPartition], None] = lambda *_: None,
) -> tuple[Counted, RowCounts]:
    """Screen every row, then count partition by partition; the five small columns that matter go through ``shuffle``.

    Rows of people insured as employees go through ``employed``, which has as many partitions.

    ``rejected`` gets each batch with its rejections; ``duplicates`` gets tables of
    :data:`qingsuan.subsidies.counting.DUPLICATES` in the order of hashes, whatever the number of partitions.

    ``earlier`` gives what a stopped run counted in a partition, if that can be used again; ``keep`` gets each of the others.

    Raises
    ------
    QingsuanError
        From :meth:`qingsuan.subsidies.screening.Screening.screen`.
    """
    rows_in = other_scheme = outside_year = 0
    codes: Counter[str] = Counter()
    shuffle.add(pa.RecordBatch.from_pylist([], ROWS))  # so that the columns are known even without a row
    employed.add(pa.RecordBatch.from_pylist([], EMPLOYED))
    for batch in batches:
        screened = screening.screen(batch.rows, batch.torn)
        rows_in += batch.rows.num_rows
        other_scheme += screened.other_scheme
        outside_year += screened.outside_year
        codes.update(rejection.code for rejection in screened.rejections)
        shuffle.add(screened.rows)
        employed.add(screened.employed)
        if screened.rejections:
            rejected(batch, screened.rejections)
    shuffle.close()
    employed.close()
    results = []
    for partition in range(shuffle.partitions):
        part = earlier(partition)
        if part is None:
            part = CountedPartition(*count(shuffle.take(partition), periods, employed.take(partition)))
            keep(partition, part)
        results.append(part.counted)
        duplicates(part.duplicates)
    counted = add(results)
    rows = RowCounts(rows_in, counted.rows_counted, counted.rows_duplicate, other_scheme, outside_year, codes)
    return counted, rows


def rejected_schema(inputs: Iterable[pa.Schema]) -> pa.Schema:
    """Why the row is refused, and then every column of any input file, as text."""
    names = dict.fromkeys(_kept_name(name) for schema in inputs for name in schema.names)
    return pa.schema([*_REASONS, *((name, pa.string()) for name in names)])


def rejected_table(batch: Batch, rejections: Iterable[Rejection], schema: pa.Schema) -> pa.Table:
    """The rejected rows whole, every column as text, with file, row, code, column, found and expected."""
    refused = list(rejections)
    taken = batch.rows.take(pa.array([rejection.row for rejection in refused], pa.int64()))
    columns = {_kept_name(name): as_text(column) for name, column in zip(taken.schema.names, taken, strict=True)}
    reasons = [
        (batch.file, batch.first_row + each.row, each.code, each.column, each.found, each.expected) for each in refused
    ]
    for field, values in zip(_REASONS, zip(*reasons, strict=True), strict=True):
        columns[field.name] = pa.array(values, field.type)
    absent = pa.nulls(len(refused), pa.string())
    return pa.table([columns.get(name, absent) for name in schema.names], schema=schema)


def _kept_name(name: str) -> str:
    """An input column keeps its name unless the reasons have it."""
    return f"input_{name}" if name in _REASONS.names else name
