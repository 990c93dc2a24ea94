"""A benefit year (待遇年度) and its days, as the core numbers them.

The core asks only whether a day, month or quarter is another than the one a group counts for. So a year has twelve months of 31 days
each there: the number of a day, cut by the length of a period in such days, is the number of the period. That costs one division,
whatever the period, and no calendar.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["LAST_DAY", "PERIOD_DAYS", "BenefitYear"]

_MONTHS, _DAYS = 12, 31
LAST_DAY = _MONTHS * _DAYS - 1
"""The last number that a day may have."""
PERIOD_DAYS = (_MONTHS * _DAYS, 3 * _DAYS, _DAYS, 1)
"""The length of each of :data:`qingsuan.policy.numeric.PERIODS`, in days of months of 31."""

_EPOCH = dt.date(1970, 1, 1)

Int16 = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class BenefitYear:
    """The year that begins on 1 January of ``year``."""

    year: int

    @property
    def first_day(self) -> int:
        """Its first day, in days since 1970."""
        return (dt.date(self.year, 1, 1) - _EPOCH).days

    @property
    def last_day(self) -> int:
        """Its last day, in days since 1970."""
        return (dt.date(self.year + 1, 1, 1) - _EPOCH).days - 1

    def numbers(self) -> Int16:
        """The number of each of its days, in order: 0 … :data:`LAST_DAY`."""
        dates = [_EPOCH + dt.timedelta(days=day) for day in range(self.first_day, self.last_day + 1)]
        return np.array([(date.month - 1) * _DAYS + date.day - 1 for date in dates], np.int16)

    def periods(self) -> tuple[tuple[str, ...], ...]:
        """What its periods are called in tables, by kind: the year, quarters, months and days, in order of time."""
        months = [f"{self.year}-{month + 1:02d}" for month in range(_MONTHS)]
        dates = [_EPOCH + dt.timedelta(days=day) for day in range(self.first_day, self.last_day + 1)]
        quarters = [f"{self.year}Q{quarter}" for quarter in range(1, 5)]
        return ((f"{self.year}",), tuple(quarters), tuple(months), tuple(date.isoformat() for date in dates))
