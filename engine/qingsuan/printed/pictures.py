"""The pictures of a report: what each fund pays, the months of the year, and who bears how much."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qingsuan.messages import Words
from qingsuan.pages.numbers import ten_thousands
from qingsuan.pages.pictures import bars, curves
from qingsuan.printed.gathering import Gathered
from qingsuan.printed.section import Section

__all__ = ["pictures_of"]

_MOST_BARS = 30


def pictures_of(sections: Mapping[str, Section], gathered: Gathered, words: Words) -> dict[str, Any]:
    """A picture for each of these sections that has one, by its name."""
    made: dict[str, Any] = {}
    if "funds" in sections:
        made["funds"] = _funds(sections["funds"], words)
    if "months" in sections:
        made["months"] = _months(gathered, words)
    if "tenths" in sections:
        made["tenths"] = _tenths(gathered, words)
    return {name: picture for name, picture in made.items() if picture is not None}


def _funds(section: Section, words: Words) -> Any:
    values = [(f"{fund} {pool} {scheme}", [paid]) for fund, pool, scheme, paid in section.rows[:-1]][:_MOST_BARS]
    if not values:
        return None
    return bars(
        "funds", words.speak("what each fund pays"), values, words.speak("paid, ten thousand yuan"), ten_thousands
    )


def _months(gathered: Gathered, words: Words) -> Any:
    months = gathered.months
    if len(months) < 2:
        return None
    names = list(months)
    lines = {
        words.speak("Total cost"): [amounts[1] for amounts in months.values()],
        words.speak("Funds together"): [amounts[3] for amounts in months.values()],
        words.speak("Own burden"): [amounts[4] for amounts in months.values()],
    }
    return curves(
        "months",
        words.speak("cost, payments and own burden by month"),
        range(len(names)),
        lines,
        (words.speak("Month"), words.speak("ten thousand yuan")),
        (lambda at: names[at] if 0 <= at < len(names) else "", ten_thousands),
    )


def _tenths(gathered: Gathered, words: Words) -> Any:
    values = [(str(one.number), [one.own]) for one in gathered.tenths]
    if not values:
        return None
    return bars(
        "tenths",
        words.speak("own burden by tenth of people"),
        values,
        words.speak("own burden, ten thousand yuan"),
        ten_thousands,
    )
