"""The page, from the document alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from qingsuan.explain.document import Explanation, Source
from qingsuan.explain.names import Names
from qingsuan.explain.page.events import events_of
from qingsuan.explain.page.picture import year_picture
from qingsuan.messages import Words
from qingsuan.pages.rendering import HTML_LANG, render
from qingsuan.rulebook.headings import Headings

__all__ = ["page_of"]

_PUNCTUATION = {
    "zh": {"comma": "，", "colon": "：", "stop": "。", "gap": ""},
    "en": {"comma": ", ", "colon": ": ", "stop": ". ", "gap": " "},
}
_MOST_FUNDS = 4
"""So many funds have a column of their own in the table of the year; of more only their sum is there."""


def page_of(explanation: Explanation, above: Any = "") -> str:
    """The explanation as one HTML page, in the language of the document.

    Parameters
    ----------
    above
        What stands above it where it is one of several pages (``Markup``); nothing where it stands alone.

    Raises
    ------
    UsageError
        Jinja2 or matplotlib is not installed.
    """
    words = Words(explanation.lang)
    names = Names(words, explanation.run.pools)
    of_year = explanation.about == "person"
    title = words.speak("A year's settlements explained") if of_year else words.speak("A settlement explained")
    sources = list(dict.fromkeys(_sources_in(explanation.claims)))
    numbers = {source: number for number, source in enumerate(sources, 1)}
    funds = [fund for fund, paid_fen in explanation.year.funds_fen.items() if paid_fen]
    return render(
        Path(__file__).parent / "templates",
        "explanation.html.j2",
        above=above,
        it=explanation,
        title=title,
        **_PUNCTUATION[explanation.lang],
        html_lang=HTML_LANG[explanation.lang],
        speak=words.speak,
        sources=sources,
        cited=lambda source: numbers[source],
        names=names,
        grades=Headings(words).grades(),
        many=len(explanation.claims) > 1,
        funds=funds,
        columns=funds if len(funds) <= _MOST_FUNDS else [],
        picture=year_picture(explanation, names) if of_year else None,
        events=[one for claim in explanation.claims for one in events_of(claim, words)] if of_year else [],
    )


def _sources_in(value: Any) -> Iterator[Source]:
    """Every source in a part of the document, in the order in which they stand there."""
    if isinstance(value, Source):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from _sources_in(one)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _sources_in(getattr(value, field.name))
