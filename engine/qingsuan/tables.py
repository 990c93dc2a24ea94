"""The columns of every table that goes in, and the code tables of the national interface.

Names are those of the national platform's interface (国家医疗保障信息平台); columns are bound by name, never by position.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "ACCOUNT_COLUMNS",
    "ACCUMULATORS",
    "BILL",
    "BILL_PARTS",
    "CLAIMS",
    "CODES",
    "IDENTITIES",
    "INSURED",
    "INTERFACE",
    "PAID_COLUMNS",
    "PLACES",
    "PREMIUMS",
    "REFERRALS",
    "REGISTRATIONS",
    "REJECTION_CODES",
    "SHORTFALLS",
    "WAYS",
    "Column",
    "InterfaceColumn",
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
    Column("vali_flag", "flag", False, "valid 有效标志; 0 = void: the row is rejected and takes part in nothing"),
    Column("mdtrt_id", "text", False, "visit 就诊ID: settlements of one stay share it"),
    Column("mid_setl_flag", "flag", False, "settled in the middle of a stay 中途结算标志"),
    *(Column(name, "money", False, "already paid during the year 年中已付") for name in PAID_COLUMNS),
)

_VOID_ROWS = Column("vali_flag", "flag", False, "valid 有效标志; 0 = void: the row is rejected and decides nothing")

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
    _VOID_ROWS,
)

ACCOUNT_COLUMNS: tuple[Column, ...] = (
    Column("retire_date", "date", False, "day of retirement 退休日期: in service up to the end of its month"),
    Column("cntr_base", "money", False, "contribution base of a month 缴费基数, where months do not say another"),
    Column("acct_mode", "flag", False, "has a personal account (统账结合) 1, or not 0, where the rule asks"),
)
"""Columns of insured rows that personal accounts read and the other settlements pass over."""

IDENTITIES: tuple[Column, ...] = (
    Column("psn_no", "text", True, "person 人员编号"),
    Column(
        "psn_idet_type",
        "code",
        True,
        "identity class 人员身份类别: four digits, of the older series (23xx) or the newer (70xx, 72xx)",
    ),
    Column("begntime", "date", True, "holds from 开始时间"),
    Column("endtime", "date", False, "holds until 结束时间, inclusive; absent = still holds"),
    _VOID_ROWS,
)

REGISTRATIONS: tuple[Column, ...] = (
    Column("psn_no", "text", True, "person 人员编号"),
    Column("reg_type", "code", True, "what is registered 备案类型, by the name that the rule set gives it"),
    Column(
        "reg_value",
        "code",
        True,
        "for what: a disease 病种编码, an area 行政区划, an institution 医药机构编号 or a family 户号",
    ),
    Column("begndate", "date", True, "holds from 开始日期"),
    Column("enddate", "date", False, "holds until 结束日期, inclusive; absent = still holds"),
    _VOID_ROWS,
)

PREMIUMS: tuple[Column, ...] = (
    Column("psn_no", "text", True, "person 人员编号"),
    Column("insutype", "code", True, "scheme 险种类型"),
    Column("insu_admdvs", "code", False, "where it was paid for 参保所属医保区划 (six digits)"),
    Column("year", "count", True, "the year whose collection it belongs to 年度, what is made up in it included"),
    Column("psn_clct_amt", "money", True, "paid by the person 个人缴费金额; negative in a reversal"),
    Column("intsury_time", "date", False, "when it came into the treasury 入国库时间"),
    Column("revs_flag", "flag", False, "reversal 冲正标志: takes back what was paid, the amount being negative"),
)
"""Premiums received (个人缴费), one row per payment; names of the platform's ``RSDT_PSN_CLCT_DETL_D`` (grade C)."""

SHORTFALLS: tuple[Column, ...] = (
    Column("psn_no", "text", True, "person 人员编号"),
    Column("year", "count", True, "the year whose shortfall it is 年度"),
    Column("into", "count", True, "the year in whose collection it is made up 补缴年度"),
    Column("amount", "money", True, "what was not paid, above 0"),
)
"""Shortfalls (补缴): written by one run (``carried/``), read by that of a later year (``--carried``)."""

