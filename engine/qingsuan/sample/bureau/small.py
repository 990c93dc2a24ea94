"""A bureau's small tables of a made-up year (样例数据): classes, standards, splits, who must be insured, receipts, budgets, the case.

Receipts and budgets go by the residents that were made, so they are of the size of what is due; how much of it has come is drawn.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from qingsuan.divisions import children
from qingsuan.money import yuan
from qingsuan.sample.draw import generator
from qingsuan.sample.pools import STANDARDS, TRANSFERS

__all__ = ["BUREAU_FILES", "write_bureau", "write_table"]

_MADE_UP = "# made up by qingsuan sample, not the bureau's table (样例数据)\n"

_STREAM = 1 << 30
"""A stream of random words that no chunk of people has."""

_PREFECTURE_PERCENT = 40

BUREAU_FILES = (
    *("classes.csv", "premium_standards.csv", "must_insure.csv", "local_split.csv", "receipts.csv", "budgets.csv"),
    "case.toml",
)
"""What is written."""

_Row = Sequence[object]


def write_bureau(out: Path, heads: Mapping[str, int], seed: int, year: int, suffix: str) -> None:
    """Write the tables and the case file.

    Parameters
    ----------
    heads
        Residents by county.
    suffix
        How names of the large tables end.
    """
    rng = generator(seed, _STREAM)
    there = {county: number for county, number in sorted(heads.items()) if number}
    pools = sorted({county[:4] for county in there})
    paying = [pool for pool in pools if pool in STANDARDS]
    write_table(out / "classes.csv", ("admdvs", "class"), _classes())
    standards = ((pool, yuan(STANDARDS[pool])) for pool in paying)
    write_table(out / "premium_standards.csv", ("admdvs", "standard"), standards)
    asked = [(county, number) for county, number in there.items() if county[:4] in paying]
    must = ((county, number + int(rng.integers(0, number // 40 + 2))) for county, number in asked)
    write_table(out / "must_insure.csv", ("admdvs", "people"), must)
    splits = ((pool, _PREFECTURE_PERCENT) for pool in pools)
    write_table(out / "local_split.csv", ("admdvs", "prefecture_percent"), splits)
    debts = list(_debts(there))
    columns = ("date", "payer_level", "admdvs", "year", "amount", "dest_account", "voucher", "takes_back")
    write_table(out / "receipts.csv", columns, _receipts(rng, debts, year))
    write_table(out / "budgets.csv", ("payer_level", "admdvs", "scheme", "year", "amount"), _budgets(rng, debts, year))
    (out / "case.toml").write_text(_CASE.format(year=year, suffix=suffix), encoding="utf-8")


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV file that says that it is made up."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(_MADE_UP)
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def _classes() -> Iterator[_Row]:
    """A class for every county of Inner Mongolia, by its code: evenly spread."""
    for prefecture in children("150000"):
        for county in children(prefecture.code):
            yield county.code, "一二三"[int(county.code) % 3]


def _debts(heads: Mapping[str, int]) -> Iterator[tuple[str, str, int]]:
    """Payer, place and fen: central and provincial money for a pool, the others' for each county."""
    for level in ("central", "province"):
        for pool in sorted({county[:4] for county in heads}):
            people = sum(number for county, number in heads.items() if county.startswith(pool))
            yield level, f"{pool}00", people * TRANSFERS[pool[:2]][level]
    for level in ("prefecture", "county"):
        for county, people in heads.items():
            yield level, county, people * TRANSFERS[county[:2]][level]


def _receipts(rng: np.random.Generator, debts: Sequence[tuple[str, str, int]], year: int) -> Iterator[_Row]:
    """In June most, in November what was still wanted or a little more; one in twenty waits until after the report."""
    number = 0
    for level, place, fen in debts:
        june, later = int(rng.integers(600, 750)), int(rng.integers(220, 300))
        november = dt.date(year, 12 if rng.integers(0, 20) == 0 else 11, int(rng.integers(18, 29)))
        for date, share in ((dt.date(year, 6, int(rng.integers(1, 29))), june), (november, later)):
            number += 1
            account = "fiscal" if year >= 2022 else "pool"
            yield date, level, place, year, yuan(fen * share // 1000), account, f"V{number:06d}", ""


def _budgets(rng: np.random.Generator, debts: Sequence[tuple[str, str, int]], year: int) -> Iterator[_Row]:
    for level, place, fen in debts:
        if level in ("prefecture", "county"):
            yield level, place, "390", year, yuan(fen * int(rng.integers(960, 1040)) // 1000)


_CASE = """\
# The close of a made-up year (样例数据): qingsuan year-end case.toml --out year
format = 1

[year]
year = {year}

[inputs]
claims = "claims"
insured = "insured{suffix}"
identities = "identities{suffix}"
premiums = "premiums{suffix}"
months = "months{suffix}"
uses = "uses{suffix}"
families = "families{suffix}"
cases = "cases{suffix}"
purchases = "purchases{suffix}"
agreed = "agreed{suffix}"

[settle]

[subsidy]
classes = "classes.csv"
local_split = "local_split.csv"
receipts = "receipts.csv"
as_of = {year}-12-15
budgets = "budgets.csv"

[premium]                                 # Inner Mongolia alone: what residents of Jilin pay is not known
insured = "insured_150000{suffix}"
standards = "premium_standards.csv"
must_insure = "must_insure.csv"

[account]
opening = "opening{suffix}"

[operator]                                # two of four contracts: of the others a figure is not known
contracts = "operator_contracts.toml"
heads = "operator_heads.csv"
movements = "operator_movements.csv"

[outside]
arrangement = "outside_arrangement.toml"
institutions = "outside_institutions.csv"
pools = "outside_pools.csv"
movements = "outside_movements.csv"

[procurement]
batches = "procurement_batches.toml"
items = "procurement_items.csv"
scores = "procurement_scores.csv"
movements = "procurement_movements.csv"

[clear]
contracts = "contracts"

[fund]
entries = "entries{suffix}"
opening = "fund_opening.csv"
targets = "fund_targets.csv"
budgets = "fund_budgets.csv"
lines = "fund_lines.csv"
"""
