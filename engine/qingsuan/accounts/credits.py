"""The accounts of a partition, and what is credited to them month by month.

Of several insured rows of a person that count in a month the one decides that begins last. A person whom a rule or a table leaves
in doubt is refused whole: every insured row, with the first reason found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.accounts.intake.batches import RETIRED, WITHOUT
from qingsuan.accounts.rule.year import MONTHS, NO_RULE, Rules
from qingsuan.columns.cells import NO_AMOUNT, NO_DATE
from qingsuan.columns.rejects import REJECT_SCHEMA, Refusals
from qingsuan.columns.rows import numbers
from qingsuan.money import BP_ONE, yuan
from qingsuan.people import Numbering, Texts

__all__ = ["CREDITED", "Accounts", "accounts_of"]

CREDITED = ("", "in-service", "retired")
"""By which rule a month is credited; by none where it does not count."""

_DAYS = 512
"""More than a year has: days of the year beside numbers of people."""

Mask = npt.NDArray[np.bool_]
Int8 = npt.NDArray[np.int8]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Accounts:
    """The accounts of a partition, by person (in the order of hashes) and pool.

    Attributes
    ----------
    people : who has an insured row or an opening balance.
    person, pool, opening : (accounts,)
    firsts : (people + 1,) int64
        The accounts of person ``k`` are ``firsts[k] … firsts[k + 1] - 1``.
    credit, withheld, how : (accounts, 12)
        Fen, and a number of :data:`CREDITED`.
    refused : (people,) bool
    begins : (m,) int64
        Person and day from which an account is the person's own, ascending; ``holders`` says which.
    refusals : of insured rows, as :data:`qingsuan.columns.rejects.REJECT_SCHEMA`.
    counts : where every insured row and every month went.
    """

    people: Numbering
    texts: pa.Array
    person: Int32
    pool: Int32
    opening: Int64
    firsts: Int64
    credit: Int64
    withheld: Int64
    how: Int8
    refused: Mask
    begins: Int64
    holders: Int64
    refusals: pa.Table
    counts: dict[str, int]
    first_day: int

    def at(self, person: Int32, day: Int32) -> Int64:
        """The account of each person (-1: nobody) on a day; -1 for those without one, or who were refused."""
        found = np.full(len(person), -1, np.int64)
        known = np.flatnonzero(person >= 0)
        known = known[~self.refused[person[known]]]
        number = person[known].astype(np.int64)
        first, end = self.firsts[number], self.firsts[number + 1]
        account = np.where(end > first, first, -1)
        places = np.searchsorted(self.begins, number * _DAYS + (day[known] - self.first_day + 1), side="right") - 1
        holds = places >= 0
        holds[holds] = self.begins[places[holds]] // _DAYS == number[holds]
        account[holds] = self.holders[places[holds]]
        found[known] = account
        return found


def accounts_of(insured: pa.Table, months: pa.Table, opening: pa.Table, rules: Rules) -> Accounts:
    """Find accounts, and credit them.

    Parameters
    ----------
    insured, months, opening
        Tables of :data:`qingsuan.accounts.intake.columns.INTERNAL` that hold all rows of their people.
    """
    return _Crediting(insured, months, opening, rules).accounts()


class _Crediting:
    """The steps from insured rows, months and opening balances to accounts with credits."""

    def __init__(self, insured: pa.Table, months: pa.Table, opening: pa.Table, rules: Rules) -> None:
        self.insured, self.rules = insured, rules
        self.texts = _joined(insured["psn_no"], opening["psn_no"])
        self.people = Numbering(Texts.of(self.texts))
        owner = self.people.numbers
        self.person = owner[: len(insured)]
        self.col = {name: numbers(insured[name]) for name in insured.schema.names if name != "psn_no"}
        self.opening_key = owner[len(insured) :].astype(np.int64) * len(rules.pools) + numbers(opening["pool"])
        self.opening_fen = numbers(opening["balance"])
        self.months = _Months(months, self.people)
        first = np.datetime64(f"{rules.year}-01", "M") + np.arange(MONTHS + 1)
        days = first.astype("datetime64[D]").astype(np.int64)
        self.first, self.last = days[:-1].astype(np.int32), (days[1:] - 1).astype(np.int32)
        self.cells: Int32 | None = None
        self.fault = np.zeros(self.people.count, np.int8)
        self.fault_month = np.zeros(self.people.count, np.int8)

    def accounts(self) -> Accounts:
        """All steps."""
        counting = self._counting()
        chosen = self._chosen(counting)
        has_account = self._has_account(chosen)
        how, credit, withheld = self._credits(chosen, has_account)
        own_account = self._rows_with_account(chosen, has_account)
        keys = np.unique(np.concatenate([self._keys(own_account), self.opening_key]))
        opening = self._opening(keys, own_account)
        person, pool = (keys // len(self.rules.pools)).astype(np.int32), (keys % len(self.rules.pools)).astype(np.int32)
        refused = self.fault > 0
        how_of, credit_of, withheld_of = self._by_account(keys, chosen, how, credit, withheld)
        kept = ~refused[person]
        begins, holders = _kept_holders(*self._holders(keys, own_account), kept)
        return Accounts(
            self.people,
            self.texts,
            person[kept],
            pool[kept],
            opening[kept],
            np.searchsorted(person[kept], np.arange(self.people.count + 1)),
            credit_of[kept],
            withheld_of[kept],
            how_of[kept],
            refused,
            begins,
            holders,
            self._refusals(),
            self._counts(own_account, how, opening[~kept]),
            int(self.first[0]),
        )

    # ---- which row decides

    def _counting(self) -> Mask:
        """Which rows count in which months: (rows, 12). Where no rule holds, and the row touches the month, it is a fault."""
        begin, end, pool = self.col["begin"][:, None], self.col["end"][:, None], self.col["pool"]
        touches = (begin <= self.last) & (end >= self.first)
        self._faulty(_of_people(touches & (self.rules.of[pool] == NO_RULE), self.person, self.people.count), 1)
        counts = self.rules.counts[pool]
        at_first, whole = (begin <= self.first) & (end >= self.first), (begin <= self.first) & (end >= self.last)
        found: Mask = np.where(counts == 0, at_first, np.where(counts == 1, touches, whole))
        found &= self.rules.of[pool] != NO_RULE
        return found

    def _chosen(self, counting: Mask) -> Int32:
        """The row that decides for a person in a month: (people, 12); -1 where none counts."""
        names = ("mode", "base", "balance", "born", "retires", "status", "pool", "end", "begin")
        order = np.lexsort([*(self.col[name] for name in names), self.person])
        chosen = np.full((self.people.count, MONTHS), -1, np.int32)
        for month in range(MONTHS):
            some = order[counting[order, month]]
            chosen[self.person[some], month] = some  # of several the last one stays
        return chosen

    def _has_account(self, chosen: Int32) -> Mask:
        """In which months a person has an account that is credited: (people, 12)."""
        asks = self._by_cell(self.rules.asks_mode, chosen)
        mode = self._of_row("mode", chosen)
        counts = (chosen >= 0) & (self._of_row("status", chosen) != WITHOUT)
        self._faulty(counts & asks & (mode == -1), 2)
        found: Mask = counts & ~(asks & (mode == 0))
        return found

    # ---- what is credited

    def _credits(self, chosen: Int32, counts: Mask) -> tuple[Int8, Int64, Int64]:
        """How each person's months are credited, with how much, and what of it is withheld: (people, 12) each."""
        retires = self._of_row("retires", chosen)
        dated = retires != NO_DATE
        retired = counts & np.where(dated, self.first > retires, self._of_row("status", chosen) == RETIRED)
        serving = counts & ~retired
        self._faulty(self.months.twice & serving, 3)
        serving &= ~self._by_cell(self.rules.received, chosen) | (self.months.received == 1)
        base = np.where(self.months.base == NO_AMOUNT, self._of_row("base", chosen), self.months.base)
        rate = self._by_cell(self.rules.in_service_bp, chosen)
        self._faulty(serving & (rate < 0), 4)
        sums = self._sums(chosen, retired)
        self._faulty(retired & (sums < 0), 6)
        self._faulty(serving & (rate >= 0) & (base == NO_AMOUNT), 7)
        base = np.where(serving & (base != NO_AMOUNT), base, 0)
        credit = np.where(serving, _part(base, rate), np.where(retired, sums, 0))
        of_base = _part(base, self._by_cell(self.rules.withheld_bp, chosen))
        withheld = np.where(serving, of_base, np.where(retired, self._by_cell(self.rules.withheld_fen, chosen), 0))
        return serving.astype(np.int8) + 2 * retired.astype(np.int8), credit, withheld

    def _sums(self, chosen: Int32, retired: Mask) -> Int64:
        """The fixed sum of a retired person's month, by the age on its first day: (people, 12)."""
        fen, ages = self.rules.retired
        pool = self._of_row("pool", chosen)
        month = np.broadcast_to(np.arange(MONTHS), chosen.shape)
        if not self.rules.most_ages:
            found: Int64 = fen[pool, month, 0]
            return found
        born = self._of_row("born", chosen)
        bounds = ages[pool, month]
        self._faulty(retired & (bounds[..., 0] < 2**30) & (born == NO_DATE), 5)
        band = (self._ages(born)[..., None] >= bounds).sum(axis=-1)
        sums: Int64 = np.where(retired, fen[pool, month, band], 0)
        return sums

    def _ages(self, born: Int64) -> Int32:
        """Whole years on the first days of months, of people born on these days: (people, 12)."""
        day = np.where(born == NO_DATE, 0, born).astype("datetime64[D]")
        in_month = day.astype("datetime64[M]")
        is_first = (day - in_month.astype("datetime64[D]")).astype(np.int64) == 0
        months = (self.rules.year - 1970) * 12 + np.arange(MONTHS) - in_month.astype(np.int64)
        ages: Int32 = ((months - ~is_first) // 12).astype(np.int32)
        return ages

    # ---- accounts

    def _rows_with_account(self, chosen: Int32, has_account: Mask) -> Mask:
        """Which insured rows make an account: those that decide for a month in which their person has one."""
        rows = np.zeros(len(self.insured), np.bool_)
        rows[chosen[has_account]] = True
        return rows

    def _keys(self, rows: Mask) -> Int64:
        keys: Int64 = self.person[rows].astype(np.int64) * len(self.rules.pools) + self.col["pool"][rows]
        return keys

    def _opening(self, keys: Int64, rows: Mask) -> Int64:
        """What each account opens with; a fault where what tables say of it differs."""
        told = rows & (self.col["balance"] != NO_AMOUNT)
        account, fen = np.searchsorted(keys, self._keys(told)), self.col["balance"][told]
        least, most = np.full(len(keys), 2**62, np.int64), np.full(len(keys), -1, np.int64)
        for places, amounts in ((account, fen), (np.searchsorted(keys, self.opening_key), self.opening_fen)):
            np.minimum.at(least, places, amounts)
            np.maximum.at(most, places, amounts)
        person = (keys // len(self.rules.pools))[(most >= 0) & (least != most)]
        differs = np.zeros((self.people.count, MONTHS), np.bool_)
        differs[person, 0] = True
        self._faulty(differs, 8)
        return np.maximum(most, 0)

    def _by_account(
        self, keys: Int64, chosen: Int32, how: Int8, credit: Int64, withheld: Int64
    ) -> tuple[Int8, Int64, Int64]:
        """How, with how much, and less what accounts are credited: (accounts, 12) each."""
        pools = len(self.rules.pools)
        person, pool = keys // pools, keys % pools
        if len(keys) == self.people.count and bool((person == np.arange(len(keys))).all()):
            mine = (chosen >= 0) & (self._of_row("pool", chosen) == pool[:, None])
            if bool(mine[how > 0].all()):
                return how, credit, withheld
        mine = (chosen[person] >= 0) & (self._of_row("pool", chosen[person]) == pool[:, None])
        return (
            np.where(mine, how[person], 0).astype(np.int8),
            np.where(mine, credit[person], 0),
            np.where(mine, withheld[person], 0),
        )

    def _holders(self, keys: Int64, rows: Mask) -> tuple[Int64, Int64]:
        """From which day on which account is a person's own: one after another, by person and day."""
        account = np.searchsorted(keys, self._keys(rows))
        day = np.maximum(self.col["begin"][rows].astype(np.int64) - int(self.first[0]) + 1, 0)
        begins = self.person[rows].astype(np.int64) * _DAYS + day
        order = np.lexsort((account, begins))
        return begins[order], account[order]

    # ---- what is refused, and what was counted

    def _faulty(self, where: Mask, kind: int) -> None:
        """Note a fault of people by month, unless one was found before: (people, 12)."""
        fresh = where.any(axis=1) & (self.fault == 0)
        self.fault[fresh] = kind
        self.fault_month[fresh] = where[fresh].argmax(axis=1)

    def _refusals(self) -> pa.Table:
        refusals = Refusals(self.col["file"], self.col["row"])
        fault, month = self.fault[self.person], self.fault_month[self.person]
        if not fault.any():
            return REJECT_SCHEMA.empty_table()
        for kind in range(1, 9):
            code, column, _ = _FAULTS[kind]
            refusals.add(
                fault == kind,
                code,
                column,
                lambda row: self._found(row, self._month(int(month[row]))),
                lambda row: self._expected(row, int(month[row])),
            )
        return refusals.table()

    def _month(self, month: int) -> str:
        return f"{self.rules.year}-{month + 1:02d}"

    def _found(self, row: int, month: str) -> str:
        kind = int(self.fault[self.person[row]])
        balance = int(self.col["balance"][row])
        if kind == 8:
            return yuan(balance) if balance != NO_AMOUNT else "nothing"
        return {1: f"a person insured in {month}", 3: f"{month} twice"}.get(kind, f"nothing for {month}")

    def _expected(self, row: int, month: int) -> str:
        kind, pool = int(self.fault[self.person[row]]), int(self.col["pool"][row])
        number = int(self.rules.of[pool, month])
        if kind == 1 or number == NO_RULE:
            return f"a rule of pool {self.rules.pools[pool]} for {self._month(month)}: none is installed"
        if kind in (4, 6):
            said = self.rules.rules[number].said_missing("in-service" if kind == 4 else "retired")
            return f"the missing parameter {said}"
        return _FAULTS[kind][2]

    def _counts(self, with_account: Mask, how: Int8, lost: Int64) -> dict[str, int]:
        refused = (self.fault > 0)[self.person]
        used = (how == 1) & self.months.there & (self.fault == 0)[:, None]
        return {
            "insured_rows": int((with_account & ~refused).sum()),
            "insured_idle": int((~with_account & ~refused).sum()),
            "months_used": int(used.sum()),
            "months_of_nobody": self.months.of_nobody,
            "months_of_refused": int(self.months.many[self.fault > 0].sum()),
            "months_idle": int((self.months.many * ~used)[self.fault == 0].sum()),
            "opening_refused_fen": int(lost.sum()),
        }

    # ---- looking up

    def _of_row(self, name: str, chosen: Int32) -> npt.NDArray[np.int64]:
        """A column of the row that decides; of no row, the one of the first."""
        column = self.col[name]
        found: npt.NDArray[np.int64] = column.take(chosen, mode="clip") if len(column) else np.zeros_like(chosen)
        return found

    def _by_cell(self, table: npt.NDArray[Any], chosen: Int32) -> npt.NDArray[Any]:
        """What rules say in the pool of the row that decides and the month; one thing for all is that."""
        first = table.reshape(-1)[0]
        if bool((table == first).all()):
            return np.broadcast_to(first, chosen.shape)
        found: npt.NDArray[Any] = table.reshape(-1).take(self._cell(chosen), mode="clip")
        return found

    def _cell(self, chosen: Int32) -> Int32:
        """Pool and month of the row that decides, as one number; they are worked out once."""
        if self.cells is None:
            cells = self._of_row("pool", chosen).astype(np.int32) * np.int32(MONTHS)
            cells += np.arange(MONTHS, dtype=np.int32)
            self.cells = cells
        return self.cells


_FAULTS: dict[int, tuple[str, str, str]] = {
    1: ("E_NO_RULE", "insu_admdvs", ""),
    2: ("E_MISSING", "acct_mode", "1 or 0: in this pool the insured row says who has an account (统账结合)"),
    3: ("E_DUPLICATE", "month", "one contribution of a person for a month"),
    4: ("E_NO_RULE", "psn_type", ""),
    5: ("E_MISSING", "brdy", "a date of birth: sums of retired people depend on the age here"),
    6: ("E_NO_RULE", "psn_type", ""),
    7: ("E_MISSING", "cntr_base", "a base for every month in service that counts, in months or in the insured row"),
    8: ("E_CONTRADICTION", "acct_balc", "one opening balance of an account: that with which the year before closed"),
}
"""Why a person cannot be settled, in the order in which it is looked for: code, column, what was expected."""


class _Months:
    """Months of contribution by person: (people, 12) each; rows of nobody insured are only counted."""

    def __init__(self, months: pa.Table, people: Numbering) -> None:
        person = people.find(Texts.of(months["psn_no"]))
        known = person >= 0
        shape = (people.count, MONTHS)
        place = person.astype(np.int64) * MONTHS + numbers(months["month"])
        base, received = numbers(months["base"]), numbers(months["received"])
        if not known.all():
            place, base, received = place[known], base[known], received[known]
        self.of_nobody = int((~known).sum())
        self.many = np.bincount(place, minlength=people.count * MONTHS).reshape(shape)
        self.base = np.full(people.count * MONTHS, NO_AMOUNT, np.int64)
        self.received = np.zeros(people.count * MONTHS, np.int8)
        self.base[place], self.received[place] = base, received
        self.base, self.received = self.base.reshape(shape), self.received.reshape(shape)
        self.there, self.twice = self.many > 0, self.many > 1


def _joined(one: pa.ChunkedArray, other: pa.ChunkedArray) -> pa.Array:
    chunks = [*one.chunks, *other.chunks]
    return pa.concat_arrays(chunks) if chunks else pa.array([], pa.string())


def _of_people(of_rows: Mask, person: Int32, count: int) -> Mask:
    """What holds for any row of a person: (people, 12)."""
    found = np.zeros((count, MONTHS), np.bool_)
    some = np.flatnonzero(of_rows.any(axis=1))
    np.logical_or.at(found, person[some], of_rows[some])
    return found


def _part(fen: Int64, ratio_bp: Int64) -> Int64:
    """A ratio of amounts that are not negative, rounded half away from zero to the fen."""
    found: Int64 = (fen * np.maximum(ratio_bp, 0) + BP_ONE // 2) // BP_ONE
    return found


def _kept_holders(begins: Int64, holders: Int64, kept: Mask) -> tuple[Int64, Int64]:
    """Without accounts that are not kept, and with the numbers of those that are."""
    number = np.cumsum(kept) - 1
    mine = kept[holders]
    return begins[mine], number[holders[mine]]