ACCUMULATORS: tuple[Column, ...] = (
    Column("psn_no", "text", True, "person 人员编号"),
    Column("insutype", "code", True, "scheme 险种类型"),
    Column("pool", "code", True, "code of the pool 统筹区"),
    Column("group", "text", True, "the rule set's group; empty in the row of the account itself"),
    Column("key", "text", False, "for which disease, institution, … it counts, where the group is kept apart by a key"),
    Column(
        "period", "text", True, "what the counters are for: 2022, 2022Q3, 2022-07 or 2022-07-15, as the group counts"
    ),
    Column("visits", "count", True, "visits counted 就诊次数"),
    Column("deductible_used", "money", True, "deductible used up 已付起付线"),
    Column("base", "money", True, "what entered the layers 进入基数累计"),
    Column("excess", "money", True, "what of it lay above deductibles 起付线以上累计"),
    Column("paid", "money", True, "what funds paid 支付累计"),
    Column(
        "carried",
        "money",
        False,
        "what earlier periods left and is not used yet 结转余额, where the group carries it over",
    ),
    Column("balc", "money", True, "balance of the personal account 余额, in the row of the account itself"),
    Column("settled_until", "date", True, "last benefit date that was settled, in the row of the account itself"),
)
"""Accumulators (累计): written by one run (``accumulators/``), read by the next one of the same year (``--opening``)."""


@dataclass(frozen=True, slots=True)
class InterfaceColumn:
    """A column that claims of the national interface may carry: its term, what is done with it, and why.

    ``unless`` says in words which values are no reason to refuse a row; only where ``treated`` is ``refused``.
    """

    name: str
    term: str
    treated: Literal["read", "refused", "harmless"]
    why: str
    unless: str = ""


def _read(name: str, term: str) -> InterfaceColumn:
    return InterfaceColumn(name, term, "read", "a column of claims")


def _refused(name: str, term: str, unless: str, why: str) -> InterfaceColumn:
    return InterfaceColumn(name, term, "refused", why, unless)


def _harmless(name: str, term: str, why: str) -> InterfaceColumn:
    return InterfaceColumn(name, term, "harmless", why)


_RESULT = "a result of the year's own settlement: worked out anew"
_PAID = "what was paid during the year: name it paid_{} to have the difference (补退)"
_ABOUT_PERSON = "about the person, who is known by psn_no"
_OF_INSURED = "decided by the person's insured row, not by the claim"
_CLEARING = "how the institution is cleared, not what the person is due"

