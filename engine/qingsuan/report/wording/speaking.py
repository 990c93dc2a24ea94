"""The language that a command or a program is answered in."""

from __future__ import annotations

import os

from qingsuan.errors import UsageError
from qingsuan.messages import LANGUAGES, Words, language_of

__all__ = ["words_in"]


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
