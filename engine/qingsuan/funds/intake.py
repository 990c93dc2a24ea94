"""Rows as they come: entries checked one by one and made small, settled claims added up by fund, place and line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.columns.cells import READERS, Cells, Torn, day_text
from qingsuan.columns.forms import CODE_FORMS, form_of, reason
from qingsuan.columns.rejects import Refusals, Said
from qingsuan.columns.rows import arrow, recoded
from qingsuan.errors import InputError, PluginError
from qingsuan.funds.columns import BASES, CLAIM_AMOUNTS, CLAIMS, ENTRIES, INTERNAL, KEY
from qingsuan.funds.lines import FUND_OF_COLUMN, FUNDS, LINES, SCHEMES, line_of_care
from qingsuan.funds.places import Pools
from qingsuan.people import Texts
from qingsuan.settlement import InputFile, Taken
from qingsuan.tables import Column

__all__ = ["Intake"]

Mask = npt.NDArray[np.bool_]


class _Rows:
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
        for each in torn:
            self.refuse(np.arange(self.size) == each.row, "E_FORM", "", each.expected, each.found)
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


class Intake:
    """Takes entries and settled claims in.

    Parameters
    ----------
    year
        The year of the books.
    pools
        Which pool a place belongs to.
    taken
        Lines that a finished run brings, each with what brings it: by fund, line and basis. They cannot come by hand, too.
    account_apart
        Whether a run of personal accounts brings what accounts paid, so that claims do not.
    skip_unserved
        Whether entries of places without a plugin are rejected (E_POOL) instead of stopping the run.
    """

    def __init__(
        self,
        year: int,
        pools: Pools,
        taken: dict[tuple[str, str, str], str],
        *,
        account_apart: bool,
        skip_unserved: bool,
    ) -> None:
        first = np.datetime64(f"{year}-01-01", "D").astype(np.int64)
        self._first, self._last = int(first), int(np.datetime64(f"{year + 1}-01-01", "D").astype(np.int64)) - 1
        self._year, self._pools, self._taken = year, pools, taken
        self._account_apart, self._skip_unserved = account_apart, skip_unserved

    def entries(self, batch: pa.RecordBatch, file: InputFile, first_row: int, torn: Sequence[Torn]) -> Taken:
        """Check the entries of a batch one by one.

        Raises
        ------
        PluginError
            An entry is of a place that no plugin serves, unless such rows are skipped.
        """
        rows = _Rows(ENTRIES, batch, file, first_row, torn)
        rows.check_forms()
        self._check_codes(rows)
        self._check_place(rows)
        self._check_lines(rows)
        day, fen, refund = rows.values("date"), rows.values("amount"), ~rows.cells["takes_back"].absent
        inside = f"a day of {self._year}, the year of the books"
        outside = (day < self._first) | (day > self._last)
        rows.refuse(outside, "E_DATE", "date", inside, lambda row: day_text(int(day[row])))
        rows.refuse(
            (fen < 0) & ~refund, "E_NEGATIVE", "amount", "above 0, or in takes_back the voucher that is refunded"
        )
        rows.refuse((fen > 0) & refund, "E_NEGATIVE", "amount", "below 0: takes_back says that it is a refund")
        rows.refuse(fen == 0, "E_RANGE", "amount", "an amount other than 0")
        fields = {
            "file": rows.refusals.files,
            "row": rows.refusals.rows,
            "fund": rows.texts("fund"),
            "admdvs": rows.texts("insu_admdvs"),
            "line": rows.texts("line"),
            "basis": rows.texts("basis"),
            "day": day,
            "fen": fen,
            "voucher": rows.texts("voucher"),
            "takes_back": rows.texts("takes_back"),
        }
        kept = _internal("entries", fields).filter(pa.array(rows.good))
        return Taken(kept, rows.refusals.table(), {"entries_fen": int(fen[rows.good].sum())})

    def _check_codes(self, rows: _Rows) -> None:
        for name, known in (("fund", FUNDS), ("line", LINES), ("basis", dict.fromkeys(BASES))):
            wrong = ~rows.by_value(name, known.__contains__, np.bool_)
            rows.refuse(wrong, "E_CODE", name, f"one of {', '.join(known)}")

    def _check_place(self, rows: _Rows) -> None:
        unserved = rows.by_value("insu_admdvs", lambda code: not self._pools.find(code), np.bool_) & rows.good
        if unserved.any() and not self._skip_unserved:
            codes = sorted(set(rows.texts("insu_admdvs").filter(pa.array(unserved)).to_pylist()))
            raise PluginError(
                f"{rows.file.where}: insu_admdvs",
                found=f"entries of {', '.join(codes[:20])}: no plugin serves their pool",
                expected=f"a place in a pool that a plugin serves: {', '.join(self._pools.codes)}",
                do="install the region's plugin, correct the code, or set such rows aside with --skip-unserved",
            )
        rows.refuse(unserved, "E_POOL", "insu_admdvs", "a place in a pool that a plugin serves")

    def _check_lines(self, rows: _Rows) -> None:
        """A fund has its own lines only, and one that a run brings does not come by hand."""
        told = pc.binary_join_element_wise(rows.texts("fund"), rows.texts("line"), rows.texts("basis"), " ")
        encoded = told.dictionary_encode()
        keys = [tuple(text.split(" ")) for text in encoded.dictionary.to_pylist()]

        def marked(judge: Callable[[tuple[str, ...]], bool]) -> Mask:
            said = np.array([judge(key) for key in keys], np.bool_)
            return recoded(encoded.indices, said) if len(said) else np.zeros(rows.size, np.bool_)

        def key(row: int) -> tuple[str, ...]:
            return tuple(told[row].as_py().split(" "))

        foreign = marked(lambda one: one[1] in LINES and one[0] not in LINES[one[1]].funds) & rows.good
        rows.refuse(
            foreign, "E_CODE", "line", lambda row: f"a line of {key(row)[0]}: {', '.join(lines_of(key(row)[0]))}"
        )
        twice = marked(lambda one: one in self._taken) & rows.good
        rows.refuse(
            twice,
            "E_DUPLICATE",
            "line",
            lambda row: f"each line once: what is {key(row)[2]} on it comes from {self._taken[key(row)]}",  # type: ignore[index]
        )

    def claims(self, batch: pa.RecordBatch, file: InputFile, first_row: int, torn: Sequence[Torn]) -> Taken:
        """Add settled claims up.

        Raises
        ------
        InputError
            A claim is not as a settlement writes it, or its scheme has no fund, or no plugin serves its place.
        """
        rows = _Rows(CLAIMS, batch, file, first_row, torn)
        rows.check_forms()
        is_pooled = rows.by_value("insutype", SCHEMES.__contains__, np.bool_)
        rows.refuse(
            ~is_pooled & (rows.values("hifp_pay") != 0),
            "E_CODE",
            "insutype",
            f"a scheme with a pooled fund: {', '.join(SCHEMES)}",
        )
        unserved = rows.by_value("insu_admdvs", lambda code: not self._pools.find(code), np.bool_)
        rows.refuse(unserved, "E_POOL", "insu_admdvs", "a place in a pool that a plugin serves")
        rows.trust()
        scheme = rows.said("insutype", lambda code: SCHEMES.get(code, ""))
        line, places = rows.said("med_type", line_of_care), rows.texts("insu_admdvs")
        parts, sums = [], {"claims": rows.size}
        for column in CLAIM_AMOUNTS:
            fen = rows.values(column)
            sums[f"claims_{column}"] = int(fen.sum())
            if column in ("acct_pay", "acct_mulaid_pay") and self._account_apart:
                continue
            fund = scheme if column == "hifp_pay" else pa.repeat(FUND_OF_COLUMN[column], rows.size)
            part = pa.table([fund, places, line, arrow(fen)], names=["fund", "admdvs", "line", "fen"])
            parts.append(part.filter(pa.array(fen != 0)))
        return Taken(_added_up(parts), rows.refusals.table(), sums)


def lines_of(fund: str) -> list[str]:
    """The codes of a fund's lines."""
    return [line.code for line in LINES.values() if fund in line.funds]


