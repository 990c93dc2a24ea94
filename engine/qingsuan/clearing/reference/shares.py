"""Shares of what is left or overrun, and deposits, as the twin works them out."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from qingsuan.clearing.contracts.model import Contract
from qingsuan.clearing.contracts.shares import Share
from qingsuan.clearing.reference.points import emptied
from qingsuan.clearing.reference.rows import decimals, whole

__all__ = ["returned", "shared"]


def shared(share: Share | None, amount: int, budget: int) -> int:
    """What is kept of a surplus, or borne of an overrun."""
    if share is None:
        return 0
    found, begin = 0, 0
    for band in share.bands:
        end = amount if band.to_bp is None else whole(Fraction(budget * band.to_bp, 10_000))
        if share.by_slice and begin < amount:
            found += whole(Fraction((min(amount, end) - begin) * band.bp, 10_000)) if end > begin else 0
            begin = max(begin, min(amount, end))
        elif not share.by_slice and (band.to_bp is None or amount <= Fraction(budget * band.to_bp, 10_000)):
            found = whole(Fraction(amount * band.bp, 10_000))
            break
    most = None if share.most_bp is None else whole(Fraction(budget * share.most_bp, 10_000))
    return found if most is None else min(found, most)


def returned(contracts: Sequence[Contract]) -> dict[int, int]:
    """What contracts of one pool, scheme and terms get back of their deposits."""
    found: dict[int, int] = {}
    best: list[Contract] = []
    mean = Fraction(sum(one.score or 0 for one in contracts), len(contracts))
    for one in contracts:
        deposit = one.terms.deposit
        if deposit is None or one.score is None or not one.full_score:
            continue
        share, own = Fraction(one.score, one.full_score), one.deposit_fen
        index = one.score / mean if mean else Fraction(0)
        found[one.number] = own
        if deposit.grades:
            place, grade = next((n, g) for n, g in enumerate(deposit.grades) if share >= Fraction(g.from_bp, 10_000))
            found[one.number] = whole(Fraction(own * grade.returned_bp, 10_000))
            best += [one] if place == 0 else []
        elif share < Fraction(deposit.least_bp, 10_000) or not mean:
            found[one.number] = 0
        elif index < Fraction(deposit.low_bp, 10_000):
            found[one.number] = whole(own * index)
        elif index > Fraction(deposit.high_bp, 10_000):
            best.append(one)
    left = sum(one.deposit_fen for one in contracts) - sum(found.values())
    weights = [Fraction(one.deposit_fen * (one.score or 0)) for one in best]
    if best and sum(weights) and contracts[0].terms.deposit and contracts[0].terms.deposit.to_high_scorers:
        parts = [whole(left * decimals(weight / sum(weights), 4)) for weight in weights]
        for one, more in zip(best, emptied(weights, parts, left), strict=True):
            found[one.number] += more or 0
    return found
