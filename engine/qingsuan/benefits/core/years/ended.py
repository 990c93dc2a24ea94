"""What is settled after a person's last claim of the year (年终二次报销), once the core has run over all claims.

A year is settled by the core as one claim, of what the year's claims left to the person of the amount in scope; what it is paid goes to
these claims again, the last one first, none more than it left. Then the personal account pays anew what funds leave. Whole columns are
moved here; claims of rules without such a layer are not looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from qingsuan.benefits.core.turns import NO_ROOM, Turns
from qingsuan.errors import InputError, RunError
from qingsuan.money import BP_ONE, MAX_FEN, yuan
from qingsuan.policy.model import FUNDS
from qingsuan.policy.year_end.tables import YearEnds

__all__ = ["Claims", "YearEndPass"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

_IN_SCOPE = 4
_ACCOUNT, _BALANCE, _CASH = 2, 3, 4
"""Rows of the core's results."""
_COUNTING = 0
"""The rule that counts what enters, so that bands that the year's sum selects can read it."""


@dataclass(frozen=True, slots=True)
class Claims:
    """Claims as the core had them, each person's in order, and how a message names one."""

    person: Int32
    account: Int32
    variant: Int32
    bill: Int64
    may_use_account: npt.NDArray[np.int8]
    balance: Int64
    name: Callable[[int], str]


@dataclass(frozen=True, slots=True)
class _Years:
    """What claims left, year by year: a year is one of an account and a group.

    Attributes
    ----------
    row : (m,) the claims that count, year after year, each year's in their order.
    left : (m,) what each left of the amount in scope.
    first, last : (k,) where a year's claims begin, and its last one.
    """

    row: npt.NDArray[np.intp]
    left: Int64
    first: npt.NDArray[np.intp]
    last: npt.NDArray[np.intp]

    def sums(self) -> Int64:
        """What is left of each year."""
        return np.add.reduceat(self.left, self.first)

    def paid_back(self, pay: Int64) -> Int64:
        """What of each year's payment each claim is paid: the last one what it left, then the one before."""
        length = np.diff(self.first, append=len(self.row))
        until = np.cumsum(self.left)
        after = np.repeat(until[self.last], length) - until  # what later claims of the year left
        return np.clip(np.repeat(pay, length) - after, 0, self.left)


