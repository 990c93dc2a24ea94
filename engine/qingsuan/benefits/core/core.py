"""The door to the layer scan.

It checks everything the compiled core takes on trust: the tables and the columns' lengths here, each row in the core's loop
before it is used, where reading it once more would cost as much as settling it. The core computes, and checks each row's
conservation. One wrong class number once paid 279 million yuan in an unchecked kernel: here it is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from qingsuan import _kernel
from qingsuan.benefits.core.accounts import Accounts, State, joined
from qingsuan.benefits.core.plan import Plan
from qingsuan.errors import InputError, RunError
from qingsuan.money import BP_ONE, MAX_FEN, yuan
from qingsuan.policy.model import COUNTERS, FUNDS
from qingsuan.policy.numeric import (
    BAND_FIELDS,
    CAP_FIELDS,
    ENTRY_FIELDS,
    LAYER_FIELDS,
    MAX_LAYERS,
    VARIANT_FIELDS,
    Tables,
)

__all__ = ["Core", "Paid"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Paid:
    """What the core computed, in fen (``pool_prop_selfpay`` in basis points), in the order of the rows.

    Attributes
    ----------
    funds : (8, n) int64
        By fund, as :data:`qingsuan.policy.model.FUNDS`.
    act_pay_dedc, pool_prop_selfpay, acct_pay, balc, psn_cash_pay : (n,) int64
    """

    funds: Int64
    act_pay_dedc: Int64
    pool_prop_selfpay: Int64
    acct_pay: Int64
    balc: Int64
    psn_cash_pay: Int64


_FIELDS = {
    "variants": VARIANT_FIELDS,
    "layers": LAYER_FIELDS,
    "bands": BAND_FIELDS,
    "caps": CAP_FIELDS,
    "entries": ENTRY_FIELDS,
}
_BILL = 3  # its place among the columns after ``person``
_UNTRUE = {
    "number": "account below 0, or variant outside the compiled rules",
    "month": "month outside 0 … 11",
    "amount": f"amount outside 0 … {MAX_FEN} fen",
    "composition": "the parts of a bill do not add up to its total",
    "people": "a person's rows are not contiguous",
    "order": "an account's rows are not in order",
    "stay": "stay below 0, or of two accounts",
}
_NO_STAY, _NO_CELLS = np.zeros(0, np.int32), np.zeros(0, np.int64)


class Core:
    """The compiled tables, checked once, ready to settle rows."""

    def __init__(self, tables: Tables) -> None:
        check_tables(tables)
        plan = Plan.of(tables)
        for table, count in _kernel.FIELD_COUNTS.items():
            if attrgetter(table)(plan).shape[1] != count:
                raise ValueError(f"the compiled core reads {count} columns of {table}: build it again")
        self._slots, self._blank = tables.slots, plan.blank
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
        self._tables.of_stays(
            stays.variants, stays.groups, stays.layers, stays.caps, stays.draws, (width, nothing, handed)
        )

    def settle(
        self,
        person: npt.NDArray[np.int32],
        account: npt.NDArray[np.int32],
        variant: npt.NDArray[np.int32],
        month: npt.NDArray[np.int8],
        bill: Int64,
        may_use_account: npt.NDArray[np.int8],
        balance: Int64,
        name: Callable[[int], str] = "row {}".format,
        stay: npt.NDArray[np.int32] = _NO_STAY,
    ) -> Paid:
        """Settle rows that lie person after person, each person's in order.

        Parameters
        ----------
        person : (n,) int32
            Never falling: one person in one place.
        account : (n,) int32
            Numbers a person's accounts (scheme and pool) from 0.
        variant : (n,) int32
            The resolved rule, or -1: no fund pays (waiting period).
        month : (n,) int8
            0 … 11, never falling inside an account.
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
        rows = (person, account, variant, month, bill, may_use_account, balance)
        _check_lengths(*rows)
        if len(stay) not in (0, n):
            raise ValueError("columns differ in length")
        accounts = int(account.max()) + 1 if n else 1
        state = np.zeros(max(1, accounts) * len(self._blank), np.int64)
        stays = np.zeros(max(0, int(stay.max(initial=0))) * self._stay_width, np.int64)
        funds, result = np.zeros((len(FUNDS), n), np.int64), np.empty((5, n), np.int64)
        fault = _kernel.settle_rows(self._tables, *rows, stay, state, stays, funds, result, 0, n, False)
        if fault is not None:
            _report(fault, bill, name)
        return Paid(funds, *result)

    def settle_on(
        self,
        person: npt.NDArray[np.int32],
        account: npt.NDArray[np.int32],
        variant: npt.NDArray[np.int32],
        month: npt.NDArray[np.int8],
        bill: Int64,
        may_use_account: npt.NDArray[np.int8],
        balance: Int64,
        before: Accounts,
        kind: npt.NDArray[np.int8],
        name: Callable[[int], str] = "row {}".format,
    ) -> tuple[Paid, Accounts]:
        """Settle rows like :meth:`settle`, going on with what accounts held before; also gives what they hold after.

        Parameters
        ----------
        account : (n,) int32
            Numbers all accounts, as ``before`` does: also those that held nothing. A group that holds counters of an
            earlier period than its account's claim begins anew, so that afterwards each group has one period: its last.
        kind : (r,) int8
            How long the period of each of ``before``'s groups is: 0 a year, 1 a quarter, 2 a month.

        Raises
        ------
        ValueError, InputError, RunError
            As :meth:`settle`; also ``ValueError`` where ``before`` holds what no earlier claims could have left.
        """
        n = len(person)
        _check_lengths(person, account, variant, month, bill, may_use_account, balance)
        if n and int(account.min()) < 0:
            raise ValueError("account below 0")
        if (person[1:] < person[:-1]).any():
            raise ValueError("a person's rows are not contiguous")
        before.check(self._slots, kind, person, account, month)
        funds, result = np.zeros((len(FUNDS), n), np.int64), np.empty((5, n), np.int64)
        local = np.empty(n, np.int32)
        rows = (person, local, variant, month, bill, may_use_account, balance)
        after = []
        for block in before.blocks(person):
            local[block.rows] = account[block.rows] - block.accounts.start
            state = State(before, block, self._blank)
            fault = _kernel.settle_rows(
                *(self._tables, *rows, _NO_STAY, state.flat, _NO_CELLS),
                *(funds, result, block.rows.start, block.rows.stop, True),
            )
            if fault is not None:
                _report(fault, bill, name)
            after.append(state.after(before.person[block.accounts]))
        return Paid(funds, *result), joined(after)


