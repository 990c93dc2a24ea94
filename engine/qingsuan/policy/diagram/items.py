"""Everything of a rule set that has conditions, each as bits of a mask, and which bits a node need not tell apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

from qingsuan.policy.conditions import IDENTITY_DIMENSION
from qingsuan.policy.diagram.classes import Step
from qingsuan.policy.identities import ANYBODY, Alternative, alternatives
from qingsuan.policy.model import RuleSet
from qingsuan.policy.when.values import ANY_OF, Condition, Held, When, written_out
from qingsuan.policy.who.registrations import refused

__all__ = ["Items", "Merge"]

_Conditions = frozenset[tuple[str, Condition]]


@dataclass(frozen=True, slots=True)
class _Bit:
    """One bit of a mask: an item's conditions written out, with one alternative of its condition on identity classes."""

    item: int
    when: When
    identities: Alternative

    def left(self, decided: frozenset[str], asked: frozenset[str]) -> tuple[Alternative, _Conditions]:
        """What is still to be asked, once some identity classes are decided and some dimensions are asked."""
        identities = Alternative(self.identities.held - decided, self.identities.not_held - decided)
        others = ((name, one) for name, one in self.when.items() if name != IDENTITY_DIMENSION and name not in asked)
        return identities, frozenset(others)


def _asks_no_more(one: tuple[Alternative, _Conditions], other: tuple[Alternative, _Conditions]) -> bool:
    """Whether everything that one bit still asks is also asked by the other."""
    return one[0].held <= other[0].held and one[0].not_held <= other[0].not_held and one[1] <= other[1]


@dataclass(frozen=True, slots=True)
class Merge:
    """Bits of one item that a node need not tell apart.

    ``alike`` are masks of bits that ask the same; ``idle`` pairs of a bit and one that asks more: while the first lives, the
    second decides nothing.
    """

    alike: Sequence[int] = ()
    idle: Sequence[tuple[int, int]] = ()

    def of(self, mask: int) -> int:
        """A mask in which the lowest of bits that are alike stands for all of them, without idle ones."""
        for group in self.alike:
            if mask & group:
                mask = mask & ~group | group & -group
        for lives, idle in self.idle:
            if mask & lives:
                mask &= ~idle
        return mask


class Items:
    """Everything with conditions, each with its bits: rules, missing parameters, coverage claims, cases of layers.

    An item has one bit for each alternative of its conditions, and of each for those of its condition on identity
    classes; the item lives while one of its bits does. ``asked`` are conditions of whoever wants to know where they hold;
    ``refused`` what refuses claims, missing parameters first.
    """

    def __init__(self, rule_set: RuleSet, asked: Sequence[When] = ()) -> None:
        self.bits: list[_Bit] = []
        self.choices: list[range] = []  # the bits of each item that has alternatives
        self._count = 0
        self.rules = self._take([rule.when for rule in rule_set.rules])
        self.refused = refused(rule_set)
        self.missing = self._take([m.when for m in self.refused if m.when is not None])
        self.covers = self._take([c.when for c in rule_set.covers])
        self.asked = self._take(asked)
        self._heads = self.everything
        self.cases = {name: self._take([c.when for c in layer.cases[1:]]) for name, layer in rule_set.layers.items()}
        self.cases_of_rule = [
            sum(case for name in set(rule.layers) for case in self.cases[name]) for rule in rule_set.rules
        ]
        self.missing_numbers = [m for m, parameter in enumerate(self.refused) if parameter.when is not None]

    def _take(self, whens: Sequence[When]) -> list[int]:
        """Give each item its bits; returns their masks."""
        masks = []
        for when in whens:
            first = len(self.bits)
            for one in written_out(when):
                condition = one.get(IDENTITY_DIMENSION)
                found = alternatives(condition) if isinstance(condition, Held) else ANYBODY
                self.bits.extend(_Bit(self._count, one, each) for each in found)
            if ANY_OF in when:
                self.choices.append(range(first, len(self.bits)))
            masks.append((1 << len(self.bits)) - (1 << first))
            self._count += 1
        return masks

    def masks(self, step: Step) -> list[int]:
        """For each class of a dimension, the bits that it leaves alive."""
        if step.identity:
            return [
                sum(1 << n for n, bit in enumerate(self.bits) if step.identity not in bit.identities.held),
                sum(1 << n for n, bit in enumerate(self.bits) if step.identity not in bit.identities.not_held),
            ]
        found = [0] * len(step.classes.truths)
        for n, bit in enumerate(self.bits):
            condition = bit.when.get(step.dimension)
            number = None if condition is None else step.classes.conditions.index(condition)
            for c, truth in enumerate(step.classes.truths):
                if number is None or truth[number]:
                    found[c] |= 1 << n
        return found

    def merge(self, step: Step, decided: frozenset[str], asked: frozenset[str]) -> Merge:
        """What nothing tells apart any more after a step, once these identity classes and dimensions are decided."""
        if not step.identity and not self.choices:
            return Merge()
        left = [bit.left(decided, asked) for bit in self.bits]
        groups: dict[tuple[int, tuple[Alternative, _Conditions]], int] = {}
        for n, bit in enumerate(self.bits):
            groups[bit.item, left[n]] = groups.get((bit.item, left[n]), 0) | 1 << n
        alike = [mask for mask in groups.values() if mask & (mask - 1)]
        idle = [
            (1 << one, 1 << other)
            for bits in self.choices
            for one, other in permutations(bits, 2)
            if left[one] != left[other] and _asks_no_more(left[one], left[other])
        ]
        return Merge(alike, idle)

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
