"""Pools that are paid by points (点数法): what a point is worth, and budgets paid out to the last fen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qingsuan.clearing.cases import Cases
from qingsuan.clearing.contracts.model import Budget
from qingsuan.clearing.contracts.points import Points
from qingsuan.clearing.lines import Line
from qingsuan.clearing.standards import rounded
from qingsuan.columns.rows import numbers
from qingsuan.money import yuan

__all__ = ["Pool", "emptied", "of_a_point", "value_pools", "value_rates"]

_LEAST_RATIO = 1000
"""A thousandth of the cost in scope is the least ratio by which a budget is divided."""

Int64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
_Name = tuple[str, str, str]


@dataclass(slots=True)
class Pool:
    """A pool, scheme and kind of care whose contracts share a budget by points.

    Attributes
    ----------
    budget_fen, reserve_fen, outside_fen : as the bureau has them; ``cases_fen`` is what cases outside points cost.
    available_fen : budget less these.
    units : points of all cases, in units of the last of ``decimals``.
    scope_fen, funds_fen : cost in scope of these cases and what funds paid of it, where the budget is divided by their ratio.
    value : of a point, in units of the last of ``value_decimals`` of a yuan.
    standard_fen : what its contracts are due by points.
    taken_by : institutions that took a part of the remainder.
    """

    name: _Name
    way: str
    terms: str
    points: Points
    budget: Budget
    contracts: int
    cases: int
    units: int
    cases_fen: int
    scope_fen: int
    funds_fen: int
    value: int = 0
    standard_fen: int = 0
    remainder_fen: int = 0
    taken_by: tuple[str, ...] = ()

    @property
    def available_fen(self) -> int:
        """What is there for points."""
        return self.budget.budget_fen - self.budget.reserve_fen - self.budget.outside_fen - self.cases_fen

    def problem(self) -> tuple[str, str] | None:
        """Why a point has no value, as kind and words; None where it has one."""
        where = self.budget.where
        if self.available_fen < 0:
            parts = self.budget.reserve_fen, self.budget.outside_fen, self.cases_fen
            told = " + ".join(yuan(part) for part in parts)
            found = f"{where}: the budget {yuan(self.budget.budget_fen)} is below what lies outside points"
            return "budget-too-small", f"{found}: reserve, stated outside and cases paid their cost are {told}"
        if self.units <= 0:
            return "no-points", f"{where}: the points of the pool sum to zero, so that a point has no value"
        if self.points.by_ratio and (not self.scope_fen or self.funds_fen * _LEAST_RATIO < self.scope_fen):
            told = f"{yuan(self.funds_fen)} of {yuan(self.scope_fen)}"
            return "no-ratio", f"{where}: the funds paid {told} yuan in scope, too little for a ratio that was paid"
        return None


def value_pools(
    lines: Sequence[Line], budgets: Mapping[tuple[str, ...], Budget], cases: Cases, settled: Mask
) -> list[Pool]:
    """Share the budgets of pools; contracts of those that cannot be shared get the reason.

    ``cases`` gets the standard of each case, lines get their remainder.
    """
    pools: list[Pool] = []
    shared: dict[_Name, list[Line]] = {}
    for line in lines:
        points = line.contract.terms.points
        if line.problem is None and points is not None and points.shares_budget:
            _, pool, scheme, kind = line.contract.name
            shared.setdefault((pool, scheme, kind), []).append(line)
    for name, mine in sorted(shared.items()):
        mine.sort(key=lambda line: (line.contract.fixmedins_code, line.contract.first_month))
        found = _pool(name, mine, budgets.get(name), cases, settled)
        problem = found.problem() if isinstance(found, Pool) else found
        for line in mine:
            line.problem = problem
        if isinstance(found, Pool) and problem is None:
            _share(found, mine, cases, settled)
            pools.append(found)
    return pools


def value_rates(lines: Sequence[Line], cases: Cases, settled: Mask) -> None:
    """Give each case of contracts with a rate (费率) what its points are worth."""
    for line in lines:
        points = line.contract.terms.points
        if line.problem is None and points is not None and points.rate_fen is not None:
            at = _places(cases, line, settled)
            _value(cases, at, points, points.rate_fen, 2)


def _places(cases: Cases, line: Line, settled: Mask) -> npt.NDArray[np.intp]:
    """The places of a contract's cases that are settled by points; cases lie in the order of contracts."""
    number = line.contract.number
    first, last = np.searchsorted(cases.contract, np.array((number, number + 1), cases.contract.dtype))
    found: npt.NDArray[np.intp] = first + np.flatnonzero(settled[first:last] & ~cases.outside[first:last])
    return found


