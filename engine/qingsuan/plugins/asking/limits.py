"""What the process of a plugin may take: time for an answer, and memory."""

from __future__ import annotations

import os
from dataclasses import dataclass

from qingsuan.errors import UsageError

__all__ = ["MEMORY", "SECONDS", "Limits"]

SECONDS = "QINGSUAN_PLUGIN_SECONDS"
"""The variable that says how many seconds a plugin may take for one answer: to be opened, or for a batch."""

MEMORY = "QINGSUAN_PLUGIN_MEMORY_MB"
"""The variable that says how many MB of addresses the process of a plugin may have, those of Python and its libraries included."""

_SECONDS = 60
_MEGABYTES = 2048
_MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds for an answer, and bytes of memory."""

    seconds: int
    memory_bytes: int

    @classmethod
    def of_environment(cls) -> Limits:
        """As the environment says, or as they are unless it says anything.

        Raises
        ------
        UsageError
            A variable holds no whole number, or one out of its range.
        """
        return cls(_whole(SECONDS, _SECONDS, 1, 86_400), _whole(MEMORY, _MEGABYTES, 512, 1 << 20) * _MEGABYTE)


def _whole(name: str, otherwise: int, low: int, high: int) -> int:
    text = os.environ.get(name, "")
    if not text:
        return otherwise
    if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
        raise UsageError(
            name,
            found=f"“{text}” in the environment",
            expected=f"a whole number from {low} to {high}",
            do=f"correct it, or take it out: it is {otherwise} then",
        )
    return int(text)
