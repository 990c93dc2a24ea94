"""One frame carries any settlement: a made-up one, spread on institutions, goes all the way that benefits go."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qingsuan.errors import InputError, RunError, UsageError
from qingsuan.plugins import Installed
from qingsuan.run.executors.engines import engine_of
from qingsuan.run.folder import RunFolder
from qingsuan.run.folder.proof import prove
from qingsuan.run.inputs import open_sources
from qingsuan.run.model import Inputs, Options
from qingsuan.run.settle import settle
from qingsuan.run.shuffle import Budget
from qingsuan.settlement import Settled
from settling import full_after
from stopping import tree
from visits import Visits

INSTITUTIONS = [*(f"H{number:05d}" for number in range(40)), None]


@pytest.fixture(scope="module")
def visits(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Counter[str | None]]:
    """Two files of made-up visits, of which some name no institution; and how many each has."""
    folder, dice = tmp_path_factory.mktemp("visits"), Random(5)
    drawn = [dice.choice(INSTITUTIONS) for _ in range(20_000)]
    for number in (0, 1):
        part = drawn[number::2]
        columns = {"fixmedins_code": part, "note": [f"{number}-{row}" for row in range(len(part))]}
        pq.write_table(pa.table(columns), folder / f"{number}.parquet", row_group_size=1000)
    return folder, Counter(drawn)


def run(visits: Path, out: Path, settlement: Visits | None = None, **how: bool) -> dict[str, object]:
    folder = RunFolder(out, Visits.tables, **how)
    inputs = Inputs({"visits": open_sources([visits], "visits")})
    record = settle(settlement or Visits(), inputs, folder, Options(2, partitions=5), Installed(()))
    prove(out, record)
    return record


def test_every_row_is_owed_or_rejected(visits: tuple[Path, Counter[str | None]], tmp_path: Path) -> None:
    folder, drawn = visits
    record = run(folder, tmp_path / "out")
    owed = pq.read_table(tmp_path / "out/totals/institutions.parquet").to_pydict()
    expected = {name: 1000 * count for name, count in drawn.items() if name is not None}
    assert dict(zip(owed["fixmedins_code"], owed["owed_fen"], strict=True)) == expected
    assert (record["visits"], record["rejected"]) == (20_000 - drawn[None], drawn[None])
    parts = [pq.read_table(tmp_path / f"out/owed/part-{part:05d}.parquet") for part in range(5)]
    assert sorted(name for part in parts for name in part.column(0).to_pylist()) == sorted(expected)
    rejected = pq.read_table(tmp_path / "out/rejected")
    assert set(rejected.column("code").to_pylist()) == {"E_MISSING"}
    for row in rejected.slice(0, 20).to_pylist():
        assert row["note"] == f"{row['source_file'][0]}-{row['source_row'] - 1}"


def test_rows_put_aside_on_disk_change_nothing(
    visits: tuple[Path, Counter[str | None]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(visits[0], tmp_path / "in-memory")
    monkeypatch.setattr("qingsuan.run.model.Budget", lambda *_: Budget(1000))
    run(visits[0], tmp_path / "on-disk")
    assert tree(tmp_path / "on-disk") == tree(tmp_path / "in-memory")


def test_a_full_disk_stops_it_and_it_goes_on_to_the_same_bytes(
    visits: tuple[Path, Counter[str | None]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(visits[0], tmp_path / "undisturbed")
    with full_after(2, monkeypatch), pytest.raises(RunError, match="2 of 5 partitions are finished and kept"):
        run(visits[0], tmp_path / "out")
    run(visits[0], tmp_path / "out", resume=True)
    assert tree(tmp_path / "out") == tree(tmp_path / "undisturbed")


def test_a_row_that_is_lost_stops_the_run(visits: tuple[Path, Counter[str | None]], tmp_path: Path) -> None:
    class Loses(Visits):
        def _settle(self, visits: pa.Table) -> Settled:
            return super()._settle(visits.slice(1))

    with pytest.raises(RunError, match="20000 rows in, 19995 out"):
        run(visits[0], tmp_path / "out", Loses())
    assert not (tmp_path / "out/run.json").exists()


def test_a_file_without_the_column_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"institution": ["a"]}), tmp_path / "in.parquet")
    with pytest.raises(InputError, match="no column “fixmedins_code”"):
        run(tmp_path / "in.parquet", tmp_path / "out")


def test_a_settlement_of_one_process_is_not_sent_to_a_cluster() -> None:
    assert engine_of("local", None, Visits(), Installed(())) is None
    with pytest.raises(UsageError, match=r"visits \(made up\) on a cluster"):
        Visits().recipe()
