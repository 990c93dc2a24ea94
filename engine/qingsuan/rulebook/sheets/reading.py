"""A workbook read back: every cell that is not what its column says is refused, with sheet and cell.

Nothing is guessed: 0.65 is not taken for 65, nor a text for a number, nor what a formula last came to.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

from qingsuan.errors import InputError, unread
from qingsuan.needed import need
from qingsuan.rulebook.sheets.layout import FIRST_COLUMN, FIRST_ROW, NOTHING, Fixed, Sheet, Unit, items_of
from qingsuan.rulebook.sheets.others import OTHERS
from qingsuan.rulebook.sheets.writing import INDEX, INDEX_HEADING

__all__ = ["Edit", "Listed", "edits_of", "listed_in", "open_workbook"]

_EXPECTED: dict[Unit, str] = {
    "yuan": "an amount in yuan: a number from 0 with at most two decimals, or -",
    "percent": "a percentage: a number such as 65 for 65 %, with at most two decimals, or -",
}
_SMALL, _SMALL_POINTS = 2, 1
"""Below it a percentage, or points, may be a share of one."""
_MOST_PERCENT = 100
_EXPORT = "begin anew with what “qingsuan policy export” writes"


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of the first sheet: which sheet is which table of which file, and what that file was."""

    sheet: str
    file: str
    table: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Edit:
    """A cell of a matrix that is not what the file has: its row, its column (by number), and its items now."""

    sheet: Sheet
    row: int
    column: int
    items: tuple[Any, ...]


def open_workbook(path: Path) -> Any:
    """Open a workbook, formulas as they are written.

    Raises
    ------
    InputError
        It cannot be opened.
    UsageError
        openpyxl is not installed.
    """
    openpyxl = need("openpyxl")
    try:
        with path.open("rb") as file:
            return openpyxl.load_workbook(file)
    except OSError as error:
        found = f"cannot be opened: {unread(error)}"
        raise InputError(str(path), found=found, expected="an XLSX file", do="check the path") from error
    except Exception as error:
        found = f"no workbook: {error}"
        raise InputError(str(path), found=found, expected="an XLSX file", do=_EXPORT) from error


def listed_in(book: Any, path: Path) -> tuple[Listed, ...]:
    """What the first sheet lists.

    Raises
    ------
    InputError
        There is no such sheet, or it lists no table; a sheet is missing, or is there and not listed.
    """
    if INDEX not in book.sheetnames:
        raise InputError(str(path), found=f'no sheet "{INDEX}"', expected="the sheet that lists the others", do=_EXPORT)
    rows = [tuple(row) for row in book[INDEX].iter_rows(values_only=True)]
    texts = all(isinstance(cell, str) for row in rows for cell in row) and all(
        len(row) == len(INDEX_HEADING) for row in rows
    )
    if not texts or len(rows) < 2 or rows[0] != INDEX_HEADING:
        expected = f"the columns {', '.join(INDEX_HEADING)}, and a line for each table"
        raise InputError(f"{path}: {INDEX}", found="another list", expected=expected, do=_EXPORT)
    listed = tuple(Listed(*row) for row in rows[1:])
    names = [one.sheet for one in listed]
    for name in names:
        if name not in book.sheetnames:
            raise InputError(
                f"{path}: {name}", found="this sheet is missing", expected="every sheet of the list", do=_EXPORT
            )
    for name in book.sheetnames:
        if name not in (INDEX, OTHERS, *names):
            do = "take it out: nothing of it would be read"
            raise InputError(
                f"{path}: {name}", found="a sheet that is not listed", expected="the sheets of the list", do=do
            )
    return listed


def edits_of(book: Any, path: Path, sheet: Sheet) -> tuple[Edit, ...]:
    """Check every cell of a sheet, and return those whose numbers are not what the file has.

    Raises
    ------
    InputError
        A cell is not what its column says; a row or column is missing, or is there and not of the table; cells are merged.
    """
    reader = _Reader(book[sheet.name], path, sheet)
    reader.shape()
    return tuple(reader.edits())


