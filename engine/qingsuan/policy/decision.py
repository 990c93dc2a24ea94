"""A rule set as a decision diagram: one table look-up per dimension, and every combination known before a claim comes.

Each dimension's values fall into a few classes that no condition of the rule set can tell apart. Walking dimension by
dimension, the diagram keeps the set of rules (and cases of layers) still alive as one bit mask; equal masks are one
node. At the end every reachable combination has been seen, so two rules that can meet, a combination that was promised
and is not covered, and two cases that contradict each other are found here, with an example, and not by a claim.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from qingsuan.errors import PolicyError
from qingsuan.policy.model import Codes, Condition, Interval, RuleSet, When
from qingsuan.tables import PLACES, REFERRALS

__all__ = ["ENGINE_CODES", "ENGINE_NUMBERS", "NO_RULE", "Classes", "Diagram", "Step", "build"]

ENGINE_CODES = (
    "insutype",
    "med_type",
    "dedc_hosp_lv",
    "psn_type",
    "psn_idet_type",
    "place",
    "referral",
    "dise_code",
)
ENGINE_NUMBERS = ("age", "medfee_sumamt", "date")

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

    def of_number(self, value: int | None) -> int:
        """Class of a whole number, or of an unknown one."""
        return 0 if value is None else 1 + bisect_right(self.breaks, value)


@dataclass(frozen=True)
class Step:
    """One dimension's turn in a diagram."""

    dimension: str
    classes: Classes


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


def _number_classes(conditions: tuple[Condition, ...]) -> Classes:
    bounds: set[int] = set()
    for condition in conditions:
        assert isinstance(condition, Interval)
        bounds.update(bound for bound in (condition.low, condition.high) if bound is not None)
    breaks = tuple(sorted(bounds))
    values = [None, *([breaks[0] - 1] if breaks else [0]), *breaks]
    truths = tuple(tuple(_holds_for_number(condition, value) for condition in conditions) for value in values)
    return Classes(conditions, truths, tuple("unknown" if value is None else str(value) for value in values), breaks)


def _dimension_order(rule_set: RuleSet) -> tuple[str, ...]:
    return (*ENGINE_CODES, *ENGINE_NUMBERS, *(dimension.name for dimension in rule_set.dimensions))


class _Items:
    """Everything with conditions, each with its bit: rules, missing parameters, coverage claims, cases of layers."""

    def __init__(self, rule_set: RuleSet) -> None:
        self.whens: list[When] = []
        self.rules = self._take([rule.when for rule in rule_set.rules])
        self.missing = self._take([m.when for m in rule_set.missing if m.when is not None])
        self.covers = self._take([c.when for c in rule_set.covers])
        self.cases = {name: self._take([c.when for c in layer.cases[1:]]) for name, layer in rule_set.layers.items()}
        self.cases_of_rule = [
            sum(1 << bit for name in rule.layers for bit in self.cases[name]) for rule in rule_set.rules
        ]
        self.missing_numbers = [m for m, parameter in enumerate(rule_set.missing) if parameter.when is not None]

    def _take(self, whens: Sequence[When]) -> range:
        self.whens.extend(whens)
        return range(len(self.whens) - len(whens), len(self.whens))

    def prune(self, mask: int) -> int:
        """Forget cases whose layers no living rule uses, so that nodes that mean the same are the same."""
        heads = mask & ((1 << self.covers.stop) - 1)
        for rule in self.rules:
            if mask >> rule & 1:
                heads |= mask & self.cases_of_rule[rule]
        return heads


def _steps(rule_set: RuleSet, items: _Items) -> Iterator[Step]:
    lists = {each.name: ("in", "out") for each in rule_set.dimensions if each.kind == "list"}
    closed: dict[str, tuple[str, ...]] = {"place": PLACES, "referral": REFERRALS, **lists}
    for dimension in _dimension_order(rule_set):
        conditions = tuple(dict.fromkeys(when[dimension] for when in items.whens if dimension in when))
        if conditions:
            codes = isinstance(conditions[0], Codes)
            values = closed.get(dimension, ())
            yield Step(dimension, _code_classes(conditions, values) if codes else _number_classes(conditions))


def _masks(step: Step, items: _Items) -> list[int]:
    """For each class of a dimension, the items that it leaves alive."""
    masks = [0] * len(step.classes.truths)
    for bit, when in enumerate(items.whens):
        condition = when.get(step.dimension)
        number = None if condition is None else step.classes.conditions.index(condition)
        for c, truth in enumerate(step.classes.truths):
            if number is None or truth[number]:
                masks[c] |= 1 << bit
    return masks


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
    start = items.prune((1 << len(items.whens)) - 1)
    level: dict[int, tuple[str, ...]] = {start: ()}  # mask -> an example of how it is reached
    blocks: list[list[int]] = []
    base = 0
    for step in steps:
        masks = _masks(step, items)
        size = len(masks)
        next_level: dict[int, tuple[str, ...]] = {}
        numbers: dict[int, int] = {}
        block = []
        for mask, path in level.items():
            for c, allowed in enumerate(masks):
                alive = items.prune(mask & allowed)
                if alive not in numbers:
                    numbers[alive] = len(numbers)
                    next_level[alive] = (*path, f"{step.dimension}={step.classes.examples[c]}")
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
    targets = [leaves.of(mask, path) for mask, path in level.items()]
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

    def of(self, mask: int, path: tuple[str, ...]) -> int:
        rule_set, items = self.rule_set, self.items
        example = ", ".join(path) or "any claim"
        rules = [rule for rule in items.rules if mask >> rule & 1]
        overridden = {name for rule in rules for name in rule_set.rules[rule].overrides}
        rules = [rule for rule in rules if rule_set.rules[rule].id not in overridden]
        missing = [items.missing_numbers[i] for i, bit in enumerate(items.missing) if mask >> bit & 1]
        if len(rules) > 1:
            names = " and ".join(f"“{rule_set.rules[rule].id}”" for rule in rules)
            raise PolicyError(
                rule_set.file,
                found=f"rules {names} can match the same claim: {example}",
                expected="one rule for each combination",
                do='narrow one of them, or let one say overrides = ["…"]',
            )
        if rules and missing:
            raise PolicyError(
                rule_set.file,
                found=f"rule “{rule_set.rules[rules[0]].id}” pays a claim that missing parameter "
                f"“{rule_set.missing[missing[0]].parameter}” refuses: {example}",
                expected="a combination that is either known or missing",
                do="narrow one of the two conditions",
            )
        if missing:
            return -2 - missing[0]
        if not rules:
            if any(mask >> bit & 1 for bit in items.covers):
                raise PolicyError(
                    rule_set.file,
                    found=f"no rule for a combination that [[covers]] promises: {example}",
                    expected="a rule, or a [[missing]] parameter, for every combination covered",
                    do="write the rule, or take the combination out of [[covers]]",
                )
            return NO_RULE
        rule = rule_set.rules[rules[0]]
        cases = {
            name: tuple(number for number, bit in enumerate(items.cases[name], start=1) if mask >> bit & 1)
            for name in rule.layers
        }
        return self.resolve(rules[0], cases, example)
