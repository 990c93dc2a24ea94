"""A batch of central procurement (带量采购批次) as a bureau's file says it. Plain immutable values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from qingsuan.policy.model import Source

__all__ = [
    "COMPLETED",
    "NEEDED",
    "OUTCOMES",
    "PRICE_ONE",
    "SPENT",
    "Completed",
    "Grade",
    "Item",
    "Needed",
    "Procurement",
    "ProcurementBatch",
    "SchemeTerms",
    "Spent",
]

PRICE_ONE = 10_000
"""Prices are whole numbers of 1/10 000 yuan: a tablet may cost a hundredth of a fen."""

Needed = Literal["agreed", "last-year"]
NEEDED: tuple[Needed, ...] = ("agreed", "last-year")
"""Which quantity the budget is for: the agreed one (约定采购量), or last year's use."""

Spent = Literal["agreed", "bought"]
SPENT: tuple[Spent, ...] = ("agreed", "bought")
"""Which quantity counts as spent at the new price."""

Completed = Literal["each-item", "in-all"]
COMPLETED: tuple[Completed, ...] = ("each-item", "in-all")
"""What has to be completed: the agreed quantity of each item, or all of them together, weighed by the new price."""

OUTCOMES = ("kept", "nothing-saved", "not-completed", "no-score")
"""What becomes of the saved money of an institution."""


@dataclass(frozen=True, slots=True)
class Item:
    """A drug or material of a batch: its mean price before, and the winning one (中选价), in 1/10 000 yuan."""

    batch: str
    code: str
    before: int
    price: int


@dataclass(frozen=True, slots=True)
class Grade:
    """From which share of the full score on an institution keeps which share of what was saved."""

    from_bp: int
    share_bp: int


@dataclass(frozen=True, slots=True)
class SchemeTerms:
    """What of a purchase is a scheme's: the share of its patients, and the ratio that its fund pays."""

    scheme: str
    insured_bp: int
    ratio_bp: int


@dataclass(frozen=True, slots=True)
class ProcurementBatch:
    """One batch.

    Attributes
    ----------
    begins, ends : the period of the agreement (采购协议期).
    demand_bp : by how much demand changes, of what is needed.
    completed_bp : the share of the agreed quantity from which on it counts as completed.
    grades : from the highest score to 0.
    most_bp : no more of what was saved is kept than this.
    advance_bp : the share of the agreed amount that is advanced; None where nothing is.
    offset_bp : the share of each purchase that is offset against the advance.
    """

    id: str
    begins: dt.date
    ends: dt.date
    needed: Needed
    demand_bp: int
    spent: Spent
    completed: Completed
    completed_bp: int
    schemes: tuple[SchemeTerms, ...]
    full_score: int
    grades: tuple[Grade, ...]
    most_bp: int
    advance_bp: int | None
    offset_bp: int
    source: str

    def share_of(self, score: int) -> int:
        """The share that a score keeps, in basis points; the score in hundredths."""
        for grade in self.grades:
            if score * 10_000 >= grade.from_bp * self.full_score:
                return min(grade.share_bp, self.most_bp)
        return 0


@dataclass(frozen=True, slots=True)
class Procurement:
    """What a file says: the batches whose agreements end in a year."""

    title: str
    year: int
    source: str
    batches: tuple[ProcurementBatch, ...]
    sources: Mapping[str, Source]
