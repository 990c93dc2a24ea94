"""A bureau's tables of receipts and budgets, as CSV. A line that cannot be trusted is refused and shown; a file stops the run."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from qingsuan.errors import PolicyError
from qingsuan.heads.small_tables import Line, TableFile, lines_of
from qingsuan.money import fen_of_yuan
from qingsuan.movements.model import YEAR
from qingsuan.movements.vouchers import check_vouchers
from qingsuan.policy.toml.told import did_you_mean
from qingsuan.subsidies.receipts.model import PAYER_LEVELS, Receipt

__all__ = ["BUDGET_COLUMNS", "RECEIPT_COLUMNS", "Budget", "Money", "read_money_tables"]

RECEIPT_COLUMNS = ("date", "payer_level", "admdvs", "year", "amount", "dest_account")
BUDGET_COLUMNS = ("payer_level", "admdvs", "scheme", "year", "amount")

_CODE = re.compile(r"[1-9][0-9]{5}")


@dataclass(frozen=True, slots=True)
class Budget:
    """What a payer has budgeted (安排) for a place, scheme and year; where says file and line."""

    level: str
    place: str
    scheme: str
    year: int
    fen: int
    where: str


@dataclass(frozen=True, slots=True)
class Money:
    """The tables of money of one run, and the day up to which what has arrived counts."""

    as_of: dt.date
    receipts: tuple[Receipt, ...]
    budgets: tuple[Budget, ...] | None
    files: tuple[TableFile, ...]

    @property
    def paths(self) -> tuple[Path, ...]:
        """Where the files lie that were read."""
        return tuple(file.path for file in self.files)


def read_money_tables(receipts: Path, as_of: dt.date, budgets: Path | None) -> Money:
    """Read the tables.

    Raises
    ------
    PolicyError
        A file is no table with the columns that are wanted, or a line of the budgets cannot be trusted.
    """
    named = {"receipts": receipts, "budgets": budgets}
    return Money(
        as_of,
        _judged(lines_of(receipts, RECEIPT_COLUMNS)),
        None if budgets is None else tuple(_budget(line) for line in lines_of(budgets, BUDGET_COLUMNS)),
        tuple(TableFile.of(name, file) for name, file in named.items() if file is not None),
    )


def _judged(lines: Iterable[Line]) -> tuple[Receipt, ...]:
    """Every line as a receipt, with the first thing that is wrong with it alone; a voucher counts once."""
    found = [_receipt(int(where.rsplit("line ", 1)[1]), cells) for where, cells in lines]
    check_vouchers(found)
    return tuple(found)


def _receipt(number: int, cells: dict[str, str]) -> Receipt:
    receipt = Receipt(number, cells)
    receipt.require(RECEIPT_COLUMNS)
    receipt.read_date()
    if cells["payer_level"] not in PAYER_LEVELS:
        hint = did_you_mean(cells["payer_level"], PAYER_LEVELS)
        expected = f"{', '.join(PAYER_LEVELS)}{f' ({hint})' if hint else ''}"
        receipt.refuse("E_CODE", "payer_level", f'"{cells["payer_level"]}"', expected)
    if not _CODE.fullmatch(cells["admdvs"]):
        receipt.refuse("E_FORM", "admdvs", f'"{cells["admdvs"]}"', "the six digits of a pool or county")
    receipt.read_year()
    receipt.read_amount()
    return receipt


def _fen(text: str) -> int | None:
    try:
        return fen_of_yuan(text)
    except ValueError:
        return None


def _budget(line: Line) -> Budget:
    where, cells = line
    checks = {
        "payer_level": (cells["payer_level"] in PAYER_LEVELS, " | ".join(PAYER_LEVELS)),
        "admdvs": (bool(_CODE.fullmatch(cells["admdvs"])), "the six digits of a pool or county"),
        "year": (bool(YEAR.fullmatch(cells["year"])), "a year from 2000 to 2999"),
        "amount": (
            (_fen(cells["amount"]) or -1) >= 0 or cells["amount"] == "0",
            "yuan, not below 0, at most two decimals",
        ),
    }
    for column, (is_right, expected) in checks.items():
        if not is_right:
            raise PolicyError(where, found=f'{column} "{cells[column]}"', expected=expected, do="correct the line")
    fen = _fen(cells["amount"]) or 0
    return Budget(cells["payer_level"], cells["admdvs"], cells["scheme"], int(cells["year"]), fen, where)
