"""Settled rows read strictly, and added up by their keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.columns.cells import READERS, Cells, Torn
from qingsuan.columns.forms import form_of, quoted
from qingsuan.columns.months import months_of_days
from qingsuan.columns.rejects import REJECT_SCHEMA
from qingsuan.contents import content
from qingsuan.errors import InputError
from qingsuan.paid.columns import MONTH, column_of
from qingsuan.settlement import InputFile, Taken
from qingsuan.tables import Column

__all__ = ["CLAIMS", "Adding", "Sums"]

CLAIMS = "claims"
"""How many settled rows an internal row stands for."""

_MOST = 2**63 - 1
_AT_ONCE = 4096

Sums = dict[tuple[str, ...], list[int]]
"""By key: the number of claims, then the amounts in fen, in their order."""


@dataclass(frozen=True, slots=True)
class Adding:
    """How settled rows of a year are added up: by which keys (columns, or :data:`MONTH`), and which amounts."""

    year: int
    keys: tuple[str, ...]
    amounts: tuple[str, ...]

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns that are read."""
        names = [key for key in self.keys if key != MONTH]
        return tuple(column_of(name) for name in (*names, "benefit_date", *self.amounts))

    @property
    def internal(self) -> pa.Schema:
        """Internal rows: the keys, an absent one empty; how many settled rows they stand for; the amounts in fen."""
        names = (CLAIMS, *self.amounts)
        return pa.schema([*((key, pa.string()) for key in self.keys), *((name, pa.int64()) for name in names)])

    def take(self, batch: pa.RecordBatch, file: InputFile, first_row: int, torn: Sequence[Torn]) -> Taken:
        """Add a batch of settled rows up.

        Raises
        ------
        InputError
            A row is not as a settlement of the year writes it: what it stands for is money that was paid.
        """
        if torn:
            raise _untrusted(file, first_row + torn[0].row, torn[0].column, content(torn[0].found), torn[0].expected)
        nothing = pa.nulls(batch.num_rows)
        cells = {
            column.name: READERS[column.kind](batch[column.name] if column.name in batch.schema.names else nothing)
            for column in self.columns
        }
        for column in self.columns:
            self._check(column, cells[column.name], batch, file, first_row)
        keys = [_month(cells["benefit_date"], self.year) if key == MONTH else _text(cells[key]) for key in self.keys]
        amounts = [pa.array(np.ascontiguousarray(cells[name].values, np.int64)) for name in self.amounts]
        rows = pa.table([*keys, *amounts], names=[*self.keys, *self.amounts])
        grouped = rows.group_by(list(self.keys), use_threads=False).aggregate(
            [(self.keys[0], "count"), *((name, "sum") for name in self.amounts)]
        )
        names = (*self.keys, f"{self.keys[0]}_count", *(f"{name}_sum" for name in self.amounts))
        arrays = [
            grouped[name].combine_chunks().cast(field.type) for name, field in zip(names, self.internal, strict=True)
        ]
        taken = pa.RecordBatch.from_arrays(arrays, schema=self.internal)
        sums = {name: int(cells[name].values.sum()) for name in self.amounts}
        return Taken(taken, REJECT_SCHEMA.empty_table(), {CLAIMS: batch.num_rows, **sums})

    def added_up(self, tables: Iterable[pa.Table]) -> Sums:
        """Internal rows added up by their keys, in the order of these."""
        found: Sums = {}
        for key, row in self.each(tables):
            mine = found.get(key)
            found[key] = row if mine is None else [one + more for one, more in zip(mine, row, strict=True)]
        return dict(sorted(found.items()))

    def each(self, tables: Iterable[pa.Table]) -> Iterator[tuple[tuple[str, ...], list[int]]]:
        """Internal rows one by one: the key, and the numbers; only a few of them are in memory as Python has them."""
        names = (*self.keys, CLAIMS, *self.amounts)
        for table in tables:
            for batch in table.select(names).to_batches(_AT_ONCE):
                for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    yield row[: len(self.keys)], list(row[len(self.keys) :])

    def grouped(self, table: pa.Table) -> pa.Table:
        """Internal rows added up by whole columns; as they are, where a sum could leave 64 bits."""
        if not _is_bounded(table, self.amounts):
            return table
        names = (CLAIMS, *self.amounts)
        grouped = table.group_by(list(self.keys), use_threads=False).aggregate([(name, "sum") for name in names])
        return grouped.select([*self.keys, *(f"{name}_sum" for name in names)]).rename_columns([*self.keys, *names])

    def _check(self, column: Column, mine: Cells, batch: pa.RecordBatch, file: InputFile, first_row: int) -> None:
        """Every cell is there and of its form, no amount is negative, every date is of the year."""
        wrong = mine.absent.copy() if column.must else np.zeros(batch.num_rows, np.bool_)
        for mask in mine.faults.values():
            wrong |= mask
        expected = form_of(column)
        if column.kind == "money":
            wrong |= mine.values < 0
            expected = f"{expected}, not negative"
        elif column.kind == "date":
            years = mine.values.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
            wrong |= years != self.year
            expected = f"a day of {self.year}, the year that is settled, as YYYY-MM-DD"
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            found = "nothing" if mine.absent[row] else quoted(batch[column.name][row])
            raise _untrusted(file, first_row + row, column.name, found, expected)


def _is_bounded(table: pa.Table, amounts: Sequence[str]) -> bool:
    """Whether no sum of an amount over all rows can leave 64 bits."""
    return all((pc.max(table[name]).as_py() or 0) * table.num_rows <= _MOST for name in amounts)


def _text(cells: Cells) -> pa.Array:
    return cells.values.cast(pa.string())


def _month(cells: Cells, year: int) -> pa.Array:
    """The months of days of a year, such as 2022-03."""
    months = [f"{year}-{month:02d}" for month in range(1, 13)]
    return pa.array(months, pa.string()).take(pa.array(months_of_days(cells.values) % 100 - 1))


def _untrusted(file: InputFile, row: int, column: str, found: str, expected: str) -> InputError:
    return InputError(
        f"{file.where}: row {row + 1}: {column or 'the row'}",
        found=found,
        expected=expected,
        do="give the folder of the finished settlement as the run wrote it: what stands there was paid",
    )
