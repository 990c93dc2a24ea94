"""What the run record says of finished books: sums by fund and pool, rows, runs that were read, and what must be equal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from qingsuan.funds.brought import Brought
from qingsuan.funds.lines import LINES
from qingsuan.funds.places import Pools
from qingsuan.funds.results import AMOUNTS, pool_sums
from qingsuan.funds.statement import Amount, Statement
from qingsuan.money import yuan
from qingsuan.settlement import Books

__all__ = ["equals", "record_of"]

_ASSISTED = ("premium-assisted", "assist-premiums")

Equal = tuple[str, int, int]
"""What must be equal: what it is, one side and the other, in fen."""


def equals(
    statement: Statement, amounts: Sequence[Amount], brought: Brought, pools: Pools, books: Books
) -> list[Equal]:
    """The identities of the books, each with both numbers."""
    opening, income, expense = (sum(getattr(one, name) for one in statement.books) for name in AMOUNTS[:3])
    closing = sum(one.closing for one in statement.books)
    found = [("opening + income − expense = closing, every book", opening + income - expense, closing)]
    moved = {side: sum(one.cash for one in statement.lines if one.side == side) for side in ("income", "expense")}
    found.append(("income of the books = cash on their lines of income", income, moved["income"]))
    found.append(("expense of the books = cash on their lines of expense", expense, moved["expense"]))
    by_origin = Counter[str]()
    for one in amounts:
        by_origin[one.origin] += one.fen
    found.append(("entries accepted = entries on lines", books.counts["accepted_fen"], by_origin["entries"]))
    if books.rows_read["claims"]:
        due = sum(one.fen for one in amounts if one.origin == "settle")
        found.append(("fund payments of settled claims = benefits due in the books", _paid(books, brought), due))
    found += _by_fund(amounts, brought, pools)
    borne, cost = (
        sum(one.fen for one in amounts if one.line == name and one.origin == "premium") for name in _ASSISTED
    )
    if borne or cost:
        found.append(("assisted premiums = expense of medical assistance for premiums", borne, cost))
    left = sum(one.left or 0 for one in statement.lines)
    open_less_beyond = sum((one.outstanding or 0) - (one.beyond or 0) for one in statement.lines)
    found.append(("opened + due − cash = outstanding − beyond, every line with dues", left, open_less_beyond))
    return found


def _by_fund(amounts: Iterable[Amount], brought: Brought, pools: Pools) -> list[Equal]:
    """What the settlement says that funds paid, against benefits due in the books, by fund and pool."""
    if brought.paid is None:
        return []
    due: dict[tuple[str, str], int] = {}
    for one in amounts:
        if one.origin == "settle":
            key = one.fund, pools.find(one.admdvs)
            due[key] = due.get(key, 0) + one.fen
    apart = {"employee-account"} if "account" in brought.runs else set()
    keys = sorted({*due, *(key for key in brought.paid if key[0] not in apart)})
    return [
        (
            f"{fund}, {pool}: paid by the settlement = benefits due",
            brought.paid.get((fund, pool), 0),
            due.get((fund, pool), 0),
        )
        for fund, pool in keys
    ]


def _paid(books: Books, brought: Brought) -> int:
    apart = ("claims_acct_pay", "claims_acct_mulaid_pay") if "account" in brought.runs else ()
    return sum(fen for name, fen in books.sums_in.items() if name.startswith("claims_") and name not in apart)


def record_of(
    year: int, statement: Statement, equal: Iterable[Equal], brought: Brought, pools: Pools, books: Books
) -> dict[str, Any]:
    """The part of ``run.json`` that this settlement knows."""
    sums = sorted(pool_sums(statement.books, pools).items())
    return {
        "year": year,
        "rows": {
            "in": books.rows_read["entries"],
            "accepted": books.counts["accepted"],
            "rejected": dict(sorted(books.rejected.get("entries", {}).items())),
        },
        "claims": books.rows_read["claims"],
        "runs": dict(sorted(brought.runs.items())),
        "tables": [{"table": each.table, "file": each.name, "sha256": each.sha256} for each in brought.files],
        "books": len(statement.books),
        "lines": len(statement.lines),
        "amounts": [
            {"fund": fund, "pool": pool, **{name: yuan(fen) for name, fen in amounts.items()}}
            for (fund, pool), amounts in sums
        ],
        "identities": [{"identity": name, "one": yuan(one), "other": yuan(other)} for name, one, other in equal],
        "warnings": list(_warnings(statement, brought)),
    }


def _warnings(statement: Statement, brought: Brought) -> Iterable[str]:
    """What a reader of the amounts should know."""
    for file in brought.files:
        yield from (f"{file.name}: {comment}" for comment in file.comments)
    yield from brought.notes
    if brought.aside:
        fen, places = sum(one.fen for one in brought.aside), sorted({one.admdvs for one in brought.aside})
        yield f"{yuan(fen)} yuan that runs state are of {len(places)} places without a plugin, and in no book: {', '.join(places[:10])}"
    below = [book for book in statement.books if book.closing < 0]
    if below:
        named = ", ".join(f"{book.fund} {book.admdvs} {yuan(book.closing)}" for book in below[:5])
        yield f"{len(below)} books close below 0: {named}"
    beyond = [one for one in statement.lines if one.beyond]
    if beyond:
        fen = sum(one.beyond or 0 for one in beyond)
        named = ", ".join(dict.fromkeys(LINES[one.line].title for one in beyond))
        yield f"{yuan(fen)} yuan came or were paid beyond what is due, on {len(beyond)} lines: {named}"
