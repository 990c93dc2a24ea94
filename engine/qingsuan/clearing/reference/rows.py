"""Rows as the twin takes them, and how it rounds."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

__all__ = ["Case", "Claim", "decimals", "whole"]


@dataclass(frozen=True, slots=True)
class Claim:
    """A settled claim: month is that of its benefit date, amounts are fen."""

    setl_id: str
    pool: str
    insutype: str
    med_type: str
    fixmedins_code: str
    month: int
    medfee: int
    fund_all: int
    funds: int
    person: int
    scope: int = 0
    insu_admdvs: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """A row of cases."""

    setl_id: str
    pool: str
    insutype: str
    group: str
    days: int
    flag: str = ""
    points: int = -1


def decimals(number: Fraction, decimals: int) -> Fraction:
    """Half away from zero at so many decimals."""
    return Fraction(whole(number * 10**decimals), 10**decimals)


def whole(amount: Fraction) -> int:
    """Half away from zero."""
    whole = int(abs(amount) + Fraction(1, 2))
    return whole if amount >= 0 else -whole
