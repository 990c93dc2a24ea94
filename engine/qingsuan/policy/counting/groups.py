"""What a file says of its groups (``[groups]``): the period of each, its key, what it carries over, what it counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from qingsuan.policy.model import CarryOver, Period, Source
from qingsuan.policy.sources import cite
from qingsuan.policy.strict import Table

__all__ = ["Groups", "read_groups"]

_PERIODS: tuple[Period, ...] = ("year", "quarter", "month", "day")


class Groups(NamedTuple):
    """By group: its period, the key that keeps it apart, what it carries over, and the group of which it counts periods."""

    periods: dict[str, Period]
    keys: dict[str, str]
    carry_over: dict[str, CarryOver]
    counts: dict[str, str]


def read_groups(root: Table, sources: Mapping[str, Source]) -> Groups:
    """Read ``[groups]``."""
    found = Groups({}, {}, {}, {})
    if not root.has("groups"):
        return found
    table = root.table("groups")
    if table.has("visit"):
        do = "choose another name"
        table.refuse("visit", found='a group named "visit"', expected="lift_caps means per-visit caps by that", do=do)
    for name in table.names():
        if not table.is_table(name):
            found.periods[name] = table.choice(name, _PERIODS)
            continue
        one = table.table(name)
        found.periods[name] = one.choice("period", _PERIODS)
        said = [key for key in ("by", "carry_over", "counts") if one.has(key)]
        if "by" in said:
            found.keys[name] = one.text("by")
        if "carry_over" in said:
            found.carry_over[name] = _carry_over(one.table("carry_over"), sources)
        if "counts" in said:
            found.counts[name] = one.text("counts")
        if not said:
            one.done()  # a misspelt key first
            do = f'write {name} = "{found.periods[name]}"'
            one.refuse("", found="a table that says a period alone", expected="by, carry_over or counts", do=do)
    return found


def _carry_over(table: Table, sources: Mapping[str, Source]) -> CarryOver:
    """Read what is carried over: all of it, or so much at most."""
    everything = table.has("all") and table.flag("all")
    if everything == table.has("yuan"):
        found = "both all and yuan" if everything else "neither all nor yuan"
        do = "write all = true where everything that is not used is carried over, else yuan = … for the most that is"
        table.refuse("", found=found, expected="one of the two", do=do)
    most_fen = None if everything else table.yuan_fen("yuan")
    if most_fen == 0:
        do = "take carry_over out where nothing is carried over"
        table.refuse("yuan", found="0", expected="the most that is carried into a period", do=do)
    return CarryOver(most_fen, cite(table, sources))
