"""Receipts of a subsidy, and who owes it: plain values."""

from __future__ import annotations

from dataclasses import dataclass

from qingsuan.movements.model import Movement

__all__ = ["OUTCOMES", "PAYER_LEVELS", "Claim", "Receipt"]

PAYER_LEVELS = ("central", "province", "prefecture", "county")
"""Who pays (拨付级次), as receipts and budgets name it."""

OUTCOMES = ("received", "after-the-day", "another-year", "refused")
"""What becomes of a receipt."""


@dataclass(slots=True)
class Receipt(Movement):
    """One line of the table of receipts; ``outcome`` is one of :data:`OUTCOMES`.

    Attributes
    ----------
    level, place : the payer and place whose debt it meets; empty where it meets none.
    """

    level: str = ""
    place: str = ""


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
