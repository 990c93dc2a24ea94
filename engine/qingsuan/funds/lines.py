"""The chart of the books: funds (基金), and their lines of income and expense as 财社〔2017〕144号 and the statement forms have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

__all__ = ["BALANCE", "CARE_LINES", "FUNDS", "FUND_OF_COLUMN", "LINES", "SCHEMES", "Line", "Side", "line_of_care"]

Side = Literal["income", "expense"]

FUNDS: Mapping[str, str] = MappingProxyType(
    {
        "employee-pool": "职工基本医疗保险统筹基金",
        "employee-account": "职工基本医疗保险个人账户基金",
        "resident": "城乡居民基本医疗保险基金",
        "critical-illness": "城乡居民大病保险资金",
        "large-sum": "职工大额医疗费用补助资金",
        "civil-servant": "公务员医疗补助资金",
        "supplement": "其他补充医疗保险资金",
        "assistance": "医疗救助基金",
        "long-term-care": "长期护理保险基金",
    }
)
"""Books are per fund (分账核算): the pooled fund and the personal accounts of employees apart."""

_POOLED = frozenset({"employee-pool", "resident", "long-term-care"})
_SUPPLEMENTS = frozenset({"critical-illness", "large-sum", "civil-servant", "supplement"})
_EVERY = frozenset(FUNDS)
_ACCOUNT = frozenset({"employee-account"})
_CARE = _EVERY - {"long-term-care"}
_BASIC = frozenset({"employee-pool", "resident"})


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a statement: its code, side and title, the funds that have it, and whether it is outside the subtotal (上解, 下拨)."""

    code: str
    side: Side
    title: str
    funds: frozenset[str]
    is_transfer: bool = False


def _chart(*lines: Line) -> Mapping[str, Line]:
    return MappingProxyType({line.code: line for line in lines})


LINES: Mapping[str, Line] = _chart(
    Line("premium-persons", "income", "个人缴费收入", _POOLED | _SUPPLEMENTS | _ACCOUNT),
    Line("premium-employers", "income", "单位缴费收入", _EVERY - {"resident", "critical-illness", "assistance"}),
    Line("premium-collective", "income", "集体扶持收入", frozenset({"resident"})),
    Line("premium-assisted", "income", "医疗救助资助参保收入", frozenset({"resident"})),
    Line("premium-finance", "income", "财政代缴收入", frozenset({"resident"})),
    Line("premium-from-fund", "income", "从基本医保基金划入的保费收入", _SUPPLEMENTS | {"long-term-care"}),
    Line("credit-retired", "income", "退休人员由统筹基金划入", _ACCOUNT),
    Line("subsidy-central", "income", "中央财政补贴收入", _EVERY - _ACCOUNT),
    Line("subsidy-province", "income", "省级财政补贴收入", _EVERY - _ACCOUNT),
    Line("subsidy-local", "income", "市县财政补贴收入", _EVERY - _ACCOUNT),
    Line("subsidy-prefecture", "income", "市级财政补贴收入", _EVERY - _ACCOUNT),
    Line("subsidy-county", "income", "县级财政补贴收入", _EVERY - _ACCOUNT),
    Line("donation", "income", "捐赠收入", frozenset({"assistance"})),
    Line("interest", "income", "利息收入", _EVERY),
    Line("recovery", "income", "稽核追回收入", _EVERY),
    Line("transfer-in", "income", "转移收入", _ACCOUNT),
    Line("other-income", "income", "其他收入", _EVERY),
    Line("from-above", "income", "上级补助收入", _EVERY, is_transfer=True),
    Line("from-below", "income", "下级上解收入", _EVERY, is_transfer=True),
    Line("benefit-inpatient", "expense", "住院待遇支出", _CARE),
    Line("benefit-outpatient", "expense", "门诊待遇支出", _CARE),
    Line("benefit-maternity", "expense", "生育待遇支出", _CARE),
    Line("benefit-pharmacy", "expense", "定点药店支出", _CARE),
    Line("benefit-care", "expense", "个人账户就医支出", _ACCOUNT),
    Line("benefit-other", "expense", "其他待遇支出", _EVERY),
    Line("premium-from-account", "expense", "个人账户代缴保费支出", _ACCOUNT),
    Line("credit-to-accounts", "expense", "退休人员划入个人账户支出", frozenset({"employee-pool"})),
    Line("assist-premiums", "expense", "资助参保支出", frozenset({"assistance"})),
    Line("premium-to-fund", "expense", "大病保险及补充保险支出", _BASIC),
    Line("clearing-difference", "expense", "定点医药机构清算差额", _CARE),
    Line("transfer-out", "expense", "转移支出", _ACCOUNT),
    Line("other-expense", "expense", "其他支出", _EVERY),
    Line("to-below", "expense", "补助下级支出", _EVERY, is_transfer=True),
    Line("to-above", "expense", "上解上级支出", _EVERY, is_transfer=True),
)
"""Every line of a book; nothing else can be booked (专款专用). Money moves to another level by the four transfers alone.

Transfers out are of personal accounts only (财社〔2017〕144号, art. 28). 5101 大病保险支出 is ``premium-to-fund`` of the residents' fund,
and ``premium-from-fund`` of the book that receives it.
"""

BALANCE = "balance"
"""What stands in the place of a line where a table of balances states the balance of the book itself."""

SCHEMES: Mapping[str, str] = MappingProxyType({"310": "employee-pool", "390": "resident", "510": "employee-pool"})
"""Whose pooled fund ``hifp_pay`` is, by scheme (险种): maternity (510) is merged into the employees' pool."""

FUND_OF_COLUMN: Mapping[str, str] = MappingProxyType(
    {
        "hifmi_pay": "critical-illness",
        "hifob_pay": "large-sum",
        "cvlserv_pay": "civil-servant",
        "hifes_pay": "supplement",
        "hifdm_pay": "supplement",
        "oth_pay": "supplement",
        "maf_pay": "assistance",
        "acct_pay": "employee-account",
        "acct_mulaid_pay": "employee-account",
    }
)
"""Which fund a column of a settled claim is paid by; ``hifp_pay`` is paid by that of the scheme."""

CARE_LINES = ("benefit-inpatient", "benefit-outpatient", "benefit-maternity", "benefit-pharmacy", "benefit-other")
"""The lines of benefits that claims are booked on."""


def line_of_care(med_type: str) -> str:
    """The line on which a claim is booked, by its kind of care (医疗类别): pharmacies, else by the first digit of the code.

    >>> line_of_care("21"), line_of_care("140104"), line_of_care("52"), line_of_care("41"), line_of_care("9107")
    ('benefit-inpatient', 'benefit-outpatient', 'benefit-maternity', 'benefit-pharmacy', 'benefit-other')
    """
    if med_type == "41":
        return "benefit-pharmacy"
    by_digit = {"1": "benefit-outpatient", "2": "benefit-inpatient", "5": "benefit-maternity"}
    return by_digit.get(med_type[:1], "benefit-other")
