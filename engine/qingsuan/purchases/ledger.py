"""The ledger of an advance (预付): paid, given back, and offset against purchases (冲抵), month by month until it is zero."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from qingsuan.money import apply_bp

__all__ = ["Month", "ledger_of"]


@dataclass(frozen=True, slots=True)
class Month:
    """A month in fen: ``opening + advanced − repaid − offset = closing``."""

    month: str
    opening: int
    advanced: int
    repaid: int
    purchases: int
    offset: int

    @property
    def closing(self) -> int:
        """What is left of the advance."""
        return self.opening + self.advanced - self.repaid - self.offset


def ledger_of(
    advanced: Mapping[str, int], repaid: Mapping[str, int], purchases: Mapping[str, int], offset_bp: int
) -> tuple[Month, ...]:
    """Keep a ledger of the months in which something moved; texts such as 2022-03.

    What was paid and given back in a month goes before its purchases. Of these, less returns, a share is offset: no more than is left, and
    (where returns are more than purchases) no more is given back to the advance than was offset before.
    """
    months: list[Month] = []
    left = so_far = 0
    for month in sorted({*advanced, *repaid, *purchases}):
        came, went, bought = (each.get(month, 0) for each in (advanced, repaid, purchases))
        there = max(0, left + came - went)
        offset = max(-so_far, min(there, apply_bp(bought, offset_bp)))
        months.append(Month(month, left, came, went, bought, offset))
        left, so_far = months[-1].closing, so_far + offset
    return tuple(months)
