"""What stands above every page: the way to the others, the other language, and the form of the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from qingsuan.messages import Lang, Words, marked
from qingsuan.pages.rendering import HTML_LANG, render
from qingsuan.report.text import harmless
from qingsuan.served.visit import OF_BENEFITS, Visit

__all__ = ["Field", "Form", "above", "told"]

_TEMPLATES = Path(__file__).parent / "templates"
_OTHER: dict[Lang, Lang] = {"zh": "en", "en": "zh"}
_TITLES = {
    "": marked("Overview"),
    "report": marked("Whole report"),
    "institutions": marked("By institution"),
    "person": marked("A person's year"),
    "claim": marked("A settlement"),
    "simulation": marked("A number changed"),
}


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form: text to fill in, or one of several values with their labels; hidden where it has no label."""

    name: str
    label: str
    value: str = ""
    choices: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """A form, which asks for this page again with other fields."""

    fields: Sequence[Field]
    button: str


def above(visit: Visit, form: Form | None = None, links: Sequence[tuple[str, str]] = ()) -> Markup:
    """What stands above a page; it is not printed.

    Parameters
    ----------
    links
        Labels and addresses of pages that this one leads to.
    """
    pages = () if not visit.number else ("", *(OF_BENEFITS if visit.run.is_benefits else ()))
    return Markup(  # noqa: S704 - a template, every text of it escaped
        render(
            _TEMPLATES,
            "above.html.j2",
            speak=visit.words.speak,
            visit=visit,
            other=visit.address(visit.number, visit.page, _OTHER[visit.words.lang], **visit.fields),
            other_lang=HTML_LANG[_OTHER[visit.words.lang]],
            pages=[(page, visit.words.speak(_TITLES[page]), visit.address(visit.number, page)) for page in pages],
            form=form,
            links=links,
        )
    )


def told(
    words: Words, title: str, paragraphs: Sequence[str] = (), *, text: str = "", rows: Any = None, around: Any = ""
) -> str:
    """A page of a title, paragraphs, a text as it would be printed, and a table of headings and rows.

    A cell of the table is a text, or a text with the address that it leads to.
    """
    return render(
        _TEMPLATES,
        "told.html.j2",
        above=around,
        html_lang=HTML_LANG[words.lang],
        title=title,
        paragraphs=[harmless(one) for one in paragraphs],
        text=harmless(text),
        rows=rows,
    )
