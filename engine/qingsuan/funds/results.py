"""The books as tables: the statement line by line, what the next year opens with, and totals by book and by pool."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

import pyarrow as pa

from qingsuan.funds.lines import BALANCE, FUNDS, LINES
from qingsuan.funds.places import Pools
from qingsuan.funds.statement import Book, Statement

__all__ = ["AMOUNTS", "pool_sums", "tables_of"]

_MONEY = pa.decimal128(20, 2)

AMOUNTS = (
    "opening",
    "income",
    "expense",
    "surplus",
    "closing",
    "income_within",
    "expense_within",
    "receivable",
    "payable",
)
"""What the books are told by, in this order."""


def tables_of(statement: Statement, pools: Pools) -> dict[str, pa.Table]:
    """The files of the statement and its totals."""
    return {
        "statement/part-00000.parquet": _statement(statement, pools),
        "closing/part-00000.parquet": _closing(statement),
        "totals/books.parquet": _books(statement.books, pools),
        "totals/pools.parquet": _pools(statement.books, pools),
    }


def _statement(statement: Statement, pools: Pools) -> pa.Table:
    lines = statement.lines
    columns = {
        "fund": _texts(one.fund for one in lines),
        "fund_name": _texts(FUNDS[one.fund] for one in lines),
        "pool": _texts(pools.find(one.admdvs) for one in lines),
        "insu_admdvs": _texts(one.admdvs for one in lines),
        "name": _texts(pools.name(one.admdvs) for one in lines),
        "side": _texts(one.side for one in lines),
        "line": _texts(one.line for one in lines),
        "title": _texts(LINES[one.line].title for one in lines),
        "opened": _money(one.opened for one in lines),
        "due": _money(one.due for one in lines),
        "cash": _money(one.cash for one in lines),
        "outstanding": _money(one.outstanding for one in lines),
        "beyond": _money(one.beyond for one in lines),
        "origin": _texts("+".join(one.origins) for one in lines),
    }
    return pa.table(columns)


def _closing(statement: Statement) -> pa.Table:
    """Balances as ``--opening`` reads them: of every book, and of every line on which something is left."""
    rows = [(book.fund, book.admdvs, BALANCE, book.closing) for book in statement.books]
    rows += [(one.fund, one.admdvs, one.line, one.left) for one in statement.lines if one.left]
    return pa.table(
        {
            "fund": _texts(row[0] for row in rows),
            "insu_admdvs": _texts(row[1] for row in rows),
            "line": _texts(row[2] for row in rows),
            "amount": _money(row[3] for row in rows),
        }
    )


def _books(books: Sequence[Book], pools: Pools) -> pa.Table:
    columns = {
        "fund": _texts(one.fund for one in books),
        "pool": _texts(pools.find(one.admdvs) for one in books),
        "insu_admdvs": _texts(one.admdvs for one in books),
        "name": _texts(pools.name(one.admdvs) for one in books),
    }
    return pa.table(columns | {name: _money(getattr(one, name) for one in books) for name in AMOUNTS})


def pool_sums(books: Iterable[Book], pools: Pools) -> dict[tuple[str, str], dict[str, int]]:
    """Amounts of all ledgers of a fund in a pool, in fen, by fund and pool."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    for book in books:
        mine = found.setdefault((book.fund, pools.find(book.admdvs)), dict.fromkeys(AMOUNTS, 0))
        for name in AMOUNTS:
            mine[name] += getattr(book, name)
    return found


def _pools(books: Sequence[Book], pools: Pools) -> pa.Table:
    found = sorted(pool_sums(books, pools).items(), key=lambda item: (list(FUNDS).index(item[0][0]), item[0][1]))
    columns = {
        "fund": _texts(fund for (fund, _), _ in found),
        "fund_name": _texts(FUNDS[fund] for (fund, _), _ in found),
        "pool": _texts(pool for (_, pool), _ in found),
        "name": _texts(pools.name(pool) for (_, pool), _ in found),
    }
    return pa.table(columns | {name: _money(amounts[name] for _, amounts in found) for name in AMOUNTS})


def _texts(values: Iterable[str]) -> pa.Array:
    return pa.array(list(values), pa.string())


def _money(values: Iterable[int | None]) -> pa.Array:
    """Fen as decimals in yuan, exactly."""
    return pa.array([None if fen is None else Decimal(fen).scaleb(-2) for fen in values], _MONEY)
