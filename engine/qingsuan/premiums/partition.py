"""A partition of people settled: who counts where, in which group, what is due, paid, short and carried on. Whole columns only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.columns.rejects import REJECT_SCHEMA
from qingsuan.columns.rows import Taker, add_up, arrow, looked_up
from qingsuan.heads.counting import ROWS, Counted, Counting, count_rows
from qingsuan.heads.employed import EMPLOYED
from qingsuan.people import Texts
from qingsuan.premiums.gaps import gaps
from qingsuan.premiums.intake import NO_DAY
from qingsuan.premiums.model import BEARERS
from qingsuan.premiums.results import AMOUNTS, SUMS, carried_table, premium_table
from qingsuan.premiums.terms import Counties, Lists
from qingsuan.premiums.unapplied import Aside, unapplied_table
from qingsuan.settlement import Settled

__all__ = ["EARLIER", "INTERNAL", "IS_EMPLOYED", "RESIDENT", "settle_people"]

RESIDENT, IS_EMPLOYED, EARLIER = 0, 1, 2

INTERNAL = pa.schema([*ROWS, ("kind", pa.int8()), ("file", pa.int32()), ("row", pa.int64())])
"""Insured rows: residents, employees, and residents of last year (``kind``), and where they came from."""

_NO_GROUP = 2**31 - 1
_PLACES = 1_000_000

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _People:
    """The people who count, in the order of their numbers.

    Attributes
    ----------
    place : by number of the partition's numbering, where the person stands here; -1 for nobody's.
    row : (n,) the insured row in which each counts.
    codes : the counties as numbers; ``county`` says which is each person's.
    """

    place: Int32
    row: Int32
    codes: Int64
    county: Int32

    @classmethod
    def of(cls, admdvs: Int32, counting: Counting) -> _People:
        """Take those whose rows count."""
        row_of = np.full(counting.people.count, -1, np.int32)
        won = counting.rows[0].astype(np.int32)
        row_of[counting.people.numbers[won]] = won
        return cls._of_rows(row_of, admdvs)

    @classmethod
    def _of_rows(cls, row_of: Int32, admdvs: Int32) -> _People:
        there = row_of >= 0
        place = np.where(there, np.cumsum(there, dtype=np.int32) - np.int32(1), np.int32(-1)).astype(np.int32)
        row = row_of[there]
        mine = looked_up(admdvs, row)
        codes = np.flatnonzero(np.bincount(mine, minlength=1))
        lookup = np.zeros(_PLACES, np.int32)
        lookup[codes] = np.arange(len(codes))
        return cls(place, row, codes, looked_up(lookup, mine))

    def without(self, out: Mask, admdvs: Int32) -> _People:
        """The people but for those marked."""
        if not out.any():
            return self
        row_of = np.full(len(self.place), -1, np.int32)
        there = self.place >= 0
        row_of[there] = np.where(out, np.int32(-1), self.row)
        return self._of_rows(row_of, admdvs)


def settle_people(
    lists: Lists, insured: pa.Table, identities: pa.Table, premiums: pa.Table, shortfalls: pa.Table
) -> Settled:
    """Settle a partition.

    Parameters
    ----------
    lists
        The rules.
    insured, identities, premiums, shortfalls
        Tables of :data:`INTERNAL` and of the schemas of :mod:`qingsuan.premiums.intake`: every row of each of its people.

    Returns
    -------
    Settled
        ``premiums``, ``duplicates``, ``gaps``, ``unapplied`` and ``carried``; refused are people of a group whose amount is unknown.
    """
    kind = insured["kind"].to_numpy()
    residents, employed, earlier = (_kind(insured, kind == each) for each in (RESIDENT, IS_EMPLOYED, EARLIER))
    period = lists.rules.periods[0]
    counted, duplicates, counting = count_rows(
        residents.select(ROWS.names), lists.rules.periods, employed.select(EMPLOYED.names)
    )
    admdvs = residents["admdvs"].to_numpy()
    everybody = _People.of(admdvs, counting)
    held = counting.people.find(Texts.of(identities["psn_no"]))
    group, unknown = _groups(lists, everybody, held, identities)
    people = everybody.without(unknown > 0, admdvs)
    settled = _Amounts.of(lists, people, group[unknown == 0], counting, premiums, shortfalls, everybody)
    refused = _refused(lists, residents, everybody, unknown)
    texts = Texts.of(residents["psn_no"])
    ids = Taker(people.row, len(texts)).texts(texts)
    county = pa.DictionaryArray.from_arrays(
        arrow(people.county), pa.array(map(str, people.codes.tolist()), pa.string())
    )
    missed = gaps(period, residents, earlier, employed, counting.people)
    tables = {
        "premiums": premium_table(lists, ids, county, settled.group, settled.amounts, settled.last_paid),
        "duplicates": duplicates,
        "gaps": missed,
        "unapplied": settled.unapplied,
    }
    if any(rule.carry_into is not None for rule in lists.rules.rules.values()):
        tables["carried"] = carried_table(lists, ids, people.codes[people.county], settled.amounts["carried_out"])
    by_kind = {f"gaps.{each['values']}": each["counts"] for each in missed["kind"].value_counts().to_pylist()}
    counts = {**_counts(counted, people, refused.num_rows), **settled.counts, **by_kind}
    return Settled(tables, counts, {"sums": settled.sums}, refused)


def _kind(insured: pa.Table, mask: Mask) -> pa.Table:
    return insured if mask.all() else insured.filter(pa.array(mask))


def _counts(counted: Counted, people: _People, refused: int) -> dict[str, int]:
    kinds = {f"duplicates.{kind}": number for kind, number in counted.duplicates_by_kind.items()}
    return {
        "rows_counted": counted.rows_counted - refused,
        "rows_duplicate": counted.rows_duplicate,
        "persons": counted.persons,
        "persons_duplicate": counted.persons_duplicate,
        "heads": len(people.row),
        **kinds,
    }


def _groups(lists: Lists, people: _People, held: Int32, identities: pa.Table) -> tuple[Int32, Int32]:
    """Of each person who counts the group of highest rank (0 for none), and the unknown group (0 for none)."""
    group = np.full(len(people.row), _NO_GROUP, np.int32)
    unknown = np.full(len(people.row), _NO_GROUP, np.int32)
    counties = Counties(lists, people.codes)
    place = np.where(held >= 0, people.place[held], np.int32(-1)) if len(people.place) else held
    at = np.flatnonzero(place >= 0)
    place, county = place[at], people.county[place[at]]
    code = lists.code_places[identities["code"].to_numpy()[at]]
    first, last = (identities[name].to_numpy()[at] for name in ("first_day", "last_day"))
    holds = _holds(lists, counties, county, first, last)
    for found, table, none in ((group, counties.first_group, counties.width), (unknown, counties.unknown, 0)):
        number = table[county, code] if len(at) else np.zeros(0, np.int32)
        mine = holds & (number != none)
        np.minimum.at(found, place[mine], number[mine])
    return np.where(group == _NO_GROUP, 0, group), np.where(unknown == _NO_GROUP, 0, unknown)


def _holds(lists: Lists, counties: Counties, county: Int32, first: Int32, last: Int32) -> Mask:
    """Whether an identity holds on a day on which the rule of its person's region reads identities."""
    period = lists.rules.periods[0]
    holds = np.zeros(len(county), np.bool_)
    for days in {tuple(days) for days in counties.holding_days}:
        here = np.array([tuple(mine) == days for mine in counties.holding_days], np.bool_)[county]
        if not days:
            holds |= here & (first <= period.last_day) & (last >= period.first_day)
        for day in days:
            holds |= here & (first <= day) & (last >= day)
    return holds


