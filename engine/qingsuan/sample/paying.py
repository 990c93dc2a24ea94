"""Premiums that residents of one chunk paid (个人缴费): most once, before the year; some in parts, too little, twice, or nothing."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa

from qingsuan.sample.columns import codes, dates, identifiers, money
from qingsuan.sample.draw import WORDS, words
from qingsuan.sample.people import COUNTIES, People, day_of
from qingsuan.sample.pools import MARKETS, STANDARDS

__all__ = ["premiums_table"]

_NOTHING, _PARTS, _LESS, _TWICE, _BACK = (WORDS * share // 1000 for share in (12, 30, 50, 54, 58))
"""Bounds of a word, in thousandths of all: who pays nothing, in two parts, less, twice, or twice and gets one payment back."""

_SHORT_BY = 4_000
"""Fen that who pays too little leaves open."""


def premiums_table(rng: np.random.Generator, people: People, year: int, schema: pa.Schema) -> pa.Table:
    """The payments of a chunk, one row each; who enrols late pays on that day."""
    asked = [STANDARDS.get(market.prefix, 0) if market.insutype == "390" else 0 for market in MARKETS]
    standards = np.array(asked)[people.market[: len(people.ids)]]
    who = np.flatnonzero(standards)
    how, when = words(rng, 2, len(who))
    standard = standards[who]
    pays = how >= _NOTHING
    half = pays & (how < _PARTS)
    less = ~half & pays & (how < _LESS)
    again = ~less & ~half & pays & (how < _BACK)
    back = again & (how >= _TWICE)
    first = np.where(half, standard // 2, standard - np.where(less, _SHORT_BY, 0))
    payments = [(pays, first), (half, standard - first), (again, first), (back, -first)]
    row = np.concatenate([np.flatnonzero(mask) for mask, _ in payments])
    turn = np.repeat(np.arange(len(payments)), [np.count_nonzero(mask) for mask, _ in payments])
    fen = np.concatenate([amount[mask] for mask, amount in payments])
    new_year = day_of(dt.date(year, 1, 1))
    day = np.maximum(new_year - 122 + (when[row].astype(np.int64) * 122 >> 16), people.begin[who[row]] - 10) + turn * 9
    columns = {
        "psn_no": identifiers(people.ids[who[row]]),
        "insutype": codes(np.zeros(len(row), dtype=np.int8), ("390",)),
        "insu_admdvs": codes(people.county[who[row]], COUNTIES),
        "year": pa.array(np.full(len(row), year, dtype=np.int64)),
        "psn_clct_amt": money(fen),
        "intsury_time": dates(day),
        "revs_flag": codes((fen < 0).astype(np.int8), ("0", "1")),
    }
    return pa.table([columns[name] for name in schema.names], names=schema.names)
