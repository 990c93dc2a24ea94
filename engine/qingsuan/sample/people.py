"""One chunk of people: who they are, where and when they are insured, which identities they hold.

Who enrols late waits, where the pool's rules say so; newborns and people with an identity, who would be spared, do not.
A few are insured in both schemes, move to another pool, change the scheme during the year, or are insured twice.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

from qingsuan.sample.columns import codes, dates, digits, identifiers, money
from qingsuan.sample.draw import WORDS, Words, amounts, amounts_table, wheel, words
from qingsuan.sample.pools import AGES_310, AGES_390, IDENTITY_CODES, IDENTITY_WEIGHTS, MARKETS

__all__ = [
    "COUNTIES",
    "MOST_PEOPLE",
    "PSN_TYPES",
    "People",
    "day_of",
    "identities_table",
    "insured_table",
    "make_people",
    "residents_of",
]

MOST_PEOPLE = 100_000_000
"""More people than that and the identifiers would no longer be unique."""

COUNTIES: tuple[str, ...] = tuple(county for market in MARKETS for county in market.counties)
"""Counties of all markets, one market after the other (some twice: one pool has two schemes)."""

PSN_TYPES = ("1401", "1402", "1403", "1404", "1501", "16", "1101", "1102", "1103", "1201", "1202", "1203")
_NEWBORN, _PRESCHOOL, _PUPIL, _STUDENT, _ADULT, _OLD, _ACTIVE, _RETIRED = 0, 1, 2, 3, 4, 5, 6, 9

ONE_ROW, SWITCHES, MOVES, TWICE, BOTH = range(5)
"""What a person's second insured row is: none, another scheme from a day on, another pool from a day on, insured twice
in one scheme (重复参保), insured in both schemes."""

_OPEN = 1_000_000
"""End of an insured row that is still open, as a day."""

_PERSON_SPREAD = 618_033_989
"""Coprime to ten: numbering people by multiples of it, modulo a power of ten, scatters them without a collision."""


def day_of(date: dt.date) -> int:
    """Days since 1970-01-01."""
    return (date - dt.date(1970, 1, 1)).days


@dataclass(frozen=True, slots=True)
class People:
    """One chunk. The first ``len(ids)`` insured rows are one per person in order; second rows follow.

    Per person: ``ids`` (n, 5), ``birth``, ``age`` on 1 January, ``second`` (row number or -1), ``mode``. Per row:
    ``owner``, ``market``, ``county``, ``kind`` (of :data:`PSN_TYPES`), ``begin``, ``end``, ``wait`` in days
    (``wait`` -1 for none).
    """

    ids: Words
    birth: Words
    age: Words
    second: Words
    mode: Words
    owner: Words
    market: Words
    county: Words
    kind: Words
    begin: Words
    end: Words
    wait: Words


@dataclass(frozen=True, slots=True)
class _Wheels:
    market: Words
    ages: Words
    retired_or_kind: Words
    mode: Words
    elsewhere: Words
    identity: Words
    county_from: Words
    county_count: Words
    employees: Words
    head: Words
    waits: Words


def _years(steps: tuple[tuple[int, int], ...]) -> list[int]:
    return [next(weight for start, weight in reversed(steps) if start <= age) for age in range(96)]


@cache
def _wheels() -> _Wheels:
    schemes = [market.insutype for market in MARKETS]
    elsewhere = [
        wheel([int(other.insutype == own.insutype and other.prefix != own.prefix) * other.weight for other in MARKETS])
        for own in MARKETS
    ]
    identity = [
        wheel(IDENTITY_WEIGHTS.get(f"{market.prefix}/{market.insutype}", IDENTITY_WEIGHTS[market.insutype]))
        for market in MARKETS
    ]
    counts = [len(market.counties) for market in MARKETS]
    return _Wheels(
        market=wheel([market.weight for market in MARKETS]),
        ages=np.stack([wheel(_years(AGES_390)), wheel(_years(AGES_310))]),
        retired_or_kind=wheel([75, 8, 17]),
        mode=wheel([9750, 100, 70, 50, 30]),
        elsewhere=np.stack(elsewhere),
        identity=np.stack(identity),
        county_from=np.concatenate([[0], np.cumsum(counts)[:-1]]),
        county_count=np.array(counts),
        employees=np.array([scheme == "310" for scheme in schemes]),
        head=np.array([9900 + int(market.prefix[:2]) for market in MARKETS]),
        waits=np.array([market.waits for market in MARKETS]),
    )


def _kinds(age: Words, employee: Words, word: Words) -> Words:
    """Person category by age and scheme; half of the students' age study, some retire early."""
    kind = np.full(len(age), _ADULT, dtype=np.int8)
    kind[age < 23] = np.where(word[age < 23] < WORDS // 2, _STUDENT, _ADULT)
    kind[age < 18], kind[age < 6], kind[age < 1] = _PUPIL, _PRESCHOOL, _NEWBORN
    kind[age >= 60] = _OLD
    retired = (age >= 60) | ((age >= 52) & (word % 100 < 45))
    own = np.where(retired, _RETIRED, _ACTIVE) + _wheels().retired_or_kind[word]
    return np.asarray(np.where(employee, own, kind))


def make_people(rng: np.random.Generator, first: int, number: int, year: int) -> People:
    """Make people ``first`` to ``first + number - 1`` of a year."""
    wheels, draw = _wheels(), words(rng, 10, number)
    new_year, last_day = day_of(dt.date(year, 1, 1)), day_of(dt.date(year, 12, 31))
    market = wheels.market[draw[0]]
    employee = wheels.employees[market]
    age = wheels.ages[employee.astype(np.int8), draw[1]].astype(np.int64)
    kind = _kinds(age, employee, draw[2])
    birth = new_year - (age * 1461) // 4 - ((draw[3].astype(np.int64) * 365) >> 16)
    new = (kind == _NEWBORN) & (draw[3] % 2 == 0)
    birth[new] += 364
    begin = np.where(employee, new_year - 365 * (1 + draw[4] % 15).astype(np.int64), new_year)
    begin[new] = birth[new]
    end = np.where(employee, _OPEN, last_day)
    wait = np.full(number, -1, dtype=np.int64)
    late = ~employee & ~new & (draw[5] < WORDS * 2 // 100)
    begin[late] = new_year + 60 + (draw[4][late] % 180)
    waits = late & (kind != _NEWBORN) & wheels.waits[market]
    wait[waits] = begin[waits] + 89
    gone = ~late & ~new & (draw[5] > WORDS - WORDS // 200)
    end[gone] = new_year + 30 + (draw[4][gone] % 300)

    mode = wheels.mode[draw[6]]
    grown = (age >= 18) & (age < 60)
    mode[late | new | gone] = ONE_ROW
    mode[((mode == SWITCHES) | (mode == BOTH)) & (employee | ~grown)] = ONE_ROW
    which = np.flatnonzero(mode)
    split = new_year + 90 + (draw[7][which] % 180).astype(np.int64)
    leaves = (mode[which] == SWITCHES) | (mode[which] == MOVES)
    other = wheels.elsewhere[market[which], draw[8][which]]
    changes = (mode[which] == SWITCHES) | (mode[which] == BOTH)
    other[changes] = market[which][changes] + 1
    end[which[leaves]] = split[leaves] - 1
    works = wheels.employees[other]
    second = np.full(number, -1, dtype=np.int64)
    second[which] = number + np.arange(len(which))

    markets = np.concatenate([market, other])
    place = np.concatenate([draw[9], draw[8][which] ^ draw[9][which]]).astype(np.int64)
    serial = np.arange(first + 1, first + 1 + number, dtype=np.int64) * _PERSON_SPREAD % 10**14
    return People(
        ids=digits(wheels.head[market], _pool_tail(market) + serial),
        birth=birth,
        age=age,
        second=second,
        mode=mode,
        owner=np.concatenate([np.arange(number), which]),
        market=markets,
        county=wheels.county_from[markets] + ((place * wheels.county_count[markets]) >> 16),
        kind=np.concatenate([kind, _kinds(age[which], works, draw[2][which])]),
        begin=np.concatenate([begin, np.where(leaves, split, new_year)]),
        end=np.concatenate([end, np.where(works, _OPEN, last_day)]),
        wait=np.concatenate([wait, np.full(len(which), -1)]),
    )


def _pool_tail(market: Words) -> Words:
    """The last two digits of the pool's prefix, as the first two of sixteen digits."""
    tails = np.array([int(one.prefix[2:]) for one in MARKETS], dtype=np.int64)
    return np.asarray(tails[market] * 10**14)


@cache
def _balances() -> Words:
    return amounts_table(180_000, 95)[np.newaxis, :]


def insured_table(
    rng: np.random.Generator, people: People, schema: pa.Schema, beside: Mapping[str, pa.Array]
) -> pa.Table:
    """The insured rows of a chunk; employees have an account, about one in a thousand has no known birth date.

    ``beside`` are columns that are drawn elsewhere.
    """
    rows = len(people.owner)
    draw = words(rng, 4, rows)
    employee = _wheels().employees[people.market]
    civil = np.array([kind in ("1102", "1202") for kind in PSN_TYPES])[people.kind]
    permit = ~employee & (draw[2] < WORDS * 2 // 100)
    opening = amounts(_balances(), np.zeros(rows, dtype=np.int8), draw[0], draw[1])
    columns = {
        "psn_no": identifiers(people.ids[people.owner]),
        "insutype": codes(employee.astype(np.int8), ("390", "310")),
        "insu_admdvs": codes(people.county, COUNTIES),
        "psn_type": codes(people.kind, PSN_TYPES),
        "cvlserv_flag": codes(civil.astype(np.int8), ("0", "1")),
        "brdy": dates(people.birth[people.owner], draw[3] >= 66),
        "begndate": dates(people.begin),
        "enddate": dates(people.end, people.end != _OPEN),
        "wait_end_date": dates(people.wait, people.wait >= 0),
        "resd_permit_flag": codes(permit.astype(np.int8), ("0", "1")),
        "acct_balc": money(opening, employee & (draw[2] >= WORDS // 20)),
        **beside,
    }
    return pa.table([columns[name] for name in schema.names], names=schema.names)


def identities_table(rng: np.random.Generator, people: People, year: int, schema: pa.Schema) -> pa.Table:
    """Dated identities of a chunk: most hold all year, some begin or end during it, some people hold two."""
    number = len(people.ids)
    draw = words(rng, 6, number)
    one = _wheels().identity[people.market[:number], draw[0]]
    one[people.wait[:number] >= 0] = 0
    holders = np.flatnonzero(one)
    again = holders[draw[1][holders] < WORDS * 15 // 100]
    spun = (draw[2][again] % (len(IDENTITY_CODES) - 1)) + 1
    two = spun != one[again]
    owner = np.concatenate([holders, again[two]])
    code = np.concatenate([one[holders], spun[two]])
    salt = np.concatenate([draw[3][holders], draw[4][again[two]]]).astype(np.int64)
    new_year = day_of(dt.date(year, 1, 1))
    begin = np.where(salt % 5 == 0, new_year + salt % 331, new_year - 365 * (1 + salt % 4))
    ends = (salt // 5) % 100 < 15
    end = np.maximum(begin, new_year) + 20 + salt % 127
    columns = {
        "psn_no": identifiers(people.ids[owner]),
        "psn_idet_type": codes(code, IDENTITY_CODES),
        "begntime": dates(begin),
        "endtime": dates(end, ends),
    }
    return pa.table([columns[name] for name in schema.names], names=schema.names)


def residents_of(people: People) -> dict[str, int]:
    """How many people of a chunk have their first row as residents, by county."""
    number = len(people.ids)
    residents = people.county[:number][~_wheels().employees[people.market[:number]]]
    found = np.bincount(residents, minlength=len(COUNTIES))
    return {COUNTIES[at]: int(found[at]) for at in np.flatnonzero(found)}
