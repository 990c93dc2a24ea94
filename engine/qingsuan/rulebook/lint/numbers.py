"""Oddities of single settings: ratios that fall, schedules that rise, amounts that look like 万."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from qingsuan.messages import Words as Speech
from qingsuan.policy.model import Bands, Cap, Case, Deductible, Limit, RuleSet
from qingsuan.rulebook.lint.oddity import Oddity, place
from qingsuan.rulebook.phrases import amount, percentage, plain_fen
from qingsuan.rulebook.statements import condition_of
from qingsuan.rulebook.words import Words

__all__ = ["odd_numbers"]

_SMALL_FEN = 100_00
"""Below a hundred yuan, a bound of bands, or a cap or limit of a month or longer, is likelier a number of 万."""


def odd_numbers(rule_set: RuleSet, speech: Speech) -> Iterator[Oddity]:
    """Look at every setting of every case on its own."""
    words = Words(rule_set, "en")
    for layer in rule_set.layers.values():
        for case in layer.cases:
            condition = condition_of(case, words)
            for kind, key, found in _of_case(rule_set, case, speech):
                yield Oddity(kind, rule_set.file, place(f"layers.{layer.name}.{key}", condition), found)


def _of_case(rule_set: RuleSet, case: Case, speech: Speech) -> Iterator[tuple[str, str, str]]:
    if case.bands is not None:
        yield from _of_bands(case.bands, speech)
    if case.deductible is not None:
        yield from _of_deductible(case.deductible)
    bounds = [("limit", case.limit), *(("caps", cap) for cap in case.caps or ())]
    for key, bound in bounds:
        fen = None if bound is None else _of_a_period(rule_set, bound)
        if fen is not None and 0 < fen < _SMALL_FEN:
            yield "looks-like-wan", key, speech.speak("{amount} yuan for a whole period", amount=amount(fen))


def _of_bands(bands: Bands, speech: Speech) -> Iterator[tuple[str, str, str]]:
    if any(later < earlier for earlier, later in pairwise(bands.ratio_bp)):
        yield "ratio-falls", "bands", " / ".join(map(percentage, bands.ratio_bp))
    bounds = [plain_fen(bound) or 0 for bound in bands.upto_fen]
    small = [bound for bound in bounds if 0 < bound < _SMALL_FEN]
    if small:
        amounts = ("、" if speech.lang == "zh" else ", ").join(map(amount, small))
        yield "looks-like-wan", "bands", speech.speak("bounds of {amounts} yuan", amounts=amounts)


def _of_deductible(deductible: Deductible) -> Iterator[tuple[str, str, str]]:
    amounts = [fen for fen in map(plain_fen, deductible.amounts_fen) if fen is not None]
    if any(later > earlier for earlier, later in pairwise(amounts)):
        yield "deductible-rises-by-visit", "deductible", " / ".join(map(amount, amounts))


def _of_a_period(rule_set: RuleSet, bound: Limit | Cap) -> int | None:
    """The amount of a bound that holds for a month or longer."""
    by_day = str(rule_set.groups.get(bound.group or "")) == "day"
    return plain_fen(bound.amount_fen) if bound.per == "period" and not by_day else None
