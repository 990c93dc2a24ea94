"""How a sheet of a workbook looks: headings that stay in sight, numbers as numbers, texts as texts, all columns on a printed page.

Nothing in it is a formula: what a text begins with makes no difference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from qingsuan.needed import need

__all__ = ["PERCENT", "add_sheet"]

PERCENT = "0.00%"
"""The form of a ratio: 0.65 is shown as 65.00%."""

_A4, _AS_MANY_AS_ROWS_NEED = 9, 0
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""What no cell can hold."""


def add_sheet(
    book: Any,
    title: str,
    headings: Sequence[str],
    widths: Sequence[int],
    rows: Iterable[Sequence[Any]],
    forms: Sequence[str | None] = (),
) -> None:
    """Add a sheet to a workbook that openpyxl writes row by row.

    Parameters
    ----------
    rows
        Texts, whole numbers, amounts as decimals, or None for an empty cell.
    forms
        The number format of a column where it is not the usual one of its kind.
    """
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", _A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, _AS_MANY_AS_ROWS_NEED
    sheet.sheet_properties.pageSetUpPr = need("openpyxl.worksheet.properties").PageSetupProperties(fitToPage=True)
    letters = need("openpyxl.utils").get_column_letter
    for place, width in enumerate(widths, 1):
        sheet.column_dimensions[letters(place)].width = width
    sheet.append([_cell(sheet, text, None) for text in headings])
    own = (*forms, *[None] * (len(headings) - len(forms)))
    for row in rows:
        sheet.append([_cell(sheet, value, form) for value, form in zip(row, own, strict=True)])


def _cell(sheet: Any, value: Any, form: str | None) -> Any:
    """A text as a text, whatever it begins with; an amount with two decimals."""
    cell = need("openpyxl.cell").WriteOnlyCell(sheet, None if isinstance(value, str) else value)
    if isinstance(value, str):
        cell.value = _CONTROLS.sub("", value)
        cell.data_type = "s"
        cell.number_format = "@"
    elif value is not None:
        cell.number_format = form or ("#,##0.00" if isinstance(value, Decimal) else "#,##0")
    return cell
