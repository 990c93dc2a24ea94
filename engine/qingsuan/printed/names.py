"""What a report calls schemes, places, kinds of care and reasons, in one language."""

from __future__ import annotations

from qingsuan.divisions import name as division_name
from qingsuan.explain.making.reasons import REJECTIONS
from qingsuan.explain.names import Names
from qingsuan.messages import Words, marked

__all__ = ["ReportNames"]

_SCHEMES = {"310": marked("employees"), "390": marked("residents")}
_TABLES = {
    "claims": marked("settlement records"),
    "insured": marked("insured rows"),
    "identities": marked("identity rows"),
    "registrations": marked("registrations"),
}
_OUTCOMES = {
    "in": marked("came in"),
    "settled": marked("settled"),
    "reversed": marked("reversed"),
    "rejected": marked("rejected"),
}


class ReportNames:
    """Names in the language of ``words``.

    >>> ReportNames(Words("en")).scheme("390"), ReportNames(Words("en")).scheme("391")
    ('390 residents', '391')
    """

    def __init__(self, words: Words) -> None:
        self.words, self._names = words, Names(words)

    def scheme(self, code: str) -> str:
        """A scheme (险种)."""
        return f"{code} {self.words.speak(_SCHEMES[code])}" if code in _SCHEMES else code

    def pool(self, code: str) -> str:
        """A pool (统筹区): its code, in Chinese with its name."""
        name = division_name(code)
        return code if name == code or self.words.lang == "en" else f"{code} {name}"

    def fund(self, column: str) -> str:
        """A fund (基金)."""
        return self._names.fund(column)

    def care(self, code: str) -> str:
        """A kind of care (医疗类别)."""
        return self._names.code("med_type", code)

    def table(self, name: str) -> str:
        """A table that came in."""
        return self.words.speak(_TABLES[name]) if name in _TABLES else name

    def outcome(self, name: str) -> str:
        """What became of claims."""
        return self.words.speak(_OUTCOMES[name])

    def reason(self, code: str) -> str:
        """Why rows were rejected."""
        return self.words.speak(REJECTIONS[code]) if code in REJECTIONS else code
