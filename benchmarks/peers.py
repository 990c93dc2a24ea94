"""The same three layers three times: our core, DuckDB in SQL, Polars in expressions. All three agree to the fen.

Each peer is written in the ways a good data engineer would, and its fastest way counts:

nested
    one window per layer, each over what the layer before it left: how the rules read.
collapsed
    one window in all. It is open to *these* rules only, because they know nothing but running sums: cumulative payment is
    a function of cumulative cost. One deductible by visit number, or one shared cap, and it is gone.
"""

# ruff: noqa: S608 -- every text that goes into a query is written in this folder

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from qingsuan.benefits.core.core import Core
from qingsuan.policy.model import FUNDS as ALL_FUNDS
from three_layers import FUNDS, LAYERS, Claims, LayerNumbers

Int64 = npt.NDArray[np.int64]
Paid = tuple[Int64, Int64, Int64]


# --- our core ---------------------------------------------------------------------------------------------------------


def cut_for_core(given: Claims, pieces: int) -> list[tuple[Any, ...]]:
    """The core's columns, cut between people: one account, one rule, no personal account."""
    cuts = [int(np.searchsorted(given.person, given.person[len(given) * k // pieces])) for k in range(pieces)]
    found = []
    for start, end in zip(cuts, [*cuts[1:], len(given)], strict=True):
        here, size = slice(start, end), end - start
        found.append(
            (
                given.person[here],
                np.zeros(size, np.int32),
                np.zeros(size, np.int32),
                given.day[here],
                np.ascontiguousarray(given.bill[:, here]),
                np.zeros(size, np.int8),
                np.zeros(size, np.int64),
            )
        )
    return found


def settle_core(core: Core, pieces: list[tuple[Any, ...]]) -> list[Any]:
    """The core, door and all, on columns that lie in order; one thread per piece."""
    if len(pieces) == 1:
        return [core.settle(*pieces[0])]
    with ThreadPoolExecutor(len(pieces)) as pool:
        return list(pool.map(lambda piece: core.settle(*piece), pieces))


def paid_by_core(results: list[Any]) -> Paid:
    return tuple(np.concatenate([one.funds[ALL_FUNDS.index(fund)] for one in results]) for fund in FUNDS)  # type: ignore[return-value]


# --- DuckDB -----------------------------------------------------------------------------------------------------------


def sql_total(layer: LayerNumbers, total: str) -> str:
    """A layer's payments so far, given its base so far: deductible, bands, one rounding, cap."""
    x = f"greatest({total} - {layer.deductible_fen}, 0)" if layer.deductible_fen else total
    parts = []
    for lower, upper, ratio in zip((0, *layer.upto_fen), (*layer.upto_fen, None), layer.ratio_bp, strict=True):
        top = x if upper is None else f"least({x}, {upper})"
        parts.append(f"{ratio} * greatest({top} - {lower}, 0)" if lower else f"{ratio} * {top}")
    return f"least(({' + '.join(parts)} + 5000) // 10000, {layer.cap_fen})"


_WINDOW = "WINDOW w AS (PARTITION BY person ORDER BY sequence ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"


def sql_nested() -> str:
    """One window per layer."""
    query = "SELECT sequence, person, in_scope AS base FROM claims"
    paid: list[str] = []
    for layer in LAYERS:
        kept = "".join(f", {fund}" for fund in paid)
        summed = (
            f"SELECT sequence, person, base{kept}, CAST(sum(base) OVER w AS BIGINT) AS upto FROM ({query}) {_WINDOW}"
        )
        pay = f"{sql_total(layer, 'upto')} - {sql_total(layer, '(upto - base)')}"
        paying = f"SELECT sequence, person, base{kept}, {pay} AS {layer.fund} FROM ({summed})"
        paid.append(layer.fund)
        query = f"SELECT sequence, person, base - {layer.fund} AS base{kept}, {layer.fund} FROM ({paying})"
    return f"SELECT sequence, {', '.join(paid)} FROM ({query})"


def sql_collapsed() -> str:
    """One window: payments so far of every layer from the sum of costs so far."""
    names = [f"{fund}_{when}" for fund in FUNDS for when in ("upto", "before")]
    query = (
        "SELECT sequence, upto, upto - in_scope AS before FROM (SELECT sequence, in_scope, "
        f"CAST(sum(in_scope) OVER w AS BIGINT) AS upto FROM claims {_WINDOW})"
    )
    for place, layer in enumerate(LAYERS):
        kept = "".join(f", {name}" for name in names[: 2 * place])
        upto, before = sql_total(layer, "upto"), sql_total(layer, "before")
        query = f"SELECT *, {upto} AS {names[2 * place]}, {before} AS {names[2 * place + 1]} FROM ({query})"
        query = (
            f"SELECT sequence, upto - {names[2 * place]} AS upto, before - {names[2 * place + 1]} AS before"
            f"{kept}, {names[2 * place]}, {names[2 * place + 1]} FROM ({query})"
        )
    pays = ", ".join(f"{fund}_upto - {fund}_before AS {fund}" for fund in FUNDS)
    return f"SELECT sequence, {pays} FROM ({query})"


def open_duckdb(given: Claims, order: npt.NDArray[np.int64] | None = None, threads: int = 2) -> Any:
    """A connection with the claims as an in-memory table, in the order given."""
    import duckdb
    import pyarrow as pa

    columns = {"person": given.person, "sequence": given.sequence, "in_scope": given.in_scope}
    if order is not None:
        columns = {name: values[order] for name, values in columns.items()}
    source = pa.table(columns)
    connection = duckdb.connect(":memory:", config={"threads": threads})
    connection.register("source", source)
    connection.execute("CREATE TABLE claims AS SELECT * FROM source")
    connection.unregister("source")
    return connection


def settle_duckdb(connection: Any, query: str) -> Any:
    """Run the query to an Arrow table in memory."""
    return connection.sql(query).to_arrow_table()


# --- Polars -----------------------------------------------------------------------------------------------------------


def _expression(layer: LayerNumbers, total: Any) -> Any:
    import polars as pl

    zero = pl.lit(0, pl.Int64)
    x = pl.max_horizontal(total - layer.deductible_fen, zero) if layer.deductible_fen else total
    exact = None
    for lower, upper, ratio in zip((0, *layer.upto_fen), (*layer.upto_fen, None), layer.ratio_bp, strict=True):
        part = ratio * ((x if upper is None else x.clip(upper_bound=upper)) - lower).clip(lower_bound=0)
        exact = part if exact is None else exact + part
    return ((exact + 5_000) // 10_000).clip(upper_bound=layer.cap_fen)


def polars_nested(frame: Any) -> Any:
    """One sum over person per layer."""
    import polars as pl

    plan = frame.with_columns(base=pl.col("in_scope"))
    for layer in LAYERS:
        plan = plan.with_columns(upto=pl.col("base").cum_sum().over("person"))
        pay = _expression(layer, pl.col("upto")) - _expression(layer, pl.col("upto") - pl.col("base"))
        plan = plan.with_columns(pay.alias(layer.fund))
        plan = plan.with_columns(base=pl.col("base") - pl.col(layer.fund))
    return plan.select("sequence", *FUNDS)


def _collapsed(plan: Any) -> Any:
    """``plan`` has the sum so far as ``upto``."""
    import polars as pl

    plan = plan.with_columns(before=pl.col("upto") - pl.col("in_scope"))
    for layer in LAYERS:
        plan = plan.with_columns(
            _expression(layer, pl.col("upto")).alias("paid_upto"),
            _expression(layer, pl.col("before")).alias("paid_before"),
        )
        plan = plan.with_columns(
            (pl.col("paid_upto") - pl.col("paid_before")).alias(layer.fund),
            upto=pl.col("upto") - pl.col("paid_upto"),
            before=pl.col("before") - pl.col("paid_before"),
        )
    return plan.select("sequence", *FUNDS)


def polars_collapsed(frame: Any) -> Any:
    """One sum over person in all."""
    import polars as pl

    return _collapsed(frame.with_columns(upto=pl.col("in_scope").cum_sum().over("person")))


def polars_without_groups(frame: Any) -> Any:
    """No grouping at all: on rows that lie in order, a sum over everything less what it was where the person began."""
    import polars as pl

    every = pl.col("in_scope").cum_sum()
    begins = pl.col("person") != pl.col("person").shift(1, fill_value=-1)
    start = pl.when(begins).then(every - pl.col("in_scope")).forward_fill()
    return _collapsed(frame.with_columns(upto=every - start))


def open_polars(given: Claims, order: npt.NDArray[np.int64] | None = None) -> Any:
    """The claims as a data frame, in the order given; one that lies in order says so."""
    import polars as pl

    columns = {"person": given.person, "sequence": given.sequence, "in_scope": given.in_scope}
    if order is not None:
        return pl.DataFrame({name: values[order] for name, values in columns.items()})
    return pl.DataFrame(columns).with_columns(pl.col("person").set_sorted())


def settle_polars(frame: Any, plan: Callable[[Any], Any], *, ordered: bool) -> Any:
    """Run the plan; rows that do not lie in order are sorted first."""
    lazy = frame.lazy() if ordered else frame.lazy().sort("person", "sequence")
    return plan(lazy).collect()


def by_sequence(table: Any) -> Paid:
    """A peer's payments in the order of the claims."""
    columns = {name: table[name].to_numpy() for name in ("sequence", *FUNDS)}
    order = np.argsort(columns["sequence"], kind="stable")
    return tuple(columns[fund][order] for fund in FUNDS)  # type: ignore[return-value]
