"""Counting heads: one person once, wherever in the input the rows are (重复参保).

A function on one partition, which must hold **all** rows of its persons, and an addition of results. Neither depends on
the order of rows, nor on how persons are spread over partitions.

Per period (the year, or each month, as the rule counts) a person is counted in one place. Of several rows, in order:
the earliest first day inside the period; the latest last day inside it; the earliest begndate; the smallest
insu_admdvs; the latest enddate; a local person before one with a residence permit. The other rows are duplicates. A row
does not count in a period if its person is insured as an employee, too, on every day on which it holds there.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.columns.cells import OPEN_END
from qingsuan.heads.employed import EMPLOYED, Employed
from qingsuan.people import Numbering, Texts

__all__ = [
    "DEDUP_RULE",
    "DUPLICATES",
    "KINDS",
    "ROWS",
    "CountUnit",
    "Counted",
    "Counting",
    "Heads",
    "Period",
    "add",
    "count",
    "count_rows",
    "periods_of",
]

CountUnit = Literal["year", "month"]

ROWS = pa.schema(
    [
        ("psn_no", pa.string()),
        ("admdvs", pa.int32()),
        ("first_day", pa.int32()),
        ("last_day", pa.int32()),
        ("permit", pa.int8()),
    ]
)
"""A row that counts, without nulls: the county's code as a number, days since 1970-01-01
(``OPEN_END`` without an enddate), 1 for a residence permit."""

DUPLICATES = pa.schema(
    [
        ("psn_no", pa.string()),
        ("period", pa.string()),
        ("counted_admdvs", pa.string()),
        ("counted_begndate", pa.date32()),
        ("counted_enddate", pa.date32()),
        ("admdvs", pa.string()),
        ("begndate", pa.date32()),
        ("enddate", pa.date32()),
        ("kind", pa.string()),
    ]
)
"""A row that is not counted because its person is counted elsewhere; ``kind`` is one of :data:`KINDS`."""

KINDS = ("same-county", "overlapping", "successive", "other-scheme")
"""Insured again in the same county; in two places on the same day; in two places one after the other; as an employee."""

_OTHER_SCHEME = KINDS.index("other-scheme")

DEDUP_RULE = (
    "one person (psn_no) counts once per period: in the row with the earliest first day inside the period, "
    "then the latest last day inside it, then the earliest begndate, then the smallest insu_admdvs, "
    "then the latest enddate, then a local person before a residence-permit holder; a row does not count in a period "
    "if on every day on which it holds there the person is insured as an employee (insutype 310), wherever"
)
"""The rule in words, for the run record."""


@dataclass(frozen=True, slots=True)
class Period:
    """One counting period; days since 1970-01-01, both inclusive."""

    label: str
    first_day: int
    last_day: int


@dataclass(frozen=True, slots=True)
class Heads:
    """Heads of one county: all of them, and how many of those hold a residence permit (居住证)."""

    heads: int = 0
    permits: int = 0

    def __add__(self, other: Heads) -> Heads:
        return Heads(self.heads + other.heads, self.permits + other.permits)


@dataclass(frozen=True, slots=True)
class Counted:
    """What one partition, or several added up, come to. ``rows_counted + rows_duplicate`` = rows handed in.

    ``heads`` maps a county's code to its heads (head-months where the rule counts by month).
    """

    heads: dict[int, Heads] = field(default_factory=dict)
    rows_counted: int = 0
    rows_duplicate: int = 0
    persons: int = 0
    persons_duplicate: int = 0
    duplicates_by_kind: dict[str, int] = field(default_factory=dict)


def periods_of(year: int, unit: CountUnit) -> tuple[Period, ...]:
    """The counting periods of a year: one, or twelve."""
    if unit == "year":
        return (Period(str(year), _day(dt.date(year, 1, 1)), _day(dt.date(year, 12, 31))),)
    lasts = (calendar.monthrange(year, month)[1] for month in range(1, 13))
    return tuple(
        Period(f"{year}-{month:02d}", _day(dt.date(year, month, 1)), _day(dt.date(year, month, last)))
        for month, last in enumerate(lasts, 1)
    )


def count(rows: pa.Table, periods: tuple[Period, ...], employed: pa.Table | None = None) -> tuple[Counted, pa.Table]:
    """Count the heads of one partition.

    Parameters
    ----------
    rows
        Table of schema :data:`ROWS`, holding every row of each of its persons, each touching one of the periods.
    periods
        From :func:`periods_of`.
    employed
        Table of schema :data:`qingsuan.heads.employed.EMPLOYED`: every such row of these persons.

    Returns
    -------
    counted, duplicates
        The result, and a table of schema :data:`DUPLICATES`, ordered by (hash of the person, period, content).
    """
    counted, duplicates, _ = count_rows(rows, periods, EMPLOYED.empty_table() if employed is None else employed)
    return counted, duplicates


class Counting(NamedTuple):
    """Which rows count: of each period the numbers of the rows, and the numbering of people by which they are told apart."""

    rows: tuple[npt.NDArray[np.intp], ...]
    people: Numbering
    employed: Employed


def count_rows(rows: pa.Table, periods: tuple[Period, ...], employed: pa.Table) -> tuple[Counted, pa.Table, Counting]:
    """Count likewise, and say which rows it was."""
    columns = _Columns.of(rows, employed)
    each: list[npt.NDArray[np.intp]] = []
    won = np.zeros(len(columns.number), np.bool_)
    heads: dict[int, Heads] = {}
    losers: list[_Lost] = []
    for label, period in enumerate(periods):
        inside, aside = _split(columns, period)
        counted, lost, lost_to = _decide(columns, inside, period)
        won[counted] = True
        each.append(counted)
        heads = _merged(heads, _heads(columns, counted))
        losers += [
            _Lost.to_a_resident(columns, label, lost, lost_to),
            _Lost.to_an_employee(columns, label, period, aside),
        ]
    duplicates, by_kind = _report(rows, columns, [period.label for period in periods], losers)
    lost_rows = np.concatenate([lost.rows for lost in losers])
    result = Counted(
        heads=heads,
        rows_counted=int(won.sum()),
        rows_duplicate=int((~won).sum()),
        persons=columns.persons,
        persons_duplicate=len(np.unique(columns.number[lost_rows])),
        duplicates_by_kind=by_kind,
    )
    return result, duplicates, Counting(tuple(each), columns.people, columns.employed)


def add(results: Iterable[Counted]) -> Counted:
    """Add up the results of partitions that share no person."""
    total = Counted()
    for one in results:
        total = Counted(
            heads=_merged(total.heads, one.heads),
            rows_counted=total.rows_counted + one.rows_counted,
            rows_duplicate=total.rows_duplicate + one.rows_duplicate,
            persons=total.persons + one.persons,
            persons_duplicate=total.persons_duplicate + one.persons_duplicate,
            duplicates_by_kind={
                kind: total.duplicates_by_kind.get(kind, 0) + one.duplicates_by_kind.get(kind, 0) for kind in KINDS
            },
        )
    return total


@dataclass(frozen=True, slots=True)
class _Columns:
    """The columns of a partition as arrays of one length; ``number`` numbers persons from 0 in the order of hashes."""

    employed: Employed
    people: Numbering
    number: npt.NDArray[np.int32]
    admdvs: npt.NDArray[np.int32]
    first_day: npt.NDArray[np.int32]
    last_day: npt.NDArray[np.int32]
    permit: npt.NDArray[np.int8]

    @property
    def persons(self) -> int:
        """How many people there are."""
        return self.people.count

    @classmethod
    def of(cls, rows: pa.Table, employed: pa.Table) -> _Columns:
        numbering = Numbering(Texts.of(rows["psn_no"]))
        return cls(
            Employed.of(employed, numbering),
            numbering,
            numbering.numbers,
            *(rows[name].to_numpy() for name in ("admdvs", "first_day", "last_day", "permit")),
        )


@dataclass(frozen=True, slots=True)
class _Lost:
    """Rows that do not count in a period, and why: the place and days of what counts, or keeps them from counting."""

    label: int
    rows: npt.NDArray[np.intp]
    admdvs: npt.NDArray[np.int32]
    first_day: npt.NDArray[np.int32]
    last_day: npt.NDArray[np.int32]
    kind: npt.NDArray[np.intp]

    @classmethod
    def to_a_resident(
        cls, columns: _Columns, label: int, lost: npt.NDArray[np.intp], to: npt.NDArray[np.intp]
    ) -> _Lost:
        """To the row of the same person that counts."""
        kind = _kinds(columns, lost, to)
        return cls(label, lost, columns.admdvs[to], columns.first_day[to], columns.last_day[to], kind)

    @classmethod
    def to_an_employee(cls, columns: _Columns, label: int, period: Period, lost: npt.NDArray[np.intp]) -> _Lost:
        """To insurance as an employee: the row that holds on the first day inside the period, of several the last."""
        employed = columns.employed
        first = np.maximum(columns.first_day[lost], np.int32(period.first_day))
        to = employed.holding(columns.number[lost], first)
        kind = np.full(len(lost), _OTHER_SCHEME, np.intp)
        return cls(label, lost, employed.admdvs[to], employed.first_day[to], employed.last_day[to], kind)


def _split(columns: _Columns, period: Period) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Row numbers inside the period; and of those whose person is insured as an employee all the while, by preference."""
    inside = np.flatnonzero((columns.first_day <= period.last_day) & (columns.last_day >= period.first_day))
    first = np.maximum(columns.first_day[inside], np.int32(period.first_day))
    last = np.minimum(columns.last_day[inside], np.int32(period.last_day))
    employed = columns.employed.covers(columns.number[inside], first, last)
    aside = inside[employed]
    return inside[~employed], aside[_by_preference(columns, aside, period)]


