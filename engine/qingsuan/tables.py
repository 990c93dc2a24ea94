"""The columns of every table that goes in or out, and the code tables of the national interface.

Names are those of the national platform's interface (国家医疗保障信息平台); columns are bound by name, never by position.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "ACCUMULATORS",
    "BILL",
    "BILL_PARTS",
    "CLAIMS",
    "CODES",
    "IDENTITIES",
    "INSURED",
    "PAID_COLUMNS",
    "PLACES",
    "REFERRALS",
    "REJECTION_CODES",
    "Column",
]

Kind = Literal["text", "code", "flag", "date", "time", "money", "count"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: name, kind, whether it must be there and filled, and what it means."""

    name: str
    kind: Kind
    must: bool
    meaning: str


BILL_PARTS = ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
"""The four parts of a bill: they add up to ``medfee_sumamt``."""

BILL = ("medfee_sumamt", *BILL_PARTS)
"""The columns of a bill: its total and its parts."""

PAID_COLUMNS = (
    "paid_hifp_pay",
    "paid_hifmi_pay",
    "paid_hifob_pay",
    "paid_cvlserv_pay",
    "paid_maf_pay",
    "paid_oth_pay",
    "paid_acct_pay",
)
"""What was already paid during the year, for differences (补退)."""

CLAIMS: tuple[Column, ...] = (
    Column("setl_id", "text", True, "settlement id 结算ID"),
    Column("psn_no", "text", True, "person 人员编号"),
    Column("insutype", "code", True, "scheme 险种类型"),
    Column("med_type", "code", True, "kind of care 医疗类别"),
    Column("insu_admdvs", "code", True, "where insured 参保所属医保区划 (six digits)"),
    Column("fix_blng_admdvs", "code", False, "where treated 定点归属医保区划; absent = in the pool"),
    Column("fixmedins_code", "text", False, "institution 定点医药机构编号"),
    Column("dedc_hosp_lv", "code", False, "level that decides the deductible 起付线医院等级, the pool's vocabulary"),
    Column("dise_code", "code", False, "special disease 门诊慢特病病种代码, e.g. M02207"),
    Column("refl_flag", "flag", False, "properly referred 规范转诊"),
    Column("er_flag", "flag", False, "emergency 急诊"),
    Column("begndate", "date", True, "begin of the visit 开始日期"),
    Column("enddate", "date", False, "end of the visit 结束日期"),
    Column("setl_time", "time", True, "time of settlement 结算时间"),
    Column("medfee_sumamt", "money", True, "total cost 医疗费总额"),
    Column("fulamt_ownpay_amt", "money", True, "wholly own-paid 全自费金额"),
    Column("overlmt_selfpay", "money", True, "above the price limit 超限价自费费用"),
    Column("preselfpay_amt", "money", True, "first own share 先行自付金额"),
    Column("inscp_scp_amt", "money", True, "in policy scope 符合政策范围金额"),
    Column("acct_used_flag", "flag", False, "personal account may be used 个人账户使用标志"),
    Column("refd_setl_flag", "flag", False, "reversal 退费结算标志"),
    Column("init_setl_id", "text", False, "the settlement a reversal takes back 原结算ID"),
    *(Column(name, "money", False, "already paid during the year 年中已付") for name in PAID_COLUMNS),
)

INSURED: tuple[Column, ...] = (
    Column("psn_no", "text", True, "person 人员编号"),
    Column("insutype", "code", True, "scheme 险种类型"),
    Column("insu_admdvs", "code", True, "where insured 参保所属医保区划 (six digits)"),
    Column("psn_type", "code", True, "person category 人员类别"),
    Column("cvlserv_flag", "flag", False, "civil servant 公务员标志"),
    Column("brdy", "date", False, "date of birth 出生日期"),
    Column("begndate", "date", True, "insured from 开始日期"),
    Column("enddate", "date", False, "insured until 结束日期, inclusive; absent = still insured"),
    Column("wait_end_date", "date", False, "last day of the waiting period 等待期"),
    Column("resd_permit_flag", "flag", False, "insured by residence permit 居住证"),
    Column("acct_balc", "money", False, "personal account balance at the year's beginning 个人账户余额"),
)

IDENTITIES: tuple[Column, ...] = (
    Column("psn_no", "text", True, "person 人员编号"),
    Column("psn_idet_type", "code", True, "identity class 人员身份类别"),
    Column("begntime", "date", True, "holds from 开始时间"),
    Column("endtime", "date", False, "holds until 结束时间, inclusive; absent = still holds"),
)

