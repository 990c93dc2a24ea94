"""A batch being read: its cells by column, what is wrong with them, and which rows are refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.columns.cells import READERS, Torn
from qingsuan.columns.forms import form_of, reason
from qingsuan.columns.rejects import Refusals
from qingsuan.money import MAX_FEN, yuan
from qingsuan.tables import Column

__all__ = ["Batch"]

Mask = npt.NDArray[np.bool_]


class Batch:
    """The rows of a batch. Every fault of a cell is known when it is made; what only columns together show, is added.

    Parameters
    ----------
    file, first_row
        The number of the file that the batch comes from, and of its first row there.

    Attributes
    ----------
    refusals : rows that are refused so far.
    """

    def __init__(
        self, batch: pa.RecordBatch, columns: Sequence[Column], file: int, first_row: int, torn: Sequence[Torn]
    ) -> None:
        self.batch, self.size = batch, batch.num_rows
        rows = np.arange(first_row, first_row + self.size, dtype=np.int64)
        self.refusals = Refusals(np.full(self.size, file, np.int32), rows)
        there = {one.name: one for one in columns if one.name in batch.schema.names}
        self._cells = {name: READERS[one.kind](batch.column(name)) for name, one in there.items()}
        self.refusals.add_torn(torn)
        for name, one in there.items():
            if one.must:
                self.refusals.add(
                    self._cells[name].absent, "E_MISSING", name, "nothing", f"a value in every row: {one.meaning}"
                )
        for name, one in there.items():
            for code, mask in sorted(self._cells[name].faults.items()):
                self.refusals.add(mask, code, name, self._shown(name, one), _expected(code, one))

    def _shown(self, name: str, column: Column) -> Callable[[int], str]:
        cells = self.batch.column(name)
        return lambda row: reason(cells[row], column.kind)

    @property
    def good(self) -> Mask:
        """Which rows are not refused so far."""
        return ~self.refusals.refused

    def values(self, name: str) -> npt.NDArray[Any]:
        """A column as numbers: fen, days, microseconds; 0 where a column is not there."""
        return self._cells[name].values if name in self._cells else np.zeros(self.size, np.int64)

    def absent(self, name: str) -> Mask:
        """Where a cell, or the whole column, is absent."""
        return self._cells[name].absent if name in self._cells else np.ones(self.size, np.bool_)

    def codes(self, name: str) -> pa.DictionaryArray:
        """A column of texts by its different ones, empty where a cell is absent."""
        if name not in self._cells:
            return pa.array([""] * self.size, pa.string()).dictionary_encode()
        values = self._cells[name].values
        return values if pa.types.is_dictionary(values.type) else values.cast(pa.string()).dictionary_encode()

    def texts(self, name: str) -> pa.Array:
        """A column of texts, one for each row."""
        values = self._cells[name].values if name in self._cells else pa.array([""] * self.size, pa.string())
        return (values.dictionary_decode() if pa.types.is_dictionary(values.type) else values).cast(pa.string())

    def refuse_negative(self, *names: str) -> None:
        """Refuse amounts below 0."""
        for name in names:
            self.refuse(self.values(name) < 0, "E_NEGATIVE", name, "an amount that is not negative")

    def refuse(self, mask: Mask, code: str, column: str, expected: str) -> None:
        """Refuse rows for what stands in a column."""
        if mask.any():
            shown = self.batch.column(column)
            self.refusals.add(mask, code, column, lambda row: str(shown[row]), expected)


def _expected(code: str, column: Column) -> str:
    if code == "E_SCALE":
        return "an amount in yuan with at most two decimals; amounts are never rounded on the way in"
    if code == "E_RANGE":
        return f"an amount of at most {yuan(MAX_FEN)} yuan"
    return form_of(column)
