"""Bringing claims into the order of their people, beside sorting the same table with pyarrow and Polars."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from measuring import CLAIMS, ROUNDS, Report
from qingsuan.benefits.order import order_rows
from qingsuan.columns.rows import Taker
from qingsuan.people import Numbering, Texts, divide
from three_layers import claims

THREADS = 2
"""As many as a run has workers if nothing else is said, and as many as Polars takes on two cores."""

PARTS = 4
"""Ranges of hashes, which threads take in turn."""

KEYS = ("psn_no", "benefit", "setl_time", "setl_id")


@pytest.fixture(scope="module")
def table() -> pa.Table:
    """Shuffled claims: identifiers of 20 characters, a date, a time, five amounts."""
    given = claims(CLAIMS)
    draw = np.random.default_rng(4)
    order = draw.permutation(len(given))
    psn_no = pa.array([f"22010000{number:012d}" for number in draw.permutation(int(given.person.max()) + 1)])
    setl_id = pa.array([f"S{number:019d}" for number in range(len(given))])
    day = 18_628 + given.day.astype(np.int32) // 31 * 30 + draw.integers(0, 30, len(given)).astype(np.int32)
    columns: dict[str, Any] = {
        "psn_no": psn_no.take(pa.array(given.person[order])),
        "setl_id": setl_id.take(pa.array(draw.permutation(len(given)))),
        "benefit": day[order],
        "setl_time": day[order].astype(np.int64) * 86_400_000_000 + draw.integers(0, 86_400, len(given)) * 1_000_000,
    }
    columns.update({f"amount_{k}": given.bill[k][order] for k in range(5)})
    return pa.table(columns)


Rows = npt.NDArray[np.int32]
Made = TypeVar("Made")


@pytest.fixture(scope="module")
def pool() -> Iterator[ThreadPoolExecutor]:
    """The threads of a run, which are there for all of it."""
    with ThreadPoolExecutor(THREADS) as threads:
        yield threads


def ours(table: pa.Table, pool: ThreadPoolExecutor, made: Callable[[Texts, Texts, Rows], Made]) -> list[Made]:
    """As a run does it: divide rows by the hash of their person; then, thread by thread, number people and order theirs.

    ``made`` is what is made of the identifiers and the rows of each range of hashes, in their order.
    """
    psn_no, setl_id = Texts.of(table.column("psn_no")), Texts.plain(table.column("setl_id"))
    keys = table.column("benefit").chunk(0).to_numpy(), table.column("setl_time").chunk(0).to_numpy()
    starts, rows = divide(psn_no, PARTS)

    def work(part: int) -> Made:
        people = Numbering(psn_no, keys, rows[starts[part] : starts[part + 1]])
        return made(psn_no, setl_id, order_rows(people, setl_id, lambda row: (row,)).rows)

    return list(pool.map(work, range(PARTS)))


def our_rows(table: pa.Table, pool: ThreadPoolExecutor) -> Rows:
    """The row at each place of the order."""
    return np.concatenate(ours(table, pool, lambda _psn_no, _setl_id, rows: rows))


def our_table(table: pa.Table, pool: ThreadPoolExecutor) -> pa.Table:
    """The table in order."""
    (batch,) = table.to_batches()

    def taken(psn_no: Texts, setl_id: Texts, rows: Rows) -> pa.RecordBatch:
        return Taker(rows, len(table)).batch(batch, {"psn_no": psn_no, "setl_id": setl_id})

    return pa.Table.from_batches(ours(table, pool, taken))


def assert_ordered(table: pa.Table) -> None:
    """One person in one place, and inside a person by date, time and identifier."""
    person = table.column("psn_no").combine_chunks()
    same = pc.equal(person[1:], person[:-1]).to_numpy(zero_copy_only=False)
    assert len(same) + 1 - same.sum() == pc.count_distinct(person).as_py()
    keys = [table.column(name).combine_chunks() for name in KEYS[1:]]
    tied = same
    for key in keys:
        assert not (tied & pc.less(key[1:], key[:-1]).to_numpy(zero_copy_only=False)).any()
        tied = tied & pc.equal(key[1:], key[:-1]).to_numpy(zero_copy_only=False)


def test_our_order(timed: Any, table: pa.Table, pool: ThreadPoolExecutor) -> None:
    rows = timed("ours: rows in order", lambda: our_rows(table, pool))
    assert_ordered(table.take(pa.array(rows)))


def test_our_order_and_take(timed: Any, table: pa.Table, pool: ThreadPoolExecutor) -> None:
    assert_ordered(timed("ours: table in order", lambda: our_table(table, pool)))


def test_pyarrow_order(timed: Any, table: pa.Table) -> None:
    keys = [(name, "ascending") for name in KEYS]
    places = timed("pyarrow: sort_indices", lambda: pc.sort_indices(table, sort_keys=keys))
    assert len(places) == len(table)


def test_pyarrow_order_and_take(timed: Any, table: pa.Table) -> None:
    keys = [(name, "ascending") for name in KEYS]
    assert_ordered(timed("pyarrow: sort_indices and take", lambda: table.take(pc.sort_indices(table, sort_keys=keys))))


def test_polars_order(timed: Any, table: pa.Table) -> None:
    polars = pytest.importorskip("polars")
    frame = polars.from_arrow(table)
    places = timed("Polars: arg_sort_by", lambda: frame.select(polars.arg_sort_by(KEYS)))
    assert len(places) == len(table)


def test_polars_sort(timed: Any, table: pa.Table) -> None:
    polars = pytest.importorskip("polars")
    frame = polars.from_arrow(table)
    assert_ordered(timed("Polars: sort", lambda: frame.sort(KEYS)).to_arrow())


def test_ratios(report: Report) -> None:
    seconds = report.seconds
    against = {
        "pyarrow: sort_indices": "ours: rows in order",
        "pyarrow: sort_indices and take": "ours: table in order",
        "Polars: arg_sort_by": "ours: rows in order",
        "Polars: sort": "ours: table in order",
    }
    rows = [
        [name, f"{taken:.3f}", f"{taken / seconds[against[name]]:.1f}" if name in against else ""]
        for name, taken in seconds.items()
    ]
    report.table(f"{CLAIMS:,} claims, best of {ROUNDS} rounds", ["ordering", "seconds", "/ ours"], rows)
