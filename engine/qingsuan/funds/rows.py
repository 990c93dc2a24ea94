"""A batch being read: its cells by column, and which rows are refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.columns.cells import READERS, Cells, Torn
from qingsuan.columns.forms import CODE_FORMS, form_of, reason
from qingsuan.columns.rejects import Refusals, Said
from qingsuan.columns.rows import recoded
from qingsuan.errors import InputError
from qingsuan.settlement import InputFile
from qingsuan.tables import Column

__all__ = ["Rows"]

Mask = npt.NDArray[np.bool_]


class Rows:
    """A batch being read: its cells by column, and which rows are refused."""

    def __init__(
        self,
        specs: Sequence[Column],
        batch: pa.RecordBatch,
        file: InputFile,
        first_row: int,
        torn: Sequence[Torn] = (),
    ) -> None:
        self.batch, self.file, self.size = batch, file, batch.num_rows
        self.specs = {spec.name: spec for spec in specs}
        places = np.arange(first_row, first_row + self.size, dtype=np.int64)
        self.refusals = Refusals(np.full(self.size, file.number, np.int32), places)
        self.refusals.add_torn(torn)
        self.cells: dict[str, Cells] = {
            name: READERS[spec.kind](batch[name] if name in batch.schema.names else pa.nulls(self.size))
            for name, spec in self.specs.items()
        }

    @property
    def good(self) -> Mask:
        """Which rows are not refused so far."""
        return ~self.refusals.refused

    def refuse(self, mask: Mask, code: str, column: str, expected: Said, found: Said | None = None) -> None:
        """Refuse rows; what was found is their cell unless it is given."""
        if mask.any():
            self.refusals.add(mask, code, column, self._shown(column) if found is None else found, expected)

    def _shown(self, column: str) -> Callable[[int], str]:
        cells, kind = self.batch[column], self.specs[column].kind
        return lambda row: reason(cells[row], kind)

    def check_forms(self) -> None:
        """Refuse rows without a cell that every row must have, and cells that are not of their column's form."""
        for name, spec in self.specs.items():
            if spec.must:
                self.refuse(self.cells[name].absent, "E_MISSING", name, f"a value: {spec.meaning}", "nothing")
            for code, mask in sorted(self.cells[name].faults.items()):
                self.refuse(mask, code, name, form_of(spec))
        if "insu_admdvs" not in self.specs:
            return
        areas = ~self.by_value("insu_admdvs", _is_area, np.bool_) & ~self.cells["insu_admdvs"].absent
        self.refuse(areas, "E_FORM", "insu_admdvs", CODE_FORMS["insu_admdvs"][1])

    def by_value(self, name: str, judge: Callable[[str], Any], dtype: Any) -> npt.NDArray[Any]:
        """What ``judge`` says of each row's text; it is asked once for each different one."""
        values = self.cells[name].values
        encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
        said = np.array([judge(text or "") for text in encoded.dictionary.to_pylist()], dtype)
        return recoded(encoded.indices, said) if len(said) else np.zeros(self.size, dtype)

    def said(self, name: str, judge: Callable[[str], str]) -> pa.Array:
        """What ``judge`` says of each row's text, as texts; it is asked once for each different one."""
        encoded = self.texts(name).dictionary_encode()
        return pa.array([judge(text) for text in encoded.dictionary.to_pylist()], pa.string()).take(encoded.indices)

    def texts(self, name: str) -> pa.Array:
        """A column of texts, empty where a cell is absent."""
        values = self.cells[name].values
        plain = values.dictionary_decode() if pa.types.is_dictionary(values.type) else values
        return pc.fill_null(plain.cast(pa.string()), "")

    def values(self, name: str) -> npt.NDArray[np.int64]:
        """A column of fen, or of days."""
        return np.asarray(self.cells[name].values)

    def trust(self) -> None:
        """Stop the run where a row is refused: this table must be trusted.

        Raises
        ------
        InputError
            One is.
        """
        found = self.refusals.table()
        if found.num_rows:
            first = found.sort_by("row").slice(0, 1).to_pylist()[0]
            raise InputError(
                f"{self.file.where}, row {first['row'] + 1}, {first['column']}",
                found=f"{first['code']}: {first['found']}",
                expected=first["expected"],
                do="give the folder of the finished settlement as it was written: what funds owe is not left out row by row",
            )


def _is_area(code: str) -> bool:
    return len(code) == 6 and code.isascii() and code.isdigit()
