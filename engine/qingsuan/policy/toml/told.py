"""What messages say of a value in a TOML file: what it is, and what may be meant."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from qingsuan.money import yuan

__all__ = [
    "MOST_DIGITS",
    "SMALL_BP",
    "asked_percent",
    "described",
    "did_you_mean",
    "either",
    "plain_percent",
    "quoted_number",
]

SMALL_BP = 200
"""Below it a percentage may be a share of one that was written as such: 0.60 for 60 %."""
MOST_DIGITS = 30
"""So many digits of a number are shown."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Name the closest known word, or the empty text.

    >>> did_you_mean("yaun", ["yuan", "percent"])
    'did you mean "yuan"?'
    """
    close = difflib.get_close_matches(word, list(known), n=1)
    return f'did you mean "{close[0]}"?' if close else ""


def plain_percent(bp: int) -> str:
    """Basis points as a percentage, without idle zeros.

    >>> plain_percent(60), plain_percent(6000), plain_percent(1250)
    ('0.6', '60', '12.5')
    """
    return yuan(bp).rstrip("0").rstrip(".")


_NO_NUMBER = "write the number of the document"
_LEAST_SHARE = -6
"""Powers of ten below which a float is no share of one that somebody meant."""


def quoted_number(value: Decimal) -> str:
    """What to do about a float where an amount belongs."""
    if not value.is_finite():
        return _NO_NUMBER
    return f'write "{_plain(value)}" in quotes, or a whole number: a float cannot hold an amount exactly'


def _plain(value: Decimal) -> str:
    """A number without an exponent, which no amount may have; but one that would be a line of zeros stays as it is."""
    return format(value, "f") if abs(value.adjusted()) < MOST_DIGITS else str(value)


def asked_percent(value: Decimal) -> str:
    """What to do about a float where a percentage belongs: 0.60 is asked for 60, not put into quotes."""
    if not value.is_finite():
        return _NO_NUMBER
    if abs(value) < SMALL_BP // 100 and value.adjusted() >= _LEAST_SHARE:
        whole = format((value * 100).normalize(), "f")
        return f"{whole}? write {whole} if {whole} % is meant: a percentage is not written as a share of one"
    return f'write "{_plain(value)}" in quotes, or a whole number: a float cannot hold a ratio exactly'


def either(options: Iterable[str]) -> str:
    """Name the texts that a key may hold."""
    return " | ".join(f'"{option}"' for option in options) or "(there is none)"


def described(value: Any) -> str:
    """Say what a TOML value is, in words."""
    match value:
        case bool():
            return f"the flag {str(value).lower()}"
        case int():
            shown = value if abs(value) < 10**MOST_DIGITS else f"of more than {MOST_DIGITS} digits"
            return f"the whole number {shown}"
        case Decimal():
            return f"the float {value}"
        case str():
            return f'the text "{value}"'
        case list():
            return f"a list of {len(value)}"
        case dict():
            return "a table"
        case dt.datetime():
            return f"the time {value.isoformat()}"
        case dt.date():
            return f"the date {value.isoformat()}"
    return f"the time {value}"
