"""A whole run, Parquet in to run folder out, beside DuckDB copying the same file, in the same minutes.

``QINGSUAN_BENCH_CLAIMS`` says how many claims (5 million unless set); ``QINGSUAN_BENCH_SAMPLE`` names a folder that
``qingsuan sample`` made, to be used instead of a new one. ``QINGSUAN_BENCH_LARGE`` adds a run of so many claims within
``QINGSUAN_BENCH_MEMORY`` (2GB unless set): what a claim costs there, and how much memory all processes take together.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from measuring import CLAIMS, CLAIMS_PER_PERSON, QINGSUAN, ROUNDS, WORKERS, Cost, Report, measured
from qingsuan.cli.options.sizes import Size

LARGE = int(os.environ.get("QINGSUAN_BENCH_LARGE", "0"))
MEMORY = os.environ.get("QINGSUAN_BENCH_MEMORY", "2GB")
COPY = """
import duckdb, sys
duckdb.connect(config={"threads": 2}).execute(
    f"COPY (SELECT * FROM read_parquet('{sys.argv[1]}/*.parquet')) TO '{sys.argv[2]}' (FORMAT parquet, COMPRESSION zstd)"
)
"""
SET_UP = """
import json, time
begin = time.perf_counter()
seconds = {}
def since(name):
    global begin
    seconds[name], begin = round(time.perf_counter() - begin, 3), time.perf_counter()
from qingsuan.run.setting_up import set_up
from qingsuan.benefits.setup import Setup
from qingsuan.plugins import load
from qingsuan.policy.reader import read_rule_sets
since("import")
installed = load()
since("plugins")
rule_sets = [rule_set for region in installed.regions for rule_set in read_rule_sets(region)]
since("read and check rules")
Setup(installed.regions, rule_sets, 2021, False)
since("compile")
print(json.dumps(seconds))
"""


def make_sample(folder: Path, claims: int) -> Path:
    people = str(round(claims / CLAIMS_PER_PERSON))
    subprocess.run([*QINGSUAN, "sample", folder, "--people", people, "--seed", "7"], check=True, capture_output=True)
    return folder


def settle_command(sample: Path, out: Path, memory: str | None = None) -> tuple[str, ...]:
    year = json.loads((sample / "sample.json").read_text("utf-8"))["year"]
    return (
        *(*QINGSUAN, "settle", str(sample / "claims"), "--insured", str(sample / "insured.parquet")),
        *("--identities", str(sample / "identities.parquet"), "--year", str(year), "--workers", WORKERS),
        *("--out", str(out), "--overwrite", "--json"),
        *(() if memory is None else ("--memory", memory)),
    )


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    given = os.environ.get("QINGSUAN_BENCH_SAMPLE")
    return Path(given) if given else make_sample(tmp_path_factory.mktemp("whole") / "sample", CLAIMS)


def test_whole_run(report: Report, sample: Path, tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    copy = (sys.executable, "-c", COPY, str(sample / "claims"), str(tmp_path / "copy.parquet"))
    runs, copies = [], []
    for _ in range(ROUNDS):  # by turns, so that whatever else the machine does meets both
        copies.append(measured(copy, tmp_path))
        runs.append(measured(settle_command(sample, tmp_path / "run"), tmp_path))
    run, copied = min(runs), min(copies)
    record = json.loads(run.output)
    set_up = json.loads(measured((sys.executable, "-c", SET_UP), tmp_path).output)
    rows = [["set up: " + name, f"{taken:.2f}", "", "", "", ""] for name, taken in set_up.items()]
    rows += [["run: " + name, f"{taken:.2f}", "", "", "", ""] for name, taken in record["seconds"].items()]
    rows.append(run.row("**whole command**", copied))
    rows.append(copied.row("DuckDB COPY of the claims", copied))
    title = f"whole run, {record['rows']['in']:,} claims with {WORKERS} workers, best of {ROUNDS} rounds by turns"
    report.table(title, ["stage", "seconds", "/ COPY", "CPU seconds", "/ COPY", "peak memory, GB"], rows)
    assert_complete(record["rows"])


@pytest.mark.skipif(not LARGE, reason="QINGSUAN_BENCH_LARGE does not say how many claims")
def test_memory_stays_within_bounds(report: Report, sample: Path, tmp_path: Path) -> None:
    """One run that is larger than the memory it may take, beside the usual one: what a claim costs in each."""
    usual = min(measured(settle_command(sample, tmp_path / "run"), tmp_path) for _ in range(ROUNDS))
    shutil.rmtree(tmp_path / "run")
    large = make_sample(tmp_path / "large", LARGE)
    run = measured(settle_command(large, tmp_path / "large-run", MEMORY), tmp_path)
    rows = [cost_of_a_claim(usual, usual), cost_of_a_claim(run, usual)]
    title = f"within bounds, {WORKERS} workers; the second run with --memory {MEMORY}"
    names = ["claims", "seconds", "µs a claim", "/ first", "CPU µs a claim", "/ first", "peak memory, GiB"]
    report.table(title, names, rows)
    assert_complete(json.loads(run.output)["rows"])
    assert run.peak <= Size().convert(MEMORY, None, None), "all processes together took more memory than --memory says"


def cost_of_a_claim(cost: Cost, unit: Cost) -> list[str]:
    """One row: both by the clock and by the CPU, and how many times those of ``unit``."""
    claims, per = (json.loads(one.output)["rows"]["in"] for one in (cost, unit))
    row = [f"{claims:,}", f"{cost.seconds:.1f}"]
    for taken, usual in ((cost.seconds, unit.seconds), (cost.cpu, unit.cpu)):
        row += [f"{taken / claims * 1e6:.2f}", f"{(taken / claims) / (usual / per):.2f}"]
    return [*row, f"{cost.peak / 2**30:.2f}"]


def assert_complete(rows: dict[str, int]) -> None:
    assert rows["settled"] + rows["reversed"] + rows["rejected"] == rows["in"]
