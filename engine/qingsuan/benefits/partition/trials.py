"""People whose insured rows contradict each other, settled a second time as it would be had the other row decided."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.benefits.partition.contradictions import Contradiction, Trial, trials_of
from qingsuan.benefits.partition.state import Work
from qingsuan.benefits.setup import TIED

__all__ = ["try_contradictions"]

TRIALS = 16
"""So many contradictions of one person are tried; of further ones it is not known whether a result would differ."""

Int32 = npt.NDArray[np.int32]
Bool = npt.NDArray[np.bool_]


class _Results(NamedTuple):
    """Settled rows, and by row the number of those who are tied to its person; in the order of these numbers."""

    rows: pa.Table
    whose: Int32

    def of(self, mine: Bool) -> _Results:
        """The results of some of them, by number."""
        some = mine[self.whose]
        return _Results(self.rows.filter(pa.array(some)), self.whose[some])


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

    def asked(people: Sequence[Contradiction]) -> Bool:
        mine = np.zeros(work.numbering.count, np.bool_)
        mine[tied[[one.person for one in people]]] = True
        return mine

    def settled(people: Bool, trial: Trial) -> _Results:
        mine = people[whose]
        claims = work.columns.table.filter(pa.array(mine[:size]))
        opening = work.opening_rows
        if opening is not None:
            opening = opening.filter(pa.array(mine[size:]))
        rows = settle(claims, opening, trial)
        place = pc.index_in(rows.column("psn_no"), value_set=claims.column("psn_no").combine_chunks())
        of = whose[:size][mine[:size]][place.to_numpy()]
        order = np.argsort(of, kind="stable")
        return _Results(rows.take(pa.array(order)), of[order])

    as_it_is = None
    for tried, trial in trials_of(listed, TRIALS, tied):
        people = asked(tried)
        if as_it_is is None:  # of the first round are all of whom anything is tried
            as_it_is = settled(people, Trial())
        differs = _differing(as_it_is.of(people), settled(people, trial), people)
        for one in tried:
            one.would_differ = bool(differs[tied[one.person]])


def _differing(first: _Results, second: _Results, people: Bool) -> Bool:
    """Whose results are not the same, row by row and cell by cell; by number."""
    found: Bool = np.bincount(first.whose, minlength=len(people)) != np.bincount(second.whose, minlength=len(people))
    first, second = first.of(~found), second.of(~found)
    for one, other in zip(first.rows.columns, second.rows.columns, strict=True):
        if not one.equals(other):
            found[first.whose[_unlike(one, other)]] = True
    return found


def _unlike(one: pa.ChunkedArray, other: pa.ChunkedArray) -> Bool:
    """In which rows two columns do not have the same; nothing is the same as nothing."""
    if pa.types.is_dictionary(one.type):
        one, other = one.cast(one.type.value_type), other.cast(one.type.value_type)
    either_null = pc.or_(one.is_null(), other.is_null())
    unlike = pc.if_else(either_null, pc.xor(one.is_null(), other.is_null()), pc.not_equal(one, other))
    found: Bool = unlike.to_numpy()
    return found


def _tied(work: Work) -> Int32:
    """By person: a number of those whose results may differ with the person's, their family where rules count by it (以户为单位)."""
    people = np.arange(work.numbering.count, dtype=np.int32)
    if work.columns.has(TIED):
        numbers = work.numbering.numbers[: len(work.columns)]
        people[numbers] = np.unique(work.columns.raw(TIED), return_inverse=True)[1].reshape(-1)
    return people
