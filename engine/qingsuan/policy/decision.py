"""A rule set as a decision diagram: one table look-up per dimension, and every combination known before a claim comes.

Each dimension's values fall into a few classes that no condition of the rule set can tell apart. Walking dimension by
dimension, the diagram keeps the set of rules (and cases of layers) still alive as one bit mask; equal masks are one
node. Whether a person holds an identity class is a dimension of two values for each class that a condition mentions. A
condition with alternatives lives while one of them does. At the end every reachable combination has been seen, so two
rules that can meet, a combination that was promised and is not covered, and two cases that contradict each other are
found here, with an example, and not by a claim.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from qingsuan.errors import PolicyError
from qingsuan.policy.conditions import CODE_COLUMNS, IDENTITY_DIMENSION, INTERVAL_DIMENSIONS, said_as
from qingsuan.policy.diagram.classes import Classes, Step, code_classes, number_classes
from qingsuan.policy.diagram.items import Items
from qingsuan.policy.model import Codes, RuleSet
from qingsuan.policy.when.values import When
from qingsuan.policy.who.registrations import closed_values
from qingsuan.tables import PLACES, REFERRALS

__all__ = ["NO_RULE", "Combination", "Diagram", "Resolve", "build", "combinations"]

NO_RULE = -1
"""A leaf: no rule. Leaf ``-2 - m``: place ``m`` of :func:`qingsuan.policy.who.registrations.refused`. Others number a resolution."""

MAX_NODES = 4_000_000

Resolve = Callable[[int, dict[str, tuple[int, ...]], Callable[[], str]], int]
"""Called with a rule's number, for each of its layers the numbers of the conditional cases that hold, and what says an example of a
claim in words; returns the leaf's number (>= 0)."""


@dataclass(frozen=True)
class Diagram:
    """``transitions[node + class]`` is the next node; after the last step it is a leaf. The first node is ``root``."""

    steps: tuple[Step, ...]
    transitions: tuple[int, ...]
    root: int


@dataclass(frozen=True)
class Combination:
    """Claims that one rule pays in one way: its number, for each of its layers the conditional cases that hold, an example.

    ``holds`` says of each condition that was asked whether it holds for all of them; otherwise it holds for none.
    """

    rule: int
    cases: dict[str, tuple[int, ...]]
    example: str
    holds: tuple[bool, ...]


def _dimension_order(rule_set: RuleSet) -> tuple[str, ...]:
    return (*CODE_COLUMNS, *INTERVAL_DIMENSIONS, *(dimension.name for dimension in rule_set.dimensions))


def _steps(rule_set: RuleSet, items: Items) -> Iterator[Step]:
    closed: dict[str, tuple[str, ...]] = {"place": PLACES, "referral": REFERRALS, **closed_values(rule_set)}
    for dimension in _dimension_order(rule_set):
        if dimension == IDENTITY_DIMENSION:
            yield from _identity_steps(rule_set, items)
            continue
        conditions = tuple(dict.fromkeys(bit.when[dimension] for bit in items.bits if dimension in bit.when))
        if conditions:
            if isinstance(conditions[0], Codes):
                yield Step(dimension, code_classes(conditions, closed.get(dimension, ())))
            else:
                yield Step(dimension, number_classes(dimension, conditions, said_as(rule_set, dimension)))


def _identity_steps(rule_set: RuleSet, items: Items) -> Iterator[Step]:
    """One step for each identity class that some condition mentions."""
    mentioned = {name for bit in items.bits for name in bit.identities.held | bit.identities.not_held}
    for one in rule_set.identities:
        if one.name in mentioned:
            yield Step(
                IDENTITY_DIMENSION, Classes((), ((False,), (True,)), ("", f"{one.title} ({one.name})")), one.name
            )


def _example(steps: Sequence[Step], path: Sequence[int]) -> str:
    """A claim in words, from the class that it has at each step."""
    words, identities = [], []
    for step, c in zip(steps, path, strict=True):
        if not step.identity:
            words.append(f"{step.dimension}={step.classes.examples[c]}")
        elif c:
            identities.append(step.classes.examples[c])
    if any(step.identity for step in steps):
        words.append(f"a person who holds {' and '.join(identities) or 'no identity class that decides'}")
    return ", ".join(words) or "any claim"


def build(rule_set: RuleSet, resolve: Resolve) -> Diagram:
    """Build the diagram of a rule set.

    Raises
    ------
    PolicyError
        Two rules meet and neither overrides the other; a covered combination meets no rule; too many combinations.
    """
    items = Items(rule_set)
    steps = tuple(_steps(rule_set, items))
    leaves = _Leaves(rule_set, items, steps, resolve)
    blocks, last = _walk(rule_set, items, steps)
    targets = [leaves.of(mask, path) for mask, path in last.items()]
    return Diagram(steps, tuple(_link(steps, blocks, targets)), 0 if steps else targets[0])


def combinations(rule_set: RuleSet, asked: Sequence[When]) -> Iterator[Combination]:
    """Every combination of claims that a rule pays, as far as the rule set or a condition that is asked tells them apart.

    Raises
    ------
    PolicyError
        See :func:`build`; what ``[[covers]]`` promises is not looked at.
    """
    items = Items(replace(rule_set, covers=()), asked)
    steps = tuple(_steps(rule_set, items))
    met: list[tuple[int, dict[str, tuple[int, ...]], str]] = []

    def meet(rule: int, cases: dict[str, tuple[int, ...]], example: Callable[[], str]) -> int:
        met.append((rule, cases, example()))
        return 0

    leaves = _Leaves(rule_set, items, steps, meet)
    for mask, path in _walk(rule_set, items, steps)[1].items():
        if leaves.of(mask, path) == 0:
            yield Combination(*met.pop(), tuple(bool(mask & one) for one in items.asked))


