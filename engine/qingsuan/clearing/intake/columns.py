"""The columns of the tables that come in, and what is kept of them."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from qingsuan.policy.model import FUNDS
from qingsuan.tables import Column

__all__ = ["AMOUNTS", "CASES", "CONTRACTS", "HASH", "INTERNAL", "KEY", "settled_columns"]

KEY = "key"
"""Pool and scheme: rows of one come into one partition, so that what institutions share is settled together."""

HASH = "hash"
"""The hash of the key, on which rows are spread."""

AMOUNTS = ("medfee", "scope", "fund_all", "funds", "person", "account", "cash")
"""What is added up of claims, in fen: cost, cost in scope, what all funds paid, what the funds that are cleared here
paid, the person's part, of it accounts and cash."""

_SETTLED: tuple[Column, ...] = (
    Column("setl_id", "text", True, "settlement id 结算ID"),
    Column("pool", "code", True, "code of the pool 统筹区"),
    Column("insutype", "code", True, "scheme 险种类型"),
    Column("med_type", "code", True, "kind of care 医疗类别"),
    Column("fixmedins_code", "code", True, "institution 定点医药机构编号"),
    Column("setl_time", "time", True, "time of settlement 结算时间"),
    Column("benefit_date", "date", True, "the date that decided"),
    Column("medfee_sumamt", "money", True, "total cost 医疗费总额"),
    Column("inscp_scp_amt", "money", True, "cost in scope 符合政策范围金额"),
    Column("fund_pay_sumamt", "money", True, "paid by the funds 基金支付总额"),
    Column("psn_part_amt", "money", True, "the person's part 个人负担总金额"),
    Column("acct_pay", "money", True, "paid by the personal account 个人账户支出"),
    Column("acct_mulaid_pay", "money", True, "paid by a relative's account 个人账户共济支付金额"),
    Column("psn_cash_pay", "money", True, "paid in cash 个人现金支出"),
)

CASES: tuple[Column, ...] = (
    Column("setl_id", "text", True, "settlement id 结算ID of the claim"),
    Column("pool", "code", True, "code of the pool 统筹区, as the claim has it"),
    Column("insutype", "code", True, "scheme 险种类型, as the claim has it"),
    Column("group", "code", False, "disease, group of a grouper, or level of bed-days 病种、病组、床日级别"),
    Column("days", "count", False, "days of the stay 床日数"),
    Column(
        "points",
        "code",
        False,
        "points or weight 分值、权重 of the case, where they are not those of its group; at most four decimals",
    ),
    Column("flag", "code", False, "why the case is a special one 特殊病例标志, by a name that the terms have"),
)

CONTRACTS: tuple[Column, ...] = (
    Column("number", "count", True, "the contract's place in contracts.csv"),
    Column("key", "text", True, "pool and scheme"),
)


_DIVISION = Column("insu_admdvs", "code", True, "division of insurance 参保所属医保区划: whose alliance a person is of")


def settled_columns(funds: Sequence[str], *, with_divisions: bool = False) -> tuple[Column, ...]:
    """The columns of claims that are read, the payments of these funds among them; where alliances are paid, divisions, too."""
    paid = tuple(Column(name, "money", True, "paid by this fund 基金支付") for name in FUNDS if name in funds)
    return (*_SETTLED, *((_DIVISION,) if with_divisions else ()), *paid)


INTERNAL: dict[str, pa.Schema] = {
    "settled": pa.schema(
        [
            (HASH, pa.int64()),
            (KEY, pa.string()),
            *((name, pa.string()) for name in ("institution", "clr_type", "med_type", "setl_id")),
            ("contract", pa.int32()),  # its number, or -1
            ("month", pa.int32()),  # of settlement, as 202203
            ("rows", pa.int64()),
            *((name, pa.int64()) for name in AMOUNTS),
        ]
    ),
    "cases": pa.schema(
        [
            (HASH, pa.int64()),
            (KEY, pa.string()),
            ("setl_id", pa.string()),
            ("group", pa.string()),
            ("flag", pa.string()),
            ("days", pa.int64()),
            ("points", pa.int64()),
        ]
    ),
    "contracts": pa.schema([(HASH, pa.int64()), (KEY, pa.string()), ("contract", pa.int32())]),
}
"""Internal rows, without nulls, by input table. ``setl_id`` is empty in rows that are sums of several claims; in rows that
are one claim the texts are empty that its contract has too, and so is ``med_type``;
``points`` are ten-thousandths, -1 where the case has none of its own."""
