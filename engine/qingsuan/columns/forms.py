"""The form of a cell: how each kind of column is written, and how a cell that is not written so is shown."""

from __future__ import annotations

import unicodedata
from typing import Any

import pyarrow as pa

from qingsuan.columns.legible import MOST_BYTES, what_is_wrong
from qingsuan.tables import Column

__all__ = ["CODE_FORM", "CODE_FORMS", "form_of", "form_of_kind", "quoted", "reason"]

_FORMS = {
    "money": "an amount in yuan with at most two decimals, such as 1234.50",
    "flag": "'0' or '1'",
    "date": "a date of the calendar as YYYY-MM-DD",
    "time": "a time as YYYY-MM-DD HH:MM:SS",
    "count": "a whole number from 0 to 999999999",
    "text": f"an id as it was given out: no blank, nothing invisible, no full-width form, at most {MOST_BYTES} bytes",
    "code": "a code without blanks, invisible characters and full-width forms",
}
CODE_FORM = _FORMS["code"]
_AREA = (r"^[0-9]{6}$", "an area code of six digits")
CODE_FORMS = {
    "insu_admdvs": _AREA,
    "fix_blng_admdvs": _AREA,
    "psn_idet_type": (r"^[0-9]{4}$", "an identity class of four digits, such as 2303"),
}
"""Columns whose codes have a form of their own: a regular expression, and how it is said."""

_SHOWN = 80
"""Characters of a cell that a message shows; the row itself is kept whole."""


def form_of(column: Column) -> str:
    """How a cell of this column is written, for messages.

    >>> from qingsuan.tables import CLAIMS
    >>> form_of(next(column for column in CLAIMS if column.name == "refl_flag"))
    "'0' or '1'"
    """
    return CODE_FORMS[column.name][1] if column.name in CODE_FORMS else form_of_kind(column.kind)


def form_of_kind(kind: str) -> str:
    """How a cell of a column of this kind is written, for messages.

    >>> form_of_kind("date")
    'a date of the calendar as YYYY-MM-DD'
    """
    return _FORMS[kind]


def quoted(cell: Any) -> str:
    r"""Show a cell, or an Arrow scalar; a text stands in quotes, with escapes for what could not be seen or told apart.

    >>> print(quoted("P3 "), quoted("\u200bP3"), quoted('3"'))
    "P3 " "\u200bP3" "3\""
    """
    cell = _value(cell)
    if not isinstance(cell, str):
        return str(cell)
    shown = "".join(map(_shown, cell[:_SHOWN]))
    return f'"{shown}"' if len(cell) <= _SHOWN else f'"{shown}…", {len(cell)} characters'


def reason(cell: Any, kind: str) -> str:
    """Show a cell of a kind of column and, where that is an id or a code, say what is wrong with it.

    >>> print(reason("2.20102E+17", "text"))
    "2.20102E+17": a spreadsheet's form of a long number, whose digits are lost
    """
    cell = _value(cell)
    words = what_is_wrong(cell) if kind in {"text", "code"} and isinstance(cell, str) else ""
    return f"{quoted(cell)}: {words}" if words else quoted(cell)


def _value(cell: Any) -> Any:
    """What a scalar holds; of a day or a time that no calendar of Python has, the number that stands there."""
    if not isinstance(cell, pa.Scalar):
        return cell
    try:
        return cell.as_py()
    except (OverflowError, ValueError):
        return cell.value


def _shown(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character == " " or unicodedata.category(character)[0] in "LNPS":
        return character
    return character.encode("unicode_escape").decode("ascii")
