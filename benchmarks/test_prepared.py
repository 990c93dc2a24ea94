"""A year prepared once: what it costs to prepare, to settle from there, and to add a month, beside the run that does all at once.

``QINGSUAN_BENCH_CLAIMS`` and ``QINGSUAN_BENCH_SAMPLE`` mean what they mean for the whole run.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from measuring import QINGSUAN, ROUNDS, WORKERS, Cost, Report, measured
from test_whole_run import COPY, assert_complete, sample, settle_command

__all__ = ["sample"]


def test_a_prepared_year(report: Report, sample: Path, tmp_path: Path) -> None:
    """By turns: DuckDB's copy, the run of the files, the preparation, the run of the prepared year."""
    pytest.importorskip("duckdb")
    copy = (sys.executable, "-c", COPY, str(sample / "claims"), str(tmp_path / "copy.parquet"))
    costs: dict[str, list[Cost]] = {name: [] for name in ("copy", "settle", "prepare", "from year", "both")}
    for _ in range(ROUNDS):
        shutil.rmtree(tmp_path / "year", ignore_errors=True)
        costs["copy"].append(measured(copy, tmp_path))
        costs["settle"].append(measured(settle_command(sample, tmp_path / "run"), tmp_path))
        costs["prepare"].append(measured(prepare_command(sample, [sample / "claims"], tmp_path / "year"), tmp_path))
        costs["from year"].append(measured(from_year(sample, tmp_path), tmp_path))
        one, other = costs["prepare"][-1], costs["from year"][-1]
        both = Cost(one.seconds + other.seconds, one.cpu + other.cpu, max(one.peak, other.peak), other.output)
        costs["both"].append(both)
    best = {name: min(found) for name, found in costs.items()}
    names = {
        "settle": "settle CLAIMS",
        "prepare": "prepare CLAIMS",
        "from year": "**settle YEAR**",
        "both": "prepare, then settle YEAR",
        "copy": "DuckDB COPY of the claims",
    }
    rows = [best[name].row(called, best["copy"]) for name, called in names.items()]
    ratio = best["both"].seconds / best["settle"].seconds
    rows.append(["prepare, then settle YEAR / settle CLAIMS", f"{ratio:.2f}", "", "", "", ""])
    told = json.loads(best["from year"].output)
    for stage, seconds in told["seconds"].items():
        rows.append([f"settle YEAR: {stage}", f"{seconds:.2f}", "", "", "", ""])
    title = f"a prepared year of {told['rows']['in']:,} claims with {WORKERS} workers, best of {ROUNDS} rounds by turns"
    report.table(title, ["what", "seconds", "/ COPY", "CPU seconds", "/ COPY", "peak memory, GB"], rows)
    assert_complete(told["rows"])
    assert told["rows"] == json.loads(best["settle"].output)["rows"]


def test_a_month_is_added(report: Report, sample: Path, tmp_path: Path) -> None:
    """The last twelfth of the claims added to the rest, beside all twelve prepared at once."""
    claims = pq.read_table(sample / "claims").sort_by("setl_time")
    rest = claims.num_rows - claims.num_rows // 12
    pq.write_table(claims.slice(0, rest), tmp_path / "rest.parquet", row_group_size=122_880)
    pq.write_table(claims.slice(rest), tmp_path / "month.parquet", row_group_size=122_880)
    whole, added = [], []
    for _ in range(ROUNDS):
        for year in ("whole", "year"):
            shutil.rmtree(tmp_path / year, ignore_errors=True)
        parts = [tmp_path / "rest.parquet", tmp_path / "month.parquet"]
        whole.append(measured(prepare_command(sample, parts, tmp_path / "whole"), tmp_path))
        measured(prepare_command(sample, parts[:1], tmp_path / "year"), tmp_path)
        command = (
            *QINGSUAN,
            "prepare",
            str(parts[1]),
            "--add",
            "--year",
            year_of(sample),
            "--out",
            str(tmp_path / "year"),
        )
        added.append(measured(command, tmp_path))
    unit = min(whole)
    rows = [unit.row("prepare twelve months", unit), min(added).row("prepare --add of the twelfth", unit)]
    title = f"a month added, {claims.num_rows:,} claims, best of {ROUNDS} rounds by turns"
    report.table(title, ["what", "seconds", "/ first", "CPU seconds", "/ first", "peak memory, GB"], rows)


def year_of(sample: Path) -> str:
    return str(json.loads((sample / "sample.json").read_text("utf-8"))["year"])


def prepare_command(sample: Path, claims: list[Path], out: Path) -> tuple[str, ...]:
    return (
        *(*QINGSUAN, "prepare", *map(str, claims), "--insured", str(sample / "insured.parquet")),
        *("--identities", str(sample / "identities.parquet"), "--year", year_of(sample), "--workers", WORKERS),
        *("--out", str(out)),
    )


def from_year(sample: Path, folder: Path) -> tuple[str, ...]:
    command = (*QINGSUAN, "settle", str(folder / "year"), "--year", year_of(sample), "--workers", WORKERS)
    return (*command, "--out", str(folder / "from-year"), "--overwrite", "--json")
