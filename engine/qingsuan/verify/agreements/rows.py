"""Rows of small tables, and equations between their columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from qingsuan.listing import files_in
from qingsuan.run.folder import RECORD
from qingsuan.verify.findings import Findings

__all__ = ["NOTHING", "Equation", "Row", "check_identities", "check_rows", "parts_of", "rows_of", "total"]

NOTHING = Decimal("0.00")
_FIRST = "part-00000.parquet"

Row = Mapping[str, Any]
Equation = tuple[str, Callable[[Row], Any], Callable[[Row], Any]]
"""What is checked, in words; what stands there; what it has to be."""


def parts_of(folder: Path, table: str) -> list[str]:
    """The names of a table's parts."""
    return [path.name for path in files_in(folder / table)]


def rows_of(folder: Path, table: str, part: str = _FIRST) -> list[dict[str, Any]]:
    """The rows of a part of a table."""
    found: list[dict[str, Any]] = pq.read_table(folder / table / part).to_pylist()
    return found


def check_rows(
    table: str, rows: Sequence[Row], equations: Iterable[Equation], findings: Findings, part: str = _FIRST
) -> None:
    """Hold every row against every equation."""
    equations = tuple(equations)
    for number, row in enumerate(rows, 1):
        for check, found, expected in equations:
            if found(row) != expected(row):
                findings.add(f"{table}/{part}", check, found(row), expected(row), number)


def total(rows: Iterable[Row], column: str) -> Decimal:
    """The sum of a column."""
    return sum((row[column] for row in rows), NOTHING)


def check_identities(record: Mapping[str, Any], findings: Findings) -> None:
    """Both sides of whatever a record says to be equal are."""
    for one in record["identities"]:
        findings.same(RECORD, one["identity"], one["one"], one["other"])
