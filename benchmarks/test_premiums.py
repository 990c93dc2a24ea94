"""Premiums of a made-up region and year held against what is due, beside DuckDB's ``COPY`` of everything that is read and written.

``QINGSUAN_BENCH_PEOPLE`` says for how many people (5 million).
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from measuring import QINGSUAN, ROUNDS, WORKERS, Cost, Report, measured
from premium_worlds import RULE
from qingsuan.columns.cells import decimals
from settling import install

PEOPLE = int(os.environ.get("QINGSUAN_BENCH_PEOPLE", "5000000"))
COUNTIES = ("990101", "990102")
FIRST = 18_993  # 2022-01-01
HOOK = """\
from importlib.resources import files
from qingsuan import Pool, Region, hookimpl

@hookimpl
def qingsuan_region():
    pools = (Pool("990100", "one", ("9901",)),)
    return Region("990000", "made up", pools, premiums=files(__name__) / "rules")
"""

COPY = """
import sys
import duckdb
connection = duckdb.connect()
connection.execute("set threads = 2; set memory_limit = '2GB'")
for number, files in enumerate(sys.argv[2:]):
    connection.execute(f"copy (select * from '{files}') to '{sys.argv[1]}{number}.parquet' (format parquet)")
"""


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Insured people, each with a payment, and identities of a tenth of them, all in no order; made up."""
    folder = tmp_path_factory.mktemp("premiums")
    dice = np.random.default_rng(1)
    ids = pa.array(np.char.add("P", np.char.zfill(np.arange(PEOPLE).astype(str), 11)))

    def days(numbers: np.ndarray) -> pa.Array:
        return pa.array(numbers.astype(np.int32)).view(pa.date32())

    def one_of(texts: tuple[str, ...], rows: int) -> pa.Array:
        return pa.array(texts).take(pa.array(dice.integers(0, len(texts), rows)))

    some = PEOPLE // 10
    tables = {
        "insured": {
            "psn_no": ids.take(pa.array(dice.permutation(PEOPLE))),
            "insutype": one_of(("390",), PEOPLE),
            "insu_admdvs": one_of(COUNTIES, PEOPLE),
            "begndate": days(np.full(PEOPLE, FIRST)),
        },
        "premiums": {
            "psn_no": ids.take(pa.array(dice.permutation(PEOPLE))),
            "insutype": one_of(("390",), PEOPLE),
            "year": pa.array(np.full(PEOPLE, 2022)),
            "psn_clct_amt": decimals(dice.choice([32_000, 28_000, 36_000], PEOPLE).astype(np.int64)).cast(
                pa.decimal128(16, 2)
            ),
            "intsury_time": days(dice.integers(FIRST - 100, FIRST + 100, PEOPLE)),
        },
        "identities": {
            "psn_no": ids.take(pa.array(dice.integers(0, PEOPLE, some))),
            "psn_idet_type": one_of(("2303", "2304", "7202", "9101"), some),
            "begntime": days(np.full(some, FIRST)),
        },
    }
    for name, columns in tables.items():
        pq.write_table(pa.table(columns), folder / f"{name}.parquet", row_group_size=500_000)
    return folder


def test_premiums(report: Report, year: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By turns: the run, and DuckDB's copy of its inputs and of its output."""
    pytest.importorskip("duckdb")
    install(tmp_path / "site", HOOK, RULE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    files = {name: str(year / f"{name}.parquet") for name in ("insured", "premiums", "identities")}
    out = tmp_path / "run"
    command = [
        *QINGSUAN,
        "premium",
        files["insured"],
        "--premiums",
        files["premiums"],
        "--identities",
        files["identities"],
    ]
    command += ["--year", "2022", "--out", str(out), "--overwrite", "--workers", WORKERS, "--json"]
    written = [str(out / name / "*.parquet") for name in ("premiums", "carried")]
    copy = [sys.executable, "-c", COPY, str(tmp_path / "copy"), *files.values(), *written]
    costs: dict[str, list[Cost]] = {"premium": [], "copy": []}
    for _ in range(ROUNDS):
        costs["premium"].append(measured(tuple(command), tmp_path))
        costs["copy"].append(measured(tuple(copy), tmp_path))
    best = {name: min(found) for name, found in costs.items()}
    told = json.loads(best["premium"].output)
    names = {"premium": "**qingsuan premium**", "copy": "DuckDB COPY of what it reads and writes"}
    rows = [best[name].row(called, best["copy"]) for name, called in names.items()]
    title = f"premiums of {told['rows']['in']:,} people with {WORKERS} workers, best of {ROUNDS} rounds by turns"
    report.table(title, ["what", "seconds", "/ COPY", "CPU seconds", "/ COPY", "peak memory, GB"], rows)
    assert told["received"]["in"] == PEOPLE
    assert told["heads"] == PEOPLE