def _is_area(code: str) -> bool:
    return len(code) == 6 and code.isascii() and code.isdigit()


def _added_up(parts: Iterable[pa.Table]) -> pa.RecordBatch:
    """Sums by fund, place and line, in that order, with their keys."""
    tables = list(parts)
    if not tables:
        return pa.RecordBatch.from_pylist([], INTERNAL["claims"])
    by = ["fund", "admdvs", "line"]
    added = pa.concat_tables(tables).group_by(by, use_threads=False).aggregate([("fen", "sum")])
    named = added.rename_columns([*by, "fen"]).sort_by([(name, "ascending") for name in by])
    return _internal("claims", {name: named[name].combine_chunks() for name in named.schema.names})


def _internal(table: str, fields: dict[str, Any]) -> pa.RecordBatch:
    """Rows as they are kept, with the key that brings the rows of one line of one book together."""
    told = pc.binary_join_element_wise(fields["fund"], fields["admdvs"], fields["line"], " ")
    every = {KEY: Texts.of(told).hashes.view(np.int64), **fields}
    arrays = [
        value if isinstance(value, pa.Array) else arrow(np.ascontiguousarray(value, kind.type.to_pandas_dtype()))
        for kind in INTERNAL[table]
        for value in [every[kind.name]]
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=INTERNAL[table])
