"""What becomes of the counters of a group when its period is over, in one rule with its cases decided."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from qingsuan.errors import PolicyError
from qingsuan.money import yuan
from qingsuan.policy.model import RuleSet
from qingsuan.policy.resolve import Resolved, ResolvedLayer, choices_of

__all__ = ["Ended", "ended_of"]


class Ended(NamedTuple):
    """A group whose periods leave something behind.

    ``limit_fen`` is what its cap lets it pay in a period, of which what is not used is carried over, ``most_fen`` at most (None: all);
    None: nothing is carried. Where ``counted_in`` names a group, a period in which something was paid is counted there.
    """

    group: str
    limit_fen: int | None
    most_fen: int | None
    counted_in: str | None


def ended_of(rule_set: RuleSet, resolved: Resolved, example: str) -> tuple[Ended, ...]:
    """What becomes of the periods of a rule's groups; ``example`` says of which claims.

    Raises
    ------
    PolicyError
        A group carries over what is not used, and the rule has no cap, or several, that say how much that is.
    """
    if not rule_set.carry_over and not rule_set.group_counts:
        return ()
    touched = {group for layer in resolved.layers for group in _groups(layer)}
    touched |= {one.select.group for one in choices_of(resolved) if one.select is not None}
    found = []
    for name, said in sorted(rule_set.carry_over.items()):
        if name in touched:
            found.append(Ended(name, _limit_fen(rule_set, resolved, name, example), said.most_fen, None))
    for name, counted in sorted(rule_set.group_counts.items()):
        if {name, counted} & touched:
            found.append(Ended(counted, None, None, name))
    return tuple(found)


def _groups(layer: ResolvedLayer) -> Iterator[str]:
    """The groups that a layer reads or counts on."""
    settings = (layer.visits, layer.deductible, layer.bands, layer.bands.select, layer.limit, layer.counts_toward)
    for one in (*settings, *layer.caps):
        if one is not None and one.group is not None:
            yield one.group


def _limit_fen(rule_set: RuleSet, resolved: Resolved, name: str, example: str) -> int:
    caps = [cap for layer in resolved.layers for cap in layer.caps if cap.group == name and cap.per == "period"]
    amounts = sorted({cap.amount_fen for cap in caps if cap.amount_fen is not None})
    if len(amounts) == 1:
        return amounts[0]
    rule = rule_set.rules[resolved.rule].id
    raise PolicyError(
        f"{rule_set.file}: groups.{name}.carry_over",
        found=f"rule “{rule}”, {example}, has {' and '.join(map(yuan, amounts)) or 'no'} yuan as the limit of a period",
        expected="one amount for each combination that counts in the group: what is not used of it is carried over",
        do="let all layers of the rule that draw on the group have one cap; where others draw on it, give them a group of their own",
    )
