"""A workbook of sheets, with a first one that says which sheet is which table of which file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from qingsuan.errors import UsageError
from qingsuan.needed import need
from qingsuan.rulebook.sheets.layout import FIRST_COLUMN, FIRST_ROW, Sheet, items_of
from qingsuan.rulebook.sheets.others import OTHERS, OTHERS_HEADING, Row

__all__ = ["INDEX", "INDEX_HEADING", "check_ending", "write_workbook"]

INDEX = "目录 index"
INDEX_HEADING = ("sheet", "file", "table", "sha256 of the file")


def check_ending(path: Path) -> None:
    """Refuse a name by which no program, this one included, would take the file for a workbook.

    Raises
    ------
    UsageError
        It does not end in ``.xlsx``.
    """
    if path.suffix.lower() != ".xlsx":
        found = f"a name that ends in {path.suffix}" if path.suffix else "a name without an ending"
        do = "call it so: programs tell by the ending what a file is"
        raise UsageError(str(path), found=found, expected="a name that ends in .xlsx", do=do)


def write_workbook(path: Path, sheets: Sequence[Sheet], digests: Mapping[str, str], others: Sequence[Row]) -> None:
    """Write a workbook; ``digests`` has the SHA-256 of each file, ``others`` what stands in no table.

    Raises
    ------
    UsageError
        openpyxl is not installed; there is no sheet; the file is there already, or cannot be written.
    """
    openpyxl = need("openpyxl")
    if path.exists():
        raise UsageError(
            str(path), found="something that is there already", expected="a new one", do="give another name"
        )
    book = openpyxl.Workbook()
    index = book.active
    index.title = INDEX
    index.append(INDEX_HEADING)
    for sheet in sheets:
        index.append((sheet.name, sheet.file, sheet.table, digests[sheet.file]))
        _write(book.create_sheet(sheet.name), sheet)
    if others:
        page = book.create_sheet(OTHERS)
        for row, texts in enumerate((OTHERS_HEADING, *others), 1):
            for column, text in enumerate(texts, 1):
                _text(page.cell(row, column), text)
        _look(page, (30, 34, 40, 60, 30), "A2")
    _look(index, (30, 34, 40, 70), "A2")
    try:
        book.save(path)
    except OSError as error:
        raise UsageError(
            str(path), found=f"cannot be written ({error.strerror or error})", expected="a folder that can be written"
        ) from error


def _write(page: Any, sheet: Sheet) -> None:
    for number, line in enumerate(sheet.heading, 1):
        page.cell(number, 1).value = line
    for at, (name, items) in enumerate(sheet.columns):
        column = sheet.column_of(at)
        _text(page.cell(FIRST_ROW - 2, column), name)
        for number, item in enumerate(items):
            _text(page.cell(FIRST_ROW - 1, column + number), item)
    for row, name in enumerate(sheet.rows, FIRST_ROW):
        _text(page.cell(row, 1), name)
        for at, written in enumerate(sheet.written[row - FIRST_ROW]):
            for column, value in enumerate(items_of(written), sheet.column_of(at)):
                _value(page.cell(row, column), value)
    _look(page, (34, *([14] * (sheet.last_column - 1))), page.cell(FIRST_ROW, FIRST_COLUMN).coordinate)


def _value(cell: Any, value: Any) -> None:
    if isinstance(value, Decimal):
        cell.value = int(value) if value == value.to_integral_value() else value
        cell.number_format = "#,##0.##" if value != value.to_integral_value() else "#,##0"
    else:
        _text(cell, value)


def _text(cell: Any, text: str) -> None:
    """A text as text: a level ``1`` is no number, and nothing is a formula."""
    if text:
        cell.value = text
        cell.data_type = "s"
        cell.number_format = "@"


def _look(page: Any, widths: Sequence[int], frozen: str) -> None:
    utils = need("openpyxl.utils")
    page.freeze_panes = frozen
    for number, width in enumerate(widths, 1):
        page.column_dimensions[utils.get_column_letter(number)].width = width
