"""The year of a person as a picture: cumulated cost, who paid what, and where deductible, band and cap were reached."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from qingsuan.explain.document import Claim, Explanation
from qingsuan.explain.names import Names
from qingsuan.explain.page.events import Event, Kind, events_of
from qingsuan.pages.charts import (
    FILLS,
    INK,
    PLAIN_FILLS,
    drawing,
    legend,
    legend_millimetres,
    number_axis,
    text_millimetres,
)
from qingsuan.pages.numbers import short_yuan

__all__ = ["Share", "shares_of", "year_picture"]

_WIDTH_MM, _AREA_MM, _GAP_MM, _LANES_MM, _FOOT_MM, _TITLE_MM = 182, 58, 3, 16, 12, 7
_LANES: dict[Kind, str] = {"deductible": "v", "band": "D", "cap": "s"}


@dataclass(frozen=True, slots=True)
class Share:
    """What one fund, the account or the person bore of each claim, and how its area is drawn."""

    name: str
    fill: Mapping[str, str]
    paid_fen: Sequence[int]


def year_picture(explanation: Explanation, names: Names) -> Any:
    """The picture; None where no claim is settled."""
    claims = sorted(
        (one for one in explanation.claims if one.sums and one.benefit_date), key=lambda one: str(one.benefit_date)
    )
    if not claims:
        return None
    words = names.words
    shares = shares_of(claims, names)
    months = _months(claims)
    events = [event for claim in claims for event in events_of(claim, words)]
    lanes = {
        "deductible": words.speak("deductible"),
        "band": words.speak("further band"),
        "cap": words.speak("limit or cap"),
    }

    entries = [(one.name, one.fill) for one in shares]

    def draw(axes: Any) -> None:
        _areas(axes, claims, shares, months)
        axes.set_title(words.speak("cumulated cost, yuan"))
        legend(axes, entries)
        place = (0, -(_GAP_MM + _LANES_MM) / _AREA_MM, 1, _LANES_MM / _AREA_MM)
        below = axes.inset_axes(place)
        _lanes(below, events, [lanes[kind] for kind in _LANES], months)
        below.set_xlabel(words.speak("benefit date, year and month"))

    left = 3 + max(map(text_millimetres, [*lanes.values(), short_yuan(sum(sum(one.paid_fen) for one in shares))]))
    below, above = _GAP_MM + _LANES_MM + _FOOT_MM, _TITLE_MM + legend_millimetres(entries, _WIDTH_MM)
    described = words.speak("Cumulative cost along the year, by who paid it")
    return drawing("year", described, (_WIDTH_MM, below + _AREA_MM + above), draw, (left, 6, below, above))


def shares_of(claims: Sequence[Claim], names: Names) -> list[Share]:
    """Who bore what of each claim: funds that paid anything, the account, and cash last."""
    sums = [one.sums for one in claims if one.sums is not None]
    shares = [
        Share(names.fund(fund), FILLS[at], [one.funds_fen[fund] for one in sums])
        for at, fund in enumerate(sums[0].funds_fen)
    ]
    shares.append(Share(names.words.speak("personal account"), PLAIN_FILLS[0], [one.acct_pay_fen for one in sums]))
    shares.append(Share(names.words.speak("cash"), PLAIN_FILLS[1], [one.psn_cash_pay_fen for one in sums]))
    return [one for one in shares if any(one.paid_fen)]


def _areas(axes: Any, claims: Sequence[Claim], shares: Sequence[Share], months: Sequence[dt.date]) -> None:
    """One area on top of the other; each claim is a step."""
    ends = months[0].toordinal(), months[-1].toordinal()
    days = [ends[0], *(dt.date.fromisoformat(str(one.benefit_date)).toordinal() for one in claims), ends[1]]
    below = [0] * len(days)
    for one in shares:
        sums = list(accumulate(one.paid_fen))
        above = [low + so_far for low, so_far in zip(below, [0, *sums, sums[-1]], strict=True)]
        axes.fill_between(days, below, above, step="post", edgecolor=INK, linewidth=0.4, **one.fill)
        below = above
    number_axis(axes.yaxis, below, short_yuan)
    _month_axis(axes, months, labels=False)
    axes.grid(axis="y")
    axes.set_axisbelow(True)


def _lanes(axes: Any, events: Sequence[Event], labels: Sequence[str], months: Sequence[dt.date]) -> None:
    """Below the areas a lane for each kind of event, a mark for each of them."""
    for place, (kind, mark) in enumerate(_LANES.items()):
        days = [dt.date.fromisoformat(one.date).toordinal() for one in events if one.kind == kind]
        axes.plot(days, [place] * len(days), mark, color=INK, markersize=5, clip_on=False)
    axes.set_yticks(range(len(_LANES)), labels=labels)
    axes.set_ylim(len(_LANES) - 0.5, -0.5)
    axes.grid(axis="both")
    axes.set_axisbelow(True)
    _month_axis(axes, months, labels=True)


def _month_axis(axes: Any, months: Sequence[dt.date], *, labels: bool) -> None:
    step = 1 + len(months) // 14
    shown = months[::step]
    written = [f"{one.year}-{one.month:02d}" for one in shown] if labels else [""] * len(shown)
    axes.set_xticks([one.toordinal() for one in shown], labels=written)
    axes.set_xlim(months[0].toordinal(), months[-1].toordinal())


def _months(claims: Sequence[Claim]) -> list[dt.date]:
    """The first days of the months of the year, or of as many as the claims need, and of the one after."""
    dates = [dt.date.fromisoformat(str(one.benefit_date)) for one in claims]
    first, last = min(dates), max(dates)
    begin = first.year * 12 + (0 if first.year == last.year else first.month - 1)
    end = last.year * 12 + (12 if first.year == last.year else last.month)
    return [dt.date(at // 12, at % 12 + 1, 1) for at in range(begin, end + 1)]
