"""What an employee's account goes by in one chunk (个人账户): bases, retirement, contributions by month, balances to open with."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

from qingsuan.sample.columns import codes, dates, identifiers, money
from qingsuan.sample.draw import WORDS, Words, amounts, amounts_table, words
from qingsuan.sample.people import COUNTIES, PSN_TYPES, People, day_of
from qingsuan.sample.pools import MARKETS

__all__ = ["Working", "make_working", "months_table", "opening_table"]

_MONTHS = 12
_RAISE_MONTH = 6
"""From July on contributions are paid on a base that is a twentieth higher."""


@dataclass(frozen=True, slots=True)
class Working:
    """Of each insured row of a chunk: ``employee`` and ``pays`` (bool), ``base`` in fen, ``retires`` as a day or -1, ``mode`` as below.

    ``pays`` marks rows whose person contributes in the year; ``mode`` is 0 or 1, or 2 for a resident, who has none.
    """

    employee: Words
    pays: Words
    base: Words
    retires: Words
    mode: Words

    def columns(self) -> dict[str, pa.Array]:
        """The columns of the insured table that accounts read."""
        return {
            "retire_date": dates(self.retires, self.retires >= 0),
            "cntr_base": money(self.base, self.pays),
            "acct_mode": codes(self.mode, ("0", "1", None)),
        }


@cache
def _bases() -> Words:
    return amounts_table(550_000, 45)[np.newaxis, :]


def make_working(rng: np.random.Generator, people: People, year: int) -> Working:
    """Draw them: one in thirty of those who are retired retires during the year."""
    rows = len(people.owner)
    draw = words(rng, 4, rows)
    employee = np.array([market.insutype == "310" for market in MARKETS])[people.market]
    retired = employee & np.array([kind.startswith("12") for kind in PSN_TYPES])[people.kind]
    new_year = day_of(dt.date(year, 1, 1))
    now = retired & (draw[2] < WORDS // 30)
    before = new_year - 1 - (draw[3].astype(np.int64) * 3650 >> 16)
    during = new_year + (draw[3].astype(np.int64) * 365 >> 16)
    return Working(
        employee=employee,
        pays=employee & (~retired | now),
        base=amounts(_bases(), np.zeros(rows, dtype=np.int8), draw[0], draw[1]) // 100 * 100,
        retires=np.where(retired, np.where(now, during, before), -1),
        mode=np.where(employee, (draw[2] % 100 >= 3).astype(np.int8), 2),
    )


def months_table(rng: np.random.Generator, people: People, working: Working, year: int, schema: pa.Schema) -> pa.Table:
    """Contributions (缴费) of a chunk by person and month; of one in a hundred the money has not arrived.

    A month in which a person is insured in two rows as an employee has one row: that of the first.
    """
    first = np.array([day_of(dt.date(year, month, 1)) for month in range(1, _MONTHS + 1)])
    last = np.append(first[1:], day_of(dt.date(year + 1, 1, 1))) - 1
    counts = working.pays[:, None] & (people.begin[:, None] <= last) & (people.end[:, None] >= first)
    number = len(people.ids)
    beside = np.flatnonzero(people.second >= 0)
    counts[people.second[beside]] &= ~counts[beside]
    counts[:number] &= people.begin[:number, None] <= people.end[:number, None]
    row, month = np.nonzero(counts)
    word = words(rng, 1, len(row))[0]
    base = working.base[row] + np.where(month >= _RAISE_MONTH, working.base[row] // 2000 * 100, 0)
    columns = {
        "psn_no": identifiers(people.ids[people.owner[row]]),
        "month": codes(month, [f"{year}-{at:02d}" for at in range(1, _MONTHS + 1)]),
        "cntr_base": money(base),
        "clct_flag": codes((word >= WORDS // 100).astype(np.int8), ("0", "1")),
    }
    return pa.table([columns[name] for name in schema.names], names=schema.names)


def opening_table(people: People, insured: pa.Table, schema: pa.Schema) -> pa.Table:
    """The balances with which accounts open, as the year before left them: those of the insured rows."""
    has_one = insured["acct_balc"].is_valid().combine_chunks()
    pools = [f"{county[:4]}00" for county in COUNTIES]
    columns = {
        "psn_no": insured["psn_no"].filter(has_one),
        "pool": codes(people.county[has_one.to_numpy(zero_copy_only=False)], pools),
        "balc": insured["acct_balc"].filter(has_one),
    }
    return pa.table([columns[name] for name in schema.names], names=schema.names)
