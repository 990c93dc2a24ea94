"""The columns of settled rows that later settlements read."""

from __future__ import annotations

from qingsuan.policy.model import FUNDS
from qingsuan.tables import CLAIMS, INTERFACE, Column

__all__ = ["KNOWN", "MONTH", "column_of"]

MONTH = "month"
"""A key that is no column: the month of the benefit date, such as 2022-03."""

_TEXTS = {
    "insutype": Column("insutype", "code", True, "scheme 险种类型"),
    "pool": Column("pool", "code", True, "code of the pool 统筹区"),
    "fixmedins_code": Column("fixmedins_code", "text", False, "institution 定点医药机构编号"),
    "benefit_date": Column("benefit_date", "date", True, "the date that decided 待遇享受日期"),
}
_AMOUNTS = {
    "medfee_sumamt": "total cost 医疗费总额",
    **dict.fromkeys(FUNDS, "what a fund paid 基金支出"),
    "acct_pay": "personal account 个人账户支出",
    "acct_mulaid_pay": "family account 个人账户共济支付",
}

KNOWN = (
    frozenset(column.name for column in CLAIMS)
    | frozenset(column.name for column in INTERFACE)
    | frozenset(("rule_id", "variant", "pool", "benefit_date"))
)
"""Columns of settled rows, which mean something and need not be read."""


def column_of(name: str) -> Column:
    """A column of settled rows: a key, the date, or an amount."""
    return _TEXTS[name] if name in _TEXTS else Column(name, "money", True, _AMOUNTS[name])
