"""What columns and codes are called in print: English with the statutory Chinese term."""

from __future__ import annotations

__all__ = ["CONTRADICTION_NAMES", "FUND_NAMES", "PAYER_NAMES", "SCHEME_NAMES"]

FUND_NAMES = {
    "hifp_pay": "pooled fund 基本医保统筹基金",
    "cvlserv_pay": "civil servants 公务员医疗补助",
    "hifes_pay": "enterprise supplement 企业补充医疗保险",
    "hifmi_pay": "critical illness 居民大病保险",
    "hifob_pay": "large sums 职工大额医疗补助",
    "hifdm_pay": "disabled veterans 伤残人员医疗保障",
    "maf_pay": "medical assistance 医疗救助",
    "oth_pay": "other funds 其他基金",
}
"""The funds (基金) in the order of the settlement table."""

PAYER_NAMES = {**FUND_NAMES, "acct_pay": "personal account 个人账户"}
"""Who pays in a layer: a fund, or the personal account, which is none."""

SCHEME_NAMES = {"310": "310 employees 职工", "390": "390 residents 居民"}
"""Schemes (险种类型) that have a short name; others print as their code."""

CONTRADICTION_NAMES = {
    "same-account": "same scheme and pool on one day 同险种同统筹区",
    "birth": "two dates of birth 出生日期不同",
    "balance": "two opening balances 年初余额不同",
    "place": "two counties on one day 同日两地",
}
"""Kinds of contradictions between two insured rows of one person."""
