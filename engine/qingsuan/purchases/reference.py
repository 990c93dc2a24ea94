"""The slow twin: central procurement (集中带量采购) in plain Python with fractions, purchase by purchase."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from qingsuan.purchases.model import Item, ProcurementBatch

__all__ = ["Agreed", "Moved", "Purchase", "ReferenceInstitution", "settle"]


@dataclass(frozen=True, slots=True)
class Purchase:
    """A purchase, or (``is_return``) what is taken off; the amount in fen."""

    number: str
    institution: str
    batch: str
    item: str
    day: dt.date
    quantity: int
    fen: int
    is_winning: bool
    is_return: bool


@dataclass(frozen=True, slots=True)
class Agreed:
    """An agreed quantity, and last year's use."""

    batch: str
    item: str
    institution: str
    quantity: int
    last_year: int


@dataclass(frozen=True, slots=True)
class Moved:
    """Money that moved, in fen."""

    day: dt.date
    batch: str
    institution: str
    kind: str
    fen: int


@dataclass(slots=True)
class ReferenceInstitution:
    """What an institution in a batch comes to: amounts in fen, by scheme; the ledger by month.

    ``ledger`` has what was offset in a month, and what is left of the advance at its end.
    """

    budget: dict[str, int] = field(default_factory=dict)
    spent: dict[str, int] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)
    outcome: str = ""
    ledger: dict[str, tuple[int, int]] = field(default_factory=dict)


def settle(
    batches: Mapping[str, ProcurementBatch],
    items: Mapping[tuple[str, str], Item],
    scores: Mapping[tuple[str, str], int],
    agreed: Sequence[Agreed],
    purchases: Iterable[Purchase],
    moved: Sequence[Moved],
) -> dict[tuple[str, str], ReferenceInstitution]:
    """Settle all institutions with an agreement, by batch and institution; purchases in the order in which they came."""
    seen: set[tuple[str, str]] = set()
    sound = []
    for one in purchases:
        if (one.institution, one.number) not in seen:
            seen.add((one.institution, one.number))
            sound.append(one)
    found = {}
    for pair in sorted({(one.batch, one.institution) for one in agreed}):
        mine = [one for one in agreed if (one.batch, one.institution) == pair]
        bought = [one for one in sound if (one.batch, one.institution) == pair]
        money = [one for one in moved if (one.batch, one.institution) == pair]
        found[pair] = _institution(batches[pair[0]], items, mine, bought, scores.get(pair))
        if money:
            found[pair].ledger = _ledger(batches[pair[0]], bought, money)
    return found


def _institution(
    batch: ProcurementBatch,
    items: Mapping[tuple[str, str], Item],
    agreed: Sequence[Agreed],
    purchases: Sequence[Purchase],
    score: int | None,
) -> ReferenceInstitution:
    before = after = 0
    each_is_completed = True
    bought_in_all = agreed_in_all = Fraction(0)
    for one in agreed:
        item = items[batch.id, one.item]
        mine = [purchase for purchase in purchases if purchase.item == one.item]
        quantity = sum(_signed(each, each.quantity) for each in mine if each.is_winning)
        needed = one.quantity if batch.needed == "agreed" else one.last_year
        before += _rounded(Fraction(needed * item.before, 100))
        if batch.spent == "agreed":
            after += _rounded(Fraction(one.quantity * item.price, 100))
        else:
            after += sum(_signed(each, each.fen) for each in mine if each.is_winning)
        after += sum(_signed(each, each.fen) for each in mine if not each.is_winning)
        wanted = Fraction(one.quantity * batch.completed_bp, 10_000)
        each_is_completed &= quantity >= wanted
        bought_in_all += quantity * item.price
        agreed_in_all += wanted * item.price
    is_completed = each_is_completed if batch.completed == "each-item" else bought_in_all >= agreed_in_all
    after = max(after, 0)
    share = 0
    if score is not None:
        reached = [g for g in batch.grades if Fraction(score, batch.full_score) >= Fraction(g.from_bp, 10_000)]
        share = min(max((g.share_bp for g in reached), default=0), batch.most_bp)
    found = ReferenceInstitution()
    saved_something = False
    for terms in batch.schemes:
        part = Fraction(terms.insured_bp, 10_000) * Fraction(terms.ratio_bp, 10_000)
        budget = _rounded(before * Fraction(batch.demand_bp, 10_000) * part)
        spent = _rounded(after * part)
        saved = max(budget - spent, 0)
        saved_something |= saved > 0
        found.budget[terms.scheme], found.spent[terms.scheme] = budget, spent
        found.kept[terms.scheme] = _rounded(Fraction(saved * share, 10_000)) if is_completed else 0
    if not saved_something:
        found.outcome = "nothing-saved"
    elif not is_completed:
        found.outcome = "not-completed"
    else:
        found.outcome = "no-score" if score is None else "kept"
    return found


def _ledger(
    batch: ProcurementBatch, purchases: Sequence[Purchase], moved: Sequence[Moved]
) -> dict[str, tuple[int, int]]:
    months = {one.day.isoformat()[:7] for one in moved}
    months |= {one.day.isoformat()[:7] for one in purchases if one.is_winning}
    left = offset_so_far = 0
    found = {}
    for month in sorted(months):
        for one in moved:
            if one.day.isoformat()[:7] == month:
                left += one.fen if one.kind == "advance" else -one.fen
        net = sum(_signed(p, p.fen) for p in purchases if p.is_winning and p.day.isoformat()[:7] == month)
        asked = _rounded(Fraction(net * batch.offset_bp, 10_000))
        if asked >= 0:
            offset = min(asked, max(left, 0))
        else:
            offset = -min(-asked, offset_so_far)
        left -= offset
        offset_so_far += offset
        found[month] = offset, left
    return found


def _signed(one: Purchase, number: int) -> int:
    return -number if one.is_return else number


def _rounded(exact: Fraction | int) -> int:
    """Half away from zero."""
    whole = (abs(Fraction(exact)) + Fraction(1, 2)).__floor__()
    return whole if exact >= 0 else -whole
