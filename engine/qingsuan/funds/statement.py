"""The statement: lines of every book with what is due beside what was received or paid, and the book itself from opening to closing.

Income and expense are never netted, nor is one line with another. The books are on the cash basis: what is due and has not come or
been paid stands beside them, as a receivable (应收) or a payable (应付).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from qingsuan.errors import PolicyError
from qingsuan.funds.brought import Opening
from qingsuan.funds.lines import FUNDS, LINES, Side

__all__ = ["Amount", "Book", "BookLine", "Statement", "statement_of"]


class Amount(NamedTuple):
    """A sum on a line of a book, in fen; ``basis`` is ``cash`` or ``due``, ``origin`` says what brought it."""

    fund: str
    admdvs: str
    line: str
    basis: str
    fen: int
    origin: str


@dataclass(frozen=True, slots=True)
class BookLine:
    """A line of a book, in fen.

    Attributes
    ----------
    cash : received or paid in the year.
    due : what became due in the year; None where nobody says it: not told is not nothing.
    opened : what was due before and had not come or been paid; below 0 where more had come than was due.
    """

    fund: str
    admdvs: str
    line: str
    cash: int
    due: int | None
    opened: int
    origins: tuple[str, ...]

    @property
    def side(self) -> Side:
        """Income or expense."""
        return LINES[self.line].side

    @property
    def left(self) -> int | None:
        """``opened + due − cash``; None where nobody says what is due."""
        return None if self.due is None else self.opened + self.due - self.cash

    @property
    def outstanding(self) -> int | None:
        """What is due and has not come, or been paid."""
        return None if self.left is None else max(0, self.left)

    @property
    def beyond(self) -> int | None:
        """What came, or was paid, beyond what is due; never netted against another line."""
        return None if self.left is None else max(0, -self.left)


@dataclass(frozen=True, slots=True)
class Book:
    """A book of one fund and place, in fen: ``closing = opening + income − expense``, all on the cash basis.

    ``within`` are income and expense without what moves between levels (上级补助, 下级上解 and the like).
    """

    fund: str
    admdvs: str
    opening: int
    income: int
    expense: int
    income_within: int
    expense_within: int
    receivable: int
    payable: int

    @property
    def surplus(self) -> int:
        """Surplus of the year (本年收支结余)."""
        return self.income - self.expense

    @property
    def closing(self) -> int:
        """What the book closes with (滚存结余)."""
        return self.opening + self.income - self.expense


@dataclass(frozen=True, slots=True)
class Statement:
    """All books with their lines, in the order of funds, places and lines."""

    books: tuple[Book, ...]
    lines: tuple[BookLine, ...]


def statement_of(amounts: Iterable[Amount], opening: Opening) -> Statement:
    """Put the amounts of a year on the lines of books.

    Raises
    ------
    PolicyError
        A book has amounts, and nobody says what it opens with.
    """
    cash: dict[tuple[str, str, str], int] = {}
    due: dict[tuple[str, str, str], int] = {}
    origins: dict[tuple[str, str, str], set[str]] = {key: {"opening"} for key in opening.outstanding}
    for one in amounts:
        key = one.fund, one.admdvs, one.line
        sums = cash if one.basis == "cash" else due
        sums[key] = sums.get(key, 0) + one.fen
        origins.setdefault(key, set()).add(one.origin)
    for key in opening.outstanding:  # what was due is due until it is paid, though nothing new became so
        due.setdefault(key, 0)
    lines = tuple(
        BookLine(*key, cash.get(key, 0), due.get(key), opening.outstanding.get(key, 0), tuple(sorted(origins[key])))
        for key in sorted(origins, key=_order)
    )
    books = {(line.fund, line.admdvs) for line in lines} | set(opening.balances)
    _check_opened(books, opening)
    mine: dict[tuple[str, str], list[BookLine]] = {}
    for line in lines:
        mine.setdefault((line.fund, line.admdvs), []).append(line)
    ordered = sorted(books, key=lambda book: (list(FUNDS).index(book[0]), book[1]))
    return Statement(tuple(_book(book, mine.get(book, []), opening.balances) for book in ordered), lines)


def _order(key: tuple[str, str, str]) -> tuple[int, str, int]:
    return list(FUNDS).index(key[0]), key[1], list(LINES).index(key[2])


def _check_opened(books: Iterable[tuple[str, str]], opening: Opening) -> None:
    without = sorted(book for book in books if book not in opening.balances)
    if without:
        named = ", ".join(f"{fund} {admdvs}" for fund, admdvs in without[:10])
        raise PolicyError(
            "opening",
            found=f"{len(without)} books with amounts and without an opening balance: {named}",
            expected="what each book opens with, 0 where it is new",
            do="add a line fund,insu_admdvs,balance,amount to the table of --opening, or give the run of the year before",
        )


def _book(book: tuple[str, str], lines: Iterable[BookLine], balances: Mapping[tuple[str, str], int]) -> Book:
    mine = tuple(lines)

    def cash(side: Side, *, within: bool) -> int:
        return sum(one.cash for one in mine if one.side == side and not (within and LINES[one.line].is_transfer))

    def outstanding(side: Side) -> int:
        return sum(one.outstanding or 0 for one in mine if one.side == side)

    return Book(
        *book,
        opening=balances[book],
        income=cash("income", within=False),
        expense=cash("expense", within=False),
        income_within=cash("income", within=True),
        expense_within=cash("expense", within=True),
        receivable=outstanding("income"),
        payable=outstanding("expense"),
    )
