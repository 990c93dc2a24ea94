"""A layer that is settled once for a person's year, after the last claim of it (年终二次报销)."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["COUNTED_AT_YEAR_END", "YearEnd"]

COUNTED_AT_YEAR_END = "base"
"""The counter that the bands of such a layer may be selected by: what the person still bears of the whole year."""


@dataclass(frozen=True, slots=True)
class YearEnd:
    """A layer pays once for each person, scheme and pool, when the benefit year is over.

    What enters is what the rules that name the layer left of the amount in scope, claim by claim, added up in ``group``. The last of
    these claims decides which of the layer's cases hold.
    """

    group: str
    source: str = ""
