"""Opening balances (期初累计): the accumulators that an earlier run of the same year wrote, read strictly.

A row of claims that cannot be trusted is refused and the run goes on; a row here that cannot be trusted stops it before
the first claim: what it stands for is money that somebody has paid already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.benefits.core.accounts import MAX_CARRIED
from qingsuan.benefits.core.calendar import DAYS_AT_MOST, LAST_DAY, PERIOD_DAYS
from qingsuan.benefits.setup import Setup
from qingsuan.columns.cells import Cells, read_counts, read_dates, read_ids, read_money, read_texts
from qingsuan.columns.forms import form_of, reason
from qingsuan.columns.rows import arrow, numbers
from qingsuan.contents import content
from qingsuan.errors import InputError
from qingsuan.money import yuan
from qingsuan.people import Numbering, Texts
from qingsuan.policy.model import COUNTERS
from qingsuan.policy.numeric import PERIODS
from qingsuan.tables import ACCUMULATORS

__all__ = ["ITSELF", "Groups", "Opening", "check_opening", "empty_opening", "take_opening"]

ITSELF = -1
"""Instead of a slot, in the row of the account itself."""

_SET_RIGHT = "give accumulators as the earlier run wrote them, or settle the year whole without --opening"
_READERS = {"psn_no": read_ids, "settled_until": read_dates}
_COLUMNS = {column.name: column for column in ACCUMULATORS}
_BOUNDS = {
    "E_SCALE": "an amount in yuan with at most two decimals",
    "E_RANGE": f"an amount in yuan of at most {yuan(MAX_CARRIED)}",
}
_ELSEWHERE = "nothing: it belongs into the other kind of row (group or account)"
_WHERE_CARRIED = "nothing: the group carries nothing over"
_PER = {"year": "a year", "quarter": "a quarter", "month": "a month", "day": "a day"}

Int8 = npt.NDArray[np.int8]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


class Groups:
    """The groups of every series, and the periods of their benefit years, numbered.

    Attributes
    ----------
    names : every group of any series, sorted; the first is "", which stands for the account itself.
    slots : (series, names) int32
        The slot of a group: :data:`ITSELF` for "", -2 where no rule set of the series has it.
    kinds : (series, slots + 1) int8
        Length of a slot's period (place in ``PERIODS``), by slot + 1.
    key_of : (series, slots + 1) int32
        By which of ``Program.keys`` a slot is kept apart, by slot + 1; -1 for none.
    carries, counted, counting : (series, slots + 1) bool
        Whether a slot's group carries over what is not used of its cap, whether another group counts its periods, and whether it
        counts those of another, by slot + 1.
    years : the benefit years of the series, each different one once; ``year_of`` (series,) int32 says which is whose.
    periods : the periods of all these years as they are written; ``period_years``, ``period_kinds`` and ``period_keys`` by place.
    """

    def __init__(self, setup: Setup) -> None:
        program, self.year = setup.program, setup.year
        self.series = program.series
        of_series: list[dict[str, str]] = []
        carrying, counts = [], []
        self.keys, keys_of = program.keys, []
        for one in self.series:
            sets = [program.rule_sets[n] for n in one.sets]
            of_series.append({name: kind for rule_set in sets for name, kind in rule_set.groups.items()})
            keys_of.append({name: by for rule_set in sets for name, by in rule_set.group_keys.items()})
            carrying.append({name for rule_set in sets for name in rule_set.carry_over})
            counts.append({name: one for rule_set in sets for name, one in rule_set.group_counts.items()})
        self.names = sorted({"", *(name for groups in of_series for name in groups)})
        self.slots = np.full((len(self.series), len(self.names)), -2, np.int32)
        self.slots[:, 0] = ITSELF
        self.kinds = np.zeros((len(self.series), program.tables.slots + 1), np.int8)
        self.key_of = np.full(self.kinds.shape, -1, np.int32)
        self.carries, self.counted, self.counting = (np.zeros(self.kinds.shape, np.bool_) for _ in range(3))
        for number, (one, groups) in enumerate(zip(self.series, of_series, strict=True)):
            for name, kind in groups.items():
                slot = one.slots.index(name)
                self.slots[number, self.names.index(name)] = slot
                self.kinds[number, slot + 1] = PERIODS.index(kind)
                self.carries[number, slot + 1] = name in carrying[number]
                self.counted[number, slot + 1] = name in counts[number].values()
                self.counting[number, slot + 1] = name in counts[number]
                if name in keys_of[number]:
                    self.key_of[number, slot + 1] = self.keys.index(keys_of[number][name])
        of_each = [setup.year_of_series(number) for number in range(len(self.series))] or [setup.benefit_year]
        self.years = tuple(dict.fromkeys(of_each))
        self.year_of = np.array([self.years.index(year) for year in of_each], np.int32)
        self._number_periods()

    def _number_periods(self) -> None:
        years = len(self.years)
        self.first_days = np.array([year.first_day for year in self.years], np.int32)
        self.last_days = np.array([year.last_day for year in self.years], np.int32)
        self._numbers = np.stack([np.resize(year.numbers(), DAYS_AT_MOST) for year in self.years])
        names = [year.periods() for year in self.years]
        self.periods = [name for of_year in names for of_kind in of_year for name in of_kind]
        sizes = [[len(of_kind) for of_kind in of_year] for of_year in names]
        self.period_years = np.repeat(np.arange(years, dtype=np.int32), [sum(of_year) for of_year in sizes])
        kinds = np.arange(len(PERIODS), dtype=np.int8)
        self.period_kinds = np.concatenate([np.repeat(kinds, of_year) for of_year in sizes])
        keys = [np.unique(year.numbers() // days) + 1 for year in self.years for days in PERIOD_DAYS]
        self.period_keys = np.concatenate(keys)
        self._places = np.zeros((years, len(PERIODS), LAST_DAY + 2), np.int32)
        self._places[self.period_years, self.period_kinds, self.period_keys] = np.arange(len(self.periods))

    def current(self, series: Int32, kind: Int8, day: Int32) -> Int64:
        """The key of the period of a kind in which a day of the series' benefit year lies."""
        year = self.year_of[series]
        keys: Int64 = self._numbers[year, day - self.first_days[year]] // np.array(PERIOD_DAYS)[kind] + 1
        return keys

    def place_of_period(self, series: Int32, kind: Int8, key: Int64) -> Int32:
        """The place in ``periods`` of a key of a kind."""
        found: Int32 = self._places[self.year_of[series], kind, key]
        return found

    @property
    def has_keys(self) -> bool:
        """Whether some group is kept apart by a key."""
        return bool(self.keys)

    @cached_property
    def written(self) -> tuple[str, ...]:
        """The columns of a table of accumulators: of those that may be left out those that some group fills."""
        filled = {"key": self.has_keys, "carried": bool(self.carries.any())}
        return tuple(column.name for column in ACCUMULATORS if column.must or filled[column.name])

    @cached_property
    def known(self) -> dict[str, dict[str, int]]:
        """Texts by column, numbered."""
        return {
            "pool": {pool: n for n, pool in enumerate(sorted({one.pool for one in self.series}))},
            "insutype": {scheme: n for n, scheme in enumerate(sorted({one.scheme for one in self.series}))},
            "group": {name: n for n, name in enumerate(self.names)},
        }

    @cached_property
    def known_periods(self) -> list[dict[str, int]]:
        """The places of the periods of each benefit year, by what they are called."""
        found: list[dict[str, int]] = [{} for _ in self.years]
        for place, (name, year) in enumerate(zip(self.periods, self.period_years.tolist(), strict=True)):
            found[year][name] = place
        return found

    @cached_property
    def series_table(self) -> Int32:
        """(pools, schemes) int32: the series, -1 where there is none; one row and column more for unknown texts."""
        known = self.known
        table = np.full((len(known["pool"]) + 1, len(known["insutype"]) + 1), -1, np.int32)
        for number, one in enumerate(self.series):
            table[known["pool"][one.pool], known["insutype"][one.scheme]] = number
        return table


