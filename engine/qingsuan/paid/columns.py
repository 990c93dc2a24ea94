"""The columns of settled rows that later settlements read."""

from __future__ import annotations

from qingsuan.policy.model import FUNDS
from qingsuan.tables import CLAIMS, INTERFACE, Column

__all__ = ["KNOWN", "paid_columns"]

_KEYS = {
    "insutype": Column("insutype", "code", True, "scheme 险种类型"),
    "pool": Column("pool", "code", True, "code of the pool 统筹区"),
    "fixmedins_code": Column("fixmedins_code", "text", True, "institution 定点医药机构编号"),
}
_DATE = Column("benefit_date", "date", True, "the date that decided 待遇享受日期")

KNOWN = (
    frozenset(column.name for column in CLAIMS)
    | frozenset(column.name for column in INTERFACE)
    | frozenset(("rule_id", "variant", "pool", "benefit_date"))
)
"""Columns of settled rows, which mean something and need not be read."""


def paid_columns(*keys: str) -> tuple[Column, ...]:
    """The columns that are read: the keys, the date, and what each fund paid."""
    funds = (Column(fund, "money", True, "what a fund paid 基金支出") for fund in FUNDS)
    return (*(_KEYS[key] for key in keys), _DATE, *funds)
