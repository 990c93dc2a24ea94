"""Registrations (备案) that rules ask for: what refuses claims without one, and what is wrong with what is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from qingsuan.policy.findings import Finding
from qingsuan.policy.model import Codes, Missing, Rule, RuleSet
from qingsuan.policy.per_claim.names import FAMILY_KEY
from qingsuan.policy.toml.told import did_you_mean
from qingsuan.policy.when.registrations import ANSWERS, INTERVAL_KINDS

__all__ = [
    "asked_registrations",
    "asked_types",
    "asks",
    "check_registrations",
    "closed_values",
    "own_kinds",
    "refused",
    "registration_of",
]


def asks(rule_sets: Iterable[RuleSet]) -> RuleSet | None:
    """The first rule set that asks for registrations; None if none does."""
    return next((one for one in rule_sets if asked_types(one)), None)


def asked_types(rule_set: RuleSet) -> list[str]:
    """The types of registrations that a rule set asks for: by its dimensions, and where it counts by the family (以户为单位)."""
    found = {one.reg_type for one in rule_set.dimensions if one.reg_type}
    return sorted(found | ({FAMILY_KEY} & set(rule_set.group_keys.values())))


def own_kinds(rule_set: RuleSet) -> dict[str, str]:
    """What conditions on each dimension of the rule set's own are on: codes, or numbers."""
    return {one.name: "number" if one.kind in INTERVAL_KINDS else "code" for one in rule_set.dimensions}


def closed_values(rule_set: RuleSet) -> dict[str, tuple[str, ...]]:
    """All values that there can be, of the dimensions of the rule set's own of which that is known."""
    of_kind = {"list": ("in", "out"), "registered": ANSWERS}
    return {one.name: of_kind[one.kind] for one in rule_set.dimensions if one.kind in of_kind}


def _wanted(rule_set: RuleSet) -> list[tuple[Rule, str]]:
    """Each rule that asks for a registration, with the dimension that says whether there is one."""
    return [(rule, name) for rule in rule_set.rules for name in rule.registered]


def refused(rule_set: RuleSet) -> tuple[Missing, ...]:
    """All that refuses claims which a rule may match: missing parameters, then what rules ask for and a claim does not have."""
    without = Codes((ANSWERS[0],))
    wanted = (Missing(name, rule.id, {name: without}, (rule.id,)) for rule, name in _wanted(rule_set))
    return (*rule_set.missing, *wanted)


def registration_of(rule_set: RuleSet, number: int) -> tuple[Rule, str] | None:
    """The rule and the dimension of a place in :func:`refused`; None where it is a missing parameter."""
    place = number - len(rule_set.missing)
    return _wanted(rule_set)[place] if place >= 0 else None


def asked_registrations(rule_set: RuleSet) -> set[str]:
    """The dimensions that rules ask for by ``registered``."""
    return {name for _, name in _wanted(rule_set)}


def check_registrations(rule_set: RuleSet) -> Iterator[Finding]:
    """Find names under ``registered`` that are no dimension of that kind."""
    known = [one.name for one in rule_set.dimensions if one.kind == "registered"]
    for number, rule in enumerate(rule_set.rules, 1):
        path = f'rules[{number}] "{rule.id}".registered'
        for place, name in enumerate(rule.registered, 1):
            if name not in known:
                yield Finding(
                    rule_set.file,
                    f"{path}[{place}]",
                    f'no registration "{name}"',
                    f"one of {', '.join(known) or '(no dimension of kind registered is declared)'}",
                    did_you_mean(name, known) or f"declare it: [dimensions.{name}] of kind registered",
                )