def _walk(rule_set: RuleSet, items: Items, steps: Sequence[Step]) -> tuple[list[list[int]], dict[int, tuple[int, ...]]]:
    """Walk dimension by dimension; returns the transitions of each step, and the last masks with an example of each.

    Raises
    ------
    PolicyError
        There are too many combinations.
    """
    start = items.prune(items.everything)
    level: dict[int, tuple[int, ...]] = {start: ()}  # mask -> the classes by which it is reached, as an example
    blocks: list[list[int]] = []
    base = 0
    decided: frozenset[str] = frozenset()
    asked: frozenset[str] = frozenset()
    for step in steps:
        masks = items.masks(step)
        decided |= {step.identity} - {""}
        asked |= {step.dimension}
        merge = items.merge(step, decided, asked)
        size = len(masks)
        next_level: dict[int, tuple[int, ...]] = {}
        numbers: dict[int, int] = {}
        block = []
        alive_of: dict[int, int] = {}  # by the mask before: many classes leave the same alive
        for mask, path in level.items():
            for c, allowed in enumerate(masks):
                left = mask & allowed
                if left not in alive_of:
                    alive_of[left] = merge.of(items.prune(left))
                alive = alive_of[left]
                if alive not in numbers:
                    numbers[alive] = len(numbers)
                    next_level[alive] = (*path, c)
                block.append(numbers[alive])
        base += size * len(level)
        blocks.append(block)
        level = next_level
        if base > MAX_NODES:
            raise PolicyError(
                rule_set.file,
                found=f"its conditions make more than {MAX_NODES} combinations",
                expected="fewer distinctions between dimensions that do not depend on each other",
                do="split the rule set by scheme, or merge conditions that lead to the same layers",
            )
    return blocks, level


def _link(steps: tuple[Step, ...], blocks: list[list[int]], targets: list[int]) -> Iterator[int]:
    """Turn node numbers of each level into places in one array; the last level's into leaves."""
    start = 0
    for k, block in enumerate(blocks):
        start += len(block)
        if k + 1 == len(blocks):
            yield from (targets[number] for number in block)
        else:
            width = len(steps[k + 1].classes.truths)
            yield from (start + number * width for number in block)


class _Leaves:
    """What a combination leads to, once everything about it is known."""

    def __init__(self, rule_set: RuleSet, items: Items, steps: Sequence[Step], resolve: Resolve) -> None:
        self.rule_set, self.items, self.steps, self.resolve = rule_set, items, steps, resolve

    def of(self, mask: int, path: tuple[int, ...]) -> int:
        rule_set, items = self.rule_set, self.items
        rules = self._rules(mask)
        example = partial(_example, self.steps, path)  # a claim in words, of which hardly any combination needs one
        if len(rules) > 1:
            names = " and ".join(f"“{rule_set.rules[rule].id}”" for rule in rules)
            raise PolicyError(
                rule_set.file,
                found=f"rules {names} can match the same claim: {example()}",
                expected="one rule for each combination",
                do='narrow one of them, or let one say overrides = ["…"]',
            )
        missing = self._missing(mask, [rule_set.rules[rule].id for rule in rules])
        if rules and missing and not items.refused[missing[0]].overrides:
            raise PolicyError(
                rule_set.file,
                found=f"rule “{rule_set.rules[rules[0]].id}” pays a claim that missing parameter "
                f"“{items.refused[missing[0]].parameter}” refuses: {example()}",
                expected="a combination that is either known or missing",
                do='narrow one of the two conditions, or let [[missing]] say overrides = ["…"]',
            )
        if missing:
            return -2 - missing[0]
        if not rules:
            if any(mask & one for one in items.covers):
                raise PolicyError(
                    rule_set.file,
                    found=f"no rule for a combination that [[covers]] promises: {example()}",
                    expected="a rule, or a [[missing]] parameter, for every combination covered",
                    do="write the rule, or take the combination out of [[covers]]",
                )
            return NO_RULE
        rule = rule_set.rules[rules[0]]
        cases = {
            name: tuple(number for number, case in enumerate(items.cases[name], start=1) if mask & case)
            for name in rule.layers
        }
        return self.resolve(rules[0], cases, example)

    def _rules(self, mask: int) -> list[int]:
        """The rules that match and to which no other rule that matches is preferred."""
        rules = [number for number, one in enumerate(self.items.rules) if mask & one]
        overridden = {name for rule in rules for name in self.rule_set.rules[rule].overrides}
        return [rule for rule in rules if self.rule_set.rules[rule].id not in overridden]

    def _missing(self, mask: int, ids: Sequence[str]) -> list[int]:
        """The missing parameters that match where these rules do; those that override no rule come first."""
        alive = [
            number for number, one in zip(self.items.missing_numbers, self.items.missing, strict=True) if mask & one
        ]
        found = [(number, self.items.refused[number].overrides) for number in alive]
        plain = [number for number, overrides in found if not overrides]
        return plain if plain else [number for number, overrides in found if set(overrides) & set(ids)]
