"""Families (户) of a partition's people: in which a claim counts where its rule counts by the family (以户为单位)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from qingsuan.benefits.columns import Columns
from qingsuan.benefits.partition.state import Work
from qingsuan.benefits.setup import FAMILY_NO
from qingsuan.columns.cells import OPEN_END, day_text
from qingsuan.people import Texts
from qingsuan.policy.per_claim.names import FAMILY_KEY

__all__ = ["Families"]

Bool = npt.NDArray[np.bool_]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

_SAID = 3
_DAY_BITS = 32
_FIRST_DAY = 1 << (_DAY_BITS - 1)


class Families:
    """The families in which people are registered, looked up by person and day; the claims are told of them.

    Rows of one family that overlap are one span, so that the spans that hold on a day are the families that do.
    """

    def __init__(self, work: Work, rows: Columns) -> None:
        self.work, self.rows = work, rows
        numbers = rows.table.column(FAMILY_NO).combine_chunks().dictionary_encode()
        self.texts: list[str] = numbers.dictionary.to_pylist()
        family = numbers.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        person = work.numbering.find(Texts.of(rows.table.column("psn_no"))).astype(np.int64)
        is_one = np.array([bool(text) for text in self.texts], np.bool_)[family]
        self.mine = np.flatnonzero(is_one & (person >= 0))
        self.person, self.family = person[self.mine], family[self.mine]
        begin, end = (
            _keys(self.person, rows.raw(name).astype(np.int64)[self.mine]) for name in ("begndate", "enddate")
        )
        of, *keys = _spans(self.person, self.family, begin, end)
        self._begins, self._ends = (_summed(one, of) for one in keys)
        work.family_of, work.said_of_family = self.of, self.said

    def of(self, places: Int32) -> tuple[Int32, Bool, list[str]]:
        """The number of each claim's family on its identity date, where it has not exactly one, and the families by number."""
        day = self.work.identity_date[places].astype(np.int64)
        keys = _keys(self.work.person[places].astype(np.int64), day)
        (begins, begun), (ends, ended) = self._begins, self._ends
        first, over = np.searchsorted(begins, keys, "right"), np.searchsorted(ends, keys, "left")
        absent = first - over != 1
        family = np.where(absent, 0, begun[first] - ended[over])
        return family.astype(np.int32), absent, self.texts

    def said(self, place: int) -> str:
        """A claim's day, and the families in which its person is registered, three rows at most."""
        mine = self.mine[self.person == self.work.person[place]]
        begin, end, number = self.rows.raw("begndate"), self.rows.raw("enddate"), self.rows.table.column(FAMILY_NO)
        said = [
            f"{number[row].as_py()} from {day_text(int(begin[row]))}"
            + ("" if end[row] == OPEN_END else f" until {day_text(int(end[row]))}")
            for row in sorted(mine.tolist(), key=lambda row: (begin[row], end[row], number[row].as_py()))
        ]
        more = f", and {len(said) - _SAID} more" if len(said) > _SAID else ""
        listed = ", ".join(said[:_SAID]) + more or "none"
        return f"{day_text(int(self.work.identity_date[place]))}; registered for {FAMILY_KEY}: {listed}"


def _keys(person: Int64, day: Int64) -> Int64:
    """One number by which days of people are ordered: person, then day."""
    return (person << _DAY_BITS) + (day + _FIRST_DAY)


def _spans(person: Int64, family: Int64, begin: Int64, end: Int64) -> tuple[Int64, Int64, Int64]:
    """The families of spans of which no two of one person and family overlap, and the keys of their first and last days."""
    order = np.lexsort((begin, family, person))
    person, family, begin, end = person[order], family[order], begin[order], end[order]
    is_other = np.ones(len(order), np.bool_)
    is_other[1:] = (person[1:] != person[:-1]) | (family[1:] != family[:-1])
    ends, rank = np.unique(end, return_inverse=True)
    pair = np.cumsum(is_other) * len(ends)
    reach = ends[np.maximum.accumulate(pair + rank.reshape(-1)) - pair]
    starts = is_other.copy()
    starts[1:] |= begin[1:] > reach[:-1]
    last = np.append(np.flatnonzero(starts)[1:], len(order)) - 1
    return family[starts], begin[starts], reach[last[: int(starts.sum())]]


def _summed(keys: Int64, family: Int64) -> tuple[Int64, Int64]:
    """Keys in order, and before each of them the sum of the families of those before it."""
    order = np.argsort(keys, kind="stable")
    return keys[order], np.append(0, np.cumsum(family[order]))
