"""Inpatient stays of one person that begin while another has not ended: settled as they came, and counted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.benefits.partition.state import Work
from qingsuan.columns.rows import looked_up

__all__ = ["OVERLAPPING", "overlapping", "overlapping_stays"]

OVERLAPPING = "overlapping_stays"
"""What the counts are called among the totals of a partition, and in the run record."""

_NEVER = -(2**40)

Int32 = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]


def overlapping_stays(work: Work) -> pa.Table:
    """Count, among the claims that are settled, those of stays that overlap an earlier one, and their people: one row.

    A stay is inpatient care (med_type 21 to 29 and what is finer, and 52) of more than a day; the settlements of one stay
    (中途结算) are one. The day of discharge may be that of the next admission.
    """
    inpatient = np.array([code.startswith("2") or code == "52" for code in work.setup.vocabularies["med_type"].texts])
    places = _of_people_with_two(np.flatnonzero(looked_up(inpatient, work.code("med_type"))), work.person)
    rows, person = work.rows[places], work.person[places]
    begin, end = (work.columns.raw(name)[rows].astype(np.int32, copy=False) for name in ("begndate", "enddate"))
    stay = np.zeros(len(rows), np.int32) if work.stay is None else work.stay[places]
    found = overlapping(person, begin, end, stay)
    whose = person[found]
    counts = {"claims": len(whose), "people": np.count_nonzero(np.diff(whose, prepend=np.int32(-1)))}
    return pa.table(
        {"what": ["overlapping"], **{name: pa.array([count], pa.int64()) for name, count in counts.items()}}
    )


def _of_people_with_two(places: npt.NDArray[np.intp], person: Int32) -> npt.NDArray[np.intp]:
    """Those places whose person has another of them: nobody else's stays can overlap."""
    whose = person[places]
    again = np.zeros(len(places) + 1, np.bool_)
    again[1:-1] = whose[1:] == whose[:-1]
    found: npt.NDArray[np.intp] = places[again[1:] | again[:-1]]
    return found


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
    who, first, last = person[long], begin[long], end[long]
    perhaps = (who[1:] == who[:-1]) & ((first[1:] < last[:-1]) | (last[1:] < last[:-1]))
    if not perhaps.any():
        return found
    suspects = np.zeros(int(who[-1]) + 1, np.bool_)
    suspects[who[1:][perhaps]] = True
    among = long[looked_up(suspects, who)]
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
