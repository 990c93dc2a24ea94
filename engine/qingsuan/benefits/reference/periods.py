"""Periods of the benefit year in the slow twin: what they are called, and what is left of those that are over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from qingsuan.benefits.reference.rows import Account
from qingsuan.benefits.reference.rules import Plan, counts_in
from qingsuan.benefits.reference.steps import NOTHING, Counters
from qingsuan.policy.model import RuleSet

__all__ = ["begin_periods", "periods_of"]

Place = tuple[str, ...]
"""A group, its period and its key, if it has one: where its counters are kept."""


def begin_periods(rule_set: RuleSet, plan: Plan, account: Account, places: Mapping[str, Place], date: dt.date) -> None:
    """Begin the periods in which a claim counts: bring in what is carried over, and count the periods that have paid."""
    touched = counts_in(rule_set, plan)
    for name in sorted(rule_set.carry_over.keys() & touched):
        if places[name] not in account.groups:
            carried = _carried(rule_set, plan, account, places[name], date)
            account.groups[places[name]] = Counters(carried=carried)
    for name in sorted(rule_set.group_counts.keys() & touched):
        _count_periods(account, places[name], places[rule_set.group_counts[name]])


def _carried(rule_set: RuleSet, plan: Plan, account: Account, place: Place, date: dt.date) -> int:
    """What was not used of the limit of each period of the benefit year that is over, one after the other."""
    name, _, *key = place
    caps = [cap for setting in plan.settings for cap in setting.caps if cap.group == name and cap.per == "period"]
    limits = {cap.amount_fen for cap in caps if cap.amount_fen is not None}
    if len(limits) != 1:
        raise ValueError(f"{name}: {len(limits)} limits of a period")
    limit_fen, most_fen = limits.pop(), rule_set.carry_over[name].most_fen
    earlier = [(name, period, *key) for period in _periods_before(rule_set, name, date)]
    known = [number for number, one in enumerate(earlier) if one in account.groups]
    carried = 0
    for one in earlier[known[-1] if known else 0 :]:
        counters = account.groups.get(one, NOTHING)
        carried = max(0, limit_fen + carried + counters.carried - counters.paid)
        carried = carried if most_fen is None else min(carried, most_fen)
    return carried


def _periods_before(rule_set: RuleSet, name: str, date: dt.date) -> list[str]:
    """The periods of a group in the benefit year of a date, as they are called, up to the one before that of the date."""
    begins, kind = rule_set.year_begins, rule_set.groups[name]
    day, found = dt.date(int(periods_of(date, begins)["year"]), *begins), []
    while day <= date:
        period = periods_of(day, begins)[kind]
        if period not in found:
            found.append(period)
        day += dt.timedelta(days=1)
    return found[:-1]


def _count_periods(account: Account, counting: Place, counted: Place) -> None:
    """Count every other period of a group in which something was paid, and forget it."""
    name, period, *key = counted
    over = [one for one in account.groups if one[0] == name and list(one[2:]) == key and one[1] != period]
    paid = [account.groups.pop(one).paid > 0 for one in over]
    if any(paid):
        account.groups.setdefault(counting, Counters()).visits += sum(paid)


def periods_of(date: dt.date, begins: tuple[int, int]) -> dict[str, str]:
    """The year, quarter, month and day of a date, as they are written in a table of counters; months begin on the year's day."""
    first_month, first_day = begins
    months = date.year * 12 + date.month - 1 - (date.day < first_day)
    year, month = divmod(months - (first_month - 1), 12)
    named = divmod(months, 12)
    return {
        "year": f"{year}",
        "quarter": f"{year}Q{month // 3 + 1}",
        "month": f"{named[0]}-{named[1] + 1:02d}",
        "day": date.isoformat(),
    }
