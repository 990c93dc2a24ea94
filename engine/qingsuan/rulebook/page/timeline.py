"""The versions of rules along the years, as a picture: a bar for each rule set, a line for each pool and scheme."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from qingsuan.policy.model import RuleSet
from qingsuan.rulebook.page.html import element, text

__all__ = ["timeline"]

_WIDTH, _LEFT, _LINE = 720, 150, 30
_SINGLE_YEARS = 12
"""So many years get a line of their own; of more, every fifth one."""


def timeline(lines: Sequence[tuple[str, Sequence[RuleSet]]]) -> str:
    """A picture of the lines, each with its name and its rule sets in order of date."""
    first = min(one.effective for _, sets in lines for one in sets).year
    last = max(
        [dt.date(first, 12, 31), *(_end(sets, at) or one.effective for _, sets in lines for at, one in enumerate(sets))]
    )
    years = range(first, last.year + 3)
    step = 1 if len(years) <= _SINGLE_YEARS else 5
    height = _LINE * len(lines) + 24
    parts = [
        f'<line x1="{_x(dt.date(year, 1, 1), years)}" y1="14" x2="{_x(dt.date(year, 1, 1), years)}" y2="{height}" stroke="#dde2e8"/>'
        f'<text x="{_x(dt.date(year, 1, 1), years) + 3}" y="11" font-size="10" fill="#6a727d">{year}</text>'
        for year in years[:-1]
        if (year - first) % step == 0
    ]
    for number, (name, sets) in enumerate(lines):
        y = 22 + _LINE * number
        parts.append(f'<text x="0" y="{y + 14}" font-size="11">{text(name)}</text>')
        for at, one in enumerate(sets):
            end = _end(sets, at)
            x, right = _x(one.effective, years), _WIDTH if end is None else _x(end + dt.timedelta(days=1), years)
            colour, said = ("#cfe0f0", "起") if end is None else ("#e3e7ec", f"至 {end}")
            parts.append(
                f'<rect x="{x}" y="{y}" width="{max(right - x, 2)}" height="20" rx="2" fill="{colour}" '
                f'stroke="#24527a"/>'
                f'<text x="{x + 5}" y="{y + 14}" font-size="10">{one.effective} {said}</text>'
            )
    drawing = "".join(parts)
    return element("svg", drawing, viewBox=f"0 0 {_WIDTH} {height}", role="img", aria_label="timeline").replace(
        "aria_label", "aria-label"
    )


def _end(sets: Sequence[RuleSet], at: int) -> dt.date | None:
    """The last day of a rule set: its own, or that before the next one begins."""
    if sets[at].until is not None:
        return sets[at].until
    return sets[at + 1].effective - dt.timedelta(days=1) if at + 1 < len(sets) else None


def _x(date: dt.date, years: range) -> int:
    start = dt.date(years[0], 1, 1)
    days = (dt.date(years[-1], 1, 1) - start).days
    return _LEFT + (date - start).days * (_WIDTH - _LEFT) // days
