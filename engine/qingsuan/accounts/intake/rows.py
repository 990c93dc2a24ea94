"""A batch being read: its cells by column, what is wrong with them, and which rows are refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.accounts.rule.model import MOST_BASE_FEN, MOST_OPENING_FEN
from qingsuan.columns.cells import NO_AMOUNT, NO_DATE, READERS, Cells, Torn, day_text, read_money
from qingsuan.columns.forms import form_of, reason
from qingsuan.columns.rejects import Refusals, Said
from qingsuan.columns.rows import recoded
from qingsuan.errors import InputError
from qingsuan.money import MAX_FEN, yuan
from qingsuan.settlement import InputFile
from qingsuan.tables import Column

__all__ = ["Rows", "filled"]

_MOST_FEN = {"cntr_base": MOST_BASE_FEN, "acct_balc": MOST_OPENING_FEN, "balc": MOST_OPENING_FEN}

Mask = npt.NDArray[np.bool_]


class Rows:
    """A batch being read: its cells by column, and its refusals."""

    def __init__(
        self, batch: pa.RecordBatch, specs: Sequence[Column], file: InputFile, first_row: int, torn: Sequence[Torn]
    ) -> None:
        self.batch, self.file, self._first_row = batch, file, first_row
        self.size = batch.num_rows
        self.refusals = Refusals(
            np.full(self.size, file.number, np.int32), np.arange(first_row, first_row + self.size, dtype=np.int64)
        )
        self._specs = {spec.name: spec for spec in specs if spec.name in batch.schema.names}
        self._cells = {name: _read(spec, batch.column(name)) for name, spec in self._specs.items()}
        self.refusals.add_torn(torn)

    @property
    def good(self) -> Mask:
        """Which rows are not refused so far."""
        return ~self.refusals.refused

    def refuse(self, mask: Mask, code: str, column: str, expected: str, found: Said | None = None) -> None:
        """Refuse rows; what was found is their cell of the column unless it is given."""
        if mask.any():
            self.refusals.add(mask, code, column, self.batch.column(column) if found is None else found, expected)

    def refuse_void(self) -> None:
        """Refuse rows that the platform holds void (有效标志): before anything else is looked at."""
        if "vali_flag" in self._cells:
            cells = self._cells["vali_flag"]
            void = (cells.values == 0) & ~cells.absent & ~_any(cells.faults.values(), self.size)
            self.refuse(void, "E_VOID", "vali_flag", "1, or nothing: a void row decides nothing")

    def refuse_forms(self) -> None:
        """Refuse rows without a cell that every row must have, and cells that are not written as their column is."""
        for name, spec in self._specs.items():
            if spec.must:
                self.refuse(self._cells[name].absent, "E_MISSING", name, f"a value: {spec.meaning}", "nothing")
        for name, spec in self._specs.items():
            for code, mask in sorted(self._cells[name].faults.items()):
                self.refuse(mask, code, name, _expected(code, spec), self._shown(name))

    def refuse_negative(self, *names: str) -> None:
        """Refuse amounts below 0."""
        for name in names:
            self.refuse(self.values(name) < 0, "E_NEGATIVE", name, "an amount that is not negative", self._shown(name))

    def trust(self) -> None:
        """Stop the run where a row is refused: this table must be trusted."""
        found = self.refusals.table()
        if found.num_rows:
            first = found.sort_by("row").slice(0, 1).to_pylist()[0]
            raise InputError(
                f"{self.file.where}, row {first['row'] + 1}, {first['column']}",
                found=f"{first['code']}: {first['found']}",
                expected=first["expected"],
                do="correct the table: what it says of money that is there, or was paid, is not left out row by row",
            )

    def day_of(self, name: str) -> Callable[[int], str]:
        """How the date of a row is shown."""
        days = self.values(name)
        return lambda row: day_text(int(days[row]))

    def absent(self, name: str) -> Mask:
        """Where a cell, or the whole column, is absent."""
        return self._cells[name].absent if name in self._cells else np.ones(self.size, np.bool_)

    def values(self, name: str) -> npt.NDArray[Any]:
        """A column as numbers: fen, days, flags; 0, or no date, where a cell is absent."""
        if name in self._cells:
            values: npt.NDArray[Any] = self._cells[name].values
            return values
        absent = {"retire_date": NO_DATE, "brdy": NO_DATE, "enddate": NO_DATE, "begndate": NO_DATE}
        dtype = np.int32 if name in absent else np.int64
        return np.full(self.size, absent.get(name, 0), dtype)

    def amounts(self, name: str) -> npt.NDArray[np.int64]:
        """A column of fen; ``NO_AMOUNT`` where a cell is absent."""
        return np.where(self.absent(name), np.int64(NO_AMOUNT), self.values(name))

    def ids(self, name: str) -> pa.Array:
        """A column of texts, empty where a cell is absent."""
        if name not in self._cells:
            return pa.array([""] * self.size, pa.string())
        return filled(self._cells[name])

    def by_value(self, name: str, judge: Callable[[str], int], dtype: Any) -> npt.NDArray[Any]:
        """What ``judge`` says of each row's text; it is asked once for each different one."""
        values = self._cells[name].values
        encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
        said = np.array([judge(text) for text in encoded.dictionary.to_pylist()], dtype)
        return recoded(encoded.indices, said) if len(said) else np.zeros(self.size, dtype)

    def _shown(self, name: str) -> Callable[[int], str]:
        cells, kind = self.batch.column(name) if name in self._specs else None, self._specs.get(name)
        return lambda row: reason(cells[row], kind.kind) if cells is not None and kind is not None else ""


def filled(cells: Cells) -> pa.Array:
    """Texts as one plain array, empty where a cell is absent; rows of those of no good form are refused."""
    values = cells.values.dictionary_decode() if pa.types.is_dictionary(cells.values.type) else cells.values
    return values.cast(pa.string())


def _read(spec: Column, column: pa.Array) -> Cells:
    if spec.kind == "money":
        return read_money(column, _MOST_FEN.get(spec.name, MAX_FEN))
    return READERS[spec.kind](column)


def _expected(code: str, spec: Column) -> str:
    if code == "E_SCALE":
        return "an amount in yuan with at most two decimals; amounts are never rounded on the way in"
    if code == "E_RANGE":
        return f"an amount of at most {yuan(_MOST_FEN.get(spec.name, MAX_FEN))} yuan"
    return form_of(spec)


def _any(masks: Iterable[Mask], size: int) -> Mask:
    found = np.zeros(size, np.bool_)
    for mask in masks:
        found |= mask
    return found
