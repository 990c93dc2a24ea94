"""Layers that are settled after a person's last claim of the year (年终二次报销): how a file says it, and what can be said against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from qingsuan.policy.counting.check import selects_of
from qingsuan.policy.findings import Finding
from qingsuan.policy.model import PERSONAL_ACCOUNT, Bands, Case, Layer, Rule, RuleSet, Source, YearEnd
from qingsuan.policy.per_claim.year_end import COUNTED_AT_YEAR_END
from qingsuan.policy.sources import cite
from qingsuan.policy.strict import Table

__all__ = ["check_year_end", "read_year_end"]

_OF_ONE_CLAIM = ("visits", "entry", "counts_toward")
"""Settings that say something of one claim: at the end of the year there is none."""


def read_year_end(table: Table, sources: Mapping[str, Source]) -> YearEnd:
    """Read ``year_end``: the group in which the year is added up."""
    return YearEnd(table.text("group"), cite(table, sources))


def check_year_end(rule_set: RuleSet) -> Iterator[Finding]:
    """Find layers of the year's end whose group others use, that ask for what a year has not, or after which another layer is to pay."""
    ends = {layer.name: layer.year_end for layer in rule_set.layers.values() if layer.year_end is not None}
    for name, end in ends.items():
        yield from _group(rule_set, name, end)
        yield from _settings(rule_set, rule_set.layers[name], end)
    for number, rule in enumerate(rule_set.rules, 1):
        yield from _rule(rule_set, rule, f'rules[{number}] "{rule.id}"', ends)


def _group(rule_set: RuleSet, name: str, end: YearEnd) -> Iterator[Finding]:
    path = f"layers.{name}.year_end.group"

    def finding(found: str, expected: str, do: str) -> Finding:
        return Finding(rule_set.file, path, found, expected, do, end.source)

    if end.group not in rule_set.groups:
        return  # said already
    period = rule_set.groups[end.group]
    if period != "year":
        expected = "a group that counts a year: the layer is settled once a year"
        yield finding(f'"{end.group}", which counts a {period}', expected, f'write groups.{end.group} = "year"')
    if end.group in rule_set.group_keys:
        found = f'"{end.group}", kept apart by {rule_set.group_keys[end.group]}'
        yield finding(found, "a group without a key: the year of a person is settled as one", "take by = … out")
    if end.group in rule_set.group_counts:
        found = f'"{end.group}", which counts the periods of "{rule_set.group_counts[end.group]}"'
        yield finding(found, "a group of its own", "give the layer another group")
    for layer in rule_set.layers.values():
        if layer.name != name and end.group in _groups(layer):
            do = "give the layer of the year's end a group that nothing else counts in"
            yield finding(f'"{end.group}", in which layer "{layer.name}" counts too', "a group of its own", do)


def _groups(layer: Layer) -> set[str]:
    """The groups that a layer reads or counts on."""
    found = set() if layer.year_end is None else {layer.year_end.group}
    for case in layer.cases:
        settings = (case.visits, case.deductible, case.bands, case.limit, case.counts_toward, *(case.caps or ()))
        found |= {one.group for one in settings if one is not None and one.group is not None}
        found |= {select.group for _, select in selects_of(case)}
    return found


def _settings(rule_set: RuleSet, layer: Layer, end: YearEnd) -> Iterator[Finding]:
    for number, case in enumerate(layer.cases):
        path = case.cell or f"layers.{layer.name}" + (f".cases[{number}]" if number else "")
        for key, found, expected, do in _not_of_a_year(case, end.group):
            yield Finding(rule_set.file, path if case.cell else f"{path}.{key}", found, expected, do, end.source)
    if layer.fund == PERSONAL_ACCOUNT:
        found, expected = "the personal account, at the end of the year", "a fund: the account has paid claim by claim"
        yield Finding(rule_set.file, f"layers.{layer.name}.fund", found, expected, "name a fund", end.source)


def _not_of_a_year(case: Case, group: str) -> Iterator[tuple[str, str, str, str]]:
    """What of a case a year as a whole has not: key, found, expected, what to do."""
    for key in _OF_ONE_CLAIM:
        if getattr(case, key) is not None:
            found, expected = f"{key}, which is of one claim", "nothing of the kind: the whole year is settled at once"
            yield key, found, expected, "take it out"
    caps = [(f"caps[{number}]", cap) for number, cap in enumerate(case.caps or (), 1) if not cap.is_none]
    for key, one in (("deductible", case.deductible), ("limit", case.limit), *caps):
        if one is None or (key == "deductible" and case.deductible is not None and case.deductible.exempt):
            continue
        if one.of_claim is not None:
            found = "an amount that each claim has for itself, or that a counter selects"
            yield key, found, "one amount for the year", "write the amount"
        if (one.per, one.group) != ("period", group):
            yield key, *_per(one.per, one.group, group)
    if case.bands is not None:
        yield from _not_of_a_years_bands(case.bands, group)


def _not_of_a_years_bands(bands: Bands, group: str) -> Iterator[tuple[str, str, str, str]]:
    if bands.select is not None:
        found = f'"{bands.select.counter}" of "{bands.select.group}"'
        if (bands.select.group, bands.select.counter) != (group, COUNTED_AT_YEAR_END):
            expected = f'"{COUNTED_AT_YEAR_END}" of "{group}": what the person still bears of the whole year'
            do = f'write select = {{ group = "{group}", counter = "{COUNTED_AT_YEAR_END}" }}'
            yield "bands.select", found, expected, do
    elif bands.upto_fen and (bands.per, bands.group) != ("period", group):
        yield "bands", *_per(bands.per, bands.group, group)


def _per(per: str, of: str | None, group: str) -> tuple[str, str, str]:
    found = f'per = "{per}"' if of is None else f'per = "{per}", group = "{of}"'
    return found, f'per = "period", group = "{group}": the year, in the group of year_end', "mend per and group"


def _rule(rule_set: RuleSet, rule: Rule, path: str, ends: Mapping[str, YearEnd]) -> Iterator[Finding]:
    for place, name in enumerate(rule.layers, 1):
        if name in ends and place < len(rule.layers):
            after = rule.layers[place]
            yield Finding(
                rule_set.file,
                f"{path}.layers[{place}]",
                f'"{name}", which is settled at the end of the year, before "{after}"',
                "it as the last of the list, and no second one: what it pays, no claim can know",
                "move it to the end of the list",
                ends[name].source,
            )
    bounds = (("ceiling", rule.ceiling), ("guarantee", rule.guarantee))
    for key, place, name in (
        (key, place, name) for key, one in bounds if one is not None for place, name in enumerate(one.layers, 1)
    ):
        if name in ends:
            yield Finding(
                rule_set.file,
                f"{path}.{key}.layers[{place}]",
                f'"{name}", which is settled at the end of the year',
                f"layers that pay claim by claim: a {key} looks at one claim",
                "take the name out",
                ends[name].source,
            )
