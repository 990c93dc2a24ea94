"""What must be equal of what a bureau has agreed with others: operators of critical illness, other pools, institutions."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from qingsuan.closing.reading import fen, parts_of, rows_of
from qingsuan.funds.lines import FUND_OF_COLUMN, LINES, SCHEMES
from qingsuan.money import fen_of_yuan
from qingsuan.run.folder import RECORD

__all__ = ["kept", "mirrors", "operators", "operators_books", "operators_claims", "outside", "procured", "procurement"]

_Line = tuple[str, int, int, tuple[str, str]]
"""Of what, both numbers in fen, and the tables that they are from."""


def operators_claims(folder: Path) -> Iterator[_Line]:
    """By pool: what the funds that operators pay for paid of claims, and where the contracts have it, or nobody's contract."""
    funds, found = set[str](), Counter[str]()
    for row in parts_of(folder / "operator/contracts"):
        funds.update(row["pays"].split("+"))
        found[row["pool"]] += fen(row["settled"])
    for row in parts_of(folder / "operator/uncovered"):
        funds.add(row["fund"])
        found[row["pool"]] += fen(row["amount"])
    paid = Counter[str]()
    for row in rows_of(folder / "settle/totals/funds.parquet"):
        if row["fund"] in funds:
            paid[row["pool"]] += fen(row["amount"])
    tables = ("settle/totals/funds.parquet", "operator/contracts and uncovered")
    yield from _each(paid, found, tables)


def operators_books(folder: Path) -> Iterator[_Line]:
    """By fund and pool of the books: premiums of contracts, and what became due on both lines on which they are booked."""
    premiums, due, pools = Counter[str](), Counter[str](), {row["pool"] for row in parts_of(folder / "fund/statement")}
    for row in parts_of(folder / "operator/contracts"):
        sides = [
            ("premium-to-fund", {SCHEMES.get(scheme, "") for scheme in row["schemes"].split("+")}),
            ("premium-from-fund", {FUND_OF_COLUMN.get(column, "") for column in row["pays"].split("+")}),
        ]
        if row["pool"] in pools and all(len(funds) == 1 and funds <= LINES[line].funds for line, funds in sides):
            premiums.update({f"{fund} {row['pool']}": fen(row["premium"]) for _, (fund,) in sides})
    for row in parts_of(folder / "fund/statement"):
        if row["line"] in ("premium-to-fund", "premium-from-fund") and "operator" in row["origin"].split("+"):
            due[f"{row['fund']} {row['pool']}"] += fen(row["due"])
    yield from _each(premiums, due, ("operator/contracts", "fund/statement"))


_COSTS = ("counted", "reserve", "operating", "profit")
"""What comes off a premium."""


def operators(folder: Path) -> Iterator[_Line]:
    """By contract: what claims and costs leave of its premium, and surplus less overrun by bands."""
    left, bands = Counter[str](), Counter[str]()
    for row in parts_of(folder / "operator/contracts"):
        left[row["contract"]] += fen(row["premium"]) - sum(fen(row[name]) for name in _COSTS)
    for row in parts_of(folder / "operator/bands"):
        bands[row["contract"]] += fen(row["amount"]) * (1 if row["side"] == "surplus" else -1)
    yield from _each(left, bands, ("operator/contracts", "operator/bands"))


def outside(folder: Path) -> Iterator[_Line]:
    """What claims came to of the amounts that are cleared between pools: in the own pool, elsewhere, and of no known place."""
    record = json.loads((folder / "outside" / RECORD).read_text("utf-8"))
    care = rows_of(folder / "settle/totals/care.parquet")
    came = sum(fen(row.get(name)) for row in care for name in record["clears"])
    found = fen_of_yuan(record["amounts"]["in_the_pool"])
    found += sum(fen(row["cleared"]) for name in ("paying", "unplaced") for row in parts_of(folder / "outside" / name))
    yield "", came, found, ("settle/totals/care.parquet", f"outside/paying, unplaced and {RECORD}")


def mirrors(folder: Path) -> Iterator[_Line]:
    """By paying pool and place of treatment: what the one owes, and what the other is owed."""
    sums = {name: _by(folder / "outside" / name, ("paying", "treating"), "cleared") for name in ("paying", "treating")}
    yield from _each(sums["paying"], sums["treating"], ("outside/paying", "outside/treating"))


def procurement(folder: Path) -> Iterator[_Line]:
    """By batch: what was advanced for agreed quantities, less what was given back and offset, and what institutions have left."""
    left = _by(folder / "procurement/ledger", ("batch",), "advanced")
    for name in ("repaid", "offset"):
        left.subtract(_by(folder / "procurement/ledger", ("batch",), name))
    has = _by(folder / "procurement/institutions", ("batch",), "left")
    yield from _each(left, has, ("procurement/ledger", "procurement/institutions"))


def kept(folder: Path) -> Iterator[_Line]:
    """By batch: what institutions keep of money saved, and what schemes give of it."""
    found = Counter[str]()
    for row in rows_of(folder / "procurement/totals/scheme.parquet"):
        found[row["batch"]] += fen(row["kept"])
    mine = _by(folder / "procurement/institutions", ("batch",), "kept")
    yield from _each(mine, found, ("procurement/institutions", "procurement/totals/scheme.parquet"))


def procured(folder: Path) -> Iterator[_Line]:
    """What institutions keep of money saved, and where clearing has it: in contracts, in those that are not settled, in none."""
    saved = sum(fen(row["kept"]) for row in parts_of(folder / "procurement/kept"))
    cleared = sum(fen(row["procurement"]) for row in parts_of(folder / "clear/clearing"))
    told = json.loads((folder / "clear" / RECORD).read_text("utf-8"))["procurement"]
    cleared += sum(fen_of_yuan(told[name]) for name in ("of_unsettled", "of_none"))
    yield "", saved, cleared, ("procurement/kept", f"clear/clearing and {RECORD}")


def _by(table: Path, keys: Sequence[str], amount: str) -> Counter[str]:
    """An amount of a table in fen, by keys."""
    found = Counter[str]()
    for row in parts_of(table):
        found[" ".join(row[key] for key in keys)] += fen(row[amount])
    return found


def _each(one: Counter[str], other: Counter[str], tables: tuple[str, str]) -> Iterator[_Line]:
    for key in sorted(one.keys() | other.keys()):
        yield key, one[key], other[key], tables
