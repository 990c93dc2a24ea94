"""The points of a case, and a pool's budget shared fen by fen, as the twin works them out."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from qingsuan.clearing.contracts.bureau import Bureau
from qingsuan.clearing.contracts.model import Contract
from qingsuan.clearing.contracts.points import Outlier, Points
from qingsuan.clearing.reference.rows import Case, Claim, decimals

__all__ = ["emptied", "points_of", "rules_of"]


def points_of(bureau: Bureau, contract: Contract, claim: Claim, case: Case) -> str | tuple[Fraction | None]:
    """The points of a case, None where it is paid its cost; or what is wrong with it."""
    points, factor = rules_of(contract), Fraction(1)
    special = (points.special or {}).get(case.flag)
    if case.flag and special is None:
        return "no-group" if not case.group else "no-flag"
    if special is not None and special.form == "cost":
        return (None,)
    if not case.group:
        return "no-group"
    for name in points.factors:
        factor *= Fraction(contract.factors[name], 10_000)
    factor = decimals(factor, points.factor_decimals)
    group = bureau.groups.get((contract.terms.id, case.group))
    own = case.points if case.points >= 0 else None if group is None else group.points
    mean = None if group is None else group.mean_fen
    asks_mean = special.form == "by-cost" if special else bool(points.low or points.high or points.extreme)
    if own is None or (mean is None and asks_mean):
        return "no-standard"
    if special is not None and special.form == "bed-days" and not case.days:
        return "no-days"
    ratio = Fraction(claim.medfee, mean) if mean else Fraction(1)
    if special is not None:
        times = {"percent": Fraction(1), "by-cost": ratio, "bed-days": Fraction(case.days)}[special.form]
        worth = times * Fraction(special.percent_bp, 10_000) * (factor if special.factor else 1)
    else:
        worth = _deviation(points, ratio, factor)
    return (decimals(Fraction(own, 10_000) * worth, points.decimals),)


def _deviation(points: Points, ratio: Fraction, factor: Fraction) -> Fraction:
    """What the points of the group are multiplied by."""
    if points.extreme and _beyond(points.extreme, ratio, above=True):
        return factor
    high = points.high
    if high and _beyond(high, ratio, above=True):
        more = (ratio - Fraction(high.bound_bp, 10_000)) * Fraction(high.share_bp, 10_000)
        return {"multiply": (1 + more) * factor, "replace": factor + more, "drop": 1 + more}[high.factor]
    if points.low and _beyond(points.low, ratio, above=False):
        return ratio * factor if points.low.factor == "multiply" else ratio
    return factor


def _beyond(outlier: Outlier, ratio: Fraction, *, above: bool) -> bool:
    bound = Fraction(outlier.bound_bp, 10_000)
    return ratio == bound if outlier.at and ratio == bound else ratio > bound if above else ratio < bound


def rules_of(contract: Contract) -> Points:
    """What its terms say of points."""
    if contract.terms.points is None:
        raise ValueError(f"{contract.where} does not go by points")
    return contract.terms.points


def emptied(points: Sequence[Fraction], due: Sequence[int], available: int) -> list[int | None]:
    """Fen by fen: the last takes what is left, unless somebody with more points then had less; then the one before."""
    given, step = list(due), 1 if available > sum(due) else -1
    turn = len(given)
    while sum(given) != available:
        turn = turn - 1 if turn > 0 else len(given) - 1
        while points[turn] and sum(given) != available and _in_order(points, given, turn, step):
            given[turn] += step
    return list(given)


def _in_order(points: Sequence[Fraction], given: Sequence[int], place: int, step: int) -> bool:
    """Whether an institution may get another fen, or one less."""
    after = given[place] + step
    if after < 0:
        return False
    return all(
        after <= other if more > points[place] else after >= other if more < points[place] else True
        for more, other in zip(points, given, strict=True)
    )
