"""Templates filled in by Jinja2: every text is escaped, and a value that a template names must be there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qingsuan.needed import need
from qingsuan.pages.numbers import exact_yuan, grouped_yuan, percent

__all__ = ["HTML_LANG", "render"]

HTML_LANG = {"zh": "zh-CN", "en": "en"}
"""What a page says its language is, by the language in which it is written."""

_COMMON = Path(__file__).parent / "templates"


def render(folder: Path, template: str, **values: Any) -> str:
    """One page.

    Parameters
    ----------
    folder
        Where the template lies; it may build on those of this room (``base.html.j2``, ``parts.html.j2``).
    values
        What the template names. Amounts are fen: the filter ``yuan`` writes them; ratios are basis points: ``percent``; products of
        both are written by ``exact``.

    Raises
    ------
    UsageError
        Jinja2 is not installed.
    """
    jinja2 = need("jinja2")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([folder, _COMMON]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(yuan=grouped_yuan, percent=percent, exact=exact_yuan)
    page: str = environment.get_template(template).render(**values)
    return page
