"""Oddities of files: a reading without an owner, days without rules, rules that no case meets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

from qingsuan.messages import Words as Speech
from qingsuan.policy.model import RuleSet
from qingsuan.rulebook.lint.oddity import Oddity

__all__ = ["odd_dates", "odd_readings", "odd_rules"]


def odd_readings(rule_set: RuleSet, speech: Speech) -> Iterator[Oddity]:
    """Readings (how a source is understood) that say not who answers for them."""
    for source in rule_set.sources.values():
        if source.grade == "reading" and not source.owner:
            found = speech.speak("grade reading, and no owner: neither here nor of its document under [documents]")
            yield Oddity("reading-without-owner", rule_set.file, f"sources.{source.key}", found)


def odd_dates(rule_sets: Sequence[RuleSet], speech: Speech) -> Iterator[tuple[RuleSet, Oddity]]:
    """Days between two rule sets of one pool and scheme on which neither is in force; told of the later one."""
    series: dict[tuple[str, str], list[RuleSet]] = {}
    for one in sorted(rule_sets, key=lambda each: each.effective):
        for scheme in one.schemes:
            series.setdefault((one.pool, scheme), []).append(one)
    for (_, scheme), sets in series.items():
        for before, after in pairwise(sets):
            if before.until is not None and before.until + dt.timedelta(days=1) < after.effective:
                found = speech.speak(
                    "scheme {scheme}: nothing is in force between {end} ({file}) and {begin}",
                    scheme=scheme,
                    end=str(before.until),
                    file=before.file,
                    begin=str(after.effective),
                )
                yield after, Oddity("dates-gap", after.file, f"ruleset.effective: {scheme}", found)


def odd_rules(rule_set: RuleSet, met: Collection[str], speech: Speech) -> Iterator[Oddity]:
    """Rules that no case meets; ``met`` are the names of rules that settled rows of cases have."""
    for rule in rule_set.rules:
        if f"{rule_set.name}:{rule.id}" not in met:
            found = speech.speak("no settled claim of a case meets it")
            yield Oddity("rule-without-case", rule_set.file, f"rules.{rule.id}", found)
