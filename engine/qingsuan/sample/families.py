"""Families of one chunk and what their accounts pay (家庭共济): registered relations, and uses of personal accounts.

Of every four people who follow each other the first employee may register the others, if they live in one pool. So families
are small, and no account is tied to half of a province.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

from qingsuan.sample.columns import codes, dates, digits, identifiers, money
from qingsuan.sample.draw import WORDS, Words, amounts, amounts_table, wheel, words
from qingsuan.sample.people import People, day_of
from qingsuan.sample.pools import MARKETS, USES

__all__ = ["Relations", "families_table", "make_relations", "uses_table"]

_FOUR = 4
_GENERATION = 16
"""Who is that many years older than an employee is a parent, who is so much younger a child."""

_RELATIONS = ("spouse", "parent", "child")
_SPOUSE, _PARENT, _CHILD = 0, 1, 2
_PER_CHUNK = 1 << 17
"""Numbers of uses set aside for one chunk: more than its people can have."""

_USE_HEAD = 8800
"""The first digits of the number of a use, so that it is no claim's."""


@dataclass(frozen=True, slots=True)
class Relations:
    """Who registered whom: ``person`` and ``member`` number the people of a chunk, ``kind`` is of the relations, ``begin`` a day or -1."""

    person: Words
    member: Words
    kind: Words
    begin: Words


def make_relations(rng: np.random.Generator, people: People, working: Words, year: int) -> Relations:
    """Draw relations; ``working`` marks the insured rows of employees. Nobody has two spouses."""
    groups = len(people.ids) // _FOUR
    number = groups * _FOUR
    works = working[:number].reshape(groups, _FOUR)
    place = np.array([int(market.prefix) for market in MARKETS])[people.market[:number]].reshape(groups, _FOUR)
    age = people.age[:number].reshape(groups, _FOUR)
    head = np.argmax(works, axis=1)[:, None]
    older = age - np.take_along_axis(age, head, axis=1)
    kind = np.where(older > _GENERATION, _PARENT, np.where(older < -_GENERATION, _CHILD, _SPOUSE))
    draw = words(rng, 2, number)
    fits = np.any(works, axis=1, keepdims=True) & (place == np.take_along_axis(place, head, axis=1))
    fits &= (draw[0].reshape(groups, _FOUR) < WORDS * 3 // 5) & (np.arange(_FOUR) != head)
    married = fits & (kind == _SPOUSE)
    fits &= ~married | (np.cumsum(married, axis=1) == 1)
    group, seat = np.nonzero(fits)
    member = group * _FOUR + seat
    begins = day_of(dt.date(year, 1, 1)) + (draw[1][member].astype(np.int64) * 300 >> 16)
    return Relations(
        person=group * _FOUR + head[group, 0],
        member=member,
        kind=kind[group, seat],
        begin=np.where(draw[1][member] % 10 == 0, begins, -1),
    )


def families_table(people: People, relations: Relations, schema: pa.Schema) -> pa.Table:
    """Registered relations (亲属关系); one in ten begins during the year, the others hold always."""
    columns = {
        "psn_no": identifiers(people.ids[relations.person]),
        "member_psn_no": identifiers(people.ids[relations.member]),
        "relation": codes(relations.kind, _RELATIONS),
        "begndate": dates(relations.begin, relations.begin >= 0),
        "enddate": dates(relations.begin, np.zeros(len(relations.begin), dtype=np.bool_)),
    }
    return pa.table([columns[name] for name in schema.names], names=schema.names)


@cache
def _kinds() -> tuple[tuple[str, ...], Words]:
    return tuple(kind for kind, _ in USES), wheel([weight for _, weight in USES])


@cache
def _costs() -> Words:
    return amounts_table(9_000, 80)[np.newaxis, :]


def uses_table(
    rng: np.random.Generator,
    chunk: int,
    people: People,
    working: Words,
    relations: Relations,
    year: int,
    schema: pa.Schema,
) -> pa.Table:
    """What was paid from accounts in pharmacies and elsewhere: own costs, those of relatives, and payments taken back."""
    owners = np.flatnonzero(working[: len(people.ids)])
    draw = words(rng, 1, len(owners))[0]
    own = np.repeat(owners, np.where(draw < WORDS // 4, 2, np.where(draw < WORDS // 2, 1, 0)))
    shared = np.flatnonzero(words(rng, 1, len(relations.person))[0] < WORDS // 4)
    whose = np.concatenate([own, relations.member[shared]])
    payer = np.concatenate([own, relations.person[shared]])
    number, of_family = len(whose), np.arange(len(whose)) >= len(own)
    kinds, which = _kinds()
    word = words(rng, 5, number)
    new_year, last_day = day_of(dt.date(year, 1, 1)), day_of(dt.date(year, 12, 31))
    low = np.maximum(people.begin[payer], new_year)
    day = low + ((word[0].astype(np.int64) * (np.minimum(people.end[payer], last_day) - low + 1)) >> 16)
    paid = amounts(_costs(), np.zeros(number, dtype=np.int8), word[1], word[2])
    back = np.flatnonzero(word[3] < WORDS // 100)
    rows = np.concatenate([np.arange(number), back])
    is_back = np.arange(len(rows)) >= number
    serial = chunk * _PER_CHUNK + np.arange(len(rows), dtype=np.int64)
    columns = {
        "psn_no": identifiers(people.ids[whose[rows]]),
        "payer_psn_no": identifiers(people.ids[payer[rows]], of_family[rows]),
        "date": dates(np.where(is_back, np.minimum(day[rows] + 3, last_day), day[rows])),
        "use": codes(which[word[4]][rows], kinds),
        "amount": money(np.where(is_back, -paid[rows], paid[rows])),
        "setl_id": _numbers(serial),
        "refd_setl_flag": codes(is_back.astype(np.int8), ("0", "1")),
        "init_setl_id": _numbers(serial[rows], is_back),
    }
    return pa.table([columns[name] for name in schema.names], names=schema.names)


def _numbers(serial: Words, valid: Words | None = None) -> pa.Array:
    return identifiers(digits(np.full(len(serial), _USE_HEAD), serial + 1), valid)
