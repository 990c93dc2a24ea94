"""What rules ask, and what a claim has: conditions in words beside the value that met them or did not.

Whether one is met is what the slow twin says of it.
"""

from __future__ import annotations

from collections.abc import Mapping

from qingsuan.benefits.reference.rules import Value, holds, meets
from qingsuan.columns.cells import day_text
from qingsuan.explain.document import Condition, Source
from qingsuan.messages import Words as Speech
from qingsuan.money import yuan
from qingsuan.policy.conditions import said_as
from qingsuan.policy.model import AnyOf, RuleSet, Select, When
from qingsuan.policy.per_claim.amount import DAYS, Amount
from qingsuan.policy.when.figures import FigureFen
from qingsuan.rulebook.origins import origin
from qingsuan.rulebook.phrases import amount as amount_text
from qingsuan.rulebook.phrases import code_name, percentage
from qingsuan.rulebook.words import Words

__all__ = ["Asked"]


class Asked:
    """One rule set in a language.

    Parameters
    ----------
    codes
        The codes that the region adds to the national tables.
    """

    def __init__(self, rule_set: RuleSet, speech: Speech, codes: Mapping[str, Mapping[str, str]]) -> None:
        self.rule_set, self.speech = rule_set, speech
        self.words = Words(rule_set, speech.lang, codes)
        if speech.lang == "en":
            self.words.titles = {}

    def conditions(self, when: When, values: Mapping[str, Value]) -> tuple[Condition, ...]:
        """Every condition of a rule or a case with the claim's value."""
        found = []
        for dimension, condition in when.items():
            if isinstance(condition, AnyOf):
                inner = tuple(self.conditions(one, values) for one in condition.alternatives)
                said = self.words.when({dimension: condition})
                met = holds({dimension: condition}, values)
                found.append(Condition("", said, None, met, inner))
            else:
                value = values[dimension]
                said = self.words.condition(dimension, condition)
                found.append(Condition(dimension, said, self.value(dimension, value), meets(condition, value)))
        return tuple(found)

    def value(self, dimension: str, value: Value) -> str | None:
        """What a claim has in a dimension, in words; None where it is unknown."""
        if value is None:
            return None
        if isinstance(value, frozenset):
            listed = "、" if self.speech.lang == "zh" else ", "
            return listed.join(sorted(self.words.titles.get(name, name) for name in value)) or None
        if isinstance(value, int):
            if said_as(self.rule_set, dimension) == "date":
                return day_text(value)
            return yuan(value) if dimension == "medfee_sumamt" else str(value)
        return code_name(dimension, value, self.speech.lang, self.words.codes)

    def sources(self, source: str) -> tuple[Source, ...]:
        """The documents that a value names."""
        return tuple(Source(one.document, one.article, one.grade, one.owner) for one in self.rule_set.cited(source))

    def origin(self, fen: object, amount: Amount | None, value: int | None) -> str:
        """How an amount was reckoned: from a figure, or from what the claim has; nothing where the rules say it itself."""
        if isinstance(fen, FigureFen):
            return origin(fen, self.speech.lang)
        if amount is None or value is None:
            return ""
        if amount.column is not None:
            return self.speech.speak(
                "the amount in column {column} of {table}", column=amount.column, table=str(amount.table)
            )
        return self._grown(amount, value)

    def chosen(self, select: Select, value: int | None) -> str:
        """By which counter an amount was selected, and what that was before the claim; nothing where none was."""
        if value is None:
            return ""
        return self.speech.speak(
            "selected by a counter: {group}, {counter} {value}",
            group=select.group,
            counter=self.words.counted(select.counter),
            value=str(value) if select.counter == "visits" else yuan(value),
        )

    def _grown(self, amount: Amount, value: int) -> str:
        """An amount that grows with what a claim has, step by step."""
        speak = self.speech.speak
        of = speak("days from begndate to enddate") if amount.value == DAYS else amount.value
        in_fen = amount.step_fen == 1 and amount.value != DAYS
        has = yuan(value) if in_fen else str(value)
        steps = f"({of} {has}{f' − {amount.first}' if amount.first else ''})"
        said = steps if in_fen else f"{amount_text(amount.step_fen)} × {steps}"
        if amount.base_fen:
            said = f"{amount_text(amount.base_fen)} + {said}"
        if amount.upto_fen is not None:
            said = speak("{amount}, at most {most}", amount=said, most=amount_text(amount.upto_fen))
        return said if amount.ratio_bp == 10_000 else f"{percentage(amount.ratio_bp)} × ({said})"