INTERFACE: tuple[InterfaceColumn, ...] = (
    _read("mdtrt_id", "就诊ID"),
    _read("setl_id", "结算ID"),
    _read("psn_no", "人员编号"),
    _harmless("psn_name", "人员姓名", _ABOUT_PERSON),
    _harmless("psn_cert_type", "人员证件类型", _ABOUT_PERSON),
    _harmless("certno", "证件号码", _ABOUT_PERSON),
    _harmless("gend", "性别", _ABOUT_PERSON),
    _harmless("naty", "民族", _ABOUT_PERSON),
    _harmless("brdy", "出生日期", _OF_INSURED),
    _harmless("age", "年龄", "reckoned from the insured row's brdy, on the benefit date"),
    _read("insutype", "险种类型"),
    _harmless("psn_type", "人员类别", _OF_INSURED),
    _harmless("cvlserv_flag", "公务员标志", _OF_INSURED),
    _read("setl_time", "结算时间"),
    _harmless("mdtrt_cert_type", "就诊凭证类型", "how the person showed who they are"),
    _harmless("mdtrt_cert_no", "就诊凭证编号", "how the person showed who they are"),
    _read("med_type", "医疗类别"),
    _read("medfee_sumamt", "医疗费总额"),
    _read("fulamt_ownpay_amt", "全自费金额"),
    _read("overlmt_selfpay", "超限价自费费用"),
    _read("preselfpay_amt", "先行自付金额"),
    _read("inscp_scp_amt", "符合政策范围金额"),
    _harmless("act_pay_dedc", "实际支付起付线", _RESULT),
    _harmless("hifp_pay", "基本医疗保险统筹基金支出", _PAID.format("hifp_pay")),
    _harmless("pool_prop_selfpay", "基本医疗保险统筹基金支付比例", _RESULT),
    _harmless("cvlserv_pay", "公务员医疗补助资金支出", _PAID.format("cvlserv_pay")),
    _harmless("hifes_pay", "企业补充医疗保险基金支出", _RESULT),
    _harmless("hifmi_pay", "居民大病保险资金支出", _PAID.format("hifmi_pay")),
    _harmless("hifob_pay", "职工大额医疗费用补助基金支出", _PAID.format("hifob_pay")),
    _harmless("hifdm_pay", "伤残人员医疗保障基金支出", _RESULT),
    _harmless("maf_pay", "医疗救助基金支出", _PAID.format("maf_pay")),
    _refused(
        "hosp_part_amt", "医院负担金额", "0", "the hospital bore part of the bill: it would be left to the person"
    ),
    _harmless("oth_pay", "其他支出", _PAID.format("oth_pay")),
    _harmless("othfund_pay", "其他基金", _RESULT),
    _harmless("fund_pay_sumamt", "基金支付总额", _RESULT),
    _harmless("psn_part_amt", "个人负担总金额", _RESULT),
    _harmless("acct_pay", "个人账户支出", _PAID.format("acct_pay")),
    _harmless(
        "acct_mulaid_pay", "个人账户共济支付金额", "whose account paid the person's part; no fund's payment hangs on it"
    ),
    _harmless("psn_cash_pay", "个人现金支出", _RESULT),
    _harmless("cash_payamt", "现金支付金额", _RESULT),
    _harmless("balc", "余额", "the balance after payment; accounts open with the insured row's acct_balc"),
    _harmless("medins_setl_id", "医药机构结算ID", "the institution's own number of the settlement"),
    _harmless("clr_optins", "清算经办机构", _CLEARING),
    _harmless("clr_way", "清算方式", _CLEARING),
    _harmless("clr_type", "清算类别", _CLEARING),
    _harmless("med_sumfee", "医保认可费用总额", "the five amounts of the bill decide"),
    _harmless("hi_agre_sumfee", "医保认可费用总额", "the five amounts of the bill decide"),
    _harmless("hosp_lv", "医院等级", "dedc_hosp_lv decides the deductible"),
    _harmless("lmtpric_hosp_lv", "限价医院等级", "prices are limited before the bill: overlmt_selfpay"),
    _read("dedc_hosp_lv", "起付线医院等级"),
    _refused(
        "pay_loc",
        "支付地点类别",
        "1, 2, 5; 3 and 4 where fix_blng_admdvs lies outside the pool",
        "settled away from home (异地): without the place it would be paid as care in the pool",
    ),
    _harmless("flxempe_flag", "灵活就业标志", _OF_INSURED),
    _refused(
        "nwb_flag",
        "新生儿标志",
        "0",
        "a newborn's care may stand under the mother's number: whose deductible and cap it fills is open",
    ),
    _read("begndate", "开始日期"),
    _read("enddate", "结束日期"),
    _harmless("dscgTime", "出院时间", "enddate is read"),
    _refused("psn_setlway", "个人结算方式", "01", "settled by a fixed sum (按定额), not by the bill"),
    _harmless("chrg_bchno", "收费批次号", "the institution's own number"),
    _harmless("invono", "发票号", "the institution's own number"),
    _read("acct_used_flag", "个人账户使用标志"),
    _read("mid_setl_flag", "中途结算标志"),
    _harmless("dedc_std", "起付标准", "the rule set says the deductible"),
    _harmless("crt_dedc", "本次起付线", _RESULT),
    _refused(
        "ownpay_hosp_part", "自费中医院负担", "0", "the hospital bore part of the bill: it would be left to the person"
    ),
    _read("refd_setl_flag", "退费结算标志"),
    _refused(
        "cal_ipt_cnt",
        "计算住院次数标志",
        "1; 0 for outpatient care and pharmacies",
        "a stay that must not count would count as one, and lower the next deductible",
    ),
    _read("vali_flag", "有效标志"),
    _refused(
        "out_flag",
        "异地标志",
        "0; 1 and 2 where fix_blng_admdvs lies outside the pool",
        "treated away from home (异地): without the place it would be paid as care in the pool",
    ),
    _read("init_setl_id", "原结算ID"),
    _refused("year", "年度", "the year that is settled", "a benefit date of another year than the platform's"),
    _refused(
        "poolarea_no",
        "统筹区",
        "the pool of insu_admdvs",
        "another pool than insu_admdvs says: whose money it is, is open",
    ),
    _read("insu_admdvs", "参保所属医保区划"),
    _read("fix_blng_admdvs", "定点归属医保区划"),
    _refused(
        "dise_no",
        "病种编号",
        "any, where dise_code is filled in",
        "a disease that rules decide by would be unknown: dise_code is read",
    ),
    _harmless(
        "manl_reim_rea",
        "手工报销原因",
        "why it was settled at the counter: the benefits are those of its place and kind of care",
    ),
    _refused(
        "crov_old_balc", "跨年旧账户余额", "0", "an account drawn on in two years: there is one balance for a year"
    ),
    _refused(
        "crov_new_balc", "跨年新账户余额", "0", "an account drawn on in two years: there is one balance for a year"
    ),
    _refused("fund_pay_type", "基金支付类型", "never", "a row for each fund (setldetail), not for each settlement"),
    _refused("fund_payamt", "基金支付金额", "never", "a row for each fund (setldetail), not for each settlement"),
)
"""What claims of the national interface may carry (``setlinfo``, the inputs of 2206, 2207, 2303 and 2304, the platform's table
``SETL_D``; names as read in public hospital-system source, grade C): nothing that changes what a row means is passed over."""

