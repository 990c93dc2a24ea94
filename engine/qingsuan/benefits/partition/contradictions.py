"""Insured rows of one person that contradict each other: found, held against the claims that meet them, written down.

One of two such rows decides by a stated rule (docs/tables.md), so the year can be settled; but somebody has to correct them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, groupby
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.benefits.partition.insured_rows import Deciding, InsuredRows
from qingsuan.columns.cells import NO_DATE
from qingsuan.columns.rejects import Refusals

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

_CLAIMS_AT_ONCE = 1 << 20
"""So many claims are held against contradictions at once."""


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
    claims: list[int] = field(default_factory=list)
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
    candidates = _candidates(rows)
    listed: list[Contradiction] = []
    for _, mine in groupby(candidates, key=lambda one: one.person):
        listed += _of_person(list(mine))
    for claims, one in zip(_claims_of(rows, listed, person, found, date), listed, strict=True):
        one.claims = claims
        if one.kind in TRIED and not claims:
            one.would_differ = False
    return listed


def _claims_of(
    rows: InsuredRows, listed: Sequence[Contradiction], person: Int32, found: Int32, date: Int32
) -> Iterator[list[int]]:
    """The places of the claims that each contradiction decides; a block of claims of some people at a time."""
    if not listed:
        return
    people = np.array([one.person for one in listed], np.int32)
    first, last = np.searchsorted(person, people), np.searchsorted(person, people, "right")
    blocks = np.flatnonzero(np.diff(np.cumsum(last - first) // _CLAIMS_AT_ONCE)) + 1
    for numbers in np.split(np.arange(len(listed)), blocks):
        sizes = last[numbers] - first[numbers]
        pair = np.repeat(numbers, sizes)
        claim = np.arange(len(pair)) + np.repeat(first[numbers] - np.cumsum(sizes) + sizes, sizes)
        row, other, kind = (
            np.array([getattr(listed[number], name) for number in numbers])[np.repeat(np.arange(len(numbers)), sizes)]
            for name in ("row", "other", "kind")
        )
        met = _meets(rows, (row, other, kind), found[claim], date[claim])
        ends = np.searchsorted(pair[met], numbers, "right")
        for claims in np.split(claim[met], ends)[: len(numbers)]:
            yield claims.tolist()


def _meets(rows: InsuredRows, pair: tuple[Int32, Int32, npt.NDArray[np.str_]], found: Int32, date: Int32) -> Bool:
    """Which claims a contradiction decides: ``pair`` is, for each claim, the two rows and the kind."""
    row, other, kind = pair
    known = np.maximum(found, 0)
    account = (found >= 0) & (rows.pool[known] == rows.pool[row]) & (rows.scheme[known] == rows.scheme[row])
    both = (rows.begin[row] <= date) & (date <= rows.end[row]) & (rows.begin[other] <= date) & (date <= rows.end[other])
    either = (found == row) | (found == other)
    kinds = [kind == name for name in KINDS]
    met: Bool = np.select(kinds, [both & (found == row), either, account, both & either], default=False)
    return met


class _Row(NamedTuple):
    """An insured row of somebody whose rows may contradict each other; ``values`` are of the deciding columns."""

    person: int
    row: int
    scheme: int
    pool: int
    begin: int
    end: int
    tie: int
    opener: int
    values: tuple[int, ...]
    deciding: tuple[Deciding, ...]

    @property
    def precedence(self) -> tuple[int, int, int]:
        """What decides between rows: the greater."""
        return self.begin, self.end, self.tie

    @property
    def content(self) -> tuple[int, ...]:
        """All that can matter: rows of one content are the same row twice, and harmless."""
        return self.scheme, self.begin, self.end, *self.values

    def value(self, name: str) -> int:
        """The value of a deciding column."""
        return next(value for one, value in zip(self.deciding, self.values, strict=True) if one.name == name)


def _candidates(rows: InsuredRows) -> list[_Row]:
    """The rows of people whose rows may contradict each other, by person."""
    places = np.array(rows.candidates(), np.intp)
    numbers = rows.several[places]
    opener = np.full(len(rows.columns) if len(places) else 0, -1, np.int32)
    opened, openers = rows.opening_rows
    if len(places):
        opener[opened] = openers
    columns = (rows.scheme, rows.pool, rows.begin, rows.end, rows.ties[0], opener)
    values = [one.values[places].tolist() for one in rows.deciding] if len(places) else []
    each = zip(
        rows.person[places].tolist(),
        numbers.tolist(),
        *(column[numbers].tolist() for column in columns),
        zip(*values, strict=True),
        [rows.deciding] * len(numbers),
        strict=True,
    )
    return [_Row(*row) for row in each]


def _of_person(mine: list[_Row]) -> Iterator[Contradiction]:
    """The contradictions of one person; of each two rows the one that decides comes first."""
    different: dict[tuple[int, ...], _Row] = {}
    for row in sorted(mine, key=lambda row: row.precedence, reverse=True):
        different.setdefault(row.content, row)
    listed = 0
    last: Contradiction | None = None
    for compared, (row, other) in enumerate(combinations(different.values(), 2)):
        one = _contradiction(row, other)
        if last is not None and ((listed == LISTED and one is not None) or compared == _COMPARED):
            last.more = True
            break
        if one is not None:
            if last is not None:
                yield last
            last, listed = one, listed + 1
    if last is not None:
        yield last


def _contradiction(row: _Row, other: _Row) -> Contradiction | None:
    """How two rows contradict each other, if they do; ``row`` goes before ``other``."""
    account = row.scheme == other.scheme and row.pool == other.pool
    together = row.begin <= other.end and other.begin <= row.end
    differing = [
        (one, value, another)
        for one, value, another in zip(row.deciding, row.values, other.values, strict=True)
        if value != another and (one.absent is None or one.absent not in (value, another))
    ]
    names = {one.name for one, _, _ in differing}
    opener = row.opener if account and "acct_balc" in names and row.opener in (row.row, other.row) else -1
    if account and together and names - {"insu_admdvs"}:
        return _made("same-account", row, other, differing, opener, swapped=opener == other.row and len(names) == 1)
    if "brdy" in names and NO_DATE not in (row.value("brdy"), other.value("brdy")):
        return _made("birth", row, other, [one for one in differing if one[0].name == "brdy"])
    if opener >= 0:
        balance = [one for one in differing if one[0].name == "acct_balc"]
        return _made("balance", row, other, balance, opener, swapped=opener == other.row)
    if together and "insu_admdvs" in names:
        return _made("place", row, other, [one for one in differing if one[0].name == "insu_admdvs"])
    return None


def _made(
    kind: str,
    row: _Row,
    other: _Row,
    differing: Sequence[tuple[Deciding, int, int]],
    opener: int = -1,
    *,
    swapped: bool = False,
) -> Contradiction:
    """A contradiction; ``swapped`` where the other row is the one whose balance opens the account, which alone differs."""
    columns = [(one.name, one.text(value), one.text(another)) for one, value, another in differing]
    first, second = (other.row, row.row) if swapped else (row.row, other.row)
    if swapped:
        columns = [(name, another, value) for name, value, another in columns]
    opens = {first: (first, second), second: (second, first)}.get(opener)
    return Contradiction(row.person, kind, first, second, tuple(columns), opens)


def trials_of(listed: Sequence[Contradiction], rounds: int, tied: Int32) -> Iterator[tuple[list[Contradiction], Trial]]:
    """What is to be tried, a contradiction of each person at a time, and what is taken instead; at most so many rounds.

    ``tied`` says of each person who are tied together (以户为单位), by number: of them one contradiction is tried at a time.
    """
    by_person: dict[int, list[Contradiction]] = {}
    for one in listed:
        if one.kind in TRIED and one.claims:
            by_person.setdefault(int(tied[one.person]), []).append(one)
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

    def places_of(prefix: str, places: Int32) -> dict[str, list[str] | pa.Array]:
        return {
            f"{prefix}insutype": [schemes[scheme] for scheme in rows.scheme[places].tolist()],
            f"{prefix}pool": [pools[pool].code if pool >= 0 else "" for pool in rows.pool[places].tolist()],
            f"{prefix}source_file": [setup.insured_files[one] for one in file[places].tolist()],
            f"{prefix}source_row": pa.array(number[places] + 1),
        }

    def joined(part: int) -> list[str]:
        return [", ".join([column[part] for column in one.columns]) for one in listed]

    row, other = (np.array([getattr(one, name) for one in listed], np.int32) for name in ("row", "other"))
    found = {
        "psn_no": psn_no.take(pa.array(row)),
        "kind": [one.kind for one in listed],
        **places_of("", row),
        **places_of("other_", other),
        "columns": joined(0),
        "values": joined(1),
        "other_values": joined(2),
        "claims": [len(one.claims) for one in listed],
        "would_differ": [one.would_differ for one in listed],
        "more": [one.more for one in listed],
    }
    return pa.table(found, SCHEMA)


def counts_of(listed: Sequence[Contradiction]) -> pa.Table:
    """How many contradictions of each kind: rows of the table, people, claims met, results that would differ or are not known."""
    found = []
    for kind in KINDS:
        mine = [one for one in listed if one.kind == kind]
        met: set[int] = set()
        met.update(*(one.claims for one in mine))
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
        of_claim.update(dict.fromkeys(range(first, last) if one.more else one.claims, one))
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
