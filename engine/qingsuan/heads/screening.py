"""Which rows count: the static checks of insured rows, batch by batch.

Every row that comes in is exactly one of: one that counts, one of another scheme, one whose period lies outside the
year, or rejected with code, column, value found and what was expected. A row in two conditions is taken by the first of
the order below.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import eq
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.columns.cells import OPEN_END, Torn, day_text
from qingsuan.columns.forms import form_of
from qingsuan.columns.pieces import Pieces
from qingsuan.columns.rejects import REJECT_SCHEMA
from qingsuan.columns.rows import Taker, arrow
from qingsuan.divisions import retired
from qingsuan.errors import PluginError
from qingsuan.heads.columns import Days, Flags, Ids, Ints, Text, days_of, flags_of, ids_of, int_of_code, texts_of
from qingsuan.heads.counting import ROWS
from qingsuan.heads.employed import EMPLOYED, EMPLOYEES
from qingsuan.heads.places import Places
from qingsuan.people import Texts
from qingsuan.tables import INSURED

__all__ = ["COLUMNS", "Rejection", "Screened", "Screening", "refusals"]

COLUMNS: Mapping[str, bool] = {
    "psn_no": True,
    "insutype": True,
    "insu_admdvs": True,
    "begndate": True,
    "enddate": False,
    "resd_permit_flag": False,
    "vali_flag": False,
}
"""The columns of ``insured`` that counting needs; True: the column must be there and filled."""

_INSURED = {column.name: column for column in INSURED}
_COUNTS, _OTHER_SCHEME, _UNSERVED, _REFUSED, _NO_COUNTY = range(5)


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why row ``row`` (from 0, within its batch) is refused."""

    row: int
    code: str
    column: str
    found: str
    expected: str


_NO_ROWS = pa.RecordBatch.from_pylist([], schema=ROWS)


def _rows(
    which: npt.NDArray[np.bool_], people: Ids, columns: Sequence[npt.NDArray[Any]], schema: pa.Schema
) -> pa.RecordBatch:
    """Some rows, each of which has an id."""
    taker = Taker(np.flatnonzero(which).astype(np.int32), len(which))
    ids = people.values
    ids = ids.filter(pa.array(which)) if ids.null_count else taker.texts(Texts.plain(ids))
    return pa.record_batch([ids, *(arrow(taker.numbers(column)) for column in columns)], schema=schema)


@dataclass(frozen=True, slots=True)
class Screened:
    """One batch, sorted out: ``len(rows) + other_scheme + outside_year + len(rejections)`` = rows of the batch.

    ``employed`` are those of another scheme that say that somebody is insured as an employee in the year. ``earlier`` are
    those outside the year, of schemes that count, that lie in the time before it that is asked for. ``places`` are the
    places of ``rows`` in the batch.
    """

    rows: pa.RecordBatch
    places: pa.Array
    employed: pa.RecordBatch
    earlier: pa.RecordBatch
    other_scheme: int
    outside_year: int
    rejections: tuple[Rejection, ...]


