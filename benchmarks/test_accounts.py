"""A year of personal accounts, Parquet in to run folder out, beside DuckDB copying what it reads and what it writes, by turns.

``QINGSUAN_BENCH_PEOPLE`` says of how many people (1 million unless set), each with twelve months of contribution and one use;
every second one pays for a registered relative now and then. They are made up, and settled by Jilin's rules.
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

from measuring import QINGSUAN, ROUNDS, WORKERS, Report, measured
from qingsuan.columns.cells import decimals

PEOPLE = int(os.environ.get("QINGSUAN_BENCH_PEOPLE", "1000000"))
MEMORY_BYTES = 2 << 30
STEP = 250_000
IN, OUT = ("insured", "months", "uses", "families"), ("ledger", "uses", "balances")
COPY = """
import duckdb, sys
connection = duckdb.connect(config={"threads": 2})
for path in sys.argv[2:]:
    connection.execute(f"COPY (SELECT * FROM read_parquet('{path}')) TO '{sys.argv[1]}' (FORMAT parquet, COMPRESSION zstd)")
"""


def ids(numbers: np.ndarray) -> pa.Array:
    return pa.array([f"2201000000{number:010d}" for number in numbers.tolist()])


def people_of(numbers: np.ndarray, random: np.random.Generator) -> tuple[pa.Table, pa.Table]:
    count, psn_no = len(numbers), ids(numbers)
    insured = pa.table(
        {
            "psn_no": psn_no,
            "insutype": pa.array(["310"] * count),
            "insu_admdvs": pa.array(["220102", "220203"]).take(pa.array(random.integers(0, 2, count))),
            "psn_type": pa.array(["1101", "1201"]).take(pa.array((random.random(count) < 0.3).astype(np.int8))),
            "begndate": pa.array(np.full(count, 18_262, np.int32), pa.date32()),
            "acct_mode": pa.array(["1"] * count),
            "acct_balc": decimals(random.integers(0, 300_000, count)).cast(pa.decimal128(16, 2)),
        }
    )
    months = pa.table(
        {
            "psn_no": psn_no.take(pa.array(np.repeat(np.arange(count), 12))),
            "month": pa.array([f"2023-{month:02d}" for month in range(1, 13)] * count),
            "cntr_base": decimals(np.repeat(random.integers(300_000, 1_500_000, count), 12)).cast(pa.decimal128(16, 2)),
        }
    )
    return insured, months


def uses_of(numbers: np.ndarray, random: np.random.Generator) -> tuple[pa.Table, pa.Table]:
    count = len(numbers)
    psn_no = ids(np.where(random.random(count) < 0.2, numbers ^ 1, numbers))
    uses = pa.table(
        {
            "psn_no": psn_no,
            "payer_psn_no": ids(numbers),
            "date": pa.array(random.integers(19_358, 19_723, count).astype(np.int32), pa.date32()),
            "use": pa.array(["care", "pharmacy"]).take(pa.array(random.integers(0, 2, count))),
            "amount": decimals(random.integers(100, 30_000, count)).cast(pa.decimal128(16, 2)),
            "setl_id": ids(numbers),
        }
    )
    pairs = numbers[::2]
    families = pa.table({"psn_no": ids(pairs), "member_psn_no": ids(pairs + 1), "relation": ["spouse"] * len(pairs)})
    return uses, families


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder, random = tmp_path_factory.mktemp("accounts"), np.random.default_rng(7)
    paths = {name: folder / f"{name}.parquet" for name in IN}
    writers: dict[str, pq.ParquetWriter] = {}
    for start in range(0, PEOPLE, STEP):
        numbers = np.arange(start, min(PEOPLE, start + STEP))
        for name, table in zip(IN, (*people_of(numbers, random), *uses_of(numbers, random)), strict=True):
            if name not in writers:
                writers[name] = pq.ParquetWriter(paths[name], table.schema, compression="zstd")
            writers[name].write_table(table)
    for writer in writers.values():
        writer.close()
    return paths


def test_accounts(report: Report, year: dict[str, Path], tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    out = tmp_path / "run"
    tables = [option for name in IN[1:] for option in (f"--{name}", str(year[name]))]
    command = (*QINGSUAN, "account", str(year["insured"]), *tables, "--year", "2023", "--workers", WORKERS)
    command += ("--out", str(out), "--overwrite", "--json")
    copied = [*(str(path) for path in year.values()), *(f"{out}/{name}/*.parquet" for name in OUT)]
    runs, copies = [], []
    for _ in range(ROUNDS):  # by turns, so that whatever else the machine does meets both
        runs.append(measured(command, tmp_path))
        copies.append(measured((sys.executable, "-c", COPY, str(tmp_path / "copy.parquet"), *copied), tmp_path))
    run, copy = min(runs), min(copies)
    record = json.loads(run.output)
    rows = [["run: " + name, f"{taken:.2f}", "", "", "", ""] for name, taken in record["seconds"].items()]
    rows += [run.row("**whole command**", copy), copy.row("DuckDB COPY of what it reads and writes", copy)]
    title = f"personal accounts of {PEOPLE:,} people, {WORKERS} workers, best of {ROUNDS} rounds by turns"
    report.table(title, ["stage", "seconds", "/ COPY", "CPU seconds", "/ COPY", "peak memory, GB"], rows)
    assert record["accounts"] == PEOPLE
    assert run.peak <= MEMORY_BYTES
