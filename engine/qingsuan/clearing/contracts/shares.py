"""Terms about what is left over or short (结余留用, 超支分担), and about deposits (质量保证金): plain values, and their strict reader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from qingsuan.money import BP_ONE
from qingsuan.policy.strict import Table

__all__ = ["Band", "Deposit", "Grade", "Share", "read_deposit", "read_share"]

_MOST_BP = 100 * BP_ONE


@dataclass(frozen=True, slots=True)
class Band:
    """Up to so many per cent of the budget, what is saved or overrun is shared by a percentage; None: without end."""

    to_bp: int | None
    bp: int


@dataclass(frozen=True, slots=True)
class Share:
    """Which part of a surplus an institution keeps, or of an overrun the fund bears.

    Attributes
    ----------
    by_slice : each slice by its own band; otherwise all of it by the band in which it ends.
    bands : ascending, the last one without end.
    most_bp : of the budget, at most; None without a bound.
    """

    by_slice: bool
    bands: tuple[Band, ...]
    most_bp: int | None


@dataclass(frozen=True, slots=True)
class Grade:
    """From so many per cent of the full score on, this percentage of the deposit is returned."""

    from_bp: int
    returned_bp: int


@dataclass(frozen=True, slots=True)
class Deposit:
    """What is withheld month by month, and returned by the yearly assessment (年度考核).

    Attributes
    ----------
    rate_bp : of what a month is due.
    grades : by score ÷ full score, descending; empty where the index decides: score ÷ mean score.
    low_bp, high_bp
        Bounds of the index, in per cent of the mean score: below the first one the deposit is returned times the index, else whole;
        above the second one the institution is a high scorer.
    least_bp : below so many per cent of the full score nothing is returned, where the index decides.
    to_high_scorers : what is not returned goes to the best, in proportion to deposit × score; otherwise the fund keeps it.
    """

    rate_bp: int
    grades: tuple[Grade, ...]
    low_bp: int
    high_bp: int
    least_bp: int
    to_high_scorers: bool


def read_share(table: Table, key: str) -> Share | None:
    """Read ``surplus`` or ``overrun``; None for ``"none"``."""
    if not table.is_table(key):
        table.choice(key, ("none",))
        return None
    one = table.table(key)
    bands: list[Band] = []
    for band in one.tables("bands"):
        to_bp = band.percent_bp("to_percent", low=1, high=_MOST_BP) if band.has("to_percent") else None
        before = bands[-1].to_bp if bands else 0
        if before is None or (to_bp is not None and to_bp <= before):
            expected = "bands in ascending order, the last one alone without to_percent"
            band.refuse("to_percent", found="a band after one that is not below it", expected=expected, do="sort them")
        bands.append(Band(to_bp, band.percent_bp("percent", high=BP_ONE)))
    if not bands or bands[-1].to_bp is not None:
        expected = "a last band without to_percent: what holds beyond the others, if only percent = 0"
        one.refuse("bands", found="an end after which nothing is said", expected=expected, do="add that band")
    by_slice = one.choice("by", ("slice", "whole")) == "slice"
    most = one.percent_bp("at_most_percent", high=_MOST_BP) if one.has("at_most_percent") else None
    return Share(by_slice, tuple(bands), most)


def read_deposit(table: Table) -> Deposit:
    """Read ``deposit``."""
    rate = table.percent_bp("percent", high=BP_ONE)
    rest = table.choice("rest", ("fund", "high-scorers")) == "high-scorers"
    by: Literal["score", "index"] = table.choice("by", ("score", "index"))
    if by == "index":
        low, high = (table.percent_bp(key, high=_MOST_BP) for key in ("low_percent", "high_percent"))
        if high < low:
            table.refuse(
                "high_percent",
                found="a bound below the other",
                expected="high_percent not below low_percent",
                do="correct the bounds",
            )
        return Deposit(rate, (), low, high, table.percent_bp("least_percent", high=BP_ONE), rest)
    grades: list[Grade] = []
    for one in table.tables("bands"):
        grade = Grade(one.percent_bp("from_percent", high=BP_ONE), one.percent_bp("returned_percent", high=BP_ONE))
        if grades and grade.from_bp >= grades[-1].from_bp:
            expected = "bands in descending order"
            one.refuse("from_percent", found="one that is not below the band before it", expected=expected, do="sort")
        grades.append(grade)
    if not grades or grades[-1].from_bp:
        expected = "a last band with from_percent = 0"
        table.refuse("bands", found="scores of which nothing is said", expected=expected, do="add that band")
    return Deposit(rate, tuple(grades), 0, 0, 0, rest)
