"""Clearing of two thousand institutions beside DuckDB: its ``COPY`` of the settled rows, and the same clearing written in its SQL.

``QINGSUAN_BENCH_CLAIMS`` says how many settled claims (5 million; 20 million come of the same run, again and again).
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from clearing_year import spread_claims, write_contracts
from measuring import CLAIMS, QINGSUAN, ROUNDS, WORKERS, Cost, Report, measured
from test_whole_run import COPY, make_sample, settle_command

RUN = 5_000_000
"""A run of no more claims than that is made, and spread."""


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Claims, cases and contracts of a made-up year."""
    folder = tmp_path_factory.mktemp("clearing")
    sample = make_sample(folder / "sample", min(CLAIMS, RUN))
    told = measured(settle_command(sample, folder / "run"), folder)
    shutil.rmtree(sample)
    spread_claims(folder / "run" / "settled", folder / "year", CLAIMS)
    write_contracts(folder / "year", json.loads(told.output)["year"])
    shutil.rmtree(folder / "run")
    return folder / "year"


def test_clearing(report: Report, year: Path, tmp_path: Path) -> None:
    """By turns: the run, DuckDB's copy, DuckDB's SQL; every contract of both must be equal to the fen."""
    pytest.importorskip("duckdb")
    out, peer = tmp_path / "run", tmp_path / "peer"
    peer.mkdir()
    year_of = pq.read_table(next((year / "claims").glob("*.parquet")), columns=["benefit_date"])["benefit_date"][0]
    command = [*QINGSUAN, "clear", str(year / "claims"), "--cases", str(year / "cases"), "--json", "--overwrite"]
    command += ["--contracts", str(year / "contracts"), "--year", str(year_of.as_py().year)]
    commands = {
        "clear": (*command, "--out", str(out), "--workers", WORKERS),
        "copy": (sys.executable, "-c", COPY, str(year / "claims"), str(tmp_path / "copy.parquet")),
        "sql": (sys.executable, str(Path(__file__).with_name("clearing_duckdb.py")), str(year), str(peer)),
    }
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, one in commands.items():
            costs[name].append(measured(one, tmp_path))
    best = {name: min(found) for name, found in costs.items()}
    told = json.loads(best["clear"].output)
    names = {"clear": "**qingsuan clear**", "copy": "DuckDB COPY of the settled rows", "sql": "DuckDB SQL, unchecked"}
    rows = [best[name].row(called, best["copy"]) for name, called in names.items()]
    rows += [[f"clear: {stage}", f"{seconds:.2f}", "", "", "", ""] for stage, seconds in told["seconds"].items()]
    claims, contracts = told["rows"]["settled"]["in"], told["rows"]["contracts"]["in"]
    title = f"clearing of {claims:,} settled claims by {contracts:,} contracts, {WORKERS} workers, best of {ROUNDS} rounds by turns"
    report.table(title, ["what", "seconds", "/ COPY", "CPU seconds", "/ COPY", "peak memory, GB"], rows)
    assert told["rows"]["settled"]["cleared"] == claims
    assert cleared(out / "clearing") == cleared(peer / "clearing.parquet")
    assert best["clear"].peak <= 2 << 30


def cleared(place: Path) -> dict[tuple[str, ...], tuple[object, ...]]:
    """What stands of each contract: claims, standard, what is to be paid."""
    names = ("fixmedins_code", "pool", "insutype", "clr_type", "terms")
    rows = pq.read_table(place).to_pylist()
    return {tuple(row[name] for name in names): (row["psntime"], row["standard"], row["clearing"]) for row in rows}