class _Reading:
    """One batch being read; the first row that cannot be trusted stops everything."""

    def __init__(self, batch: pa.RecordBatch, where: str, first_row: int) -> None:
        self.batch, self.where, self.first_row = batch, where, first_row
        self.cells: dict[str, Cells] = {}
        for column in ACCUMULATORS:
            has = column.must or column.name in batch.schema.names
            array = batch.column(column.name) if has else pa.nulls(batch.num_rows, pa.string())
            if column.kind == "money":
                self.cells[column.name] = read_money(array, MAX_CARRIED)
            elif column.kind == "count":
                self.cells[column.name] = read_counts(array)
            else:
                self.cells[column.name] = _READERS.get(column.name, read_texts)(array)

    def refuse(self, mask: Mask, column: str, expected: str, do: str = _SET_RIGHT) -> None:
        if mask.any():
            row = int(np.flatnonzero(mask)[0])
            absent = self.cells[column].absent[row]
            text = "nothing" if absent else reason(self.batch.column(column)[row], _COLUMNS[column].kind)
            where = f"{self.where}: row {self.first_row + row + 1}: column {column}"
            raise InputError(where, found=text, expected=expected, do=do)

    def number(self, column: str, known: Mapping[str, int]) -> Int32:
        """Texts as numbers; -1 for others."""
        values = self.cells[column].values
        encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
        table = np.array([known.get(text, -1) for text in encoded.dictionary.to_pylist()] or [-1], np.int32)
        found: Int32 = table[encoded.indices.to_numpy(zero_copy_only=False)]
        return found

    def text(self, column: str, mask: Mask) -> str:
        return str(self.batch.column(column)[int(np.flatnonzero(mask)[0])].as_py()) if mask.any() else ""

    def values(self, column: str) -> Int64:
        found: Int64 = self.cells[column].values.astype(np.int64)
        return found


