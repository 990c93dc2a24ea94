"""The identities of the whole year (勾稽关系): what one settlement says must be what another one says, to the fen and to the row.

Each is computed from the totals and records that the parts wrote, one number from one table and the other from another. One whose
parts are not in the case is named as not checked: that nobody looked is not that it holds.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qingsuan.closing import agreed
from qingsuan.closing.reading import fen, parts_of, rows_of
from qingsuan.funds.lines import BALANCE, CARE_LINES, FUND_OF_COLUMN, SCHEMES
from qingsuan.listing import files_in
from qingsuan.messages import marked
from qingsuan.money import yuan
from qingsuan.run.folder import RECORD

__all__ = ["BETWEEN", "IDENTITIES", "Identity", "NotChecked", "identities_of"]


@dataclass(frozen=True, slots=True)
class Identity:
    """One identity, or one of its lines.

    Attributes
    ----------
    name : of :data:`IDENTITIES`.
    of : of what, such as a region and a level; empty where it is of the whole year.
    one, other : both numbers: fen, or rows.
    tables : from which files of the year's folder they come.
    """

    name: str
    of: str
    one: int
    other: int
    tables: tuple[str, str]
    in_rows: bool = False

    @property
    def holds(self) -> bool:
        """Whether both numbers are one."""
        return self.one == self.other

    def record(self) -> dict[str, Any]:
        """As the run record has it: amounts in yuan."""
        told = (self.one, self.other) if self.in_rows else (yuan(self.one), yuan(self.other))
        return {
            "identity": self.name,
            "of": self.of,
            "one": told[0],
            "other": told[1],
            "unit": "rows" if self.in_rows else "yuan",
            "tables": list(self.tables),
            "holds": self.holds,
        }


@dataclass(frozen=True, slots=True)
class NotChecked:
    """An identity that nobody could check, and the parts that are not there."""

    name: str
    wanted: tuple[str, ...]

    def record(self) -> dict[str, Any]:
        """As the run record has it."""
        return {"identity": self.name, "wanted": list(self.wanted)}


@dataclass(frozen=True, slots=True)
class _Kind:
    """An identity: its name, the parts without which it cannot be checked, and what computes its lines from the year's folder."""

    name: str
    parts: tuple[str, ...]
    lines: Callable[[Path], Iterable[tuple[str, int, int, tuple[str, str]]]]


_Line = tuple[str, int, int, tuple[str, str]]


def _accounts(folder: Path) -> Iterator[_Line]:
    """What claims say that accounts paid, and the uses of the ledger with a ``setl_id`` of theirs, refused ones too."""
    claims = sum(fen(row["acct_pay"]) for row in rows_of(folder / "settle/totals/care.parquet"))
    uses = sum(fen(row["of_claims"]) for row in rows_of(folder / "account/totals/uses.parquet"))
    yield "", claims, uses, ("settle/totals/care.parquet", "account/totals/uses.parquet")


_USED = ("withheld", "own_uses", "family_uses", "transfers")
"""How money leaves an account."""


def _ledgers(folder: Path) -> Iterator[_Line]:
    for row in rows_of(folder / "account/totals/pools.parquet"):
        came = sum(fen(row[name]) for name in ("opening", "credit_in_service", "credit_retired", "interest"))
        went = sum(fen(row[name]) for name in _USED)
        tables = ("account/totals/pools.parquet", "account/totals/pools.parquet")
        yield row["pool"], came - went, fen(row["closing"]), tables


_LEVELS = {"local_prefecture": "prefecture", "local_county": "county"}
"""What a subsidy calls the parts of the local share, and what receipts call them."""


def _receipts(folder: Path) -> Iterator[_Line]:
    """By region and payer: due as the subsidy has it, the rest as it was held against receipts."""
    if not files_in(folder / "subsidy/arrived"):
        return
    sums: dict[tuple[str, str], Counter[str]] = {}
    for row in parts_of(folder / "subsidy/arrived"):
        mine = sums.setdefault((row["region"], row["level"]), Counter())
        mine.update({name: fen(row[name]) for name in ("received", "outstanding", "beyond")})
    due = {
        (row["region"], _LEVELS.get(row["level"], row["level"])): fen(row["amount"])
        for row in rows_of(folder / "subsidy/totals/region.parquet")
    }
    for (region, level), mine in sorted(sums.items()):
        one = due.get((region, level), 0) - mine["received"]
        tables = ("subsidy/totals/region.parquet", "subsidy/arrived")
        yield f"{region} {level}", one, mine["outstanding"] - mine["beyond"], tables


def _premiums(folder: Path) -> Iterator[_Line]:
    """By region: shortfall less overpaid over counties, due less paid over groups."""
    for region, one, other in _by_region(folder):
        tables = ("premium/totals/county.parquet", "premium/totals/group.parquet")
        yield region, one, other, tables


