"""The waiting period (等待期) of a rule set: what is wrong with it, and its exemptions as a decision of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from qingsuan.policy.findings import Finding
from qingsuan.policy.model import Rule, RuleSet
from qingsuan.policy.toml.told import did_you_mean
from qingsuan.policy.when.values import ANY_OF, AnyOf, When, written_out

__all__ = ["check_waiting", "exemptions", "only_exemptions", "sources_of_waiting"]


def exemptions(rule_set: RuleSet) -> Iterator[tuple[str, When]]:
    """The conditions of each exemption, with its place in the file."""
    if rule_set.waiting is not None:
        for number, one in enumerate(rule_set.waiting.exempt, 1):
            yield f"waiting.exempt[{number}].when", one.when


def sources_of_waiting(rule_set: RuleSet) -> Iterator[tuple[str, str]]:
    """What the waiting period and each exemption name as their source, by their place in the file."""
    if rule_set.waiting is not None:
        yield "waiting", rule_set.waiting.source
        for number, one in enumerate(rule_set.waiting.exempt, 1):
            yield f"waiting.exempt[{number}]", one.source


def check_waiting(rule_set: RuleSet) -> Iterator[Finding]:
    """Check the schemes of a waiting period: there are some, and they are those of the rule set."""
    if rule_set.waiting is None:
        return
    if not rule_set.waiting.schemes:
        yield Finding(
            rule_set.file,
            "waiting.schemes",
            found="an empty list",
            expected="at least one scheme",
            do="leave schemes out for all of the rule set, or [waiting] if it is not known of any",
        )
    for number, scheme in enumerate(rule_set.waiting.schemes, 1):
        if scheme not in rule_set.schemes:
            yield Finding(
                rule_set.file,
                f"waiting.schemes[{number}]",
                found=f'"{scheme}", which is no scheme of this rule set',
                expected=f"one of {', '.join(rule_set.schemes)}",
                do=did_you_mean(scheme, rule_set.schemes) or "take it out, or add it to ruleset.schemes",
            )


def only_exemptions(rule_set: RuleSet) -> RuleSet:
    """A rule set with one rule, which holds for those whom its waiting period spares; without a rule if it spares nobody."""
    whens = [one for _, when in exemptions(rule_set) for one in written_out(when)]
    rules: tuple[Rule, ...] = ()
    if whens:
        rules = (Rule("exempt", whens[0] if len(whens) == 1 else {ANY_OF: AnyOf(tuple(whens))}, ()),)
    return replace(rule_set, rules=rules, missing=(), covers=(), layers={})
