"""Receipts of a subsidy, and who owes it: plain values."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

__all__ = ["OUTCOMES", "PAYER_LEVELS", "Claim", "Fault", "Receipt"]

PAYER_LEVELS = ("central", "province", "prefecture", "county")
"""Who pays (拨付级次), as receipts and budgets name it."""

OUTCOMES = ("received", "after-the-day", "another-year", "refused")
"""What becomes of a receipt."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a receipt is refused: one of the rejection codes, the column, what stands there, what was expected."""

    code: str
    column: str
    found: str
    expected: str


@dataclass(slots=True)
class Receipt:
    """One line of the table of receipts.

    Attributes
    ----------
    cells : the line as it came.
    date, fen, year : None where the line does not say them.
    fault : why it is refused, or None.
    outcome : one of :data:`OUTCOMES`.
    level, place : the payer and place whose debt it meets; empty where it meets none.
    """

    number: int
    cells: dict[str, str]
    date: dt.date | None = None
    fen: int | None = None
    year: int | None = None
    fault: Fault | None = None
    outcome: str = ""
    level: str = ""
    place: str = ""

    def refuse(self, code: str, column: str, found: str, expected: str) -> None:
        """Refuse it, unless it is refused already."""
        if self.fault is None:
            self.fault = Fault(code, column, found, expected)


@dataclass(frozen=True, slots=True)
class Claim:
    """What one payer owes for one place: central and provincial money per pool, prefecture and county money per county.

    ``level`` is one of :data:`PAYER_LEVELS`, or ``local`` where the bureau does not split the local share.
    """

    region: str
    level: str
    prefecture: str
    prefecture_name: str
    place: str
    name: str
    due_fen: int
