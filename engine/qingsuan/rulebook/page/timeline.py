"""The versions of rules along the years, as a picture: a bar for each rule set, a line for each pool and scheme."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from qingsuan.messages import Words
from qingsuan.pages.charts import INK, drawing, text_millimetres
from qingsuan.policy.model import RuleSet

__all__ = ["spans", "timeline"]

_WIDTH_MM, _LINE_MM, _FRAME_MM = 182, 8, 12
_MOST_YEARS = 12
"""So many years get a tick of their own; of more, every fifth one."""

_OPEN, _ENDED = "#cfe0f0", "#e3e7ec"


def timeline(lines: Sequence[tuple[str, Sequence[RuleSet]]], words: Words) -> Any:
    """A picture of the lines, each with its name and its rule sets in order of date."""
    listed = [(name, list(spans(sets))) for name, sets in lines]
    dates = [date for _, each in listed for span in each for date in span if date is not None]
    first, last = min(dates).year, max(dates).year + 2
    years = range(first, last + 1, 1 if last - first <= _MOST_YEARS else 5)

    def draw(axes: Any) -> None:
        end_of_all = dt.date(last, 1, 1).toordinal()
        for place, (_, each) in enumerate(listed):
            for begin, end in each:
                left = begin.toordinal()
                right = end_of_all if end is None else end.toordinal() + 1
                colour = _OPEN if end is None else _ENDED
                axes.barh(place, right - left, left=left, height=0.7, facecolor=colour, edgecolor=INK, linewidth=0.6)
                axes.annotate(_said(begin, end, words), (left, place), (4, 0), textcoords="offset points", va="center")
        axes.set_xlim(dt.date(first, 1, 1).toordinal(), end_of_all)
        axes.set_xticks([dt.date(year, 1, 1).toordinal() for year in years], labels=[str(year) for year in years])
        axes.set_yticks(range(len(listed)), labels=[name for name, _ in listed])
        axes.set_ylim(len(listed) - 0.5, -0.5)
        axes.grid(axis="x")
        axes.set_axisbelow(True)
        axes.set_xlabel(words.speak("Year"))

    margins = (3 + max(text_millimetres(name) for name, _ in listed), 6, 10, 2)
    height = _FRAME_MM + _LINE_MM * len(listed)
    return drawing("timeline", words.speak("When each version is in force"), (_WIDTH_MM, height), draw, margins)


def _said(begin: dt.date, end: dt.date | None, words: Words) -> str:
    if end is None:
        return words.speak("from {begin}", begin=str(begin))
    return words.speak("{begin} to {end}", begin=str(begin), end=str(end))


def spans(sets: Sequence[RuleSet]) -> Iterator[tuple[dt.date, dt.date | None]]:
    """The first and the last day of each rule set: its own last day, or that before the next one begins; None where it is open."""
    for at, one in enumerate(sets):
        if one.until is not None:
            yield one.effective, one.until
        elif at + 1 < len(sets):
            yield one.effective, sets[at + 1].effective - dt.timedelta(days=1)
        else:
            yield one.effective, None
