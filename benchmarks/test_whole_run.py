"""A whole run, Parquet in to run folder out, beside DuckDB copying the same file, in the same minutes.

``QINGSUAN_BENCH_CLAIMS`` says how many claims (5 million unless set); ``QINGSUAN_BENCH_SAMPLE`` names a folder that
``qingsuan sample`` made, to be used instead of a new one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from measuring import CLAIMS, ROUNDS, Report

CLAIMS_PER_PERSON = 2.68
WORKERS = "2"
QINGSUAN = (sys.executable, "-c", "from qingsuan.cli import main; main()")
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
from qingsuan.cli.settle import prepare
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


MEASURE = """
import json, os, subprocess, sys, time
begin = time.perf_counter()
with subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
print(json.dumps([process.returncode, time.perf_counter() - begin, usage.ru_maxrss / 1e6, output]))
"""


def measured(command: tuple[str, ...]) -> tuple[float, float, str]:
    """Seconds, peak resident memory in GB, and output of a command; it has one process, which the system accounts for.

    A small process starts it: one that is forked by this large one would be charged with this one's memory.
    """
    told = subprocess.run([sys.executable, "-c", MEASURE, *command], check=True, capture_output=True, text=True)
    status, seconds, peak, output = json.loads(told.stdout)
    assert status == 0, f"{command[:4]} ended with {status}"
    return seconds, peak, output


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    given = os.environ.get("QINGSUAN_BENCH_SAMPLE")
    if given:
        return Path(given)
    folder = tmp_path_factory.mktemp("whole") / "sample"
    people = str(round(CLAIMS / CLAIMS_PER_PERSON))
    subprocess.run([*QINGSUAN, "sample", folder, "--people", people, "--seed", "7"], check=True, capture_output=True)
    return folder


def test_whole_run(report: Report, sample: Path, tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    settle = (
        *(*QINGSUAN, "settle", str(sample / "claims"), "--insured", str(sample / "insured.parquet")),
        *("--identities", str(sample / "identities.parquet"), "--year", "2021", "--workers", WORKERS),
        *("--out", str(tmp_path / "run"), "--overwrite", "--json"),
    )
    copy = (sys.executable, "-c", COPY, str(sample / "claims"), str(tmp_path / "copy.parquet"))
    runs, copies = [], []
    for _ in range(ROUNDS):  # by turns, so that whatever else the machine does meets both
        copies.append(measured(copy))
        runs.append(measured(settle))
    seconds, memory, output = min(runs)
    record = json.loads(output)
    copy_seconds, copy_memory, _ = min(copies)
    set_up = json.loads(measured((sys.executable, "-c", SET_UP))[2])
    rows = [["set up: " + name, f"{taken:.2f}", "", ""] for name, taken in set_up.items()]
    rows += [["run: " + name, f"{taken:.2f}", "", ""] for name, taken in record["seconds"].items()]
    rows.append(["**whole command**", f"{seconds:.2f}", f"{seconds / copy_seconds:.1f}", f"{memory:.2f}"])
    rows.append(["DuckDB COPY of the claims", f"{copy_seconds:.2f}", "1.0", f"{copy_memory:.2f}"])
    title = f"whole run, {record['rows']['in']:,} claims with {WORKERS} workers, best of {ROUNDS} rounds by turns"
    report.table(title, ["stage", "seconds", "/ COPY", "peak memory, GB"], rows)
    counts = record["rows"]
    assert counts["settled"] + counts["reversed"] + counts["rejected"] == counts["in"]
