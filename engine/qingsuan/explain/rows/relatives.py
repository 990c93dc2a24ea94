"""Who is tied to a person by families (户), where rules count by the family (以户为单位): their claims met the same deductible."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.benefits.setup import FAMILY_NO, Setup
from qingsuan.run.prepared.opened import PreparedYear

__all__ = ["tied_to"]


def tied_to(year: PreparedYear, setup: Setup, psn_no: str) -> list[str]:
    """The others whose claims are settled in one order with the person's, by ``psn_no``; nobody where no rule counts by the family.

    The registrations of the year are read until nobody is found any more, part by part: none is held.

    Raises
    ------
    InputError
        A file of the year cannot be read.
    """
    people, families = {psn_no}, set[str]()
    known = 0
    while setup.by_family and known < len(people) + len(families):
        known = len(people) + len(families)
        for rows in _registered(year):
            one, number = rows.column("psn_no"), rows.column(FAMILY_NO)
            mine = pc.or_(
                pc.is_in(one, pa.array(sorted(people))), pc.is_in(number, pa.array(sorted(families), pa.string()))
            )
            people.update(one.filter(mine).to_pylist())
            families.update(number.filter(mine).to_pylist())
    return sorted(people - {psn_no})


def _registered(year: PreparedYear) -> Iterator[pa.Table]:
    """The registrations of families, a part of the year at a time."""
    for delivery in year.deliveries:
        for partition in range(year.record.partitions):
            rows = delivery.read("registrations", partition).select(["psn_no", FAMILY_NO])
            yield rows.filter(pc.not_equal(rows.column(FAMILY_NO), ""))
