"""What changed rules change, added up: over cells of claims, over buckets of people, and the people whom they change most."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.columns.rows import add_up, numbers
from qingsuan.columns.tenths import BUCKETS
from qingsuan.simulation.variants import Variant
from qingsuan.simulation.views import MEASURES, View, measured

__all__ = ["BIGGEST", "OF_PEOPLE", "Added", "Big"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

BIGGEST = 20
"""So many of the people whom a variant changes most are kept."""

OF_PEOPLE = ("people", "winners", "losers", "gained", "lost")
"""What is counted of people: all; those who bear less than before, and more; by how many fen together."""


@dataclass(frozen=True, slots=True)
class Big:
    """A person and what the funds pay for their claims, before and after; and the claim that changes most."""

    psn_no: str
    setl_id: str
    before: int
    change: int

    @property
    def order(self) -> tuple[int, str]:
        """The biggest first; of equal ones by the person's number."""
        return -abs(self.change), self.psn_no


class Added:
    """The sums of one pass, over all partitions: of the rules in force at place 0, of each variant's differences behind it.

    Attributes
    ----------
    cells : the cells that occurred.
    by_cell : (1 + variants, cells, measures) int64
    by_bucket : (1 + variants, buckets, measures) int64
    of_people : (1 + variants, buckets, :data:`OF_PEOPLE`) int64
    claims_changed : (1 + variants,) how many claims are paid otherwise.
    biggest : of each variant the people whom it changes most.
    """

    def __init__(self, variants: int) -> None:
        self.rows: dict[int, int] = {}
        self.by_cell = np.zeros((variants + 1, 0, len(MEASURES)), np.int64)
        self.by_bucket = np.zeros((variants + 1, BUCKETS, len(MEASURES)), np.int64)
        self.of_people = np.zeros((variants + 1, BUCKETS, len(OF_PEOPLE)), np.int64)
        self.claims_changed = np.zeros(variants + 1, np.int64)
        self.biggest: list[list[Big]] = [[] for _ in range(variants + 1)]
        self._lock = threading.Lock()

    @property
    def cells(self) -> list[int]:
        """The cells that occurred, in the order of ``by_cell``."""
        return [*self.rows]

    def add_base(self, view: View) -> None:
        """Add what the rules in force came to."""
        sums = np.array(add_up(view.cell, len(view.cells), [*view.amounts])).T
        bucket = view.bucket[view.door.person]
        by_bucket = _by_bucket(bucket, view.amounts)
        people = np.bincount(view.bucket[view.has_claims], minlength=BUCKETS)
        with self._lock:
            self._add_cells(0, view.cells, sums)
            self.by_bucket[0] += by_bucket
            self.of_people[0, :, 0] += people

    def add(self, place: int, view: View, variant: Variant) -> None:
        """Settle whom a variant touches, at the door of the view, and add the differences."""
        kept, door, before = view.touched(variant.touched)
        if not len(door.person):
            return
        change = measured(door, variant.core.run(door)) - before
        paid = _fund_pay(change)
        changed = np.flatnonzero((change[1:] != 0).any(axis=0))
        if not len(changed):
            return
        differs = change[:, changed]
        cell, person = view.cell[kept][changed], door.person[changed]
        self._add_change(place, view.cells, cell, view.bucket, person, differs, view.people)
        per_person = add_up(person, view.people, [paid[changed]])[0]
        rows = np.flatnonzero(kept)[changed]
        self._note(place, view, per_person, rows, paid[changed])

    def add_other(self, place: int, view: View, other: View) -> None:
        """Add the differences of a variant that sorts or refuses claims otherwise: all of ``other`` less all of ``view``."""
        for one, sign in ((other, 1), (view, -1)):
            self._add_change(place, one.cells, one.cell, view.bucket, one.door.person, sign * one.amounts, 0)
        size = 1 + max(int(one.row.max(initial=-1)) for one in (view, other))
        change, person = np.zeros((len(MEASURES) - 2, size), np.int64), np.zeros(size, np.int32)
        at = np.zeros(size, np.int32)
        for one, sign, first in ((view, -1, 0), (other, 1, len(view.row))):
            change[:, one.row] += sign * one.amounts[2:]
            person[one.row] = one.door.person
            at[one.row] = np.arange(first, first + len(one.row))
        changed = np.flatnonzero(change.any(axis=0))
        changed = changed[np.argsort(person[changed], kind="stable")]
        paid = change[:, changed].sum(axis=0)
        per_person = add_up(person[changed], view.people, [paid])[0]
        with self._lock:
            self.claims_changed[place] += len(changed)
        self._count(place, view.bucket, per_person)
        setl_id = pa.concat_arrays([view.setl_id, other.setl_id]).take(pa.array(at[changed]))
        self._note_people(place, view, per_person, person[changed], setl_id, paid)

    # ---- inside

    def _add_change(
        self,
        place: int,
        cells: Int64,
        cell: Int32,
        bucket: Int32,
        person: Int32,
        change: Int64,
        people: int,
    ) -> None:
        sums = np.array(add_up(cell, len(cells), [*change])).T
        by_bucket = _by_bucket(bucket[person], change)
        with self._lock:
            self._add_cells(place, cells, sums)
            self.by_bucket[place] += by_bucket
            if people:
                self.claims_changed[place] += change.shape[1]
        if people:
            self._count(place, bucket, add_up(person, people, [_fund_pay(change)])[0])

    def _add_cells(self, place: int, cells: Int64, sums: Int64) -> None:
        rows = np.array([self.rows.setdefault(cell, len(self.rows)) for cell in cells.tolist()], np.int64)
        more = len(self.rows) - self.by_cell.shape[1]
        if more > 0:
            self.by_cell = np.concatenate(
                [self.by_cell, np.zeros((len(self.by_cell), more + len(self.rows), len(MEASURES)), np.int64)], axis=1
            )
        self.by_cell[place, rows] += sums

    def _count(self, place: int, bucket: Int32, change: Int64) -> None:
        """Count who gains and who loses: a fund pays more for a person who bears less."""
        some = np.flatnonzero(change)
        where, by = bucket[some], change[some]
        gains = by > 0
        counted = [
            np.bincount(where[gains], minlength=BUCKETS),
            np.bincount(where[~gains], minlength=BUCKETS),
            *add_up(where, BUCKETS, [np.where(gains, by, 0), np.where(gains, 0, by)]),
        ]
        with self._lock:
            self.of_people[place, :, 1:] += np.array(counted).T

    def _note(self, place: int, view: View, change: Int64, rows: Int64, of_claims: Int64) -> None:
        setl_id = view.setl_id.take(pa.array(rows))
        self._note_people(place, view, change, view.door.person[rows], setl_id, of_claims)

    def _note_people(
        self, place: int, view: View, change: Int64, person: Int32, setl_id: pa.Array, of_claims: Int64
    ) -> None:
        """Keep the people whom the variant changes most; ``person`` does not fall, ``of_claims`` is what each claim changes."""
        found = []
        for number in _first(change, view.psn_no).tolist():
            first, end = np.searchsorted(person, [number, number + 1]).tolist()
            most = np.abs(of_claims[first:end])
            ids = sorted(setl_id[first + at].as_py() for at in np.flatnonzero(most == most.max(initial=0)).tolist())
            mine = view.door.person == number
            before = int(_fund_pay(view.amounts[:, mine]).sum())
            found.append(Big(view.psn_no[number].as_py(), ids[0] if ids else "", before, int(change[number])))
        with self._lock:
            self.biggest[place] = sorted([*self.biggest[place], *found], key=lambda one: one.order)[:BIGGEST]


def _first(change: Int64, psn_no: pa.Array) -> Int64:
    """The people with the biggest changes; of equal ones those whose number comes first."""
    some = np.flatnonzero(change)
    if len(some) > BIGGEST:
        size = np.abs(change[some])
        least = np.partition(size, len(size) - BIGGEST)[len(size) - BIGGEST]
        some = some[size >= least]
    table = pa.table({"size": pa.array(np.abs(change[some])), "psn_no": psn_no.take(pa.array(some))})
    order = pc.sort_indices(table, [("size", "descending"), ("psn_no", "ascending")])
    found: Int64 = some[numbers(order)[:BIGGEST].astype(np.int64)]
    return found


def _fund_pay(amounts: Int64) -> Int64:
    found: Int64 = amounts[2:].sum(axis=0)
    return found


def _by_bucket(bucket: Int32, amounts: Int64) -> Int64:
    return np.array(add_up(bucket, BUCKETS, [*np.ascontiguousarray(amounts)])).T
