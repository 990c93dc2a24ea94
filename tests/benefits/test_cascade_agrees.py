"""The full cascade in DuckDB's SQL and in Polars' expressions is an oracle for a whole run: every row, every column, to the fen.

They need duckdb and polars (the extra ``bench``); ``make bench-cascade`` compares the same on millions of claims.
"""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import cascade

COUNT = 20_000
CODES = {
    *(
        "E_MISSING",
        "E_FORM",
        "E_CODE",
        "E_RANGE",
        "E_NEGATIVE",
        "E_COMPOSITION",
        "E_DATE",
        "E_POOL",
        "E_DUPLICATE",
        "E_PERSON",
    ),
    *("E_REVERSAL_ORPHAN", "E_REVERSAL_MISMATCH", "E_NO_RULE"),
}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cascade.make_sample(tmp_path_factory.mktemp("cascade") / "sample", COUNT, seed=11)


def settled_by_the_engine(sample: Path, folder: Path, ceiling: int) -> Path:
    environment = os.environ | cascade.environment(cascade.install(folder / "site", ceiling))
    command = cascade.engine_command(sample, folder / "run")
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return folder / "run"


@pytest.fixture(scope="module")
def ours(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return settled_by_the_engine(sample, tmp_path_factory.mktemp("ours"), cascade.NO_CEILING)


@pytest.fixture(scope="module")
def ours_under_a_ceiling(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return settled_by_the_engine(sample, tmp_path_factory.mktemp("ceiling"), cascade.CEILING)


def read(folder: Path, table: str) -> pa.Table:
    return pa.concat_tables([pq.read_table(path) for path in sorted((folder / table).glob("part-*.parquet"))])


def test_every_part_of_the_cascade_is_put_to_the_test(ours: Path) -> None:
    """Every layer, the account and every rule pays somewhere, caps are reached, and every rejection occurs."""
    settled = read(ours, "settled")
    for name in ("hifp_pay", "hifmi_pay", "maf_pay", "acct_pay", "act_pay_dedc"):
        assert pc.sum(pc.greater(settled.column(name), Decimal(0))).as_py() > COUNT // 1000, name
    assert len(pc.unique(settled.column("rule_id"))) == 8
    chronic = settled.filter(pc.equal(settled.column("rule_id"), "990100/390/2021-01-01:outpatient"))
    assert pc.max(chronic.group_by("psn_no").aggregate([("hifp_pay", "sum")]).column("hifp_pay_sum")).as_py() == 600
    assert set(Counter(read(ours, "rejected").column("code").to_pylist())) == CODES
    assert len(read(ours, "reversed")) > COUNT // 500


@pytest.mark.parametrize("peer", ["duckdb", "polars"])
def test_a_peer_agrees_on_every_row(sample: Path, ours: Path, tmp_path: Path, peer: str) -> None:
    pytest.importorskip("duckdb")
    pytest.importorskip(peer)
    subprocess.run(cascade.peer_command(peer, sample, tmp_path), check=True, capture_output=True)
    assert cascade.count_rows(tmp_path) == cascade.count_rows(ours)
    assert list(cascade.differences(ours, tmp_path)) == []


@pytest.mark.parametrize("peer", ["duckdb", "polars"])
def test_a_peer_agrees_under_a_ceiling(
    sample: Path, ours: Path, ours_under_a_ceiling: Path, tmp_path: Path, peer: str
) -> None:
    pytest.importorskip("duckdb")
    pytest.importorskip(peer)
    command = cascade.peer_command(peer, sample, tmp_path, ceiling=cascade.CEILING)
    subprocess.run(command, check=True, capture_output=True)
    assert list(cascade.differences(ours_under_a_ceiling, tmp_path)) == []
    assert list(cascade.differences(ours, tmp_path)) != []


def test_one_fen_would_be_seen(sample: Path, ours: Path, tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    for table in ("settled", "reversed", "rejected"):
        (tmp_path / table).mkdir()
        rows = read(ours, table)
        if table == "settled":
            place = rows.column_names.index("maf_pay")
            more = pa.array([Decimal("0.01")] + [Decimal(0)] * (len(rows) - 1), pa.decimal128(16, 2))
            changed = pc.add(rows.column("maf_pay").combine_chunks(), more).cast(pa.decimal128(16, 2))
            rows = rows.set_column(place, "maf_pay", changed)
        pq.write_table(rows, tmp_path / table / "part-0.parquet")
    found = list(cascade.differences(ours, tmp_path))
    assert len(found) == 2
    assert all(one.startswith("settled") for one in found)