def _decide(
    columns: _Columns, inside: npt.NDArray[np.intp], period: Period
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Of rows inside the period: those counted; those that lost; and for each of these the one it lost to."""
    number = columns.number[inside]
    alone = np.bincount(number, minlength=columns.persons)[number] == 1
    several = inside[~alone]
    order = several[_by_preference(columns, several, period)]
    number = columns.number[order]
    starts = np.flatnonzero(np.diff(number, prepend=-1))
    best = np.repeat(order[starts], np.diff(starts, append=len(order)))
    lost = order != best
    return np.concatenate([inside[alone], order[starts]]), order[lost], best[lost]


def _by_preference(columns: _Columns, rows: npt.NDArray[np.intp], period: Period) -> npt.NDArray[np.intp]:
    """Order rows by person, then by :data:`DEDUP_RULE`."""
    begin, end = columns.first_day[rows], columns.last_day[rows]
    keys = (
        columns.number[rows],
        np.maximum(begin, period.first_day),
        -np.minimum(end, period.last_day),
        begin,
        columns.admdvs[rows],
        -end,
        columns.permit[rows],
    )
    return np.lexsort(keys[::-1])


def _heads(columns: _Columns, counted: npt.NDArray[np.intp]) -> dict[int, Heads]:
    admdvs = columns.admdvs[counted]
    heads = np.bincount(admdvs)
    permits = np.bincount(admdvs[columns.permit[counted] == 1], minlength=len(heads))
    return {int(code): Heads(int(heads[code]), int(permits[code])) for code in np.flatnonzero(heads)}


def _merged(one: dict[int, Heads], other: dict[int, Heads]) -> dict[int, Heads]:
    return {code: one.get(code, Heads()) + other.get(code, Heads()) for code in sorted(one.keys() | other.keys())}


def _report(
    rows: pa.Table, columns: _Columns, labels: list[str], losers: list[_Lost]
) -> tuple[pa.Table, dict[str, int]]:
    """The table of duplicates, and how many there are of each kind."""

    def joined(name: str) -> npt.NDArray[np.int64]:
        return np.concatenate([getattr(lost, name) for lost in losers])

    lost, label = joined("rows"), np.repeat([each.label for each in losers], [len(each.rows) for each in losers])
    keep = np.lexsort((np.arange(len(lost)), label, columns.number[lost]))
    lost, label, kind = lost[keep], label[keep], joined("kind")[keep]
    arrays = [
        rows["psn_no"].take(pa.array(lost)),
        pa.array(labels, pa.string()).take(pa.array(label)),
        _codes(joined("admdvs")[keep]),
        _dates(joined("first_day")[keep]),
        _dates(joined("last_day")[keep]),
        _codes(columns.admdvs[lost]),
        _dates(columns.first_day[lost]),
        _dates(columns.last_day[lost]),
        pa.array(KINDS, pa.string()).take(pa.array(kind)),
    ]
    counts = np.bincount(kind, minlength=len(KINDS))
    return pa.table(arrays, schema=DUPLICATES), {name: int(n) for name, n in zip(KINDS, counts, strict=True)}


def _kinds(columns: _Columns, lost: npt.NDArray[np.intp], lost_to: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    same = columns.admdvs[lost] == columns.admdvs[lost_to]
    overlap = (columns.first_day[lost] <= columns.last_day[lost_to]) & (
        columns.first_day[lost_to] <= columns.last_day[lost]
    )
    return np.where(same, 0, np.where(overlap, 1, 2)).astype(np.intp)


def _codes(admdvs: npt.NDArray[np.integer[Any]]) -> pa.Array:
    return pa.array(admdvs).cast(pa.string())


def _dates(days: npt.NDArray[np.integer[Any]]) -> pa.Array:
    return pa.array(days, mask=days == OPEN_END).view(pa.date32())


def _day(date: dt.date) -> int:
    return (date - dt.date(1970, 1, 1)).days