@dataclass(frozen=True, slots=True)
class _Amounts:
    """What the people who count come to; ``amounts`` in fen by the columns of :data:`qingsuan.premiums.results.AMOUNTS`."""

    group: Int32
    amounts: Mapping[str, Int64]
    last_paid: Int32
    unapplied: pa.Table
    counts: Mapping[str, int]
    sums: pa.Table

    @classmethod
    def of(
        cls,
        lists: Lists,
        people: _People,
        group: Int32,
        counting: Counting,
        premiums: pa.Table,
        shortfalls: pa.Table,
        everybody: _People,
    ) -> _Amounts:
        """Add up what each person paid and owed, and hold it against what is due."""
        size = len(people.row)
        paid = _Money.of(people, everybody, counting.people.find(Texts.of(premiums["psn_no"])), premiums, size)
        owed = _Money.of(people, everybody, counting.people.find(Texts.of(shortfalls["psn_no"])), shortfalls, size)
        counties = Counties(lists, people.codes)
        key = people.county * np.int32(counties.width) + group
        standard = looked_up(counties.standard, people.county)
        borne = {bearer: looked_up(table, key) for bearer, table in zip(BEARERS, counties.borne, strict=True)}
        assisted = looked_up(counties.assisted, key)
        due = standard - assisted + owed.fen
        shortfall = np.maximum(due - paid.fen, 0)
        carries = np.array([_carries(lists, code) for code in people.codes.tolist()], np.bool_)
        amounts = {
            "standard": standard,
            **borne,
            "assisted": assisted,
            "carried_in": owed.fen,
            "due": due,
            "paid": paid.fen,
            "paid_elsewhere": _elsewhere(people, paid, premiums),
            "shortfall": shortfall,
            "overpaid": np.maximum(paid.fen - due, 0),
            "carried_out": np.where(carries[people.county], shortfall, 0) if size else shortfall,
        }
        last_paid = np.full(size, NO_DAY, np.int32)
        np.maximum.at(last_paid, paid.place[paid.used], premiums["day"].to_numpy()[paid.used])
        counts = paid.counts("premiums") | owed.counts("shortfalls")
        aside = unapplied_table(
            [Aside("premiums", premiums, paid.reason), Aside("shortfalls", shortfalls, owed.reason)]
        )
        sums = _sums(people, key, counties.width, amounts)
        return cls(group, amounts, last_paid, aside, counts, sums)