class YearEndPass:
    """Settles years that are over.

    Parameters
    ----------
    ends
        The rules by which they are.
    settle
        What the core pays for claims by these rules: person, variant, bill (5, n) and a claim's name in; one payment each out.
    layers
        How many layers the rules have by which claims are settled: those of the year's end are counted behind them.
    """

    def __init__(
        self, ends: YearEnds, settle: Callable[[Int32, Int32, Int64, Callable[[int], str]], Int64], layers: int
    ) -> None:
        self.ends, self.settle, self.layers = ends, settle, layers
        self.fund = np.array([0, *(FUNDS.index(one.fund) for one in ends.layers)], np.intp)

    def run(self, claims: Claims, funds: Int64, result: Int64, turns: Turns | None) -> Turns | None:
        """Settle the years of these claims; ``funds`` and ``result``, what the core computed, are changed. Gives the turns with theirs.

        Raises
        ------
        InputError
            What the claims of a year left adds up to more than an amount can be.
        RunError
            Payments do not add up: nothing of it is written.
        """
        years = self._years(claims, funds)
        if years is None:
            return turns
        by = self.ends.of[claims.variant[years.row[years.last]]]
        pay = self._pay(claims, years, by)
        back = years.paid_back(pay)
        length = np.diff(years.first, append=len(years.row))
        funds[np.repeat(self.fund[by], length), years.row] += back
        self._pay_from_accounts(claims, years.row[back > 0], funds, result)
        if (np.add.reduceat(back, years.first) != pay).any() or (result < 0).any():
            raise RunError(
                "the end of the year",
                found="payments that do not add up to what the year is paid, or more than a bill",
                expected="funds + account + cash = total, nothing negative",
                do="report this: the run was stopped before anything was written",
            )
        return None if turns is None else self._told(turns, years, np.repeat(by, length), back)

    def _years(self, claims: Claims, funds: Int64) -> _Years | None:
        """The claims whose rules have a layer of the year's end, year by year; None where there is none."""
        within = np.append(self.ends.of >= 0, False)  # the last is of variant -1, for which no layer runs
        row = np.flatnonzero(within[claims.variant])
        if not len(row):
            return None
        variant = claims.variant[row]
        order = np.lexsort((self.ends.groups[variant], claims.account[row], claims.person[row]))
        row = row[order]
        variant = claims.variant[row]
        entered = (claims.bill[_IN_SCOPE, row] * self.ends.entry_bp[variant] + BP_ONE // 2) // BP_ONE
        left = np.maximum(entered - funds[:, row].sum(axis=0), 0)
        keys = (claims.person[row], claims.account[row], self.ends.groups[variant])
        begins = np.any([np.diff(key, prepend=-1) != 0 for key in keys], axis=0)
        first = np.flatnonzero(begins)
        return _Years(row, left, first, np.append(first[1:], len(row)) - 1)

    def _pay(self, claims: Claims, years: _Years, by: Int32) -> Int64:
        """What each year is paid: it stands at the core's door as two claims, of which the first only counts what enters."""
        sums = years.sums()
        names = years.row[years.last]
        beyond = np.flatnonzero((sums > MAX_FEN) | (sums < 0))
        if len(beyond):
            raise InputError(
                claims.name(int(names[beyond[0]])),
                found="a year of which the person still bears more than 100 billion yuan",
                expected=f"at most {yuan(MAX_FEN)} yuan, as of one claim",
                do="correct this person's amounts in the extract, or leave the person out, and settle again",
            )
        count = len(sums)
        variant = np.full(2 * count, _COUNTING, np.int32)
        variant[1::2] = by
        bill = np.zeros((5, 2 * count), np.int64)
        bill[0] = bill[_IN_SCOPE] = np.repeat(sums, 2)
        person = np.repeat(np.arange(count, dtype=np.int32), 2)
        return self.settle(person, variant, bill, lambda at: claims.name(int(names[at // 2])))[1::2]

    def _pay_from_accounts(self, claims: Claims, paid: npt.NDArray[np.intp], funds: Int64, result: Int64) -> None:
        """Let the personal accounts of whom the end of the year pays something pay anew what funds leave, claim by claim."""
        owner = claims.person.astype(np.int64) * (int(claims.account.max()) + 1) + claims.account
        row = np.flatnonzero(np.isin(owner, owner[paid]))
        if not len(row):
            return
        row = row[np.argsort(owner[row], kind="stable")]
        begins = np.diff(owner[row], prepend=-1) != 0
        first = np.flatnonzero(begins)
        length = np.diff(first, append=len(row))
        rest = claims.bill[0, row] - funds[:, row].sum(axis=0)
        asked = np.cumsum(np.where(claims.may_use_account[row] != 0, rest, 0))
        before = asked[first] - np.where(claims.may_use_account[row[first]] != 0, rest[first], 0)
        opening = np.repeat(claims.balance[row[first]], length)
        spent = np.minimum(asked - np.repeat(before, length), opening)
        account = np.where(begins, spent, np.diff(spent, prepend=0))
        result[_ACCOUNT, row], result[_BALANCE, row], result[_CASH, row] = account, opening - spent, rest - account

    def _told(self, turns: Turns, years: _Years, by: Int32, back: Int64) -> Turns:
        """The turns, with one of the year's end for each claim that left something: what it left, and what it is paid."""
        said = np.flatnonzero(years.left > 0)
        count = len(said)
        more = Turns(
            years.row[said].astype(np.int32),
            (self.layers + by[said] - 1).astype(np.int32),
            years.left[said],
            np.zeros(count, np.int64),
            np.full(count, NO_ROOM, np.int64),
            back[said],
        )
        order = np.argsort(np.append(turns.row, more.row), kind="stable")
        return Turns(*(np.append(getattr(turns, one.name), getattr(more, one.name))[order] for one in fields(Turns)))