def _check_lengths(person: Int32, *columns: npt.NDArray[np.integer[Any]]) -> None:
    """Check that all columns have as many rows as ``person``, the bill five times: the core counts on it."""
    n = len(person)
    if any(column.shape != ((5, n) if place == _BILL else (n,)) for place, column in enumerate(columns)):
        raise ValueError("columns differ in length")


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


def check_tables(tables: Tables) -> None:
    """Check every index and number of the compiled rules.

    Raises
    ------
    ValueError
        A table has another shape than the core reads, or a number points outside.
    """
    for name, fields in _FIELDS.items():
        table = getattr(tables, name)
        if table.ndim != 2 or table.shape[1] != len(fields) or table.dtype != np.int64:
            raise ValueError(f"table {name} has shape {table.shape}, the core reads {len(fields)} columns of int64")
    variants, layers, bands, caps, entries = (
        table.T for table in (tables.variants, tables.layers, tables.bands, tables.caps, tables.entries)
    )
    within("entry share", variants[0], 0, BP_ONE)
    spans("layers of a rule", variants[1], variants[2], len(tables.layers))
    within("number of layers", variants[2] - variants[1], 0, MAX_LAYERS)
    within("ceiling", variants[3], -1, BP_ONE)
    within("ceiling mask", variants[5], 0, (1 << MAX_LAYERS) - 1)
    spans("visits", variants[6], variants[7], len(tables.visits))
    within("pooled layer", variants[8], -1, variants[2] - variants[1] - 1)
    _check_layers(tables, layers)
    within("ratio", bands[1], 0, BP_ONE)
    _check_bands(bands, layers)
    within("cap kind", caps[0], 0, 1)
    within("cap", caps[1], 0, MAX_FEN)
    references("cap slot", caps[2], tables.slots, none=True)
    within("cap slot of a period's cap", np.where(caps[0] == 1, caps[2], 0), 0, 4 * tables.slots)
    within("part", entries[0], 0, 6)
    within("entry ratio", entries[2], 0, BP_ONE)
    earlier = _places(variants[1], variants[2], len(tables.layers))
    within("limit mask", layers[6], 0, (1 << earlier) - 1)
    within("deductible mask", layers[11], 0, (1 << earlier) - 1)
    within("cap mask", caps[3], 0, (1 << _least(layers[21], layers[22], earlier, len(tables.caps))) - 1)
    of_layer = _least(layers[1], layers[2], earlier, len(tables.entries))
    within("earlier layer", entries[1], np.where(entries[0] >= 4, 0, -1), of_layer - 1)
    within("deductible", tables.amounts, 0, MAX_FEN)
    references("draw", tables.draws, tables.slots)
    references("visits", tables.visits, tables.slots)