def _pool(
    name: _Name, lines: Sequence[Line], budget: Budget | None, cases: Cases, settled: Mask
) -> Pool | tuple[str, str]:
    """The pool with its sums; or why there is none."""
    first = lines[0].contract.terms
    for line in lines:
        if line.contract.terms.points != first.points or line.contract.terms.way != first.way:
            told = f'terms "{first.id}" and "{line.contract.terms.id}"'
            return "several-terms", f"contracts of one pool have different terms of points: {told}"
    if budget is None or first.points is None:
        return "no-budget", f"budgets.csv has no line for {' '.join(name)}"
    at = np.concatenate([_places(cases, line, settled) for line in lines])
    apart = settled & cases.outside & np.isin(cases.contract, [line.contract.number for line in lines])
    claims = cases.joined.claims
    return Pool(
        name=name,
        way=first.way,
        terms=first.id,
        points=first.points,
        budget=budget,
        contracts=len(lines),
        cases=len(at),
        units=int(cases.units[at].sum()),
        cases_fen=int(cases.standard[apart].sum()),
        scope_fen=int(numbers(claims["scope"])[at].sum()),
        funds_fen=int(numbers(claims["funds"])[at].sum()),
    )


def of_a_point(pool: Pool) -> int:
    """The value of a point, in units of its last decimal, half away from zero.

    (budget - reserve - what lies outside points) ÷ Σ points; where the contract says so, the budget is divided first by the
    ratio of the cost in scope that was paid.
    """
    unit = 10 ** (pool.points.decimals + pool.points.value_decimals)
    worth, whole = pool.available_fen * unit, 100 * pool.units
    if pool.points.by_ratio:
        worth, whole = worth * pool.scope_fen, whole * pool.funds_fen
    return rounded(worth, whole)


def emptied(points: Sequence[int], amounts: Sequence[int], total: int) -> list[int]:
    """Amounts that add up to ``total``: the last institution takes the remainder.

    Nobody gets less for more points. What of the remainder would break that, the institution before takes, and so on;
    one without points takes nothing.

    >>> emptied([30, 10, 20], [300, 100, 200], 604), emptied([10, 10, 11], [100, 100, 101], 299)
    ([300, 100, 204], [100, 99, 100])
    """
    found, rest = list(amounts), total - sum(amounts)
    order = [place for place in reversed(range(len(found))) if points[place]]
    while rest:
        for place in order:
            found[place], rest = _taken(points, found, place, rest)
            if not rest:
                break
    return found


def _taken(points: Sequence[int], amounts: Sequence[int], place: int, rest: int) -> tuple[int, int]:
    """What an institution has when it takes of the remainder what it may, and what is left."""
    own = amounts[place]
    if rest > 0:
        most = min((amounts[at] for at, one in enumerate(points) if one > points[place]), default=own + rest)
        taken = max(0, min(rest, most - own))
    else:
        least = max((amounts[at] for at, one in enumerate(points) if one < points[place]), default=0)
        taken = min(0, max(rest, least - own))
    return own + taken, rest - taken


def _share(pool: Pool, lines: Sequence[Line], cases: Cases, settled: Mask) -> None:
    """Give each contract, and each of its cases, what its points are worth."""
    points, pool.value = pool.points, of_a_point(pool)
    places = [_places(cases, line, settled) for line in lines]
    units = [int(cases.units[at].sum()) for at in places]
    for at in places:
        _value(cases, at, points, pool.value, points.value_decimals)
    due = [int(cases.standard[at].sum()) for at in places]
    pool.standard_fen = sum(due)
    pool.remainder_fen = pool.available_fen - pool.standard_fen
    if points.empties:
        pool.standard_fen = pool.available_fen
        for line, before, after in zip(lines, due, emptied(units, due, pool.available_fen), strict=True):
            line.remainder = after - before
        pool.taken_by = tuple(dict.fromkeys(line.contract.fixmedins_code for line in lines if line.remainder))


def _value(cases: Cases, at: npt.NDArray[np.intp], points: Points, value: int, decimals: int) -> None:
    """Fill in what cases are worth, at a value of a point in units of its last decimal.

    Where a budget is emptied the amount of the contract is rounded once, and its cases share it in their order; otherwise each case is
    rounded by itself, and what others bore of it is taken off where the contract says so.
    """
    whole = 10 ** (points.decimals + decimals)
    if points.empties:
        sums = _worth(np.cumsum(cases.units[at]), value, whole)
        cases.standard[at] = np.diff(sums, prepend=0)
        return
    worth = _worth(cases.units[at], value, whole)
    if points.deducts:
        claims = cases.joined.claims
        worth = worth - numbers(claims["medfee"])[at] + numbers(claims["funds"])[at]
    cases.standard[at] = worth


def _worth(units: Int64, value: int, whole: int) -> Int64:
    """``units × value`` as fen, half away from zero."""
    if int(units.max(initial=0)) * value * 200 + whole < 2**63:
        return (units * (value * 200) + whole) // (2 * whole)
    exact = (units.astype(object) * (value * 200) + whole) // (2 * whole)
    return np.asarray(exact, dtype=object).astype(np.int64)
