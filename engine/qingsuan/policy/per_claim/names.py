"""The names that rules may use: who pays, what of a bill enters, what is counted, how good a source is."""

from __future__ import annotations

__all__ = [
    "COLUMN_PART",
    "COUNTERS",
    "ENTRY_PARTS",
    "FAMILY_KEY",
    "FUNDS",
    "GRADES",
    "GROUP_KEYS",
    "LAYER_PARTS",
    "PERSONAL_ACCOUNT",
]

FUNDS = (
    "hifp_pay",
    "cvlserv_pay",
    "hifes_pay",
    "hifmi_pay",
    "hifob_pay",
    "hifdm_pay",
    "maf_pay",
    "oth_pay",
)
"""The funds (基金) a layer can pay from."""

PERSONAL_ACCOUNT = "acct_pay"
"""What pays in a layer that is the personal account's turn (个人账户): no fund, and its money is not fund money."""

ENTRY_PARTS = ("inscp_scp_amt", "preselfpay_amt", "overlmt_selfpay", "fulamt_ownpay_amt")
"""Parts of the bill that can enter a layer. ``inscp_scp_amt`` is what entered and no earlier layer has paid."""

LAYER_PARTS = ("left_by_ratio", "cut_by_cap", "deductible", "cost_above_cap", "cost_above_limit")
"""What an earlier layer left: by its ratio (x - payment before its cap), by its caps, by its deductible. The last two are cost,
not payment: above its caps, x less the smallest x' for which its bands pay what the caps let it pay (超过封顶线以上的医疗费用);
above its limit, what would have entered without it."""

COLUMN_PART = "column"
"""The part of a bill that stands in a column of its own."""

COUNTERS = ("visits", "deductible_used", "base", "excess", "paid")
"""What is counted per group: visits (a number), deductible used up, sum of bases, sum of x, payments (amounts)."""

FAMILY_KEY = "family"
"""The key that several people share: the family (户) in which one is registered; also the ``reg_type`` of such a registration."""

GROUP_KEYS = ("dise_code", "fixmedins_code", "med_type", "dedc_hosp_lv", "mdtrt_id", FAMILY_KEY)
"""Columns of claims by which a group may be kept apart, and the family; so may a plugin's own dimension that is a code or a function."""

GRADES = ("A", "B", "C", "E", "reading", "derived", "made-up")
"""How good a source is. D (unverified) does not exist here: it is never used."""
