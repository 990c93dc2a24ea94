"""English sentences that a run wrote down, said again in the language of whoever reads them now."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property

from qingsuan.messages.words import Words

__all__ = ["SaidAgain"]

_TERM = re.compile(r" [(\uff08][\u3400-\u9fff、]+[)\uff09]")
"""A statutory term behind an English word: the translation has it anyway."""


class SaidAgain:
    """Sentences of one kind, each with a ``{name}`` for what differs from place to place.

    A value is said again, too, where it is one of the sentences to the letter.

    Parameters
    ----------
    sentences
        Those that a whole text can be.
    whole
        Names of values that are sentences with values themselves.
    lists
        Names of values that are lists, told apart by a comma, with the sentences that their parts can be.
    made
        Names of values that are put otherwise, and how.

    >>> SaidAgain(["a date not before {column}"]).said(Words("zh"), "a date not before begndate")
    '不早于 begndate 的日期'
    """

    def __init__(
        self,
        sentences: Sequence[str],
        *,
        whole: Collection[str] = (),
        lists: Mapping[str, Sequence[str]] | None = None,
        made: Mapping[str, Callable[[str], str]] | None = None,
    ) -> None:
        self._sentences, self._whole, self._made = tuple(sentences), frozenset(whole), dict(made or {})
        self._lists = {name: SaidAgain(parts) for name, parts in (lists or {}).items()}

    def said(self, words: Words, text: str) -> str:
        """The text in the language of ``words``; as it is in English, and where it is none of the sentences."""
        if words.lang == "en":
            return text
        plain = _TERM.sub("", text)
        for sentence, pattern in self._patterns:
            found = pattern.fullmatch(plain)
            if found:
                values = {name: self._value(words, name, value) for name, value in found.groupdict().items()}
                return words.speak(sentence, **values)
        return text

    def _value(self, words: Words, name: str, value: str) -> str:
        if value in self._sentences:
            return words.speak(value)
        if name in self._made:
            return self._made[name](value)
        if name in self._lists:
            return "、".join(self._lists[name].said(words, one) for one in value.split(", "))
        return self.said(words, value) if name in self._whole else value

    @cached_property
    def _patterns(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        """Each sentence as a pattern, those with the most words of their own first."""
        by_own_words = sorted(self._sentences, key=lambda one: -len(re.sub(r"\{\w+\}", "", one)))
        return tuple((one, re.compile(_pattern(one), re.DOTALL)) for one in by_own_words)


def _pattern(sentence: str) -> str:
    parts = re.split(r"\{(\w+)\}", sentence)
    return "".join(f"(?P<{part}>.+?)" if number % 2 else re.escape(part) for number, part in enumerate(parts))
