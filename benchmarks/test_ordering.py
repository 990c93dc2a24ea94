"""Bringing claims into the order of their people, beside sorting the same table with pyarrow and Polars."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from measuring import CLAIMS, ROUNDS, Report
from qingsuan.benefits.order import order_rows
from qingsuan.people import Numbering, Texts, spread
from three_layers import claims

KEYS = ("psn_no", "benefit", "setl_time", "setl_id")


@pytest.fixture(scope="module")
def table() -> pa.Table:
    """Shuffled claims: identifiers of 20 characters, a date, a time, five amounts."""
    given = claims(CLAIMS)
    draw = np.random.default_rng(4)
    order = draw.permutation(len(given))
    psn_no = pa.array([f"22010000{number:012d}" for number in draw.permutation(int(given.person.max()) + 1)])
    setl_id = pa.array([f"S{number:019d}" for number in range(len(given))])
    day = 18_628 + 30 * given.month.astype(np.int32) + draw.integers(0, 30, len(given)).astype(np.int32)
    columns: dict[str, Any] = {
        "psn_no": psn_no.take(pa.array(given.person[order])),
        "setl_id": setl_id.take(pa.array(draw.permutation(len(given)))),
        "benefit": day[order],
        "setl_time": day[order].astype(np.int64) * 86_400_000_000 + draw.integers(0, 86_400, len(given)) * 1_000_000,
    }
    columns.update({f"amount_{k}": given.bill[k][order] for k in range(5)})
    return pa.table(columns)


def ours(table: pa.Table) -> Any:
    columns = {name: table.column(name).chunk(0) for name in KEYS}
    numbering = Numbering(Texts.of(columns["psn_no"]))
    starts, rows = spread(numbering.numbers, numbering.count)
    benefit, time = columns["benefit"].to_numpy(), columns["setl_time"].to_numpy()
    return order_rows(starts, rows, benefit, time, Texts.of(columns["setl_id"]), lambda row: (row,))


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


def test_our_order(timed: Any, table: pa.Table) -> None:
    ordered = timed("ours: number, spread, order", lambda: ours(table))
    assert_ordered(table.take(pa.array(ordered.rows)))


def test_our_order_and_take(timed: Any, table: pa.Table) -> None:
    assert_ordered(timed("ours, and take", lambda: table.take(pa.array(ours(table).rows))))


def test_pyarrow_order(timed: Any, table: pa.Table) -> None:
    keys = [(name, "ascending") for name in KEYS]
    places = timed("pyarrow: sort_indices", lambda: pc.sort_indices(table, sort_keys=keys))
    assert len(places) == len(table)


def test_pyarrow_order_and_take(timed: Any, table: pa.Table) -> None:
    keys = [(name, "ascending") for name in KEYS]
    assert_ordered(timed("pyarrow, and take", lambda: table.take(pc.sort_indices(table, sort_keys=keys))))


def test_polars_sort(timed: Any, table: pa.Table) -> None:
    polars = pytest.importorskip("polars")
    frame = polars.from_arrow(table)
    assert_ordered(timed("Polars: sort", lambda: frame.sort(KEYS)).to_arrow())


def test_ratios(report: Report) -> None:
    seconds = report.seconds
    against = {
        "pyarrow: sort_indices": "ours: number, spread, order",
        "pyarrow, and take": "ours, and take",
        "Polars: sort": "ours, and take",
    }
    rows = [
        [name, f"{taken:.3f}", f"{taken / seconds[against[name]]:.1f}" if name in against else ""]
        for name, taken in seconds.items()
    ]
    report.table(f"{CLAIMS:,} claims, best of {ROUNDS} rounds", ["ordering", "seconds", "/ ours"], rows)
