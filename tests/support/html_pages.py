"""What every page of qingsuan promises: it is whole, needs nothing else, and lets no text in as an element."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser

__all__ = ["check_page", "texts_of"]

_EMPTY = {"meta", "br", "path", "use", "hr", "input"}
_FORBIDDEN = {"script", "img", "link", "iframe", "object", "embed", "base", "form", "audio", "video", "image"}


class _Reader(HTMLParser):
    """Knows whether every element that is opened is closed in order, which names and ids there are, and what is written."""

    def __init__(self, within: str) -> None:
        super().__init__()
        self.within = within
        self.open: list[str] = []
        self.names: set[str] = set()
        self.ids: Counter[str] = Counter()
        self.used: set[str] = set()
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._seen(tag, attrs)
        if tag not in _EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._seen(tag, attrs)

    def _seen(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        for name, value in attrs:
            assert not name.startswith("on"), f"<{tag} {name}> is a script"
            if name == "id":
                self.ids[str(value)] += 1
            if name in ("href", "src"):
                here = str(value).startswith("#")
                assert here or (self.within and str(value).startswith(self.within)), f"<{tag} {name}={value}> leads off"
                self.used.update([str(value)[1:]] if here else [])
            self.used.update(re.findall(r"url\(#([\w-]+)\)", str(value)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in _EMPTY:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.texts.append(data)


def _read(page: str, within: str) -> _Reader:
    reader = _Reader(within)
    reader.feed(page)
    reader.close()
    return reader


def texts_of(page: str, within: str = "") -> str:
    """What a reader of the page sees, without its elements."""
    return " ".join(_read(page, within).texts)


def check_page(page: str, lang: str, within: str = "") -> None:
    """Fail unless the page is well-formed, in this language, prints on A4, and names no resource and no script.

    ``within`` is where the other pages of a served one are: it may lead there and have a form.
    """
    reader = _read(page, within)
    assert not reader.open
    assert not reader.names & (_FORBIDDEN - ({"form"} if within else set()))
    assert not [one for one, times in reader.ids.items() if times > 1], "an id is there twice"
    assert reader.used <= set(reader.ids), "a reference leads nowhere"
    assert not re.search(r"(?i)https?:|@import|url\((?!#)|javascript:|<!ENTITY", page)
    assert page.startswith(f'<!DOCTYPE html>\n<html lang="{lang}">')
    assert "size: A4" in page
