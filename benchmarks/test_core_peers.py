"""The core beside DuckDB and Polars on the same claims in memory, agreeing to the fen on every row of every layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from measuring import CLAIMS, ROUNDS, Report
from peers import (
    Paid,
    by_sequence,
    cut_for_core,
    open_duckdb,
    open_polars,
    paid_by_core,
    polars_collapsed,
    polars_nested,
    polars_without_groups,
    settle_core,
    settle_duckdb,
    settle_polars,
    sql_collapsed,
    sql_nested,
)
from qingsuan.benefits.core.core import Core
from qingsuan.benefits.order import order_rows
from qingsuan.people import Numbering, Texts
from three_layers import Claims, claims, program

ENGINES = ("DuckDB", "Polars")
WAYS: dict[str, tuple[str, Callable[..., Any]]] = {
    "DuckDB, a window per layer": ("DuckDB", sql_nested),
    "DuckDB, collapsed to one window": ("DuckDB", sql_collapsed),
    "Polars, a sum over person per layer": ("Polars", polars_nested),
    "Polars, collapsed to one sum over person": ("Polars", polars_collapsed),
    "Polars, collapsed, no grouping": ("Polars", polars_without_groups),
}


@pytest.fixture(scope="module")
def given() -> Claims:
    return claims(CLAIMS)


@pytest.fixture(scope="module")
def core() -> Core:
    return Core(program().tables)


@pytest.fixture(scope="module")
def due(given: Claims, core: Core) -> Paid:
    return paid_by_core(settle_core(core, cut_for_core(given, 1)))


@pytest.mark.parametrize("threads", [1, 2])
def test_core(timed: Any, given: Claims, core: Core, due: Paid, threads: int) -> None:
    pieces = cut_for_core(given, threads)
    results = timed(f"core, threads: {threads}", lambda: settle_core(core, pieces), 2 * ROUNDS)
    assert_same(paid_by_core(results), due)


def test_ordering_and_core(timed: Any, given: Claims, core: Core, due: Paid) -> None:
    """From rows in any order and people by their text: number, order, gather, settle."""
    shuffled = np.random.default_rng(2).permutation(len(given))
    names = [f"P{number:019d}" for number in range(int(given.person.max()) + 1)]
    person = pa.array(names).take(pa.array(given.person[shuffled]))
    claim = pa.array([f"S{number:019d}" for number in range(len(given))]).take(pa.array(shuffled))
    date = given.day[shuffled].astype(np.int32)
    time_us = given.sequence[shuffled].astype(np.int64)
    day, bill = given.day[shuffled], np.ascontiguousarray(given.bill[:, shuffled])

    def work() -> Any:
        numbering = Numbering(Texts.of(person), keys=(date, time_us))
        ordered = order_rows(numbering, Texts.plain(claim), lambda row: (row,)).rows
        zeros = np.zeros(len(ordered), np.int32)
        columns = (
            np.repeat(np.arange(numbering.count, dtype=np.int32), np.diff(numbering.starts)),
            zeros,
            zeros,
            day[ordered],
            bill.take(ordered, axis=1),
            np.zeros(len(ordered), np.int8),
            np.zeros(len(ordered), np.int64),
        )
        return ordered, settle_core(core, [columns])

    ordered, results = timed("ordering + core, threads: 1", work)
    back = np.argsort(shuffled[ordered])
    assert_same([paid[back] for paid in paid_by_core(results)], due)


@pytest.mark.parametrize("order", ["in order", "shuffled"])
@pytest.mark.parametrize("way", WAYS)
def test_peer(timed: Any, given: Claims, due: Paid, way: str, order: str) -> None:
    engine, make = WAYS[way]
    module = pytest.importorskip(engine.lower())
    assert module
    places = None if order == "in order" else np.random.default_rng(2).permutation(len(given))
    if engine == "DuckDB":
        with open_duckdb(given, places) as connection:
            result = timed(f"{way}, rows {order}", lambda: settle_duckdb(connection, make()))
    else:
        frame = open_polars(given, places)
        result = timed(f"{way}, rows {order}", lambda: settle_polars(frame, make, ordered=places is None))
    assert_same(by_sequence(result), due)


def assert_same(found: Any, expected: Any) -> None:
    for layer, (ours, theirs) in enumerate(zip(found, expected, strict=True)):
        wrong = np.flatnonzero(ours != theirs)
        assert not len(wrong), f"layer {layer}: {len(wrong)} rows differ, the first at {wrong[0]}"


def test_ratios(report: Report, given: Claims, due: Paid) -> None:
    """Says how the peers compare; every layer must have paid and been capped somewhere, or the comparison is hollow."""
    for paid in due:
        assert (paid > 0).any()
        assert (paid == 0).any()
    core, whole = report.best("core, threads: 1", "core, threads: 2"), report.seconds["ordering + core, threads: 1"]
    rows = [
        [name, f"{seconds:.3f}", f"{len(given) / seconds / 1e6:.1f}", f"{seconds / core:.1f}", f"{seconds / whole:.1f}"]
        for name, seconds in report.seconds.items()
    ]
    names = ["three layers", "seconds", "million claims / s", "/ core", "/ (ordering + core)"]
    report.table(f"{len(given):,} claims in memory, best of {ROUNDS} rounds", names, rows)
