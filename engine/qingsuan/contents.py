"""What stands in people's rows, in messages: a place is enough to find a row, so contents are shown to who asks for them only.

A message is read on a screen, kept in a log, sent by mail. The row itself, with its contents, stands in the run folder and in the
input, which the message names.
"""

from __future__ import annotations

import os

__all__ = ["SHOW_VALUES", "content", "is_shown"]

SHOW_VALUES = "QINGSUAN_SHOW_VALUES"
"""The environment variable that asks for them; ``qingsuan --show-values`` sets it."""


def is_shown() -> bool:
    """Whether contents of people's rows are asked for."""
    return os.environ.get(SHOW_VALUES, "") not in ("", "0")


def content(value: object) -> str:
    """Something that a row about a person holds, as a message may show it.

    >>> content("P1")
    '(2 characters: --show-values)'
    """
    text = str(value)
    return text if is_shown() else f"({len(text)} characters: --show-values)"