ACCUMULATORS: tuple[Column, ...] = (
    Column("psn_no", "text", True, "person 人员编号"),
    Column("insutype", "code", True, "scheme 险种类型"),
    Column("pool", "code", True, "code of the pool 统筹区"),
    Column("group", "text", True, "the rule set's group; empty in the row of the account itself"),
    Column("period", "text", True, "what the counters are for: 2022, 2022Q3 or 2022-07, as the group counts"),
    Column("visits", "count", True, "visits counted 就诊次数"),
    Column("deductible_used", "money", True, "deductible used up 已付起付线"),
    Column("base", "money", True, "what entered the layers 进入基数累计"),
    Column("excess", "money", True, "what of it lay above deductibles 起付线以上累计"),
    Column("paid", "money", True, "what funds paid 支付累计"),
    Column("balc", "money", True, "balance of the personal account 余额, in the row of the account itself"),
    Column("settled_until", "date", True, "last benefit date that was settled, in the row of the account itself"),
)
"""Accumulators (累计): written by one run (``accumulators/``), read by the next one of the same year (``--opening``)."""

PLACES = ("pool", "region", "outside")
"""Dimension ``place``: treated in the pool, elsewhere in the region, outside the region."""

REFERRALS = ("none", "referred", "emergency", "both")
"""Dimension ``referral``: from ``refl_flag`` and ``er_flag``."""

CODES: dict[str, dict[str, str]] = {
    "insutype": {
        "310": "职工基本医疗保险",
        "320": "公务员医疗补助",
        "330": "大额医疗费用补助",
        "340": "离休人员医疗保障",
        "350": "一至六级残废军人医疗补助",
        "360": "老红军医疗保障",
        "370": "企业补充医疗保险",
        "380": "新型农村合作医疗",
        "390": "城乡居民基本医疗保险",
        "391": "城镇居民基本医疗保险",
        "392": "城乡居民大病医疗保险",
        "399": "其他特殊人员医疗保障",
        "410": "长期照护保险",
        "510": "生育保险",
    },
    "med_type": {
        "11": "普通门诊",
        "12": "门诊挂号",
        "13": "急诊",
        "14": "门诊慢特病",
        "140104": "门诊慢病",
        "140201": "门诊特病",
        "19": "意外伤害门诊",
        "21": "普通住院",
        "22": "外伤住院",
        "23": "转外诊治住院",
        "24": "急诊转住院",
        "41": "定点药店购药",
        "51": "生育门诊",
        "52": "生育住院",
        "53": "计划生育手术费",
    },
    "psn_type": {
        "11": "在职",
        "1101": "职工在职",
        "1102": "公务员在职",
        "1103": "灵活就业在职",
        "1160": "地方扩展在职",
        "12": "退休",
        "1201": "职工退休",
        "1202": "公务员退休",
        "1203": "灵活就业退休",
        "1260": "地方扩展退休",
        "13": "离休",
        "1300": "离休",
        "1360": "地方扩展离休",
        "14": "居民(未成年)",
        "1401": "新生儿",
        "1402": "学龄前儿童",
        "1403": "中小学生",
        "1404": "大学生",
        "1405": "未成年(未入学)",
        "1460": "地方扩展未成年居民",
        "15": "居民(成年)",
        "1501": "普通居民(成年)",
        "1560": "地方扩展成年居民",
        "16": "居民(老年)",
    },
}
"""Code tables as read in public hospital-system source (grade C); a region's plugin adds its local codes."""

REJECTION_CODES: dict[str, str] = {
    "E_MISSING": "a required value is null",
    "E_FORM": "a cell is not written as its column is",
    "E_CODE": "a value is not in its code table",
    "E_SCALE": "an amount has more than two decimals",
    "E_RANGE": "an amount is too large",
    "E_NEGATIVE": "a negative amount in a row that is not a reversal",
    "E_COMPOSITION": "the four parts do not add up to the total",
    "E_DATE": "outside the run's year, or end before begin",
    "E_POOL": "no installed plugin serves this pool",
    "E_REVERSAL_ORPHAN": "a reversal whose original is not there",
    "E_REVERSAL_MISMATCH": "a reversal that does not negate its original",
    "E_PERSON": "person unknown, not insured in that scheme at begndate, or insured in another pool",
    "E_NO_RULE": "the pool's rule set has no rule for this combination",
    "E_DUPLICATE": "the same setl_id again for the same person",
}
"""Why a row is rejected, in the order in which rows are checked: a row carries the first that fails."""