def _places(start: Int64, end: Int64, size: int) -> Int64:
    """How many layers stand before each layer in its rule: no mask and no component may reach beyond them."""
    places = np.full(size, MAX_LAYERS, np.int64)
    for first, last in zip(start.tolist(), end.tolist(), strict=True):
        places[first:last] = np.minimum(places[first:last], np.arange(last - first))
    return places


def _least(start: Int64, end: Int64, of_owner: Int64, size: int) -> Int64:
    """The least value among the owners of each row, where owner k has rows ``start[k] … end[k]``."""
    least = np.full(size, MAX_LAYERS, np.int64)
    for first, last, value in zip(start.tolist(), end.tolist(), of_owner.tolist(), strict=True):
        least[first:last] = np.minimum(least[first:last], value)
    return least


def _check_bands(bands: Int64, layers: Int64) -> None:
    """Check that each layer's bands begin at 0 and ascend, and that what lower bands amount to is what they amount to."""
    lower, ratio, fen, rest = bands
    within("band bound", lower, 0, MAX_FEN)
    within("what lower bands amount to", fen, 0, MAX_FEN)
    within("what lower bands amount to", rest, 0, BP_ONE - 1)
    first = np.zeros(len(lower), np.bool_)
    first[layers[16]] = True
    within("first band", lower[first], 0, 0)
    within("below the first band", (fen * BP_ONE + rest)[first], 0, 0)
    later = np.flatnonzero(~first)
    if len(later) and later[0] == 0:
        raise ValueError("compiled rules: a band belongs to no layer")
    within("band bounds ascend", lower[later] - lower[later - 1], 1, MAX_FEN)
    amounts = (fen * BP_ONE + rest)[later] - (fen * BP_ONE + rest)[later - 1]
    exact = ratio[later - 1] * (lower[later] - lower[later - 1])
    within("what lower bands amount to", amounts, exact, exact)


def _check_layers(tables: Tables, layers: Int64) -> None:
    within("fund", layers[0], 0, len(FUNDS) - 1)
    spans("entries", layers[1], layers[2], len(tables.entries))
    within("limit kind", layers[3], 0, 2)
    within("limit", layers[4], 0, MAX_FEN)
    references("limit slot", layers[5], tables.slots, none=True)
    within("limit slot of a period's limit", np.where(layers[3] == 2, layers[5], 0), 0, 4 * tables.slots)
    within("deductible kind", layers[7], 0, 2)
    spans("amounts", layers[8], layers[9] + 1, len(tables.amounts))
    within("deductible has an amount", layers[9] - layers[8], 0, len(tables.amounts))
    references("deductible slot", layers[10], tables.slots, none=True)
    within("slot of a period's deductible", np.where(layers[7] == 2, layers[10], 0), 0, 4 * tables.slots)
    references("visits slot", layers[14], tables.slots, none=True)
    within("bands kind", layers[15], 0, 4)
    spans("bands", layers[16], layers[17], len(tables.bands))
    within("a layer has bands", layers[17] - layers[16], 1, len(tables.bands))
    references("bands slot", layers[18], tables.slots, none=True)
    period = (layers[15] == 2) | (layers[15] == 3)
    within("slot of a period's bands", np.where(period, layers[18], 0), 0, 4 * tables.slots)
    references("select slot", layers[19], tables.slots, none=True)
    within("slot of selected bands", np.where(layers[15] == 4, layers[19], 0), 0, 4 * tables.slots)
    within("select counter", layers[20], 0, len(COUNTERS) - 1)
    spans("caps", layers[21], layers[22], len(tables.caps))
    spans("draws", layers[23], layers[24], len(tables.draws))
    within("name of a layer", layers[25], 0, tables.names - 1)


def within(what: str, values: Int64, low: Int64 | int, high: Int64 | int) -> None:
    """Check ``low <= values <= high``."""
    if ((values < low) | (values > high)).any():
        raise ValueError(f"compiled rules: {what} out of range")


def spans(what: str, start: Int64, end: Int64, size: int) -> None:
    """Check that every ``start … end`` lies in a table of ``size`` rows."""
    if ((start < 0) | (end < start) | (end > size)).any():
        raise ValueError(f"compiled rules: {what} point outside their table")


def references(what: str, values: Int64, slots: int, *, none: bool = False) -> None:
    """Check slot references (slot * 4 + period); ``none`` allows -1."""
    outside = (values >> 2 >= slots) | (values & 3 == 3) | (values < 0)
    if (outside & ~((values == -1) & none)).any():
        raise ValueError(f"compiled rules: {what} points to no group")
