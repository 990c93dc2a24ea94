"""What an institution keeps of what it saved or bears of what it overran, and what it gets back of its deposit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from qingsuan.clearing.contracts.shares import Deposit, Share
from qingsuan.clearing.lines import Line
from qingsuan.clearing.pools import emptied
from qingsuan.clearing.standards import rounded
from qingsuan.money import BP_ONE, apply_bp

__all__ = ["return_deposits", "share_of", "share_with"]

_X = 10_000
"""The share of a high scorer in what others are not returned has four decimals."""


def share_of(share: Share | None, amount: int, budget: int) -> int:
    """Which part of a surplus or overrun is kept or borne, in fen; each slice is rounded once, half away from zero.

    >>> from qingsuan.clearing.contracts.shares import Band
    >>> overrun = Share(by_slice=True, bands=(Band(2000, 5000), Band(None, 0)), most_bp=None)
    >>> share_of(overrun, 250_000_00, 1_000_000_00)
    10000000
    """
    if share is None:
        return 0
    found, below = 0, 0
    for band in share.bands:
        bound = amount if band.to_bp is None else min(amount, apply_bp(budget, band.to_bp))
        if share.by_slice:
            found += apply_bp(max(0, bound - below), band.bp)
            below = max(below, bound)
        elif band.to_bp is None or amount * BP_ONE <= budget * band.to_bp:
            found = apply_bp(amount, band.bp)
            break
    return found if share.most_bp is None else min(found, apply_bp(budget, share.most_bp))


def share_with(line: Line) -> None:
    """Fill in what is left of the institution's budget, or overrun, and how it is shared."""
    budget, terms = line.contract.budget_fen, line.contract.terms
    if budget is None:
        return
    line.surplus, line.overrun = max(0, budget - line.standard), max(0, line.standard - budget)
    line.kept = share_of(terms.surplus, line.surplus, budget)
    line.borne_by_fund = share_of(terms.overrun, line.overrun, budget)
    line.borne_by_institution = line.overrun - line.borne_by_fund


def return_deposits(lines: Iterable[Line]) -> None:
    """Fill in what contracts get back of their deposits: those of a pool and scheme with the same terms are one group."""
    groups: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        if line.contract.terms.deposit is not None:
            groups.setdefault((line.contract.key, line.contract.terms.id), []).append(line)
    for group in groups.values():
        group.sort(key=lambda line: (line.contract.fixmedins_code, line.contract.clr_type, line.contract.first_month))
        _return(group)


def _return(lines: Sequence[Line]) -> None:
    total = sum(line.contract.score or 0 for line in lines)
    best: list[Line] = []
    left = 0
    for line in lines:
        deposit, own = line.contract.terms.deposit, line.contract.deposit_fen
        if deposit is None:
            continue
        line.deposit = own
        returned, is_best = _graded(deposit, line) if deposit.grades else _indexed(deposit, line, total, len(lines))
        line.deposit_returned = returned
        left += own - returned
        if is_best and deposit.to_high_scorers:
            best.append(line)
    weights = [line.contract.deposit_fen * (line.contract.score or 0) for line in best]
    if left and any(weights):
        shares = [rounded(weight * _X, sum(weights)) for weight in weights]
        for line, more in zip(best, emptied(weights, [rounded(left * x, _X) for x in shares], left), strict=True):
            line.deposit_returned += more


def _graded(deposit: Deposit, line: Line) -> tuple[int, bool]:
    """What the band of score ÷ full score returns, and whether it is the highest band."""
    score, full = line.contract.score or 0, line.contract.full_score or 1
    grade = next(one for one in deposit.grades if score * BP_ONE >= full * one.from_bp)
    return apply_bp(line.contract.deposit_fen, grade.returned_bp), grade is deposit.grades[0]


def _indexed(deposit: Deposit, line: Line, total: int, count: int) -> tuple[int, bool]:
    """What score ÷ mean score returns, and whether it is above the upper bound."""
    score, full, own = line.contract.score or 0, line.contract.full_score or 1, line.contract.deposit_fen
    index, whole = score * count, total
    if score * BP_ONE < full * deposit.least_bp or not total:
        return 0, False
    if index * BP_ONE < whole * deposit.low_bp:
        return rounded(own * index, whole), False
    return own, index * BP_ONE > whole * deposit.high_bp
