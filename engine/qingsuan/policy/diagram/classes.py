"""The classes of a dimension's values: two values that no condition tells apart are of one class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qingsuan.columns.cells import FIRST_DAY, LAST_DAY, day_text
from qingsuan.money import yuan
from qingsuan.policy.when.values import Codes, Condition, Interval

__all__ = ["Classes", "Step", "code_classes", "number_classes", "number_text"]

_ALWAYS_KNOWN = ("medfee_sumamt", "date")
"""Numbers that every claim has that gets this far: of them "unknown" is no case of its own, and goes with the lowest value."""


@dataclass(frozen=True)
class Classes:
    """The classes of one dimension's values, as far as a rule set can tell them apart.

    ``truths[c]`` says which of ``conditions`` hold for class ``c``; ``examples[c]`` names a value in it. For numbers,
    class 0 is "unknown" (see :data:`_ALWAYS_KNOWN`) and class ``1 + bisect_right(breaks, value)`` the others.
    """

    conditions: tuple[Condition, ...]
    truths: tuple[tuple[bool, ...], ...]
    examples: tuple[str, ...]
    breaks: tuple[int, ...] = ()

    def of_code(self, code: str) -> int:
        """Class of a code; ``""`` is an absent one."""
        return self.truths.index(tuple(_holds_for_code(condition, code) for condition in self.conditions))


@dataclass(frozen=True)
class Step:
    """One dimension's turn in a diagram.

    ``identity`` names the identity class whose turn it is: class 0 of its values is "not held", class 1 "held".
    """

    dimension: str
    classes: Classes
    identity: str = ""


def _holds_for_code(condition: Condition, code: str) -> bool:
    assert isinstance(condition, Codes)
    matched = any(
        code.startswith(pattern[:-1]) if pattern.endswith("*") else code == pattern for pattern in condition.patterns
    )
    return matched != condition.negated


def _holds_for_number(condition: Condition, value: int | None) -> bool:
    assert isinstance(condition, Interval)
    if value is None:
        return False
    return (condition.low is None or condition.low <= value) and (condition.high is None or value < condition.high)


def code_classes(conditions: tuple[Condition, ...], values: Sequence[str] = ()) -> Classes:
    """Classes of codes; ``values`` are all there can be, where that is known."""
    representatives = list(values) or ["", "\uffff"]  # absent, and a code that nothing names
    for condition in () if values else conditions:
        assert isinstance(condition, Codes)
        for pattern in condition.patterns:
            representatives.append(pattern[:-1] + "\uffff" if pattern.endswith("*") else pattern)
    seen: dict[tuple[bool, ...], str] = {}
    for code in representatives:
        shown = "any other" if code == "\uffff" else code.replace("\uffff", "…") or "absent"
        seen.setdefault(tuple(_holds_for_code(condition, code) for condition in conditions), shown)
    return Classes(conditions, tuple(seen), tuple(seen.values()))


def number_classes(dimension: str, conditions: tuple[Condition, ...], said_as: str = "") -> Classes:
    """Classes of whole numbers: between the bounds that conditions have. Values are said as those of ``said_as`` are."""
    bounds: set[int] = set()
    for condition in conditions:
        assert isinstance(condition, Interval)
        bounds.update(bound for bound in (condition.low, condition.high) if bound is not None)
    breaks = tuple(sorted(bounds))
    known = [breaks[0] - 1 if breaks else 0, *breaks]
    values = [known[0] if dimension in _ALWAYS_KNOWN else None, *known]
    truths = tuple(tuple(_holds_for_number(condition, value) for condition in conditions) for value in values)
    return Classes(conditions, truths, tuple(number_text(said_as or dimension, value) for value in values), breaks)


def number_text(dimension: str, value: int | None) -> str:
    """Say a value of a dimension of numbers as a rule file writes it: an amount in yuan, a date as a date.

    >>> number_text("medfee_sumamt", 2001), number_text("date", 18628), number_text("age", 60), number_text("age", None)
    ('20.01', '2021-01-01', '60', 'unknown')
    """
    if value is None:
        return "unknown"
    if dimension == "medfee_sumamt":
        return yuan(value)
    return day_text(max(FIRST_DAY, min(value, LAST_DAY))) if dimension == "date" else str(value)
