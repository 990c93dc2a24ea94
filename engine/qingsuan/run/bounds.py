"""What a caller may ask of a run: years, workers, memory."""

from __future__ import annotations

import operator

from qingsuan.errors import UsageError

__all__ = ["FIRST_YEAR", "LAST_SUBSIDY_YEAR", "LAST_YEAR", "LEAST_MEMORY_BYTES", "MOST_WORKERS", "whole_number"]

FIRST_YEAR = 2000
LAST_YEAR = 2100
LAST_SUBSIDY_YEAR = 2999

MOST_WORKERS = 256
"""So many threads work side by side at most."""

LEAST_MEMORY_BYTES = 64 << 20
"""A run needs so much whatever its input."""


def whole_number(name: str, given: int, least: int, most: int | None = None) -> int:
    """A whole number within bounds.

    Raises
    ------
    UsageError
        It is none, or outside of them.
    """
    try:
        number = operator.index(given)
    except TypeError:
        number = None
    if number is None or isinstance(given, bool) or number < least or (most is not None and number > most):
        bounds = f"a whole number from {least} on" if most is None else f"a whole number from {least} to {most}"
        raise UsageError(name, found=repr(given), expected=bounds)
    return number
