"""Texts in one language: written in English where they are said, looked up in the catalogue for any other."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from qingsuan.messages.language import Lang

__all__ = ["Words", "catalogue", "marked"]


def marked(text: str) -> str:
    """The text itself: marks one for the catalogue that is kept in a table and said later.

    >>> marked("settled")
    'settled'
    """
    return text


class Words:
    """Says texts in one language.

    Attributes
    ----------
    lang : the language.

    >>> Words("en").speak("{name}: nothing", name="a")
    'a: nothing'
    """

    def __init__(self, lang: Lang) -> None:
        self.lang = lang
        self._texts = {} if lang == "en" else catalogue(lang)

    def speak(self, text: str, /, **values: str | int) -> str:
        """A text in this language, its ``{placeholders}`` filled.

        Raises
        ------
        KeyError
            The catalogue does not have the text, or a placeholder has no value.
        """
        said = text if self.lang == "en" else self._texts[text]
        return said.format_map(values) if values else said


@cache
def catalogue(name: str) -> Mapping[str, str]:
    """English texts and their translations: ``zh`` has what is said through :class:`Words`, ``written.zh`` what errors and help say."""
    from babel.messages.pofile import read_po  # only what is said in Chinese needs it

    with (files("qingsuan.messages") / f"{name}.po").open("rb") as file:
        return {str(one.id): str(one.string) for one in read_po(file, locale="zh") if one.id}
