"""Age in completed years, of whole columns of days."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from qingsuan.columns.cells import NO_AMOUNT
from qingsuan.columns.rows import looked_up

__all__ = ["completed_years"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


def completed_years(born: npt.NDArray[np.int64], person: Int32, on: npt.NDArray[np.int64]) -> Int64:
    """Age in completed years; unknown where the date of birth is, or lies after the day: nobody is younger than 0.

    Parameters
    ----------
    born : (people,) days
    person : (n,) int32
        Place in ``born`` of each date in ``on``.
    on : (n,) days
    """
    known = (born >= _CALENDAR_FROM) & (born < _CALENDAR_TO)
    calendar = _calendar()
    birthday = np.where(known, calendar[np.where(known, born - _CALENDAR_FROM, 0)], np.int32(0))
    days = (on - _CALENDAR_FROM).astype(np.int32)
    years = (looked_up(calendar, days) - looked_up(birthday, person)) >> 9
    return np.where((years > _OLDEST) | (years < 0), np.int64(NO_AMOUNT), years)


_CALENDAR_FROM = int(np.datetime64("1800-01-01").astype(np.int64))
_CALENDAR_TO = int(np.datetime64("2200-01-01").astype(np.int64))
_OLDEST = 400
"""Nobody is older within the calendar; whose birthday is not known was born in the year 0."""


@cache
def _calendar() -> Int32:
    """For each day, year * 512 + month * 32 + day: a difference shifted down by 9 bits is a number of whole years."""
    days = np.arange(_CALENDAR_FROM, _CALENDAR_TO).astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    years = days.astype("datetime64[Y]")
    number = (years.astype(np.int64) + 1970) * 512 + ((months - years).astype(np.int64) + 1) * 32
    calendar: Int32 = (number + (days - months).astype(np.int64) + 1).astype(np.int32)
    return calendar
