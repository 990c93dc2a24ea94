"""What can be said against groups that carry over what is not used, and groups that count the periods of others."""

from __future__ import annotations

from collections.abc import Iterator

from qingsuan.policy.findings import Finding
from qingsuan.policy.model import Case, RuleSet
from qingsuan.policy.per_claim.amount import Amount
from qingsuan.policy.per_claim.counted import Select
from qingsuan.policy.toml.told import did_you_mean

__all__ = ["check_counting", "selects_of"]

_CARRIED = {"quarter", "month"}


def check_counting(rule_set: RuleSet) -> Iterator[Finding]:
    """Find groups that carry over what nobody can say, and groups that count what is not there or is no period."""
    for name in rule_set.carry_over:
        yield from _of_carrying(rule_set, name)
    for name in rule_set.group_counts:
        yield from _of_counting(rule_set, name)


def selects_of(case: Case) -> Iterator[tuple[str, Select]]:
    """Every counter that selects something in a case, with the key of the setting."""
    if case.bands is not None and case.bands.select is not None:
        yield "bands", case.bands.select
    for key, amount in _amounts_of(case):
        if amount.select is not None:
            yield key, amount.select


def _amounts_of(case: Case) -> Iterator[tuple[str, Amount]]:
    bounds = [("deductible", case.deductible), ("limit", case.limit)]
    for key, one in (*bounds, *((f"caps[{number}]", cap) for number, cap in enumerate(case.caps or (), 1))):
        if one is not None and one.of_claim is not None:
            yield key, one.of_claim


def _cases(rule_set: RuleSet) -> Iterator[tuple[str, Case]]:
    for layer in rule_set.layers.values():
        for number, case in enumerate(layer.cases):
            yield case.cell or f"layers.{layer.name}" + (f".cases[{number}]" if number else ""), case


def _of_carrying(rule_set: RuleSet, name: str) -> Iterator[Finding]:
    source, period = rule_set.carry_over[name].source, rule_set.groups[name]
    own = f"groups.{name}.carry_over"
    if period not in _CARRIED:
        found = f"a group that counts a {period}"
        expected = "a quarter or a month: nothing is carried beyond the benefit year, and a day's limit is that day's"
        yield Finding(rule_set.file, own, found, expected, "take carry_over out, or mend the period", source)
    caps = [cap for _, case in _cases(rule_set) for cap in case.caps or () if (cap.group, cap.per) == (name, "period")]
    if all(cap.amount_fen is None for cap in caps):
        found = "no cap per period draws on this group: nothing is left that could be carried"
        do = f'write the limit: caps = [{{ group = "{name}", yuan = … }}]'
        yield Finding(rule_set.file, own, found, "a cap with an amount", do, source)
    for path, case in _cases(rule_set):
        for key, found, expected, do in _not_carried(case, name):
            yield Finding(rule_set.file, f"{path}.{key}", found, expected, do, source)


def _not_carried(case: Case, name: str) -> Iterator[tuple[str, str, str, str]]:
    """What of a case leaves nothing, or nothing that can be told, to carry over in a group: key, found, expected, what to do."""
    for number, cap in enumerate(case.caps or (), 1):
        if (cap.group, cap.per) == (name, "period") and cap.of_claim is not None:
            found = f'an amount that each claim has for itself, in "{name}", which carries over what is not used'
            expected = "one amount: with another for each claim nobody can say what an earlier period left"
            yield f"caps[{number}]", found, expected, "take carry_over out, or write the amount"
    if case.adjust is not None and name in case.adjust.lift_caps:
        found = f'the cap "{name}" lifted, whose group carries over what is not used'
        expected = "a cap that holds for everybody: what a lifted one leaves is nothing that could be carried"
        yield "adjust.lift_caps", found, expected, "give those whose cap is lifted a layer without it"
    if case.limit is not None and case.limit.group == name:
        found = f'"{name}", which carries over what is not used of its cap'
        expected = "another group: of a limit on what enters nothing is carried"
        yield "limit.group", found, expected, "give the limit a group of its own"
    for key, select in selects_of(case):
        if (select.group, select.counter) == (name, "paid"):
            found = f'"paid" of "{name}", of which what is carried over is used first'
            do = "draw on a second group, which carries nothing over, and select by that"
            yield f"{key}.select.counter", found, "another counter, or another group", do


def _of_counting(rule_set: RuleSet, name: str) -> Iterator[Finding]:
    counted = rule_set.group_counts[name]
    own = f"groups.{name}.counts"

    def finding(found: str, expected: str, do: str, path: str = own) -> Finding:
        return Finding(rule_set.file, path, found, expected, do)

    if rule_set.groups[name] != "year":
        expected = '"year": periods are counted within the benefit year'
        yield finding(f'"{rule_set.groups[name]}"', expected, 'write period = "year"', f"groups.{name}.period")
    shorter = [other for other, period in rule_set.groups.items() if period != "year"]
    if counted not in shorter:
        found = f'"{counted}", which counts a year' if counted in rule_set.groups else f'no group "{counted}"'
        expected = f"one of {', '.join(shorter) or '(no group has a period shorter than a year)'}"
        yield finding(found, expected, did_you_mean(counted, shorter) or "name the group whose periods are counted")
        return
    others = [other for other, group in rule_set.group_counts.items() if group == counted]
    if others[0] != name:
        yield finding(f'"{counted}", which "{others[0]}" counts already', "one group that counts it", "use that one")
    if counted in rule_set.carry_over:
        expected = "a group that carries nothing over: what is carried is used before anything counts as paid"
        yield finding(f'"{counted}", which carries over', expected, "let the layer draw on a second group too")
    keys = [rule_set.group_keys.get(one) for one in (name, counted)]
    if keys[0] != keys[1]:
        found, expected = (f"kept apart by {key}" if key else "kept apart by no key" for key in keys)
        yield finding(found, f"{expected}, as “{counted}” is", "let both have the same key", f"groups.{name}.by")
    drawn = {cap.group for _, case in _cases(rule_set) for cap in case.caps or ()}
    if counted not in drawn:
        found = f'"{counted}", on which no layer draws: nothing is ever paid in it'
        yield finding(
            found, "a group that caps name", f'write caps = [{{ group = "{counted}" }}] in the layer that pays'
        )
    for path, case in _cases(rule_set):
        for key in _uses_otherwise(case, name):
            found = f'"{name}", which counts periods of "{counted}" and nothing else'
            yield finding(found, "a group of its own", "name another group here", f"{path}.{key}")


def _uses_otherwise(case: Case, name: str) -> Iterator[str]:
    """The settings of a case that count in a group, or ask it for something else than visits."""
    for key in ("visits", "deductible", "bands", "limit", "counts_toward"):
        setting = getattr(case, key)
        if setting is not None and setting.group == name:
            yield f"{key}.group"
    yield from (f"caps[{number}].group" for number, cap in enumerate(case.caps or (), 1) if cap.group == name)
    for key, select in selects_of(case):
        if select.group == name and select.counter != "visits":
            yield f"{key}.select.counter"
