"""Batches as they are taken in: which contract a claim belongs to, and sums of the claims that need not stay by themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.clearing.contracts.bureau import Bureau
from qingsuan.clearing.contracts.model import Contract
from qingsuan.clearing.contracts.terms import factor
from qingsuan.clearing.intake.columns import AMOUNTS, CASES, CONTRACTS, INTERNAL, settled_columns
from qingsuan.clearing.intake.sums import Sums
from qingsuan.columns.batch import Batch
from qingsuan.columns.cells import Torn
from qingsuan.columns.rows import add_up, arrow, recoded
from qingsuan.errors import PluginError
from qingsuan.people import Texts
from qingsuan.settlement import InputFile, Taken

__all__ = ["Taking"]

_NO_NUMBER = -2
_MOST_DAYS = 36_500
_MONTHS = 16
"""Room for the months of a year in a key; a power of two."""

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


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
    """

    def __init__(self, bureau: Bureau, pools: frozenset[str], *, skip_unserved: bool) -> None:
        year = bureau.terms.year
        self._pools, self._skip_unserved = pools, skip_unserved
        self._funds, self._year = bureau.terms.funds, year
        self._columns = settled_columns(bureau.terms.funds)
        self._first, self._last = (np.datetime64(day, "D").astype(int) for day in (f"{year}-01-01", f"{year}-12-31"))
        self._kinds = [kind.clr_type for kind in bureau.terms.kinds]
        self._kind_of = {care: place for place, kind in enumerate(bureau.terms.kinds) for care in kind.med_types}
        self.sums = Sums(len(bureau.contracts), year)
        self._places = _Places(bureau.contracts, self._kinds)
        self._of_cases = np.array([one.terms.of_cases for one in bureau.contracts] + [False], np.bool_)

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
        points = _judged(codes, {text: _points(text) for text in codes.dictionary.to_pylist()}, np.int64)
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
        kind = _judged(rows.codes("med_type"), self._kind_of)
        benefit_month = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
        contract = self._places.find(rows, kind, benefit_month + 1)
        good = rows.good
        alone = self._of_cases[contract] & good
        month = _month(rows.values("setl_time"))
        added = good & ~alone & (contract >= 0) & self.sums.fits(month)
        self.sums.add(contract[added], month[added], list(self._amounts(rows, np.flatnonzero(added)).values()))
        summed = self._summed(rows, kind, contract, np.flatnonzero(good & ~alone & ~added))
        taken = pa.Table.from_batches([summed, self._alone(rows, kind, contract, np.flatnonzero(alone))])
        whole = taken.combine_chunks().to_batches()
        batch = whole[0] if whole else pa.RecordBatch.from_pylist([], INTERNAL["settled"])
        return Taken(batch, rows.refusals.table(), {"settled_fen": int(rows.values("fund_pay_sumamt")[good].sum())})

    def _refuse_unserved(self, rows: Batch) -> None:
        unserved = rows.good & (_judged(rows.codes("pool"), dict.fromkeys(self._pools, 1)) < 0)
        if unserved.any() and not self._skip_unserved:
            codes = sorted(set(rows.texts("pool").filter(pa.array(unserved)).to_pylist()))
            raise PluginError(
                "pool",
                found=f"claims of {', '.join(codes[:20])}: no plugin serves this pool",
                expected=f"a pool that a plugin serves: {', '.join(sorted(self._pools))}",
                do="install the region's plugin, or set such rows aside with --skip-unserved",
            )
        rows.refuse(unserved, "E_POOL", "pool", "a pool that a plugin serves")

    def _amounts(self, rows: Batch, at: npt.NDArray[np.intp]) -> dict[str, Int64]:
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

    def _summed(self, rows: Batch, kind: Int32, contract: Int32, at: npt.NDArray[np.intp]) -> pa.RecordBatch:
        """Sums of claims that are alike in everything but amounts."""
        month = _month(rows.values("setl_time")[at])
        parts: list[Int64] = [
            _numbers(rows.codes(name))[at] for name in ("fixmedins_code", "pool", "insutype", "med_type")
        ]
        parts[3] = np.where(
            kind[at] < 0, parts[3], -1 - kind[at]
        )  # of a kind that is known, the kind of care is no matter
        key = contract[at].astype(np.int64) + 1
        for part in (*parts, month.astype(np.int64)):
            least = int(part.min(initial=0))
            key = key * (int(part.max(initial=0)) - least + 1) + (part - least)
        _, first, groups = np.unique(key, return_index=True, return_inverse=True)
        amounts = self._amounts(rows, at)
        sums = add_up(groups.astype(np.int32), len(first), [np.ones(len(at), np.int64), *amounts.values()])
        return self._batch(rows, kind, contract, at[first], None, sums)

    def _alone(self, rows: Batch, kind: Int32, contract: Int32, at: npt.NDArray[np.intp]) -> pa.RecordBatch:
        """Claims that stay by themselves."""
        amounts = [np.ones(len(at), np.int64), *self._amounts(rows, at).values()]
        return self._batch(rows, kind, contract, at, rows.texts("setl_id").take(pa.array(at)), amounts)

    def _batch(
        self,
        rows: Batch,
        kind: Int32,
        contract: Int32,
        at: npt.NDArray[np.intp],
        ids: pa.Array | None,
        amounts: Sequence[Int64],
    ) -> pa.RecordBatch:
        places = pa.array(at)
        nothing = pa.repeat(pa.scalar(""), len(at))
        kinds = pa.array([*self._kinds, ""]).take(pa.array(np.where(kind[at] < 0, len(self._kinds), kind[at])))
        care = _texts(rows.codes("med_type"), places) if (kind[at] < 0).any() else nothing
        fields = [
            *_joined(rows, places),
            _texts(rows.codes("fixmedins_code"), places),
            kinds,
            care,
            nothing if ids is None else ids,
            arrow(contract[at]),
            arrow(_month(rows.values("setl_time")[at])),
            *map(arrow, amounts),
        ]
        return pa.RecordBatch.from_arrays(fields, schema=INTERNAL["settled"])


