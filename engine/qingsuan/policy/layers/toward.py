"""Payments that count toward a deductible: how a file says it, and what can be said against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from qingsuan.policy.findings import Finding
from qingsuan.policy.model import RuleSet, Source, Toward
from qingsuan.policy.sources import cite
from qingsuan.policy.strict import Table
from qingsuan.policy.toml.told import did_you_mean

__all__ = ["check_toward", "read_toward"]


def read_toward(table: Table, sources: Mapping[str, Source]) -> Toward:
    """Read ``counts_toward``: the group whose deductible a payment is."""
    return Toward(table.text("group"), cite(table, sources))


def check_toward(rule_set: RuleSet) -> Iterator[Finding]:
    """Find payments that count toward a deductible that nobody has."""
    cases = [case for layer in rule_set.layers.values() for case in layer.cases]
    deducting = {one.group for case in cases if (one := case.deductible) is not None and one.per == "period"}
    known = sorted(group for group in deducting if group is not None)
    for layer in rule_set.layers.values():
        for number, case in enumerate(layer.cases):
            if case.counts_toward is not None and case.counts_toward.group not in known:
                path = f"layers.{layer.name}" + (f".cases[{number}]" if number else "")
                yield Finding(
                    rule_set.file,
                    f"{path}.counts_toward.group",
                    f'"{case.counts_toward.group}", of which no layer has a deductible per period: the payment would count for nothing',
                    f"one of {', '.join(known) or '(no layer has such a deductible)'}",
                    did_you_mean(case.counts_toward.group, known) or "name the group of a deductible per period",
                    case.counts_toward.source,
                )
