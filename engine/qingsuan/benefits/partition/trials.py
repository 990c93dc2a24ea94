"""People whose insured rows contradict each other, settled a second time as it would be had the other row decided."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from qingsuan.benefits.partition.contradictions import Contradiction, Trial, trials_of
from qingsuan.benefits.partition.state import Work

__all__ = ["try_contradictions"]

TRIALS = 16
"""So many contradictions of one person are tried; of further ones it is not known whether a result would differ."""


def try_contradictions(
    work: Work,
    listed: Sequence[Contradiction],
    settle: Callable[[pa.Table, pa.Table | None, Trial], pa.Table],
    insured: pa.Table,
) -> None:
    """Say of each contradiction of a partition whether a claim's result would differ had the other row decided.

    Parameters
    ----------
    settle
        Gives the settled rows of some claims, with what their accounts held before, as a trial has it.
    """

    def settled(people: Sequence[Contradiction], trial: Trial) -> dict[str, list[Any]]:
        numbers = [one.person for one in people]
        claims = work.columns.table.filter(pa.array(np.isin(work.numbering.numbers[: len(work.columns)], numbers)))
        opening = work.opening_rows
        if opening is not None:
            opening = opening.filter(pa.array(np.isin(work.numbering.numbers[len(work.columns) :], numbers)))
        found: dict[str, list[Any]] = {}
        for row in settle(claims, opening, trial).to_pylist():
            found.setdefault(row["psn_no"], []).append(row)
        return found

    as_it_is = settled(listed, Trial()) if any(trials_of(listed, 1)) else {}
    for tried, trial in trials_of(listed, TRIALS):
        otherwise = settled(tried, trial)
        for one in tried:
            psn_no = insured.column("psn_no")[one.row].as_py()
            one.would_differ = as_it_is.get(psn_no) != otherwise.get(psn_no)
