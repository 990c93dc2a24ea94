"""The tables that come in, and what is kept of them.

Every internal row has a key ``book_line``: a hash of its fund, place and line, so that all rows of one line of one book are settled
together, where a voucher that stands twice, and one that is taken back, are found.
"""

from __future__ import annotations

import pyarrow as pa

from qingsuan.funds.lines import FUND_OF_COLUMN
from qingsuan.tables import Column

__all__ = ["BASES", "CLAIMS", "CLAIM_AMOUNTS", "ENTRIES", "INTERNAL", "KEY"]

KEY = "book_line"

BASES = ("cash", "due")
"""What an entry says: money that was received or paid (收付实现), or what became due (应收应付)."""

ENTRIES: tuple[Column, ...] = (
    Column("fund", "code", True, "the fund 基金, such as resident"),
    Column("insu_admdvs", "code", True, "the county whose sub-ledger it is, or the pool itself 区划 (six digits)"),
    Column("line", "code", True, "the line of the book 科目, such as premium-persons"),
    Column("basis", "code", True, "cash: received or paid 收付; due: became due 应收应付"),
    Column("date", "date", True, "day of the entry 记账日期"),
    Column("amount", "money", True, "amount 金额, above 0; of a refund the one taken back, negated"),
    Column("voucher", "text", True, "number of the voucher 凭证号"),
    Column("takes_back", "text", False, "of a refund: the voucher that it takes back 冲销凭证号"),
)
"""A bureau's entries (记账): each voucher stands once on a line of a book."""

CLAIM_AMOUNTS = ("hifp_pay", *FUND_OF_COLUMN)

CLAIMS: tuple[Column, ...] = (
    Column("insutype", "code", True, "scheme 险种类型"),
    Column("insu_admdvs", "code", True, "where insured 参保所属医保区划 (six digits)"),
    Column("med_type", "code", True, "kind of care 医疗类别"),
    *(Column(name, "money", True, "what a fund paid") for name in CLAIM_AMOUNTS),
)
"""Claims as ``qingsuan settle`` writes them: what each fund owes for them."""

INTERNAL = {
    "entries": pa.schema(
        [
            (KEY, pa.int64()),
            ("file", pa.int32()),
            ("row", pa.int64()),
            ("fund", pa.string()),
            ("admdvs", pa.string()),
            ("line", pa.string()),
            ("basis", pa.string()),
            ("day", pa.int32()),
            ("fen", pa.int64()),
            ("voucher", pa.string()),
            ("takes_back", pa.string()),
        ]
    ),
    "claims": pa.schema(
        [(KEY, pa.int64()), ("fund", pa.string()), ("admdvs", pa.string()), ("line", pa.string()), ("fen", pa.int64())]
    ),
}
"""Rows as they are kept; days since 1970-01-01, fen. Claims are kept as sums of a batch by fund, place and line."""
