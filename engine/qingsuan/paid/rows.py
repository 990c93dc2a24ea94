"""Settled rows read strictly, and added up by their keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from qingsuan.columns.cells import READERS, Cells, Torn
from qingsuan.columns.forms import form_of, quoted
from qingsuan.columns.rejects import REJECT_SCHEMA
from qingsuan.errors import InputError
from qingsuan.paid.columns import MONTH, column_of
from qingsuan.settlement import InputFile, Taken
from qingsuan.tables import Column

__all__ = ["CLAIMS", "Adding", "Sums"]

CLAIMS = "claims"
"""How many settled rows an internal row stands for."""

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
            raise _untrusted(file, first_row + torn[0].row, "", torn[0].found, torn[0].expected)
        nothing = pa.nulls(batch.num_rows)
        cells = {
            column.name: READERS[column.kind](batch[column.name] if column.name in batch.schema.names else nothing)
            for column in self.columns
        }
        for column in self.columns:
            self._check(column, cells[column.name], batch, file, first_row)
        keys = [_month(cells["benefit_date"]) if key == MONTH else _text(cells[key]) for key in self.keys]
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
        for table in tables:
            numbers = zip(*(table[name].to_pylist() for name in (CLAIMS, *self.amounts)), strict=True)
            for key, row in zip(zip(*(table[key].to_pylist() for key in self.keys), strict=True), numbers, strict=True):
                mine = found.setdefault(key, [0] * len(row))
                for place, number in enumerate(row):
                    mine[place] += number
        return dict(sorted(found.items()))

    def table(self, sums: Mapping[tuple[str, ...], Sequence[int]]) -> pa.Table:
        """Sums as internal rows."""
        rows = [(*key, *numbers) for key, numbers in sums.items()]
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(self.internal)
        return pa.table([list(column) for column in columns], schema=self.internal)

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


def _text(cells: Cells) -> pa.Array:
    return cells.values.cast(pa.string())


def _month(cells: Cells) -> pa.Array:
    """The months of days, such as 2022-03: each different one written once."""
    months, places = np.unique(cells.values.astype("datetime64[D]").astype("datetime64[M]"), return_inverse=True)
    return pa.array([str(month) for month in months], pa.string()).take(pa.array(places))


def _untrusted(file: InputFile, row: int, column: str, found: str, expected: str) -> InputError:
    return InputError(
        f"{file.where}: row {row + 1}: {column or 'the row'}",
        found=found,
        expected=expected,
        do="give the folder of the finished settlement as the run wrote it: what stands there was paid",
    )