class _Places:
    """Contracts by institution, pool, scheme, kind of care and month, to be looked up for many claims at once."""

    def __init__(self, contracts: Sequence[Contract], kinds: Sequence[str]) -> None:
        self._numbers: list[dict[str, int]] = [
            {text: place for place, text in enumerate(sorted({one.name[part] for one in contracts}))}
            for part in range(3)
        ]
        self._kinds = len(kinds)
        kind_of = {text: place for place, text in enumerate(kinds)}
        keys = [(self._key(one, kind_of) * _MONTHS + one.first_month, one) for one in contracts]
        keys.sort(key=lambda pair: pair[0])
        self._starts = np.array([key for key, _ in keys], np.int64)
        self._ends = np.array([one.last_month for _, one in keys], np.int64)
        self._contracts = np.array([one.number for _, one in keys], np.int32)

    def _key(self, one: Contract, kind_of: Mapping[str, int]) -> int:
        key = 0
        for numbers, text in zip(self._numbers, one.name[:3], strict=True):
            key = key * len(numbers) + numbers[text]
        return key * self._kinds + kind_of[one.clr_type]

    def find(self, rows: Batch, kind: Int32, month: Int64) -> Int32:
        """The contract of each row, -1 where there is none."""
        key, known = np.zeros(rows.size, np.int64), kind >= 0
        for numbers, name in zip(self._numbers, ("fixmedins_code", "pool", "insutype"), strict=True):
            part = _judged(rows.codes(name), numbers)
            known &= part >= 0
            key = key * len(numbers) + part
        if not len(self._starts):
            return np.full(rows.size, -1, np.int32)
        wanted = (key * self._kinds + kind) * _MONTHS + month
        place = np.searchsorted(self._starts, wanted, side="right") - 1
        start = self._starts[np.maximum(place, 0)]
        known &= (place >= 0) & (start // _MONTHS == wanted // _MONTHS) & (month <= self._ends[np.maximum(place, 0)])
        found: Int32 = np.where(known, self._contracts[np.maximum(place, 0)], np.int32(-1))
        return found


def _points(text: str) -> int:
    """Points of a case as ten-thousandths; -1 where it has none of its own."""
    try:
        return factor(text) if text else -1
    except ValueError:
        return _NO_NUMBER


def _judged(codes: pa.DictionaryArray, numbers: Mapping[str, int], kind: type = np.int32) -> npt.NDArray[Any]:
    """The number of each row's text, -1 where it has none."""
    said: npt.NDArray[Any] = np.array([numbers.get(text, -1) for text in codes.dictionary.to_pylist()], kind)
    return recoded(codes.indices, said) if len(said) else np.full(len(codes), -1, kind)


def _numbers(codes: pa.DictionaryArray) -> Int64:
    found: Int64 = codes.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return found


def _texts(codes: pa.DictionaryArray, places: pa.Array) -> pa.Array:
    return codes.take(places).dictionary_decode().cast(pa.string())


def _joined(rows: Batch, places: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Pool and scheme of rows: the hash on which they are spread, and the text."""
    pool, scheme = rows.codes("pool"), rows.codes("insutype")
    every = [f"{one}|{other}" for one in pool.dictionary.to_pylist() for other in scheme.dictionary.to_pylist()]
    number = _numbers(pool) * len(scheme.dictionary) + _numbers(scheme)
    keys, of_rows = pa.array(every, pa.string()), pa.array(number[places.to_numpy()])
    return _hashes(keys).take(of_rows), keys.take(of_rows)


def _hashes(texts: pa.Array) -> pa.Array:
    return arrow(Texts.of(texts).hashes.view(np.int64))


def _month(micros: Int64) -> Int32:
    """The month of times, as 202203."""
    months = micros.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    found: Int32 = ((months // 12 + 1970) * 100 + months % 12 + 1).astype(np.int32)
    return found
