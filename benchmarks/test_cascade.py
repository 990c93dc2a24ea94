"""The full cascade, Parquet in to Parquet out: the engine, DuckDB and Polars by turns, equal to the fen or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

import cascade
from measuring import CLAIMS, ROUNDS, WORKERS, Cost, Report, measured

PEERS = ("duckdb", "polars")
WITH = {
    cascade.NO_CEILING: "rules that running sums can express",
    cascade.CEILING: "with a ceiling of 90 % over all layers",
}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cascade.make_sample(tmp_path_factory.mktemp("cascade") / "sample", CLAIMS)


@pytest.mark.parametrize("ceiling", [cascade.NO_CEILING, cascade.CEILING], ids=["running-sums", "ceiling"])
def test_full_cascade(report: Report, sample: Path, tmp_path: Path, ceiling: int) -> None:
    for peer in PEERS:
        pytest.importorskip(peer)
    environment = cascade.environment(cascade.install(tmp_path / "site", ceiling))
    costs: dict[str, list[Cost]] = {"qingsuan": [], **{peer: [] for peer in PEERS}}
    for _ in range(ROUNDS):  # by turns, so that whatever else the machine does meets all
        command = cascade.engine_command(sample, tmp_path / "qingsuan", int(WORKERS))
        costs["qingsuan"].append(measured(command, tmp_path, environment))
        for peer in PEERS:
            command = cascade.peer_command(peer, sample, tmp_path / peer, int(WORKERS), ceiling)
            costs[peer].append(measured(command, tmp_path))
    for peer in PEERS:
        assert not list(cascade.differences(tmp_path / "qingsuan", tmp_path / peer)), peer
    ours = min(costs["qingsuan"])
    rows = [min(costs[name]).row(name, ours) for name in costs]
    counts = ", ".join(f"{count:,} {table}" for table, count in cascade.count_rows(tmp_path / "qingsuan").items())
    title = f"full cascade, {counts}; {WITH[ceiling]}; {WORKERS} threads each, best of {ROUNDS} rounds by turns"
    report.table(title, ["", "seconds", "/ ours", "CPU seconds", "/ ours", "peak memory, GB"], rows)
