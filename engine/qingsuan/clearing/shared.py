"""The tables of cases, of pools that share a budget by points, and of alliances that share a sum, as they leave a partition."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.clearing.alliances import Shared
from qingsuan.clearing.cases import COSTS, Cases
from qingsuan.clearing.contracts.model import Contract
from qingsuan.clearing.contracts.points import MOST_DECIMALS
from qingsuan.clearing.pools import Pool
from qingsuan.columns.cells import decimals
from qingsuan.columns.rows import Taker, arrow, numbers
from qingsuan.people import Texts

__all__ = ["POINTS", "alliances_table", "cases_table", "pools_table"]

POINTS = pa.decimal128(22, MOST_DECIMALS)
_VALUE = pa.decimal128(24, MOST_DECIMALS)
_MONEY = pa.decimal128(20, 2)
_NAMES = ("fixmedins_code", "pool", "insutype", "clr_type", "clr_way", "terms")


def cases_table(cases: Cases, contracts: Sequence[Contract], settled: npt.NDArray[np.bool_]) -> pa.Table:
    """``cases``: one row per case of those that are settled, in the order of contracts and ``setl_id``."""
    at = np.flatnonzero(settled)
    joined, taker = cases.joined, Taker(at.astype(np.int32), len(settled))
    medfee, funds = (taker.numbers(numbers(joined.claims[name])) for name in ("medfee", "funds"))
    different, place = np.unique(cases.contract[at], return_inverse=True)
    own = [contracts[number] for number in different.tolist()]
    rows = [(*one.name, one.terms.way, one.terms.id) for one in own]
    columns: dict[str, pa.Array] = {"setl_id": taker.texts(Texts.plain(joined.claims["setl_id"]))}
    for part, name in enumerate(_NAMES):
        texts = pa.array([row[part] for row in rows], pa.string())
        columns[name] = texts.take(pa.array(place)).dictionary_encode()
    # they are encoded anew: the order of a dictionary is that of its rows, however they came in
    for name, texts in (("group", joined.groups), ("flag", joined.flags)):
        columns[name] = texts.take(pa.array(at)).dictionary_decode().dictionary_encode()
    columns["days"] = arrow(joined.days[at])
    columns["cost"] = pa.array(COSTS, pa.string()).take(pa.array(cases.cost[at])).dictionary_encode()
    columns["points"] = _points(cases, own, at, place)
    columns["medfee_sumamt"] = decimals(medfee)
    columns["claims"] = decimals(funds)
    columns["standard"] = decimals(cases.standard[at])
    columns["difference"] = decimals(cases.standard[at] - funds)
    return pa.table(columns)


def _points(cases: Cases, own: Sequence[Contract], at: npt.NDArray[np.intp], place: npt.NDArray[np.intp]) -> pa.Array:
    """Points of cases whose terms have points, in the unit of the most decimals; null for the others."""
    missing = [MOST_DECIMALS - one.terms.points.decimals if one.terms.points else -1 for one in own] or [-1]
    short = np.array(missing, np.int64)[place]
    units = cases.units[at] * 10 ** np.maximum(short, 0)
    return pa.Array.from_buffers(POINTS, len(at), [pa.array(short >= 0).buffers()[1], pa.py_buffer(_words(units))])


def _words(units: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    words = np.empty((len(units), 2), np.int64)
    words[:, 0], words[:, 1] = units, units >> 63
    return words


def pools_table(pools: Sequence[Pool]) -> pa.Table:
    """``pools``: one row per pool, scheme and kind of care whose contracts share a budget by points."""
    columns: dict[str, pa.Array] = {
        name: pa.array([one.name[part] for one in pools], pa.string())
        for part, name in enumerate(("pool", "insutype", "clr_type"))
    }
    columns["clr_way"] = pa.array([one.way for one in pools], pa.string())
    columns["terms"] = pa.array([one.terms for one in pools], pa.string())
    columns["contracts"] = pa.array([one.contracts for one in pools], pa.int64())
    columns["cases"] = pa.array([one.cases for one in pools], pa.int64())
    money = {
        "budget": [one.budget.budget_fen for one in pools],
        "reserve": [one.budget.reserve_fen for one in pools],
        "outside": [one.budget.outside_fen for one in pools],
        "outside_cases": [one.cases_fen for one in pools],
        "available": [one.available_fen for one in pools],
    }
    columns |= {name: _money(fen) for name, fen in money.items()}
    columns["points"] = pa.array([Decimal(one.units).scaleb(-one.points.decimals) for one in pools], POINTS)
    columns["scope"] = _money([one.scope_fen if one.points.by_ratio else None for one in pools])
    columns["claims"] = _money([one.funds_fen if one.points.by_ratio else None for one in pools])
    columns["point_value"] = pa.array([Decimal(one.value).scaleb(-one.points.value_decimals) for one in pools], _VALUE)
    columns["standard"] = _money([one.standard_fen for one in pools])
    columns["remainder"] = _money([one.remainder_fen for one in pools])
    columns["taken_by"] = pa.array([" ".join(one.taken_by) or None for one in pools], pa.string())
    return pa.table(columns)


def alliances_table(shared: Sequence[Shared]) -> pa.Table:
    """``alliances``: one row per alliance, pool and scheme whose contracts share a sum."""
    columns: dict[str, pa.Array] = {
        name: pa.array([one.alliance.key[part] for one in shared], pa.string())
        for part, name in enumerate(("alliance", "pool", "insutype"))
    }
    columns["kinds"] = pa.array([" ".join(one.alliance.kinds) for one in shared], pa.string())
    columns["divisions"] = pa.array([" ".join(one.alliance.divisions) for one in shared], pa.string())
    columns["contracts"] = pa.array([one.contracts for one in shared], pa.int64())
    columns["amount"] = _money([one.alliance.amount_fen for one in shared])
    columns["outside_psntime"] = pa.array([one.rows for one in shared], pa.int64())
    columns["outside"] = _money([one.outside_fen for one in shared])
    columns["available"] = _money([one.available_fen for one in shared])
    columns["weight"] = pa.array([Decimal(one.weight).scaleb(-4) for one in shared], pa.decimal128(18, 4))
    columns["others"] = _money([one.others_fen for one in shared])
    columns["remainder"] = _money([one.remainder_fen for one in shared])
    columns["taken_by"] = pa.array([" ".join(one.taken_by) or None for one in shared], pa.string())
    return pa.table(columns)


def _money(fen: Sequence[int | None]) -> pa.Array:
    return pa.array([None if each is None else Decimal(each).scaleb(-2) for each in fen], _MONEY)
