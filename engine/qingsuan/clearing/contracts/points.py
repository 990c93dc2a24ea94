"""Terms of contracts that pay by points (点数法) or by rate (费率): what a case is worth, and what a point is.

Plain immutable values, and their strict reader. Numbers of places differ in the four settings of an outlier
(偏差病例): its bound, whether the bound belongs to it, what is paid beyond it, what becomes of the institution's factor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from qingsuan.money import BP_ONE, yuan
from qingsuan.policy.strict import Table

__all__ = ["FORMS", "MOST_DECIMALS", "Outlier", "Points", "Special", "read_points"]

MOST_DECIMALS = 6
_MOST_RATE_FEN = 10**8
_MOST_BOUND_BP = 10 * BP_ONE
_Factor = Literal["multiply", "replace", "drop"]
_FACTORS: tuple[_Factor, ...] = ("multiply", "replace", "drop")
_OF_LOW: tuple[_Factor, ...] = ("multiply", "drop")
FORMS = ("percent", "by-cost", "bed-days", "cost")
"""What a case with a flag is worth: a percentage of its points, its points by its cost, those of a day by its days, its cost."""


@dataclass(frozen=True, slots=True)
class Outlier:
    """Cases whose cost is far from the mean of their group.

    Attributes
    ----------
    bound_bp : in per cent of the mean; ``at`` says whether a cost of just as much belongs to it.
    share_bp : high outliers: which part of what is beyond the bound counts.
    factor : whether the factor of the institution multiplies, replaces the one whole before what is beyond, or is dropped.
    """

    bound_bp: int
    at: bool
    share_bp: int
    factor: _Factor


@dataclass(frozen=True, slots=True)
class Special:
    """Cases with a flag, such as those that were not grouped: one of :data:`FORMS`, with the institution's factor or without."""

    form: str
    percent_bp: int
    factor: bool


@dataclass(frozen=True, slots=True)
class Points:
    """How cases become points, and points money.

    Attributes
    ----------
    factors : names of the institution's factors, which are multiplied and rounded once to ``factor_decimals``.
    decimals : of the points of a case.
    low, high, extreme : outliers; None where there are none. Extreme ones count as normal, and are to be reviewed.
    special : by flag.
    rate_fen : what a point is worth where that is agreed; None where it comes from the pool's budget.
    by_ratio : whether the budget is divided by the ratio that was paid of the cost in scope, before it is shared.
    value_decimals : of the value of a point, in yuan.
    deducts : whether what the insured and other payers bore of a case is taken off.
    """

    factors: tuple[str, ...] = ()
    factor_decimals: int = 4
    decimals: int = 4
    low: Outlier | None = None
    high: Outlier | None = None
    extreme: Outlier | None = None
    special: Mapping[str, Special] | None = None
    rate_fen: int | None = None
    by_ratio: bool = False
    value_decimals: int = 4
    deducts: bool = False

    @property
    def shares_budget(self) -> bool:
        """Whether a point is worth what the pool's budget gives."""
        return self.rate_fen is None

    @property
    def empties(self) -> bool:
        """Whether the pool's budget is paid out to the last fen."""
        return self.shares_budget and not self.by_ratio and not self.deducts


def read_points(table: Table, need: Callable[[str, Callable[[str], Any], Any], Any]) -> Points:
    """Read what terms say of points; ``need`` notes a key that is not there."""
    method = need("method", lambda key: table.choice(key, ("points", "rate")), "")
    for key in () if method else ("value", "rate_yuan"):
        table.has(key)  # which of the two is meant, the missing method would say
    value = need("value", lambda key: _value(table.table(key)), (False, 4)) if method == "points" else (False, 4)
    return Points(
        factors=need("factors", table.texts, ()),
        factor_decimals=need("factor_decimals", lambda key: table.whole(key, low=0, high=4), 4),
        decimals=need("decimals", lambda key: table.whole(key, low=0, high=MOST_DECIMALS), 4),
        low=need("low", lambda key: _outlier(table, key, is_low=True), None),
        high=need("high", lambda key: _outlier(table, key), None),
        extreme=_outlier(table, "extreme", is_extreme=True) if table.has("extreme") else None,
        special={one.text("flag"): _special(one) for one in table.tables("special")} if table.has("special") else {},
        rate_fen=need("rate_yuan", lambda key: _rate(table, key), 0) if method == "rate" else None,
        by_ratio=value[0],
        value_decimals=value[1],
        deducts=need("deduct", lambda key: table.choice(key, ("nothing", "others")), "nothing") == "others",
    )


def _rate(table: Table, key: str) -> int:
    fen = table.yuan_fen(key)
    if fen > _MOST_RATE_FEN:
        expected = f"at most {yuan(_MOST_RATE_FEN)} yuan a point"
        table.refuse(key, found=yuan(fen), expected=expected, do="write the rate of the contract")
    return fen


def _value(table: Table) -> tuple[bool, int]:
    return table.choice("from", ("budget", "ratio")) == "ratio", table.whole("decimals", low=0, high=MOST_DECIMALS)


def _outlier(table: Table, key: str, *, is_low: bool = False, is_extreme: bool = False) -> Outlier | None:
    """An outlier of three to four settings; ``"none"`` where the place has none."""
    if not table.is_table(key):
        table.choice(key, ("none",))
        return None
    one = table.table(key)
    low, high = (0, BP_ONE) if is_low else (BP_ONE, _MOST_BOUND_BP)
    bound, at = one.percent_bp("percent", low=low, high=high), one.flag("at")
    if is_extreme:
        return Outlier(bound, at, 0, "multiply")
    if is_low:
        return Outlier(bound, at, 0, one.choice("factor", _OF_LOW))
    return Outlier(bound, at, one.percent_bp("share_percent", high=BP_ONE), one.choice("factor", _FACTORS))


def _special(table: Table) -> Special:
    form = table.choice("form", FORMS)
    if form == "cost":
        return Special(form, BP_ONE, factor=False)
    percent = table.percent_bp("percent", high=_MOST_BOUND_BP) if form != "bed-days" else BP_ONE
    return Special(form, percent, table.flag("factor"))
