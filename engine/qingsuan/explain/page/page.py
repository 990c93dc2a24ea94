"""The page, from the document alone."""

from __future__ import annotations

from pathlib import Path

from qingsuan.explain.document import Explanation
from qingsuan.explain.names import Names
from qingsuan.explain.page.events import events_of
from qingsuan.explain.page.picture import year_picture
from qingsuan.messages import Words
from qingsuan.pages.rendering import render

__all__ = ["page_of"]

_HTML_LANG = {"zh": "zh-CN", "en": "en"}
_MOST_FUNDS = 4
"""So many funds have a column of their own in the table of the year; of more only their sum is there."""


def page_of(explanation: Explanation) -> str:
    """The explanation as one HTML page, in the language of the document.

    Raises
    ------
    UsageError
        Jinja2 or matplotlib is not installed.
    """
    words = Words(explanation.lang)
    names = Names(words)
    of_year = explanation.about == "person"
    title = words.speak("A year's settlements explained") if of_year else words.speak("A settlement explained")
    funds = [fund for fund, paid_fen in explanation.year.funds_fen.items() if paid_fen]
    return render(
        Path(__file__).parent / "templates",
        "explanation.html.j2",
        it=explanation,
        title=title,
        html_lang=_HTML_LANG[explanation.lang],
        speak=words.speak,
        names=names,
        grades={
            "reading": words.speak("reading"),
            "derived": words.speak("derived"),
            "made-up": words.speak("made up"),
        },
        many=len(explanation.claims) > 1,
        funds=funds,
        columns=funds if len(funds) <= _MOST_FUNDS else [],
        picture=year_picture(explanation, names) if of_year else None,
        events=[one for claim in explanation.claims for one in events_of(claim, words)] if of_year else [],
    )
