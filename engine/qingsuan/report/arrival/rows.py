"""What stands in the report of arrived money: the lines of prefectures and counties, and sums by level. Amounts in fen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from qingsuan.errors import InputError
from qingsuan.money import fen_of_yuan
from qingsuan.report.summary import read_record

__all__ = ["ACCOUNT_NAMES", "AMOUNTS", "LEVEL_NAMES", "ArrivalReport", "Line", "read_arrival"]

LEVEL_NAMES = {"central": "中央", "province": "省级", "local": "市县", "prefecture": "市级", "county": "县级"}
ACCOUNT_NAMES = {"pool": "市级统筹基金账户", "fiscal": "社会保险基金财政专户"}
AMOUNTS = ("due", "received", "in_the_account", "outstanding", "beyond", "budgeted", "short_of_due")
"""Amounts of a line; those that are not known are None."""

_OF_THE_REPORT = ("local", "prefecture", "county")


@dataclass(frozen=True, slots=True)
class Line:
    """One payer and place, or a sum; ``share_bp`` is received ÷ due."""

    level: str
    prefecture: str
    place: str
    name: str
    fen: Mapping[str, int | None]
    last_day: dt.date | None = None
    days_late: int | None = None

    @property
    def share_bp(self) -> int | None:
        """Received ÷ due in basis points, half away from zero; None where nothing is due."""
        due, received = self.fen["due"] or 0, self.fen["received"] or 0
        return (received * 20_000 + due) // (2 * due) if due else None


@dataclass(frozen=True, slots=True)
class ArrivalReport:
    """The report of one run.

    Attributes
    ----------
    lines : prefectures' and counties' money, in the order of places; ``total`` is their sum.
    levels : the sum of each level, central and provincial money included.
    refused : receipts that are refused: line, code, column, what stood there, what was expected.
    notes : warnings of the run.
    """

    year: int
    as_of: dt.date
    title: str
    lines: tuple[Line, ...]
    total: Line
    levels: tuple[Line, ...]
    refused: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]

    @property
    def heading(self) -> str:
        """What the report is called, with its day."""
        return f"市县财政补助资金到位情况（截至{self.as_of.year}年{self.as_of.month}月{self.as_of.day}日）"


def read_arrival(out_dir: Path) -> ArrivalReport:
    """Read a finished run that was given receipts.

    Raises
    ------
    InputError
        The folder holds no finished run, or one without receipts.
    """
    record = read_record(out_dir)
    if "receipts" not in record:
        raise InputError(
            str(out_dir),
            found=f"a run of {record['settlement']} without receipts",
            expected="a finished subsidy that was given --receipts and --as-of",
        )
    lines = [_line(row) for row in pq.read_table(out_dir / "arrived/part-00000.parquet").to_pylist()]
    local = [line for line in lines if line.level in _OF_THE_REPORT]
    receipts = pq.read_table(out_dir / "receipts/part-00000.parquet").to_pylist()
    names = ("source_row", "code", "column", "found", "expected")
    return ArrivalReport(
        year=record["year"],
        as_of=dt.date.fromisoformat(record["receipts"]["as_of"]),
        title="；".join(rule["title"] for rule in record["rules"]),
        lines=tuple(local),
        total=_sum("", "合计", local),
        levels=tuple(_sum(level, LEVEL_NAMES[level], _of(level, lines)) for level in LEVEL_NAMES if _of(level, lines)),
        refused=tuple(tuple(str(row[name]) for name in names) for row in receipts if row["outcome"] == "refused"),
        notes=tuple(record["warnings"]),
    )


def _of(level: str, lines: Iterable[Line]) -> list[Line]:
    return [line for line in lines if line.level == level]


def _line(row: Mapping[str, Any]) -> Line:
    fen = {name: _fen(row[name]) for name in AMOUNTS}
    return Line(row["level"], row["prefecture_name"], row["place"], row["name"], fen, row["last_day"], row["days_late"])


def _fen(value: Decimal | None) -> int | None:
    return None if value is None else fen_of_yuan(str(value))


def _sum(level: str, name: str, lines: Iterable[Line]) -> Line:
    """Lines added up; what one of them does not know, the sum does not either."""
    rows = list(lines)
    sums: dict[str, int | None] = {}
    for amount in AMOUNTS:
        known = [fen for row in rows if (fen := row.fen[amount]) is not None]
        sums[amount] = sum(known) if len(known) == len(rows) else None
    return Line(level, "", "", name, sums)
