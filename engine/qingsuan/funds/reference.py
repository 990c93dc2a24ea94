"""The slow twin: a fund's books in plain Python, entry by entry, as they are read beside 财社〔2017〕144号.

It knows neither NumPy nor Arrow nor partitions. Random years must come out equal to the fen; it is never a fallback.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

__all__ = ["Entry", "Ledger", "Year", "keep"]


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as a bureau writes it, its amount in fen; its number says where it stands."""

    number: int
    fund: str
    admdvs: str
    line: str
    basis: str
    day: int
    fen: int
    voucher: str
    takes_back: str = ""


@dataclass(slots=True)
class Ledger:
    """A book of one fund and place: what it opened with, and by line what was due before, became due, and was received or paid."""

    opening: int = 0
    opened: dict[str, int] = field(default_factory=dict)
    due: dict[str, int] = field(default_factory=dict)
    cash: dict[str, int] = field(default_factory=dict)

    def closing(self, income: frozenset[str]) -> int:
        """What it closes with: every entry of income added, every other taken off, one by one."""
        balance = self.opening
        for line, fen in self.cash.items():
            balance += fen if line in income else -fen
        return balance

    def left(self, line: str) -> int | None:
        """What is due on a line and has not come or been paid; None where nobody says what is due."""
        if line not in self.due and line not in self.opened:
            return None
        return self.opened.get(line, 0) + self.due.get(line, 0) - self.cash.get(line, 0)


@dataclass(slots=True)
class Year:
    """All books of a year by fund and place, the numbers of accepted entries, and of refused ones the code."""

    books: dict[tuple[str, str], Ledger] = field(default_factory=dict)
    accepted: list[int] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)


def keep(
    entries: Iterable[Entry],
    stated: Iterable[tuple[str, str, str, str, int]],
    balances: Mapping[tuple[str, str], int],
    outstanding: Mapping[tuple[str, str, str], int],
) -> Year:
    """Keep the books of a year: entries by day, one after the other, and sums that others state."""
    year = Year()
    for book, fen in balances.items():
        year.books.setdefault(book, Ledger()).opening = fen
    for (fund, admdvs, line), fen in outstanding.items():
        year.books.setdefault((fund, admdvs), Ledger()).opened[line] = fen
    for fund, admdvs, line, basis, fen in stated:
        _book(year, fund, admdvs, line, basis, fen)
    left = _judge(entries, year)
    for entry in left:
        year.accepted.append(entry.number)
        _book(year, entry.fund, entry.admdvs, entry.line, entry.basis, entry.fen)
    return year


def _judge(entries: Iterable[Entry], year: Year) -> list[Entry]:
    """The entries that count: a voucher once on a line, a refund of a voucher that counts and of no more than is left of it."""
    ordered = sorted(entries, key=lambda one: (one.day, one.voucher, one.takes_back, one.fen, one.number))
    first: dict[tuple[str, ...], Entry] = {}
    for entry in ordered:
        if _place(entry, entry.voucher) in first:
            year.refused[entry.number] = "E_DUPLICATE"
        else:
            first[_place(entry, entry.voucher)] = entry
    back: dict[int, int] = {}
    for entry in ordered:
        if entry.number in year.refused or not entry.takes_back:
            continue
        original = first.get(_place(entry, entry.takes_back))
        if original is None or original.takes_back:
            year.refused[entry.number] = "E_REVERSAL_ORPHAN"
        elif back.get(original.number, 0) - entry.fen > original.fen:
            year.refused[entry.number] = "E_REVERSAL_MISMATCH"
        else:
            back[original.number] = back.get(original.number, 0) - entry.fen
    return [entry for entry in ordered if entry.number not in year.refused]


def _place(entry: Entry, voucher: str) -> tuple[str, ...]:
    return entry.fund, entry.admdvs, entry.line, entry.basis, voucher


def _book(year: Year, fund: str, admdvs: str, line: str, basis: str, fen: int) -> None:
    ledger = year.books.setdefault((fund, admdvs), Ledger())
    lines = ledger.cash if basis == "cash" else ledger.due
    lines[line] = lines.get(line, 0) + fen
