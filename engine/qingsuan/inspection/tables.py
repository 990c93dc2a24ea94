"""The columns of each table that a bureau brings, and which table files are taken for."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from qingsuan.accounts.intake.columns import FAMILIES, MONTHS, USES
from qingsuan.clearing.intake.columns import CASES, CONTRACTS
from qingsuan.funds.burden.columns import PEOPLE
from qingsuan.funds.columns import ENTRIES
from qingsuan.purchases.intake import AGREED, PURCHASES
from qingsuan.run.inputs import INTERFACE_NAMES
from qingsuan.run.inputs.names import nearest
from qingsuan.tables import ACCOUNT_COLUMNS, CLAIMS, IDENTITIES, INSURED, PREMIUMS, REGISTRATIONS, Column

__all__ = ["COLUMNS", "known_of", "meant", "taken_for"]

_CHINESE = re.compile(r"[\u4e00-\u9fff]{2,}")

COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "claims": CLAIMS,
    "insured": INSURED,
    "identities": IDENTITIES,
    "registrations": REGISTRATIONS,
    "premiums": PREMIUMS,
    "months": MONTHS,
    "uses": USES,
    "families": FAMILIES,
    "contracts": CONTRACTS,
    "cases": CASES,
    "entries": ENTRIES,
    "people": PEOPLE,
    "purchases": PURCHASES,
    "agreed": AGREED,
}
"""The tables that files are held against."""


def known_of(table: str) -> frozenset[str]:
    """Every name that means something in a table."""
    names = {column.name for column in COLUMNS[table]}
    if table == "claims":
        names |= INTERFACE_NAMES
    if table == "insured":
        names |= {column.name for column in ACCOUNT_COLUMNS}
    return frozenset(names)


def meant(name: str, table: str, there: Collection[str]) -> str:
    """The column that a name stands for: nearly its own name, or its term, or a part of one term only; empty if there is none."""
    columns = {column.name: column.meaning for column in COLUMNS[table] if column.name not in there}
    near = nearest(name, columns, frozenset(there))
    if near or not _CHINESE.search(name):
        return near
    alike = [
        one
        for one, meaning in columns.items()
        if any(name in term or term in name for term in _CHINESE.findall(meaning))
    ]
    return alike[0] if len(alike) == 1 else ""


def taken_for(names: Collection[str]) -> str:
    """The table that has the most columns of these names, or of names like them; of those alike the one that lacks the least."""

    def score(table: str) -> tuple[int, int]:
        columns = {column.name for column in COLUMNS[table]}
        found = {name if name in columns else meant(name, table, ()) for name in names} & columns
        return len(found), -len({column.name for column in COLUMNS[table] if column.must} - found)

    return max(COLUMNS, key=score)
