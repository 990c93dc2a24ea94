"""XLSX workbooks, for small tables: one sheet, its first row the names; what a cell shows is what it says.

A workbook keeps every number as a double. Of a whole number it keeps 15 digits, and shows one of twelve and more as 1.23E+11: such a
cell is refused, as its digits are lost, or will be when the file is saved again. A column of numbers is one of numbers: whole
ones are digits where a column is of codes, and an amount needs an intake file's word, as everywhere.
"""

from __future__ import annotations

import datetime as dt
import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from qingsuan.errors import InputError, QingsuanError
from qingsuan.needed import need
from qingsuan.run.inputs.formats.source import Source, check_beginning

__all__ = ["MOST_BYTES", "count_xlsx_rows", "open_xlsx", "read_xlsx"]

MOST_BYTES = 256 << 20
"""A workbook that unpacks to more is no small table."""

_MOST_SHOWN = 10**11
"""A whole number from here on is shown with an exponent, unless its format says otherwise."""

_MOST_KEPT = 10**15
"""A whole number from here on has digits that a workbook does not keep."""

_EXPONENT = re.compile(r"[eE][+-]")
_ROW = re.compile(rb"<(?:\w+:)?row\b[^>]*[^>/]>.*?</(?:\w+:)?row>|<(?:\w+:)?row>.*?</(?:\w+:)?row>", re.DOTALL)
_VALUE = re.compile(rb"<(?:\w+:)?[vt](?: [^>]*)?>[^<]")


def open_xlsx(number: int, path: Path, sheet: str | int) -> Source:
    """Read a sheet of a workbook; ``sheet`` is its name, or its number from 1 on, or 0 for the only one.

    Raises
    ------
    UsageError
        What reads workbooks is not installed.
    InputError
        It has no such sheet, more than one where none is named, or a cell that lost its digits.
    """
    check_beginning(path)
    table = _table(path, sheet)
    return Source(number, path, "xlsx", table.schema, table.num_rows)


