"""The language that a command or a program is answered in, and errors in it."""

from __future__ import annotations

import os

from qingsuan.errors import QingsuanError, UsageError
from qingsuan.messages import LANGUAGES, Words, language_of, written_says

__all__ = ["error_told", "words_in"]


def words_in(lang: str | None) -> Words:
    """Words in the language that was asked for; where none was, in that of the environment.

    Raises
    ------
    UsageError
        It is none that is spoken here, or ``QINGSUAN_LANG`` is none.
    """
    try:
        return Words(language_of(lang, os.environ))
    except ValueError as error:
        do = "set QINGSUAN_LANG right, or give --lang"
        raise UsageError("--lang", found=str(error), expected=" or ".join(LANGUAGES), do=do) from error


def error_told(words: Words, error: QingsuanError) -> str:
    """An error as a person reads it."""
    if words.lang == "en":
        return str(error)
    told = [f"{written_says(words, error.where)}：{written_says(words, error.found)}"]
    if error.expected:
        told.append(words.speak("  expected: {text}", text=written_says(words, error.expected)))
    if error.do:
        told.append(words.speak("  what to do: {text}", text=written_says(words, error.do)))
    if error.besides:
        told.append(f"  {written_says(words, error.besides)}")
    return "\n".join(told)
