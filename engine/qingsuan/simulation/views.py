"""What stands of a partition once the rules in force have settled it: the claims that a change can touch, and whose they are.

A view is arrays only. It can be put aside and taken again, so that a value is sought without reading or ordering the year twice.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, fields

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.benefits.columns import Columns
from qingsuan.benefits.core.core import AtDoor, Core, Paid
from qingsuan.benefits.partition import Settler
from qingsuan.benefits.partition.ages import completed_years
from qingsuan.benefits.partition.in_order import PERSON
from qingsuan.benefits.partition.state import Work
from qingsuan.columns.cells import NO_AMOUNT
from qingsuan.columns.rows import Taker, add_up, arrow, looked_up, numbers
from qingsuan.columns.tenths import bucket_of
from qingsuan.policy.model import FUNDS
from qingsuan.simulation.variants import Scope

__all__ = ["AGES", "MEASURES", "Cells", "Sorter", "View", "measured", "of_scope", "people_in_scope"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]

MEASURES = ("claims", "psn_part_amt", *FUNDS)
"""What is added up: settled claims, what people bear of them, what each fund pays."""

AGES = (*(f"{ten}–{ten + 9}" for ten in range(0, 80, 10)), "80+", "")
"""Ages in whole years on the benefit date; the last where the date of birth is not known."""
_UNKNOWN_AGE = len(AGES) - 1


class Cells:
    """Numbers for what claims are sorted by (pool, scheme, level, age, identities), alike in every partition.

    Identities are called by the titles of all classes that a person holds.
    """

    def __init__(self, settler: Settler) -> None:
        setup = settler.setup
        self.pools = [pool.code for pool in setup.places.pools]
        self.schemes = setup.vocabularies["insutype"].texts
        self.levels = setup.vocabularies["dedc_hosp_lv"].texts
        self._identities: dict[str, int] = {"": 0}
        self._lock = threading.Lock()

    def of(self, settler: Settler, work: Work, places: Int32) -> Int64:
        """The cell of each claim at these places."""
        age = completed_years(work.insured.raw("brdy"), work.found[places], work.at("benefit")[places])
        band = np.where(age == NO_AMOUNT, _UNKNOWN_AGE, np.clip(age // 10, 0, _UNKNOWN_AGE - 1))
        cell = work.pool[places].astype(np.int64) * len(self.schemes) + work.code("insutype")[places]
        cell = (cell * len(self.levels) + work.code("dedc_hosp_lv")[places]) * len(AGES) + band
        identity = self._of_identities(settler, work.rule_set[places], work.held[places])
        found: Int64 = identity * (len(self.pools) * len(self.schemes) * len(self.levels) * len(AGES)) + cell
        return found

    def _of_identities(self, settler: Settler, rule_set: Int32, held: Int64) -> Int64:
        found = np.zeros(len(held), np.int64)
        some = np.flatnonzero(held)
        for number in np.unique(rule_set[some]).tolist():
            mine = some[rule_set[some] == number]
            bits, which = np.unique(held[mine], return_inverse=True)
            classes = [settler.known.classifier.held_classes(number, int(one)) for one in bits]
            found[mine] = np.array([self._number("+".join(one.title for one in each)) for each in classes])[which]
        return found

    def _number(self, title: str) -> int:
        with self._lock:
            return self._identities.setdefault(title, len(self._identities))

    def told(self, cell: int) -> dict[str, str]:
        """What a cell is of, by dimension."""
        titles = {number: title for title, number in self._identities.items()}
        rest, age = divmod(cell, len(AGES))
        rest, level = divmod(rest, len(self.levels))
        rest, scheme = divmod(rest, len(self.schemes))
        identity, pool = divmod(rest, len(self.pools))
        return {
            "pool": self.pools[pool],
            "insutype": self.schemes[scheme],
            "identity": titles[identity],
            "age": AGES[age],
            "dedc_hosp_lv": self.levels[level],
        }


@dataclass(frozen=True)
class View:
    """The claims of a partition that are of the pools and schemes at hand, as the rules in force settled them.

    Attributes
    ----------
    door : the claims at the core's door.
    row : the row of each in the partition.
    cells, cell : the cells that occur, and the place of each claim's among them.
    amounts : (measures, n) int64
        What :data:`MEASURES` are of each claim.
    bucket : (people,) int32
        By what a person bears in the whole year (:mod:`qingsuan.columns.tenths`).
    has_claims : (people,) bool
        Whether a claim of theirs is among these.
    psn_no, setl_id : the ids of all people of the partition, and of the claims.
    """

    door: AtDoor
    row: Int32
    cells: Int64
    cell: Int32
    amounts: Int64
    bucket: Int32
    has_claims: Bool
    psn_no: pa.Array
    setl_id: pa.Array
    _kept: dict[bytes, tuple[Bool, AtDoor, Int64]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def people(self) -> int:
        """How many people the partition has."""
        return len(self.bucket)

    def touched(self, variants: Bool) -> tuple[Bool, AtDoor, Int64]:
        """The claims of everybody who has one that is touched: which, at the door, and what they came to."""
        key = variants.tobytes()
        if key not in self._kept:
            hit = np.zeros(self.people, np.bool_)
            hit[self.door.person[variants[self.door.variant]]] = True
            kept = hit[self.door.person]
            amounts = self.amounts if kept.all() else self.amounts[:, kept]
            self._kept[key] = kept, self.door.kept(kept), amounts
        return self._kept[key]

    def bytes(self) -> int:
        """What it holds of memory."""
        arrays = [getattr(self.door, one.name) for one in fields(self.door)]
        arrays += [self.cell, self.amounts, self.bucket]
        return sum(int(one.nbytes) for one in (*arrays, self.psn_no, self.setl_id))


@dataclass(frozen=True)
class Sorter:
    """Makes views: the rules that settle, the pools and schemes at hand, and the numbers of cells."""

    settler: Settler
    scope: Scope
    cells: Cells

    def view(self, work: Work, door: AtDoor, bucket: Int32 | None = None, core: Core | None = None) -> View:
        """Settle claims at the door and keep those at hand; buckets of people are of these claims unless they are given."""
        paid = (core or self.settler.core).run(door)
        amounts = measured(door, paid)
        people = work.numbering.count
        if bucket is None:
            bucket = bucket_of(add_up(door.person, people, [amounts[1]])[0])
        mine = of_scope(self.settler, self.scope, work.pool, work.code("insutype"))
        places = np.flatnonzero(mine).astype(np.int32)
        cells, cell = np.unique(self.cells.of(self.settler, work, places), return_inverse=True)
        kept = door.kept(mine)
        has_claims = np.zeros(people, np.bool_)
        has_claims[kept.person] = True
        columns = work.columns
        first = work.ordered.rows[work.numbering.starts[:-1]].astype(np.int32)
        psn_no, setl_id = (
            Taker(rows, len(columns)).texts(columns.texts(name))
            for name, rows in (("psn_no", first), ("setl_id", work.rows[places]))
        )
        return View(
            kept,
            work.rows[places],
            cells.astype(np.int64),
            cell.astype(np.int32),
            amounts if mine.all() else np.ascontiguousarray(amounts[:, mine]),
            bucket,
            has_claims,
            psn_no,
            setl_id,
        )


def measured(door: AtDoor, paid: Paid) -> Int64:
    """What :data:`MEASURES` are of each claim."""
    amounts = np.empty((len(MEASURES), len(door.person)), np.int64)
    amounts[0] = 1
    amounts[2:] = paid.funds
    np.subtract(door.bill[0], paid.funds.sum(axis=0), out=amounts[1])
    return amounts


def of_scope(settler: Settler, scope: Scope, pool: Int32, scheme: Int32) -> Bool:
    """Whether each claim is of a pool and scheme at hand, by the numbers of these."""
    setup = settler.setup
    schemes = setup.vocabularies["insutype"].texts
    table = np.array(
        [[False] * len(schemes), *([(one.code, name) in scope for name in schemes] for one in setup.places.pools)],
        np.bool_,
    )
    found: Bool = looked_up(table.ravel(), (pool + 1) * np.int32(len(schemes)) + scheme)
    return found


def people_in_scope(settler: Settler, scope: Scope, claims: pa.Table) -> pa.Table:
    """The rows of people who have a claim at hand; all rows where they do not lie person after person."""
    if PERSON not in claims.schema.names or not claims.num_rows:
        return claims
    columns = Columns(settler.setup, claims)
    person = numbers(columns.table.column(PERSON))
    pool = looked_up(settler.known.pool_of_area, columns.code("insu_admdvs"))
    hit = np.zeros(int(person[-1]) + 1, np.bool_)
    hit[person[of_scope(settler, scope, pool, columns.code("insutype"))]] = True
    if hit.all():
        return claims
    rows = columns.table.filter(pa.array(hit[person])).combine_chunks()
    number = (np.cumsum(hit) - 1).astype(np.int32)
    renumbered = arrow(number[numbers(rows.column(PERSON))])
    return rows.set_column(rows.schema.get_field_index(PERSON), PERSON, renumbered)
