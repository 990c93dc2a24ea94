"""What is worked out for one contract: a line of the table ``clearing``, filled in step after step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from qingsuan.clearing.contracts.model import Contract

__all__ = ["CLAIMED", "TERMS", "Line", "Unsettled", "claimed_of"]

CLAIMED = ("rows", "medfee", "scope", "fund_all", "funds", "person", "account", "cash")
"""What claims add up to: their number, and amounts in fen."""

TERMS = (
    *(
        "remainder",
        "others",
        "standard",
        "surplus",
        "kept",
        "overrun",
        "borne_by_fund",
        "borne_by_institution",
        "procurement",
        "audit",
    ),
    *("deposit", "deposit_returned", "deposit_kept", "payable", "advances", "clearing"),
)
"""Terms of a contract's clearing, in fen, in the order in which they are worked out."""


@dataclass(slots=True)
class Line:
    """A contract with what its claims add up to, and every term of its clearing in fen.

    Attributes
    ----------
    claimed : by :data:`CLAIMED`, of the claims that are cleared.
    quantity : cases, days, heads or units that the standard is for; None where it goes by claims.
    units : points, in units of the last decimal of its terms.
    share : its part of an alliance's sum, rounded.
    remainder : what it took of what rounding left of its pool's budget, or its alliance's sum; a part of the standard.
    others : paid by item for care of people who are not its alliance's; a part of the standard.
    problem : why it is not settled, as kind and words; None where it is.
    """

    contract: Contract
    claimed: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CLAIMED, 0))
    quantity: int | None = None
    units: int | None = None
    share: int = 0
    remainder: int = 0
    others: int = 0
    standard: int = 0
    surplus: int = 0
    kept: int = 0
    overrun: int = 0
    borne_by_fund: int = 0
    borne_by_institution: int = 0
    procurement: int = 0
    audit: int = 0
    deposit: int = 0
    deposit_returned: int = 0
    deposit_kept: int = 0
    payable: int = 0
    advances: int = 0
    clearing: int = 0
    problem: tuple[str, str] | None = None

    def settle(self) -> None:
        """Payable is the standard with shares and procurement, less what audits and deposits keep; advances are paid already."""
        self.audit, self.advances = self.contract.audit_fen, self.contract.advances_fen
        self.procurement = self.contract.procurement_fen
        self.deposit_kept = self.deposit - self.deposit_returned
        shared = self.standard + self.kept - self.borne_by_institution
        self.payable = shared + self.procurement - self.audit - self.deposit_kept
        self.clearing = self.payable - self.advances


@dataclass(frozen=True, slots=True)
class Unsettled:
    """What is not settled, and why: claims (added up, or one with its ``setl_id``), cases, or a contract.

    ``table`` is where it comes from: settled, cases or contracts; ``rows`` are rows of that table.
    """

    kind: str
    table: str
    where: str
    reason: str
    name: tuple[str, str, str, str]
    med_type: str = ""
    setl_id: str = ""
    rows: int = 0
    claimed: Sequence[int] = (0, 0, 0)


def claimed_of(amounts: dict[str, int]) -> tuple[int, int, int]:
    """What is shown of claims that are not settled: cost, what all funds paid, what the cleared funds paid."""
    return amounts["medfee"], amounts["fund_all"], amounts["funds"]
