"""Oddities across levels of hospital: a higher level that pays more, or asks for less.

A rule set names its levels from the lowest to the highest (``levels``); a table of a notice nearly always pays less and deducts more from
one to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any

from qingsuan.messages import Words as Speech
from qingsuan.policy.model import Bands, Case, Codes, Deductible, Layer, RuleSet
from qingsuan.rulebook.lint.oddity import Oddity, place
from qingsuan.rulebook.phrases import amount, percentage, plain_fen
from qingsuan.rulebook.statements import condition_of
from qingsuan.rulebook.words import Words

__all__ = ["odd_levels"]

_LEVEL = "dedc_hosp_lv"


def odd_levels(rule_set: RuleSet, speech: Speech) -> Iterator[Oddity]:
    """Compare, for the same people and care, the bands and deductibles of every two levels."""
    words = Words(rule_set, "en")
    for layer in rule_set.layers.values():
        for key, kind, odd in (
            ("bands", "level-pays-more", _pays_more),
            ("deductible", "deductible-falls-with-level", _deducts_less),
        ):
            for condition, by_level in _rows(rule_set, layer, key, words).items():
                for found in _pairs(rule_set, by_level, odd, speech):
                    yield Oddity(kind, rule_set.file, place(f"layers.{layer.name}.{key}", condition), found)


def _rows(rule_set: RuleSet, layer: Layer, key: str, words: Words) -> dict[str, dict[str, Any]]:
    """For each group of people and care the setting of each level; what is set for all of them stands in for what is not set."""
    rows: dict[str, dict[str, Any]] = {"": {}}
    for case in layer.cases:
        value = getattr(case, key)
        if value is not None:
            row = rows.setdefault(_without_level(case, words), {})
            row.update(dict.fromkeys(_levels(rule_set, case), value))
    return {condition: {**rows[""], **row} for condition, row in rows.items()}


def _without_level(case: Case, words: Words) -> str:
    """Whom and what a case is for, whatever the level: the row of its cell, or its other conditions."""
    if case.cell and _LEVEL in case.when:
        return condition_of(replace(case, cell=case.cell.partition("[")[0]), words)
    rest = {name: condition for name, condition in case.when.items() if name != _LEVEL}
    return words.when(rest) if rest else ""


def _levels(rule_set: RuleSet, case: Case) -> tuple[str, ...]:
    condition = case.when.get(_LEVEL)
    if not isinstance(condition, Codes):
        return rule_set.levels
    return tuple(level for level in rule_set.levels if _names(condition, level) != condition.negated)


def _names(condition: Codes, level: str) -> bool:
    return any(level.startswith(one[:-1]) if one.endswith("*") else level == one for one in condition.patterns)


def _pairs(
    rule_set: RuleSet, by_level: dict[str, Any], odd: Callable[[Any, Any, Speech], str], speech: Speech
) -> Iterator[str]:
    """What is odd between a level and a higher one; each row tells of the first pair only."""
    there = [level for level in rule_set.levels if level in by_level]
    for lower, higher in combinations(there, 2):
        found = odd(by_level[lower], by_level[higher], speech)
        if found:
            yield speech.speak("level {higher} has {found} of level {lower}", higher=higher, found=found, lower=lower)
            return


def _pays_more(lower: Bands, higher: Bands, speech: Speech) -> str:
    if lower.upto_fen != higher.upto_fen or len(lower.ratio_bp) != len(higher.ratio_bp):
        return ""
    if not any(more > less for less, more in zip(lower.ratio_bp, higher.ratio_bp, strict=True)):
        return ""
    more, less = (" / ".join(map(percentage, one.ratio_bp)) for one in (higher, lower))
    return speech.speak("{more}, more than {less}", more=more, less=less)


def _deducts_less(lower: Deductible, higher: Deductible, speech: Speech) -> str:
    less, more = plain_fen(higher.amounts_fen[0]), plain_fen(lower.amounts_fen[0])
    if lower.exempt or higher.exempt or less is None or more is None or less >= more:
        return ""
    return speech.speak("a deductible of {less}, less than {more}", less=amount(less), more=amount(more))
