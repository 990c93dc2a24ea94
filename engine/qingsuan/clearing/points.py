"""The points of cases (病例点数): a group's points, the institution's factor, and what becomes of cases that are unlike their group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qingsuan.clearing.contracts.model import ONE
from qingsuan.clearing.contracts.points import Outlier, Points, Special
from qingsuan.money import BP_ONE

__all__ = ["EXTREME", "HIGH", "LOW", "MOST_POINTS", "NORMAL", "Given", "compared", "needs_mean", "points_of"]

NORMAL, LOW, HIGH, EXTREME = range(4)
"""How the cost of a case is, beside the mean of its group."""

MOST_POINTS = 10**6
"""So many points a case has at most, and what stands for more: sums of many cases, in units of a decimal, fit in 64 bits."""

Int64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
_Whole = Any
"""Whole numbers of any size, as arrays of Python's: a product of points, factors and costs does not fit in 64 bits."""


@dataclass(frozen=True, slots=True)
class Given:
    """Cases: points and factor in ten-thousandths, mean cost of the group and own cost in fen, days."""

    points: Int64
    factor: Int64
    mean: Int64
    cost: Int64
    days: Int64


def needs_mean(points: Points, special: Special | None) -> bool:
    """Whether what a case is worth depends on the mean cost of its group."""
    if special is not None:
        return special.form == "by-cost"
    return any(one is not None for one in (points.low, points.high, points.extreme))


def compared(points: Points, given: Given) -> npt.NDArray[np.int8]:
    """How the cost of each case is: normal, low, high or extreme."""
    found = np.full(len(given.cost), NORMAL, np.int8)
    beyond = ((points.low, LOW), (points.high, HIGH), (points.extreme, EXTREME))
    for outlier, kind in beyond:
        if outlier is not None:
            found[_is_beyond(outlier, given, is_low=kind == LOW)] = kind
    return found


def _is_beyond(outlier: Outlier, given: Given, *, is_low: bool) -> Mask:
    cost, bound = given.cost * BP_ONE, given.mean * outlier.bound_bp
    if is_low:
        return cost <= bound if outlier.at else cost < bound
    return cost >= bound if outlier.at else cost > bound


def points_of(points: Points, special: Special | None, given: Given) -> tuple[Int64, npt.NDArray[np.int8]]:
    """Points of cases in units of the last decimal, rounded once, half away from zero; and how their costs are.

    Parameters
    ----------
    special
        What the cases are whose flag it is; None for cases without a flag, whose costs are compared.
    """
    if special is not None:
        return _special(points, special, given), np.full(len(given.cost), NORMAL, np.int8)
    kinds = compared(points, given)
    found = _units(points, given.points * given.factor, ONE * ONE)
    for outlier, kind in ((points.low, LOW), (points.high, HIGH)):
        at = np.flatnonzero(kinds == kind)
        if outlier is not None and len(at):
            found[at] = _outlying(points, outlier, kind, Given(*(getattr(given, name)[at] for name in _NAMES)))
    return found, kinds


_NAMES = ("points", "factor", "mean", "cost", "days")


def _outlying(points: Points, outlier: Outlier, kind: int, given: Given) -> Int64:
    """``points × r`` below, ``points × (1 + (r - bound) × share)`` above; ``r`` is cost ÷ mean."""
    own, factor, mean, cost = (getattr(given, name).astype(object) for name in _NAMES[:4])
    used = factor if outlier.factor == "multiply" else ONE
    if kind == LOW:
        return _units(points, own * used * cost, ONE * ONE * mean)
    whole = factor * BP_ONE if outlier.factor == "replace" else ONE * BP_ONE
    beyond = (cost * BP_ONE - outlier.bound_bp * mean) * outlier.share_bp
    return _units(points, own * used * (whole * mean + beyond), ONE * ONE * ONE * BP_ONE * mean)


def _special(points: Points, special: Special, given: Given) -> Int64:
    own, factor, mean, cost, days = (getattr(given, name).astype(object) for name in _NAMES)
    used = factor if special.factor else ONE
    worth, whole = own * used * special.percent_bp, ONE * ONE * BP_ONE
    if special.form == "by-cost":
        return _units(points, worth * cost, whole * mean)
    if special.form == "bed-days":
        return _units(points, worth * days, whole)
    return _units(points, worth * (0 if special.form == "cost" else 1), whole)


def _units(points: Points, worth: _Whole, whole: _Whole) -> Int64:
    """``worth ÷ whole`` in units of the last decimal, half away from zero; no amount is below 0."""
    unit = int(10**points.decimals)
    most = MOST_POINTS * unit
    if isinstance(worth, np.ndarray) and worth.dtype == np.int64 and whole % unit == 0:
        divided = whole // unit
        found: Int64 = np.minimum((worth + divided // 2) // divided, most)
        return found
    exact = (np.asarray(worth, object) * unit * 2 + whole) // (whole * 2)
    return np.asarray(np.minimum(exact, most), object).astype(np.int64)
