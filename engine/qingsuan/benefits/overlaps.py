"""Inpatient stays of one person that begin while another has not ended: settled as they came, and counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

if TYPE_CHECKING:
    from qingsuan.benefits.partition import _Work

__all__ = ["OVERLAPPING", "overlapping", "overlapping_stays"]

OVERLAPPING = "overlapping_stays"
"""What the counts are called among the totals of a partition, and in the run record."""

_NEVER = -(2**40)

Int32 = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]


def overlapping_stays(work: _Work) -> pa.Table:
    """Count, among the claims that are settled, those of stays that overlap an earlier one, and their people: one row.

    A stay is inpatient care (med_type 21 to 29 and what is finer, and 52) of more than a day; the settlements of one stay
    (中途结算) are one. The day of discharge may be that of the next admission.
    """
    inpatient = np.array([code.startswith("2") or code == "52" for code in work.setup.vocabularies["med_type"].texts])
    places = np.flatnonzero(inpatient[work.code("med_type")])
    rows = work.rows[places]
    begin, end = (work.columns.raw(name)[rows].astype(np.int32) for name in ("begndate", "enddate"))
    stay = np.zeros(len(rows), np.int32) if work.stay is None else work.stay[places]
    person = work.person[places]
    found = overlapping(person, begin, end, stay)
    counts = {"claims": int(found.sum()), "people": len(np.unique(person[found]))}
    return pa.table(
        {"what": ["overlapping"], **{name: pa.array([count], pa.int64()) for name, count in counts.items()}}
    )


def overlapping(person: Int32, begin: Int32, end: Int32, stay: Int32) -> Mask:
    """Mark the stays that begin before another of the person, which began no later, has ended.

    Parameters
    ----------
    person : (n,) int32
        Never falling.
    begin, end : (n,) int32
        Days; an end that is not known lies before every begin.
    stay : (n,) int32
        The person's stays of several settlements, from 1; 0 for others. Such settlements do not overlap each other.
    """
    found = np.zeros(len(person), np.bool_)
    long = np.flatnonzero(end > begin)
    who = person[long]
    later = np.flatnonzero((who[1:] == who[:-1]) & (begin[long][1:] < end[long][:-1])) + 1
    disordered = np.flatnonzero((who[1:] == who[:-1]) & (end[long][1:] < end[long][:-1])) + 1
    people = np.union1d(who[later], who[disordered])
    if not len(people):
        return found
    among = long[np.isin(who, people)]
    among = among[np.lexsort((end[among], begin[among], person[among]))]
    in_parts = np.isin(person[among], person[among[stay[among] > 0]])
    _mark_whole(among[~in_parts], person, begin, end, found)
    _mark_in_parts(among[in_parts].tolist(), person, begin, end, stay, found)
    return found


def _mark_whole(places: npt.NDArray[np.intp], person: Int32, begin: Int32, end: Int32, found: Mask) -> None:
    """Mark overlapping stays of people who have none in parts; places are by person, begin and end."""
    whose = person[places].astype(np.int64) << 32
    latest = np.maximum.accumulate(whose + end[places])
    found[places[1:]] = latest[:-1] > (whose + begin[places])[1:]


def _mark_in_parts(places: list[int], person: Int32, begin: Int32, end: Int32, stay: Int32, found: Mask) -> None:
    """Mark overlapping stays of people who have some in parts, which do not overlap each other."""
    longest, other_end, last_person = (0, _NEVER), _NEVER, -1
    for place in places:
        if person[place] != last_person:
            longest, other_end, last_person = (0, _NEVER), _NEVER, int(person[place])
        mine, until = int(stay[place]) or -1 - place, int(end[place])
        found[place] = (other_end if longest[0] == mine else longest[1]) > begin[place]
        if longest[0] == mine:
            longest = (mine, max(until, longest[1]))
        elif until > longest[1]:
            longest, other_end = (mine, until), longest[1]
        else:
            other_end = max(until, other_end)
