"""Registrations (备案) as the slow twin reads them: row by row, as they are written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from qingsuan.benefits.reference.rows import Claim, Registration
from qingsuan.benefits.reference.rules import Value
from qingsuan.policy.model import RuleSet

__all__ = ["family_of", "registered_values"]


def registered_values(
    rule_set: RuleSet, claim: Claim, date: dt.date | None, rows: Sequence[Registration]
) -> dict[str, Value]:
    """What a claim has in each dimension that asks for registrations, on the day on which identities are read."""
    holding = _holding(date, rows)
    found: dict[str, Value] = {}
    for dimension in rule_set.dimensions:
        values = {row.reg_value for row in holding if row.reg_type == dimension.reg_type}
        if dimension.kind == "registrations":
            found[dimension.name] = len(values)
        elif dimension.kind == "registered":
            found[dimension.name] = "yes" if any(_is_for(value, claim, dimension.column) for value in values) else "no"
        elif dimension.kind == "amount" and dimension.table == "registrations":
            mine = [row for row in holding if row.reg_type == dimension.reg_type]
            if dimension.asked:
                mine = [row for row in mine if _is_for(row.reg_value, claim, dimension.asked)]
            said = {(row.reg_value, row.extra.get(dimension.column)) for row in mine}
            found[dimension.name] = said.pop()[1] if len(said) == 1 else None
    return found


def family_of(date: dt.date | None, rows: Sequence[Registration]) -> str:
    """The number of the one family in which a person is registered on a day; "" where there is none, or more than one."""
    families = {row.reg_value for row in _holding(date, rows) if row.reg_type == "family"}
    return families.pop() if len(families) == 1 else ""


def _holding(date: dt.date | None, rows: Sequence[Registration]) -> list[Registration]:
    return [
        row
        for row in rows
        if date is not None and row.begndate <= date and (row.enddate is None or date <= row.enddate)
    ]


def _is_for(value: str, claim: Claim, column: str) -> bool:
    """Whether a registered value is the claim's own in a column; an area is that of everything in it."""
    has = str(getattr(claim, column))
    if column != "fix_blng_admdvs":
        return has == value
    province, rest = value[:2], value[2:]
    while rest[-2:] == "00":
        rest = rest[:-2]
    return has.startswith(province + rest)
