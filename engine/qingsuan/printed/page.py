"""The page of a report, from its sections."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qingsuan.messages import Words
from qingsuan.pages.rendering import HTML_LANG, render
from qingsuan.printed.section import Section

__all__ = ["page_of"]


def page_of(
    record: Mapping[str, Any],
    title: str,
    sections: Mapping[str, Section],
    pictures: Mapping[str, Any],
    words: Words,
    above: Any = "",
    links: Mapping[str, str] | None = None,
) -> str:
    """One HTML page.

    Parameters
    ----------
    above
        What stands above it where it is one of several pages (``Markup``); nothing where it stands alone.
    links
        Where the first cell of a row leads, by its text; nowhere where the page stands alone.

    Raises
    ------
    UsageError
        Jinja2 is not installed.
    """
    return render(
        Path(__file__).parent / "templates",
        "report.html.j2",
        above=above,
        links=links or {},
        html_lang=HTML_LANG[words.lang],
        speak=words.speak,
        title=title,
        record=record,
        sections=sections,
        pictures=pictures,
    )
