"""An oddity: what is odd, where, and the question it raises; and the explanations that a file has for its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from qingsuan.messages import Words as Speech
from qingsuan.messages import marked
from qingsuan.policy.model import RuleSet

__all__ = ["KINDS", "Oddity", "explained_or_not", "place"]

KINDS = {
    "cap-out-of-reach": marked("a cap that no payment can reach: is the cap, or the limit on what enters, misread?"),
    "dates-gap": marked("days on which no rule set is in force: is a notice missing, or a date misread?"),
    "deductible-falls-with-level": marked(
        "a higher level of hospital with a lower deductible: are two cells exchanged?"
    ),
    "deductible-rises-by-visit": marked("a deductible that is higher at a later visit: is there a digit too many?"),
    "explains-nothing": marked("an explanation of an oddity that is not there: was the number corrected since?"),
    "level-pays-more": marked("a higher level of hospital that pays more: are two cells exchanged?"),
    "looks-like-wan": marked(
        "an amount that small is seldom a bound: is it written in ten thousands (wan) instead of yuan?"
    ),
    "pays-nothing": marked(
        "a layer that can pay nothing in its place: is the order of the layers, or what enters, meant so?"
    ),
    "ratio-falls": marked("a ratio that falls with the band: are two percentages exchanged?"),
    "reading-without-owner": marked("a reading that nobody answers for: who decided it?"),
    "rule-without-case": marked("a rule that no test case meets: what shows that it pays what the notice says?"),
    "source-decides-nothing": marked("a source whose numbers no claim can meet: are they overridden everywhere?"),
}
"""What is asked about, and the question."""


@dataclass(frozen=True, slots=True)
class Oddity:
    """One thing that a colleague would ask about.

    Attributes
    ----------
    kind : one of :data:`KINDS`.
    file : the parameter file.
    where : the place in it, and the condition in words where there is one.
    found : what is odd.
    why, source : its explanation and the sources of that, if the file has one.
    """

    kind: str
    file: str
    where: str
    found: str
    why: str = ""
    source: str = ""

    @property
    def name(self) -> str:
        """What an explanation calls it."""
        return f"{self.kind}: {self.where}"


def place(key: str, condition: str = "") -> str:
    """A place in a file with the condition that holds there."""
    return f"{key}: {condition}" if condition else key


def explained_or_not(rule_set: RuleSet, found: Iterable[Oddity], speech: Speech) -> tuple[Oddity, ...]:
    """Give each oddity of a file the explanation that the file has for it; an explanation of nothing is an oddity itself."""
    explanations = {one.oddity: one for one in rule_set.explained}
    told, used = [], set()
    for oddity in found:
        explanation = explanations.get(oddity.name)
        if explanation is None:
            told.append(oddity)
        else:
            used.add(oddity.name)
            told.append(replace(oddity, why=explanation.why, source=explanation.source))
    for number, one in enumerate(rule_set.explained, 1):
        found_twice = explanations[one.oddity] is not one
        if one.oddity not in used or found_twice:
            said = speech.speak('nothing here is "{oddity}"', oddity=one.oddity)
            if found_twice:
                said = speech.speak('"{oddity}" is explained twice', oddity=one.oddity)
            told.append(Oddity("explains-nothing", rule_set.file, f"explained[{number}]", said))
    return tuple(told)
