"""A rule set as a decision diagram: one table look-up per dimension, and every combination known before a claim comes.

Each dimension's values fall into a few classes that no condition of the rule set can tell apart. Walking dimension by
dimension, the diagram keeps the set of rules (and cases of layers) still alive as one bit mask; equal masks are one
node. Whether a person holds an identity class is a dimension of two values for each class that a condition mentions. At
the end every reachable combination has been seen, so two rules that can meet, a combination that was promised
and is not covered, and two cases that contradict each other are found here, with an example, and not by a claim.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from qingsuan.columns.cells import FIRST_DAY, LAST_DAY, day_text
from qingsuan.errors import PolicyError
from qingsuan.money import yuan
from qingsuan.policy.conditions import CODE_COLUMNS, IDENTITY_DIMENSION, INTERVAL_DIMENSIONS
from qingsuan.policy.identities import ANYBODY, Alternative, alternatives
from qingsuan.policy.model import Codes, Condition, Held, Interval, RuleSet, When
from qingsuan.tables import PLACES, REFERRALS

__all__ = ["NO_RULE", "Classes", "Diagram", "Step", "build", "number_text"]

NO_RULE = -1
"""A leaf: no rule. Leaf ``-2 - m``: parameter ``m`` of ``RuleSet.missing`` is not known. Others number a resolution."""

MAX_NODES = 4_000_000


@dataclass(frozen=True)
class Classes:
    """The classes of one dimension's values, as far as a rule set can tell them apart.

    ``truths[c]`` says which of ``conditions`` hold for class ``c``; ``examples[c]`` names a value in it. For numbers,
    class 0 is "unknown" and class ``1 + bisect_right(breaks, value)`` the others.
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


@dataclass(frozen=True)
class Diagram:
    """``transitions[node + class]`` is the next node; after the last step it is a leaf. The first node is ``root``."""

    steps: tuple[Step, ...]
    transitions: tuple[int, ...]
    root: int


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


def _code_classes(conditions: tuple[Condition, ...], values: Sequence[str] = ()) -> Classes:
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


def _number_classes(dimension: str, conditions: tuple[Condition, ...]) -> Classes:
    bounds: set[int] = set()
    for condition in conditions:
        assert isinstance(condition, Interval)
        bounds.update(bound for bound in (condition.low, condition.high) if bound is not None)
    breaks = tuple(sorted(bounds))
    values = [None, *([breaks[0] - 1] if breaks else [0]), *breaks]
    truths = tuple(tuple(_holds_for_number(condition, value) for condition in conditions) for value in values)
    return Classes(conditions, truths, tuple(number_text(dimension, value) for value in values), breaks)


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


def _dimension_order(rule_set: RuleSet) -> tuple[str, ...]:
    return (*CODE_COLUMNS, *INTERVAL_DIMENSIONS, *(dimension.name for dimension in rule_set.dimensions))


@dataclass(frozen=True, slots=True)
class _Bit:
    """One bit of a mask: an item's conditions, with one alternative of its condition on identity classes."""

    item: int
    when: When
    identities: Alternative


class _Items:
    """Everything with conditions, each with its bits: rules, missing parameters, coverage claims, cases of layers.

    An item has one bit for each alternative of its condition on identity classes, at most one of which can hold for a
    person; the item lives while one of its bits does.
    """

    def __init__(self, rule_set: RuleSet) -> None:
        self.bits: list[_Bit] = []
        self._count = 0
        self.rules = self._take([rule.when for rule in rule_set.rules])
        self.missing = self._take([m.when for m in rule_set.missing if m.when is not None])
        self.covers = self._take([c.when for c in rule_set.covers])
        self._heads = self.everything
        self.cases = {name: self._take([c.when for c in layer.cases[1:]]) for name, layer in rule_set.layers.items()}
        self.cases_of_rule = [
            sum(case for name in set(rule.layers) for case in self.cases[name]) for rule in rule_set.rules
        ]
        self.missing_numbers = [m for m, parameter in enumerate(rule_set.missing) if parameter.when is not None]

    def _take(self, whens: Sequence[When]) -> list[int]:
        """Give each item its bits; returns their masks."""
        masks = []
        for when in whens:
            condition = when.get(IDENTITY_DIMENSION)
            found = alternatives(condition) if isinstance(condition, Held) else ANYBODY
            masks.append(((1 << len(found)) - 1) << len(self.bits))
            self.bits.extend(_Bit(self._count, when, one) for one in found)
            self._count += 1
        return masks

    def alike(self, decided: frozenset[str]) -> list[int]:
        """Masks of one item's bits that nothing tells apart any more, once these identity classes are decided."""
        groups: dict[tuple[int, Alternative], int] = {}
        for n, bit in enumerate(self.bits):
            left = Alternative(bit.identities.held - decided, bit.identities.not_held - decided)
            groups[bit.item, left] = groups.get((bit.item, left), 0) | 1 << n
        return [mask for mask in groups.values() if mask & (mask - 1)]

    @property
    def everything(self) -> int:
        """A mask in which every bit lives."""
        return (1 << len(self.bits)) - 1

    def prune(self, mask: int) -> int:
        """Forget cases whose layers no living rule uses, so that nodes that mean the same are the same."""
        heads = mask & self._heads
        for rule, cases in zip(self.rules, self.cases_of_rule, strict=True):
            if mask & rule:
                heads |= mask & cases
        return heads


