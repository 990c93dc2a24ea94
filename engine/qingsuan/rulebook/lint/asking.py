"""All that is asked about the rule sets of one region."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from qingsuan.messages import Lang
from qingsuan.messages import Words as Speech
from qingsuan.policy.compile import compile_rule_sets
from qingsuan.policy.model import RuleSet
from qingsuan.rulebook.lint.files import odd_dates, odd_readings, odd_rules
from qingsuan.rulebook.lint.layers import odd_layers, odd_sources, of_set
from qingsuan.rulebook.lint.levels import odd_levels
from qingsuan.rulebook.lint.numbers import odd_numbers
from qingsuan.rulebook.lint.oddity import Oddity, explained_or_not

__all__ = ["oddities"]


def oddities(rule_sets: Sequence[RuleSet], met: Collection[str] | None, lang: Lang = "en") -> tuple[Oddity, ...]:
    """Everything that a colleague would ask about, file by file, with the explanations that files have.

    ``met`` are the rules that cases meet, as ``pool/schemes/date:rule``; None where no case is at hand: then it is not asked, and an
    explanation of a rule without a case counts as needed. What is found is said in ``lang``; what an oddity is called is typed, and is
    the same in both.
    """
    speech = Speech(lang)
    program = compile_rule_sets(rule_sets)
    gaps = list(odd_dates(rule_sets, speech))
    found: list[Oddity] = []
    for number, rule_set in enumerate(program.rule_sets):
        resolved = of_set(program, number)
        own = [
            *odd_numbers(rule_set, speech),
            *odd_levels(rule_set, speech),
            *odd_layers(rule_set, resolved, speech),
            *odd_sources(rule_set, resolved, speech),
            *odd_readings(rule_set, speech),
            *(gap for later, gap in gaps if later is rule_set),
            *(odd_rules(rule_set, met, speech) if met is not None else _taken_on_trust(rule_set, speech)),
        ]
        found += explained_or_not(rule_set, dict.fromkeys(own), speech)
    return tuple(found)


def _taken_on_trust(rule_set: RuleSet, speech: Speech) -> list[Oddity]:
    """Rules whose lack of a case the file explains, where no case is at hand."""
    names = {one.oddity for one in rule_set.explained}
    return [one for one in odd_rules(rule_set, (), speech) if one.name in names]
