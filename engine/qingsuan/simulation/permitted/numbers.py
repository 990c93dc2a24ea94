"""Which numbers of a pool's rule sets its authority lets it change (待遇清单), and within which bounds.

A number is changed by one hundredth and the rule set read again; what it sets is then what changed. So it does not matter how a file
comes from its numbers to its settings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from qingsuan.errors import PolicyError, UsageError
from qingsuan.policy.authority.check import AuthorisedValue, authorised_values
from qingsuan.policy.authority.model import Authority
from qingsuan.policy.authority.values import Value
from qingsuan.policy.model import RuleSet, Source
from qingsuan.simulation.changing.asked import NOTHING, Change, Place
from qingsuan.simulation.changing.parameters import Parameter
from qingsuan.simulation.changing.working import Working

__all__ = ["OPTION", "PermittedNumber", "WhyNot", "number_of", "places_of"]

OPTION = "permitted-changes"
"""What messages call the change."""

WhyNot = Literal["refused", "beyond", "not authorised", "not an amount"]
"""Why a number is not one to change: no other value is accepted by itself, as of a whole tilt or an exact bound; it lies beyond its
bounds, as its file says; nobody lets the pool set what it sets; it is an age or a multiple, or what it sets is no amount or share."""

_OF_UNIT = ("yuan", "percent")


@dataclass(frozen=True, slots=True)
class PermittedNumber:
    """A number that the pool may set.

    Attributes
    ----------
    now, least, most : in hundredths of a yuan or of a percent; None where nobody states a bound.
    setting : what it sets, as the authority names it.
    by : what of the authority names it; each with the file.
    sources : the documents of that.
    """

    place: Place
    unit: str
    setting: str
    now: int
    least: int | None
    most: int | None
    by: tuple[str, ...]
    sources: tuple[Source, ...]

    def change(self, value: int) -> Change:
        """The change to another value, in hundredths."""
        return Change(self.place, (Decimal(value) / 100,))


def places_of(working: Working, rule_set: RuleSet) -> Iterator[tuple[Place, Parameter, str]]:
    """Every number of a rule set, one by one, as the file has it."""
    for parameter in working.parameters(working.nothing(), rule_set):
        written = parameter.written if isinstance(parameter.written, tuple) else (parameter.written,)
        for number, text in enumerate(written, 1):
            path = f"{parameter.path}[{number}]" if len(written) > 1 else parameter.path
            place = Place(rule_set.pool, rule_set.schemes[0], rule_set.effective.isoformat(), path)
            if str(text) != NOTHING:
                yield place, parameter, str(text)


def number_of(
    working: Working,
    rule_set: RuleSet,
    authorities: Sequence[Authority],
    base: Sequence[AuthorisedValue],
    written: tuple[Place, Parameter, str],
) -> PermittedNumber | WhyNot:
    """One number as its authority lets the pool set it, or why it is not one to change.

    Parameters
    ----------
    base
        What the rule set sets as it is (:func:`qingsuan.policy.authority.check.authorised_values`).
    """
    place, parameter, text = written
    if parameter.unit not in _OF_UNIT:
        return "not an amount"
    now = int(Decimal(text) * 100)
    moved = _moved(working, rule_set, authorities, base, (place, now))
    if isinstance(moved, str):
        return moved
    if not moved or any(not one.by for one in moved):
        return "not authorised"
    allowed = [(one.authority, each) for one in moved for each in one.by]
    bounds = [each.bounds for _, each in allowed if each.bounds is not None]
    if bounds and not all(now in one.value.numbers for one in moved):
        return "not an amount"  # the bounds are those of what is reckoned from it
    if any(each.tilt is not None for _, each in allowed) or not all(one.hold(now) for one in bounds):
        return "beyond"
    sources = {key: authority.sources[key] for authority, each in allowed for key in each.source.split(", ") if key}
    return PermittedNumber(
        place,
        parameter.unit,
        moved[0].value.setting,
        now,
        max((one.least for one in bounds if one.least is not None), default=None),
        min((one.most for one in bounds if one.most is not None), default=None),
        tuple(dict.fromkeys(f"{each.id} ({authority.file})" for authority, each in allowed)),
        tuple(sources.values()),
    )


def _moved(
    working: Working,
    rule_set: RuleSet,
    authorities: Sequence[Authority],
    base: Sequence[AuthorisedValue],
    at: tuple[Place, int],
) -> list[AuthorisedValue] | WhyNot:
    """What changes with a number, as it was before; one hundredth more is tried first, then one less."""
    place, now = at
    for value in (now + 1, now - 1):
        try:
            changed = working.with_numbers(working.nothing(), [Change(place, (Decimal(value) / 100,))], OPTION)
        except (PolicyError, UsageError):
            continue
        (same,) = (one for one in changed.rule_sets if one.name == rule_set.name)
        after = list(authorised_values([same], authorities))
        if len(after) != len(base):
            return "not an amount"
        return [one for one, other in zip(base, after, strict=True) if _decides(one.value) != _decides(other.value)]
    return "refused"


def _decides(value: Value) -> tuple[object, ...]:
    return value.setting, value.key, value.fund, value.numbers, value.adjust
