"""Advances (预付金): how much they have to be, what of them is in use month by month, and the alarms (预警)."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from qingsuan.elsewhere.clearing import Cleared
from qingsuan.elsewhere.model import Advance
from qingsuan.money import BP_ONE, divided
from qingsuan.movements.model import Movement

__all__ = ["LEVELS", "Held", "Use", "held", "uses"]

LEVELS = ("none", "yellow", "red", "unfunded")
"""No alarm, yellow, red; and care in use against an advance that was never paid."""

_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Held:
    """An advance at the end: what it has to be, what is held, and what is to be added (or below 0 given back), in fen."""

    advance: Advance
    required: int
    held: int

    @property
    def adjust(self) -> int:
        """What is to be added."""
        return self.required - self.held


@dataclass(frozen=True, slots=True)
class Use:
    """An advance at the end of a month, in fen: cleared and transferred up to then, what is in use, what is held."""

    advance: Advance
    month: str
    cleared: int
    transferred: int
    held: int

    @property
    def used(self) -> int:
        """What was cleared and is not transferred yet."""
        return max(0, self.cleared - self.transferred)

    @property
    def rate(self) -> int | None:
        """The share in use in basis points, rounded half away from zero; None where nothing is held."""
        return divided(self.used * BP_ONE, self.held) if self.held > 0 else None

    @property
    def level(self) -> str:
        """One of :data:`LEVELS`: by the exact share, not the rounded one."""
        if not self.used:
            return LEVELS[0]
        if self.held <= 0:
            return LEVELS[3]
        share = Fraction(self.used * BP_ONE, self.held)
        return (
            LEVELS[2] if share >= self.advance.red_bp else LEVELS[1] if share >= self.advance.yellow_bp else LEVELS[0]
        )


def held(advance: Advance, movements: Sequence[Movement]) -> Held:
    """An advance after all money that moved."""
    required = divided(advance.last_year_fen * advance.months, _MONTHS)
    return Held(advance, required, sum(one.fen or 0 for one in movements if _is_of(advance, one)))


def uses(advance: Advance, cleared: Cleared, movements: Sequence[Movement], year: int) -> Iterator[Use]:
    """An advance at the end of each month of the year."""
    sums = [months for (paying, treating), months in cleared.months.items() if advance.covers(paying, treating)]
    counted = [one for one in movements if one.outcome == "counted" and one.date is not None]
    transfers = [
        one
        for one in counted
        if one.cells["kind"] == "transfer" and advance.covers(one.cells["payer"], one.cells["receiver"])
    ]
    advanced = [one for one in counted if _is_of(advance, one)]
    so_far = 0
    for number in range(1, _MONTHS + 1):
        month, end = f"{year}-{number:02d}", dt.date(year, number, calendar.monthrange(year, number)[1])
        so_far += sum(months.get(month, 0) for months in sums)
        yield Use(advance, month, so_far, _until(transfers, end), _until(advanced, end))


def _is_of(advance: Advance, one: Movement) -> bool:
    """Whether a line is a payment of the advance itself."""
    sides = one.cells["payer"], one.cells["receiver"]
    return (one.outcome, one.cells["kind"], sides) == ("counted", "advance", (advance.payer, advance.receiver))


def _until(movements: Sequence[Movement], end: dt.date) -> int:
    return sum(one.fen or 0 for one in movements if one.date is not None and one.date <= end)