def take_opening(groups: Groups, batch: pa.RecordBatch, where: str, first_row: int) -> pa.RecordBatch:
    """Read a batch of accumulators (:data:`qingsuan.tables.ACCUMULATORS`) into internal columns.

    Raises
    ------
    InputError
        A pool, group or period nobody knows, another year, or a cell that is no amount, count or date, names the row.
    """
    reading = _Reading(batch, where, first_row)
    for name in ("psn_no", "insutype", "pool", "period"):
        reading.refuse(reading.cells[name].absent, name, f"a value: {_COLUMNS[name].meaning}")
    if "E_FORM" in reading.cells["psn_no"].faults:
        reading.refuse(reading.cells["psn_no"].faults["E_FORM"], "psn_no", form_of(_COLUMNS["psn_no"]))
    series = _series(groups, reading)
    slot = _slots(groups, reading, series)
    apart = _kept_apart(groups, reading, series, slot)
    key = _keys(groups, reading, series, slot)
    itself = slot == ITSELF
    carries = groups.carries[series, slot + 1]
    for column in ACCUMULATORS[6:]:
        wanted = carries if column.name == "carried" else ~itself if column.name in COUNTERS else itself
        _check_amounts(reading, column.name, wanted, _WHERE_CARRIED if column.name == "carried" else _ELSEWHERE)
    _check_carried(reading, carries)
    until, year = reading.values("settled_until"), groups.year_of[series]
    outside = itself & ((until < groups.first_days[year]) | (until > groups.last_days[year]))
    if outside.any():
        of_year = groups.years[year[np.flatnonzero(outside)[0]]]
        reading.refuse(outside, "settled_until", of_year.expected)
    psn_no = reading.cells["psn_no"].values
    counted = {name: reading.values(name) for name in (*COUNTERS, "balc", "settled_until")}
    counted["paid"] = counted["paid"] - np.where(carries, reading.values("carried"), 0)
    fields = {
        "psn_no": psn_no.dictionary_decode() if pa.types.is_dictionary(psn_no.type) else psn_no,
        "series": arrow(series),
        "slot": arrow(slot),
        "apart": apart,
        "key": arrow(key),
        **{name: arrow(values) for name, values in counted.items()},
    }
    return pa.RecordBatch.from_arrays(list(fields.values()), names=list(fields))


def empty_opening(groups: Groups) -> pa.RecordBatch:
    """No rows, in the internal columns."""
    kinds = {"count": pa.int64(), "money": pa.decimal128(16, 2), "date": pa.date32()}
    arrays = [pa.array([], kinds.get(column.kind, pa.string())) for column in ACCUMULATORS]
    return take_opening(
        groups, pa.RecordBatch.from_arrays(arrays, names=[column.name for column in ACCUMULATORS]), "", 0
    )


