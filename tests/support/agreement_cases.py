"""Cases of what a bureau has agreed with others: a folder of small inputs, worked by hand, and the tables that must come out.

``expected/TABLE.csv`` names a few columns of a table; its rows must be all rows of the table, in this order.
"""

from __future__ import annotations

import csv
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from settling import read


def cases_in(folder: Path) -> list[Path]:
    """The folders of cases below a folder."""
    found = sorted(path for path in folder.iterdir() if (path / "expected").is_dir())
    assert found, f"no case below {folder}"
    return found


def differences(case: Path, out: Path) -> list[str]:
    """What came out otherwise than a case expects."""
    found = []
    for file in sorted((case / "expected").glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as lines:
            expected = list(csv.DictReader(line for line in lines if not line.startswith("#")))
        rows = read(out, file.stem)
        if len(rows) != len(expected):
            found.append(f"{file.stem}: {len(rows)} rows, expected {len(expected)}")
        for number, (row, wanted) in enumerate(zip(rows, expected, strict=False), 1):
            found += [
                f"{file.stem}, row {number}, {name}: {row.get(name)}, expected {text}"
                for name, text in wanted.items()
                if not _same(row.get(name, "no such column"), text)
            ]
    return found


def _same(cell: Any, text: str) -> bool:
    if isinstance(cell, Decimal):
        try:
            return cell == Decimal(text)
        except InvalidOperation:
            return False
    return ("" if cell is None else str(cell)) == text
