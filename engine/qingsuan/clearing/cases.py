"""What each case is worth by the terms of its contract, in yuan or in points, and which cases cannot be settled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.clearing.contracts.bureau import Bureau
from qingsuan.clearing.contracts.model import OF_POINTS, Contract, Group, Terms
from qingsuan.clearing.contracts.points import Points, Special
from qingsuan.clearing.joining import CLAIM_FAULTS, Joined
from qingsuan.clearing.points import MOST_POINTS, NORMAL, Given, needs_mean, points_of
from qingsuan.clearing.standards import NO_STANDARD, of_bed_days, of_diseases
from qingsuan.columns.rows import numbers

__all__ = ["COSTS", "FAULTS", "REASONS", "Cases", "worth"]

FAULTS = (*CLAIM_FAULTS, "no-standard", "no-days", "no-flag", "out-of-range")
"""What is wrong with a case; nothing, where it is settled."""

COSTS = ("normal", "low", "high", "extreme")
"""How the cost of a case is beside the mean of its group (偏差病例)."""

REASONS = {
    "no-case": "no row of cases has its setl_id",
    "case-twice": "several rows of cases have its setl_id",
    "claim-twice": "several claims have its setl_id",
    "no-group": "its row of cases names no group",
    "no-standard": "groups.csv, or the rates of the terms, do not say what its group is worth",
    "no-days": "its row of cases says no number of days",
    "no-flag": "the terms have no special cases with its flag",
    "out-of-range": "it is worth more than a case can be: compare its cost, points and the mean of its group",
}

Int64 = npt.NDArray[np.int64]
Places = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Cases:
    """Cases with what each is worth.

    Attributes
    ----------
    joined : claims beside their rows of cases.
    contract : (n,) int32, the number of each claim's contract.
    fault : (n,) int8, by :data:`FAULTS`.
    standard : (n,) int64 fen; of cases that are paid by points it is filled in when a point has its value.
    units : (n,) int64, points in units of the last decimal of their terms.
    cost : (n,) int8, by :data:`COSTS`.
    outside : (n,) bool, cases that are paid their cost, outside points.
    """

    joined: Joined
    contract: npt.NDArray[np.int32]
    fault: npt.NDArray[np.int8]
    standard: Int64
    units: Int64
    cost: npt.NDArray[np.int8]
    outside: npt.NDArray[np.bool_]


def worth(joined: Joined, bureau: Bureau) -> Cases:
    """Work out what each case is worth."""
    contract = numbers(joined.claims["contract"])
    size = len(contract)
    nothing = np.zeros(size, np.int64)
    cases = Cases(
        joined,
        contract,
        joined.fault.copy(),
        nothing.copy(),
        nothing.copy(),
        np.full(size, NORMAL, np.int8),
        np.zeros(size, np.bool_),
    )
    for name, at in _by_terms(bureau.contracts, contract).items():
        terms = bureau.terms.terms[name]
        own = {group: one for (of, group), one in bureau.groups.items() if of == name}
        if terms.way in OF_POINTS:
            _fill_points(cases, terms, own, bureau.contracts, at)
        else:
            _fill_standards(cases, terms, own, at)
    return cases


def _fill_standards(cases: Cases, terms: Terms, groups: Mapping[str, Group], at: Places) -> None:
    """What cases are worth that are paid by disease or bed-day."""
    joined = cases.joined
    named, days = joined.groups.take(pa.array(at)), joined.days[at]
    if terms.way == "02":
        standards = {group: one.standard_fen for group, one in groups.items() if one.standard_fen is not None}
        due = of_diseases(terms, standards, named, numbers(joined.claims["person"])[at])
    else:
        due = of_bed_days(terms, named, days)
        _note(cases, at, days == 0, "no-days")
    _note(cases, at, due == NO_STANDARD, "no-standard")
    cases.standard[at] = np.where(cases.fault[at] == 0, due, 0)


def _fill_points(
    cases: Cases, terms: Terms, groups: Mapping[str, Group], contracts: Sequence[Contract], at: Places
) -> None:
    """The points of cases, flag by flag."""
    points, joined = terms.points, cases.joined
    if points is None:
        return
    flags = joined.flags.take(pa.array(at))
    of_case = flags.indices.to_numpy(zero_copy_only=False)
    for place, flag in enumerate(flags.dictionary.to_pylist()):
        mine = at[of_case == place]
        if not len(mine):
            continue
        special = (points.special or {}).get(flag)
        if flag and special is None:
            _note(cases, mine, np.ones(len(mine), np.bool_), "no-flag")
        elif special is not None and special.form == "cost":
            _fill_costs(cases, mine)
        else:
            _fill_flag(cases, points, special, groups, contracts, mine)


def _fill_costs(cases: Cases, at: Places) -> None:
    """Cases that are paid their cost: what the cleared funds paid of it. They need no group."""
    fault = cases.fault[at]
    cases.fault[at] = np.where(fault == FAULTS.index("no-group"), 0, fault)
    cases.outside[at] = cases.fault[at] == 0
    cases.standard[at] = np.where(cases.fault[at] == 0, numbers(cases.joined.claims["funds"])[at], 0)


def _fill_flag(
    cases: Cases,
    points: Points,
    special: Special | None,
    groups: Mapping[str, Group],
    contracts: Sequence[Contract],
    at: Places,
) -> None:
    joined = cases.joined
    own = joined.points[at]
    of_group, mean = _of_groups(groups, joined.groups.take(pa.array(at)))
    own = np.where(own >= 0, own, of_group)
    _note(cases, at, (own < 0) | ((mean < 0) & needs_mean(points, special)), "no-standard")
    if special is not None and special.form == "bed-days":
        _note(cases, at, joined.days[at] == 0, "no-days")
    good = cases.fault[at] == 0
    at, own, mean = at[good], own[good], np.maximum(mean[good], 1)
    different, place = np.unique(cases.contract[at], return_inverse=True)
    factor = np.array([contracts[number].factor for number in different.tolist()] or [0], np.int64)[place]
    given = Given(own, factor, mean, numbers(joined.claims["medfee"])[at], joined.days[at])
    units, kinds = points_of(points, special, given)
    _note(cases, at, units >= MOST_POINTS * 10**points.decimals, "out-of-range")
    cases.units[at] = np.where(cases.fault[at] == 0, units, 0)
    cases.cost[at] = kinds


def _of_groups(groups: Mapping[str, Group], named: pa.DictionaryArray) -> tuple[Int64, Int64]:
    """Points and mean cost of each case's group; -1 where the group has none."""
    of_case = named.indices.to_numpy(zero_copy_only=False)
    known = [groups.get(name, Group()) for name in named.dictionary.to_pylist()] or [Group()]
    points = np.array([-1 if one.points is None else one.points for one in known], np.int64)
    mean = np.array([-1 if one.mean_fen is None else one.mean_fen for one in known], np.int64)
    return points[of_case], mean[of_case]


def _note(cases: Cases, at: Places, wrong: npt.NDArray[np.bool_], fault: str) -> None:
    """Note what is wrong with cases with which nothing is wrong so far."""
    cases.fault[at] = np.where((cases.fault[at] == 0) & wrong, FAULTS.index(fault), cases.fault[at])


def _by_terms(contracts: Sequence[Contract], contract: npt.NDArray[np.int32]) -> dict[str, Places]:
    """The places of cases by the terms of their contracts."""
    found: dict[str, list[Places]] = {}
    order = np.argsort(contract, kind="stable")
    different, starts = np.unique(contract[order], return_index=True)
    for number, places in zip(different.tolist(), np.split(order, starts)[1:], strict=True):
        found.setdefault(contracts[number].terms.id, []).append(places)
    return {name: np.concatenate(parts) for name, parts in sorted(found.items())}
