"""What a simulation changes, drawn: by fund, by group of people or claims, by tenth of own burden, and over the values of a sweep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from qingsuan.messages import Words
from qingsuan.pages.numbers import short_yuan
from qingsuan.pages.pictures import bars, curves
from qingsuan.simulation.changing.asked import plain
from qingsuan.simulation.telling.summary import DIMENSIONS, group_name
from qingsuan.simulation.telling.workbook import COLUMNS

__all__ = ["curve_of", "decile_bars", "fund_bars", "group_bars", "unit_name"]

_MOST_BARS = 30
"""So many groups are drawn; all of them are in the table beside the picture."""

Rows = Sequence[Mapping[str, Any]]


def fund_bars(funds: Rows, words: Words) -> Any:
    """By how much each fund of each pool and scheme pays more or less."""
    values = [
        (f"{one['pool']}/{one['insutype']} {words.speak(COLUMNS[one['fund']])}", [_fen(one["change"])]) for one in funds
    ]
    described = words.speak("by how much each fund pays more or less")
    return (
        bars("funds", described, values[:_MOST_BARS], words.speak("change of payments, yuan"), short_yuan)
        if values
        else None
    )


def group_bars(dimension: str, groups: Rows, words: Words) -> Any:
    """By how much the funds together pay more or less for each group of one dimension."""
    values = [(group_name(dimension, one["group"], words), [_fen(one["fund_pay_sumamt_change"])]) for one in groups]
    described = words.speak(DIMENSIONS[dimension])
    return bars(dimension, described, values[:_MOST_BARS], words.speak("change of payments, yuan"), short_yuan)


def decile_bars(deciles: Rows, words: Words) -> Any:
    """For each tenth of people what those gain who bear less, and what those lose who bear more."""
    values = [(str(one["decile"]), [_fen(one["gained"]), _fen(one["lost"])]) for one in deciles]
    by_tenth = DIMENSIONS["decile"]
    described = words.speak(by_tenth)
    title = words.speak("gained (right) and lost (left), yuan")
    return bars("deciles", described, values, title, short_yuan) if values else None


def curve_of(swept: Rows, funds: Rows, unit: str, words: Words) -> Any:
    """What the funds pay more or less at each value that was tried; None of fewer than two."""
    if len(swept) < 2:
        return None
    in_order = sorted(swept, key=lambda one: one["value"])
    lines = {words.speak("Funds together"): [_fen(one["fund_pay_sumamt_change"]) for one in in_order]}
    lines.update(_by_fund([one["variant"] for one in in_order] if funds else [], funds, words))
    title = words.speak("value ({unit})", unit=unit) if unit else words.speak("Value")
    return curves(
        "sweep",
        words.speak("all funds together, by value"),
        [_fen(one["value"]) for one in in_order],
        lines,
        (title, words.speak("change of payments, yuan")),
        (lambda hundredths: plain(Decimal(hundredths) / 100), short_yuan),
    )


def unit_name(unit: str, words: Words) -> str:
    """The unit of a swept value, as a page writes it; empty for none."""
    return {"percent": "%", "yuan": words.speak("yuan")}.get(unit, "")


def _by_fund(variants: Iterable[int], funds: Rows, words: Words) -> dict[str, list[int]]:
    """A line for each fund that changes at any value, where more than one does."""
    order = list(variants)
    sums: dict[str, dict[int, int]] = {}
    for one in funds:
        of_fund = sums.setdefault(one["fund"], dict.fromkeys(order, 0))
        of_fund[one["variant"]] += _fen(one["change"])
    changing = {fund: [changes[number] for number in order] for fund, changes in sums.items() if any(changes.values())}
    return {words.speak(COLUMNS[fund]): values for fund, values in changing.items()} if len(changing) > 1 else {}


def _fen(amount: Decimal) -> int:
    return int(amount * 100)
