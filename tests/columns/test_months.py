"""The months of days and times, against Python's dates."""

import datetime as dt
import random

import numpy as np
import pytest

from qingsuan.columns.months import months_of_days, months_of_times

FIRST = dt.date(1970, 1, 1)


def month_of(day: int) -> int:
    date = FIRST + dt.timedelta(days=day)
    return date.year * 100 + date.month


@pytest.mark.parametrize(("first", "last"), [(18_993, 19_357), (-40, 40), (-719_162, 2_932_896), (5, 5)])
def test_days_near_and_far(first, last):
    days = [first, last, *random.Random(first).choices(range(first, last + 1), k=300)]
    assert months_of_days(np.array(days, np.int64)).tolist() == [month_of(day) for day in days]


def test_the_last_moment_of_a_month_is_still_of_it():
    of_a_day = 86_400_000_000
    micros = np.array([31 * of_a_day - 1, 31 * of_a_day, -1, 0])
    assert months_of_times(micros).tolist() == [197001, 197002, 196912, 197001]


def test_no_days_have_no_months():
    assert months_of_days(np.zeros(0, np.int32)).tolist() == []
