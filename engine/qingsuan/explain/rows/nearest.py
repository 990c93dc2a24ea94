"""Ids that are nearly the one that was asked for: one character was mistyped, left out, put in, or exchanged with the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from qingsuan.run.prepared.opened import PreparedYear

__all__ = ["near_people", "near_settlements"]

_MOST = 5
"""So many are told."""
_LONGEST = 40
"""Of longer ids none is looked for: there would be thousands to try."""


def near_people(year: PreparedYear, psn_no: str) -> list[str]:
    """People of the year who are nearly this one; each is found by the index, no table is read."""
    return _near(psn_no, lambda one: any(rows.num_rows for rows in year.person(one).values()))


def near_settlements(year: PreparedYear, setl_id: str) -> list[str]:
    """Settlements of the year that are nearly this one."""
    return _near(setl_id, lambda one: year.claim(one).num_rows > 0)


def _near(wanted: str, is_there: Callable[[str], bool]) -> list[str]:
    if not 0 < len(wanted) <= _LONGEST:
        return []
    return list(islice((one for one in dict.fromkeys(_mistyped(wanted)) if one != wanted and is_there(one)), _MOST))


def _mistyped(text: str) -> Iterator[str]:
    """Every text from which one slip leads to this one, the likeliest first."""
    signs = "0123456789" if text.isdigit() else sorted({*"0123456789", *text})
    for place in range(len(text)):
        yield from (text[:place] + sign + text[place + 1 :] for sign in signs)
    for place in range(len(text) - 1):
        yield text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    for place in range(len(text)):
        yield text[:place] + text[place + 1 :]
    for place in range(len(text) + 1):
        yield from (text[:place] + sign + text[place:] for sign in signs)
