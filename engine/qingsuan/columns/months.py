"""The months of days, for whole columns."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from qingsuan.columns.rows import looked_up

__all__ = ["months_of_days", "months_of_times"]

_DAY_US = 86_400_000_000
_FEW_DAYS = 20_000
"""Days that lie no farther apart are looked up in a table of that many: dates of one year always do."""

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


def months_of_days(days: npt.NDArray[np.int32] | Int64) -> Int32:
    """The month of each day, as 202203.

    Parameters
    ----------
    days : (n,) days since 1970-01-01.

    >>> months_of_days(np.array([0, 30, 31, -1])).tolist()
    [197001, 197001, 197002, 196912]
    """
    if not len(days):
        return np.zeros(0, np.int32)
    first, last = int(days.min()), int(days.max())
    if last - first > _FEW_DAYS:
        return _months(days)
    return looked_up(_months(np.arange(first, last + 1)), (days - first).astype(np.int32))


def months_of_times(micros: Int64) -> Int32:
    """The month of each time, as 202203.

    Parameters
    ----------
    micros : (n,) microseconds since 1970-01-01.
    """
    return months_of_days(micros // _DAY_US)


def _months(days: npt.NDArray[np.int32] | Int64) -> Int32:
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    found: Int32 = ((months // 12 + 1970) * 100 + months % 12 + 1).astype(np.int32)
    return found
