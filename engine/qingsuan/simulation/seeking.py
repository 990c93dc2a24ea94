"""Which value of one number changes a fund's payments by what is wanted: tried on whole fen or basis points.

Nothing says that payments rise with a number. So a value is known to be found only where the difference changes its sign between two
neighbours, and everything that was tried is told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from qingsuan.errors import UsageError
from qingsuan.money import yuan
from qingsuan.simulation.changing.asked import Seek, Sweep, plain

__all__ = ["Found", "Tried", "seek_value"]

_BETWEEN = 7
"""So many values between the bounds are tried where the bounds lie on one side of what is wanted."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A value in hundredths, by how many fen it changes the fund's payments, and how many fen that is from what is wanted."""

    value: int
    change: int
    off: int


@dataclass(frozen=True, slots=True)
class Found:
    """The value that comes nearest, its neighbour on the other side (None where it hits), and all that was tried, in that order."""

    nearest: Tried
    other: Tried | None
    tried: tuple[Tried, ...]


def seek_value(sweep: Sweep, seek: Seek, change_of: Callable[[int], int]) -> Found:
    """Seek a value between the bounds of a sweep, on its steps, or on hundredths.

    Parameters
    ----------
    change_of
        By how many fen a value, in hundredths, changes the payments of the fund.

    Raises
    ------
    UsageError
        No value that was tried, and no two neighbours, lie on both sides of what is wanted.
    """
    known: dict[int, Tried] = {}
    step = sweep.step or 1
    last = (sweep.high - sweep.low) // step

    def at(place: int) -> Tried:
        value = sweep.low + place * step
        if value not in known:
            change = change_of(value)
            known[value] = Tried(value, change, change - seek.target_fen)
        return known[value]

    low, high = _bracket(at, last)
    if low is None or high is None:
        raise _nothing_found(sweep, seek, [*known.values()])
    while high - low > 1 and at(low).off and at(high).off:
        middle = (low + high) // 2
        if (at(middle).off > 0) == (at(low).off > 0):
            low = middle
        else:
            high = middle
    nearest, other = sorted((at(low), at(high)), key=lambda one: (abs(one.off), one.value))
    return Found(nearest, other if nearest.off else None, tuple(known.values()))


def _bracket(at: Callable[[int], Tried], last: int) -> tuple[int, int] | tuple[None, None]:
    """Two places on both sides of what is wanted: the bounds, else the first such pair of some between them."""
    places = [0, last]
    for tried in (places, sorted({last * part // (_BETWEEN + 1) for part in range(_BETWEEN + 2)})):
        for one, following in pairwise(tried):
            if at(one).off * at(following).off <= 0:
                return one, following
    return None, None


def _nothing_found(sweep: Sweep, seek: Seek, tried: list[Tried]) -> UsageError:
    ends = [next(one for one in tried if one.value == value) for value in (tried[0].value, tried[1].value)]
    said = "; ".join(f"at {plain(Decimal(one.value) / 100)} they change by {_signed(one.change)} yuan" for one in ends)
    nearest = min(tried, key=lambda one: abs(one.off))
    return UsageError(
        f"--seek {seek} --sweep {sweep}",
        found=f"no value between the bounds that changes payments by {_signed(seek.target_fen)} yuan: {said}",
        expected=f"bounds on both sides of it; of {len(tried)} values tried {plain(Decimal(nearest.value) / 100)} comes nearest "
        f"({_signed(nearest.change)} yuan)",
        do="take wider bounds, or another number",
    )


def _signed(fen: int) -> str:
    return f"{'+' if fen > 0 else '±' if fen == 0 else ''}{yuan(fen)}"