def _by_region(folder: Path) -> Iterator[tuple[str, int, int]]:
    left, open_ = Counter[str](), Counter[str]()
    for row in rows_of(folder / "premium/totals/county.parquet"):
        left[row["region"]] += fen(row["due"]) - fen(row["paid"])
    for row in rows_of(folder / "premium/totals/group.parquet"):
        open_[row["region"]] += fen(row["shortfall"]) - fen(row["overpaid"])
    for region in sorted(left.keys() | open_.keys()):
        yield region, left[region], open_[region]


def _cleared(folder: Path) -> Iterator[_Line]:
    """By pool: what is cleared, paid before and withheld over contracts, and their standards with what is shared, by their totals."""
    paid, standard = Counter[str](), Counter[str]()
    for row in parts_of(folder / "clear/clearing"):
        paid[row["pool"]] += sum(fen(row[name]) for name in ("clearing", "advances", "audit", "deposit_kept"))
    for row in rows_of(folder / "clear/totals/care.parquet"):
        standard[row["pool"]] += fen(row["standard"]) + fen(row["kept"]) - fen(row["borne_by_institution"])
        standard[row["pool"]] += fen(row["procurement"])
    for pool in sorted(paid.keys() | standard.keys()):
        yield pool, paid[pool], standard[pool], ("clear/clearing", "clear/totals/care.parquet")


def _claims_cleared(folder: Path) -> Iterator[_Line]:
    """What the cleared funds paid of settled claims, and where clearing has it: cleared, or not."""
    record = json.loads((folder / "clear" / RECORD).read_text("utf-8"))
    funds = set(record["terms"]["funds"])
    paid = sum(fen(row["amount"]) for row in rows_of(folder / "settle/totals/funds.parquet") if row["fund"] in funds)
    found = sum(fen(row["claims"]) for row in rows_of(folder / "clear/totals/care.parquet"))
    found += sum(fen(row["claims"]) for row in rows_of(folder / "clear/totals/unsettled.parquet"))
    yield "", paid, found, ("settle/totals/funds.parquet", "clear/totals/care.parquet and unsettled.parquet")


_BY_PAYER = tuple(name for name in FUND_OF_COLUMN if not name.startswith("acct_"))
"""What funds paid of a claim, beside the pooled fund of its scheme; the books have accounts by their own ledger."""


def _benefits(folder: Path) -> Iterator[_Line]:
    """By fund and pool: what claims say that it paid, and what became due on the lines of benefits of its books."""
    paid, due = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for row in rows_of(folder / "settle/totals/care.parquet"):
        paid[SCHEMES.get(row["insutype"], row["insutype"]), row["pool"]] += fen(row["hifp_pay"])
        for name in _BY_PAYER:
            paid[FUND_OF_COLUMN[name], row["pool"]] += fen(row.get(name))
    for row in parts_of(folder / "fund/statement"):
        if row["line"] in CARE_LINES and row["fund"] != "employee-account":
            due[row["fund"], row["pool"]] += fen(row["due"])
    for fund, pool in sorted(key for key in paid.keys() | due.keys() if paid[key] or due[key]):
        tables = ("settle/totals/care.parquet", "fund/statement")
        yield f"{fund} {pool}", paid[fund, pool], due[fund, pool], tables


def _assisted(folder: Path) -> Iterator[_Line]:
    borne = sum(fen(row["assistance_amt"]) for row in rows_of(folder / "premium/totals/group.parquet"))
    rows = [
        row
        for row in parts_of(folder / "fund/statement")
        if (row["fund"], row["line"]) == ("assistance", "assist-premiums")
    ]
    yield "", borne, sum(fen(row["due"]) for row in rows), ("premium/totals/group.parquet", "fund/statement")


def _premiums_received(folder: Path) -> Iterator[_Line]:
    paid = sum(fen(row["paid"]) for row in rows_of(folder / "premium/totals/group.parquet"))
    rows = [
        row
        for row in parts_of(folder / "fund/statement")
        if (row["fund"], row["line"]) == ("resident", "premium-persons")
    ]
    yield "", paid, sum(fen(row["cash"]) for row in rows), ("premium/totals/group.parquet", "fund/statement")


def _accounts_of_books(folder: Path) -> Iterator[_Line]:
    """By pool: what was paid from accounts by their ledger, and the expense of their books."""
    used, due = Counter[str](), Counter[str]()
    for row in rows_of(folder / "account/totals/pools.parquet"):
        used[row["pool"]] += sum(fen(row[name]) for name in _USED)
    for row in parts_of(folder / "fund/statement"):
        if (row["fund"], row["side"]) == ("employee-account", "expense"):
            due[row["pool"]] += fen(row["due"])
    for pool in sorted(used.keys() | due.keys()):
        yield pool, used[pool], due[pool], ("account/totals/pools.parquet", "fund/statement")


