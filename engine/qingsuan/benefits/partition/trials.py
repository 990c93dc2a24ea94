"""People whose insured rows contradict each other, settled a second time as it would be had the other row decided."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.benefits.partition.contradictions import Contradiction, Trial, trials_of
from qingsuan.benefits.partition.state import Work
from qingsuan.benefits.setup import TIED

__all__ = ["try_contradictions"]

TRIALS = 16
"""So many contradictions of one person are tried; of further ones it is not known whether a result would differ."""


def try_contradictions(
    work: Work,
    listed: Sequence[Contradiction],
    settle: Callable[[pa.Table, pa.Table | None, Trial], pa.Table],
) -> None:
    """Say of each contradiction of a partition whether a claim's result would differ had the other row decided.

    Parameters
    ----------
    settle
        Gives the settled rows of some claims, with what their accounts held before, as a trial has it.
    """
    size, tied = len(work.columns), _tied(work)
    whose = tied[work.numbering.numbers]

    def settled(people: Sequence[Contradiction], trial: Trial) -> dict[int, list[Any]]:
        mine = np.isin(whose, [tied[one.person] for one in people])
        claims = work.columns.table.filter(pa.array(mine[:size]))
        opening = work.opening_rows
        if opening is not None:
            opening = opening.filter(pa.array(mine[size:]))
        of = dict(zip(claims.column("psn_no").to_pylist(), whose[:size][mine[:size]].tolist(), strict=True))
        found: dict[int, list[Any]] = {}
        for row in settle(claims, opening, trial).to_pylist():
            found.setdefault(of[row["psn_no"]], []).append(row)
        return found

    as_it_is = settled(listed, Trial()) if any(trials_of(listed, 1, tied)) else {}
    for tried, trial in trials_of(listed, TRIALS, tied):
        otherwise = settled(tried, trial)
        for one in tried:
            whom = int(tied[one.person])
            one.would_differ = as_it_is.get(whom) != otherwise.get(whom)


def _tied(work: Work) -> npt.NDArray[np.int32]:
    """By person: a number of those whose results may differ with the person's, their family where rules count by it (以户为单位)."""
    people = np.arange(work.numbering.count, dtype=np.int32)
    if work.columns.has(TIED):
        numbers = work.numbering.numbers[: len(work.columns)]
        people[numbers] = np.unique(work.columns.raw(TIED), return_inverse=True)[1].reshape(-1)
    return people
