"""A section of a report: one table with a title, the same on the page and in the workbook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from qingsuan.pages.numbers import grouped_yuan, share

__all__ = ["Column", "Kind", "Section"]

Kind = Literal["text", "count", "yuan", "ratio"]
"""What stands in a column: texts, whole numbers, fen, or basis points; None is an empty cell."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column and what it is called, in the language of the report."""

    title: str
    kind: Kind = "text"
    width: int = 16


@dataclass(frozen=True, slots=True)
class Section:
    """One table.

    Attributes
    ----------
    sheet : the name of its sheet, at most 31 characters.
    title, note : what stands above the table on the page; the note may be empty.
    rows : one value for each column, of its kind; the last row may be a total.
    has_total : whether it is one.
    most : how many rows the page shows; None for all. The workbook has all of them.
    """

    sheet: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    note: str = ""
    has_total: bool = False
    most: int | None = None

    def shown(self) -> list[list[str]]:
        """The rows of the page, as texts."""
        rows = self.rows if self.most is None else self.rows[: self.most]
        return [[_text(value, one.kind) for value, one in zip(row, self.columns, strict=True)] for row in rows]

    @property
    def left_out(self) -> int:
        """How many rows the page does not show."""
        return 0 if self.most is None else max(0, len(self.rows) - self.most)

    def cells(self) -> list[list[Any]]:
        """The rows of the sheet: amounts in yuan and ratios as decimals."""
        return [[_cell(value, one.kind) for value, one in zip(row, self.columns, strict=True)] for row in self.rows]


def _text(value: Any, kind: Kind) -> str:
    if value is None:
        return ""
    if kind == "text":
        return str(value)
    return {"count": "{:,}".format, "yuan": grouped_yuan, "ratio": share}[kind](value)


def _cell(value: Any, kind: Kind) -> Any:
    if value is None or kind in ("text", "count"):
        return value
    return Decimal(value).scaleb(-2 if kind == "yuan" else -4)
