"""Insured rows of one person that contradict each other: found, held against the claims that meet them, written down.

One of two such rows decides by a stated rule (docs/tables.md), so the year can be settled; but somebody has to correct them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, groupby

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.benefits.insured_rows import Deciding, InsuredRows
from qingsuan.benefits.rejects import Refusals
from qingsuan.cells import NO_DATE

__all__ = [
    "CONTRADICTIONS",
    "KINDS",
    "Contradiction",
    "Trial",
    "counts_of",
    "find_contradictions",
    "refuse_contradictions",
    "table_of",
    "trials_of",
]

Int32 = npt.NDArray[np.int32]
Bool = npt.NDArray[np.bool_]

KINDS = ("same-account", "birth", "balance", "place")
"""Two rows of one scheme and pool that hold on one day and differ; two dates of birth; two balances for one account, in
rows that follow each other; two counties on one day, under different schemes or pools, or where the county decides nothing."""

TRIED = ("same-account", "balance")
"""Kinds of which it can be said what the result would be had the other row decided."""

CONTRADICTIONS = "contradictions"
"""What the table is called, and its counts among the totals of a partition."""

SCHEMA = pa.schema(
    [
        ("psn_no", pa.string()),
        ("kind", pa.string()),
        ("insutype", pa.string()),
        ("pool", pa.string()),
        ("source_file", pa.string()),
        ("source_row", pa.int64()),
        ("other_insutype", pa.string()),
        ("other_pool", pa.string()),
        ("other_source_file", pa.string()),
        ("other_source_row", pa.int64()),
        ("columns", pa.string()),
        ("values", pa.string()),
        ("other_values", pa.string()),
        ("claims", pa.int64()),
        ("would_differ", pa.bool_()),
        ("more", pa.bool_()),
    ]
)

LISTED = 100
"""So many contradictions of one person are listed at most; then it is said that there are more."""

_COMPARED = 10_000
"""So many pairs of one person's rows are compared at most."""


@dataclass(slots=True)
class Contradiction:
    """Two rows of a person that contradict each other.

    Attributes
    ----------
    row, other : numbers of insured rows; ``row`` is the one that decides.
    columns : in which columns that can decide they differ, with both values.
    opens : where they differ in ``acct_balc`` and one of them opens the account: that one, and the other.
    claims : which claims it decides, by their place in the order.
    would_differ : whether a claim's result would differ had ``other`` decided; None where that cannot be told.
    more : whether the person has more that are not listed.
    """

    person: int
    kind: str
    row: int
    other: int
    columns: tuple[tuple[str, str, str], ...]
    opens: tuple[int, int] | None = None
    claims: npt.NDArray[np.intp] = field(default_factory=lambda: np.zeros(0, np.intp))
    would_differ: bool | None = None
    more: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """What would be had other rows decided: ``decides`` and ``opens`` name, for a row, the row that is taken instead."""

    decides: Mapping[int, int] = field(default_factory=dict)
    opens: Mapping[int, int] = field(default_factory=dict)

    def found(self, found: Int32, date: Int32, rows: InsuredRows) -> Int32:
        """The insured row of each claim, the other one where it holds too."""
        changed = found.copy()
        for row, other in self.decides.items():
            changed[(found == row) & (rows.begin[other] <= date) & (date <= rows.end[other])] = other
        return changed


def find_contradictions(rows: InsuredRows, person: Int32, found: Int32, date: Int32) -> list[Contradiction]:
    """Find what contradicts itself, and the claims that meet it.

    Parameters
    ----------
    rows
        The partition's insured rows.
    person, found, date : (n,) int32
        Of each claim, in order: its person, its insured row or -1, and the day at which that has to hold.
    """
    listed: list[Contradiction] = []
    places = rows.candidates()
    for _, mine in groupby(places, key=lambda place: rows.person[place]):
        listed += _of_person(rows, list(mine))
    for one in listed:
        first, last = np.searchsorted(person, [one.person, one.person + 1])
        one.claims = first + np.flatnonzero(_meets(rows, one, found[first:last], date[first:last]))
        if one.kind in TRIED and not len(one.claims):
            one.would_differ = False
    return listed


