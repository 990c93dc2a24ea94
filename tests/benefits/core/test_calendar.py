"""The days of a benefit year as the core numbers them: which day, month and quarter each is in, whenever the year begins."""

from __future__ import annotations

import datetime as dt

import pytest

from qingsuan.benefits.core.calendar import LAST_DAY, PERIOD_DAYS, BenefitYear

EPOCH = dt.date(1970, 1, 1)


@pytest.mark.parametrize("year", [2021, 2023, 2024])
def test_days_of_a_calendar_year_are_cut_into_its_months(year: int) -> None:
    made = BenefitYear(year)
    dates = [EPOCH + dt.timedelta(days=day) for day in range(made.first_day, made.last_day + 1)]
    assert (dates[0], dates[-1]) == (dt.date(year, 1, 1), dt.date(year, 12, 31))
    numbers = made.numbers().tolist()
    assert [number // PERIOD_DAYS[2] + 1 for number in numbers] == [date.month for date in dates]
    assert [number // PERIOD_DAYS[1] for number in numbers] == [(date.month - 1) // 3 for date in dates]
    assert len(set(numbers)) == len(dates)
    assert {number // PERIOD_DAYS[0] for number in numbers} == {0}


@pytest.mark.parametrize("begins", [(1, 1), (3, 15), (4, 1), (7, 1), (12, 28)])
@pytest.mark.parametrize("year", [2021, 2023])
def test_months_begin_on_the_day_on_which_the_year_begins(year: int, begins: tuple[int, int]) -> None:
    made = BenefitYear(year, begins)
    numbers = made.numbers().tolist()
    assert len(numbers) == made.last_day - made.first_day + 1 in (365, 366)
    assert numbers == sorted(set(numbers))
    assert (numbers[0], numbers[-1] <= LAST_DAY) == (0, True)
    starts = [day for day, number in enumerate(numbers) if number % PERIOD_DAYS[2] == 0]
    dates = [EPOCH + dt.timedelta(days=made.first_day + day) for day in starts]
    assert [date.day for date in dates] == [begins[1]] * 12
    assert made.year_of(made.first_day) == made.year_of(made.last_day) == year
    assert (made.year_of(made.first_day - 1), made.year_of(made.last_day + 1)) == (year - 1, year + 1)
