"""Standards per head, as a rule has them, and those that it does not have."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MAX_STANDARD_FEN", "MissingYear", "Standard"]

MAX_STANDARD_FEN = 10**8
"""The largest standard per head: one million yuan. Times 1.4 thousand million heads it fits decimal128(20,2)."""


@dataclass(frozen=True, slots=True)
class Standard:
    """A standard per head; a ``minimum`` is one a pool may exceed.

    Of the subsidy (人均财政补助标准) per head and count unit, or of the premium (个人缴费标准) per head and year.
    """

    fen: int
    minimum: bool
    source: str


@dataclass(frozen=True, slots=True)
class MissingYear:
    """A parameter of a year that is not known, and why; of a year without a rule: shown when somebody asks for that year."""

    year: int
    parameter: str
    why: str