def _meets(rows: InsuredRows, one: Contradiction, found: Int32, date: Int32) -> Bool:
    """Which claims of the person a contradiction decides."""
    row, other = one.row, one.other
    if one.kind == "balance":
        known = np.maximum(found, 0)
        mine: Bool = (found >= 0) & (rows.pool[known] == rows.pool[row]) & (rows.scheme[known] == rows.scheme[row])
        return mine
    if one.kind == "birth":
        either: Bool = (found == row) | (found == other)
        return either
    both = (rows.begin[row] <= date) & (date <= rows.end[row]) & (rows.begin[other] <= date) & (date <= rows.end[other])
    decided: Bool = both & ((found == row) | ((one.kind == "place") & (found == other)))
    return decided


def _of_person(rows: InsuredRows, places: list[int]) -> Iterator[Contradiction]:
    """The contradictions of one person, whose rows are at these places; the row that decides comes first."""
    judge = _Judge(rows)
    several = rows.several

    def preference(place: int) -> tuple[int, int, int]:
        row = several[place]
        return int(rows.begin[row]), int(rows.end[row]), int(rows.ties[0, row])

    different = {judge.content(place): place for place in sorted(places, key=preference)}
    ordered = sorted(different.values(), key=preference, reverse=True)
    listed = 0
    last: Contradiction | None = None
    for compared, (place, other) in enumerate(combinations(ordered, 2)):
        one = judge.pair(place, other)
        if last is not None and ((listed == LISTED and one is not None) or compared == _COMPARED):
            last.more = True
            break
        if one is not None:
            if last is not None:
                yield last
            last, listed = one, listed + 1
    if last is not None:
        yield last


class _Judge:
    """Compares two rows of a person, named by their places among the rows of people with several."""

    def __init__(self, rows: InsuredRows) -> None:
        self.rows = rows
        self.deciding = {one.name: one for one in rows.deciding}
        opened, openers = rows.opening_rows
        self.opener = dict(zip(opened.tolist(), openers.tolist(), strict=True)) if len(opened) else {}

    def content(self, place: int) -> tuple[int, ...]:
        """All of a row that can matter: rows of one content are the same row twice, and harmless."""
        rows, row = self.rows, self.rows.several[place]
        whose = (int(rows.scheme[row]), int(rows.begin[row]), int(rows.end[row]))
        return (*whose, *(int(one.values[place]) for one in self.deciding.values()))

    def pair(self, place: int, other: int) -> Contradiction | None:
        """How two rows contradict each other, if they do; ``place`` goes before ``other``."""
        rows, row, other_row = self.rows, int(self.rows.several[place]), int(self.rows.several[other])
        account = rows.scheme[row] == rows.scheme[other_row] and rows.pool[row] == rows.pool[other_row]
        together = bool(rows.begin[row] <= rows.end[other_row] and rows.begin[other_row] <= rows.end[row])
        differing = [one for one in self.deciding.values() if self._differ(one, place, other)]
        names = {one.name for one in differing}
        opener = self.opener.get(row) if account and "acct_balc" in names else None
        if opener == other_row and names == {"acct_balc"}:
            place, other = other, place
        if account and together and names - {"insu_admdvs"}:
            return self._made("same-account", differing, place, other, opener)
        known = NO_DATE not in (self.deciding["brdy"].values[place], self.deciding["brdy"].values[other])
        if "brdy" in names and known:
            return self._made("birth", [self.deciding["brdy"]], place, other)
        if opener in (row, other_row):
            opens, follows = (place, other) if opener == rows.several[place] else (other, place)
            return self._made("balance", [self.deciding["acct_balc"]], opens, follows, opener)
        if together and "insu_admdvs" in names:
            return self._made("place", [self.deciding["insu_admdvs"]], place, other)
        return None

    def _differ(self, column: Deciding, place: int, other: int) -> bool:
        values = int(column.values[place]), int(column.values[other])
        return values[0] != values[1] and (column.absent is None or column.absent not in values)

    def _made(
        self, kind: str, columns: Sequence[Deciding], place: int, other: int, opener: int | None = None
    ) -> Contradiction:
        rows = self.rows
        differing = tuple(
            (one.name, one.text(int(one.values[place])), one.text(int(one.values[other]))) for one in columns
        )
        row, other_row = int(rows.several[place]), int(rows.several[other])
        opens = {row: (row, other_row), other_row: (other_row, row)}.get(-1 if opener is None else opener)
        return Contradiction(int(rows.person[place]), kind, row, other_row, differing, opens)


