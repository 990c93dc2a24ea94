"""The bounds at which a counter selects the next of several values, and what can be said against them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from qingsuan.money import fen_of_yuan, yuan
from qingsuan.policy.findings import Finding
from qingsuan.policy.per_claim.counted import Select

__all__ = ["bounds_of", "check_steps"]


def bounds_of(select: Select) -> tuple[int, ...]:
    """The bounds in the unit of the counter: visits, or fen."""
    return tuple(int(one) if select.counter == "visits" else fen_of_yuan(one) for one in select.upto)


def check_steps(file: str, path: str, select: Select, amounts: int, source: str) -> Iterator[Finding]:
    """Find bounds that are not one fewer than the amounts, or do not ascend."""
    if len(select.upto) != amounts - 1:
        yield Finding(
            file,
            f"{path}.upto",
            f"{len(select.upto)} inner bounds for {amounts} amounts",
            "one bound fewer than amounts: the last amount is for all that lies above",
            "add or take out a bound or an amount",
            source,
        )
    for number, (lower, upper) in enumerate(pairwise((0, *bounds_of(select))), 1):
        if lower >= upper:
            low, high = (str(one) if select.counter == "visits" else yuan(one) for one in (lower, upper))
            yield Finding(
                file,
                f"{path}.upto[{number}]",
                f"{high} after {low}: the bounds do not ascend",
                f"{'a number of visits' if select.counter == 'visits' else 'an amount'} above {low}",
                "sort the bounds, and the amounts with them",
                source,
            )
