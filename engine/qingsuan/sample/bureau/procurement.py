"""Central procurement of a made-up year (集中带量采购, 样例数据): batches, prices, scores, agreed quantities, purchases, advances.

One batch for each scheme, three institutions of twelve in each: the first two buy a fifth more than agreed, the third three fifths of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from qingsuan.money import yuan
from qingsuan.sample.bureau.care import Care
from qingsuan.sample.bureau.small import write_table
from qingsuan.sample.claims import HOSPITALS, OWN_HOSPITALS, hospital_codes
from qingsuan.sample.columns import dates, money
from qingsuan.sample.people import day_of
from qingsuan.sample.pools import LEVELS, MARKETS

__all__ = ["PROCUREMENT_FILES", "agreed_table", "purchases_table", "write_procurement"]

PROCUREMENT_FILES = (
    *("procurement_batches.toml", "procurement_items.csv", "procurement_scores.csv"),
    "procurement_movements.csv",
)

_ITEMS = {"M01": (1_250, 480), "M02": (3_400, 1_090), "M03": (860, 255)}
"""Drug -> mean price before and winning price, in fen."""

_TAKES_PART = 3
"""Institutions of twelve."""

_SCORES = (92, 75, 55)
_MONTHLY = (10, 10, 5)
"""Of a hundred of the agreed quantity, what an institution buys each month."""

_AGREED = 1_200
_ADVANCE_PERCENT = 40


def _institutions(care: Care) -> Iterator[tuple[str, str, int]]:
    """Those that take part: batch, code, and which of the three each is."""
    names = hospital_codes()
    for hospital in np.flatnonzero(care.by_institution[:, :OWN_HOSPITALS].any(axis=0)).tolist():
        if (number := hospital % HOSPITALS) < _TAKES_PART:
            yield f"JC-{MARKETS[hospital // (len(LEVELS) * HOSPITALS)].insutype}", names[hospital], number


def write_procurement(out: Path, care: Care, year: int) -> None:
    """Write batches, prices, scores, and advances paid."""
    there = list(_institutions(care))
    batches = [f"JC-{scheme}" for scheme in dict.fromkeys(market.insutype for market in MARKETS)]
    told = "".join(_BATCH.format(batch=batch, scheme=batch[3:], year=year) for batch in batches)
    (out / PROCUREMENT_FILES[0]).write_text(_HEAD.format(year=year) + told + _SOURCES, encoding="utf-8")
    items = ((batch, item, *map(yuan, prices)) for batch in batches for item, prices in _ITEMS.items())
    write_table(out / PROCUREMENT_FILES[1], ("batch", "item", "price_before", "price"), items)
    scores = ((batch, code, _SCORES[number]) for batch, code, number in there)
    write_table(out / PROCUREMENT_FILES[2], ("batch", "fixmedins_code", "score"), scores)
    columns = ("date", "batch", "fixmedins_code", "kind", "year", "amount", "voucher", "takes_back")
    advance = _AGREED * sum(price for _, price in _ITEMS.values()) * _ADVANCE_PERCENT // 100
    paid: Iterator[Sequence[object]] = (
        (f"{year}-01-10", batch, code, "advance", year, yuan(advance), f"P{number:04d}", "")
        for number, (batch, code, _) in enumerate(there, 1)
    )
    write_table(out / PROCUREMENT_FILES[3], columns, paid)


def agreed_table(care: Care, schema: pa.Schema) -> pa.Table:
    """What institutions agreed to buy (约定采购量), and what they used the year before."""
    rows = [
        {"batch": batch, "item": item, "fixmedins_code": code, "agreed": _AGREED, "last_year": _AGREED * 9 // 10}
        for batch, code, _ in _institutions(care)
        for item in _ITEMS
    ]
    return pa.Table.from_pylist(rows, schema)


def purchases_table(care: Care, year: int, schema: pa.Schema) -> pa.Table:
    """What institutions bought of each drug, month by month (采购)."""
    rows = [
        (code, batch, item, month, _AGREED * _MONTHLY[number] // 100)
        for batch, code, number in _institutions(care)
        for item in _ITEMS
        for month in range(1, 13)
    ]
    codes, batches, items, months, quantities = zip(*rows, strict=True) if rows else ((),) * 5
    fen = [quantity * _ITEMS[item][1] for item, quantity in zip(items, quantities, strict=True)]
    columns = {
        "purchase_id": pa.array([f"P{year}{number:08d}" for number in range(1, len(rows) + 1)], pa.string()),
        "fixmedins_code": pa.array(codes, pa.string()),
        "batch": pa.array(batches, pa.string()),
        "item": pa.array(items, pa.string()),
        "date": dates(np.array([day_of(dt.date(year, month, 12)) for month in months], np.int64)),
        "quantity": pa.array(quantities, pa.int64()),
        "amount": money(np.array(fen, np.int64)),
        "winning_flag": pa.array(["1"] * len(rows), pa.string()),
        "refd_flag": pa.nulls(len(rows), pa.string()),
    }
    return pa.table([columns[name] for name in schema.names], schema=schema)


_HEAD = """\
# made up by qingsuan sample, not a bureau's batches (样例数据)
format = 1

[procurement]
title = "made-up batches"
year = {year}
source = "MADE_UP"
"""

_BATCH = """
[[batches]]
id = "{batch}"
begins = {year}-01-01
ends = {year}-12-31
needed = "agreed"
demand = 100
spent = "agreed"
completed = "each-item"
completed_at = 100
schemes = [{{ scheme = "{scheme}", insured = 90, ratio = 65 }}]
full_score = 100
grades = [{{ from = 90, share = 50 }}, {{ from = 60, share = 40 }}, {{ from = 0, share = 0 }}]
most = 50
advance = 40
offset = 50
source = "MADE_UP"
"""

_SOURCES = """
[sources.MADE_UP]
document = "made-up batches of a sample"
article = "none"
grade = "made-up"
"""
