"""What accounts hold between claims: the way into the compiled core's state, and out of it again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from qingsuan.benefits.core.calendar import LAST_DAY, PERIOD_DAYS
from qingsuan.benefits.core.keys import BLOCK_CELLS
from qingsuan.benefits.core.plan import OWN, SLOT_WIDTH
from qingsuan.columns.rows import looked_up
from qingsuan.policy.model import COUNTERS

__all__ = ["MAX_CARRIED", "Accounts", "Cut", "State", "accounts_of", "joined"]

MAX_CARRIED = 1 << 56
"""The most fen a counter or balance may carry in or out: what a run adds (2**60 at most) still leaves it within 64 bits."""

ACCOUNTS_AT_ONCE = 4096
_PAID = COUNTERS.index("paid")

Bool = npt.NDArray[np.bool_]
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
    account, slot, block : (r,) int32
        Whose counters: in the order of account, slot and block, each once; ``block`` is from 1 in a group that is kept apart by
        a key, and 0 in others. Groups that hold nothing may be absent.
    key : (r,) int64
        The period that the counters are for: 1, or the quarter 1 … 4, or the month 1 … 12, or the number of the day, from 1.
    counters : (r, 5) int64
        As :data:`qingsuan.policy.model.COUNTERS`. What is carried over counts as less than nothing paid.
    account_of_block : (b,) int32
        The account of each block (:mod:`qingsuan.benefits.core.keys`), never falling. They are numbered from 1 by their place
        here, over all accounts.
    """

    person: Int32
    balance: Int64
    account: Int32
    slot: Int32
    block: Int32
    key: Int64
    counters: Int64
    account_of_block: Int32

    def check(self, carries: Bool, kind: Int8, person: Int32, account: Int32, day: Int16) -> None:
        """Check what accounts bring along, and that no claim lies before a period that they count already.

        Parameters
        ----------
        carries : (slots,) bool
            Of the slots that an account has, those in which a group may carry over what is not used.
        kind : (r,) int8
            The period of each group: its place in :data:`qingsuan.policy.numeric.PERIODS`.
        person, account, day : (n,)
            Of the claims that go on with them.

        Raises
        ------
        ValueError
            They hold what no earlier claims could have left.
        """
        count, size, slots = len(self.person), len(self.account), len(carries)
        if len(self.balance) != count or self.counters.shape != (size, len(COUNTERS)):
            raise ValueError("accounts: columns differ in length")
        if any(len(column) != size for column in (self.slot, self.block, self.key, kind)):
            raise ValueError("accounts: columns differ in length")
        if (np.diff(self.person) < 0).any() or (len(account) and int(account.max()) >= count):
            raise ValueError("accounts: a person's rows are not contiguous, or an account is not there")
        if (self.person[account] != person).any():
            raise ValueError("accounts: a row's account is another person's")
        _within("balance", self.balance, -1, MAX_CARRIED)
        _within("slot", self.slot, 0, slots - 1)
        _within("counters", self.counters[:, :_PAID], 0, MAX_CARRIED)
        paid = self.counters[:, _PAID]
        _within("counters", np.where(carries[self.slot], np.abs(paid), paid), 0, MAX_CARRIED)
        _within("account", self.account, 0, count - 1)
        self._check_blocks()
        in_order = np.lexsort((self.block, self.slot, self.account)) == np.arange(size)
        group = self.account.astype(np.int64) * slots + self.slot
        if not in_order.all() or ((np.diff(group) == 0) & (np.diff(self.block) == 0)).any():
            raise ValueError("accounts: counters are not in order, or a group is there twice")
        _within("period length", kind, 0, len(PERIOD_DAYS) - 1)
        first = np.full(count, LAST_DAY, np.int64)
        np.minimum.at(first, account, day)
        _within("period", self.key, 1, first[self.account] // np.array(PERIOD_DAYS)[kind] + 1)

    def _check_blocks(self) -> None:
        _within("account of a block", self.account_of_block, 0, len(self.person) - 1)
        if (np.diff(self.account_of_block) < 0).any():
            raise ValueError("accounts: blocks are not in the order of accounts")
        _within("block", self.block, 0, len(self.account_of_block))
        apart = self.block > 0
        if (self.account_of_block[self.block[apart] - 1] != self.account[apart]).any():
            raise ValueError("accounts: a group lies in a block of another account")

    def cut(self, person: Int32) -> Iterator[Cut]:
        """Cut accounts, with the rows of ``person`` that belong to them, into whole people; one cut at least."""
        start, count = 0, len(self.person)
        while True:
            end = min(start + ACCOUNTS_AT_ONCE, count)
            if end < count:
                end = int(np.searchsorted(self.person, self.person[end - 1], "right"))
            first, last = (self.person[start], self.person[end - 1]) if end > start else (0, -1)
            rows = slice(int(np.searchsorted(person, first)), int(np.searchsorted(person, last, "right")))
            groups, blocks = (
                slice(*(int(place) for place in np.searchsorted(whose, (start, end))))
                for whose in (self.account, self.account_of_block)
            )
            yield Cut(slice(start, end), rows, groups, blocks)
            if end >= count:
                return
            start = end


@dataclass(frozen=True, slots=True)
class Cut:
    """Some whole people: places of their accounts, of their rows, of their counters, and of their blocks."""

    accounts: slice
    rows: slice
    groups: slice
    blocks: slice


class State:
    """The core's state of the accounts of some whole people.

    Attributes
    ----------
    flat : (accounts * len(blank),) int64
        What the core reads and writes, as :class:`qingsuan.benefits.core.plan.Plan` lays it out; at least one account long.
    blocks : (blocks * block width,) int64
        Likewise, of what is counted by a key; all of them opened.
    """

    def __init__(self, before: Accounts, cut: Cut, blank: Int64) -> None:
        self._first, count = cut.accounts.start, cut.accounts.stop - cut.accounts.start
        self.flat: Int64 = np.tile(blank, max(1, count))
        self._table = self.flat.reshape(-1, len(blank))[:count]
        self._own = self._table[:, len(blank) - len(OWN) :]
        slots = (len(blank) - len(OWN)) // SLOT_WIDTH - 1  # behind them is the spare one
        self._groups = self._table[:, : slots * SLOT_WIDTH].reshape(count, slots, SLOT_WIDTH)
        balance = before.balance[cut.accounts]
        self._own[:, 0] = balance >= 0
        self._own[:, 1] = np.maximum(balance, 0)
        self._first_block, self._account_of_block = cut.blocks.start, before.account_of_block[cut.blocks]
        number, width = len(self._account_of_block), slots * SLOT_WIDTH
        opened = np.tile(np.r_[np.zeros(BLOCK_CELLS, np.int64), blank[:width]], (number, 1))
        self.blocks: Int64 = opened.reshape(-1)
        opened[:, 0], opened[:, 1] = 1, self._account_of_block - self._first
        self._apart = opened[:, BLOCK_CELLS:].reshape(number, slots, SLOT_WIDTH)
        block = before.block[cut.groups]
        whole = block == 0
        self._bring(self._groups, before.account[cut.groups] - self._first, before, cut, whole)
        self._bring(self._apart, block - 1 - self._first_block, before, cut, ~whole)

    @staticmethod
    def _bring(groups: Int64, place: Int32, before: Accounts, cut: Cut, which: Bool) -> None:
        """Write counters and periods to (places, slots, cells)."""
        to = place[which], before.slot[cut.groups][which]
        groups[*to, : len(COUNTERS)] = before.counters[cut.groups][which]
        groups[*to, len(COUNTERS)] = before.key[cut.groups][which]

    def after(self, person: Int32, carries: Bool) -> Accounts:
        """What the accounts, whose people are given, hold now: every group that holds something, in order.

        A group in one of the slots that ``carries`` names holds something where it has begun a period: what earlier ones left is used.
        """
        held, apart = (
            (groups[:, :, : len(COUNTERS)] != 0).any(axis=2) | (carries & (groups[:, :, len(COUNTERS)] > 1))
            for groups in (self._groups, self._apart)
        )
        block, slot_apart = np.nonzero(apart)
        of_block = self._account_of_block[block]
        held[of_block - self._first, slot_apart] = False  # what the last claim of a key left there is that key's
        account, slot = np.nonzero(held)
        found = np.concatenate([self._groups[account, slot], self._apart[block, slot_apart]])
        accounts = np.concatenate([account + self._first, of_block]).astype(np.int32)
        slots = np.concatenate([slot, slot_apart]).astype(np.int32)
        blocks = np.concatenate([np.zeros(len(account), np.int32), block + 1 + self._first_block]).astype(np.int32)
        order = np.lexsort((blocks, slots, accounts))
        return Accounts(
            person,
            np.where(self._own[:, 0] == 1, self._own[:, 1], -1),
            accounts[order],
            slots[order],
            blocks[order],
            found[order, len(COUNTERS)],
            found[order, : len(COUNTERS)],
            self._account_of_block,
        )


def joined(parts: Sequence[Accounts]) -> Accounts:
    """The accounts of all parts, in their order."""
    return Accounts(*(np.concatenate([getattr(one, field.name) for one in parts]) for field in fields(Accounts)))


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
