"""The door to the layer scan.

It checks everything the compiled core takes on trust: the tables, the plan made of them, and the columns' lengths here; each row in
the core's loop before it is used, where reading it once more would cost as much as settling it. The core computes, and checks each
row's conservation. It sees days; that a person's claims lie in order to the id is checked by :func:`qingsuan.benefits.order.check_order`.
One wrong class number once paid 279 million yuan in an unchecked kernel: here it is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from qingsuan import _kernel
from qingsuan.benefits.core.accounts import MAX_CARRIED, Accounts, State, joined
from qingsuan.benefits.core.apart import NO_AMOUNTS, Apart
from qingsuan.benefits.core.calendar import LAST_DAY
from qingsuan.benefits.core.plan import Plan
from qingsuan.benefits.core.plan_check import check_plan
from qingsuan.benefits.core.tables_check import check_tables
from qingsuan.benefits.core.turns import Teller, Turns
from qingsuan.benefits.core.years.ended import Claims, YearEndPass
from qingsuan.columns.rows import Keeper
from qingsuan.errors import InputError, RunError
from qingsuan.money import MAX_FEN, yuan
from qingsuan.policy.model import FUNDS
from qingsuan.policy.numeric import Tables
from qingsuan.policy.year_end.tables import YearEnds

__all__ = ["AtDoor", "Core", "Paid"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class AtDoor:
    """Claims as they stand at the door: the arguments of :meth:`Core.settle`, for any core that numbers variants alike."""

    person: npt.NDArray[np.int32]
    account: npt.NDArray[np.int32]
    variant: npt.NDArray[np.int32]
    day: npt.NDArray[np.int16]
    bill: Int64
    may_use_account: npt.NDArray[np.int8]
    balance: Int64
    stay: Int32
    keys: Int32
    own: Int64

    def kept(self, kept: npt.NDArray[np.bool_]) -> AtDoor:
        """Some of them: all claims of the people who are meant."""
        if kept.all():
            return self
        keeper = Keeper(kept)

        def each(rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
            if not rows.shape[-1]:
                return rows
            return keeper.numbers(rows) if rows.ndim == 1 else np.array([keeper.numbers(row) for row in rows])

        return AtDoor(*(each(getattr(self, one.name)) for one in fields(self)))


@dataclass(frozen=True, slots=True)
class Paid:
    """What the core computed, in fen (``pool_prop_selfpay`` in basis points), in the order of the rows.

    Attributes
    ----------
    funds : (8, n) int64
        By fund, as :data:`qingsuan.policy.model.FUNDS`.
    act_pay_dedc, pool_prop_selfpay, acct_pay, balc, psn_cash_pay : (n,) int64
    turns
        What each layer did, where it was to be told.
    """

    funds: Int64
    act_pay_dedc: Int64
    pool_prop_selfpay: Int64
    acct_pay: Int64
    balc: Int64
    psn_cash_pay: Int64
    turns: Turns | None = None


_SHARED_BITS = (
    20  # so much of each bill is left out of a sum that must stay within 64 bits; each is counted one unit too high
)
_BILL = 3  # its place among the columns after ``person``
_UNTRUE = {
    "number": "account below 0, or variant outside the compiled rules",
    "day": f"day outside 0 … {LAST_DAY}",
    "amount": f"amount outside 0 … {MAX_FEN} fen",
    "composition": "the parts of a bill do not add up to its total",
    "people": "a person's rows are not contiguous",
    "order": "an account's rows are not in order",
    "stay": "stay below 0, or of two accounts",
    "key": "a block of two accounts, or one that people share and that its claims do not reach in the order of their days",
}
_NO_STAY, _NO_KEYS = np.zeros(0, np.int32), np.zeros((0, 0), np.int32)


class Core:
    """The compiled tables, checked once, ready to settle rows."""

    def __init__(self, tables: Tables, year_ends: YearEnds | None = None) -> None:
        self._year_end = None
        if year_ends is not None:
            self._year_end = YearEndPass(year_ends, _of_whole_visits(Core(year_ends.tables)), len(tables.layers))
        check_tables(tables)
        plan = Plan.of(tables)
        for table, count in _kernel.FIELD_COUNTS.items():
            if attrgetter(table)(plan).shape[1] != count:
                raise ValueError(f"the compiled core reads {count} columns of {table}: build it again")
        self._apart = Apart(tables)
        check_plan(plan, tables.slots, tables.names, tables.own_amounts, self._apart.payers)
        self._carries, self._blank, self._keyed = plan.carries, plan.blank, plan.keyed
        self._variants = plan.variants
        self._tables = _kernel.Tables(
            plan.variants,
            plan.layers,
            plan.bands,
            plan.caps,
            plan.entries,
            plan.periods,
            plan.amounts,
            plan.draws,
            plan.visits,
            plan.blank,
        )
        stays = plan.stays
        width, nothing, handed = stays.sizes.tolist()
        self._stay_width = width
        rows = (stays.variants, stays.groups, stays.layers, stays.caps, stays.periods, stays.choices, stays.steps)
        self._tables.of_stays(*rows, stays.draws, (width, nothing, handed))
        self._tables.of_keys(plan.keyed.variants, plan.keyed.groups, plan.keyed.width)

    @property
    def needs_keys(self) -> npt.NDArray[np.bool_]:
        """(variants, keys): by which of ``Program.keys`` a rule counts; without rows where none does by any."""
        return self._keyed.needs

    def run(self, claims: AtDoor, name: Callable[[int], str] = "row {}".format, *, told: bool = False) -> Paid:
        """Settle claims that stand at the door; as :meth:`settle`."""
        one = claims
        columns = (one.variant, one.day, one.bill, one.may_use_account, one.balance)
        return self.settle(one.person, one.account, *columns, name, one.stay, one.keys, one.own, told=told)

    def settle(
        self,
        person: npt.NDArray[np.int32],
        account: npt.NDArray[np.int32],
        variant: npt.NDArray[np.int32],
        day: npt.NDArray[np.int16],
        bill: Int64,
        may_use_account: npt.NDArray[np.int8],
        balance: Int64,
        name: Callable[[int], str] = "row {}".format,
        stay: npt.NDArray[np.int32] = _NO_STAY,
        keys: npt.NDArray[np.int32] = _NO_KEYS,
        own: Int64 = NO_AMOUNTS,
        *,
        told: bool = False,
    ) -> Paid:
        """Settle rows that lie person after person, each person's in order of benefit date, ``setl_time`` and ``setl_id``.

        Parameters
        ----------
        person : (n,) int32
            Never falling: one person in one place.
        account : (n,) int32
            Numbers a person's accounts (scheme and pool) from 0.
        variant : (n,) int32
            The resolved rule, or -1: no fund pays (waiting period).
        day : (n,) int16
            The number of the benefit date (:meth:`BenefitYear.numbers`), never falling inside an account.
        bill : (5, n) int64 fen
            Total, wholly own-paid, above the price limit, first own share, in scope; the last four add up to the first.
        may_use_account : (n,) int8
            1 where the personal account may pay.
        balance : (n,) int64 fen
            Opening balance of the account; read at its first row.
        name
            Names a row for a message.
        stay : (n,) int32, or empty
            Numbers a person's stays from 1, where the settlements of one stay are one visit; 0 for a whole visit.
        keys : (k, n) int32
            For each key of ``Program.keys`` the number of the claim's block (:func:`qingsuan.benefits.core.keys.number_blocks`).
        own : (m, n) int64 fen, or empty
            The amounts that each claim has for itself, in the order in which its variant asks for them; there where one does.
        told
            Whether what each layer did is told (:attr:`Paid.turns`).

        Raises
        ------
        ValueError
            Something the core would take on trust is not so: a bug in the caller, never settled.
        InputError
            One account's bills add up to more than the core can hold exactly.
        RunError
            The core found a row that does not conserve: nothing of it is written.
        """
        n = len(person)
        rows = (person, account, variant, day, bill, may_use_account, balance)
        _check_lengths(*rows)
        if len(stay) not in (0, n):
            raise ValueError("columns differ in length")
        if self._keyed.shared.any():
            _check_shared(person, bill[0], name)
        accounts = int(account.max()) + 1 if n else 1
        state = np.zeros(max(1, accounts) * len(self._blank), np.int64)
        stay = self._apart.numbers(variant, stay, own)
        stays = np.zeros((max(0, int(stay.max(initial=0))) + self._apart.rows) * self._stay_width, np.int64)
        stay = self._by_key(variant, keys, stay)
        teller = Teller(self._variants, variant, wanted=told)
        stay = teller.aside(stay, n)
        blocks = np.zeros(max(0, int(keys.max(initial=0))) * self._keyed.block_width, np.int64)
        funds, result = np.zeros((self._apart.payers, n), np.int64), np.empty((5, n), np.int64)
        fault = _kernel.settle_rows(
            *(self._tables, *rows, stay, keys, own, teller.of, teller.fen, teller.lines),
            *(state, stays, blocks),
            self._apart.rows > 0,
            *(funds, result),
            *(0, n),
            False,
        )
        if fault is not None:
            _report(fault, bill, name)
        turns = teller.turns()
        if self._year_end is not None and n:
            claims = Claims(person, account, variant, bill, may_use_account, balance, name)
            turns = self._year_end.run(claims, funds, result, turns)
        return replace(_paid(funds, result), turns=turns)

    def settle_on(
        self,
        person: npt.NDArray[np.int32],
        account: npt.NDArray[np.int32],
        variant: npt.NDArray[np.int32],
        day: npt.NDArray[np.int16],
        bill: Int64,
        may_use_account: npt.NDArray[np.int8],
        balance: Int64,
        before: Accounts,
        kind: npt.NDArray[np.int8],
        name: Callable[[int], str] = "row {}".format,
        own: Int64 = NO_AMOUNTS,
        keys: npt.NDArray[np.int32] = _NO_KEYS,
        *,
        told: bool = False,
    ) -> tuple[Paid, Accounts]:
        """Settle rows like :meth:`settle`, going on with what accounts held before; also gives what they hold after.

        Parameters
        ----------
        account : (n,) int32
            Numbers all accounts, as ``before`` does: also those that held nothing. A group that holds counters of an
            earlier period than its account's claim begins anew, so that afterwards each group has one period: its last.
        kind : (r,) int8
            The period of each of ``before``'s groups: its place in :data:`qingsuan.policy.numeric.PERIODS`.
        keys : (k, n) int32
            As in :meth:`settle`, but numbers of ``before``'s blocks.

        Raises
        ------
        ValueError, InputError, RunError
            As :meth:`settle`; also ``ValueError`` where ``before`` holds what no earlier claims could have left.
        """
        n = len(person)
        _check_lengths(person, account, variant, day, bill, may_use_account, balance)
        if self._keyed.shared.any():
            raise ValueError("what people share is not carried from run to run")
        if self._year_end is not None:
            raise ValueError("a year that is settled in parts has no end at which something is paid")
        if n and int(account.min()) < 0:
            raise ValueError("account below 0")
        if (person[1:] < person[:-1]).any():
            raise ValueError("a person's rows are not contiguous")
        before.check(self._carries, kind, person, account, day)
        if int(keys.max(initial=0)) > len(before.account_of_block):
            raise ValueError("keys: a block that is not there")
        funds, result = np.zeros((self._apart.payers, n), np.int64), np.empty((5, n), np.int64)
        local = np.empty(n, np.int32)
        stay = self._by_key(variant, keys, self._apart.numbers(variant, _NO_STAY, own))
        stays = np.zeros(self._apart.rows * self._stay_width, np.int64)
        local_keys = np.zeros(keys.shape, np.int32)
        teller = Teller(self._variants, variant, wanted=told)
        stay = teller.aside(stay, n)
        rows = (person, local, variant, day, bill, may_use_account, balance)
        after = []
        for cut in before.cut(person):
            local[cut.rows] = account[cut.rows] - cut.accounts.start
            local_keys[:, cut.rows] = np.maximum(keys[:, cut.rows] - cut.blocks.start, 0)
            state = State(before, cut, self._blank)
            fault = _kernel.settle_rows(
                *(self._tables, *rows, stay, local_keys, own, teller.of, teller.fen, teller.lines),
                *(state.flat, stays, state.blocks),
                self._apart.rows > 0,
                *(funds, result),
                *(cut.rows.start, cut.rows.stop),
                True,
            )
            if fault is not None:
                _report(fault, bill, name)
            after.append(state.after(before.person[cut.accounts], self._carries))
        return replace(_paid(funds, result), turns=teller.turns()), joined(after)

    def _by_key(self, variant: Int32, keys: Int32, stay: Int32) -> Int32:
        """Numbers of stays, with those of claims that count by a key and are no part of one."""
        by_key = self._keyed.check_numbers(variant, keys)
        if by_key is None:
            return stay
        if not len(stay):
            return np.where(by_key, np.int32(-1), np.int32(0))
        return np.where(by_key & (stay == 0), np.int32(-1), stay)


def _of_whole_visits(core: Core) -> Callable[[Int32, Int32, Int64, Callable[[int], str]], Int64]:
    """What all funds pay for whole visits of people who have one account each, of which nothing is paid."""

    def settle(person: Int32, variant: Int32, bill: Int64, name: Callable[[int], str]) -> Int64:
        n = len(person)
        account, day, may = np.zeros(n, np.int32), np.zeros(n, np.int16), np.zeros(n, np.int8)
        paid: Int64 = core.settle(person, account, variant, day, bill, may, np.zeros(n, np.int64), name).funds.sum(
            axis=0
        )
        return paid

    return settle


def _paid(payments: Int64, result: Int64) -> Paid:
    """What the core computed; where the account has turns, they are in the row behind the funds, and no fund's money."""
    deductible, ratio, from_account, balance, cash = result
    if len(payments) > len(FUNDS):
        from_account = from_account + payments[-1]
    return Paid(payments[: len(FUNDS)], deductible, ratio, from_account, balance, cash)


