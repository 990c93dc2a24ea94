"""The same year on a cluster and locally: the same files. ``QINGSUAN_SPARK_CLAIMS`` says how many claims, about."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from qingsuan.benefits.settlement import TABLES, Benefits
from qingsuan.cli.options.engines import engine_of
from qingsuan.errors import InputError
from qingsuan.run.folder import RunFolder
from qingsuan.run.inputs import open_sources
from qingsuan.run.model import Inputs, Options, Progress
from qingsuan.run.setting_up import set_up
from qingsuan.run.settle import settle
from qingsuan.sample import make_year
from qingsuan.selftest import YEAR, differences
from spark_cluster import Cluster

CLAIMS = int(os.environ.get("QINGSUAN_SPARK_CLAIMS", "60000"))
LARGE = 1_000_000
PARTITIONS = 12 if CLAIMS < LARGE else 40
QINGSUAN = [sys.executable, "-c", "from qingsuan.cli import main; main()"]
pytestmark = pytest.mark.filterwarnings("default")  # what Spark warns of is not ours


@pytest.fixture(scope="session")
def year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("year")
    people = int(CLAIMS / 2.6)
    make_year(folder / "year", people=people, seed=5, year=YEAR, bad_rows=people // 500, files=6)
    settle_year(folder, "local", "--workers", "2")
    return folder


def command(folder: Path, out: str, *more: str) -> subprocess.CompletedProcess[str]:
    """Run the public command."""
    sample = folder / "year"
    inputs = [sample / "claims", "--insured", sample / "insured.parquet", "--identities", sample / "identities.parquet"]
    rest = ["--year", str(YEAR), "--partitions", str(PARTITIONS), "--out", folder / out, "--json", *more]
    return subprocess.run([*QINGSUAN, "settle", *inputs, *rest], capture_output=True, text=True, check=False)


def settle_year(folder: Path, out: str, *more: str) -> None:
    """The public command, which must succeed."""
    since = time.monotonic()
    ran = command(folder, out, *more)
    assert ran.returncode == 0, ran.stderr[-4000:]
    record = json.loads(ran.stdout)
    print(f"{out}: {record['rows']} in {time.monotonic() - since:.1f} s: {record['seconds']}")  # noqa: T201


def test_the_engine_passes_its_selftest(spark: Cluster) -> None:
    ran = subprocess.run(
        [*QINGSUAN, "engine-selftest", "--engine", "spark", "--spark-master", spark.master],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-4000:]
    assert re.search(r"engine spark: \d+ files .* byte for byte", ran.stdout)


def test_a_cluster_gives_the_local_files(spark: Cluster, year: Path) -> None:
    settle_year(year, "spark", "--engine", "spark", "--spark-master", spark.master)
    assert differences(year / "local", year / "spark") == []


class Kills(Progress):
    """Kills an executor when everything has been read, half of it by this one; or, of a large year, amid settling."""

    def __init__(self, spark: Cluster) -> None:
        self.spark, self.killed, self.stages, self.left = spark, 0, 0, 0

    def stage(self, name: str, total: int) -> None:
        self.stages, self.left = self.stages + 1, total
        if self.stages == 2 and CLAIMS < LARGE:
            self.kill()

    def step(self, count: int = 1) -> None:
        self.left -= count
        if self.stages == 2 and not self.killed:
            self.kill()

    def kill(self) -> None:
        assert self.left, "too late to be in the middle"
        assert len(self.spark.executors()) == 2
        self.killed = self.spark.kill_executor()


def test_an_executor_killed_in_the_middle_changes_nothing(spark: Cluster, year: Path) -> None:
    setup, installed = set_up(YEAR)
    sample, kills = year / "year", Kills(spark)
    inputs = Inputs(
        {
            "claims": open_sources([sample / "claims"], "claims"),
            "insured": open_sources([sample / "insured.parquet"], "insured"),
            "identities": open_sources([sample / "identities.parquet"], "identities"),
        }
    )
    engine = engine_of("spark", spark.master, Benefits(setup), installed)
    folder = RunFolder(year / "killed", TABLES)
    record = settle(Benefits(setup), inputs, folder, Options(partitions=PARTITIONS), installed, kills, engine)
    assert kills.killed
    print(f"executor {kills.killed} killed: {record['seconds']}")  # noqa: T201
    assert differences(year / "local", year / "killed") == []


def test_what_a_worker_finds_ends_the_command_as_it_would_locally(spark: Cluster, tmp_path: Path) -> None:
    make_year(tmp_path / "year", people=50, seed=1, year=YEAR)
    path = next((tmp_path / "year" / "claims").iterdir())
    data = bytearray(path.read_bytes())
    data[40:400] = bytes(360)
    path.write_bytes(data)
    ran = command(tmp_path, "out", "--engine", "spark", "--spark-master", spark.master)
    assert ran.returncode == InputError.exit_status, ran.stderr[-4000:]
    assert f"{path.name}: cannot be read from row 1 on" in ran.stderr
    assert not (tmp_path / "out").exists()
