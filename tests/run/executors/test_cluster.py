"""A run in many processes, without any: the pieces, the checks where they arrive, and engines that must be refused."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import exchanges
from qingsuan.benefits.settlement import TABLES, Benefits
from qingsuan.errors import InputError, PluginError, RunError, UsageError
from qingsuan.plugins import allow_list, load
from qingsuan.run.executors.cluster import Cluster, Exchange
from qingsuan.run.executors.worker import fault_in, told
from qingsuan.run.folder import LEDGER, RunFolder
from qingsuan.run.inputs import open_sources
from qingsuan.run.model import Inputs, Options
from qingsuan.run.opening import open_opening
from qingsuan.run.restart.fingerprint import by_what
from qingsuan.run.setting_up import set_up
from qingsuan.run.settle import settle
from qingsuan.sample import make_year
from qingsuan.selftest import YEAR, differences, selftest
from settling import run


def through(kind: type[exchanges.InProcess]) -> Any:
    return lambda settlement, installed: Cluster(kind(), by_what(settlement, installed))


@pytest.mark.parametrize("kind", exchanges.GOOD)
def test_an_engine_that_keeps_people_together_gives_the_local_bytes(
    kind: type[exchanges.InProcess], tmp_path: Path
) -> None:
    assert selftest(tmp_path, lambda: set_up(YEAR), through(kind)) > 15


@pytest.mark.parametrize("kind", exchanges.BAD)
def test_an_engine_that_does_not_is_refused(kind: type[exchanges.InProcess], tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"do not (trust|settle with) this engine") as caught:
        selftest(tmp_path, lambda: set_up(YEAR), through(kind))
    assert not (tmp_path / "engine" / "run.json").exists(), caught


def test_plugins_that_a_run_may_not_take_are_not_taken_by_workers_either(tmp_path: Path) -> None:
    file = tmp_path / "approved.toml"
    head, *plugins = allow_list(load()).split("\n[[plugins]]")
    file.write_text("\n[[plugins]]".join([head, *(one for one in plugins if "jilin" in one)]), "utf-8")
    assert selftest(tmp_path, lambda: set_up(YEAR, skip_unserved=True, allow=file), through(exchanges.InProcess)) > 15
    record = json.loads((tmp_path / "engine" / "run.json").read_text("utf-8"))
    assert record["rejected"]["claims"]["E_POOL"] > 100
    assert [one["name"] for one in record["allowed"]["plugins"]] == ["qingsuan-jilin"]


def test_workers_tell_what_each_fund_paid_too(tmp_path: Path) -> None:
    def with_detail() -> Any:
        setup, installed = set_up(YEAR)
        setup.detail = True
        return setup, installed

    assert selftest(tmp_path, with_detail, through(exchanges.InProcess)) > 15
    assert sorted((tmp_path / "engine" / "setldetail").glob("part-*.parquet"))


class Year:
    """A small year, settled through an exchange."""

    def __init__(self, folder: Path, people: int = 300) -> None:
        self.folder = folder
        make_year(folder / "year", people=people, seed=3, year=YEAR, bad_rows=people // 30, files=2)

    def settle(
        self,
        out: str,
        exchange: Exchange | None,
        *,
        partitions: int = 3,
        resume: bool = False,
        claims: str = "claims",
        opening: str = "",
    ) -> Path:
        setup, installed = set_up(YEAR, accumulators=claims != "claims")
        inputs = Inputs(
            {
                "claims": open_sources([self.folder / "year" / claims], "claims"),
                "insured": open_sources([self.folder / "year" / "insured.parquet"], "insured"),
                "identities": open_sources([self.folder / "year" / "identities.parquet"], "identities"),
                "opening": open_opening(self.folder / opening, YEAR, "utf8") if opening else (),
            }
        )
        folder = RunFolder(self.folder / out, TABLES, resume=resume)
        engine = None if exchange is None else Cluster(exchange, by_what(Benefits(setup), installed))
        settle(Benefits(setup), inputs, folder, Options(1, partitions=partitions), installed, engine=engine)
        return folder.path


@pytest.fixture
def year(tmp_path: Path) -> Year:
    return Year(tmp_path)


@pytest.mark.parametrize("partitions", [1, 8])
def test_partitions_do_not_matter(year: Year, partitions: int) -> None:
    local = year.settle("local", None, partitions=partitions)
    assert differences(local, year.settle("other", exchanges.InProcess(), partitions=partitions)) == []


def test_a_partition_without_anybody_is_there(tmp_path: Path) -> None:
    year = Year(tmp_path, people=2)
    local = year.settle("local", None, partitions=40)
    assert differences(local, year.settle("other", exchanges.InProcess(), partitions=40)) == []


def test_accounts_are_carried_through_an_engine_too(year: Year) -> None:
    claims = pq.read_table(year.folder / "year" / "claims")
    late = pc.greater_equal(claims.column("setl_time"), pa.scalar(datetime(YEAR, 7, 1), pa.timestamp("us")))  # noqa: DTZ001
    for name, half in (("early", pc.invert(late)), ("late", late)):
        (year.folder / "year" / name).mkdir()
        pq.write_table(claims.filter(half), year.folder / "year" / name / "claims.parquet")
    for exchange, one, two in ((None, "local-1", "local-2"), (exchanges.InProcess(), "other-1", "other-2")):
        year.settle(one, exchange, claims="early")
        year.settle(two, exchange, claims="late", opening="local-1", partitions=4)
    assert (year.folder / "other-2" / "accumulators").exists()
    assert differences(year.folder / "local-1", year.folder / "other-1") == []
    assert differences(year.folder / "local-2", year.folder / "other-2") == []


class Dies(exchanges.InProcess):
    """Its second task never ends well."""

    def tasks(self, partitions: Any, of: int) -> Any:
        first, _ = super().tasks(partitions, of)
        yield first
        raise ConnectionError("the cluster is gone")


def test_what_was_finished_before_an_engine_died_is_kept(year: Year) -> None:
    with pytest.raises(RunError, match="2 of 3 partitions are finished and kept"):
        year.settle("other", Dies())
    other = year.folder / "other"
    assert (other / LEDGER).exists()
    assert not (other / "run.json").exists()
    assert not list(other.glob(".shuffle/*"))
    year.settle("other", exchanges.InProcess(), resume=True)
    assert differences(year.settle("local", None), other) == []


class SeesOtherInput(exchanges.InProcess):
    """Between planning and reading, a file grows."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, items: int, work: Any) -> Any:
        self.path.write_bytes(self.path.read_bytes() + b"more")
        return super().read(items, work)


