"""DuckDB's windows and Polars' expressions are oracles for the core: three layers, every row, to the fen.

They need duckdb and polars (the extra ``bench``); ``make bench`` compares the same on millions of claims.
"""

from __future__ import annotations

import numpy as np
import pytest

import peers
import three_layers
from qingsuan.benefits.core.core import Core

COUNT = 20_000


@pytest.fixture(scope="module")
def given() -> three_layers.Claims:
    return three_layers.claims(COUNT, seed=11)


@pytest.fixture(scope="module")
def due(given: three_layers.Claims) -> peers.Paid:
    core = Core(three_layers.program().tables)
    return peers.paid_by_core(peers.settle_core(core, peers.cut_for_core(given, 1)))


def same(found: peers.Paid, expected: peers.Paid) -> bool:
    return all(np.array_equal(ours, theirs) for ours, theirs in zip(found, expected, strict=True))


def test_every_layer_is_put_to_the_test(given: three_layers.Claims, due: peers.Paid) -> None:
    """Some claims get nothing from a layer, and some people use up its cap."""
    for layer, paid in zip(three_layers.LAYERS, due, strict=True):
        by_person = np.bincount(given.person, paid).astype(np.int64)
        assert paid.min() == 0
        assert by_person.max() == layer.cap_fen
        assert len(np.unique(paid)) > COUNT // 100


def test_cut_between_people_the_core_pays_the_same(given: three_layers.Claims, due: peers.Paid) -> None:
    core = Core(three_layers.program().tables)
    assert same(peers.paid_by_core(peers.settle_core(core, peers.cut_for_core(given, 2))), due)


@pytest.mark.parametrize("query", [peers.sql_nested, peers.sql_collapsed])
def test_duckdb_agrees(given: three_layers.Claims, due: peers.Paid, query: object) -> None:
    pytest.importorskip("duckdb")
    assert callable(query)
    with peers.open_duckdb(given, np.random.default_rng(3).permutation(COUNT)) as connection:
        assert same(peers.by_sequence(peers.settle_duckdb(connection, query())), due)


@pytest.mark.parametrize("plan", [peers.polars_nested, peers.polars_collapsed, peers.polars_without_groups])
@pytest.mark.parametrize("ordered", [True, False])
def test_polars_agrees(given: three_layers.Claims, due: peers.Paid, plan: object, ordered: bool) -> None:
    pytest.importorskip("polars")
    assert callable(plan)
    frame = peers.open_polars(given, None if ordered else np.random.default_rng(3).permutation(COUNT))
    assert same(peers.by_sequence(peers.settle_polars(frame, plan, ordered=ordered)), due)
