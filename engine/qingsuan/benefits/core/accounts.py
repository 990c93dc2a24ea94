"""What accounts hold between claims: the way into the compiled core's state, and out of it again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from qingsuan.benefits.core.calendar import LAST_DAY, PERIOD_DAYS
from qingsuan.benefits.core.plan import OWN, SLOT_WIDTH
from qingsuan.columns.rows import looked_up
from qingsuan.policy.model import COUNTERS

__all__ = ["MAX_CARRIED", "Accounts", "Block", "State", "accounts_of", "joined"]

MAX_CARRIED = 1 << 56
"""The most fen a counter or balance may carry in or out: what a run adds (2**60 at most) still leaves it within 64 bits."""

ACCOUNTS_AT_ONCE = 4096

Int8 = npt.NDArray[np.int8]
Int16 = npt.NDArray[np.int16]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Accounts:
    """What accounts hold before or after some claims.

    Attributes
    ----------
    person : (a,) int32
        Whose each account is; never falling. An account is numbered by its place here.
    balance : (a,) int64 fen
        Of the personal account, -1 where no claim has opened it yet.
    account, slot : (r,) int32
        Whose counters: in the order of account and slot, each pair once. Groups that hold nothing may be absent.
    key : (r,) int64
        The period that the counters are for: 1, or the quarter 1 … 4, or the month 1 … 12, or the number of the day, from 1.
    counters : (r, 5) int64
        As :data:`qingsuan.policy.model.COUNTERS`.
    """

    person: Int32
    balance: Int64
    account: Int32
    slot: Int32
    key: Int64
    counters: Int64

    def check(self, slots: int, kind: Int8, person: Int32, account: Int32, day: Int16) -> None:
        """Check what accounts bring along, and that no claim lies before a period that they count already.

        Parameters
        ----------
        slots
            How many an account has.
        kind : (r,) int8
            The period of each group: its place in :data:`qingsuan.policy.numeric.PERIODS`.
        person, account, day : (n,)
            Of the claims that go on with them.

        Raises
        ------
        ValueError
            They hold what no earlier claims could have left.
        """
        count, size = len(self.person), len(self.account)
        if len(self.balance) != count or self.counters.shape != (size, len(COUNTERS)):
            raise ValueError("accounts: columns differ in length")
        if any(len(column) != size for column in (self.slot, self.key, kind)):
            raise ValueError("accounts: columns differ in length")
        if (np.diff(self.person) < 0).any() or (len(account) and int(account.max()) >= count):
            raise ValueError("accounts: a person's rows are not contiguous, or an account is not there")
        if (self.person[account] != person).any():
            raise ValueError("accounts: a row's account is another person's")
        _within("balance", self.balance, -1, MAX_CARRIED)
        _within("counters", self.counters, 0, MAX_CARRIED)
        _within("slot", self.slot, 0, slots - 1)
        _within("account", self.account, 0, count - 1)
        if (np.diff(self.account.astype(np.int64) * slots + self.slot) <= 0).any():
            raise ValueError("accounts: counters are not in order, or a group is there twice")
        _within("period length", kind, 0, len(PERIOD_DAYS) - 1)
        first = np.full(count, LAST_DAY, np.int64)
        np.minimum.at(first, account, day)
        _within("period", self.key, 1, first[self.account] // np.array(PERIOD_DAYS)[kind] + 1)

    def blocks(self, person: Int32) -> Iterator[Block]:
        """Cut accounts, with the rows of ``person`` that belong to them, into whole people; one block at least."""
        start, count = 0, len(self.person)
        while True:
            end = min(start + ACCOUNTS_AT_ONCE, count)
            if end < count:
                end = int(np.searchsorted(self.person, self.person[end - 1], "right"))
            first, last = (self.person[start], self.person[end - 1]) if end > start else (0, -1)
            rows = slice(int(np.searchsorted(person, first)), int(np.searchsorted(person, last, "right")))
            groups = slice(*(int(place) for place in np.searchsorted(self.account, (start, end))))
            yield Block(slice(start, end), rows, groups)
            if end >= count:
                return
            start = end


@dataclass(frozen=True, slots=True)
class Block:
    """Some whole people: places of their accounts, of their rows, and of their counters."""

    accounts: slice
    rows: slice
    groups: slice


class State:
    """The core's state of one block's accounts.

    Attributes
    ----------
    flat : (accounts * len(blank),) int64
        What the core reads and writes, as :class:`qingsuan.benefits.core.plan.Plan` lays it out; at least one account long.
    """

    def __init__(self, before: Accounts, block: Block, blank: Int64) -> None:
        self._first, count = block.accounts.start, block.accounts.stop - block.accounts.start
        self.flat: Int64 = np.tile(blank, max(1, count))
        self._table = self.flat.reshape(-1, len(blank))[:count]
        self._own = self._table[:, len(blank) - len(OWN) :]
        slots = (len(blank) - len(OWN)) // SLOT_WIDTH - 1  # behind them is the spare one
        self._groups = self._table[:, : slots * SLOT_WIDTH].reshape(count, slots, SLOT_WIDTH)
        place = before.account[block.groups] - self._first, before.slot[block.groups]
        self._groups[*place, : len(COUNTERS)] = before.counters[block.groups]
        self._groups[*place, len(COUNTERS)] = before.key[block.groups]
        balance = before.balance[block.accounts]
        self._own[:, 0] = balance >= 0
        self._own[:, 1] = np.maximum(balance, 0)

    def after(self, person: Int32) -> Accounts:
        """What the block's accounts, whose people are given, hold now: every group that holds something, in order."""
        account, slot = np.nonzero((self._groups[:, :, : len(COUNTERS)] != 0).any(axis=2))
        found = self._groups[account, slot]
        return Accounts(
            person,
            np.where(self._own[:, 0] == 1, self._own[:, 1], -1),
            (account + self._first).astype(np.int32),
            slot.astype(np.int32),
            found[:, len(COUNTERS)],
            found[:, : len(COUNTERS)],
        )


def joined(blocks: Sequence[Accounts]) -> Accounts:
    """The accounts of all blocks, in their order."""
    return Accounts(*(np.concatenate([getattr(one, field.name) for one in blocks]) for field in fields(Accounts)))


def _within(what: str, values: npt.NDArray[np.integer[Any]], low: int, high: Int64 | int) -> None:
    if ((values < low) | (values > high)).any():
        raise ValueError(f"accounts: {what} out of range")


def accounts_of(person: Int32, series: Int32) -> Int32:
    """Number each person's accounts (pool and scheme) from 0. Almost everybody has one."""
    accounts = np.zeros(len(person), np.int32)
    changes = np.flatnonzero((series[1:] != series[:-1]) & (person[1:] == person[:-1]))
    if not len(changes):
        return accounts
    has_several = np.zeros(int(person[-1]) + 1, np.bool_)
    has_several[person[changes]] = True
    among = np.flatnonzero(looked_up(has_several, person))
    pairs = np.stack([person[among], series[among]])
    different, inverse = np.unique(pairs, axis=1, return_inverse=True)
    accounts[among] = inverse.reshape(-1) - np.searchsorted(different[0], person[among])
    return accounts
