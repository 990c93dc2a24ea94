"""What a rule book calls the parts of a rule set, in one language."""

from __future__ import annotations

from collections.abc import Mapping

from qingsuan.messages import Words, marked
from qingsuan.report.wording.names import FUNDS

__all__ = ["GRADES", "Headings"]

_SETTINGS = {
    "adjust": marked("relief"),
    "bands": marked("ratios"),
    "caps": marked("caps"),
    "counts_toward": marked("payments count toward a deductible"),
    "deductible": marked("deductible"),
    "entry": marked("what enters this layer"),
    "limit": marked("limit on what enters"),
    "rounding": marked("rounding"),
    "visits": marked("visits"),
}
_HEAD = {
    "ruleset.benefit_date": marked("the date that decides the benefits"),
    "ruleset.identity_date": marked("the date on which identities are read"),
    "ruleset.levels": marked("levels of hospital"),
    "ruleset.until": marked("in force until"),
    "ruleset.year_begins": marked("first day of the benefit year"),
    "ruleset.interim_settlements": marked("interim settlements"),
    "ruleset.identities_without_effect": marked("codes of identities without effect"),
    "identity_rank": marked("which identity goes first"),
}
_KINDS = {
    "dimensions": marked("condition of its own"),
    "figures": marked("published figure"),
    "groups": marked("counted in"),
    "identities": marked("identity"),
    "waiting": marked("waiting period"),
    "who": marked("group of people"),
}
_DATES = {
    "setl_time": marked("time of settlement setl_time"),
    "begndate": marked("first day begndate"),
    "enddate": marked("last day enddate"),
}
_OF_RULES = {
    "entry_percent": marked("share that enters"),
    "ceiling": marked("ceiling of all payments"),
    "guarantee": marked("guarantee"),
    "overrides": marked("goes before"),
    "registered": marked("must be registered"),
}
GRADES: Mapping[str, str] = {
    "A": marked("a document of the government"),
    "B": marked("a reprint or compilation that names its sources"),
    "C": marked("a table of codes seen in public source code"),
    "E": marked("other"),
    "reading": marked("a reading of what documents leave open"),
    "derived": marked("worked out from other numbers"),
    "made-up": marked("made up"),
}
"""What the grade of a source means, the best first."""

_BADGES = {"reading": marked("reading"), "derived": marked("derived"), "made-up": marked("made up")}


class Headings:
    """Headings in the language of ``words``; what has none is called by its key.

    >>> Headings(Words("en")).setting("bands"), Headings(Words("en")).of_head("ruleset", "until")
    ('ratios', 'in force until')
    """

    def __init__(self, words: Words) -> None:
        self.words = words

    def setting(self, key: str) -> str:
        """A setting of a layer."""
        return self._of(_SETTINGS, key)

    def of_head(self, place: str, key: str) -> str:
        """A statement that holds for the whole rule set.

        >>> Headings(Words("en")).of_head("groups", "pooled")
        'counted in pooled'
        """
        if place in _KINDS:
            return f"{self.words.speak(_KINDS[place])} {key}".rstrip()
        return self._of(_HEAD, f"{place}.{key}".rstrip("."))

    def date(self, text: str) -> str:
        """A column that a date is taken from; any other text is itself."""
        return self._of(_DATES, text)

    def of_rule(self, key: str) -> str:
        """What a rule says beside its condition and its layers."""
        return self._of(_OF_RULES, key)

    def fund(self, column: str) -> str:
        """A fund (基金), with its column."""
        return f"{self.words.speak(FUNDS[column])} {column}" if column in FUNDS else column

    def grades(self) -> dict[str, str]:
        """What stands on a badge in place of a grade that is a word."""
        return {grade: self.words.speak(word) for grade, word in _BADGES.items()}

    def _of(self, known: Mapping[str, str], key: str) -> str:
        return self.words.speak(known[key]) if key in known else key
