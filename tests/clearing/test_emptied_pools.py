"""Ten thousand random pools: amounts empty the pool to the fen, and no institution gets less for more points."""

from __future__ import annotations

import random

from qingsuan.clearing.contracts.model import Budget
from qingsuan.clearing.contracts.points import Points
from qingsuan.clearing.pools import Pool, emptied
from qingsuan.clearing.standards import rounded

POOLS = 10_000


def pool(dice: random.Random) -> tuple[list[int], list[int], int]:
    """Points in ten-thousandths, what they are worth at a value of few decimals, and what is there: from nothing to millions."""
    most = dice.choice((3, 50, 10**6, 10**10))
    points = [dice.choice((0, dice.randrange(most), dice.randrange(most))) for _ in range(dice.randrange(1, 12))]
    points[dice.randrange(len(points))] += 1
    available = dice.choice((0, dice.randrange(1, 40), dice.randrange(10**11)))
    decimals = dice.randrange(5)
    value = rounded(available * 10 ** (4 + decimals), 100 * sum(points))
    return points, [rounded(one * value * 100, 10 ** (4 + decimals)) for one in points], available


def test_pools_are_emptied_and_more_points_never_get_less() -> None:
    dice = random.Random(11)
    corrected = 0
    for _ in range(POOLS):
        points, due, available = pool(dice)
        given = emptied(points, due, available)
        assert sum(given) == available
        assert min(given) >= 0
        assert all(amount == 0 for one, amount in zip(points, given, strict=True) if not one)
        ranked = sorted(zip(points, given, strict=True))
        least = 0
        for place, (one, amount) in enumerate(ranked):
            fewer = [other for more, other in ranked[:place] if more < one]
            least = max(fewer, default=0)
            assert amount >= least, (points, due, available, given)
        changed = [place for place, (before, after) in enumerate(zip(due, given, strict=True)) if before != after]
        last = max(place for place, one in enumerate(points) if one)
        corrected += changed not in ([], [last])
    assert corrected > 100  # where the last one alone cannot take it


def test_the_last_institution_takes_the_remainder_where_it_may() -> None:
    assert emptied([30, 10, 20], [300, 100, 200], 604) == [300, 100, 204]
    assert emptied([30, 10, 20], [300, 100, 200], 599) == [300, 100, 199]
    # the last one may not have more than those with more points: the one before it takes the other 10
    assert emptied([30, 10, 20], [300, 100, 200], 710) == [300, 110, 300]
    assert emptied([30, 10, 0], [300, 100, 0], 401) == [300, 101, 0]  # who has no points takes nothing


def test_a_pool_without_cost_in_scope_has_no_ratio() -> None:
    budget = Budget("budgets.csv: line 2", 100_00, 0, 0)
    by_ratio = Points(by_ratio=True)
    for scope, funds, kind in ((0, 0, "no-ratio"), (1000_00, 99, "no-ratio"), (1000_00, 100, None)):
        made = Pool(("990100", "310", "21"), "06", "dip", by_ratio, budget, 1, 1, 5, 0, scope, funds)
        problem = made.problem()
        assert (problem and problem[0]) == kind
