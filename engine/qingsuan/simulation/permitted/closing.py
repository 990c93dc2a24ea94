"""By how much one number alone would have to change so that a gap is closed: on whole yuan and whole percents, within its bounds.

Nothing says that payments rise with a number. So what is found is a value that closes the gap with a neighbour that does not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from qingsuan.simulation.permitted.numbers import PermittedNumber

__all__ = ["Closing", "Outcome", "Pays", "close_gap"]

Pays = Callable[[int], int | None]
"""By how many fen a fund pays more at a value in hundredths; None where the rules are refused with it."""

Outcome = Literal["closes", "not alone", "no effect", "refused"]
"""Closes the gap; saves something at its bound, but not enough; saves nothing either way; no other value is accepted by itself."""

_STEP = 100
_MOST = {"percent": 100_00, "yuan": 1_000_000_00}
"""Where nobody states an upper bound: a share of the whole, a million yuan."""


@dataclass(frozen=True, slots=True)
class Closing:
    """What one number comes to: the value in hundredths, None without an effect, and by how many fen the fund pays more at it."""

    outcome: Outcome
    value: int | None = None
    fen: int = 0


@dataclass(frozen=True)
class _Way:
    """From the value in force toward a bound, on whole yuan or percents."""

    number: PermittedNumber
    end: int
    pays: Pays

    @property
    def last(self) -> int:
        now = self.number.now
        if self.end == now:
            return 0
        return _up(self.end) - now // _STEP if self.end > now else _up(now) - self.end // _STEP

    def value(self, place: int) -> int:
        """The value so many steps away; in the end it is the bound."""
        if place == self.last:
            return self.end
        if self.end > self.number.now:
            return (self.number.now // _STEP + place) * _STEP
        return (_up(self.number.now) - place) * _STEP

    def at(self, place: int) -> int | None:
        """By how many fen the fund pays more there; None where the rules are refused."""
        return self.pays(self.value(place))

    def farthest(self) -> int:
        """The last place that is accepted: the bound, or the last before rules are refused; 0 where none is."""
        if not self.last or self.at(self.last) is not None:
            return self.last
        return _neighbours(lambda place: self.at(place) is None, self.last)[0]

    def closing(self, fen: int, most: int) -> int:
        """A place at which so much is saved, with a neighbour at which it is not; it is saved at ``most``."""
        return _neighbours(lambda place: (self.at(place) or 0) <= -fen, most)[1]

    def told(self, outcome: Outcome, place: int) -> Closing:
        return Closing(outcome, self.value(place), self.at(place) or 0)


def _up(hundredths: int) -> int:
    return -(-hundredths // _STEP)


def _neighbours(holds: Callable[[int], bool], last: int) -> tuple[int, int]:
    """Two places beside each other, the first of which does not hold and the second does; it holds at the last, and not at 0."""
    low, high = 0, last
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return low, high


def close_gap(number: PermittedNumber, fen: int, pays: Pays) -> Closing:
    """Seek the value nearest to the one in force at which a gap is closed.

    Parameters
    ----------
    fen
        The gap, above 0.
    """
    least = max(number.least or 0, 0)
    most = max(_MOST[number.unit], number.now) if number.most is None else number.most
    ways = [_Way(number, end, pays) for end in (least, most)]
    reached = [(way, place) for way in ways if (place := way.farthest())]
    if not reached:
        return Closing("refused")
    way, place = min(reached, key=lambda one: one[0].at(one[1]) or 0)
    change = way.at(place) or 0
    if change >= 0:
        return Closing("no effect")
    if change > -fen:
        return way.told("not alone", place)
    return way.told("closes", way.closing(fen, place))
