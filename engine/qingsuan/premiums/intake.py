"""Identities, premiums received and shortfalls as they come: rows checked on their own and made small."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.columns.cells import OPEN_END, READERS, Cells, Torn, day_text
from qingsuan.columns.forms import CODE_FORMS, form_of, reason
from qingsuan.columns.pieces import Pieces
from qingsuan.columns.rejects import Refusals
from qingsuan.columns.rows import arrow, recoded
from qingsuan.errors import InputError
from qingsuan.heads.columns import int_of_code
from qingsuan.heads.standards import MAX_STANDARD_FEN
from qingsuan.money import yuan
from qingsuan.settlement import InputFile, Taken
from qingsuan.tables import IDENTITIES, PREMIUMS, SHORTFALLS, Column

__all__ = ["HELD", "NO_DAY", "OWED", "PAID", "take_identities", "take_premiums", "take_shortfalls"]

HELD = pa.schema([("psn_no", pa.string()), ("code", pa.int32()), ("first_day", pa.int32()), ("last_day", pa.int32())])
"""Identities (人员身份) that a rule names: the class as a number, days since 1970-01-01."""

PAID = pa.schema([("psn_no", pa.string()), ("admdvs", pa.int32()), ("day", pa.int32()), ("fen", pa.int64())])
"""Premiums received of the year: the county as a number, 0 where none is said; the day, or :data:`NO_DAY`."""

OWED = pa.schema([("psn_no", pa.string()), ("fen", pa.int64())])
"""Shortfalls that are carried in."""

NO_DAY = -(2**31)
MOST_OWED_FEN = 10 * MAX_STANDARD_FEN
"""The largest shortfall of one person, of several years together."""

_COLUMNS = {"identities": IDENTITIES, "premiums": PREMIUMS, "shortfalls": SHORTFALLS}
Mask = npt.NDArray[np.bool_]


class _Rows:
    """A batch being read: its columns as cells, and what is refused of it."""

    def __init__(self, table: str, batch: pa.RecordBatch, pieces: Pieces, torn: Sequence[Torn]) -> None:
        rows = batch.num_rows
        self.batch = batch
        self.refusals = Refusals(pieces.files_of(rows), pieces.rows_of(rows))
        self.refusals.add_torn(torn)
        self._texts: dict[str, pa.DictionaryArray] = {}
        self._columns = {column.name: column for column in _COLUMNS[table]}
        self.cells = {column.name: self._read(column) for column in _COLUMNS[table]}

    def _read(self, column: Column) -> Cells:
        rows = self.batch.num_rows
        is_there = column.name in self.batch.schema.names
        return READERS[column.kind](self.batch[column.name] if is_there else pa.nulls(rows))

    def values(self, name: str) -> npt.NDArray[np.int64]:
        """The whole numbers of a column."""
        return np.asarray(self.cells[name].values)

    def texts(self, name: str) -> pa.DictionaryArray:
        """The texts of a column, by their different values."""
        if name not in self._texts:
            values = self.cells[name].values
            self._texts[name] = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
        return self._texts[name]

    def mapped(self, name: str, numbers: Iterable[int]) -> npt.NDArray[np.int32]:
        """A number for each row, given one for each different text of a column."""
        table = np.array([*numbers], np.int32)
        found: npt.NDArray[np.int32] = recoded(self.texts(name).indices, table)
        return found

    def refuse(self, mask: Mask, code: str, column: str, found: str | None, expected: str) -> None:
        """Refuse rows that are not refused yet; without ``found`` they show their cell."""
        shown = partial(self._shown, column) if found is None else found
        self.refusals.add(mask, code, column, shown, expected)

    def _shown(self, column: str, place: int) -> str:
        cell = self.batch[column][place] if column in self.batch.schema.names else None
        return reason(cell, self._columns[column].kind)

    def check(self) -> None:
        """What each row has to hold whatever the table: it is not void, nothing is missing, every cell is of its form."""
        if "vali_flag" in self.cells:
            flag = self.cells["vali_flag"]
            void = (flag.values == 0) & ~flag.absent & ~flag.faults.get("E_FORM", np.False_)
            self.refuse(void, "E_VOID", "vali_flag", "0", "1, or nothing: a void row decides nothing")
        for column in self._columns.values():
            cells = self.cells[column.name]
            if column.must:
                self.refuse(cells.absent, "E_MISSING", column.name, "nothing", f"a value: {column.meaning}")
            for code, faulty in cells.faults.items():
                self.refuse(faulty, code, column.name, None, form_of(column))
            if column.name in CODE_FORMS:
                wrong = self.mapped(column.name, (_form_is_wrong(column.name, text) for text in self._known(column)))
                self.refuse((wrong == 1) & ~cells.absent, "E_FORM", column.name, None, form_of(column))

    def _known(self, column: Column) -> list[str]:
        known: list[str] = self.texts(column.name).dictionary.to_pylist()
        return known

    def taken(self, keep: Mask, columns: Sequence[npt.NDArray[np.generic]], schema: pa.Schema) -> pa.RecordBatch:
        """The rows that are kept, as internal columns after ``psn_no``."""
        psn_no = self.cells["psn_no"].values.cast(pa.string())
        arrays = [psn_no if keep.all() else psn_no.filter(pa.array(keep))]
        arrays += [arrow(np.ascontiguousarray(column[keep])) for column in columns]
        return pa.RecordBatch.from_arrays([a.cast(f.type) for a, f in zip(arrays, schema, strict=True)], schema=schema)


def _form_is_wrong(column: str, text: str) -> int:
    if column == "psn_idet_type":
        return int(not (len(text) == 4 and text.isascii() and text.isdigit()))
    return int(int_of_code(text) == 0)


def take_identities(batch: pa.RecordBatch, pieces: Pieces, torn: Sequence[Torn], codes: frozenset[str]) -> Taken:
    """Read a batch of identities; those of codes that no rule names decide nothing, and are counted."""
    rows = _Rows("identities", batch, pieces, torn)
    rows.check()
    begin, end = rows.cells["begntime"], rows.cells["endtime"]
    last = np.where(end.absent, OPEN_END, end.values).astype(np.int32)
    before = ~begin.absent & ~end.absent & (last < begin.values)
    rows.refusals.add(
        before, "E_DATE", "endtime", lambda row: day_text(int(end.values[row])), "a date not before begntime"
    )
    sound = ~rows.refusals.refused
    known = rows.texts("psn_idet_type").dictionary.to_pylist()
    code = rows.mapped("psn_idet_type", (int(text) if text in codes else -1 for text in known))
    keep = sound & (code >= 0)
    sums = {"identities": int(sound.sum()), "identities_without_effect": int((sound & (code < 0)).sum())}
    return Taken(rows.taken(keep, (code, begin.values, last), HELD), rows.refusals.table(), sums)


def take_premiums(
    batch: pa.RecordBatch,
    pieces: Pieces,
    torn: Sequence[Torn],
    year: int,
    schemes: frozenset[str],
    insutypes: frozenset[str],
) -> Taken:
    """Read a batch of premiums received; those of other years and schemes are counted, with what was paid."""
    rows = _Rows("premiums", batch, pieces, torn)
    rows.check()
    fen, absent = rows.values("psn_clct_amt"), rows.cells["psn_clct_amt"].absent
    known: list[str] = rows.texts("insutype").dictionary.to_pylist()
    code = rows.mapped("insutype", (2 if text in schemes else int(text in insutypes) for text in known))
    rows.refuse(code == 0, "E_CODE", "insutype", None, "a scheme of the national code table, such as 390")
    reversal = rows.values("revs_flag") == 1
    rows.refuse(
        (fen < 0) & ~reversal & ~absent, "E_NEGATIVE", "psn_clct_amt", None, "0 or more, or revs_flag = 1 beside it"
    )
    rows.refuse((fen > 0) & reversal, "E_NEGATIVE", "psn_clct_amt", None, "0 or less: revs_flag = 1 takes back")
    rows.refuse(
        ~_is_year(rows.values("year")) & ~rows.cells["year"].absent, "E_DATE", "year", None, "a year from 2000 to 2999"
    )
    large = np.abs(fen) > MAX_STANDARD_FEN
    rows.refuse(large, "E_RANGE", "psn_clct_amt", None, f"at most {yuan(MAX_STANDARD_FEN)} yuan: what one person pays")
    sound = ~rows.refusals.refused
    other_year, other_scheme = sound & (rows.values("year") != year), sound & (code == 1)
    other_scheme &= ~other_year
    keep = sound & ~other_year & ~other_scheme
    parts = {"": keep, "_other_year": other_year, "_other_scheme": other_scheme}
    sums = {f"premiums{name}": int(mask.sum()) for name, mask in parts.items()}
    sums |= {f"premiums_fen{name}": int(fen[mask].sum()) for name, mask in parts.items()}
    county = rows.mapped("insu_admdvs", map(int_of_code, rows.texts("insu_admdvs").dictionary.to_pylist()))
    time = rows.cells["intsury_time"]
    day = np.where(time.absent, NO_DAY, time.values)
    return Taken(rows.taken(keep, (county, day, fen), PAID), rows.refusals.table(), sums)


def take_shortfalls(batch: pa.RecordBatch, file: InputFile, first_row: int, torn: Sequence[Torn], year: int) -> Taken:
    """Read a batch of shortfalls; a row that cannot be trusted stops the run: it stands for money that is owed.

    Raises
    ------
    InputError
        A row is not as an earlier run writes it, or is not to be made up in this year.
    """
    rows = _Rows("shortfalls", batch, Pieces.of(file.number, first_row), torn)
    rows.check()
    fen, into = rows.values("amount"), rows.values("into")
    expected = f"an amount above 0, at most {yuan(MOST_OWED_FEN)}"
    rows.refuse((fen <= 0) | (fen > MOST_OWED_FEN), "E_RANGE", "amount", None, expected)
    rows.refuse(into != year, "E_DATE", "into", None, f"{year}, the year that is settled")
    rows.refuse(rows.values("year") >= into, "E_DATE", "year", None, "a year before the one in which it is made up")
    refused = rows.refusals.table()
    if refused.num_rows:
        first = refused.slice(0, 1).to_pylist()[0]
        raise InputError(
            f"{file.where}: row {first['row'] + 1}: {first['column'] or 'the row'}",
            found=first["found"],
            expected=first["expected"],
            do="give the folder “carried” as the run of the earlier year wrote it",
        )
    sums = {"shortfalls": batch.num_rows, "shortfalls_fen": int(fen.sum())}
    return Taken(rows.taken(np.ones(batch.num_rows, np.bool_), (fen,), OWED), refused, sums)


def _is_year(years: npt.NDArray[np.int64]) -> Mask:
    return (years >= 2000) & (years <= 2999)
