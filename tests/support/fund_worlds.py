"""Random books of a made-up year: kept by the settlement and by the slow twin, side by side."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, replace
from functools import cached_property

import pyarrow as pa

from qingsuan.funds.brought import Brought, Opening, Stated
from qingsuan.funds.columns import INTERNAL, KEY
from qingsuan.funds.lines import FUNDS, LINES
from qingsuan.funds.partition import settle_lines
from qingsuan.funds.reference import Entry, Year, keep
from qingsuan.funds.statement import Amount, Statement, statement_of
from qingsuan.settlement import Settled

YEAR = 2022
PLACES = ("990101", "990102", "990100", "990201")
FIRST = (dt.date(YEAR, 1, 1) - dt.date(1970, 1, 1)).days
INCOME = frozenset(line.code for line in LINES.values() if line.side == "income")
AMOUNTS = (1, 2, 99, 100, 101, 12_345, 999_999_999, 10**13)


@dataclass(frozen=True)
class World:
    """A year of entries, what books open with, and what runs state."""

    entries: tuple[Entry, ...]
    stated: tuple[Stated, ...]
    opening: Opening

    @property
    def rows(self) -> int:
        return len(self.entries)

    @cached_property
    def by_hand(self) -> Year:
        stated = [(one.fund, one.admdvs, one.line, one.basis, one.fen) for one in self.stated]
        return keep(self.entries, stated, self.opening.balances, self.opening.outstanding)

    @cached_property
    def settled(self) -> Settled:
        return settle_lines(self.table(), pa.Table.from_pylist([], INTERNAL["claims"]))

    @cached_property
    def statement(self) -> Statement:
        rows = self.settled.totals["sums"].select(list(Amount._fields)).to_pylist()
        amounts = [Amount(**row) for row in rows]
        amounts += [Amount(one.fund, one.admdvs, one.line, one.basis, one.fen, one.origin) for one in self.stated]
        return statement_of(amounts, self.brought.opening)

    @property
    def brought(self) -> Brought:
        return Brought(self.opening, self.stated)

    def table(self, seed: int = 0) -> pa.Table:
        """The entries as intake hands them over, in any order."""
        rows = list(self.entries)
        random.Random(seed).shuffle(rows)
        columns = {
            KEY: [0] * len(rows),
            "file": [0] * len(rows),
            "row": [one.number for one in rows],
            "fund": [one.fund for one in rows],
            "admdvs": [one.admdvs for one in rows],
            "line": [one.line for one in rows],
            "basis": [one.basis for one in rows],
            "day": [one.day for one in rows],
            "fen": [one.fen for one in rows],
            "voucher": [one.voucher for one in rows],
            "takes_back": [one.takes_back for one in rows],
        }
        return pa.table(columns, schema=INTERNAL["entries"])


def world(seed: int, rows: int) -> World:
    """A random world of about so many entries: vouchers that stand twice, refunds of what is there and of what is not."""
    dice = random.Random(seed)
    funds = dice.sample(list(FUNDS), dice.randrange(1, 5))
    lines = [line for line in LINES.values() if any(fund in line.funds for fund in funds)]
    entries = [_entry(dice, number, funds, lines) for number in range(rows)]
    places = [place for place in range(rows) if dice.random() < 0.2]
    for place in places:
        entries[place] = _disturbed(dice, entries, place)
    books = [(fund, admdvs) for fund in funds for admdvs in PLACES]
    opened = {
        (fund, admdvs, line.code): dice.choice((-500, 0, 1, 70_000))
        for fund, admdvs in books
        for line in lines
        if fund in line.funds and dice.random() < 0.1
    }
    stated = [
        Stated(fund, admdvs, line.code, dice.choice(("cash", "due")), dice.choice(AMOUNTS), "premium")
        for fund, admdvs in books
        for line in lines
        if fund in line.funds and dice.random() < 0.15
    ]
    return World(tuple(entries), tuple(stated), Opening({book: dice.choice((0, -7, 10**9)) for book in books}, opened))


def _entry(dice: random.Random, number: int, funds: list[str], lines: list) -> Entry:  # type: ignore[type-arg]
    fund = dice.choice(funds)
    line = dice.choice([one for one in lines if fund in one.funds][:6])
    basis, day = dice.choice(("cash", "due")), FIRST + dice.randrange(365)
    return Entry(number, fund, dice.choice(PLACES), line.code, basis, day, dice.choice(AMOUNTS), f"V{number:06d}")


def _disturbed(dice: random.Random, entries: list[Entry], place: int) -> Entry:
    """A voucher that stands twice, or a refund: of part, of all, of more, of a refund, of nothing."""
    other = entries[dice.randrange(len(entries))]
    mine = replace(other, number=place, day=FIRST + dice.randrange(365))
    if dice.random() < 0.3:
        return replace(mine, fen=dice.choice((mine.fen, abs(mine.fen) + 1)) if not mine.takes_back else mine.fen)
    fen = max(1, dice.choice((abs(other.fen), abs(other.fen) // 2, abs(other.fen) + 1)))
    back = other.voucher if dice.random() < 0.9 else "V-none"
    return replace(mine, fen=-fen, voucher=f"R{place:06d}", takes_back=back)
