"""Fen, basis points, rounding and splitting (分、万分比、四舍五入、分摊).

An amount is a whole number of fen in an ``int``; a ratio is a whole number of basis points. Rounding is half away from
zero to the fen, once per step. No floating-point number comes near either.

Why nothing overflows in 64 bits: an input amount is at most :data:`MAX_FEN` = 10**13 and a ratio at most
:data:`BP_ONE` = 10**4, so one product is at most 10**17, and 9.2 * 10**18 is the bound. A running total can be larger
than one amount, so the compiled core never multiplies a total: it multiplies ``total // 10**4`` and ``total % 10**4``
apart (see ``apply_bp``), each product no larger than the total itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["BP_ONE", "MAX_FEN", "apply_bp", "bp_of_percent", "divided", "fen_of_yuan", "split", "yuan"]

BP_ONE = 10_000
"""One whole, in basis points."""

MAX_FEN = 10**13
"""The largest amount an input may carry: 100 billion yuan."""

_YUAN = re.compile(r"(-?)([0-9]{1,15})(?:\.([0-9]{1,2}))?")


def apply_bp(amount_fen: int, ratio_bp: int) -> int:
    """Take ``ratio_bp`` of ``amount_fen``, rounded half away from zero to the fen.

    >>> apply_bp(452, 500), apply_bp(-452, 500), apply_bp(50, 100)
    (23, -23, 1)
    """
    product = abs(amount_fen) * ratio_bp
    rounded = (product + BP_ONE // 2) // BP_ONE
    return rounded if amount_fen >= 0 else -rounded


def divided(fen: int, by: int) -> int:
    """An amount by a whole number above 0, rounded half away from zero to the fen.

    >>> divided(5, 2), divided(-5, 2), divided(4, 3)
    (3, -3, 1)
    """
    rounded = (2 * abs(fen) + by) // (2 * by)
    return rounded if fen >= 0 else -rounded


def split(amount_fen: int, shares_bp: Sequence[int]) -> tuple[int, ...]:
    """Split an amount by ratios; the last share takes the remainder and is never rounded on its own.

    Raises
    ------
    ValueError
        The shares do not add up to one whole, or one of them is negative.

    >>> split(58000, (6000, 2400, 1600))
    (34800, 13920, 9280)
    """
    if sum(shares_bp) != BP_ONE or min(shares_bp) < 0:
        raise ValueError(f"shares must be non-negative and add up to {BP_ONE} basis points, got {tuple(shares_bp)}")
    parts = [apply_bp(amount_fen, share) for share in shares_bp[:-1]]
    return (*parts, amount_fen - sum(parts))


def fen_of_yuan(text: str | int) -> int:
    """Read yuan, written as a whole number or a text with at most two decimals, into fen.

    Raises
    ------
    ValueError
        The text is not such a number.

    >>> fen_of_yuan("92.8"), fen_of_yuan(1200), fen_of_yuan("-0.05")
    (9280, 120000, -5)
    """
    match = _YUAN.fullmatch(str(text).strip())
    if match is None or isinstance(text, bool):
        raise ValueError(f"not an amount in yuan with at most two decimals: {text!r}")
    sign, whole, cents = match.groups()
    fen = int(whole) * 100 + int((cents or "").ljust(2, "0"))
    return -fen if sign else fen


def bp_of_percent(text: str | int) -> int:
    """Read a percentage with at most two decimals into basis points.

    >>> bp_of_percent(55), bp_of_percent("12.5")
    (5500, 1250)
    """
    try:
        return fen_of_yuan(text)
    except ValueError:
        raise ValueError(f"not a percentage with at most two decimals: {text!r}") from None


def yuan(amount_fen: int) -> str:
    """Write fen as yuan with two decimals.

    >>> yuan(4684000), yuan(-5)
    ('46840.00', '-0.05')
    """
    sign = "-" if amount_fen < 0 else ""
    return f"{sign}{abs(amount_fen) // 100}.{abs(amount_fen) % 100:02d}"