class Screening:
    """The checks of one run.

    ``skip_unserved`` turns rows of regions without a plugin into rejections. ``broken`` names the installed plugins
    that are refused: one of them may be the one that is wanted. ``since`` is a day before the year: rows of employees that
    end on it or later are kept too, and those that count but lie before the year.
    """

    def __init__(
        self,
        places: Places[Any],
        *,
        skip_unserved: bool = False,
        broken: Sequence[str] = (),
        since: int | None = None,
    ) -> None:
        self._broken = broken
        self._places = places
        self._skip_unserved = skip_unserved
        periods = places.periods
        self._first_day, self._last_day = periods[0].first_day, periods[-1].last_day
        self._since = self._first_day if since is None else since
        self._of_pair: dict[tuple[str, str], int] = {}

    def screen(self, batch: pa.RecordBatch, torn: Sequence[Torn] = ()) -> Screened:
        """Sort one batch out; ``torn`` are its rows that cannot be read.

        Raises
        ------
        QingsuanError
            A row counts in a region without plugin (unless skipped), without rule for the year, or without the
            bureau's tables that its rule needs. Nothing has been written at that point.
        """
        flaws = _Flaws(batch.num_rows)
        flaws.add_torn(torn)
        text = {name: texts_of(batch, name) for name in ("insutype", "insu_admdvs")}
        permit, valid = flags_of(batch, "resd_permit_flag"), flags_of(batch, "vali_flag")
        void = (valid.values == 0) & ~valid.absent & ~valid.bad
        flaws.add(void, "E_VOID", "vali_flag", lambda _: "0", "1, or nothing: a void row decides nothing")
        people = ids_of(batch, "psn_no")
        begin, end = days_of(batch, "begndate"), days_of(batch, "enddate")
        self._check(flaws, text, {"resd_permit_flag": permit, "vali_flag": valid}, people, begin, end)
        action = self._actions(text)
        last_day = np.where(end.absent, OPEN_END, end.days).astype(np.int32)
        scheme = flaws.none() & (action == _OTHER_SCHEME)
        outside = flaws.none() & ~scheme & ((begin.days > self._last_day) | (last_day < self._first_day))
        self._check_counties(flaws, text["insu_admdvs"], action, flaws.none() & ~scheme & ~outside)
        kept = flaws.none() & ~scheme & ~outside

        def taken(which: npt.NDArray[np.bool_]) -> pa.RecordBatch:
            if not which.any():
                return _NO_ROWS
            county = text["insu_admdvs"].map(int_of_code, 0)
            return _rows(which, people, [county, begin.days, last_day, permit.values], ROWS)

        employed = self._employed(text, people, begin.days, last_day, scheme)
        earlier = taken(outside & (action == _COUNTS) & (begin.days < self._first_day) & (last_day >= self._since))
        counts = (int(scheme.sum()), int(outside.sum()))
        return Screened(taken(kept), pa.array(np.flatnonzero(kept)), employed, earlier, *counts, flaws.rejections())

    def _employed(
        self, text: Mapping[str, Text], people: Ids, first: Ints, last: Ints, other_scheme: npt.NDArray[np.bool_]
    ) -> pa.RecordBatch:
        """The rows of other schemes that insure somebody as an employee on a day of the year, wherever."""
        employees = text["insutype"].map(lambda value: value == EMPLOYEES, 0) == 1
        kept = other_scheme & employees & (first <= self._last_day) & (last >= self._since)
        return _rows(kept, people, [text["insu_admdvs"].map(int_of_code, 0), first, last], EMPLOYED)

    def _check(
        self, flaws: _Flaws, text: Mapping[str, Text], flags: Mapping[str, Flags], people: Ids, begin: Days, end: Days
    ) -> None:
        """The checks that need one row only, in the order in which the first flaw is reported."""
        empty = {
            "psn_no": people.absent,
            "insutype": text["insutype"].numbers < 0,
            "insu_admdvs": text["insu_admdvs"].numbers < 0,
            "begndate": begin.absent,
        }
        for name, absent in empty.items():
            flaws.add(absent, "E_MISSING", name, lambda _: "nothing", f"a value: {_INSURED[name].meaning}")
        scheme, admdvs = text["insutype"], text["insu_admdvs"]
        no_form = admdvs.map(lambda value: int_of_code(value) == 0, 0) == 1
        wrong = {
            "psn_no": (people.bad, people.shown),
            "insutype": (scheme.bad, scheme.shown),
            "insu_admdvs": (no_form, admdvs.shown),
            "begndate": (begin.bad, begin.shown),
            "enddate": (end.bad, end.shown),
            **{name: (flag.bad, flag.shown) for name, flag in flags.items()},
        }
        for name, (bad, shown) in wrong.items():
            flaws.add(bad, "E_FORM", name, shown, form_of(_INSURED[name]))
        unknown = scheme.map(lambda value: value not in self._places.insutypes, 0) == 1
        flaws.add(unknown, "E_CODE", "insutype", scheme.found, "a scheme of the national code table, such as 390")
        before = ~end.absent & (end.days < begin.days)
        flaws.add(before, "E_DATE", "enddate", lambda row: day_text(int(end.days[row])), "a date not before begndate")

    def _actions(self, text: Mapping[str, Text]) -> Ints:
        """What becomes of each row by its scheme and county, decided once per pair of values."""
        schemes, places = text["insutype"], text["insu_admdvs"]
        table = np.array(
            [[self._action(place, scheme) for scheme in (*schemes.values, "")] for place in (*places.values, "")],
            np.int32,
        )
        return table[places.numbers, schemes.numbers]

    def _action(self, place: str, scheme: str) -> int:
        pair = (place, scheme)
        if pair not in self._of_pair:
            self._of_pair[pair] = self._judge(place, scheme)
        return self._of_pair[pair]

    def _judge(self, place: str, scheme: str) -> int:
        rule = self._places.rules.get(place[:2])
        if rule is not None:
            if scheme not in rule.schemes:
                return _OTHER_SCHEME
            return _COUNTS if self._places.county(place) else _NO_COUNTY
        if scheme not in self._places.schemes:
            return _OTHER_SCHEME
        return _REFUSED if place[:2] in self._places.refused else _UNSERVED

    def _check_counties(self, flaws: _Flaws, admdvs: Text, action: Ints, counting: npt.NDArray[np.bool_]) -> None:
        refused = np.flatnonzero(counting & (action == _REFUSED))
        if len(refused):
            raise self._places.refused[admdvs.found(int(refused[0]))[:2]]
        unserved = counting & (action == _UNSERVED)
        if unserved.any() and not self._skip_unserved:
            raise self._unserved(admdvs, unserved)
        expected = (
            f"a region with a plugin that has a {self._places.kind} rule: {', '.join(sorted(self._places.rules))}"
        )
        flaws.add(unserved, "E_POOL", "insu_admdvs", admdvs.found, expected)
        nowhere = counting & (action == _NO_COUNTY)
        for code in filter(retired, admdvs.values):
            moved = admdvs.map(partial(eq, code), 0) == 1
            flaws.add(nowhere & moved, "E_CODE", "insu_admdvs", admdvs.found, f"the code of today: {retired(code)}")
        expected = "a county, banner or district of the region, or a prefecture's own agency (such as 220199)"
        flaws.add(nowhere, "E_CODE", "insu_admdvs", admdvs.found, expected)

    def _unserved(self, admdvs: Text, rows: npt.NDArray[np.bool_]) -> PluginError:
        codes = sorted({admdvs.found(int(row)) for row in np.flatnonzero(rows)})
        broken = f"; installed but refused: {', '.join(self._broken)}" if self._broken else ""
        return PluginError(
            "insu_admdvs",
            found=f"residents insured in {', '.join(codes[:20])}: no plugin serves their region{broken}",
            expected=f"one of {', '.join(rule.region for rule in self._places.rules.values())}",
            do="install the region's plugin, or set such rows aside with --skip-unserved",
        )


