"""What can be said against the rule sets of one region when they are laid side by side."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from qingsuan.policy.findings import Finding
from qingsuan.policy.model import Region, RuleSet
from qingsuan.policy.toml.told import did_you_mean

__all__ = ["check_together"]


def check_together(region: Region, rule_sets: Iterable[RuleSet]) -> Iterator[Finding]:
    """Check the rule sets of one region against each other and against its pools.

    A pool is not the region's; two sets of one pool and scheme begin on the same date, name different benefit dates, or the
    earlier one ends after the later one begins.
    """
    latest: dict[tuple[str, str], RuleSet] = {}
    pools = [pool.code for pool in region.pools]
    for rule_set in sorted(rule_sets, key=lambda each: (each.effective, each.file)):
        if rule_set.pool not in pools:
            yield Finding(
                rule_set.file,
                "ruleset.pool",
                found=f'pool "{rule_set.pool}" is not one of region {region.code} {region.name}',
                expected=f"one of {', '.join(pools) or '(the region names no pool)'}",
                do=did_you_mean(rule_set.pool, pools) or "name the pool in Region(pools=…)",
            )
        for scheme in rule_set.schemes:
            before = latest.get((rule_set.pool, scheme))
            if before is not None:
                yield from _successors(before, rule_set, scheme)
            latest[rule_set.pool, scheme] = rule_set


def _successors(before: RuleSet, after: RuleSet, scheme: str) -> Iterator[Finding]:
    of = f"pool {after.pool}, scheme {scheme}"
    if before.effective == after.effective:
        yield Finding(
            after.file,
            "ruleset.effective",
            found=f"{of}: {after.effective} is also the date of {before.file}",
            expected="one file per pool, scheme and date",
            do="take one of the two files out, or correct its date",
        )
    if before.until is not None and before.until >= after.effective:
        yield Finding(
            before.file,
            "ruleset.until",
            found=f"{of}: until {before.until}, but {after.file} is effective from {after.effective}",
            expected=f"until = {after.effective - dt.timedelta(days=1)} or earlier, or no until",
            do="correct until, or take it out: the next file ends this one",
        )
    if before.benefit_date != after.benefit_date:
        yield Finding(
            after.file,
            "ruleset.benefit_date",
            found=f'{of}: "{after.benefit_date}", but {before.file} has "{before.benefit_date}"',
            expected="the same column in all files of a pool and scheme",
            do="correct one of them: otherwise a claim could fall between two files, or into both",
        )