def _books(folder: Path) -> Iterator[_Line]:
    """By fund and pool, and every book that is out: what it comes to, and what the next year opens with."""
    came, closing, pools = Counter[tuple[str, str]](), Counter[tuple[str, str]](), {}
    for row in rows_of(folder / "fund/totals/books.parquet"):
        book = row["fund"], row["insu_admdvs"]
        came[book] += fen(row["opening"]) + fen(row["income"]) - fen(row["expense"])
        pools[book] = row["pool"]
    balances = (row for row in parts_of(folder / "fund/closing") if row["line"] == BALANCE)
    closing.update({(row["fund"], row["insu_admdvs"]): fen(row["amount"]) for row in balances})
    tables = ("fund/totals/books.parquet", "fund/closing")
    for book in sorted(came.keys() | closing.keys()):
        if came[book] != closing[book]:
            yield " ".join(book), came[book], closing[book], tables
    by_pool: dict[tuple[str, str], tuple[int, int]] = {}
    for (fund, place), comes in came.items():
        key = fund, pools[fund, place]
        one, other = by_pool.get(key, (0, 0))
        by_pool[key] = one + comes, other + closing[fund, place]
    yield from ((" ".join(key), one, other, tables) for key, (one, other) in sorted(by_pool.items()))


_BEARERS = ("own_fault", "surplus", "city", "county", "reserve", "adjustment", "open")
"""Who bears a county's gap; the last is what nobody does."""


def _gaps(folder: Path) -> Iterator[_Line]:
    """By fund and pool: what counties' accounts lack by their books, and what everybody bears of it."""
    short = {
        (row["fund"], row["insu_admdvs"]): max(0, fen(row["expense_within"]) - fen(row["income_within"]))
        for row in rows_of(folder / "fund/totals/books.parquet")
    }
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for row in parts_of(folder / "fund/gaps"):
        one, other = sums.get((row["fund"], row["pool"]), (0, 0))
        borne = sum(fen(row[name]) for name in _BEARERS)
        sums[row["fund"], row["pool"]] = one + short[row["fund"], row["insu_admdvs"]], other + borne
    tables = ("fund/totals/books.parquet", "fund/gaps")
    yield from ((" ".join(key), one, other, tables) for key, (one, other) in sorted(sums.items()))


IDENTITIES = {
    "account-uses": marked("accounts' part of claims = uses with their setl_id"),
    "accounts": marked("accounts: opening + credit + interest - uses = closing"),
    "receipts": marked("due - received = outstanding - beyond, by payer"),
    "premiums": marked("premiums: due - paid = owed - overpaid"),
    "benefits": marked("payments of claims = benefit expense of the books"),
    "accounts-of-books": marked("uses of accounts = expense of the accounts' books"),
    "clearing": marked("clearing + advances + withheld = standard with shares"),
    "cleared": marked("cleared funds' part of claims = cleared + not cleared"),
    "operators-claims": marked("claims that operators pay = of contracts + of none"),
    "operators": marked("operators: premium - claims - costs = surplus - overrun"),
    "operators-books": marked("premiums of operators = between funds in the books"),
    "outside": marked("cleared amounts = in the pool + elsewhere + unplaced"),
    "mirrors": marked("owed by paying pools = owed to places of treatment"),
    "procurement": marked("procurement: advances - repaid - offset = left"),
    "kept": marked("kept of procurement by institutions = by schemes"),
    "procured": marked("kept of procurement = cleared + not cleared"),
    "assisted": marked("assisted premiums = expense of medical assistance"),
    "premiums-received": marked("premiums received = income of the residents' books"),
    "books": marked("books: opening + income - expense = closing"),
    "gaps": marked("gaps of counties = what everybody bears of them"),
    "rows": marked("rows in = rows out + rejected"),
}
"""Name -> the identity in words, in the order in which they are shown."""

_KINDS = (
    _Kind("account-uses", ("settle", "account"), _accounts),
    _Kind("accounts", ("account",), _ledgers),
    _Kind("receipts", ("subsidy",), _receipts),
    _Kind("premiums", ("premium",), _premiums),
    _Kind("clearing", ("clear",), _cleared),
    _Kind("cleared", ("settle", "clear"), _claims_cleared),
    _Kind("operators-claims", ("settle", "operator"), agreed.operators_claims),
    _Kind("operators", ("operator",), agreed.operators),
    _Kind("operators-books", ("operator", "fund"), agreed.operators_books),
    _Kind("outside", ("settle", "outside"), agreed.outside),
    _Kind("mirrors", ("outside",), agreed.mirrors),
    _Kind("procurement", ("procurement",), agreed.procurement),
    _Kind("kept", ("procurement",), agreed.kept),
    _Kind("procured", ("procurement", "clear"), agreed.procured),
    _Kind("benefits", ("settle", "fund"), _benefits),
    _Kind("accounts-of-books", ("account", "fund"), _accounts_of_books),
    _Kind("assisted", ("premium", "fund"), _assisted),
    _Kind("premiums-received", ("premium", "fund"), _premiums_received),
    _Kind("books", ("fund",), _books),
    _Kind("gaps", ("fund",), _gaps),
)