def refusals(screened: Screened, pieces: Pieces, size: int) -> pa.Table:
    """The rejections of a batch of ``size`` rows as a table of :data:`qingsuan.columns.rejects.REJECT_SCHEMA`."""
    found = screened.rejections
    places = [each.row for each in found]
    columns = [
        pieces.files_of(size)[places],
        pieces.rows_of(size)[places],
        *([getattr(each, name) for each in found] for name in ("code", "column", "found", "expected")),
    ]
    arrays = [pa.array(column, kind.type) for column, kind in zip(columns, REJECT_SCHEMA, strict=True)]
    return pa.Table.from_arrays(arrays, schema=REJECT_SCHEMA)


class _Flaws:
    """The first flaw of each row of a batch."""

    def __init__(self, rows: int) -> None:
        self._flawed = np.zeros(rows, np.bool_)
        self._found: list[Rejection] = []

    def none(self) -> npt.NDArray[np.bool_]:
        """Which rows have no flaw so far."""
        return ~self._flawed

    def add(
        self, bad: npt.NDArray[np.bool_], code: str, column: str, found: Callable[[int], str], expected: str
    ) -> None:
        """Reject the rows in ``bad`` that are not rejected yet."""
        new = bad & ~self._flawed
        self._flawed |= new
        self._found += [Rejection(int(row), code, column, found(int(row)), expected) for row in np.flatnonzero(new)]

    def add_torn(self, torn: Sequence[Torn]) -> None:
        """Reject rows that cannot be read."""
        self._flawed[[each.row for each in torn]] = True
        self._found += [Rejection(each.row, each.code, each.column, each.found, each.expected) for each in torn]

    def rejections(self) -> tuple[Rejection, ...]:
        """All of them, by row."""
        return tuple(sorted(self._found, key=lambda rejection: rejection.row))
