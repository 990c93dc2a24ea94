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
    "fund": marked("fund"),
    "rounding": marked("rounding"),
    "visits": marked("visits"),
    "year_end": marked("paid once at the end of the year"),
}
_HEAD = {
    "ruleset.benefit_date": marked("the date that decides the benefits"),
    "ruleset.identity_date": marked("the date on which identities are read"),
    "ruleset.levels": marked("levels of hospital"),
    "ruleset.effective": marked("in force from"),
    "ruleset.title": marked("title of the rule set"),
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
_PARTS = {
    "beyond": marked("Beyond what is authorised"),
    "covers": marked("what the rules promise to cover"),
    "explained": marked("Odd numbers explained"),
    "missing": marked("Missing parameters"),
    "sources": marked("Sources"),
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
    "layers": marked("Layers in turn"),
    "when": marked("When"),
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

    def keyed(self, key: str) -> str:
        """A setting by the key that files and commands have for it; in Chinese its name goes before.

        >>> Headings(Words("zh")).keyed("bands"), Headings(Words("en")).keyed("bands")
        ('支付比例 bands', 'bands')
        """
        name = self.setting(key)
        return key if self.words.lang == "en" or name == key else f"{name} {key}"

    def stated(self, place: str, key: str) -> str:
        """A statement that holds for the whole rule set, where commands say it: in English by its place in the file.

        >>> Headings(Words("zh")).stated("ruleset", "until"), Headings(Words("en")).stated("ruleset", "until")
        ('有效期至', 'ruleset.until')
        """
        return f"{place}.{key}".rstrip(".") if self.words.lang == "en" else self.of_head(place, key)

    def placed(self, place: str, key: str) -> str:
        """Any statement, where a command says it: in English by its place in the file.

        >>> chinese = Headings(Words("zh"))
        >>> chinese.placed("layers.pooled", "bands"), chinese.placed("rules.minor", "ceiling"), chinese.placed("missing", "cap")
        ('待遇层 pooled：支付比例 bands', '规则 minor：总封顶', '缺少的参数 cap')
        >>> Headings(Words("en")).placed("layers.pooled", "bands")
        'layers.pooled.bands'
        """
        part, _, name = place.partition(".")
        if self.words.lang == "en":
            return f"{place}.{key}".rstrip(".")
        if part == "layers":
            return self.words.speak("layer {name}: {said}", name=name, said=self.keyed(key))
        if part == "rules":
            return self.words.speak("rule {name}: {said}", name=name, said=self.of_rule(key))
        return f"{self.words.speak(_PARTS[part])} {key}".rstrip() if part in _PARTS else self.of_head(place, key)

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

    def grade(self, grade: str) -> str:
        """The grade of a source, where a command says it."""
        return grade if self.words.lang == "en" else self.grades().get(grade, grade)

    def grades(self) -> dict[str, str]:
        """What stands on a badge in place of a grade that is a word."""
        return {grade: self.words.speak(word) for grade, word in _BADGES.items()}

    def _of(self, known: Mapping[str, str], key: str) -> str:
        return self.words.speak(known[key]) if key in known else key
