"""The columns of the tables that come in, and what is kept of them.

Every internal row has a key ``family``: the hash of a person who stands for the family, the same for all who are tied
together (:mod:`qingsuan.heads.families`). It decides where a row is settled and nothing else.
"""

from __future__ import annotations

import pyarrow as pa

from qingsuan.tables import ACCOUNT_COLUMNS, Column

__all__ = ["CLAIMS", "FAMILIES", "INSURED", "INTERNAL", "KEY", "MONTHS", "OPENING", "USES"]

KEY = "family"

_VOID = Column("vali_flag", "flag", False, "valid 有效标志; 0 = void: the row is rejected and decides nothing")

INSURED: tuple[Column, ...] = (
    Column("psn_no", "text", True, "person 人员编号"),
    Column("insutype", "code", True, "scheme 险种类型; rows of others than 310 have no account"),
    Column("insu_admdvs", "code", True, "where insured 参保所属医保区划 (six digits)"),
    Column("psn_type", "code", True, "person category 人员类别: 11… in service, 12… retired, others have no account"),
    Column("brdy", "date", False, "date of birth 出生日期, where sums of retired people depend on the age"),
    Column("begndate", "date", True, "insured from 开始日期"),
    Column("enddate", "date", False, "insured until 结束日期, inclusive; absent = still insured"),
    *ACCOUNT_COLUMNS,
    Column("acct_balc", "money", False, "personal account balance at the year's beginning 个人账户余额"),
    _VOID,
)

MONTHS: tuple[Column, ...] = (
    Column("psn_no", "text", True, "person 人员编号"),
    Column("month", "code", True, "month of the contribution 缴费月份, as YYYY-MM"),
    Column("cntr_base", "money", False, "contribution base 缴费基数"),
    Column("clct_flag", "flag", False, "contribution received 到账标志; absent = received"),
)

USES: tuple[Column, ...] = (
    Column("psn_no", "text", True, "whose cost it is 人员编号"),
    Column("payer_psn_no", "text", False, "whose account pays 支付人; absent = the person's own"),
    Column("date", "date", True, "day of payment 支付日期"),
    Column("use", "code", True, "what is paid 用途, such as care, pharmacy or resident-premium"),
    Column("amount", "money", True, "amount 金额; of a reversal the one taken back, negated"),
    Column("setl_id", "text", False, "settlement id 结算ID of a claim, or the payment's own number"),
    Column("refd_setl_flag", "flag", False, "reversal 退费结算标志"),
    Column("init_setl_id", "text", False, "the setl_id of what a reversal takes back 原结算ID"),
    _VOID,
)

FAMILIES: tuple[Column, ...] = (
    Column("psn_no", "text", True, "who registers 人员编号"),
    Column("member_psn_no", "text", True, "family member 家庭成员"),
    Column("relation", "code", True, "what the member is to the person: spouse, parent or child 亲属关系"),
    Column("begndate", "date", False, "holds from 开始日期; absent = always"),
    Column("enddate", "date", False, "holds until 结束日期, inclusive; absent = still holds"),
)

OPENING: tuple[Column, ...] = (
    Column("psn_no", "text", True, "person 人员编号"),
    Column("pool", "code", True, "code of the pool 统筹区"),
    Column("balc", "money", True, "balance 余额"),
)

CLAIMS: tuple[Column, ...] = (
    Column("setl_id", "text", True, "settlement id 结算ID"),
    Column("psn_no", "text", True, "person 人员编号"),
    Column("med_type", "code", True, "kind of care 医疗类别; 41 is a pharmacy"),
    Column("benefit_date", "date", True, "the date that decided"),
    Column("acct_pay", "money", True, "paid by the personal account 个人账户支出"),
    Column("acct_mulaid_pay", "money", True, "paid by a relative's account 个人账户共济支付金额"),
)

_WHERE = [("file", pa.int32()), ("row", pa.int64())]
_KEY = (KEY, pa.int64())

INTERNAL: dict[str, pa.Schema] = {
    "insured": pa.schema(
        [
            *_WHERE,
            _KEY,
            ("psn_no", pa.string()),
            ("pool", pa.int32()),
            ("status", pa.int8()),  # 0 in service, 1 retired, 2 without an account
            ("mode", pa.int8()),  # 0 no account, 1 one, -1 not said
            *((name, pa.int32()) for name in ("begin", "end", "retires", "born")),  # days
            *((name, pa.int64()) for name in ("base", "balance")),  # fen, or NO_AMOUNT
        ]
    ),
    "months": pa.schema(
        [_KEY, ("psn_no", pa.string()), ("month", pa.int8()), ("received", pa.int8()), ("base", pa.int64())]
    ),
    "uses": pa.schema(
        [
            _KEY,
            *((name, pa.string()) for name in ("psn_no", "payer", "setl_id", "init")),
            ("day", pa.int32()),
            ("kind", pa.int8()),  # a number of KINDS; beyond them UNFIT; beyond these an unknown one
            ("back", pa.int8()),  # 1 for a reversal
            ("amount", pa.int64()),
            ("use", pa.string()),
        ]
    ),
    "families": pa.schema(
        [
            _KEY,
            ("psn_no", pa.string()),
            ("member", pa.string()),
            ("relation", pa.int8()),
            ("begin", pa.int32()),
            ("end", pa.int32()),
        ]
    ),
    "opening": pa.schema([_KEY, ("psn_no", pa.string()), ("pool", pa.int32()), ("balance", pa.int64())]),
    "claims": pa.schema(
        [
            _KEY,
            ("psn_no", pa.string()),
            ("setl_id", pa.string()),
            ("day", pa.int32()),
            ("kind", pa.int8()),
            ("own", pa.int64()),
            ("mulaid", pa.int64()),
        ]
    ),
}
"""Internal rows, without nulls, by input table."""
