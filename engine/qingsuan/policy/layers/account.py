"""What can be said against a turn of the personal account (个人账户): its money is not fund money, and is not counted as such."""

from __future__ import annotations

from collections.abc import Iterator

from qingsuan.policy.findings import Finding
from qingsuan.policy.model import PERSONAL_ACCOUNT, Layer, RuleSet

__all__ = ["check_account_turns"]


def check_account_turns(rule_set: RuleSet) -> Iterator[Finding]:
    """Find turns of the account that a ceiling or guarantee of the funds looks at, or that draw on a cap of a fund."""
    turns = {layer.name for layer in rule_set.layers.values() if layer.fund == PERSONAL_ACCOUNT}
    for number, rule in enumerate(rule_set.rules, 1):
        for key, bound in (("ceiling", rule.ceiling), ("guarantee", rule.guarantee)):
            for place, name in enumerate(() if bound is None else bound.layers, 1):
                if bound is not None and name in turns:
                    yield Finding(
                        rule_set.file,
                        f'rules[{number}] "{rule.id}".{key}.layers[{place}]',
                        f'"{name}", which the personal account pays',
                        f"layers of funds: what the account pays is the person's own, and no {key} looks at it",
                        "take the name out",
                        bound.source,
                    )
    of_funds = {group for layer in rule_set.layers.values() if layer.name not in turns for group in _drawn_on(layer)}
    for name in sorted(turns):
        yield from _shared(rule_set, rule_set.layers[name], of_funds)


def _shared(rule_set: RuleSet, layer: Layer, of_funds: set[str]) -> Iterator[Finding]:
    for number, case in enumerate(layer.cases):
        for place, cap in enumerate(case.caps or (), 1):
            if cap.group in of_funds:
                path = f"layers.{layer.name}" + (f".cases[{number}]" if number else "")
                yield Finding(
                    rule_set.file,
                    f"{path}.caps[{place}].group",
                    f'"{cap.group}", on which a layer of a fund draws too: what the account pays would use up the fund\'s cap',
                    "a group on which nothing but the personal account draws",
                    "give the account a group of its own",
                    cap.source,
                )


def _drawn_on(layer: Layer) -> set[str]:
    """The groups on which a layer's payments are counted."""
    return {cap.group for case in layer.cases for cap in case.caps or () if cap.group is not None}
