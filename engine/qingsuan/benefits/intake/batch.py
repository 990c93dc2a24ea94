"""One batch being read: its cells by column, what is wrong with them, and what is made of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.columns.cells import (
    READERS,
    Cells,
    Torn,
    decimals,
    read_money,
)
from qingsuan.columns.forms import CODE_FORMS, form_of, form_of_kind, reason
from qingsuan.columns.pieces import Pieces
from qingsuan.columns.rejects import Refusals, Said
from qingsuan.columns.rows import arrow
from qingsuan.money import MAX_FEN, yuan
from qingsuan.settlement import Taken
from qingsuan.tables import BILL, PAID_COLUMNS, Column

__all__ = ["Mask", "Rows"]

Mask = npt.NDArray[np.bool_]

_EXPECTED = {
    "E_SCALE": "an amount in yuan with at most two decimals; amounts are never rounded on the way in",
    "E_RANGE": f"an amount in yuan of at most {yuan(MAX_FEN)}, in either direction",
}


class Rows:
    """One batch being read: its cells by column, its refusals."""

    def __init__(self, batch: pa.RecordBatch, columns: Sequence[Column], pieces: Pieces, torn: Sequence[Torn]) -> None:
        self.batch, self.pieces = batch, pieces
        self.size = batch.num_rows
        self.columns = columns
        self.refusals = Refusals(pieces.files_of(self.size), pieces.rows_of(self.size))
        self.cells = {
            column.name: READERS[column.kind](batch.column(column.name)) if column.name in batch.schema.names else None
            for column in columns
        }
        if torn:  # of rows with too few or too many cells nothing is known, not even whether they are void
            self.refusals.add_torn([one for one in torn if not one.column])
        self._unfit = [one for one in torn if one.column]

    def refuse(self, mask: Mask, code: str, column: str, expected: str, found: Said | None = None) -> None:
        """Refuse rows; what was found is their cell of the column unless it is given."""
        if mask.any():
            self.refusals.add(mask, code, column, self.batch.column(column) if found is None else found, expected)

    def refuse_void(self) -> None:
        """Refuse rows that the platform holds void (有效标志): before anything else is looked at."""
        void = self.ints("vali_flag", np.int8, 1) == 0
        cells = self.cells["vali_flag"]
        if cells is not None and void.any():
            void &= ~cells.absent
            for faulty in cells.faults.values():
                void &= ~faulty
            self.refuse(void, "E_VOID", "vali_flag", "1, or nothing: a void row decides nothing")

    def refuse_missing(self) -> None:
        """Refuse rows with a cell that is not written as an intake file says; then those without one that every row must have."""
        self.refusals.add_torn(self._unfit)
        for column in self.columns:
            cells = self.cells[column.name]
            if column.must and cells is not None and cells.absent.any():
                self.refuse(cells.absent, "E_MISSING", column.name, f"a value: {column.meaning}", "nothing")

    def refuse_forms(self) -> None:
        """Refuse cells that are not written as their column is; the cell is shown with what cannot be seen in it."""
        for column in self.columns:
            cells = self.cells[column.name]
            if cells is not None and "E_FORM" in cells.faults:
                shown = self.shown(column.name, column.kind)
                self.refuse(cells.faults["E_FORM"], "E_FORM", column.name, form_of(column), shown)

    def shown(self, column: str, kind: str) -> Callable[[int], str]:
        """How the cell of a row is shown where its form is wrong."""
        cells = self.batch.column(column)
        return lambda row: reason(cells[row], kind)

    def refuse_faults(self, code: str) -> None:
        """Refuse rows with a cell whose reader found this fault."""
        for column in self.columns:
            cells = self.cells[column.name]
            if cells is not None and code in cells.faults:
                self.refuse(cells.faults[code], code, column.name, _EXPECTED[code])

    def refuse_own_amounts(self, name: str, mine: Mask) -> Cells:
        """Read a plugin's column of yuan, and refuse cells of the rows that are its own for what those of a bill are refused for."""
        cells = read_money(self.batch.column(name))
        for code, mask in sorted(cells.faults.items()):  # E_FORM, E_RANGE, E_SCALE: a cell has one
            expected = _EXPECTED.get(code, form_of_kind("money"))
            self.refuse(mask & mine, code, name, expected, self.shown(name, "money") if code == "E_FORM" else None)
        return cells

    def refuse_unlike_form(self, column: str) -> None:
        """Refuse codes that do not have the digits of their column's codes."""
        pattern, expected = CODE_FORMS[column]
        bad = self._not_good(column, lambda texts: pc.match_substring_regex(texts, pattern))
        if bad is not None:
            self.refuse(bad, "E_FORM", column, expected, self.shown(column, "code"))

    def refuse_codes(
        self, column: str, codes: Sequence[str], local: Callable[[], Iterator[tuple[Mask, Sequence[str]]]]
    ) -> None:
        """Refuse texts that are not in a code table, nor among the ``local`` codes of some rows."""
        bad = self._unknown(column, codes)
        if bad is not None:
            for mine, own in local():
                strange = self._unknown(column, own)
                bad &= ~mine if strange is None else strange | ~mine
            self.refuse(
                bad,
                "E_CODE",
                column,
                f"a code of the table {column}, such as {codes[0]}, or a local one that the region's plugin declares",
            )

    def _unknown(self, column: str, codes: Sequence[str]) -> Mask | None:
        return self._not_good(column, lambda texts: pc.is_in(texts, value_set=pa.array(list(codes), pa.string())))

    def _not_good(self, column: str, good: Callable[[pa.Array], pa.Array]) -> Mask | None:
        """Which texts of a column are not good; each different text is looked at once. None if all are."""
        cells = self.cells[column]
        if cells is None:
            return None
        encoded = cells.values if pa.types.is_dictionary(cells.values.type) else cells.values.dictionary_encode()
        verdicts = pc.fill_null(good(encoded.dictionary), False).to_numpy(zero_copy_only=False)
        if verdicts.all():
            return None
        bad: Mask = ~verdicts[encoded.indices.to_numpy(zero_copy_only=False)] & ~cells.absent
        return bad

    def absent(self, name: str) -> Mask:
        """Where a cell, or the whole column, is absent."""
        cells = self.cells[name]
        return np.ones(self.size, np.bool_) if cells is None else cells.absent

    def faulty(self, name: str) -> Mask:
        """Where a cell of a column does not read."""
        cells = self.cells[name]
        found = np.zeros(self.size, np.bool_)
        for mask in () if cells is None else cells.faults.values():
            found |= mask
        return found

    def ints(self, name: str, dtype: type, default: int) -> npt.NDArray[np.int64]:
        """A column as whole numbers: fen, days, flags; ``default`` throughout where the batch has no such column."""
        cells = self.cells[name]
        return np.full(self.size, default, dtype) if cells is None else cells.values

    def texts(self, name: str) -> pa.Array:
        """A column of texts, not as a dictionary; empty where a cell is absent."""
        cells = self.cells[name]
        if cells is None:
            return pa.repeat(pa.scalar(""), self.size)
        return cells.values.dictionary_decode() if pa.types.is_dictionary(cells.values.type) else cells.values

    def typed(self, names: Sequence[str], mine: Mask) -> pa.RecordBatch:
        """Some columns of some rows as a plugin's function sees them: each of its own type, whatever file it came from."""
        kinds = {"date": pa.date32(), "time": pa.timestamp("us"), "flag": pa.string()}
        columns = {}
        for column in (column for column in self.columns if column.name in names):
            cells = self.cells[column.name]
            if cells is None:
                columns[column.name] = pa.nulls(self.size, kinds.get(column.kind, pa.string()))
                continue
            absent = pa.array(cells.absent)
            if column.kind == "money":
                values = decimals(cells.values).cast(pa.decimal128(16, 2))
            elif column.kind == "flag":
                values = pa.array(np.array(["0", "1"])[cells.values])
            elif column.kind in kinds:
                values = arrow(cells.values, kinds[column.kind])
            else:
                values = self.texts(column.name)
            columns[column.name] = pc.if_else(absent, pa.scalar(None, values.type), values)
        batch = pa.RecordBatch.from_pydict(columns)
        return batch if mine.all() else batch.filter(pa.array(mine))

    def finish(self, fields: dict[str, pa.Array], kept: Mask | None = None) -> Taken:
        """The rows that were not refused, and those of the others that are ``kept``; and all refusals."""
        names = {"file": arrow(self.refusals.files), "row": arrow(self.refusals.rows), **fields}
        batch = pa.RecordBatch.from_arrays(list(names.values()), names=list(names))
        left = ~self.refusals.refused if kept is None else ~self.refusals.refused | kept
        if not left.all():
            batch = batch.filter(pa.array(left))
        sums = {name: self.cells.get(name) for name in (*BILL, *PAID_COLUMNS)}
        amounts = {name: int(cells.values.sum()) for name, cells in sums.items() if cells is not None}
        return Taken(batch, self.refusals.table(), amounts)
