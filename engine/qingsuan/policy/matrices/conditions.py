"""What two conditions hold together, and what one leaves of another.

A table of conditions is a conjunction, one condition for each dimension, or a choice of several; what two of them hold together, or
one without the other, is a few conjunctions that exclude each other. Nothing here looks at a claim.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qingsuan.policy.identities import alternatives
from qingsuan.policy.when.values import Codes, Condition, Held, Interval, When, written_out

__all__ = ["Unsayable", "meet", "without"]


class Unsayable(ValueError):
    """What is left of a condition is none: a prefix of codes with a hole in it."""


def meet(one: When, other: When) -> tuple[When, ...]:
    """Where both hold: conjunctions that exclude each other; none where both never hold.

    Raises
    ------
    Unsayable
        A prefix of codes would be left with a hole.
    """
    return tuple(found for a in _apart(one) for b in _apart(other) for found in _meet(a, b))


def without(when: When, others: Sequence[When]) -> tuple[When, ...]:
    """Where ``when`` holds and none of ``others`` does: conjunctions that exclude each other; none where nothing is left.

    Raises
    ------
    Unsayable
        A prefix of codes would be left with a hole.
    """
    return _left(_apart(when), [one for other in others for one in written_out(other)])


def _apart(when: When) -> tuple[When, ...]:
    """A table of conditions as conjunctions that exclude each other: each alternative where none before it holds."""
    alternatives = written_out(when)
    return tuple(left for n, one in enumerate(alternatives) for left in _left((one,), alternatives[:n]))


def _left(left: tuple[When, ...], others: Sequence[When]) -> tuple[When, ...]:
    for other in others:
        left = tuple(rest for each in left for opposite in _opposite(other) for rest in _meet(each, opposite))
    return left


def _meet(one: When, other: When) -> tuple[When, ...]:
    found: list[dict[str, Condition]] = [dict(one)]
    for name, condition in other.items():
        found = [
            {**each, name: joined}
            for each in found
            for joined in ((condition,) if name not in each else _both(each[name], condition))
        ]
    return tuple(found)


def _opposite(when: When) -> Iterator[When]:
    """Where a conjunction does not hold: the first condition fails, or it holds and the second fails, and so on."""
    held: dict[str, Condition] = {}
    for name, condition in when.items():
        for negation in _negations(condition):
            yield {**held, name: negation}
        held[name] = condition


def _negations(condition: Condition) -> tuple[Condition, ...]:
    match condition:
        case Codes(patterns, negated):
            return (Codes(patterns, not negated),)
        case Interval(low, high):
            below = () if low is None else (Interval(None, low),)
            return (*below, *(() if high is None else (Interval(high, None),)))
        case Held():
            return tuple(_held_otherwise(condition))
    raise _not_plain(condition)


def _held_otherwise(condition: Held) -> Iterator[Held]:
    """Whom a condition on identity classes leaves out, part by part: each part fails where all before it hold."""
    parts: list[tuple[Held, tuple[Held, ...]]] = []
    if condition.any:
        parts.append((Held(any=condition.any), (Held(none=condition.any),)))
    parts += [(Held(all=(name,)), (Held(none=(name,)),)) for name in condition.all]
    parts += [(Held(none=(name,)), (Held(all=(name,)),)) for name in condition.none]
    if condition.highest:
        rank = condition.rank
        rest = tuple(name for name in rank if name not in condition.highest)
        lower = (Held(highest=rest, rank=rank),) if rest else ()
        parts.append((Held(highest=condition.highest, rank=rank), (*lower, Held(none=rank))))
    before: tuple[Held, ...] = (Held(),)
    for part, negations in parts:
        yield from (found for each in before for negation in negations for found in _held_together(each, negation))
        before = tuple(found for each in before for found in _held_together(each, part))


def _both(one: Condition, other: Condition) -> tuple[Condition, ...]:
    match one, other:
        case Codes(), Codes():
            return _codes_together(one, other)
        case Interval(), Interval():
            return _intervals_together(one, other)
        case Held(), Held():
            return _held_together(one, other)
    raise _not_plain((one, other))


def _not_plain(condition: object) -> TypeError:
    return TypeError(f"not a condition of one dimension: {condition}")


def _intervals_together(one: Interval, other: Interval) -> tuple[Interval, ...]:
    lows = [each.low for each in (one, other) if each.low is not None]
    highs = [each.high for each in (one, other) if each.high is not None]
    low, high = max(lows, default=None), min(highs, default=None)
    return () if low is not None and high is not None and low >= high else (Interval(low, high),)


def _inside(pattern: str, outer: str) -> bool:
    return pattern.startswith(outer[:-1]) if outer.endswith("*") else pattern == outer


def _codes_together(one: Codes, other: Codes) -> tuple[Codes, ...]:
    if one.negated and other.negated:
        return (Codes(tuple(dict.fromkeys((*one.patterns, *other.patterns))), negated=True),)
    if one.negated:
        one, other = other, one
    if other.negated:
        left = tuple(p for p in one.patterns if not any(_inside(p, q) for q in other.patterns))
        holes = [q for q in other.patterns if any(_inside(q, p) for p in left)]
        if holes:
            raise Unsayable(", ".join(f'"{hole}"' for hole in holes))
        return (Codes(left),) if left else ()
    both = [p for p in one.patterns if any(_inside(p, q) for q in other.patterns)]
    both += [q for q in other.patterns if any(_inside(q, p) for p in one.patterns)]
    return (Codes(tuple(dict.fromkeys(both))),) if both else ()


def _held_together(one: Held, other: Held) -> tuple[Held, ...]:
    """Where two conditions on identity classes hold; the second's ``any`` is taken apart where both have one."""
    found = []
    for each in _class_by_class(other) if one.any and other.any and one.any != other.any else (other,):
        every, none = _union(one.all, each.all), _union(one.none, each.none)
        some = tuple(name for name in one.any or each.any if name not in none)
        highest = one.highest or each.highest
        if one.highest and each.highest:
            highest = tuple(name for name in one.highest if name in each.highest)
        if ((one.any or each.any) and not some) or ((one.highest and each.highest) and not highest):
            continue
        both = Held(() if set(some) & set(every) else some, every, none, highest, one.rank or each.rank)
        if alternatives(both):
            found.append(both)
    return tuple(found)


def _class_by_class(condition: Held) -> Iterator[Held]:
    """The alternatives of ``any``, which exclude each other: the first class, or not it but the second, and so on."""
    for number, name in enumerate(condition.any):
        none = _union(condition.none, condition.any[:number])
        yield Held((), _union(condition.all, (name,)), none, condition.highest, condition.rank)


def _union(one: Sequence[str], other: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*one, *other)))
