"""To what a payment is rounded, where a document says another unit than the fen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["SIDES", "UNITS", "Rounding"]

UNITS = {"fen": 1, "jiao": 10, "yuan": 100, "ten_yuan": 1000}
"""What may be rounded to, in fen."""
SIDES: tuple[Literal["down", "half", "up"], ...] = ("down", "half", "up")
"""Down (舍去), half up (四舍五入) or up (进位)."""


@dataclass(frozen=True, slots=True)
class Rounding:
    """What the bands give is rounded once, to ``unit_fen``; with ``of="own_share"`` what they leave to the person is, instead."""

    unit_fen: int
    side: Literal["down", "half", "up"]
    of: Literal["payment", "own_share"] = "payment"
    source: str = ""
