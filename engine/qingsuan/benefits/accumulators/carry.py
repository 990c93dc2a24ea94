"""Accounts carried from one run of a year to the next: which claims come too late for them, and the table they leave."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.benefits.accumulators.opening import ITSELF, Groups, Opening
from qingsuan.benefits.core.accounts import MAX_CARRIED, Accounts
from qingsuan.benefits.core.core import Core, Paid
from qingsuan.benefits.core.keys import Key, number_carried
from qingsuan.benefits.setup import Setup
from qingsuan.columns.cells import NO_DATE, day_text, decimals
from qingsuan.columns.rejects import Refusals
from qingsuan.columns.rows import Taker, arrow
from qingsuan.contents import content
from qingsuan.errors import InputError
from qingsuan.money import yuan
from qingsuan.people import Texts
from qingsuan.policy.model import COUNTERS

__all__ = ["Carry"]

_PAID = COUNTERS.index("paid")

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


class Carry:
    """What every partition needs to carry accounts; made once per run.

    Attributes
    ----------
    groups : the groups and periods of the year.
    """

    def __init__(self, setup: Setup) -> None:
        self.setup, self.groups = setup, Groups(setup)
        dates = sorted({one.benefit_date for one in self.groups.series})
        self._date_names = dates
        self._date_of_series = np.array([dates.index(one.benefit_date) for one in self.groups.series], np.int32)

    def refuse_late(self, refusals: Refusals, opening: Opening, person: Int32, series: Int32, benefit: Int32) -> Int32:
        """Refuse claims that do not lie after what their account has settled: their pay would be that of another order.

        Returns the last day that each claim's account has settled (:data:`NO_DATE`: none).
        """
        until = self._until(opening, person, series)
        late = benefit <= until
        if not late.any():
            return until
        which = np.where(late, self._date_of_series[series], -1)

        def expected(place: int) -> str:
            return (
                f"a date after {day_text(int(until[place]))}, until which --opening has settled this account; "
                "settle this person's year whole"
            )

        for number, name in enumerate(self._date_names):
            refusals.add(which == number, "E_DATE", name, lambda place: day_text(int(benefit[place])), expected)
        return until

    def _until(self, opening: Opening, person: Int32, series: Int32) -> Int32:
        """The last day that each claim's account has settled (:data:`NO_DATE`: none)."""
        until = np.full(len(person), NO_DATE, np.int32)
        if len(opening.person) and len(person):
            keys = self._keys(opening.person, opening.series)
            wanted = self._keys(person, series)
            place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
            known = (keys[place] == wanted) & (series >= 0)
            until[known] = opening.until[place[known]]
        return until

    def _keys(self, person: Int32, series: Int32) -> Int64:
        keys: Int64 = person.astype(np.int64) * max(1, len(self.groups.series)) + series
        return keys

    def settle(
        self,
        core: Core,
        opening: Opening,
        person: Int32,
        series: Int32,
        benefit: Int32,
        columns: tuple[Int32, npt.NDArray[np.int16], Int64, npt.NDArray[np.int8], Int64],
        name: Callable[[int], str],
        own: Int64,
        by_key: Sequence[Key],
    ) -> tuple[Paid, _Closing]:
        """Settle claims, which lie in order, on top of what their accounts hold.

        Parameters
        ----------
        person, series, benefit : (n,) int32
        columns
            Variant, day, bill, may_use_account, balance: as :meth:`Core.settle` takes them.
        name
            Says which row is meant, in messages.
        own
            The amounts that each claim has for itself.
        by_key
            The claims that count by a key.

        Raises
        ------
        InputError
            An account holds more than can be carried out.
        """
        keys = self._keys(person, series)
        opened = self._keys(opening.person, opening.series)
        every = np.union1d(keys, opened)
        account = np.searchsorted(every, keys).astype(np.int32)
        place = np.searchsorted(every, opened).astype(np.int32)
        balance = np.full(len(every), -1, np.int64)
        balance[place] = opening.balance
        until = np.full(len(every), NO_DATE, np.int32)
        until[place] = opening.until
        width = max(1, len(self.groups.series))
        series_of = (every % width).astype(np.int32)
        of_account = place[opening.account]
        apart = self.groups.key_of[series_of[of_account], opening.slot + 1]
        values, claims, value = _values_together(by_key, opening.values, opening.value[apart >= 0])
        keys = core.needs_keys.shape[1]
        blocks = number_carried(account, claims, (of_account[apart >= 0], apart[apart >= 0], value), keys)
        block = np.zeros(len(apart), np.int32)
        block[apart >= 0] = blocks.opened
        before = Accounts(
            (every // width).astype(np.int32),
            balance,
            of_account,
            opening.slot,
            block,
            opening.key,
            opening.counters,
            blocks.account,
        )
        kind = self.groups.kinds[series_of[before.account], before.slot + 1]
        paid, after = core.settle_on(
            person, account, *columns, before, kind, name, own, blocks.numbers, told=self.setup.detail
        )
        np.maximum.at(until, account, benefit)
        return paid, _Closing(self.groups, after, series_of, until, (values, blocks.value))


def _values_together(
    by_key: Sequence[Key], opened: Sequence[str], value: Int32
) -> tuple[list[str], list[tuple[int, Int32, Int32]], Int32]:
    """The values of keys, sorted; claims with the numbers of theirs; and the numbers of those that were opened before."""
    used = [np.unique(key.values) for key in by_key]
    texts = {key.texts[code] for key, codes in zip(by_key, used, strict=True) for code in codes.tolist()}
    values = sorted(texts.union(opened))
    place = {text: number for number, text in enumerate(values)}
    claims = []
    for key, codes in zip(by_key, used, strict=True):
        table = np.zeros(int(codes.max(initial=0)) + 1, np.int32)
        table[codes] = [place[key.texts[code]] for code in codes.tolist()]
        claims.append((key.number, key.places, table[key.values]))
    return values, claims, np.array([place[text] for text in opened], np.int32)[value]


class _Closing:
    """What accounts hold at the end of a run, and the table of it."""

    def __init__(
        self, groups: Groups, accounts: Accounts, series: Int32, until: Int32, apart: tuple[Sequence[str], Int32]
    ) -> None:
        self.groups, self.accounts, self.series, self.until = groups, accounts, series, until
        self.values, self.value_of_block = apart

    def table(self, texts: Texts, numbers: Int32, people: int) -> pa.Table:
        """The table ``accumulators``: people by hash, each with pools, schemes and groups in the order of their names.

        Parameters
        ----------
        texts, numbers
            ``psn_no`` of some rows that have all people, and the person of each; ``people`` is how many there are.
        """
        held = self.accounts
        count = len(held.person)
        going_on = self._going_on()
        account = np.concatenate([np.arange(count, dtype=np.int32), held.account[going_on]])
        slot = np.concatenate([np.full(count, ITSELF, np.int32), held.slot[going_on]])
        block = np.concatenate([np.zeros(count, np.int32), held.block[going_on]])
        key = np.concatenate([np.ones(count, np.int64), held.key[going_on]])
        nothing = np.zeros((count, len(COUNTERS)), np.int64)
        counters = np.concatenate([nothing, held.counters[going_on]])
        order = np.lexsort((block, slot, account))
        account, slot, block, key, counters = account[order], slot[order], block[order], key[order], counters[order]
        a_row = np.zeros(people, np.int32)
        a_row[numbers] = np.arange(len(numbers), dtype=np.int32)
        itself = slot == ITSELF
        self._check(np.where(itself, held.balance[account], counters.max(axis=1)), account, slot, texts, a_row)
        series = self.series[account]
        columns: dict[str, pa.Array] = {
            "psn_no": Taker(a_row[held.person[account]], len(texts)).texts(texts),
            "insutype": _named([one.scheme for one in self.groups.series], series),
            "pool": _named([one.pool for one in self.groups.series], series),
            "group": _named(self.groups.names, self._names(series, slot), itself),
            "key": self._apart(block),
            "period": _named(
                self.groups.periods, self.groups.place_of_period(series, self.groups.kinds[series, slot + 1], key)
            ),
            "visits": _masked(arrow(counters[:, 0]), itself),
        }
        carried = np.maximum(-counters[:, _PAID], 0)
        counters[:, _PAID] += carried
        for number, name in enumerate(COUNTERS[1:], 1):
            columns[name] = _masked(decimals(np.ascontiguousarray(counters[:, number]), 18), itself)
        columns["carried"] = _masked(decimals(carried, 18), ~self.groups.carries[series, slot + 1])
        columns["balc"] = _masked(decimals(np.where(itself, held.balance[account], 0), 18), ~itself)
        columns["settled_until"] = _masked(arrow(np.where(itself, self.until[account], 0), pa.date32()), ~itself)
        return pa.table({name: columns[name] for name in self.groups.written})

    def _apart(self, block: Int32) -> pa.Array:
        """For which value of its key each row counts; nothing in a group that is kept apart by none."""
        places = np.zeros(len(block), np.int32)
        used, places[block > 0] = np.unique(self.value_of_block[block[block > 0] - 1], return_inverse=True)
        return _named([self.values[value] for value in used.tolist()], places, block == 0)

    def _going_on(self) -> Mask:
        """Which groups go on: those whose period is not over on the last day their account has settled, or has left something.

        What is carried over is left of any period, what is counted of one in which something was paid.
        """
        held, series = self.accounts, self.series[self.accounts.account]
        kind = self.groups.kinds[series, held.slot + 1]
        now = held.key == self.groups.current(series, kind, self.until[held.account])
        carries, counted = (which[series, held.slot + 1] for which in (self.groups.carries, self.groups.counted))
        something = (held.counters != 0).any(axis=1)
        found: Mask = (now & something) | carries | (counted & (held.counters[:, _PAID] > 0))
        return found

    def _names(self, series: Int32, slot: Int32) -> Int32:
        """Number of each group's name: the other way round than ``Groups.slots``."""
        table = np.zeros(self.groups.kinds.shape, np.int32)
        for name in range(len(self.groups.names)):
            known = np.flatnonzero(self.groups.slots[:, name] >= ITSELF)
            table[known, self.groups.slots[known, name] + 1] = name
        found: Int32 = table[series, slot + 1]
        return found

    def _check(self, largest: Int64, account: Int32, slot: Int32, texts: Texts, a_row: Int32) -> None:
        """``largest``: the most that each row of the table holds."""
        too_large = np.flatnonzero(largest > MAX_CARRIED)
        if not len(too_large):
            return
        row = int(too_large[0])
        one = self.groups.series[self.series[account[row]]]
        group = "personal account" if slot[row] == ITSELF else f"group {one.slots[slot[row]]}"
        whose = a_row[self.accounts.person[account[row : row + 1]]]
        person = Taker(whose, len(texts)).texts(texts)[0].as_py()
        raise InputError(
            f"accumulators of person {content(person)}, pool {one.pool}, scheme {one.scheme}, {group}",
            found=f"{yuan(int(largest[row]))} yuan counted",
            expected=f"at most {yuan(MAX_CARRIED)} yuan, which is what accumulators can carry on",
            do="correct this person's amounts, in the claims or in what --opening brings along, and settle again",
        )


def _named(names: list[str], numbers: Int32, absent: Mask | None = None) -> pa.Array:
    """Numbers as a dictionary array of their names, each of which is there once."""
    different = sorted(set(names))
    places = np.array([different.index(name) for name in names] or [0], np.int32)[numbers]
    indices = arrow(places) if absent is None else pa.array(places, mask=absent)
    return pa.DictionaryArray.from_arrays(indices, pa.array(different, pa.string()))


def _masked(values: pa.Array, absent: Mask) -> pa.Array:
    """Values without nulls, with nulls where they are absent."""
    valid = pa.array(~absent).buffers()[1]
    return pa.Array.from_buffers(values.type, len(values), [valid, values.buffers()[1]])
