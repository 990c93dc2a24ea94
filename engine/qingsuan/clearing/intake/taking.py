"""Batches as they are taken in: which contract a claim belongs to, and sums of the claims that need not stay by themselves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.clearing.contracts.bureau import Bureau
from qingsuan.clearing.contracts.terms import factor
from qingsuan.clearing.intake.columns import AMOUNTS, CASES, CONTRACTS, INTERNAL, settled_columns
from qingsuan.clearing.intake.crossing import Crossing
from qingsuan.clearing.intake.listed import Listed
from qingsuan.clearing.intake.places import Places, judged
from qingsuan.clearing.intake.sums import Sums
from qingsuan.columns.batch import Batch
from qingsuan.columns.cells import Torn
from qingsuan.columns.months import months_of_times
from qingsuan.columns.rows import add_up, arrow, looked_up
from qingsuan.errors import PluginError
from qingsuan.people import Texts
from qingsuan.settlement import InputFile, Taken

__all__ = ["Taking"]

_NO_NUMBER = -2
_MOST_DAYS = 36_500

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Rows = npt.NDArray[np.intp]


class Taking:
    """Takes batches of every table in; threads may share it.

    Parameters
    ----------
    bureau
        The contracts.
    pools
        Codes of the pools that installed plugins serve.
    skip_unserved
        Whether claims of other pools are rejected (E_POOL) instead of stopping the run.

    Attributes
    ----------
    sums : claims of contracts that do not go by cases, added up as they come.
    crossing : care of alliances' people elsewhere, and of others in them, likewise.
    listed : claims that are cleared apart.
    """

    def __init__(self, bureau: Bureau, pools: frozenset[str], *, skip_unserved: bool) -> None:
        year = bureau.terms.year
        self._pools, self._skip_unserved = pools, skip_unserved
        self._funds, self._year = bureau.terms.funds, year
        self._columns = settled_columns(bureau.terms.funds, with_divisions=bool(bureau.alliances))
        self._first, self._last = (np.datetime64(day, "D").astype(int) for day in (f"{year}-01-01", f"{year}-12-31"))
        self._kinds = [kind.clr_type for kind in bureau.terms.kinds]
        self._kind_of = {care: place for place, kind in enumerate(bureau.terms.kinds) for care in kind.med_types}
        self.sums = Sums(len(bureau.contracts), year)
        self.listed = Listed(bureau, tuple(self._kinds))
        self.crossing = Crossing(bureau, tuple(self._kinds))
        self._places = Places(bureau.contracts, self._kinds)
        self._by_claim = np.array([False, *(one.terms.by_claim for one in bureau.contracts)], np.bool_)
        self._hashes = _hashes(pa.array([one.key for one in bureau.contracts], pa.string()))
        days = np.arange(self._first, self._last + 1).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        self._month_of_day = (days % 12 + 1).astype(np.int32)

    def take(self, table: str, batch: pa.RecordBatch, file: InputFile, first_row: int, torn: Sequence[Torn]) -> Taken:
        """Check the rows of a batch one by one; see :meth:`qingsuan.settlement.Settlement.take`.

        Raises
        ------
        PluginError
            A claim is of a pool that no plugin serves, unless such rows are skipped.
        """
        if table == "settled":
            return self._take_settled(Batch(batch, self._columns, file.number, first_row, torn))
        if table == "cases":
            return self._take_cases(Batch(batch, CASES, file.number, first_row, torn))
        rows = Batch(batch, CONTRACTS, file.number, first_row, torn)
        keys = rows.texts("key")
        fields = [_hashes(keys), keys, arrow(rows.values("number").astype(np.int32))]
        return Taken(pa.RecordBatch.from_arrays(fields, schema=INTERNAL["contracts"]), rows.refusals.table(), {})

    def _take_cases(self, rows: Batch) -> Taken:
        codes = rows.codes("points")
        points = judged(codes, {text: _points(text) for text in codes.dictionary.to_pylist()}, np.int64)
        rows.refuse(points == _NO_NUMBER, "E_FORM", "points", "a number with at most four decimals, such as 103.2500")
        rows.refuse(rows.values("days") > _MOST_DAYS, "E_RANGE", "days", f"at most {_MOST_DAYS} days")
        fields = [
            *_joined(rows, pa.array(np.arange(rows.size))),
            *(rows.texts(name) for name in ("setl_id", "group", "flag")),
            arrow(rows.values("days").astype(np.int64)),
            arrow(points),
        ]
        taken = pa.RecordBatch.from_arrays(fields, schema=INTERNAL["cases"])
        return Taken(taken.filter(pa.array(rows.good)), rows.refusals.table(), {})

    def _take_settled(self, rows: Batch) -> Taken:
        rows.refuse_negative(*(one.name for one in self._columns if one.kind == "money"))
        day = rows.values("benefit_date")
        outside = (day < self._first) | (day > self._last)
        rows.refuse(outside & rows.good, "E_DATE", "benefit_date", f"a day of {self._year}, the year that is settled")
        self._refuse_unserved(rows)
        kind = judged(rows.codes("med_type"), self._kind_of)
        self.listed.mark(rows, kind)
        in_year = np.clip(day - self._first, 0, len(self._month_of_day) - 1).astype(np.int32)
        contract = self._places.find(rows, kind, looked_up(self._month_of_day, in_year))
        self.crossing.add(rows, kind, contract, self._funds)
        good, month = rows.good, months_of_times(rows.values("setl_time"))
        alone = looked_up(self._by_claim, contract + np.int32(1)) & good
        added = good & ~alone & (contract >= 0) & self.sums.fits(month)
        self.sums.add(contract[added], month[added], list(self._amounts(rows, np.flatnonzero(added)).values()))
        summed = self._summed(rows, kind, contract, month, np.flatnonzero(good & ~alone & ~added))
        taken = pa.Table.from_batches([summed, self._alone(rows, contract, month, np.flatnonzero(alone))])
        whole = taken.combine_chunks().to_batches()
        batch = whole[0] if whole else pa.RecordBatch.from_pylist([], INTERNAL["settled"])
        return Taken(batch, rows.refusals.table(), {"settled_fen": int(rows.values("fund_pay_sumamt")[good].sum())})

    def _refuse_unserved(self, rows: Batch) -> None:
        unserved = rows.good & (judged(rows.codes("pool"), dict.fromkeys(self._pools, 1)) < 0)
        if unserved.any() and not self._skip_unserved:
            codes = sorted(set(rows.texts("pool").filter(pa.array(unserved)).to_pylist()))
            raise PluginError(
                "pool",
                found=f"claims of {', '.join(codes[:20])}: no plugin serves this pool",
                expected=f"a pool that a plugin serves: {', '.join(sorted(self._pools))}",
                do="install the region's plugin, or set such rows aside with --skip-unserved",
            )
        rows.refuse(unserved, "E_POOL", "pool", "a pool that a plugin serves")

    def _amounts(self, rows: Batch, at: Rows) -> dict[str, Int64]:
        """What is added up, of the rows at these places."""
        paid = sum((rows.values(name)[at] for name in self._funds), np.zeros(len(at), np.int64))
        values = {
            "medfee": rows.values("medfee_sumamt")[at],
            "scope": rows.values("inscp_scp_amt")[at],
            "fund_all": rows.values("fund_pay_sumamt")[at],
            "funds": paid,
            "person": rows.values("psn_part_amt")[at],
            "account": rows.values("acct_pay")[at] + rows.values("acct_mulaid_pay")[at],
            "cash": rows.values("psn_cash_pay")[at],
        }
        return {name: values[name] for name in AMOUNTS}

    def _summed(self, rows: Batch, kind: Int32, contract: Int32, month: Int32, at: Rows) -> pa.RecordBatch:
        """Sums of claims that are alike in everything but amounts."""
        parts: list[Int64] = [
            _numbers(rows.codes(name))[at] for name in ("fixmedins_code", "pool", "insutype", "med_type")
        ]
        parts[3] = np.where(
            kind[at] < 0, parts[3], -1 - kind[at]
        )  # of a kind that is known, the kind of care is no matter
        key = contract[at].astype(np.int64) + 1
        for part in (*parts, month[at].astype(np.int64)):
            least = int(part.min(initial=0))
            key = key * (int(part.max(initial=0)) - least + 1) + (part - least)
        _, first, groups = np.unique(key, return_index=True, return_inverse=True)
        amounts = self._amounts(rows, at)
        sums = add_up(groups.astype(np.int32), len(first), [np.ones(len(at), np.int64), *amounts.values()])
        at = at[first]
        places, nothing = pa.array(at), pa.repeat(pa.scalar(""), len(at))
        kinds = pa.array([*self._kinds, ""]).take(pa.array(np.where(kind[at] < 0, len(self._kinds), kind[at])))
        care = _texts(rows.codes("med_type"), places) if (kind[at] < 0).any() else nothing
        texts = [*_joined(rows, places), _texts(rows.codes("fixmedins_code"), places), kinds, care, nothing]
        return _settled([*texts, arrow(contract[at]), arrow(month[at]), *map(arrow, sums)])

    def _alone(self, rows: Batch, contract: Int32, month: Int32, at: Rows) -> pa.RecordBatch:
        """Claims that stay by themselves: what their contract says of them is left out."""
        nothing = pa.repeat(pa.scalar(""), len(at))
        hashes = self._hashes.take(pa.array(contract[at]))
        texts = [hashes, nothing, nothing, nothing, nothing, rows.texts("setl_id").take(pa.array(at))]
        amounts = [np.ones(len(at), np.int64), *self._amounts(rows, at).values()]
        return _settled([*texts, arrow(contract[at]), arrow(month[at]), *map(arrow, amounts)])


def _settled(fields: Sequence[pa.Array]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(fields, schema=INTERNAL["settled"])


def _points(text: str) -> int:
    """Points of a case as ten-thousandths; -1 where it has none of its own."""
    try:
        return factor(text) if text else -1
    except ValueError:
        return _NO_NUMBER


def _numbers(codes: pa.DictionaryArray) -> Int64:
    found: Int64 = codes.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return found


def _texts(codes: pa.DictionaryArray, places: pa.Array) -> pa.Array:
    return codes.take(places).dictionary_decode().cast(pa.string())


def _joined(rows: Batch, places: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Pool and scheme of rows: the hash on which they are spread, and the text."""
    pool, scheme = rows.codes("pool"), rows.codes("insutype")
    number = (_numbers(pool) * len(scheme.dictionary) + _numbers(scheme))[places.to_numpy()]
    there, of_rows = np.unique(number, return_inverse=True)
    first, second = (
        codes.dictionary.take(pa.array(part)).cast(pa.string())
        for codes, part in zip((pool, scheme), np.divmod(there, max(1, len(scheme.dictionary))), strict=True)
    )
    keys, of_rows = pc.binary_join_element_wise(first, second, "|"), pa.array(of_rows)
    return _hashes(keys).take(of_rows), keys.take(of_rows)


def _hashes(texts: pa.Array) -> pa.Array:
    return arrow(Texts.of(texts).hashes.view(np.int64))