def _series(groups: Groups, reading: _Reading) -> Int32:
    pool, scheme = (reading.number(name, groups.known[name]) for name in ("pool", "insutype"))
    series: Int32 = groups.series_table[pool, scheme]
    nobody = series < 0
    expected = f"a pool with rules for scheme {reading.text('insutype', nobody)}"
    reading.refuse(nobody, "pool", expected, "install the plugin the earlier run had (see “qingsuan plugins”)")
    return series


def _slots(groups: Groups, reading: _Reading, series: Int32) -> Int32:
    name = reading.number("group", groups.known["group"])
    slot: Int32 = np.where(name < 0, np.int32(-2), groups.slots[series, name]).astype(np.int32)
    lost = slot == -2
    if lost.any():
        at = series[np.flatnonzero(lost)[0]]
        known = [name for number, name in enumerate(groups.names) if groups.slots[at, number] >= 0]
        whose = f"pool {groups.series[at].pool}, scheme {groups.series[at].scheme}"
        reading.refuse(
            lost,
            "group",
            f"a group that some rule set of {whose} names: {', '.join(known)}",
            "what was counted there would be lost: use the rule sets of the earlier run, or settle the year whole",
        )
    return slot


def _kept_apart(groups: Groups, reading: _Reading, series: Int32, slot: Int32) -> pa.Array:
    """For which disease, institution, … each row counts; empty where its group is kept apart by no key."""
    cells = reading.cells["key"]
    by = groups.key_of[series, slot + 1]
    lacking = cells.absent & (by >= 0)
    if lacking.any():
        place = np.flatnonzero(lacking)[:1]
        expected = f"a value of {groups.keys[int(by[place[0]])]}, by which group “{reading.text('group', lacking)}” is kept apart"
        reading.refuse(lacking, "key", expected)
    whole = ~cells.absent & (by < 0)
    if whole.any():
        found = "an account" if slot[np.flatnonzero(whole)[0]] == ITSELF else f"group “{reading.text('group', whole)}”"
        reading.refuse(whole, "key", f"nothing: {found} is kept apart by no key")
    values = cells.values
    values = values.dictionary_decode() if pa.types.is_dictionary(values.type) else values
    return values.cast(pa.string()).fill_null("")


def _keys(groups: Groups, reading: _Reading, series: Int32, slot: Int32) -> Int64:
    period = np.full(len(series), -1, np.int32)
    for number, known in enumerate(groups.known_periods):
        mine = groups.year_of[series] == number
        if not mine.any():
            continue
        period[mine] = reading.number("period", known)[mine]
        names = ", ".join(of_kind[0] for of_kind in groups.years[number].periods())
        reading.refuse(mine & (period < 0), "period", f"a period of {groups.year}, the year that is settled: {names}")
    kind = groups.kinds[series, slot + 1]
    other = groups.period_kinds[period] != kind
    if other.any():
        wanted = PERIODS[kind[np.flatnonzero(other)[0]]]
        reading.refuse(other, "period", f"{_PER[wanted]}, by which group “{reading.text('group', other)}” counts")
    return groups.period_keys[period].astype(np.int64)


def _check_carried(reading: _Reading, carries: Mask) -> None:
    """Check that nothing of a period's own limit is paid while something is left of what was carried into it: that is used first."""
    both = carries & (reading.values("carried") > 0) & (reading.values("paid") > 0)
    reading.refuse(both, "carried", "0.00, as something is paid: what was carried over is used first")


def _check_amounts(reading: _Reading, name: str, wanted: Mask, expected: str) -> None:
    """Check that a column is filled where it is wanted, empty elsewhere, and reads as what it is."""
    cells = reading.cells[name]
    reading.refuse(cells.absent & wanted, name, f"a value: {_COLUMNS[name].meaning}")
    reading.refuse(~cells.absent & ~wanted, name, expected)
    for code, mask in cells.faults.items():
        reading.refuse(mask, name, _BOUNDS.get(code) or form_of(_COLUMNS[name]))
    if name != "settled_until":
        reading.refuse(cells.values < 0, name, "0 or more")