def read_xlsx(source: Source, _: tuple[int, ...], columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
    """Give the rows of a sheet."""
    table = _table(source.path, _sheet(source))
    yield table if columns is None else table.select(list(columns))


def count_xlsx_rows(source: Source) -> int:
    """How many rows of a sheet have a value, counted in the text that the workbook packs; the first one names the columns."""
    with _opened(source.path) as book:
        place = _chosen(source.path, book, _sheet(source))._worksheet_path  # noqa: SLF001
    with zipfile.ZipFile(source.path) as archive:
        content = archive.read(place)
    return max(0, sum(1 for row in _ROW.finditer(content) if _VALUE.search(row[0])) - 1)


def _sheet(source: Source) -> str | int:
    return 0 if source.said is None else source.said.sheet


def _table(path: Path, sheet: str | int) -> pa.RecordBatch:
    state = path.stat()
    return _table_of(path, sheet, state.st_mtime_ns, state.st_size, state.st_ino)


@lru_cache(maxsize=4)
def _table_of(path: Path, sheet: str | int, *_: int) -> pa.RecordBatch:
    with _opened(path) as book:
        return _columns(path, _chosen(path, book, sheet))


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """A workbook; whatever its reader raises says that it is no whole one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a workbook lacks beside its cells is of no matter
        try:
            book = _book(path)
            try:
                yield book
            finally:
                book.close()
        except (QingsuanError, OSError):
            raise
        except Exception as error:  # of a dozen kinds, from three libraries
            raise ValueError(f"no whole workbook: {' '.join(str(error).split()) or type(error).__name__}") from error


def _book(path: Path) -> Any:
    with zipfile.ZipFile(path) as archive:
        size = sum(one.file_size for one in archive.infolist())
    if size > MOST_BYTES:
        raise InputError(
            str(path),
            found=f"a workbook of {size >> 20} MiB when it is unpacked",
            expected=f"a small table, of at most {MOST_BYTES >> 20} MiB",
            do="write it as CSV or Parquet",
        )
    return need("openpyxl").load_workbook(path, read_only=True, data_only=True)


def _chosen(path: Path, book: Any, sheet: str | int) -> Any:
    """The sheet that is named, or the only one."""
    names = [one.title for one in book.worksheets]
    if isinstance(sheet, str) and sheet in names:
        return book.worksheets[names.index(sheet)]
    if isinstance(sheet, int) and 1 <= (sheet or len(names)) <= len(names) and (sheet or len(names) == 1):
        return book.worksheets[max(0, sheet - 1)]
    listed = ", ".join(f"{place} “{name}”" for place, name in enumerate(names, 1))
    raise InputError(
        str(path),
        found=f"sheets {listed}" if sheet == 0 else f"no sheet {sheet}; there are {listed}",
        expected="the sheet with the table, by name or number",
        do=f'name it in an intake file: sheet = "{names[0] if names else "…"}"',
    )


def _columns(path: Path, sheet: Any) -> pa.RecordBatch:
    sheet.reset_dimensions()  # what a sheet says of its size need not be so
    rows = sheet.iter_rows()
    names = [_name(path, cell) for cell in next(rows, ())]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise InputError(
            f"{path}: sheet “{sheet.title}”",
            found="nothing in its first row",
            expected="the names of the columns in the first row",
            do="take what stands above the table away",
        )
    columns: list[list[Any]] = [[] for _ in names]
    for place, row in enumerate(rows, 2):
        values = [_value(path, sheet, cell, place) for cell in row]
        if all(value is None for value in values):
            continue
        if any(value is not None for value in values[len(names) :]):
            raise _wrong(path, sheet, place, "a cell without a name above it", "cells below the names of the first row")
        values += [None] * (len(names) - len(values))
        for column, value in zip(columns, values, strict=False):
            column.append(value)
    arrays = [_array(path, sheet, name, column) for name, column in zip(names, columns, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, names=names)


def _name(path: Path, cell: Any) -> str:
    return "" if cell.value is None else str(cell.value)


def _value(path: Path, sheet: Any, cell: Any, row: int) -> Any:
    """What a cell says: nothing, a text, a whole number, another number as a decimal text would have it, a time, or yes and no."""
    value = cell.value
    if value is None or value == "":
        return None
    if cell.data_type == "e":
        raise _wrong(path, sheet, row, f"the error {value}", "a value")
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int) or (hasattr(value, "is_integer") and value.is_integer() and abs(value) < _MOST_KEPT):
        return _whole(path, sheet, int(value), cell, row)
    if hasattr(value, "is_integer") and abs(value) >= _MOST_KEPT:
        return _whole(path, sheet, int(value), cell, row)
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return dt.datetime.combine(value, dt.time())
    return value


def _whole(path: Path, sheet: Any, value: int, cell: Any, row: int) -> int:
    shown = str(cell.number_format or "General")
    lost = abs(value) >= _MOST_KEPT
    if lost or _EXPONENT.search(shown) or (shown == "General" and abs(value) >= _MOST_SHOWN):
        raise _wrong(
            path,
            sheet,
            row,
            f"a number shown as {value:.2E}: its digits are lost" if lost else f"a number shown as {value:.2E}",
            "an id or a code as text, with all its digits",
        )
    return value


def _wrong(path: Path, sheet: Any, row: int, found: str, expected: str) -> InputError:
    return InputError(
        f"{path}: sheet “{sheet.title}”, row {row}",
        found=found,
        expected=expected,
        do="write the column as text where the data come from, and make the workbook anew",
    )


def _array(path: Path, sheet: Any, name: str, values: list[Any]) -> pa.Array:
    """A column of one type: of numbers, of times, or of texts; whole numbers among texts are their digits."""
    kinds = {type(value) for value in values if value is not None}
    if not kinds:
        return pa.nulls(len(values), pa.string())
    if kinds == {int}:
        return pa.array(values, pa.int64())
    if kinds == {dt.datetime}:
        return pa.array(values, pa.timestamp("us"))
    if kinds <= {str, int}:
        return pa.array([None if value is None else str(value) for value in values], pa.string())
    if str not in kinds and dt.datetime not in kinds and dt.time not in kinds:
        return pa.array(values, "double")
    raise InputError(
        f"{path}: sheet “{sheet.title}”, column {name}",
        found=f"cells of several kinds: {', '.join(sorted(kind.__name__ for kind in kinds))}",
        expected="texts, numbers or dates, one kind in a column",
        do="give the whole column one format",
    )
