"""Rounding to another unit than the fen, in the slow twin: one division of an exact amount, in fen times basis points."""

from __future__ import annotations

from qingsuan.money import BP_ONE
from qingsuan.policy.model import Rounding

__all__ = ["rounded"]


def rounded(how: Rounding, p0_fen: int, x_fen: int, low_fen_bp: int, high_fen_bp: int) -> int:
    """What is paid of x, which starts at p0: by what bands give up to there and up to the end of x, exactly."""
    if how.of == "payment":
        paid_fen = _to_unit(how, high_fen_bp) - _to_unit(how, low_fen_bp)
    else:
        own_fen = _to_unit(how, (p0_fen + x_fen) * BP_ONE - high_fen_bp) - _to_unit(how, p0_fen * BP_ONE - low_fen_bp)
        paid_fen = x_fen - own_fen
    return min(max(paid_fen, 0), x_fen)


def _to_unit(how: Rounding, fen_bp: int) -> int:
    unit_fen_bp = how.unit_fen * BP_ONE
    if how.side == "up":
        return -(-fen_bp // unit_fen_bp) * how.unit_fen
    more = unit_fen_bp // 2 if how.side == "half" else 0
    return (fen_bp + more) // unit_fen_bp * how.unit_fen
