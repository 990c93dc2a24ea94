"""Rows as they come: entries checked one by one and made small, settled claims added up by fund, place and line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.columns.cells import Torn, day_text
from qingsuan.columns.rows import arrow, recoded
from qingsuan.errors import PluginError
from qingsuan.funds.columns import BASES, CLAIM_AMOUNTS, CLAIMS, ENTRIES, INTERNAL, KEY
from qingsuan.funds.lines import FUND_OF_COLUMN, FUNDS, LINES, SCHEMES, line_of_care
from qingsuan.funds.places import Pools
from qingsuan.funds.rows import Rows
from qingsuan.people import Texts
from qingsuan.settlement import InputFile, Taken

__all__ = ["Intake"]

Mask = npt.NDArray[np.bool_]


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
        rows = Rows(ENTRIES, batch, file, first_row, torn)
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

    def _check_codes(self, rows: Rows) -> None:
        for name, known in (("fund", FUNDS), ("line", LINES), ("basis", dict.fromkeys(BASES))):
            wrong = ~rows.by_value(name, known.__contains__, np.bool_)
            rows.refuse(wrong, "E_CODE", name, f"one of {', '.join(known)}")

    def _check_place(self, rows: Rows) -> None:
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

    def _check_lines(self, rows: Rows) -> None:
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
        rows = Rows(CLAIMS, batch, file, first_row, torn)
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
