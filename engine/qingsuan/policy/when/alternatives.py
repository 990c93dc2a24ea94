"""What is wrong with alternatives of conditions: one that asks what stands beside them, one that another makes idle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from qingsuan.policy.findings import Finding
from qingsuan.policy.when.values import ANY_OF, AnyOf, Codes, Condition, Held, Interval, When

__all__ = ["check_alternatives", "plain"]


def check_alternatives(file: str, path: str, when: When) -> Iterator[Finding]:
    """Check the alternatives of one table of conditions, whose place in the file is ``path``.

    A dimension stands beside the alternatives and inside one, or an alternative holds only where another does.
    """
    choice = when.get(ANY_OF)
    if not isinstance(choice, AnyOf):
        return
    for number, one in enumerate(choice.alternatives, 1):
        for name in one:
            if name in when:
                yield Finding(
                    file,
                    f"{path}.{ANY_OF}[{number}].{name}",
                    found=f"{name}, which also stands beside {ANY_OF}",
                    expected="a dimension either beside the alternatives or inside them",
                    do=f"take {name} out beside {ANY_OF}, and write the whole condition on it in each alternative",
                )
        idle = next((n for n, other in enumerate(choice.alternatives, 1) if _is_idle(number, one, n, other)), None)
        if idle is not None:
            yield Finding(
                file,
                f"{path}.{ANY_OF}[{number}]",
                found=f"an alternative that holds only where {ANY_OF}[{idle}] holds",
                expected="alternatives of which each adds something",
                do="take it out, or mend the one of the two that is wrong",
            )


def plain(whens: Iterable[tuple[str, When]]) -> Iterator[tuple[str, When]]:
    """Tables of conditions without alternatives, and each alternative as a table of its own."""
    for path, when in whens:
        yield path, {name: condition for name, condition in when.items() if name != ANY_OF}
        choice = when.get(ANY_OF)
        if isinstance(choice, AnyOf):
            yield from ((f"{path}.{ANY_OF}[{number}]", one) for number, one in enumerate(choice.alternatives, 1))


def _is_idle(number: int, one: When, n: int, other: When) -> bool:
    """Whether alternative ``number`` adds nothing to alternative ``n``; of two that say the same, the second adds nothing."""
    if n == number or not _within(one, other):
        return False
    return n < number or not _within(other, one)


def _within(one: When, other: When) -> bool:
    """Whether a claim that meets one table of conditions meets the other, as far as each dimension by itself shows."""
    return all(name in one and _narrower(one[name], condition) for name, condition in other.items())


def _narrower(one: Condition, other: Condition) -> bool:
    match one, other:
        case Codes(), Codes() if one.negated != other.negated:
            return False
        case Codes(), Codes():
            inner, outer = (other, one) if one.negated else (one, other)
            return all(any(_fits(code, pattern) for pattern in outer.patterns) for code in inner.patterns)
        case Interval(), Interval():
            low = other.low is None or (one.low is not None and one.low >= other.low)
            return low and (other.high is None or (one.high is not None and one.high <= other.high))
        case Held(), Held():
            parts = ("any", "all", "none", "highest", "rank")
            return all(set(getattr(one, part)) == set(getattr(other, part)) for part in parts)
    return False


def _fits(code: str, pattern: str) -> bool:
    """Whether every value that the pattern ``code`` stands for is one that ``pattern`` stands for."""
    if pattern.endswith("*"):
        return code.startswith(pattern[:-1])
    return code == pattern
