"""Identity classes (人员身份类别): what is wrong with their declarations, and conditions on them as alternatives.

A condition on the classes that a person holds is a list of alternatives, each of them a set of classes that must be
held and a set that must not. At most one alternative holds for a person, so a decision diagram can follow them class by
class.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from qingsuan.policy.findings import Finding
from qingsuan.policy.model import Held, RuleSet, When
from qingsuan.policy.toml.told import did_you_mean

__all__ = ["ANYBODY", "MAX_CLASSES", "Alternative", "alternatives", "check_identities", "knows"]

MAX_CLASSES = 62
"""How many identity classes a rule set can have: those that a person holds are bits of one signed 64-bit integer."""

_CODE = re.compile(r"[0-9]{4}")
_PREFIX = re.compile(r"[0-9]{1,3}\*")


@dataclass(frozen=True, slots=True)
class Alternative:
    """Classes that must be held, and classes that must not."""

    held: frozenset[str] = frozenset()
    not_held: frozenset[str] = frozenset()


ANYBODY = (Alternative(),)
"""The alternatives where there is no condition on identity classes."""


def alternatives(condition: Held) -> tuple[Alternative, ...]:
    """The alternatives of a condition. They exclude each other; there is none where nobody can meet the condition."""
    firsts = [Alternative(frozenset((name,)), frozenset(condition.any[:n])) for n, name in enumerate(condition.any)]
    order = condition.rank
    highests = [Alternative(frozenset((x,)), frozenset(order[: order.index(x)])) for x in condition.highest]
    found = []
    for first in firsts or ANYBODY:
        for highest in highests or ANYBODY:
            held = first.held | highest.held | frozenset(condition.all)
            not_held = first.not_held | highest.not_held | frozenset(condition.none)
            if not held & not_held:
                found.append(Alternative(held, not_held))
    return tuple(found)


def knows(rule_set: RuleSet, code: str) -> bool:
    """Whether a rule set says what a code of ``psn_idet_type`` means to it: a class of people, or nothing."""
    if any(code in one.codes for one in rule_set.identities):
        return True
    return any(
        code.startswith(pattern[:-1]) if pattern.endswith("*") else code == pattern
        for pattern in rule_set.identities_without_effect
    )


def check_identities(rule_set: RuleSet, whens: Iterable[tuple[str, When]]) -> list[Finding]:
    """Check the identity classes of a rule set, their rank, and the names that conditions use; returns what is wrong.

    A code is not of its form or means two things, there are too many classes, a name leads nowhere, a class or the rank is
    used nowhere, or nobody can meet a condition.

    Parameters
    ----------
    whens
        Every table of conditions, with its place in the file.
    """
    checker = _Identities(rule_set)
    checker.check(whens)
    return checker.findings


class _Identities:
    def __init__(self, rule_set: RuleSet) -> None:
        self.set = rule_set
        self.names = [one.name for one in rule_set.identities]
        self.rank = () if rule_set.identity_rank is None else rule_set.identity_rank.order
        self.source_of = {one.name: one.source for one in rule_set.identities}
        self.used: set[str] = set()
        self.findings: list[Finding] = []

    def refuse(self, path: str, *, found: str, expected: str, do: str, source: str = "") -> None:
        self.findings.append(Finding(self.set.file, path, found, expected, do, source))

    def check(self, whens: Iterable[tuple[str, When]]) -> None:
        self.codes()
        self.order()
        ranked = False
        for path, condition in _held_in(whens):
            self.condition(path, condition)
            ranked |= bool(condition.highest)
        if self.rank and not ranked:
            do = "take it out, or write a condition { highest = […] }"
            self.refuse("identity_rank", found="a rank that no condition uses", expected="a condition on it", do=do)
        for name in self.names:
            if name not in self.used:
                self.refuse(
                    f"identities.{name}",
                    found="this class is used nowhere",
                    expected="a class that some condition names",
                    do="take it out; codes that are known and decide nothing stand under "
                    "ruleset.identities_without_effect",
                    source=self.source_of[name],
                )

    def codes(self) -> None:
        if len(self.names) > MAX_CLASSES:
            do = "let codes that no condition tells apart be one class"
            self.refuse("identities", found=f"{len(self.names)} classes", expected=f"at most {MAX_CLASSES}", do=do)
        meaning: dict[str, str] = {}
        for one in self.set.identities:
            if not one.codes:
                do = "name the codes that mean this class"
                self.refuse(f"identities.{one.name}.codes", found="an empty list", expected="at least one code", do=do)
            for number, code in enumerate(one.codes, 1):
                path = f"identities.{one.name}.codes[{number}]"
                if not _CODE.fullmatch(code):
                    self.refuse(path, found=f'"{code}"', expected="a code of four digits", do="write it in full")
                if code in meaning:
                    do = "let a code belong to one class; a condition can name several classes"
                    self.refuse(path, found=f'"{code}", which is in class "{meaning[code]}"', expected="once", do=do)
                meaning[code] = one.name
        self.without_effect(meaning)

    def without_effect(self, meaning: Iterable[str]) -> None:
        for number, pattern in enumerate(self.set.identities_without_effect, 1):
            path = f"ruleset.identities_without_effect[{number}]"
            if not (_CODE.fullmatch(pattern) or _PREFIX.fullmatch(pattern)):
                expected = "a code of four digits, or a prefix ending in *"
                do = "write the code in full, or its first digits and *, such as 24*"
                self.refuse(path, found=f'"{pattern}"', expected=expected, do=do)
            start = pattern.removesuffix("*")
            for code in meaning:
                if code.startswith(start):
                    do = "take it out here, or out of its class"
                    self.refuse(path, found=f'"{pattern}", but "{code}" is in a class', expected="another code", do=do)

    def order(self) -> None:
        if self.set.identity_rank is not None and not self.rank:
            self.refuse("identity_rank.order", found="an empty list", expected="classes", do="name them, highest first")
        for number, name in enumerate(self.rank, 1):
            self.name(name, f"identity_rank.order[{number}]", self.names, "identities")

    def condition(self, path: str, condition: Held) -> None:
        for key in ("any", "all", "none"):
            for number, name in enumerate(getattr(condition, key), 1):
                self.name(name, f"{path}.{key}[{number}]", self.names, "identities")
        for number, name in enumerate(condition.highest, 1):
            self.name(name, f"{path}.highest[{number}]", self.rank, "identity_rank")
        self.used.update(*(getattr(condition, key) for key in ("any", "all", "none", "highest", "rank")))
        if set(condition.highest) <= set(condition.rank) and not alternatives(condition):
            do = "take the class out of one of its lists"
            self.refuse(path, found="a condition that nobody meets", expected="one that somebody can meet", do=do)

    def name(self, name: str, path: str, known: Sequence[str], table: str) -> None:
        if name not in known:
            self.refuse(
                path,
                found=f'no identity class "{name}"',
                expected=f"one of {', '.join(known) or '(none is declared)'}",
                do=did_you_mean(name, known) or f"declare it under [{table}]",
            )


def _held_in(whens: Iterable[tuple[str, When]]) -> Iterator[tuple[str, Held]]:
    for path, when in whens:
        for dimension, condition in when.items():
            if isinstance(condition, Held):
                yield f"{path}.{dimension}", condition