def _check_lengths(person: Int32, *columns: npt.NDArray[np.integer[Any]]) -> None:
    """Check that all columns have as many rows as ``person``, the bill five times: the core counts on it."""
    n = len(person)
    if any(column.shape != ((5, n) if place == _BILL else (n,)) for place, column in enumerate(columns)):
        raise ValueError("columns differ in length")


def _check_shared(person: Int32, total: Int64, name: Callable[[int], str]) -> None:
    """Check that the bills of people who share a counter add up to no more than one account may have: it counts them all."""
    starts = np.flatnonzero(np.diff(person, prepend=-1))
    if not len(starts) or (total < 0).any():
        return  # the core says of which row
    sums = np.add.reduceat((total >> _SHARED_BITS) + 1, starts)
    beyond = np.flatnonzero(sums > MAX_CARRIED >> _SHARED_BITS)
    if len(beyond):
        raise InputError(
            name(int(starts[beyond[0]])),
            found="bills of people who share a counter (以户为单位) that add up to more than 720 trillion yuan",
            expected="a year that a family can have",
            do="correct the amounts, or the families in the registrations, and settle again",
        )


def _report(fault: tuple[int, int], bill: Int64, name: Callable[[int], str]) -> None:
    row, kind = fault
    said = _kernel.FAULTS[kind]
    if said in _UNTRUE:
        raise ValueError(f"{name(row)}: {_UNTRUE[said]}")
    if said == "too large":
        raise InputError(
            name(row),
            found="bills of one person, scheme and pool that add up to more than 720 trillion yuan",
            expected="a year that a person can have",
            do="correct this person's amounts in the extract, or leave the person out, and settle again",
        )
    raise RunError(
        name(row),
        found=f"payments do not add up to the bill of {yuan(int(bill[0, row]))} yuan",
        expected="funds + account + cash = total, nothing negative",
        do="report this: the run was stopped before anything was written",
    )