def _steps(rule_set: RuleSet, items: _Items) -> Iterator[Step]:
    lists = {each.name: ("in", "out") for each in rule_set.dimensions if each.kind == "list"}
    closed: dict[str, tuple[str, ...]] = {"place": PLACES, "referral": REFERRALS, **lists}
    for dimension in _dimension_order(rule_set):
        if dimension == IDENTITY_DIMENSION:
            yield from _identity_steps(rule_set, items)
            continue
        conditions = tuple(dict.fromkeys(bit.when[dimension] for bit in items.bits if dimension in bit.when))
        if conditions:
            codes = isinstance(conditions[0], Codes)
            values = closed.get(dimension, ())
            yield Step(
                dimension, _code_classes(conditions, values) if codes else _number_classes(dimension, conditions)
            )


def _identity_steps(rule_set: RuleSet, items: _Items) -> Iterator[Step]:
    """One step for each identity class that some condition mentions."""
    mentioned = {name for bit in items.bits for name in bit.identities.held | bit.identities.not_held}
    for one in rule_set.identities:
        if one.name in mentioned:
            yield Step(
                IDENTITY_DIMENSION, Classes((), ((False,), (True,)), ("", f"{one.title} ({one.name})")), one.name
            )


def _masks(step: Step, items: _Items) -> list[int]:
    """For each class of a dimension, the bits that it leaves alive."""
    if step.identity:
        return [
            sum(1 << n for n, bit in enumerate(items.bits) if step.identity not in bit.identities.held),
            sum(1 << n for n, bit in enumerate(items.bits) if step.identity not in bit.identities.not_held),
        ]
    masks = [0] * len(step.classes.truths)
    for n, bit in enumerate(items.bits):
        condition = bit.when.get(step.dimension)
        number = None if condition is None else step.classes.conditions.index(condition)
        for c, truth in enumerate(step.classes.truths):
            if number is None or truth[number]:
                masks[c] |= 1 << n
    return masks


def _merged(mask: int, alike: Sequence[int]) -> int:
    """A mask in which the lowest of bits that are alike stands for all of them."""
    for group in alike:
        if mask & group:
            mask = mask & ~group | group & -group
    return mask


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


def build(rule_set: RuleSet, resolve: Callable[[int, dict[str, tuple[int, ...]], str], int]) -> Diagram:
    """Build the diagram of a rule set.

    Parameters
    ----------
    resolve
        Called with a rule's number, for each of its layers the numbers of the conditional cases that hold, and an
        example of a claim in words; returns the leaf's number (>= 0).

    Raises
    ------
    PolicyError
        Two rules meet and neither overrides the other; a covered combination meets no rule; too many combinations.
    """
    items = _Items(rule_set)
    steps = tuple(_steps(rule_set, items))
    leaves = _Leaves(rule_set, items, resolve)
    start = items.prune(items.everything)
    level: dict[int, tuple[int, ...]] = {start: ()}  # mask -> the classes by which it is reached, as an example
    blocks: list[list[int]] = []
    base = 0
    decided: frozenset[str] = frozenset()
    for step in steps:
        masks = _masks(step, items)
        decided |= {step.identity} - {""}
        alike = items.alike(decided) if step.identity else []
        size = len(masks)
        next_level: dict[int, tuple[int, ...]] = {}
        numbers: dict[int, int] = {}
        block = []
        for mask, path in level.items():
            for c, allowed in enumerate(masks):
                alive = _merged(items.prune(mask & allowed), alike)
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
    targets = [leaves.of(mask, _example(steps, path)) for mask, path in level.items()]
    return Diagram(steps, tuple(_link(steps, blocks, targets)), 0 if steps else targets[0])


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

    def __init__(
        self, rule_set: RuleSet, items: _Items, resolve: Callable[[int, dict[str, tuple[int, ...]], str], int]
    ) -> None:
        self.rule_set, self.items, self.resolve = rule_set, items, resolve

    def of(self, mask: int, example: str) -> int:
        rule_set, items = self.rule_set, self.items
        rules = self._rules(mask)
        if len(rules) > 1:
            names = " and ".join(f"“{rule_set.rules[rule].id}”" for rule in rules)
            raise PolicyError(
                rule_set.file,
                found=f"rules {names} can match the same claim: {example}",
                expected="one rule for each combination",
                do='narrow one of them, or let one say overrides = ["…"]',
            )
        missing = self._missing(mask, [rule_set.rules[rule].id for rule in rules])
        if rules and missing and not rule_set.missing[missing[0]].overrides:
            raise PolicyError(
                rule_set.file,
                found=f"rule “{rule_set.rules[rules[0]].id}” pays a claim that missing parameter "
                f"“{rule_set.missing[missing[0]].parameter}” refuses: {example}",
                expected="a combination that is either known or missing",
                do='narrow one of the two conditions, or let [[missing]] say overrides = ["…"]',
            )
        if missing:
            return -2 - missing[0]
        if not rules:
            if any(mask & one for one in items.covers):
                raise PolicyError(
                    rule_set.file,
                    found=f"no rule for a combination that [[covers]] promises: {example}",
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
        found = [(number, self.rule_set.missing[number].overrides) for number in alive]
        plain = [number for number, overrides in found if not overrides]
        return plain if plain else [number for number, overrides in found if set(overrides) & set(ids)]
