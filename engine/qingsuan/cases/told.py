"""A case that came out otherwise, told so that somebody can act on it: expected, found, and the rule that decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from qingsuan.cases.outcome import Difference
from qingsuan.messages import Lang, marked, written_says
from qingsuan.messages import Words as Speech
from qingsuan.policy.compile import Program
from qingsuan.policy.model import FUNDS, Entry, Region
from qingsuan.policy.resolve import Resolved, ResolvedLayer
from qingsuan.report.wording.rejected import rejected_says
from qingsuan.rulebook.headings import Headings
from qingsuan.rulebook.speaking import words_of
from qingsuan.rulebook.words import Words, sources_of

__all__ = ["Deciders", "told"]

_FATES = {
    "settled": marked("settled"),
    "reversed": marked("reversed"),
    "rejected": marked("rejected"),
    "nothing": marked("nothing"),
}
_ALL_IN_SCOPE = (Entry("inscp_scp_amt"),)
_SETTINGS = ("visits", "deductible", "bands", "limit", "caps", "entry", "counts_toward", "rounding")


@dataclass(frozen=True)
class Deciders:
    """The rules of a region as they were resolved, by the names that settled rows have for them; and the language to tell of them in."""

    program: Program
    region: Region | None = None
    lang: Lang = "en"

    def of(self, rule_id: str, variant: str) -> tuple[Resolved, Words] | None:
        """The variant, and words for it; None if it is not one of these rules."""
        for number, resolved in enumerate(self.program.resolved):
            if self.program.rule_id(number) == rule_id and self.program.variant_id(number) == variant:
                rule_set = self.program.rule_sets[self.program.rules[number][0]]
                return resolved, words_of(rule_set, self.region, self.lang)
        return None


def told(differences: Sequence[Difference], deciders: Deciders) -> Iterator[str]:
    """Lines about the differences of one case, claim by claim."""
    speak = Speech(deciders.lang).speak
    claims: dict[tuple[str, str], list[Difference]] = {}
    for one in differences:
        claims.setdefault((one.psn_no, one.setl_id), []).append(one)
    for (psn_no, setl_id), found in claims.items():
        if not setl_id:
            for one in found:
                yield speak("{expected} claims went in, {found} came out", expected=one.expected, found=one.found)
            continue
        yield speak("claim {setl_id} of {psn_no}", setl_id=setl_id, psn_no=psn_no)
        yield from (f"  {_came_out(one, Speech(deciders.lang))}" for one in found)
        yield from (f"  {line}" for line in _decided(found, deciders))


def _came_out(one: Difference, speech: Speech) -> str:
    values = {"expected": one.expected, "found": one.found}
    if not one.column:
        values = {name: _fate(text, one, speech) for name, text in values.items()}
    what = one.column or speech.speak("what became of it")
    return speech.speak("{what}: expected {expected}, found {found}", what=what, **values) + _apart(one)


def _fate(text: str, one: Difference, speech: Speech) -> str:
    """What became of a claim: a word, a code with the reason of its row, or a reason that was asked for."""
    if text in _FATES:
        return speech.speak(_FATES[text])
    if speech.lang == "en" or text == one.expected or not one.row.get("code"):
        return written_says(speech, text)
    said = "，".join(
        rejected_says(speech, one.row[name]) for name in ("column", "found", "expected") if one.row.get(name)
    )
    return f"{one.row['code']}（{said}）" if text.startswith("E_") else said


def _apart(one: Difference) -> str:
    """By how much two amounts differ."""
    try:
        apart = Decimal(one.found) - Decimal(one.expected)
    except InvalidOperation:
        return ""
    return f" ({'+' if apart > 0 else ''}{apart})"


def _decided(found: Sequence[Difference], deciders: Deciders) -> Iterator[str]:
    row = found[0].row
    rule_id = row.get("rule_id")
    if not rule_id:
        return
    headings = Headings(Speech(deciders.lang))
    speak = headings.words.speak
    yield speak("decided by {rule}", rule=rule_id)
    decider = deciders.of(rule_id, row.get("variant") or "")
    if decider is None:
        return
    resolved, words = decider
    layer = _first_layer(resolved, {one.column for one in found})
    if layer is not None:
        scope, taken = str(row.get("inscp_scp_amt")), str(row.get("act_pay_dedc"))
        yield speak("in scope {scope}, deductible taken {taken}", scope=scope, taken=taken)
        yield speak("the first layer that differs is {layer}, paid by {fund}:", layer=layer.name, fund=layer.fund)
        for key in _SETTINGS:
            value = getattr(layer, key)
            if value not in (None, (), _ALL_IN_SCOPE):
                yield f"  {headings.keyed(key)}{words.colon}{words.setting(value)}   [{sources_of(value)}]"


def _first_layer(resolved: Resolved, columns: set[str]) -> ResolvedLayer | None:
    """The first layer whose fund came out otherwise; where no fund did, the first layer at all."""
    funds = columns & {*FUNDS, *(layer.fund for layer in resolved.layers)}
    of_funds = [layer for layer in resolved.layers if layer.fund in funds]
    return next(iter(of_funds or ([] if funds else resolved.layers)), None)
