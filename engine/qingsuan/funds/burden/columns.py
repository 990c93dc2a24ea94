"""The tables that people's burden is reckoned from, and what is kept of them."""

from __future__ import annotations

import pyarrow as pa

from qingsuan.funds.columns import CLAIM_AMOUNTS
from qingsuan.tables import IDENTITIES, Column

__all__ = ["AMOUNTS", "HELD", "IDENTITY_COLUMNS", "PEOPLE", "PERSON"]

AMOUNTS = (
    "medfee_sumamt",
    "inscp_scp_amt",
    *CLAIM_AMOUNTS[:-2],
    "fund_pay_sumamt",
    "psn_part_amt",
    "acct_pay",
    "acct_mulaid_pay",
)
"""What a claim cost, what lay in scope, what each fund paid, the person's part, and what of it accounts paid."""

PEOPLE: tuple[Column, ...] = (
    Column("psn_no", "text", True, "person 人员编号"),
    Column("insu_admdvs", "code", True, "where insured 参保所属医保区划 (six digits)"),
    Column("benefit_date", "date", True, "day of the claim 待遇享受日期"),
    *(Column(name, "money", True, "as the settlement has it") for name in AMOUNTS),
)
"""Claims as ``qingsuan settle`` writes them, for the people in them."""

IDENTITY_COLUMNS = IDENTITIES

PERSON = pa.schema(
    [("psn_no", pa.string()), ("admdvs", pa.string()), ("day", pa.int32()), *((name, pa.int64()) for name in AMOUNTS)]
)
"""Claims of people as they are kept: days since 1970-01-01, fen."""

HELD = pa.schema([("psn_no", pa.string()), ("code", pa.string()), ("first", pa.int32()), ("last", pa.int32())])
"""Identities of a class that some line names, both days included."""
