"""Why a row is rejected, in words by code; each text is looked up in the catalogue when it is said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from qingsuan.messages import Words, marked

__all__ = ["REJECTIONS", "by_reason", "rows_of_insured"]

REJECTIONS: Mapping[str, str] = MappingProxyType(
    {
        "E_VOID": marked("the platform holds the row void"),
        "E_MISSING": marked("a required value is missing"),
        "E_FORM": marked("a cell is not of its column's form"),
        "E_CODE": marked("a value is not in its code table"),
        "E_SCALE": marked("an amount has more than two decimals"),
        "E_RANGE": marked("an amount is too large"),
        "E_NEGATIVE": marked("a negative amount in a row that is not a reversal"),
        "E_COMPOSITION": marked("the four parts do not add up to the total"),
        "E_DATE": marked("outside the run's year, or end before begin"),
        "E_POOL": marked("no installed plugin serves this pool"),
        "E_REVERSAL_ORPHAN": marked("a reversal whose claim is not there, was rejected, or was taken back already"),
        "E_REVERSAL_MISMATCH": marked("a reversal that is not its claim's with every amount negated"),
        "E_REVERSAL_OPEN": marked("a claim of which it is open whether it was taken back"),
        "E_PERSON": marked(
            "the person is unknown, not insured in that scheme when the visit began, or insured in another pool"
        ),
        "E_CONTRADICTION": marked("insured rows that contradict each other"),
        "E_NO_RULE": marked("the pool's rule set has no rule for this combination"),
        "E_UNREGISTERED": marked("the registration that the rule asks for was not found"),
        "E_DUPLICATE": marked("the same settlement id again for the same person"),
    }
)
"""Why a row is rejected, by code."""


def by_reason(words: Words, rejected: Mapping[str, int]) -> Iterator[str]:
    """One line with the number of rejected rows by code; none where no row was rejected."""
    if rejected:
        listed = ", ".join(f"{code} {number:,}" for code, number in rejected.items())
        yield words.speak("rejected by code: {listed}", listed=listed)


def rows_of_insured(words: Words, rows: Mapping[str, Any]) -> str:
    """What became of the insured rows of a settlement that counts heads."""
    return words.speak(
        "rows in {all} = counted {counted} + of another scheme {scheme} + outside the year {year} "
        "+ counted elsewhere {duplicates} + rejected {rejected}",
        all=f"{rows['in']:,}",
        counted=f"{rows['counted']:,}",
        scheme=f"{rows['not_counted']['other-scheme']:,}",
        year=f"{rows['not_counted']['outside-year']:,}",
        duplicates=f"{rows['duplicates']:,}",
        rejected=f"{sum(rows['rejected'].values()):,}",
    )
