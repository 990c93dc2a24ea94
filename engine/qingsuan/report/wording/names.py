"""What funds, schemes, pools, tables and outcomes are called, in one language."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from qingsuan.divisions import code_and_name
from qingsuan.messages import Words, marked

__all__ = ["FUNDS", "RunNames", "pool_names"]

FUNDS: Mapping[str, str] = {
    "hifp_pay": marked("pooled fund of basic insurance"),
    "cvlserv_pay": marked("medical subsidy for civil servants"),
    "hifes_pay": marked("enterprise supplementary insurance"),
    "hifmi_pay": marked("critical illness insurance"),
    "hifob_pay": marked("large-sum medical subsidy for employees"),
    "hifdm_pay": marked("medical security for disabled veterans"),
    "maf_pay": marked("medical assistance"),
    "oth_pay": marked("other funds"),
    "acct_pay": marked("personal account"),
}
"""Who pays in a layer, by column: the funds (基金) in the order of the settlement table, and the personal account, which is none."""

_SCHEMES = {"310": marked("employees"), "390": marked("residents")}
"""Schemes (险种类型) that have a short name; others are told by their code."""

_TABLES = {
    "claims": marked("settlement records"),
    "insured": marked("insured rows"),
    "identities": marked("identity rows"),
    "registrations": marked("registrations"),
    "months": marked("months"),
    "uses": marked("uses"),
    "settled": marked("settled claims"),
    "cases": marked("cases"),
    "premiums": marked("payments"),
    "entries": marked("entries"),
    "purchases": marked("purchases"),
}
_BOOKS = {
    "employee-pool": "职工统筹基金",
    "employee-account": "职工个人账户",
    "resident": "城乡居民基金",
    "critical-illness": "大病保险",
    "large-sum": "大额补助",
    "civil-servant": "公务员补助",
    "supplement": "其他补充保险",
    "assistance": "医疗救助",
    "long-term-care": "长期护理保险",
}
"""Funds of the books in a few characters of Chinese, by their codes; the statement has their full names."""

_OUTCOMES = {
    "in": marked("came in"),
    "settled": marked("settled"),
    "reversed": marked("reversed"),
    "rejected": marked("rejected"),
}

_KINDS_OF_CLEARING = {
    "11": marked("outpatient care"),
    "21": marked("inpatient care"),
    "41": marked("drugs at a pharmacy"),
    "99": marked("other"),
}
_WAYS_OF_PAYMENT = {
    "01": marked("by item"),
    "02": marked("by disease"),
    "03": marked("by bed-day"),
    "04": marked("by head"),
    "05": marked("by points of groups (DRG)"),
    "06": marked("by points of diseases (DIP)"),
    "07": marked("by the sum of an alliance"),
    "unit": marked("by unit of service"),
    "special": marked("by special payers"),
}

_PER_HEAD = {
    ("year", False): marked("{amount} per head and year"),
    ("month", False): marked("{amount} per head and month"),
    ("year", True): marked("at least {amount} per head and year"),
    ("month", True): marked("at least {amount} per head and month"),
}


def pool_names(record: Mapping[str, Any]) -> dict[str, str]:
    """What plugins call their pools (统筹区), by code, as the record of a run has it; those of older versions have it not."""
    return {code: name for plugin in record.get("plugins", ()) for code, name in plugin.get("pools", {}).items()}


class RunNames:
    """Names in the language of ``words``.

    Parameters
    ----------
    pools
        What plugins call their pools, by code (:func:`pool_names`).

    >>> RunNames(Words("en")).scheme("390"), RunNames(Words("en")).scheme("391"), RunNames(Words("zh")).fund("maf_pay")
    ('390 residents', '391', '医疗救助')
    """

    def __init__(self, words: Words, pools: Mapping[str, str] = MappingProxyType({})) -> None:
        self.words, self._pools = words, pools

    def _of(self, known: Mapping[str, str], name: str) -> str:
        return self.words.speak(known[name]) if name in known else name

    def scheme(self, code: str) -> str:
        """A scheme (险种)."""
        return f"{code} {self.words.speak(_SCHEMES[code])}" if code in _SCHEMES else code

    def pool(self, code: str) -> str:
        """A pool (统筹区): its code, in Chinese with its name."""
        return code if self.words.lang == "en" else code_and_name(code, self._pools)

    def fund(self, column: str) -> str:
        """A fund (基金), or the personal account, by its column."""
        return self._of(FUNDS, column)

    def book(self, fund: str) -> str:
        """A fund whose books are kept (基金): its code, in Chinese its short name."""
        return fund if self.words.lang == "en" else _BOOKS.get(fund, fund)

    def kind_of_clearing(self, code: str) -> str:
        """A kind of care by which is cleared (清算类别)."""
        return f"{code} {self.words.speak(_KINDS_OF_CLEARING[code])}" if code in _KINDS_OF_CLEARING else code

    def way_of_payment(self, code: str) -> str:
        """A way of payment (清算方式), with its code where it is a national one."""
        said = self.words.speak(_WAYS_OF_PAYMENT[code])
        return f"{code} {said}" if code.isdigit() else said

    def table(self, name: str) -> str:
        """A table that came in."""
        return self._of(_TABLES, name)

    def outcome(self, name: str) -> str:
        """What became of rows."""
        return self._of(_OUTCOMES, name)

    def per_head(self, amount: str, unit: str, *, least: bool) -> str:
        """A standard in yuan for a head and a year or month."""
        return self.words.speak(_PER_HEAD[unit, least], amount=amount)
