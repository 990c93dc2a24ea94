"""A bureau's tables of receipts and budgets, as CSV. A line that cannot be trusted is refused and shown; a file stops the run."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from qingsuan.errors import PolicyError
from qingsuan.heads.small_tables import Line, TableFile, lines_of
from qingsuan.money import MAX_FEN, fen_of_yuan, yuan
from qingsuan.policy.toml.told import did_you_mean
from qingsuan.subsidies.receipts.model import PAYER_LEVELS, Receipt

__all__ = ["BUDGET_COLUMNS", "RECEIPT_COLUMNS", "Budget", "Money", "read_money_tables"]

RECEIPT_COLUMNS = ("date", "payer_level", "admdvs", "year", "amount", "dest_account")
OPTIONAL_COLUMNS = ("voucher", "takes_back")
BUDGET_COLUMNS = ("payer_level", "admdvs", "scheme", "year", "amount")

_CODE = re.compile(r"[1-9][0-9]{5}")
_YEAR = re.compile(r"2[0-9]{3}")
_TOO_FINE = re.compile(r"-?[0-9]+\.[0-9]{3,}")


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
    found = []
    seen: dict[str, str] = {}
    for where, cells in lines:
        number = int(where.rsplit("line ", 1)[1])
        receipt = _receipt(number, cells)
        voucher = cells.get("voucher", "")
        if voucher and voucher in seen:
            expected = f"each voucher once; it stands in line {seen[voucher]}, too"
            receipt.refuse("E_DUPLICATE", "voucher", f'"{voucher}" again', expected)
        elif voucher:
            seen[voucher] = str(number)
        found.append(receipt)
    return tuple(found)


def _receipt(number: int, cells: dict[str, str]) -> Receipt:
    receipt = Receipt(number, cells)
    for column in RECEIPT_COLUMNS:
        if not cells[column]:
            receipt.refuse("E_MISSING", column, "nothing", "a value in every line")
    receipt.date, receipt.fen = _date(cells["date"]), _fen(cells["amount"])
    receipt.year = int(cells["year"]) if _YEAR.fullmatch(cells["year"]) else None
    if receipt.date is None:
        receipt.refuse("E_FORM", "date", f'"{cells["date"]}"', "a date of the calendar as YYYY-MM-DD")
    if cells["payer_level"] not in PAYER_LEVELS:
        hint = did_you_mean(cells["payer_level"], PAYER_LEVELS)
        expected = f"{', '.join(PAYER_LEVELS)}{f' ({hint})' if hint else ''}"
        receipt.refuse("E_CODE", "payer_level", f'"{cells["payer_level"]}"', expected)
    if not _CODE.fullmatch(cells["admdvs"]):
        receipt.refuse("E_FORM", "admdvs", f'"{cells["admdvs"]}"', "the six digits of a pool or county")
    if receipt.year is None:
        receipt.refuse("E_FORM", "year", f'"{cells["year"]}"', "a year from 2000 to 2999")
    _check_amount(receipt)
    return receipt


def _check_amount(receipt: Receipt) -> None:
    """An amount is above 0; one below 0 is a refund, and names the voucher that it takes back."""
    text, takes_back = receipt.cells["amount"], receipt.cells.get("takes_back", "")
    if receipt.fen is None:
        code = "E_SCALE" if _TOO_FINE.fullmatch(text) else "E_FORM"
        receipt.refuse(code, "amount", f'"{text}"', "an amount in yuan with at most two decimals, such as 1234.50")
    elif receipt.fen == 0 or abs(receipt.fen) > MAX_FEN:
        receipt.refuse("E_RANGE", "amount", text, f"an amount other than 0, at most {yuan(MAX_FEN)}")
    elif receipt.fen < 0 and not takes_back:
        receipt.refuse("E_NEGATIVE", "amount", text, "above 0, or in takes_back the voucher that is refunded")
    elif receipt.fen > 0 and takes_back:
        receipt.refuse("E_NEGATIVE", "amount", text, "below 0: takes_back says that it is a refund")


def _date(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else None
    except ValueError:
        return None


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
        "year": (bool(_YEAR.fullmatch(cells["year"])), "a year from 2000 to 2999"),
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
