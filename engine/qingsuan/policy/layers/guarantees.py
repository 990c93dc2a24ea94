"""What can be said against a guarantee (保底): layers that its rule has not, a layer to pay that it does not look at."""

from __future__ import annotations

from collections.abc import Iterator

from qingsuan.policy.findings import Finding
from qingsuan.policy.model import Guarantee, Rule, RuleSet
from qingsuan.policy.toml.told import did_you_mean

__all__ = ["check_guarantees"]


def check_guarantees(rule_set: RuleSet) -> Iterator[Finding]:
    """Find what is wrong with the guarantees of rules."""
    for number, rule in enumerate(rule_set.rules, 1):
        if rule.guarantee is not None:
            yield from _of_rule(rule_set, f'rules[{number}] "{rule.id}".guarantee', rule, rule.guarantee)


def _of_rule(rule_set: RuleSet, path: str, rule: Rule, guarantee: Guarantee) -> Iterator[Finding]:
    source = guarantee.source
    if not guarantee.layers:
        found, expected, do = "an empty list", "at least one layer", "name the layers whose payments count"
        yield Finding(rule_set.file, f"{path}.layers", found, expected, do, source)
    for place, name in enumerate(guarantee.layers, 1):
        if name not in rule.layers:
            yield Finding(
                rule_set.file,
                f"{path}.layers[{place}]",
                f'"{name}" is not a layer of this rule',
                f"one of {', '.join(rule.layers) or '(the rule has none)'}",
                did_you_mean(name, rule.layers) or "mend the name",
                source,
            )
    if guarantee.to not in guarantee.layers:
        yield Finding(
            rule_set.file,
            f"{path}.to",
            f'"{guarantee.to}", whose payments the guarantee does not count',
            f"one of its layers: {', '.join(guarantee.layers) or '(it names none)'}",
            did_you_mean(guarantee.to, guarantee.layers)
            or "name the layer that pays what is lacking, under layers too",
            source,
        )
    ceiling = rule.ceiling
    if ceiling is None or not set(guarantee.layers) <= set(ceiling.layers) or ceiling.of != guarantee.of:
        return
    if ceiling.ratio_bp < guarantee.ratio_bp:
        yield Finding(
            rule_set.file,
            f"{path}.percent",
            "a guarantee above the ceiling of the same layers and base: it is always taken back",
            "a percentage not above that of the ceiling",
            "correct one of the two",
            source,
        )
