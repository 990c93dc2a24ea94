"""A subsidy over whole files: batches, partitions on disk, rejected rows whole; and the summary people read."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qingsuan.errors import RunError
from qingsuan.messages import Words
from qingsuan.plugins import Installed
from qingsuan.policy.model import Region
from qingsuan.report.subsidy import summary
from qingsuan.run.folder import RunFolder
from qingsuan.run.inputs import open_sources
from qingsuan.run.model import Inputs, Options
from qingsuan.run.settle import settle
from qingsuan.run.shuffle import Budget
from qingsuan.settlement import Books
from qingsuan.subsidies.bureau import BureauTables
from qingsuan.subsidies.funding import Funding, resolve
from qingsuan.subsidies.outcome import Outcome, RowCounts, not_counted_table
from qingsuan.subsidies.settlement import TABLES, Subsidies

ROOT = Path(__file__).parents[2]
JILIN = Region("220000", "吉林省", funding=ROOT / "plugins/jilin/src/qingsuan_jilin/funding")
NEIMENGGU = Region("150000", "内蒙古自治区", funding=ROOT / "plugins/neimenggu/src/qingsuan_neimenggu/funding")
CLASSES = BureauTables(classes={"150121": ("一", "c"), "150123": ("二", "c")})
SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("psn_no", "insutype", "insu_admdvs", "begndate", "enddate", "note")]
)


def funding() -> Funding:
    return resolve((JILIN, NEIMENGGU), 2021, CLASSES)


def random_table(seed: int, size: int) -> pa.Table:
    dice = random.Random(seed)
    rows = [
        {
            "psn_no": f"p{dice.randrange(size * 4 // 5)}" if dice.random() < 0.98 else None,
            "insutype": dice.choice(["390"] * 8 + ["310", "x"]),
            "insu_admdvs": dice.choice(["220102", "222401", "220323", "150121", "150123", "220100"]),
            "begndate": (dt.date(2020, 1, 1) + dt.timedelta(dice.randrange(800))).isoformat(),
            "enddate": None,
            "note": str(number),
        }
        for number in range(size)
    ]
    return pa.Table.from_pylist(rows, SCHEMA)


class Ran(NamedTuple):
    """What came of a run: its settlement, its record, and the rows that were rejected and counted elsewhere."""

    settlement: Subsidies
    record: dict[str, Any]
    refused: pa.Table
    twice: pa.Table

    @property
    def outcome(self) -> Outcome:
        assert self.settlement.outcome is not None
        return self.settlement.outcome


def run(folder: Path, parts: list[pa.Table], partitions: int = 1) -> Ran:
    """Write the parts as files of one table and settle them."""
    for number, part in enumerate(parts):
        (folder / "in").mkdir(parents=True, exist_ok=True)
        pq.write_table(part, folder / "in" / f"{number:03d}.parquet")
    settlement = Subsidies(funding(), CLASSES)
    inputs = Inputs({"insured": open_sources([folder / "in"], "insured") if parts else ()})
    out = RunFolder(folder / "out", TABLES)
    record = settle(settlement, inputs, out, Options(partitions=partitions), Installed(()))
    assert not list(out.path.glob(".*"))
    return Ran(settlement, record, *(pq.read_table(out.path / kind) for kind in ("rejected", "duplicates")))


def cut(table: pa.Table, size: int) -> list[pa.Table]:
    return [table.slice(at, size) for at in range(0, table.num_rows, size)]


def test_files_order_and_partitions_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = random_table(1, 4000)
    expected = run(tmp_path / "whole", [table])
    rows = expected.outcome.rows
    assert min(rows.duplicates, rows.outside_year, rows.other_scheme, expected.refused.num_rows) > 50
    order = list(range(4000))
    for seed, partitions, size in ((2, 3, 700), (3, 8, 999), (4, 1, 640)):
        random.Random(seed).shuffle(order)
        with monkeypatch.context() as patch:
            if partitions > 1:  # rows are put aside almost at once
                patch.setattr("qingsuan.run.model.Budget", lambda *_: Budget(1000))
            ran = run(tmp_path / str(seed), cut(table.take(order), size), partitions)
        one, other = ran.outcome, expected.outcome
        assert (one.counted, one.rows, one.dues) == (other.counted, other.rows, other.dues)
        assert ran.twice.equals(expected.twice)
        assert sorted(ran.refused["note"].to_pylist()) == sorted(expected.refused["note"].to_pylist())


def test_a_rejected_row_is_whole(tmp_path: Path) -> None:
    table = random_table(5, 500)
    refused = run(tmp_path, [table], 3).refused.to_pylist()
    for row in refused:
        assert {name: row[name] for name in SCHEMA.names} == table.slice(row["source_row"] - 1, 1).to_pylist()[0]
        assert (row["source_file"], row["code"] in ("E_MISSING", "E_CODE")) == ("000.parquet", True)
        assert row["column"] in SCHEMA.names
    assert {row["code"] for row in refused} == {"E_MISSING", "E_CODE"}


def test_no_rows_at_all(tmp_path: Path) -> None:
    ran = run(tmp_path, [SCHEMA.empty_table()], 3)
    assert (ran.outcome.dues, ran.refused.num_rows, ran.twice.num_rows) == ((), 0, 0)
    assert "0.00 yuan for 0 heads" in summary(ran.outcome, Words("en"))


def test_a_lost_row_is_noticed() -> None:
    settlement = Subsidies(funding(), CLASSES)
    books = Books()
    books.read("insured", 10, {"other_scheme": 2, "outside_year": 1})
    books.settled({"rows_counted": 4, "rows_duplicate": 1}, {})
    books.refused("insured", "E_CODE", 2)
    settlement.check(books)
    books.read("insured", 1, {})
    with pytest.raises(RunError, match="11 rows in, 10 out"):
        settlement.check(books)


def test_every_row_that_does_not_count_has_its_reason() -> None:
    rows = RowCounts(10, 4, 1, 2, 1, {"E_CODE": 2})
    assert dict(zip(*not_counted_table(rows).to_pydict().values(), strict=True)) == {
        "other-scheme": 2,
        "outside-year": 1,
        "duplicate": 1,
        "E_CODE": 2,
    }


def lines_of(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_the_summary_says_who_owes_what(tmp_path: Path) -> None:
    people: list[dict[str, Any]] = [
        {"psn_no": f"{code}-{number}", "insutype": "390", "insu_admdvs": code, "begndate": "2021-01-01"}
        for code, heads in (("220102", 1000), ("222401", 10), ("150123", 100), ("220581", 1))
        for number in range(heads)
    ]
    people.append(people[0])
    text = summary(run(tmp_path, [pa.Table.from_pylist(people, SCHEMA)]).outcome, Words("en"))
    lines = lines_of(text)
    assert ["220100", "长春市", "1,000", "348,000.00", "139,200.00", "92,800.00", "580,000.00"] in lines
    assert ["220581", "梅河口市", "1", "348.00", "139.20", "92.80", "580.00"] in lines
    assert ["222400", "延边朝鲜族自治州", "10", "4,640.00", "696.00", "464.00", "5,800.00"] in lines
    assert ["150100", "呼和浩特市", "100", "46,400.00", "5,800.00", "5,800.00", "58,000.00"] in lines
    assert ["in", "all", "1,011", "352,988.00", "140,035.20", "93,356.80", "586,380.00"] in lines
    assert "Subsidy 2021: 644,380.00 yuan for 1,111 heads" in text
    assert "people with more than one row: 1 (same-county 1)" in text
    assert "warning: 150000: 1 of 1 counties at the minimum standard, 580.00" in text


def test_the_record_holds_rules_counts_and_grades(tmp_path: Path) -> None:
    record = run(tmp_path, [random_table(6, 300)]).record
    assert record["grades"] == ["A", "reading"]
    assert [rule["region"] for rule in record["rules"]] == ["150000", "220000"]
    assert all(len(rule["sha256"]) == 64 for rule in record["rules"])
    rows = record["rows"]
    assert (
        rows["in"]
        == 300
        == rows["counted"] + sum(rows["not_counted"].values()) + rows["duplicates"] + sum(rows["rejected"].values())
    )
    assert "earliest first day" in record["counted_once"]
