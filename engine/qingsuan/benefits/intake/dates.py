"""Which date decides the year and the rule set of a claim (待遇享受日期), and what is wrong with its dates alone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.benefits.core.calendar import BenefitYear
from qingsuan.benefits.intake.batch import Rows
from qingsuan.benefits.order import ROLE
from qingsuan.benefits.setup import BENEFIT_DATES, Setup
from qingsuan.columns.cells import NO_DATE

__all__ = [
    "DAY_US",
    "Years",
    "deciding_dates",
    "deciding_years",
    "may_be_of_another_year",
    "refuse_dates",
    "refuse_missing_end",
]

DAY_US = 86_400_000_000
Mask = npt.NDArray[np.bool_]


class Years(NamedTuple):
    """The benefit years of some rows (待遇年度), and which of them each row is settled in."""

    years: list[BenefitYear]
    which: npt.NDArray[np.int8]

    def outside(self, benefit: npt.NDArray[np.int32]) -> Mask:
        """Which dates lie outside of their row's year."""
        if len(self.years) == 1:
            return (benefit < self.years[0].first_day) | (benefit > self.years[0].last_day)
        first, last = (np.array([getattr(one, name) for one in self.years]) for name in ("first_day", "last_day"))
        found: Mask = (benefit < first[self.which]) | (benefit > last[self.which])
        return found

    def take(self, places: npt.NDArray[np.intp]) -> Years:
        """The same of some of the rows."""
        return Years(self.years, self.which[places])


def deciding_dates(setup: Setup, rows: Rows, fields: dict[str, pa.Array]) -> npt.NDArray[np.int8]:
    """Which column is each row's benefit date: its place in BENEFIT_DATES."""
    kinds = {(one.pool, one.scheme): BENEFIT_DATES.index(one.benefit_date) for one in setup.program.series}
    if not any(kinds.values()):
        return np.zeros(rows.size, np.int8)
    pools, schemes = setup.vocabularies["insu_admdvs"].texts, setup.vocabularies["insutype"].texts
    areas = fields["insu_admdvs"].to_numpy(zero_copy_only=False)
    types = fields["insutype"].to_numpy(zero_copy_only=False)
    table = np.zeros((int(areas.max(initial=0)) + 1, int(types.max(initial=0)) + 1), np.int8)
    for area in np.unique(areas):
        number = setup.places.pool_of(pools[area])
        for scheme in np.unique(types):
            code = setup.places.pools[number].code if number >= 0 else ""
            table[area, scheme] = kinds.get((code, schemes[scheme]), 0)
    kinds_of_rows: npt.NDArray[np.int8] = table[areas, types]
    return kinds_of_rows


def refuse_missing_end(rows: Rows, kinds: npt.NDArray[np.int8]) -> None:
    """Refuse rows without the date that decides their year and rule set."""
    if (kinds == BENEFIT_DATES.index("enddate")).any():
        absent = rows.ints("enddate", np.int32, NO_DATE) == NO_DATE
        absent &= (kinds == BENEFIT_DATES.index("enddate")) & ~rows.faulty("enddate")
        rows.refuse(absent, "E_MISSING", "enddate", "an enddate: the rule set decides by it", "no enddate")


def deciding_years(setup: Setup, rows: Rows, fields: dict[str, pa.Array]) -> Years:
    """The benefit year of each row: of its pool and scheme, or of the calendar."""
    others = setup.other_years
    years = [setup.benefit_year, *dict.fromkeys(others.values())]
    if not others:
        return Years(years, np.zeros(rows.size, np.int8))
    pools, schemes = setup.vocabularies["insu_admdvs"].texts, setup.vocabularies["insutype"].texts
    areas, types = (fields[name].to_numpy(zero_copy_only=False) for name in ("insu_admdvs", "insutype"))
    table = np.zeros((int(areas.max(initial=0)) + 1, int(types.max(initial=0)) + 1), np.int8)
    for area in np.unique(areas):
        number = setup.places.pool_of(pools[area])
        for scheme in np.unique(types) if number >= 0 else ():
            year = others.get((setup.places.pools[number].code, schemes[scheme]), setup.benefit_year)
            table[area, scheme] = years.index(year)
    return Years(years, table[areas, types])


def refuse_dates(rows: Rows, kinds: npt.NDArray[np.int8], waiting: Mask, years: Years) -> npt.NDArray[np.int32]:
    """Refuse dates that end before they begin, or lie outside the year unless ``waiting``; returns the benefit date."""
    begin, end = rows.ints("begndate", np.int32, NO_DATE), rows.ints("enddate", np.int32, NO_DATE)
    rows.refuse((end < begin) & (end != NO_DATE), "E_DATE", "enddate", "a date not before begndate")
    settled = (rows.ints("setl_time", np.int64, 0) // DAY_US).astype(np.int32)
    benefit: npt.NDArray[np.int32] = settled
    if kinds.any():
        benefit = np.where(kinds == 0, settled, np.where(kinds == 1, begin, end)).astype(np.int32)
    outside = years.outside(benefit) & ~waiting
    if outside.any():
        for kind, name in enumerate(BENEFIT_DATES):
            for number, year in enumerate(years.years):
                rows.refuse(outside & (kinds == kind) & (years.which == number), "E_DATE", name, year.expected)
    return benefit


def may_be_of_another_year(setup: Setup, role: npt.NDArray[np.int8], areas: npt.NDArray[np.int32]) -> Mask:
    """Reversals of pools that are served: what they take back, which decides their year, is known only later."""
    waiting: Mask = (role & ROLE["reversal"]) != 0
    if waiting.any():
        texts = setup.vocabularies["insu_admdvs"].texts
        places = np.flatnonzero(waiting)
        waiting[places] = [setup.places.pool_of(texts[number]) >= 0 for number in areas[places].tolist()]
    return waiting
