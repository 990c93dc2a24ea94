"""What is agreed for care outside the pool (异地就医): what is cleared, advances and their alarm lines. Plain immutable values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from qingsuan.policy.model import FUNDS, Source

__all__ = ["AMOUNTS", "CLEARED", "KINDS", "PLACES", "Advance", "Arrangement", "MissingAdvance"]

CLEARED = (*FUNDS, "acct_pay", "acct_mulaid_pay")
"""What of a settled claim may be cleared between the pool and the place of treatment."""

AMOUNTS = ("medfee_sumamt", *CLEARED)
"""The amounts of a settled claim that are added up."""

PLACES = ("region", "beyond")
"""Where people are treated: in another pool of the region (省内异地), or beyond the region (跨省异地)."""

KINDS = {
    "advance": "held by the place of treatment until the advance ends 预付金",
    "transfer": "paid for care that was cleared 清算资金",
}
"""What money that moved is."""


@dataclass(frozen=True, slots=True)
class Advance:
    """An advance (预付金) that one side pays to the other.

    Attributes
    ----------
    payer : a pool, or the code of a region for all its pools.
    receiver : a pool of the region, or the code of another region.
    last_year_fen : what was cleared between them last year.
    months : the advance has to suffice for so many months of that.
    yellow_bp, red_bp : shares of the advance in use from which on there is an alarm.
    """

    payer: str
    receiver: str
    last_year_fen: int
    months: int
    yellow_bp: int
    red_bp: int
    source: str

    def covers(self, paying: str, treating: str) -> bool:
        """Whether care that one side pays for and the other gave is cleared against it."""
        return treating == self.receiver and covers(self.payer, paying)


@dataclass(frozen=True, slots=True)
class MissingAdvance:
    """An advance of which a figure is not known: it is not reckoned, and the parameter is named."""

    payer: str
    receiver: str
    parameter: str
    why: str


@dataclass(frozen=True, slots=True)
class Arrangement:
    """What a file says of one year; ``clears`` are the amounts of a claim that are cleared."""

    title: str
    year: int
    clears: tuple[str, ...]
    source: str
    advances: tuple[Advance, ...]
    missing: tuple[MissingAdvance, ...]
    sources: Mapping[str, Source]


def covers(payer: str, pool: str) -> bool:
    """Whether a payer is the pool, or the region in which it lies.

    >>> covers("990000", "990100"), covers("990100", "990100"), covers("990100", "990200")
    (True, True, False)
    """
    return payer == pool or (payer.endswith("0000") and payer[:2] == pool[:2])
