"""Who is insured as an employee, and when: on such a day nobody counts as a subsidised resident."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.people import Numbering, Texts

__all__ = ["EMPLOYED", "EMPLOYEES", "Employed"]

EMPLOYEES = "310"
"""The scheme of employees (职工基本医疗保险). The documents set residents against employees, and name no other scheme."""

EMPLOYED = pa.schema(
    [("psn_no", pa.string()), ("admdvs", pa.int32()), ("first_day", pa.int32()), ("last_day", pa.int32())]
)
"""A row of somebody insured as an employee, without nulls: the county's code as a number, days since 1970-01-01."""

Int32 = npt.NDArray[np.int32]
Places = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Employed:
    """The days on which people are insured as employees.

    Attributes
    ----------
    number, admdvs, first_day, last_day
        The rows, by person and first day.
    begins, ends
        The same days without gaps or overlaps: stretches, by person and first day (:func:`_keys`).
    """

    number: Int32
    admdvs: Int32
    first_day: Int32
    last_day: Int32
    begins: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]

    @classmethod
    def of(cls, rows: pa.Table, people: Numbering) -> Employed:
        """Take rows of :data:`EMPLOYED`; those of people who are not numbered concern nobody."""
        number = people.find(Texts.of(rows["psn_no"]))
        mine = number >= 0
        admdvs, first, last = (rows[name].to_numpy()[mine] for name in ("admdvs", "first_day", "last_day"))
        order = np.lexsort((admdvs, last, first, number[mine]))
        number, admdvs, first, last = (column[order] for column in (number[mine], admdvs, first, last))
        until = np.maximum.accumulate(_keys(number, last))
        apart = np.ones(len(number), np.bool_)
        apart[1:] = _keys(number, first)[1:] > until[:-1] + 1
        starts = np.flatnonzero(apart)
        ends = until[np.append(starts[1:], len(number)) - 1] if len(starts) else until
        return cls(number, admdvs, first, last, _keys(number, first)[starts], ends)

    def covers(self, number: Int32, first: Int32, last: Int32) -> npt.NDArray[np.bool_]:
        """Which people are insured as employees on every day from ``first`` to ``last``."""
        found = np.zeros(len(number), np.bool_)
        if not len(self.begins):
            return found
        known = np.zeros(int(max(number.max(initial=0), self.number[-1])) + 1, np.bool_)
        known[self.number] = True
        theirs = np.flatnonzero(known[number])  # few people are insured both ways
        place = np.searchsorted(self.begins, _keys(number[theirs], first[theirs]), "right") - 1
        found[theirs] = (place >= 0) & (self.ends[place] >= _keys(number[theirs], last[theirs]))
        return found

    def holding(self, number: Int32, day: Int32) -> Places:
        """For people insured as employees on a day: of the rows that hold then, the one that begins last."""
        places: Places = np.searchsorted(_keys(self.number, self.first_day), _keys(number, day), "right") - 1
        ended = self.last_day[places] < day
        while ended.any():
            places[ended] -= 1
            ended = self.last_day[places] < day
        return places


def _keys(number: Int32, day: Int32) -> npt.NDArray[np.int64]:
    """A person and a day as one number, ordered by both; people lie further apart than any two days."""
    return (number.astype(np.int64) << 33) + day
