"""Texts that stand in the code as plain English, of errors and of help, said again in Chinese where a person reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, cached_property
from string import Formatter
from typing import NamedTuple

from qingsuan.messages.words import Words, catalogue

__all__ = ["WrittenTexts", "known_texts", "written_says"]


_LONG = 9
_COLUMNS = re.compile(r"(?:(?:, )?(?:\w*_\w* [^\s,]+|\w+ [^\sA-Za-z,][^\s,]*))+")
"""Names of columns, each with a value behind it: ``acct_pay 100, balc 0``."""

_NO_CODES = {"neither", "nothing"}
"""Single words that are said again where they are values: they are no codes of anything."""

_GOES_ON = r"((?:[\s:;,(].*?)?)"


class _Sentence(NamedTuple):
    longest: str
    """The longest part of ``own``: most sentences are told apart by it alone."""
    own: tuple[str, ...]
    """What the sentence says itself, between its placeholders."""
    names: tuple[str, ...]
    chinese: str

    @property
    def is_long(self) -> bool:
        """Whether it has words enough to be told by them; others take no phrases that nobody knows for values."""
        return sum(map(len, self.own)) >= _LONG

    @property
    def pattern(self) -> str:
        """The sentence with whatever its values are; one right behind another is nothing, or goes on behind a sign."""
        first, *others = self.own
        before = re.escape(first)
        for number, own in enumerate(others):
            before += (_GOES_ON if number and not self.own[number] else "(.*?)") + re.escape(own)
        return before


class WrittenTexts:
    """English texts with their translations, found again by what they say themselves.

    A value is said again, too, where it is a phrase; a single word may be a code, and stays, but for ``neither`` and ``nothing``.

    Parameters
    ----------
    texts
        English and Chinese, with the same ``{placeholders}``; a brace that is none is written twice.

    >>> texts = WrittenTexts({"{file}: {what}": "{file}：{what}", "no {column} in it": "其中没有 {column}"})
    >>> texts.said("a.csv: no psn_no in it"), texts.said("something else")
    ('a.csv：其中没有 psn_no', 'something else')
    """

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts

    def said(self, text: str) -> str:
        """The text in Chinese; as it is where it is none of the texts."""
        whole = self._whole.get(text)
        if whole is not None:
            return whole
        for sentence in self._sentences:
            if sentence.longest in text and all(part in text for part in sentence.own):
                found = re.fullmatch(sentence.pattern, text, re.DOTALL)
                if found and (sentence.is_long or all(map(self._fits, found.groups()))):
                    values = zip(sentence.names, found.groups(), strict=True)
                    return sentence.chinese.format_map({name: self._value(value) for name, value in values})
        return text

    def _fits(self, value: str) -> bool:
        """Whether it may be a value of a sentence of few words.

        That is a word, a list of words, columns with what is in them, or a phrase that is a text itself.
        """
        is_list = " " not in value.strip().replace(", ", ",") or _COLUMNS.fullmatch(value) is not None
        return is_list or self._value(value) != value

    def _value(self, value: str) -> str:
        return self.said(value) if " " in value or value in _NO_CODES else value

    @cached_property
    def _whole(self) -> dict[str, str]:
        return {one.own[0]: one.chinese.format_map({}) for one in self._read if not one.names}

    @cached_property
    def _sentences(self) -> list[_Sentence]:
        """Those with placeholders, the most words of their own first: ``{file}: {text}`` is whatever nothing else is."""
        return sorted((one for one in self._read if one.names), key=lambda one: -sum(map(len, one.own)))

    @cached_property
    def _read(self) -> list[_Sentence]:
        return [_sentence(english, chinese) for english, chinese in self.texts.items()]


def _sentence(english: str, chinese: str) -> _Sentence:
    own, names = [""], []
    for literal, name, _, _ in Formatter().parse(english):
        own[-1] += literal
        if name is not None:
            own.append("")
            names.append(name)
    return _Sentence(max(own, key=len), tuple(own), tuple(names), chinese)


def written_says(words: Words, text: str) -> str:
    """Say a text of an error or of help in the language of ``words``.

    >>> written_says(Words("zh"), "a file that this user may read"), written_says(Words("zh"), "medfee_sumamt")
    ('该用户可以读取的文件', 'medfee_sumamt')
    """
    return text if words.lang == "en" else known_texts().said(text)


@cache
def known_texts() -> WrittenTexts:
    """All texts that errors and help may be: those of ``written.zh.po``, and of ``zh.po`` those with words enough."""
    spoken = {one: chinese for one, chinese in catalogue("zh").items() if _own(one) >= _LONG or "{" not in one}
    return WrittenTexts({**spoken, **catalogue("written.zh")})


def _own(text: str) -> int:
    return sum(len(literal) for literal, *_ in Formatter().parse(text))
