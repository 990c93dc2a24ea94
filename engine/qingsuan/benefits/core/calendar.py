"""A benefit year (待遇年度) and its days, as the core numbers them.

The core asks only whether a day, month or quarter is another than the one a group counts for. So a year has twelve months of 31 days
each there: the number of a day, cut by the length of a period in such days, is the number of the period. That costs one division,
whatever the period, and no calendar.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

__all__ = ["DAYS_AT_MOST", "LAST_DAY", "PERIOD_DAYS", "BenefitYear"]

_MONTHS, _DAYS = 12, 31
LAST_DAY = _MONTHS * _DAYS - 1
"""The last number that a day may have."""
PERIOD_DAYS = (_MONTHS * _DAYS, 3 * _DAYS, _DAYS, 1)
"""The length of each of :data:`qingsuan.policy.numeric.PERIODS`, in days of months of 31."""

DAYS_AT_MOST = 366
"""How many days a year may have."""

_EPOCH = dt.date(1970, 1, 1)

Int16 = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class BenefitYear:
    """The benefit year that begins in ``year``, on the month and day ``begins``; its months begin on that day of a month, too."""

    year: int
    begins: tuple[int, int] = (1, 1)

    @property
    def first_day(self) -> int:
        """Its first day, in days since 1970."""
        return (dt.date(self.year, *self.begins) - _EPOCH).days

    @property
    def last_day(self) -> int:
        """Its last day, in days since 1970."""
        return (dt.date(self.year + 1, *self.begins) - _EPOCH).days - 1

    @property
    def expected(self) -> str:
        """What a message expects of a date."""
        if self.begins == (1, 1):
            return f"a date in {self.year}, the year that is settled"
        first, last = (_EPOCH + dt.timedelta(days=day) for day in (self.first_day, self.last_day))
        return f"a date from {first} to {last}, the benefit year that is settled"

    def year_of(self, day: int) -> int:
        """The year in which the benefit year of a day begins."""
        date = _EPOCH + dt.timedelta(days=day)
        return date.year - ((date.month, date.day) < self.begins)

    def dates(self) -> list[dt.date]:
        """Its days, in order."""
        return [_EPOCH + dt.timedelta(days=day) for day in range(self.first_day, self.last_day + 1)]

    def numbers(self) -> Int16:
        """The number of each of its days, in order: 0 … :data:`LAST_DAY`. Nobody may write to them."""
        return _numbers_of(self)

    def periods(self) -> tuple[tuple[str, ...], ...]:
        """What its periods are called in tables, by kind: the year, quarters, months and days, in order of time.

        A month is called as that of the calendar in which it begins; quarters are counted from the year's beginning.
        """
        first = self.year * _MONTHS + self.begins[0] - 1
        months = [f"{month // _MONTHS}-{month % _MONTHS + 1:02d}" for month in range(first, first + _MONTHS)]
        quarters = [f"{self.year}Q{quarter}" for quarter in range(1, 5)]
        return ((f"{self.year}",), tuple(quarters), tuple(months), tuple(date.isoformat() for date in self.dates()))


@lru_cache
def _numbers_of(year: BenefitYear) -> Int16:
    month, first = year.begins
    found = []
    for date in year.dates():
        months = (date.year - year.year) * _MONTHS + date.month - month - (date.day < first)
        begun = (
            date.replace(day=first)
            if date.day >= first
            else (date.replace(day=1) - dt.timedelta(days=1)).replace(day=first)
        )
        found.append(months * _DAYS + (date - begun).days)
    numbers = np.array(found, np.int16)
    numbers.flags.writeable = False
    return numbers