@dataclass(frozen=True, slots=True)
class Opening:
    """The accounts that people of one partition bring along.

    Attributes
    ----------
    person, series : (a,) int32, balance : (a,) int64 fen, until : (a,) int32 days
        By account, in the order of person and series.
    account : (r,) int32, slot : (r,) int32, value : (r,) int32, key : (r,) int64, counters : (r, 5) int64
        By account and group, in the order of account, slot and value: for which of ``values`` a group counts that is kept apart
        by a key. ``values`` are sorted; the first is "", of all other groups.
    """

    person: Int32
    series: Int32
    balance: Int64
    until: Int32
    account: Int32
    slot: Int32
    value: Int32
    key: Int64
    counters: Int64
    values: tuple[str, ...]

    @classmethod
    def of(cls, table: pa.Table, person: Int32) -> Opening:
        """Order the rows of :func:`take_opening`; ``person`` numbers the person of each."""
        series, slot = numbers(table.column("series")), numbers(table.column("slot"))
        values, value = _apart(table)
        order = np.lexsort((value, slot, series, person))
        itself = slot[order] == ITSELF
        own, rest = order[itself], order[~itself]
        counters = [numbers(table.column(name))[rest] for name in COUNTERS]
        return cls(
            person[own],
            series[own],
            numbers(table.column("balc"))[own],
            numbers(table.column("settled_until"))[own].astype(np.int32),
            (np.cumsum(itself) - 1)[~itself].astype(np.int32),
            slot[rest],
            value[rest],
            numbers(table.column("key"))[rest],
            np.stack(counters, axis=1) if len(rest) else np.zeros((0, len(COUNTERS)), np.int64),
            values,
        )


def _apart(table: pa.Table) -> tuple[tuple[str, ...], Int32]:
    """The values of keys of some rows, sorted, and which of them each row has; the first is ""."""
    encoded = table.column("apart").combine_chunks().dictionary_encode()
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    texts = encoded.dictionary.to_pylist()
    values = tuple(sorted({"", *texts}))
    place = {text: number for number, text in enumerate(values)}
    table_of = np.array([place[text] for text in texts] or [0], np.int32)
    found: Int32 = table_of[encoded.indices.to_numpy(zero_copy_only=False)]
    return values, found


def check_opening(groups: Groups, table: pa.Table) -> None:
    """Check what only all rows of a person show.

    Raises
    ------
    InputError
        A row is there twice, an account has no row of itself, or counts for a period that is over or has not begun.
    """
    person = Numbering(Texts.of(table.column("psn_no"))).numbers
    series, slot = numbers(table.column("series")), numbers(table.column("slot"))
    _, value = _apart(table)
    order = np.lexsort((value, slot, series, person))
    same = (np.diff(person[order]) == 0) & (np.diff(series[order]) == 0)
    twice = same & (np.diff(slot[order]) == 0) & (np.diff(value[order]) == 0)
    _stop(groups, table, order[1:][twice], "the same group twice", "each group, and each key of it, once")
    begins = np.r_[True, ~same][: len(order)]
    expected = "one row without a group for each account, with balc and settled_until"
    _stop(groups, table, order[begins & (slot[order] != ITSELF)], "groups without the row of their account", expected)
    until = numbers(table.column("settled_until"))[order[begins]][np.cumsum(begins) - 1] if len(order) else order
    key = numbers(table.column("key"))[order]
    now = groups.current(series[order], groups.kinds[series[order], slot[order] + 1], until.astype(np.int32))
    leaves = (groups.carries | groups.counted)[series[order], slot[order] + 1]
    over = np.where(leaves, key > now, key != now)
    _stop(groups, table, order[over], "a period in which settled_until does not lie", "what goes on counting")


def _stop(groups: Groups, table: pa.Table, rows: npt.NDArray[np.intp], found: str, expected: str) -> None:
    if not len(rows):
        return
    row = int(rows.min())
    one = groups.series[table.column("series")[row].as_py()]
    slot = table.column("slot")[row].as_py()
    group = f", group {one.slots[slot]}" if slot != ITSELF else ""
    apart = table.column("apart")[row].as_py()
    group += f" ({apart})" if apart else ""
    person = content(table.column("psn_no")[row].as_py())
    where = f"accumulators of person {person}, pool {one.pool}, scheme {one.scheme}{group}"
    raise InputError(where, found=found, expected=expected, do=_SET_RIGHT)
