"""What the fund's books of a made-up year open with, and what was received and paid quarter by quarter (基金账)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from qingsuan.money import yuan
from qingsuan.sample.bureau.care import Care
from qingsuan.sample.bureau.small import write_table
from qingsuan.sample.columns import dates, money
from qingsuan.sample.people import COUNTIES, day_of
from qingsuan.sample.pools import MARKETS

__all__ = ["BOOK_FILES", "entries_table", "write_opening", "write_watched"]

BOOK_FILES = ("fund_opening.csv", "fund_targets.csv", "fund_budgets.csv", "fund_lines.csv")

_FUNDS = (
    *("employee-pool", "employee-account", "resident", "critical-illness", "large-sum"),
    *("civil-servant", "supplement", "assistance"),
)
"""The funds of the books, each in every county and in the pools' own ledgers."""

_SCHEMES = {"310": "employee-pool", "390": "resident"}
_QUARTERS = ((3, 31), (6, 30), (9, 30), (12, 31))
_LINES = ("benefit-inpatient", "benefit-outpatient")

_Entry = tuple[str, str, str, int]
"""Fund, place, line, and fen of the year."""


def write_opening(out: Path, care: Care) -> None:
    """Write the balances with which books open: those of the pooled funds are about half a year's care."""
    counties = list(dict.fromkeys(COUNTIES))
    places = [*counties, *dict.fromkeys(f"{county[:4]}00" for county in counties)]
    kept = {(fund, county): fen // 2 for fund, county, fen in _care_of(care)}
    balances = (
        (fund, place, "balance", yuan(_balance(fund, place) + kept.get((fund, place), 0)))
        for fund in _FUNDS
        for place in places
    )
    write_table(out / "fund_opening.csv", ("fund", "insu_admdvs", "line", "amount"), balances)


def write_watched(out: Path, care: Care) -> None:
    """Write what the books are held against: targets of counties, budgets of pools, and lines of warning."""
    counties = list(_care_of(care))
    targets = ((fund, county, "expense", yuan(_planned(county, fen))) for fund, county, fen in counties if fen)
    write_table(out / "fund_targets.csv", ("fund", "insu_admdvs", "measure", "target"), targets)
    pools: dict[tuple[str, str], int] = {}
    for fund, county, fen in counties:
        key = fund, f"{county[:4]}00"
        pools[key] = pools.get(key, 0) + fen
    budgets = ((*key, line, yuan(fen * 7 // 10)) for key, fen in pools.items() if fen for line in ("income", "expense"))
    write_table(out / "fund_budgets.csv", ("fund", "place", "line", "amount"), budgets)
    lines = ((fund, "months", "made-up", "6", "") for fund in _SCHEMES.values())
    write_table(out / "fund_lines.csv", ("fund", "measure", "level", "low", "high"), lines)


def _planned(county: str, fen: int) -> int:
    """What a county planned to spend: half of them keep within it."""
    return fen * (55 if int(county) % 2 else 65) // 100


def entries_table(care: Care, year: int, schema: pa.Schema) -> pa.Table:
    """What was received and paid in the year, by book and quarter."""
    rows = list(_rows(_entries(care), year))
    fund, place, line, day, fen, voucher = zip(*rows, strict=True) if rows else ((),) * 6
    texts = {"fund": fund, "insu_admdvs": place, "line": line, "voucher": voucher}
    columns = {
        **{name: pa.array(values, pa.string()) for name, values in texts.items()},
        "basis": pa.array(["cash"] * len(rows), pa.string()),
        "date": dates(np.array(day, np.int64)),
        "amount": money(np.array(fen, np.int64)),
        "takes_back": pa.nulls(len(rows), pa.string()),
    }
    return pa.table([columns[name] for name in schema.names], schema=schema)


def _balance(fund: str, place: str) -> int:
    """A balance in whole yuan, another one for each book."""
    return (_FUNDS.index(fund) + 1) * (int(place) % 1000 + 100) * 10_000


def _care_of(care: Care) -> Iterator[tuple[str, str, int]]:
    """Fund, county, and what care of its people came to."""
    counties = [(_SCHEMES[market.insutype], county) for market in MARKETS for county in market.counties]
    for at, (fund, county) in enumerate(counties):
        yield fund, county, max(0, int(care.by_county[:, at].sum()))


def _entries(care: Care) -> Iterator[_Entry]:
    """What came and went in a year: employers' premiums, benefits, and the subsidy of medical assistance."""
    at = 0
    for market in MARKETS:
        fund, whole = _SCHEMES[market.insutype], 0
        for county in market.counties:
            stays, others = (max(0, int(kind[at])) for kind in care.by_county)
            at += 1
            whole += stays + others
            if fund == "employee-pool":
                yield fund, county, "premium-employers", (stays + others) * 9 // 10
            yield from ((fund, county, line, fen * 6 // 10) for line, fen in zip(_LINES, (stays, others), strict=True))
        if fund == "resident":
            pool = f"{market.prefix}00"
            yield "critical-illness", pool, "benefit-inpatient", whole // 80
            yield "assistance", pool, "subsidy-central", whole // 30
            yield "assistance", pool, "benefit-inpatient", whole // 40


def _rows(entries: Iterator[_Entry], year: int) -> Iterator[tuple[str, str, str, int, int, str]]:
    number = 0
    for fund, place, line, fen in entries:
        for month, day in _QUARTERS:
            if fen // len(_QUARTERS):
                number += 1
                yield fund, place, line, day_of(dt.date(year, month, day)), fen // len(_QUARTERS), f"B{number:06d}"