BETWEEN = frozenset(("rows", *(kind.name for kind in _KINDS if len(kind.parts) > 1)))
"""Identities between parts, and between a part and the files that it read; the others are inside one part."""


def identities_of(folder: Path, parts: tuple[str, ...]) -> tuple[list[Identity], list[NotChecked]]:
    """Compute every identity that the parts of a year allow.

    Parameters
    ----------
    folder
        The year's folder.
    parts
        The parts that are finished there.

    Returns
    -------
    list of Identity, list of NotChecked
        In the order of :data:`IDENTITIES`.
    """
    found: list[Identity] = []
    not_checked: list[NotChecked] = []
    for kind in _KINDS:
        wanted = tuple(part for part in kind.parts if part not in parts)
        lines = [] if wanted else [Identity(kind.name, *line) for line in kind.lines(folder)]
        found += lines
        if not lines:
            not_checked.append(NotChecked(kind.name, wanted))
    found += [line for part in parts for line in _rows_of(folder, part)]
    order = list(IDENTITIES)
    found.sort(key=lambda one: order.index(one.name))
    return found, sorted(not_checked, key=lambda one: order.index(one.name))


def _rows_of(folder: Path, part: str) -> Iterator[Identity]:
    """Rows in = rows out + rejected, of every table that a part read: in by its inputs, out by what became of them."""
    record = json.loads((folder / part / RECORD).read_text("utf-8"))
    for table, came, went in _ROWS[part](record):
        read = sum(file["rows"] for file in record["inputs"].get(table, []))
        where = (f"{part}/{RECORD}: inputs", f"{part}/{RECORD}: rows")
        yield Identity("rows", f"{part} {table}", read if came is None else came, went, where, in_rows=True)


_Went = Iterator[tuple[str, int | None, int]]
"""Table, rows in (None: as its files have them), rows out and rejected."""


def _rows_settle(record: Mapping[str, Any]) -> _Went:
    rows = record["rows"]
    yield "claims", None, rows["settled"] + rows["reversed"] + rows["rejected"]


def _rows_of_heads(record: Mapping[str, Any]) -> _Went:
    rows = record["rows"]
    out = rows["counted"] + sum(rows["not_counted"].values()) + rows["duplicates"]
    yield "insured", None, out + sum(rows["rejected"].values())


def _rows_premium(record: Mapping[str, Any]) -> _Went:
    yield from _rows_of_heads(record)
    received = record["received"]
    out = sum(received[name]["rows"] for name in ("applied", "unapplied", "other_year", "other_scheme"))
    yield "premiums", None, out + sum(received["rejected"].values())


def _rows_account(record: Mapping[str, Any]) -> _Went:
    for table, rows in record["rows"].items():
        out = sum(count for name, count in rows.items() if name not in ("in", "rejected"))
        yield table, None, out + sum(rows["rejected"].values())


def _rows_fund(record: Mapping[str, Any]) -> _Went:
    rows = record["rows"]
    yield "entries", None, rows["accepted"] + sum(rows["rejected"].values())


def _rows_clear(record: Mapping[str, Any]) -> _Went:
    for table, out in (
        ("settled", ("cleared", "unsettled")),
        ("cases", ("settled", "of_no_claim", "of_claims_not_cleared")),
    ):
        rows = record["rows"][table]
        yield table, None, sum(rows[name] for name in out) + sum(rows["rejected"].values())


def _rows_operator(record: Mapping[str, Any]) -> _Went:
    yield "settled", None, record["rows"]["in"]


def _rows_outside(record: Mapping[str, Any]) -> _Went:
    yield "settled", None, sum(record["rows"][name] for name in ("in_the_pool", "elsewhere", "unplaced"))


def _rows_procurement(record: Mapping[str, Any]) -> _Went:
    rows = record["rows"]
    yield "purchases", None, rows["counted"] + sum(rows["rejected"].values())


_ROWS: Mapping[str, Callable[[Mapping[str, Any]], _Went]] = {
    "settle": _rows_settle,
    "subsidy": _rows_of_heads,
    "premium": _rows_premium,
    "account": _rows_account,
    "operator": _rows_operator,
    "outside": _rows_outside,
    "procurement": _rows_procurement,
    "clear": _rows_clear,
    "fund": _rows_fund,
}