def _carries(lists: Lists, code: int) -> bool:
    return lists.rules.rules[str(code)[:2]].carry_into is not None


@dataclass(frozen=True, slots=True)
class _Money:
    """Money of people, row by row.

    Attributes
    ----------
    place : of the person who counts and is settled; -1 for nobody.
    reason : 0 where a row is applied; or the number of the reason why not (:data:`qingsuan.premiums.unapplied.REASONS`).
    fen : (people,) what is applied, added up.
    """

    place: Int32
    reason: npt.NDArray[np.int8]
    row_fen: Int64
    fen: Int64

    @property
    def used(self) -> npt.NDArray[np.intp]:
        """The rows that are applied."""
        return np.flatnonzero(self.reason == 0)

    @classmethod
    def of(cls, people: _People, everybody: _People, number: Int32, rows: pa.Table, size: int) -> _Money:
        """Find whose each row is; a person from whom more is taken back than was paid keeps nothing of it."""
        fen = rows["fen"].to_numpy()
        known = number >= 0
        place = np.where(known, people.place[number], np.int32(-1)) if len(people.place) else number
        counts = known & (everybody.place[number] >= 0) if len(people.place) else known
        reason = np.where(place >= 0, 0, np.where(counts, 2, 1)).astype(np.int8)
        mine = place >= 0
        sums = add_up(place[mine], size, [fen[mine]])[0]
        negative = sums < 0
        if negative.any():
            reason[mine] = np.where(negative[place[mine]], 3, reason[mine])
            sums = np.where(negative, 0, sums)
        return cls(place, reason, fen, sums)

    def counts(self, name: str) -> dict[str, int]:
        """Rows and fen that were applied, and that were not."""
        used = self.reason == 0
        return {
            f"{name}.applied": int(used.sum()),
            f"{name}.applied_fen": int(self.row_fen[used].sum()),
            f"{name}.unapplied": int((~used).sum()),
            f"{name}.unapplied_fen": int(self.row_fen[~used].sum()),
        }


def _elsewhere(people: _People, paid: _Money, premiums: pa.Table) -> Int64:
    """What each person paid for another county than the one in which they count."""
    places = premiums["admdvs"].to_numpy()
    if not places.any():
        return np.zeros(len(people.row), np.int64)
    used = paid.used
    said = places[used]
    place = paid.place[used]
    mine = people.codes[people.county[place]] if len(place) else said
    other = (said != 0) & (said != mine)
    return add_up(place[other], len(people.row), [paid.row_fen[used][other]])[0]


def _sums(people: _People, key: Int32, width: int, amounts: Mapping[str, Int64]) -> pa.Table:
    """Sums by county and group, in fen; people, and those who owe."""
    one = np.ones(len(key), np.int64)
    owing = (amounts["shortfall"] > 0).astype(np.int64)
    size = len(people.codes) * width
    columns = add_up(key, size, [one, owing, *(amounts[name] for name in AMOUNTS)])
    there = np.flatnonzero(columns[0])
    keys = (people.codes[there // width] if len(there) else there, there % width)
    return pa.table(
        [arrow(np.asarray(each, np.int64)) for each in (*keys, *(column[there] for column in columns))], names=SUMS
    )


def _refused(lists: Lists, residents: pa.Table, people: _People, unknown: Int32) -> pa.Table:
    """The rows of people of a group whose amount is unknown."""
    out = np.flatnonzero(unknown > 0)
    if not len(out):
        return REJECT_SCHEMA.empty_table()
    rows = residents.select(["file", "row"]).take(pa.array(people.row[out]))
    said = [f"the missing parameter {group.parameter}: {group.why}" for _, group in lists.unknown]
    held = [f"an identity of {'+'.join(group.codes)}" for _, group in lists.unknown]
    number = pa.array(unknown[out] - 1)
    columns = [
        rows["file"],
        rows["row"],
        pa.repeat("E_NO_RULE", len(out)),
        pa.repeat("psn_idet_type", len(out)),
        pa.array(held).take(number),
        pa.array(said).take(number),
    ]
    return pa.Table.from_arrays(
        [pc.cast(c, f.type) for c, f in zip(columns, REJECT_SCHEMA, strict=True)], schema=REJECT_SCHEMA
    )
