"""Settled claims as what one side owes the other: by paying pool, by place of treatment, and month by month."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from qingsuan.elsewhere.bureau import Bureau
from qingsuan.elsewhere.model import AMOUNTS
from qingsuan.paid.rows import Sums

__all__ = ["LOCAL", "Cleared", "Pair", "clear"]

LOCAL = ""
"""The month of sums that are known to be care in the own pool: neither month nor institution is kept of them."""

Pair = tuple[str, str]
"""Who pays, and where people were treated."""


@dataclass(slots=True)
class Cleared:
    """Care of a year; numbers are the count of claims and :data:`~qingsuan.elsewhere.model.AMOUNTS` in fen.

    Attributes
    ----------
    places : where among the numbers stands what is cleared.
    paying : by paying pool, place of treatment, which kind of place, and scheme.
    treating : by place of treatment, paying pool, kind of place, institution and scheme.
    months : what is cleared between two sides in fen, by month.
    local : care in the pool itself, by pool.
    unplaced : by pool, scheme, institution, and why nobody knows where it is.
    came : all of it.
    """

    places: tuple[int, ...]
    paying: Sums = field(default_factory=dict)
    treating: Sums = field(default_factory=dict)
    months: dict[Pair, dict[str, int]] = field(default_factory=dict)
    local: Sums = field(default_factory=dict)
    unplaced: Sums = field(default_factory=dict)
    came: list[int] = field(default_factory=lambda: [0] * (1 + len(AMOUNTS)))

    def fen(self, numbers: Sequence[int]) -> int:
        """What of these numbers is cleared."""
        return sum(numbers[place] for place in self.places)

    def total(self, sums: Sums) -> int:
        """What of all of them is cleared."""
        return sum(self.fen(numbers) for numbers in sums.values())

    @property
    def pairs(self) -> dict[Pair, tuple[str, int]]:
        """What is cleared between two sides, and which kind of place it is, in their order."""
        found: dict[Pair, tuple[str, int]] = {}
        for (paying, treating, place, _), numbers in self.paying.items():
            before = found.get((paying, treating), (place, 0))[1]
            found[paying, treating] = place, before + self.fen(numbers)
        return dict(sorted(found.items()))


def clear(rows: Iterable[tuple[tuple[str, ...], list[int]]], bureau: Bureau) -> Cleared:
    """Say of sums by pool, scheme, institution and month who owes them to whom."""
    cleared = Cleared(tuple(1 + AMOUNTS.index(name) for name in bureau.arrangement.clears))
    for (pool, scheme, institution, month), numbers in rows:
        cleared.came = [had + more for had, more in zip(cleared.came, numbers, strict=True)]
        place, treating, why = ("", "", "") if month == LOCAL else bureau.treated(pool, institution)
        if why:
            _add(cleared.unplaced, (pool, scheme, institution, why), numbers)
        elif not place:
            _add(cleared.local, (pool,), numbers)
        else:
            _add(cleared.paying, (pool, treating, place, scheme), numbers)
            _add(cleared.treating, (treating, pool, place, institution, scheme), numbers)
            months = cleared.months.setdefault((pool, treating), {})
            months[month] = months.get(month, 0) + cleared.fen(numbers)
    for name in ("paying", "treating", "local", "unplaced"):
        setattr(cleared, name, dict(sorted(getattr(cleared, name).items())))
    return cleared


def _add(sums: Sums, key: tuple[str, ...], numbers: list[int]) -> None:
    mine = sums.setdefault(key, [0] * len(numbers))
    for place, number in enumerate(numbers):
        mine[place] += number
