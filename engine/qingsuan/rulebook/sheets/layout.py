"""What a sheet has where: a heading, then the rows and columns of one matrix, named as in the file.

A cell that is a list (ratios by band, deductibles by visit) has a column for each of its items. Nothing here knows how a
workbook is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from qingsuan.policy.model import Bands, Matrix, RuleSet
from qingsuan.rulebook.origins import origin_as_written
from qingsuan.rulebook.phrases import phrase
from qingsuan.rulebook.words import Words

__all__ = ["FIRST_COLUMN", "FIRST_ROW", "NOTHING", "Fixed", "Sheet", "Unit", "items_of", "sheets_of"]

Unit = Literal["yuan", "percent"]

NOTHING = "-"
"""A cell of which the notice says nothing."""

FIRST_ROW, FIRST_COLUMN = 7, 2
"""Where the first cell lies, counted from 1: above are the heading and two lines that name columns, to the left the names of rows."""

_PERCENT = ("bands", "adjust")
_LONGEST_NAME = 31
"""So many characters a sheet's name may have."""


class Fixed(str):
    """A text that stands for what is no number: it is changed in the parameter file, and here left as it is."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """One matrix as a sheet.

    Attributes
    ----------
    name : of the sheet.
    file, table : the parameter file's name, and the place of the matrix in it.
    heading : the four lines above the table, in the first column.
    unit : what its numbers are.
    rows : the names of the rows.
    columns : of each column of the matrix its name, and what its items are called.
    written : the cells as the file has them, row by row; what is no number as a :class:`Fixed` text.
    """

    name: str
    file: str
    table: str
    heading: tuple[str, ...]
    unit: Unit
    rows: tuple[str, ...]
    columns: tuple[tuple[str, tuple[str, ...]], ...]
    written: tuple[tuple[Any, ...], ...]

    def column_of(self, number: int) -> int:
        """Where in the sheet the items of a column of the matrix begin."""
        return FIRST_COLUMN + sum(len(items) for _, items in self.columns[:number])

    @property
    def last_column(self) -> int:
        """The last column of the sheet that has anything."""
        return self.column_of(len(self.columns)) - 1

    @property
    def last_row(self) -> int:
        """The last row of the sheet that has anything."""
        return FIRST_ROW + len(self.rows) - 1


def items_of(written: Any) -> tuple[Any, ...]:
    """The items of a cell as a file has it: numbers as decimals, ``-``, or a text that stands for what is no number.

    >>> items_of((80, "12.5")), items_of(200), items_of("-"), items_of(Fixed("{ exempt = true }"))
    ((Decimal('80'), Decimal('12.5')), (Decimal('200'),), ('-',), ('{ exempt = true }',))
    """
    if isinstance(written, tuple):
        return tuple(item for one in written for item in items_of(one))
    return (written,) if written == NOTHING or isinstance(written, Fixed) else (Decimal(str(written)),)


def _fixed(rule_set: RuleSet, written: Any) -> Any:
    """A cell as a file has it, tables as texts: an amount that is a multiple of a figure with its origin."""
    if isinstance(written, tuple):
        return tuple(_fixed(rule_set, one) for one in written)
    if not isinstance(written, Mapping):
        return written
    return Fixed(origin_as_written(rule_set, written, "zh") if "figure" in written else _inline(written))


def _inline(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_inline(one)}" for key, one in value.items()) + " }"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_inline, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else str(value)


def sheets_of(rule_set: RuleSet, file: str, first: int = 1) -> tuple[Sheet, ...]:
    """A sheet for each matrix that has rows of its own; ``first`` is the number that the first of them gets."""
    own = [matrix for matrix in rule_set.matrices if not matrix.like]
    return tuple(_sheet(rule_set, matrix, file, number) for number, matrix in enumerate(own, first))


def _sheet(rule_set: RuleSet, matrix: Matrix, file: str, number: int) -> Sheet:
    unit: Unit = "percent" if matrix.setting in _PERCENT else "yuan"
    written = tuple(tuple(_fixed(rule_set, cell) for cell in row) for row in matrix.written)
    cited = [f"{one.document}, {one.article} ({one.grade})" for one in rule_set.cited(matrix.source)]
    return Sheet(
        name=_name(number, f"{matrix.layer} {matrix.setting}"),
        file=file,
        table=matrix.table,
        heading=(
            f"{rule_set.title} {rule_set.name}",
            matrix.table,
            "; ".join(cited),
            "单位: 元 (yuan)" if unit == "yuan" else "单位: % (65 for 65 %)",
        ),
        unit=unit,
        rows=matrix.rows,
        columns=_columns(rule_set, matrix, written),
        written=written,
    )


def _name(number: int, text: str) -> str:
    kept = "".join(char if char not in "[]:*?/\\" else " " for char in text)
    return f"{number:02d} {kept}"[:_LONGEST_NAME].rstrip()


def _columns(
    rule_set: RuleSet, matrix: Matrix, written: tuple[tuple[Any, ...], ...]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    names = matrix.columns or ("",)
    found = []
    for at, name in enumerate(names):
        most = max(len(items_of(row[at])) for row in written)
        found.append((name, _item_names(rule_set, matrix, at, most)))
    return tuple(found)


def _item_names(rule_set: RuleSet, matrix: Matrix, at: int, most: int) -> tuple[str, ...]:
    if most == 1:
        return ("",)
    words = Words(rule_set, "zh")
    bands = next(
        (row[at] for row in matrix.cells if isinstance(row[at], Bands) and len(row[at].ratio_bp) == most), None
    )
    if isinstance(bands, Bands):
        bounds = (
            [words.money(one) for one in bands.upto_fen] if bands.select is None else [*map(str, bands.select.upto)]
        )
        return (*(f"{phrase('upto', 'zh')} {bound}" for bound in bounds), phrase("rest", "zh"))
    return tuple(f"第{number}次" for number in range(1, most + 1))
