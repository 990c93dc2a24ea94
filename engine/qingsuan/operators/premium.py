"""The premium per head (人均筹资标准): stated, or from balance and three years' results, and never lower than before unless said."""

from __future__ import annotations

from dataclasses import dataclass

from qingsuan.money import apply_bp, divided
from qingsuan.operators.model import Proposal

__all__ = ["PerHead", "per_head"]


@dataclass(frozen=True, slots=True)
class PerHead:
    """A premium per head with its steps, in fen per head; the first three are None where the contract states it.

    Attributes
    ----------
    mean : what was paid per head in the three years.
    loaded : that with what is added for cost and profit.
    drawn : what the balance covers per head; negative where a deficit is made up.
    fen : what it comes to.
    """

    mean: int | None
    loaded: int | None
    drawn: int | None
    fen: int


def per_head(proposal: Proposal, heads: int) -> PerHead:
    """The premium per head of so many heads: each step rounded once, half away from zero, to the fen.

    It is ``max(0, loaded − drawn)``: at least that of the year before unless a document lowers it, and at most the contract's bound.
    """
    if proposal.stated_fen is not None:
        return PerHead(None, None, None, proposal.stated_fen)
    mean = divided(sum(one.paid_fen for one in proposal.years), sum(one.heads for one in proposal.years))
    loaded = mean + apply_bp(mean, proposal.loading_bp)
    drawn = divided(proposal.balance_fen, heads)
    fen = max(0, loaded - drawn)
    if not proposal.lowered_by:
        fen = max(fen, proposal.before_fen)
    if proposal.most_fen is not None:
        fen = min(fen, proposal.most_fen)
    return PerHead(mean, loaded, drawn, fen)
