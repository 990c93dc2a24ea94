"""Printed statements (决算报表) of this and earlier years: every sum held against its parts. What is printed stays as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from qingsuan.errors import PolicyError
from qingsuan.heads.small_tables import lines_of

__all__ = ["PRINTED_COLUMNS", "Check", "Printed", "Year", "checks_of", "months", "read_printed"]

PRINTED_COLUMNS = ("year", "fund", "place", "line", "amount", "unit")
_TOTALS = ("opening", "income", "expense", "surplus", "closing")
_UNITS = {"yuan": 1, "wan": 10_000, "yi": 100_000_000}
"""Units of print: 元, 万元, 亿元."""

_AMOUNT = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,4}))?")


@dataclass(frozen=True, slots=True)
class Printed:
    """An amount as it is printed, in hundredths of a fen, and one unit of its last place."""

    size: int
    last_place: int
    where: str


@dataclass(frozen=True, slots=True)
class Year:
    """A printed statement of a fund in a place and year: its totals, and the parts of income and expense."""

    year: int
    fund: str
    place: str
    totals: Mapping[str, Printed]
    parts: Mapping[str, Mapping[str, Printed]]


@dataclass(frozen=True, slots=True)
class Check:
    """A printed total beside what it should be, in hundredths of a fen.

    ``verdict`` is ``equal``; ``rounding``, where they differ by no more than one unit of the last place; or ``differs``.
    """

    statement: Year
    line: str
    says: str
    printed: int
    expected: int
    verdict: str


def read_printed(file: Path) -> tuple[Year, ...]:
    """Read a table of printed statements, in the order of funds, places and years.

    Raises
    ------
    PolicyError
        A line cannot be trusted, or is printed twice.
    """
    found: dict[tuple[str, str, int], tuple[dict[str, Printed], dict[str, dict[str, Printed]]]] = {}
    for where, cells in lines_of(file, PRINTED_COLUMNS):
        if re.fullmatch(r"[12][0-9]{3}", cells["year"]) is None or not cells["fund"] or not cells["place"]:
            said = f'year "{cells["year"]}", fund "{cells["fund"]}", place "{cells["place"]}"'
            raise PolicyError(
                where, found=said, expected="a year of four digits, a fund, a place", do="fill the cells in"
            )
        totals, parts = found.setdefault((cells["fund"], cells["place"], int(cells["year"])), ({}, {}))
        side, dot, part = cells["line"].partition(".")
        into = parts.setdefault(side, {}) if dot else totals
        name = part if dot else side
        if side not in (("income", "expense") if dot else _TOTALS) or not name:
            expected = f"{', '.join(_TOTALS)}, or a part such as income.premiums or expense.inpatient"
            raise PolicyError(where, found=f'line "{cells["line"]}"', expected=expected, do="name the line so")
        if name in into:
            raise PolicyError(
                where, found=f"{cells['line']} again", expected="each line once", do="take one of the two out"
            )
        into[name] = _amount(where, cells["amount"], cells["unit"])
    return tuple(Year(year, fund, place, *found[fund, place, year]) for fund, place, year in sorted(found))


def _amount(where: str, text: str, unit: str) -> Printed:
    match = _AMOUNT.fullmatch(text)
    if match is None or unit not in _UNITS:
        expected = f"an amount with at most four decimals, and a unit of {', '.join(_UNITS)}"
        raise PolicyError(
            where, found=f'amount "{text}", unit "{unit}"', expected=expected, do="write it as it is printed"
        )
    sign, whole, decimals = match[1], match[2], match[3] or ""
    size = int(whole + decimals.ljust(4, "0")) * _UNITS[unit]
    return Printed(-size if sign else size, 10 ** (4 - len(decimals)) * _UNITS[unit], where)


def checks_of(statement: Year) -> tuple[Check, ...]:
    """Every check that the statement's lines allow."""
    return tuple(_checked(statement))


def _checked(statement: Year) -> Iterator[Check]:
    sides = {side: _side(statement, side) for side in ("income", "expense")}
    for side in ("income", "expense"):
        parts = statement.parts.get(side)
        if parts and side in statement.totals:
            yield _check(statement, side, f"Σ parts of {side}", sum(one.size for one in parts.values()))
    income, expense = sides["income"], sides["expense"]
    if income is None or expense is None:
        return
    if "surplus" in statement.totals:
        yield _check(statement, "surplus", "income − expense", income - expense)
    if {"opening", "closing"} <= statement.totals.keys():
        opening = statement.totals["opening"].size
        yield _check(statement, "closing", "opening + income − expense", opening + income - expense)


def _side(statement: Year, side: str) -> int | None:
    """What is printed as a side's total, else the sum of its parts; None where neither is printed."""
    if side in statement.totals:
        return statement.totals[side].size
    parts = statement.parts.get(side)
    return sum(one.size for one in parts.values()) if parts else None


def _check(statement: Year, line: str, says: str, expected: int) -> Check:
    printed = statement.totals[line]
    away = abs(printed.size - expected)
    verdict = "equal" if not away else "rounding" if away <= printed.last_place else "differs"
    return Check(statement, line, says, printed.size, expected, verdict)


def months(closing: int, expense: int) -> int | None:
    """Months of expense that a balance covers, in hundredths: closing ÷ expense × 12, half away from zero; None without expense.

    >>> months(153_232, 212_211), months(-100, 1_200), months(5, 0)
    (866, -100, None)
    """
    if expense <= 0:
        return None
    size = (2 * abs(closing) * 1_200 + expense) // (2 * expense)
    return size if closing >= 0 else -size