class _Reader:
    """Reads one sheet; every refusal names sheet and cell."""

    def __init__(self, page: Any, path: Path, sheet: Sheet) -> None:
        self.page, self.path, self.sheet = page, path, sheet

    def refuse(self, cell: str, *, found: str, expected: str, do: str) -> NoReturn:
        raise InputError(f"{self.path}: sheet {self.sheet.name}, cell {cell}", found=found, expected=expected, do=do)

    def shape(self) -> None:
        """Names of rows and columns as they were written, and nothing beside the table."""
        merged = sorted(str(one) for one in self.page.merged_cells.ranges)
        if merged:
            do = "take the cells apart again, and write each number into its own"
            self.refuse(merged[0], found="merged cells", expected="a cell for each row and column", do=do)
        for (row, column), text in self._names().items():
            self._name(self.page.cell(row, column), text, "column" if column >= FIRST_COLUMN else "row")
        inside = (self.sheet.last_row, self.sheet.last_column)
        for line in self.page.iter_rows():
            for cell in line:
                outside = cell.row > inside[0] or cell.column > inside[1]
                if cell.value is not None and (outside or self._is_gap(cell)):
                    kind = "row" if cell.row > inside[0] else "column" if cell.column > inside[1] else "cell"
                    do = "take it out here; rows and columns are added in the parameter file, and exported again"
                    self.refuse(
                        cell.coordinate, found=f"{cell.value!r} in a {kind} too many", expected="nothing", do=do
                    )

    def _is_gap(self, cell: Any) -> bool:
        """Whether it lies beside the heading, above the names of rows, where nothing stands."""
        return bool(cell.row < FIRST_ROW - 2 and cell.column > 1) or bool(
            cell.row in (FIRST_ROW - 2, FIRST_ROW - 1) and (cell.row, cell.column) not in self._names()
        )

    def _names(self) -> dict[tuple[int, int], str]:
        """What the rows and columns are called, by the place of the cell; a column without a name has none."""
        names = {(FIRST_ROW + number, 1): name for number, name in enumerate(self.sheet.rows)}
        for at, (name, items) in enumerate(self.sheet.columns):
            first = self.sheet.column_of(at)
            names[FIRST_ROW - 2, first] = name
            names.update({(FIRST_ROW - 1, first + number): item for number, item in enumerate(items)})
        return {place: name for place, name in names.items() if name}

    def _name(self, cell: Any, text: str, kind: str) -> None:
        if cell.value == text:
            return
        found = f"nothing where the {kind} {text} is named" if cell.value is None else repr(cell.value)
        do = f"leave rows and columns as they were exported: a missing {kind} is not a change of numbers"
        self.refuse(cell.coordinate, found=found, expected=f'the {kind} "{text}"', do=do)

    def edits(self) -> Iterator[Edit]:
        for number, row in enumerate(self.sheet.written):
            for at, written in enumerate(row):
                cells = [
                    self.page.cell(FIRST_ROW + number, self.sheet.column_of(at) + item)
                    for item in range(len(self.sheet.columns[at][1]))
                ]
                items = self._items(cells, written)
                if items != items_of(written):
                    yield Edit(self.sheet, number, at, items)

    def _items(self, cells: Sequence[Any], written: Any) -> tuple[Any, ...]:
        while len(cells) > 1 and cells[-1].value is None:
            cells = cells[:-1]
        if isinstance(written, Fixed):
            self._fixed(cells, items_of(written)[0])
            return items_of(written)
        there = items_of(written)
        items = tuple(self._in_list(cell, at, there) for at, cell in enumerate(cells))
        if NOTHING in items and len(items) > 1:
            at = items.index(NOTHING)
            do = "write it alone where the notice says nothing, or numbers only"
            self.refuse(cells[at].coordinate, found="- beside numbers", expected="numbers, or - alone", do=do)
        return items

    def _fixed(self, cells: Sequence[Any], text: str) -> None:
        if len(cells) > 1 or cells[0].value != text:
            do = "leave it as it was, and change it in the parameter file"
            self.refuse(cells[0].coordinate, found=repr(cells[0].value), expected=text, do=do)

    def _in_list(self, cell: Any, at: int, there: tuple[Any, ...]) -> Any:
        """An item of a cell; what is no number stays where it is."""
        if at < len(there) and isinstance(there[at], Fixed):
            self._fixed((cell,), there[at])
            return there[at]
        return self._item(cell, there)

    def _item(self, cell: Any, there: tuple[Any, ...]) -> Any:
        """One number; ``there`` is what the file has in the cell of the matrix, which needs no check."""
        value, expected = cell.value, _EXPECTED[self.sheet.unit]
        if value == NOTHING:
            return NOTHING
        if cell.data_type == "f" or (isinstance(value, str) and value.startswith("=")):
            do = "write the number itself"
            self.refuse(cell.coordinate, found=f"the formula {_formula(value)}", expected=expected, do=do)
        if value is None:
            do = "write the number, or - where the notice says nothing"
            self.refuse(cell.coordinate, found="an empty cell", expected=expected, do=do)
        if isinstance(value, dt.datetime | dt.date | dt.time | dt.timedelta) or cell.is_date:
            self.refuse(cell.coordinate, found=f"the date {value}", expected=expected, do="format the cell as a number")
        if isinstance(value, bool) or not isinstance(value, int | float):
            hint = "write 65" if isinstance(value, str) and value.strip().endswith(("%", "％")) else "write a number"
            self.refuse(cell.coordinate, found=f"the text {value!r}", expected=expected, do=f"{hint}, not as text")
        number = Decimal(str(value))
        return number if number in there and "%" not in str(cell.number_format) else self._number(cell, number)

    def _number(self, cell: Any, number: Decimal) -> Decimal:
        expected = _EXPECTED[self.sheet.unit]
        shown = f"{number} formatted as a percentage" if "%" in str(cell.number_format) else str(number)
        percent, points = self.sheet.unit == "percent", ".adjust" in self.sheet.table
        if "%" in str(cell.number_format):
            do = "write 65 for 65 %, in a cell formatted as a number"
            self.refuse(cell.coordinate, found=shown, expected=expected, do=do)
        if not number.is_finite() or number != round(number, 2):
            self.refuse(cell.coordinate, found=shown, expected=expected, do="write at most two decimals")
        if percent and 0 < abs(number) < (_SMALL_POINTS if points else _SMALL):
            do = f"write {(number * 100).normalize():f} if that share of one is meant; a percentage that small is changed in the file"
            self.refuse(cell.coordinate, found=f"{number}, which looks like a share of one", expected=expected, do=do)
        least = -_MOST_PERCENT if points else 0
        if number < least or (percent and number > _MOST_PERCENT):
            self.refuse(cell.coordinate, found=shown, expected=expected, do="correct it")
        return number


def _formula(value: Any) -> str:
    return str(getattr(value, "text", value))
