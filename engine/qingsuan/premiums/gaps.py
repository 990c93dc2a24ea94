"""Who was insured last year and is not now (漏保), and who has a gap inside the year (断保).

Insured is who is a resident of a scheme that counts, or an employee (310), wherever. Whoever died cannot be told apart from these tables.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.columns.rows import arrow
from qingsuan.heads.counting import Period
from qingsuan.people import Numbering, Texts

__all__ = ["GAPS", "INTERRUPTED", "NOT_INSURED", "gaps"]

NOT_INSURED, INTERRUPTED = "not-insured", "interrupted"

GAPS = pa.schema(
    [
        ("psn_no", pa.string()),
        ("kind", pa.string()),
        ("insu_admdvs", pa.string()),
        ("last_day", pa.date32()),
        ("next_day", pa.date32()),
    ]
)
"""The last day of insurance before a gap, where that was, and the first day after it; none for ``not-insured``."""

Days = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Stays:
    """Rows of people in whom there may be a gap, by person and first day."""

    number: npt.NDArray[np.int32]
    admdvs: npt.NDArray[np.int32]
    first: Days
    last: Days
    row: npt.NDArray[np.intp]


def gaps(period: Period, residents: pa.Table, earlier: pa.Table, employed: pa.Table, people: Numbering) -> pa.Table:
    """List the gaps of a partition.

    Parameters
    ----------
    period
        The year.
    residents, earlier, employed
        Tables with the columns ``psn_no``, ``admdvs``, ``first_day`` and ``last_day``: rows that touch the year, rows of last
        year that end before it, and rows of employees of both years; every such row of each person.
    people
        The numbering of ``residents``.

    Returns
    -------
    pyarrow.Table of :data:`GAPS`, ordered by (hash of the person, person, last day).
    """
    kept = _in_doubt(period, residents, earlier, employed, people)
    names = ["psn_no", "admdvs", "first_day", "last_day"]
    rows = pa.concat_tables([table.select(names).filter(pa.array(mask)) for table, mask in kept])
    numbering = Numbering(Texts.of(rows["psn_no"]))
    return _report(period, rows, _ordered(rows, numbering))


def _in_doubt(
    period: Period, residents: pa.Table, earlier: pa.Table, employed: pa.Table, people: Numbering
) -> list[tuple[pa.Table, npt.NDArray[np.bool_]]]:
    """Which rows are of people who are not insured by one row all the year."""
    whole = np.zeros(people.count + 1, np.bool_)  # the last place is that of people who are no residents of the year
    whole[people.numbers[_all_year(period, residents)]] = True
    all_year = _all_year(period, employed)
    of_employees = people.find(Texts.of(employed["psn_no"]))
    of_former = people.find(Texts.of(earlier["psn_no"]))
    whole[of_employees[all_year]] = True
    others = Numbering(Texts.of(employed["psn_no"].filter(pa.array((of_employees < 0) & all_year))))
    whole[-1] = False
    return [
        (residents, ~whole[people.numbers]),
        (earlier, ~whole[of_former] & (others.find(Texts.of(earlier["psn_no"])) < 0)),
        (employed, ~whole[of_employees] & (others.find(Texts.of(employed["psn_no"])) < 0)),
    ]


def _all_year(period: Period, rows: pa.Table) -> npt.NDArray[np.bool_]:
    first, last = rows["first_day"].to_numpy(), rows["last_day"].to_numpy()
    all_year: npt.NDArray[np.bool_] = (first <= period.first_day) & (last >= period.last_day)
    return all_year


def _ordered(rows: pa.Table, numbering: Numbering) -> _Stays:
    admdvs = rows["admdvs"].to_numpy()
    first, last = (rows[name].to_numpy().astype(np.int64) for name in ("first_day", "last_day"))
    order = np.lexsort((admdvs, last, first, numbering.numbers))
    return _Stays(numbering.numbers[order], admdvs[order], first[order], last[order], order)


def _report(period: Period, rows: pa.Table, stays: _Stays) -> pa.Table:
    """Find where one stretch of insurance ends, and the next one does not begin on the day after."""
    size = len(stays.number)
    base = stays.number.astype(np.int64) << 33
    until = np.maximum.accumulate(base + stays.last) - base if size else stays.last
    same = np.zeros(size, np.bool_)
    same[:-1] = stays.number[1:] == stays.number[:-1]
    follows = np.zeros(size, np.int64)
    follows[:-1] = stays.first[1:]
    interrupted = same & (follows > until + 1) & (follows > period.first_day)
    ended = ~same & (until < period.first_day)
    found = np.flatnonzero(interrupted | ended)
    holder = _holder(stays, until)[found]
    is_ended = ended[found]
    columns = [
        rows["psn_no"].take(pa.array(stays.row[found])).combine_chunks(),
        pa.array([INTERRUPTED, NOT_INSURED]).take(pa.array(is_ended.astype(np.int8))),
        arrow(stays.admdvs[holder]).cast(pa.string()),
        arrow(until[found].astype(np.int32), pa.date32()),
        pa.array(np.where(is_ended, 0, follows[found]).astype(np.int32), mask=is_ended).view(pa.date32()),
    ]
    return pa.Table.from_arrays(columns, schema=GAPS)


def _holder(stays: _Stays, until: Days) -> npt.NDArray[np.intp]:
    """For each row the one of its person, up to it, that lasts longest; of several the first."""
    places = np.arange(len(stays.number))
    longer = stays.last == until
    longer[1:] &= (until[1:] != until[:-1]) | (stays.number[1:] != stays.number[:-1])
    return np.maximum.accumulate(np.where(longer, places, 0)) if len(places) else places
