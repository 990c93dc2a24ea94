"""One line of a table of money: what it says, and why it is refused."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass

from qingsuan.money import MAX_FEN, fen_of_yuan, yuan

__all__ = ["OPTIONAL_COLUMNS", "YEAR", "Fault", "Movement"]

OPTIONAL_COLUMNS = ("voucher", "takes_back")
"""The number of the voucher (凭证号), and that of the voucher which a refund takes back."""

YEAR = re.compile(r"2[0-9]{3}")
_TOO_FINE = re.compile(r"-?[0-9]+\.[0-9]{3,}")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a line is refused: one of the rejection codes, the column, what stands there, what was expected."""

    code: str
    column: str
    found: str
    expected: str


@dataclass(slots=True)
class Movement:
    """One line.

    Attributes
    ----------
    number : of the line in its file.
    cells : the line as it came.
    date, fen, year : None where the line does not say them.
    fault : why it is refused, or None.
    outcome : what became of it, in the words of whoever reads the table.
    """

    number: int
    cells: dict[str, str]
    date: dt.date | None = None
    fen: int | None = None
    year: int | None = None
    fault: Fault | None = None
    outcome: str = ""

    def refuse(self, code: str, column: str, found: str, expected: str) -> None:
        """Refuse it, unless it is refused already."""
        if self.fault is None:
            self.fault = Fault(code, column, found, expected)

    def require(self, columns: Iterable[str]) -> None:
        """Refuse it where a cell is empty that every line must have."""
        for column in columns:
            if not self.cells[column]:
                self.refuse("E_MISSING", column, "nothing", "a value in every line")

    def read_date(self) -> None:
        """Read ``date``."""
        text = self.cells["date"]
        try:
            self.date = dt.date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else None
        except ValueError:
            self.date = None
        if self.date is None:
            self.refuse("E_FORM", "date", f'"{text}"', "a date of the calendar as YYYY-MM-DD")

    def read_year(self) -> None:
        """Read ``year``, for which the money is."""
        self.year = int(self.cells["year"]) if YEAR.fullmatch(self.cells["year"]) else None
        if self.year is None:
            self.refuse("E_FORM", "year", f'"{self.cells["year"]}"', "a year from 2000 to 2999")

    def read_amount(self) -> None:
        """Read ``amount``: above 0; one below 0 is a refund, and names the voucher that it takes back."""
        text, takes_back = self.cells["amount"], self.cells.get("takes_back", "")
        try:
            self.fen = fen_of_yuan(text)
        except ValueError:
            code = "E_SCALE" if _TOO_FINE.fullmatch(text) else "E_FORM"
            self.refuse(code, "amount", f'"{text}"', "an amount in yuan with at most two decimals, such as 1234.50")
            return
        if self.fen == 0 or abs(self.fen) > MAX_FEN:
            self.refuse("E_RANGE", "amount", text, f"an amount other than 0, at most {yuan(MAX_FEN)}")
        elif self.fen < 0 and not takes_back:
            self.refuse("E_NEGATIVE", "amount", text, "above 0, or in takes_back the voucher that is refunded")
        elif self.fen > 0 and takes_back:
            self.refuse("E_NEGATIVE", "amount", text, "below 0: takes_back says that it is a refund")
