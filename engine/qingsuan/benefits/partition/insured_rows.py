"""A partition's insured rows by person: which of several that hold decides, and which balance opens an account.

Only people with more than one row cost anything here: everybody else's row decides because there is no other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from qingsuan.benefits.partition.classify import PersonRows
from qingsuan.columns.cells import NO_AMOUNT, NO_DATE, day_text
from qingsuan.money import yuan

if TYPE_CHECKING:
    from qingsuan.benefits.columns import Columns

__all__ = ["Deciding", "InsuredRows"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Deciding:
    """A column of insured rows that can decide what a claim is paid.

    Attributes
    ----------
    name : as in the file.
    values : of the rows of people with several, by their place among them; what is greater goes first.
    text : says a value.
    absent : the value of a cell that says nothing, where the other rows of its account speak for it.
    """

    name: str
    values: Int64
    text: Callable[[int], str]
    absent: int | None = None


class InsuredRows:
    """The insured rows of the people of a partition.

    Parameters
    ----------
    columns
        All insured rows of the partition.
    people
        Which of them are whose.
    pool_of_area
        Pool by area code; -1 where nobody serves it.
    """

    def __init__(self, columns: Columns, people: PersonRows, pool_of_area: Int32) -> None:
        self.columns, self.people, self.setup = columns, people, columns.setup
        self.scheme = columns.code("insutype")
        self.area = columns.code("insu_admdvs")
        self.pool: Int32 = pool_of_area[self.area]
        self.begin = columns.raw("begndate").astype(np.int32, copy=False)
        self.end = columns.raw("enddate").astype(np.int32, copy=False)
        counts = np.diff(people.starts)
        self._owners = np.flatnonzero(counts > 1).astype(np.int32)
        counts = counts[self._owners]
        self.person: Int32 = np.repeat(self._owners, counts)
        within = np.arange(len(self.person)) - np.repeat(np.cumsum(counts) - counts, counts)
        self.several: Int32 = people.rows[np.repeat(people.starts[self._owners], counts) + within]
        """The rows of people who have more than one; ``person`` says whose they are."""

    @cached_property
    def deciding(self) -> tuple[Deciding, ...]:
        """The columns that can decide, in the order in which they break a tie."""
        found = [self._code("psn_type", "psn_type"), self._code("insu_admdvs", "insu_admdvs")]
        found += [self._number("brdy", "brdy", day_text), self._number("wait_end_date", "wait_end", day_text)]
        found.append(self._number("acct_balc", "acct_balc", yuan, NO_AMOUNT))
        for own in self.setup.own("insured"):
            say: Callable[[int], str] = yuan if own.is_amount else day_text if own.is_date else str
            found.append(self._number(own.column, own.name, say) if own.is_number else self._code(own.column, own.name))
        return tuple(found)

    def _code(self, name: str, internal: str) -> Deciding:
        texts = self.setup.vocabularies[internal].texts
        values = self.columns.code(internal)[self.several].astype(np.int64)
        return Deciding(name, values, lambda value: texts[value])

    def _number(self, name: str, internal: str, say: Callable[[int], str], absent: int | None = None) -> Deciding:
        values = self.columns.raw(internal)[self.several].astype(np.int64)
        return Deciding(name, values, lambda value: "" if value in (NO_DATE, NO_AMOUNT) else say(value), absent)

    @cached_property
    def ties(self) -> Int32:
        """(1, n) int32: of rows of one begin and end, the one with the greater number goes first; no two are equal.

        After everything that can decide come whether the row's file has the columns that rules read, the file, the row.
        """
        ties = np.zeros((1, len(self.columns)), np.int32)
        if len(self.several):
            file, row = (self.columns.raw(name)[self.several] for name in ("file", "row"))
            own_columns = self.setup.own_columns
            lacking = [
                number for name, number in self.setup.learned.absent_columns if own_columns[name].table == "insured"
            ]
            keys = (-row, -file, ~np.isin(file, lacking), *(one.values for one in reversed(self.deciding)))
            ties[0, self.several[np.lexsort(keys)]] = np.arange(1, len(self.several) + 1, dtype=np.int32)
        return ties

    @cached_property
    def opening_rows(self) -> tuple[Int32, Int32]:
        """Rows of accounts whose rows give different balances, or some none; and for each the row whose balance opens.

        That is, of the rows that give one: which holds on the first day of the benefit year, of several the one that
        decides; where none holds then, the one that begins first.
        """
        rows = self.several
        first_day = self.setup.first_days(self.pool[rows], self.scheme[rows])
        balance = self.columns.raw("acct_balc")[rows]
        if not len(balance) or bool((balance == balance[0]).all()):
            return np.zeros(0, np.int32), np.zeros(0, np.int32)
        begin, end = self.begin[rows].astype(np.int64), self.end[rows].astype(np.int64)
        holds = (begin <= first_day) & (first_day <= end)
        account = (self.pool[rows], self.scheme[rows], self.person)
        keys = (-self.ties[0, rows], -end, np.where(holds, -begin, begin), ~holds, balance == NO_AMOUNT, *account)
        order = np.lexsort(keys)
        starts = _starts(*(column[order] for column in account))
        balance = balance[order]
        differ = np.minimum.reduceat(balance, starts) != np.maximum.reduceat(balance, starts)
        sizes = np.diff(np.append(starts, len(order)))
        among = np.repeat(differ, sizes)
        return rows[order[among]], np.repeat(rows[order[starts]], sizes)[among]

    def balances(self, instead: Mapping[int, int]) -> Int64:
        """(n,) int64 fen: what opens the account of each row; of the rows named the balance of another one is taken."""
        own = self.columns.raw("acct_balc")
        opening: Int64 = np.maximum(own, 0)
        rows, openers = self.opening_rows
        for row, other in instead.items():
            openers = np.where(openers == row, np.int32(other), openers)
        opening[rows] = np.maximum(own[openers], 0)
        return opening

    def candidates(self) -> list[int]:
        """Places in ``several`` of the rows of people whose rows may contradict each other, by person."""
        if not len(self.several):
            return []
        rows, begin = self.several, self.begin[self.several]
        account = (self.pool[rows], self.scheme[rows], self.person)
        people = np.union1d(
            self.person[self._in_accounts(np.lexsort((begin, *account)), account)],
            self.person[self._in_people(np.lexsort((begin, self.person)))],
        )
        return np.flatnonzero(np.isin(self.person, people)).tolist() if len(people) else []

    def _in_accounts(self, order: npt.NDArray[np.intp], account: tuple[Int32, ...]) -> npt.NDArray[np.intp]:
        """One place of each account whose rows overlap and differ, or give different balances."""
        starts = _starts(*(column[order] for column in account))
        differ = np.zeros(len(starts), np.bool_)
        for one in self.deciding:
            if one.name != "insu_admdvs":
                differ |= _differ(one.values[order], starts, one.absent)
        differ &= self._overlap(order, starts)
        balances = next(one for one in self.deciding if one.name == "acct_balc")
        differ |= _differ(balances.values[order], starts, balances.absent)
        return order[starts[differ]]

    def _in_people(self, order: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        """One place of each person in two counties on one day, or with two dates of birth."""
        starts = _starts(self.person[order])
        differ = _differ(self.area[self.several][order].astype(np.int64), starts, None) & self._overlap(order, starts)
        differ |= _differ(self.columns.raw("brdy")[self.several][order].astype(np.int64), starts, NO_DATE)
        return order[starts[differ]]

    def _overlap(self, order: npt.NDArray[np.intp], starts: npt.NDArray[np.intp]) -> Bool:
        """Which groups, ordered by begin, have two rows that hold on one day."""
        sizes = np.diff(np.append(starts, len(order)))
        apart = np.repeat(np.arange(len(starts), dtype=np.int64) << 33, sizes)
        begin, end = self.begin[self.several][order] + apart, self.end[self.several][order] + apart
        again = np.zeros(len(order), np.bool_)
        again[1:] = begin[1:] <= np.maximum.accumulate(end)[:-1]
        found: Bool = np.logical_or.reduceat(again, starts)
        return found


def _starts(*columns: Int32) -> npt.NDArray[np.intp]:
    """Where groups of equal rows begin in sorted columns."""
    new = np.ones(len(columns[0]), np.bool_)
    new[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    return np.flatnonzero(new)


def _differ(values: Int64, starts: npt.NDArray[np.intp], absent: int | None) -> Bool:
    """Which groups hold two values; ``absent`` is none."""
    least = values if absent is None else np.where(values == absent, np.iinfo(np.int64).max, values)
    found: Bool = np.minimum.reduceat(least, starts) < np.maximum.reduceat(values, starts)
    return found