PLACES = ("pool", "region", "outside")
"""Dimension ``place``: treated in the pool, elsewhere in the region, outside the region."""

REFERRALS = ("none", "referred", "emergency", "both")
"""Dimension ``referral``: from ``refl_flag`` and ``er_flag``."""

WAYS = {
    "01": "by item 按项目",
    "02": "by disease 按病种",
    "03": "per bed-day 按床日",
    "04": "per head 按人头",
    "05": "DRG 按病组",
    "06": "DIP 按病种分值",
    "07": "county alliance 县域医共体总额",
    "unit": "per unit of service 按服务单元",
    "special": "special payers 特殊支付方",
}
"""Ways of payment (清算方式), by the national code where there is one."""

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
    "E_VOID": "the platform holds the row void",
    "E_MISSING": "a required value is null",
    "E_FORM": "a cell is not of its column's form",
    "E_CODE": "a value is not in its code table",
    "E_SCALE": "an amount has more than two decimals",
    "E_RANGE": "an amount is too large",
    "E_NEGATIVE": "a negative amount in a row that is not a reversal",
    "E_COMPOSITION": "the four parts do not add up to the total",
    "E_DATE": "outside the run's year, or end before begin",
    "E_POOL": "no installed plugin serves this pool",
    "E_REVERSAL_ORPHAN": "a reversal whose claim is not there, was rejected, or was taken back already",
    "E_REVERSAL_MISMATCH": "a reversal that is not its claim's with every amount negated",
    "E_REVERSAL_OPEN": "a claim of which it is open whether it was taken back",
    "E_PERSON": "person unknown, not insured in that scheme at begndate, or insured in another pool",
    "E_CONTRADICTION": "insured rows that contradict each other (--strict)",
    "E_NO_RULE": "the pool's rule set has no rule for this combination",
    "E_UNREGISTERED": "the registration (备案) that the rule asks for was not found",
    "E_DUPLICATE": "the same setl_id again for the same person",
    "E_USE": "a use that an account may not pay",
    "E_FAMILY": "no registered relative on that day for whose cost the account may pay",
    "E_BALANCE": "the balance of the account does not suffice",
}
"""Why a row is rejected, in the order in which rows are checked: a row carries the first that fails."""
