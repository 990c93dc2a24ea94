"""Amounts that are another for each claim."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from qingsuan.policy.per_claim.counted import Select

__all__ = ["BILL_VALUES", "DAYS", "Amount"]

DAYS = "enddate - begndate"
"""The days of a claim: from ``begndate`` to ``enddate``, one at least."""
BILL_VALUES = ("medfee_sumamt", "inscp_scp_amt")
"""The parts of its bill of which a claim can have a share, in fen."""


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount that each claim has for itself: ``ratio_bp`` of ``base_fen + step_fen * (value - first)``, at most ``upto_fen``.

    ``value`` names what is asked of the claim: a dimension of kind number, :data:`DAYS`, or one of :data:`BILL_VALUES`; below
    ``first`` it counts as ``first``. With ``column`` it is the amount in that column of ``table`` (按个人审定金额), and ``value``
    names the dimension of kind amount that reads it: of registrations in that of the one of ``reg_type`` that holds, for what the
    claim has in the column ``asked`` where that is said; with ``of_bill`` it is a part of the bill, and never more. With ``each`` every
    settlement of one stay has it for itself; else they share that of the one at hand. With ``select`` it is the one of
    ``amounts_fen`` that a counter selects, and the claim is asked for nothing: ``value`` is empty.
    """

    value: str
    base_fen: int = 0
    step_fen: int = 1
    first: int = 0
    upto_fen: int | None = None
    ratio_bp: int = 10_000
    each: bool = False
    column: str | None = None
    table: Literal["claims", "insured", "registrations"] | None = None
    reg_type: str | None = None
    asked: str | None = None
    of_bill: bool | None = None
    select: Select | None = None
    amounts_fen: tuple[int, ...] | None = None

    def of(self, value: int) -> int:
        """The amount in fen where the claim has this value."""
        fen = self.base_fen + self.step_fen * max(0, value - self.first)
        if self.upto_fen is not None:
            fen = min(fen, self.upto_fen)
        return (fen * self.ratio_bp + 5000) // 10_000
