"""Books kept by whole columns come out as the slow twin has them, book by book and line by line, to the fen.

``QINGSUAN_FUND_ROWS`` says on how many random entries (``make differential-funds``).
"""

from __future__ import annotations

import os
from collections import Counter

import pyarrow as pa
import pytest

from fund_worlds import INCOME, World, world
from qingsuan.funds.columns import INTERNAL
from qingsuan.funds.partition import settle_lines
from qingsuan.funds.statement import Statement

ROWS = int(os.environ.get("QINGSUAN_FUND_ROWS", "6000"))
WORLDS = 10 if ROWS < 100_000 else 100
SIZE = -(-ROWS // WORLDS)


def lines_by_hand(given: World) -> dict[tuple[str, str, str], tuple[int, int | None]]:
    return {
        (fund, admdvs, line): (book.cash.get(line, 0), book.left(line))
        for (fund, admdvs), book in given.by_hand.books.items()
        for line in {*book.cash, *book.due, *book.opened}
    }


def lines_of(statement: Statement) -> dict[tuple[str, str, str], tuple[int, int | None]]:
    return {(one.fund, one.admdvs, one.line): (one.cash, one.left) for one in statement.lines}


@pytest.mark.parametrize("seed", range(WORLDS))
def test_columns_and_twin_agree(seed: int) -> None:
    given = world(seed, SIZE)
    refused = given.settled.refused
    assert dict(zip(refused["row"].to_pylist(), refused["code"].to_pylist(), strict=True)) == given.by_hand.refused
    assert given.settled.counts["accepted"] == len(given.by_hand.accepted)
    assert lines_of(given.statement) == lines_by_hand(given)
    closing = {(book.fund, book.admdvs): book.closing for book in given.statement.books}
    assert closing == {book: one.closing(INCOME) for book, one in given.by_hand.books.items()}


@pytest.mark.parametrize("seed", range(100, 100 + WORLDS))
def test_what_goes_in_comes_out_and_every_book_adds_up(seed: int) -> None:
    given = world(seed, SIZE)
    assert given.settled.counts["accepted"] + given.settled.refused.num_rows == given.rows
    statement = given.statement
    for line in statement.lines:
        if line.left is not None:
            assert line.outstanding is not None
            assert line.beyond is not None
            assert min(line.outstanding, line.beyond) == 0
            assert line.opened + (line.due or 0) - line.cash == line.outstanding - line.beyond
    for book in statement.books:
        mine = [line for line in statement.lines if (line.fund, line.admdvs) == (book.fund, book.admdvs)]
        assert book.income == sum(line.cash for line in mine if line.side == "income")
        assert book.expense == sum(line.cash for line in mine if line.side == "expense")
        assert book.opening + book.income - book.expense == book.closing
        assert book.receivable == sum(line.outstanding or 0 for line in mine if line.side == "income")
        assert book.payable == sum(line.outstanding or 0 for line in mine if line.side == "expense")


def test_the_order_of_rows_does_not_matter() -> None:
    given = world(7, SIZE)
    empty = settle_lines(given.table().slice(0, 0), _no_claims())
    other = settle_lines(given.table(seed=5), _no_claims())
    assert empty.counts["accepted"] == 0
    assert other.tables["entries"].equals(given.settled.tables["entries"])
    assert other.totals["sums"].equals(given.settled.totals["sums"])


def _no_claims() -> pa.Table:

    return pa.Table.from_pylist([], INTERNAL["claims"])


def test_the_random_worlds_are_many_enough_and_say_everything() -> None:
    given = [world(seed, SIZE) for seed in range(WORLDS)]
    assert sum(one.rows for one in given) >= ROWS
    codes = Counter(code for one in given for code in one.by_hand.refused.values())
    assert set(codes) == {"E_DUPLICATE", "E_REVERSAL_ORPHAN", "E_REVERSAL_MISMATCH"}
    assert min(codes.values()) > 20
    lines = [line for one in given for line in one.statement.lines]
    assert sum(bool(line.outstanding) for line in lines) > 20
    assert sum(bool(line.beyond) for line in lines) > 20
    assert sum(line.due is None for line in lines) > 20
    assert sum(any(entry.takes_back for entry in one.entries) for one in given) == len(given)
