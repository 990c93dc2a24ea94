"""What an institution saved in a batch, and what of it is kept (结余留用): every product rounded once, half away from zero, to the fen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qingsuan.money import BP_ONE, apply_bp, divided
from qingsuan.purchases.model import OUTCOMES, PRICE_ONE, Item, ProcurementBatch, SchemeTerms

__all__ = ["Bought", "Kept", "Saving", "amount_of", "save"]

_FEN_PER_YUAN = 100


@dataclass(frozen=True, slots=True)
class Bought:
    """One item of an institution: agreed, last year's and bought quantities; amounts in fen; of others that did not win, too.

    Returns are taken off.
    """

    item: Item
    agreed: int
    last_year: int
    bought: int = 0
    bought_fen: int = 0
    others: int = 0
    others_fen: int = 0

    def is_completed(self, batch: ProcurementBatch) -> bool:
        """Whether so much of the agreed quantity was bought as counts as completed."""
        return self.bought * BP_ONE >= self.agreed * batch.completed_bp


@dataclass(frozen=True, slots=True)
class Kept:
    """A scheme's part, in fen: budget by the old price, spent by the new one, what was saved, what is kept of it."""

    terms: SchemeTerms
    budget: int
    spent: int
    saved: int
    kept: int


@dataclass(frozen=True, slots=True)
class Saving:
    """An institution in a batch.

    Attributes
    ----------
    before, after : cost of what is needed by the old price, and what was spent, all patients together, in fen.
    score : in hundredths; None where there is none.
    share_bp : of what was saved.
    outcome : one of :data:`~qingsuan.purchases.model.OUTCOMES`.
    """

    batch: ProcurementBatch
    items: tuple[Bought, ...]
    before: int
    after: int
    score: int | None
    share_bp: int
    outcome: str
    schemes: tuple[Kept, ...]

    @property
    def advance_due(self) -> int:
        """What the fund advances of the agreed amount, in fen."""
        agreed = sum(amount_of(one.agreed, one.item.price) for one in self.items)
        return 0 if self.batch.advance_bp is None else apply_bp(agreed, self.batch.advance_bp)


def amount_of(quantity: int, price: int) -> int:
    """A quantity at a price in 1/10 000 yuan, in fen, rounded once.

    >>> amount_of(3, 5050)
    152
    """
    return divided(quantity * price, PRICE_ONE // _FEN_PER_YUAN)


def save(batch: ProcurementBatch, items: Sequence[Bought], score: int | None) -> Saving:
    """Reckon what an institution saved with these items, for each of which a quantity is agreed."""
    before = sum(amount_of(one.agreed if batch.needed == "agreed" else one.last_year, one.item.before) for one in items)
    after = sum(
        (amount_of(one.agreed, one.item.price) if batch.spent == "agreed" else one.bought_fen) + one.others_fen
        for one in items
    )
    after = max(0, after)
    share = 0 if score is None else batch.share_of(score)
    is_completed = _is_completed(batch, items)
    schemes = []
    for terms in batch.schemes:
        part = terms.insured_bp * terms.ratio_bp
        budget = divided(before * batch.demand_bp * part, BP_ONE**3)
        spent = divided(after * part, BP_ONE**2)
        saved = max(0, budget - spent)
        schemes.append(Kept(terms, budget, spent, saved, apply_bp(saved, share) if is_completed else 0))
    outcome = OUTCOMES[0]
    if not any(one.saved for one in schemes):
        outcome = OUTCOMES[1]
    elif not is_completed:
        outcome = OUTCOMES[2]
    elif score is None:
        outcome = OUTCOMES[3]
    return Saving(batch, tuple(items), before, after, score, share, outcome, tuple(schemes))


def _is_completed(batch: ProcurementBatch, items: Sequence[Bought]) -> bool:
    if batch.completed == "each-item":
        return all(one.is_completed(batch) for one in items)
    bought = sum(one.bought * one.item.price for one in items)
    return bought * BP_ONE >= batch.completed_bp * sum(one.agreed * one.item.price for one in items)
