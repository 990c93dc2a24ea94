"""What is known of the books before an entry is read: balances that they open with, and sums that finished runs state."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from qingsuan.errors import InputError, PolicyError
from qingsuan.funds.lines import BALANCE, FUNDS, LINES
from qingsuan.funds.places import Pools
from qingsuan.heads.small_tables import TableFile, lines_of, number
from qingsuan.money import MAX_FEN, fen_of_yuan, yuan
from qingsuan.policy.toml.told import did_you_mean

__all__ = ["OPENING_COLUMNS", "Brought", "Opening", "Stated", "continued", "read_opening"]

OPENING_COLUMNS = ("fund", "insu_admdvs", "line", "amount")

Book = tuple[str, str]
"""A fund, and the place whose ledger it is."""


@dataclass(frozen=True, slots=True)
class Stated:
    """A sum that a finished run states: on which line of which book, whether cash or due, and which run says so."""

    fund: str
    admdvs: str
    line: str
    basis: str
    fen: int
    origin: str


@dataclass(frozen=True, slots=True)
class Opening:
    """What a book opens with, in fen: its balance, and by line what was due and had not come or been paid (below 0: came beyond)."""

    balances: Mapping[Book, int]
    outstanding: Mapping[tuple[str, str, str], int]
    where: Mapping[tuple[str, str, str], str] = field(default_factory=dict)

    def stated(self) -> Iterator[tuple[tuple[str, str, str], int]]:
        """Every balance by fund, place and line, those of the books themselves first."""
        for (fund, admdvs), fen in self.balances.items():
            yield (fund, admdvs, BALANCE), fen
        yield from self.outstanding.items()


@dataclass(frozen=True, slots=True)
class Brought:
    """Everything that is known before an entry is read.

    Attributes
    ----------
    opening : what books open with.
    stated : sums of finished runs.
    taken : lines that runs bring, by fund, line and basis, each with what brings it: they cannot come by hand, too.
    runs : by name, the SHA-256 of the record of each run.
    files : the bureau's tables.
    paid : what the run of the settlement says that each fund paid, by fund and pool; None where its folder is not at hand.
    aside : sums of places that no plugin serves, which stand in no book.
    notes : what else a run states and no book has, in words.
    """

    opening: Opening
    stated: tuple[Stated, ...] = ()
    taken: Mapping[tuple[str, str, str], str] = field(default_factory=dict)
    runs: Mapping[str, str] = field(default_factory=dict)
    files: tuple[TableFile, ...] = ()
    paid: Mapping[tuple[str, str], int] | None = None
    aside: tuple[Stated, ...] = ()
    notes: tuple[str, ...] = ()


def read_opening(file: Path, pools: Pools) -> Opening:
    """Read a table of balances: those of an earlier year, or of the old areas' clearing (基金清算) before pooling.

    Raises
    ------
    PolicyError
        A line cannot be trusted, or states one thing of one book twice.
    """
    return opening_of(lines_of(file, OPENING_COLUMNS), pools)


def opening_of(lines: Iterable[tuple[str, Mapping[str, str]]], pools: Pools) -> Opening:
    """Balances of lines as a table has them, each with its place in the file."""
    balances: dict[Book, int] = {}
    outstanding: dict[tuple[str, str, str], int] = {}
    where: dict[tuple[str, str, str], str] = {}
    for place, cells in lines:
        fund, admdvs, line = (cells[name] for name in OPENING_COLUMNS[:3])
        _check(place, cells, pools)
        fen = number(cells["amount"], fen_of_yuan, place, "amount", "yuan with at most two decimals")
        if abs(fen) > MAX_FEN:
            raise PolicyError(place, found=f"amount {yuan(fen)}", expected=f"at most {yuan(MAX_FEN)}", do="correct it")
        if (fund, admdvs, line) in where:
            raise PolicyError(
                place,
                found=f"{fund} {admdvs} {line} again, first in {where[fund, admdvs, line].rsplit(':', 1)[-1].strip()}",
                expected="each balance once",
                do="take one of the two lines out",
            )
        where[fund, admdvs, line] = place
        if line == BALANCE:
            balances[fund, admdvs] = fen
        else:
            outstanding[fund, admdvs, line] = fen
    return Opening(balances, outstanding, where)


def _check(place: str, cells: Mapping[str, str], pools: Pools) -> None:
    fund, admdvs, line = (cells[name] for name in OPENING_COLUMNS[:3])
    if fund not in FUNDS:
        _refuse(place, "fund", fund, f"one of {', '.join(FUNDS)}", did_you_mean(fund, FUNDS))
    known = [BALANCE, *(one.code for one in LINES.values() if fund in one.funds)]
    if line not in known:
        _refuse(place, "line", line, f"{BALANCE}, or a line of {fund}", did_you_mean(line, known))
    if re.fullmatch(r"[0-9]{6}", admdvs) is None or not pools.find(admdvs):
        expected = f"a county, or a pool that a plugin serves: {', '.join(pools.codes)}"
        _refuse(place, "insu_admdvs", admdvs, expected, "")


def _refuse(place: str, column: str, found: str, expected: str, hint: str) -> None:
    raise PolicyError(place, found=f'{column} "{found}"', expected=expected, do=hint or "correct the line")


def continued(earlier: Opening, said: Opening, run: str) -> Opening:
    """Hold what a table says of opening balances against what an earlier year closed with.

    Returns
    -------
    Opening
        Both together: books that the earlier year did not have are those of the table.

    Raises
    ------
    InputError
        A balance does not continue last year's.
    """
    before = dict(earlier.stated())
    for (fund, admdvs, line), fen in said.stated():
        closed = before.get((fund, admdvs, line), 0)
        if (fund, admdvs) in earlier.balances and closed != fen:
            raise InputError(
                said.where[fund, admdvs, line],
                found=f"{fund} {admdvs}: {line} opens with {yuan(fen)}",
                expected=f"{yuan(closed)}, with which the year before closed in {run}",
                do="correct the line, or settle the year before again: a balance continues that of last year",
            )
    return Opening({**said.balances, **earlier.balances}, {**said.outstanding, **earlier.outstanding}, said.where)