def trials_of(listed: Sequence[Contradiction], rounds: int) -> Iterator[tuple[list[Contradiction], Trial]]:
    """What is to be tried, a contradiction of each person at a time, and what is taken instead; at most so many rounds."""
    by_person: dict[int, list[Contradiction]] = {}
    for one in listed:
        if one.kind in TRIED and len(one.claims):
            by_person.setdefault(one.person, []).append(one)
    for number in range(rounds):
        tried = [mine[number] for mine in by_person.values() if number < len(mine)]
        if not tried:
            return
        decides = {one.row: one.other for one in tried if one.kind == "same-account"}
        yield tried, Trial(decides, dict(one.opens for one in tried if one.opens is not None))


def table_of(listed: Sequence[Contradiction], rows: InsuredRows) -> pa.Table:
    """The contradictions as they are written, by person."""
    setup, columns = rows.setup, rows.columns
    schemes, pools = setup.vocabularies["insutype"].texts, setup.places.pools
    file, number = columns.raw("file"), columns.raw("row")
    psn_no = columns.table.column("psn_no")

    def place_of(prefix: str, row: int) -> dict[str, str | int]:
        pool = int(rows.pool[row])
        return {
            f"{prefix}insutype": schemes[rows.scheme[row]],
            f"{prefix}pool": pools[pool].code if pool >= 0 else "",
            f"{prefix}source_file": setup.insured_files[file[row]],
            f"{prefix}source_row": int(number[row]) + 1,
        }

    def joined(one: Contradiction, part: int) -> str:
        return ", ".join(column[part] for column in one.columns)

    made = [
        {
            "psn_no": psn_no[one.row].as_py(),
            "kind": one.kind,
            **place_of("", one.row),
            **place_of("other_", one.other),
            "columns": joined(one, 0),
            "values": joined(one, 1),
            "other_values": joined(one, 2),
            "claims": len(one.claims),
            "would_differ": one.would_differ,
            "more": one.more,
        }
        for one in listed
    ]
    return pa.Table.from_pylist(made, SCHEMA)


def counts_of(listed: Sequence[Contradiction]) -> pa.Table:
    """How many contradictions of each kind: rows of the table, people, claims met, results that would differ or are not known."""
    found = []
    for kind in KINDS:
        mine = [one for one in listed if one.kind == kind]
        met: set[int] = set()
        met.update(*(one.claims.tolist() for one in mine))
        found.append(
            {
                "kind": kind,
                "pairs": len(mine),
                "people": len({one.person for one in mine}),
                "claims": len(met),
                "would_differ": sum(one.would_differ is True for one in mine),
                "not_known": sum(one.would_differ is None for one in mine),
            }
        )
    counts = [(name, pa.int64()) for name in ("pairs", "people", "claims", "would_differ", "not_known")]
    return pa.Table.from_pylist(found, pa.schema([("kind", pa.string()), *counts]))


def refuse_contradictions(
    refusals: Refusals, listed: Sequence[Contradiction], rows: InsuredRows, person: Int32
) -> None:
    """Refuse the claims that meet a contradiction (``--strict``); all of a person's, where there are more than are listed."""
    of_claim: dict[int, Contradiction] = {}
    for one in reversed(listed):
        first, last = np.searchsorted(person, [one.person, one.person + 1])
        of_claim.update(dict.fromkeys(range(first, last) if one.more else one.claims.tolist(), one))
    if not of_claim:
        return
    mask = np.zeros(len(person), np.bool_)
    mask[list(of_claim)] = True
    file, number = rows.columns.raw("file"), rows.columns.raw("row")
    files = rows.setup.insured_files

    def found(place: int) -> str:
        one = of_claim[place]
        where = [f"{files[file[row]]} row {int(number[row]) + 1}" for row in (one.row, one.other)]
        differ = "; ".join(
            f"{name} {value or 'nothing'} and {other or 'nothing'}" for name, value, other in one.columns
        )
        return f"{where[0]} and {where[1]} contradict each other: {differ}"

    expected = "insured rows that do not contradict each other: the run is --strict"
    refusals.add(mask, "E_CONTRADICTION", "psn_no", found, expected)
