"""What an explanation calls things, in one language: funds, columns, parts of a bill, and why a row does not count."""

from __future__ import annotations

import re

from qingsuan.messages import marked
from qingsuan.report.wording.names import RunNames
from qingsuan.rulebook.phrases import code_name, dimension_name
from qingsuan.tables import CLAIMS, CODES, IDENTITIES, INSURED, REGISTRATIONS

__all__ = ["Names"]

_PARTS = {
    "medfee_sumamt": marked("total cost"),
    "fulamt_ownpay_amt": marked("wholly own-paid"),
    "overlmt_selfpay": marked("above the price limit"),
    "preselfpay_amt": marked("first own share"),
    "inscp_scp_amt": marked("in policy scope"),
    "left_by_ratio": marked("own share by the ratio"),
    "cut_by_cap": marked("cut off by the caps"),
    "deductible": marked("the deductible"),
    "cost_above_cap": marked("cost above the cap"),
    "cost_above_limit": marked("cost above the limit"),
    "column": marked("a part in a column of its own"),
}
_REASONS = {
    "decides": marked("decides"),
    "holds": marked("holds"),
    "other-scheme": marked("of another scheme"),
    "other-pool": marked("of another pool"),
    "not-begun": marked("not begun on that day"),
    "ended": marked("ended before that day"),
    "another-goes-first": marked("another row goes first"),
    "unknown": marked("a code that the rules do not know"),
}
_COUNTERS = {
    "visits": marked("visits"),
    "deductible_used": marked("deductible used"),
    "base": marked("entered"),
    "excess": marked("above the deductible"),
    "paid": marked("paid"),
    "carried": marked("carried over"),
}
_SETTINGS = {
    "visits": marked("the counting of visits"),
    "deductible": marked("the deductible"),
    "bands": marked("the ratios"),
    "limit": marked("the limit on what enters"),
    "caps": marked("the caps"),
    "entry": marked("what enters"),
    "counts_toward": marked("the deductible that a payment counts toward"),
    "rounding": marked("the rounding"),
    "adjust": marked("a relief"),
}
_ENGLISH, _CHINESE = re.compile(r"[^\u4e00-\u9fff:;,(]+"), re.compile(r"[\u4e00-\u9fff][\u4e00-\u9fffA-Z]*|$")
_TABLES = {
    table: {column.name: column.meaning for column in columns}
    for table, columns in (
        ("claims", CLAIMS),
        ("insured", INSURED),
        ("identities", IDENTITIES),
        ("registrations", REGISTRATIONS),
    )
}


class Names(RunNames):
    """Names in the language of ``words``.

    >>> from qingsuan.messages import Words
    >>> Names(Words("en")).fund("maf_pay")
    'medical assistance'
    """

    def part(self, part: str) -> str:
        """A part of the bill, or what an earlier layer left."""
        return self._of(_PARTS, part)

    def reason(self, why: str) -> str:
        """Why a row of the person holds or does not."""
        return self._of(_REASONS, why)

    def counter(self, counter: str) -> str:
        """What is counted of a group."""
        return self._of(_COUNTERS, counter)

    def setting(self, setting: str) -> str:
        """A setting of a layer."""
        return self._of(_SETTINGS, setting)

    def column(self, table: str, column: str) -> str:
        """What a column of a table is called; one of a plugin by its own name.

        >>> from qingsuan.messages import Words
        >>> Names(Words("en")).column("claims", "psn_no"), Names(Words("en")).column("claims", "their_own")
        ('person', 'their_own')
        """
        meaning = _TABLES[table].get(column, "")
        found = (_ENGLISH.match if self.words.lang == "en" else _CHINESE.search)(meaning)
        return (found[0].strip() if found else "") or column

    def dimension(self, dimension: str) -> str:
        """What a condition asks for; in English a column by its words, anything else by its name.

        >>> from qingsuan.messages import Words
        >>> Names(Words("en")).dimension("med_type"), Names(Words("en")).dimension("place")
        ('kind of care', 'place')
        """
        if self.words.lang == "zh":
            return dimension_name(dimension, self.words.lang)
        table = next((name for name, columns in _TABLES.items() if dimension in columns), "claims")
        return self.column(table, dimension)

    def code(self, column: str, value: str) -> str:
        """A cell; a code of the national tables with what it means."""
        return code_name(column, value, self.words.lang, CODES) if column in CODES else value