def test_a_worker_that_sees_another_file_stops(year: Year) -> None:
    path = next((year.folder / "year" / "claims").iterdir())
    with pytest.raises(InputError, match="bytes on a worker"):
        year.settle("other", SeesOtherInput(path))
    assert not (year.folder / "other").exists()


def test_a_worker_with_other_software_stops(year: Year) -> None:
    setup, installed = set_up(YEAR)
    other = by_what(Benefits(setup), installed)
    other["software"]["pyarrow"] = "1.0"
    cluster = Cluster(exchanges.InProcess(), other)
    inputs = Inputs(
        {
            "claims": open_sources([year.folder / "year" / "claims"], "claims"),
            "insured": open_sources([year.folder / "year" / "insured.parquet"], "insured"),
        }
    )
    with pytest.raises(PluginError, match="its software differ from the driver's: pyarrow"):
        settle(Benefits(setup), inputs, RunFolder(year.folder / "out", TABLES), Options(), installed, engine=cluster)
    assert not (year.folder / "out").exists()


def test_faults_travel_whole_through_another_languages_stack_trace() -> None:
    with pytest.raises(RuntimeError) as caught, told():
        raise InputError("a “file”", found="line\none {", expected="}", do="read it")
    fault = fault_in(f"org.apache.spark.SparkException: PythonException\n{caught.value}\n\tat java.base")
    assert isinstance(fault, InputError)
    assert (fault.where, fault.found, fault.expected, fault.do) == ("a “file”", "line\none {", "}", "read it")
    assert fault_in("some other trouble") is None


def test_selftest_of_the_local_engine() -> None:
    ran = run("engine-selftest")
    assert ran.status == 0, ran.err
    assert "byte for byte" in ran.out


def test_a_spark_master_needs_spark(tmp_path: Path) -> None:
    ran = run("engine-selftest", "--spark-master", "local[1]")
    assert ran.status == UsageError.exit_status
    assert "--engine spark" in ran.err


def test_spark_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyspark.sql", None)
    ran = run("engine-selftest", "--engine", "spark")
    assert ran.status == UsageError.exit_status
    assert 'pip install "qingsuan[spark]"' in ran.err
