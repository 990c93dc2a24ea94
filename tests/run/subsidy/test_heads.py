"""Counting in bounded memory: batches, partitions on disk, rejected rows whole; and the summary people read."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path
from typing import Any

import pyarrow as pa

from qingsuan.policy.model import Region
from qingsuan.report.subsidy import summary
from qingsuan.run.shuffle import Budget, Shuffle
from qingsuan.run.subsidy.heads import Batch, count_heads, partitions_for, rejected_schema, rejected_table
from qingsuan.subsidies.bureau import BureauTables
from qingsuan.subsidies.counting import DUPLICATES
from qingsuan.subsidies.funding import Funding, resolve
from qingsuan.subsidies.outcome import Outcome, RowCounts, not_counted_table
from qingsuan.subsidies.screening import Rejection, Screening

ROOT = Path(__file__).parents[3]
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


def run(
    tmp_path: Path, batches: list[Batch], partitions: int, spill_bytes: int = 0
) -> tuple[Outcome, pa.Table, pa.Table]:
    refused: list[pa.Table] = [rejected_schema([SCHEMA]).empty_table()]
    twice: list[pa.Table] = [DUPLICATES.empty_table()]

    def reject(batch: Batch, rejections: tuple[Rejection, ...]) -> None:
        refused.append(rejected_table(batch, rejections, rejected_schema([SCHEMA])))

    rules = funding()
    budget, spill = Budget(spill_bytes), tmp_path / "spill"
    with Shuffle(partitions, budget, spill) as shuffle, Shuffle(partitions, budget, spill / "employed") as employed:
        counted, rows = count_heads(
            batches, Screening(rules), rules.periods, shuffle, employed, rejected=reject, duplicates=twice.append
        )
    assert list(tmp_path.iterdir()) == []
    return Outcome.of(rules, CLASSES, counted, rows), pa.concat_tables(refused), pa.concat_tables(twice)


def batches_of(table: pa.Table, size: int) -> list[Batch]:
    starts = range(0, table.num_rows, size)
    return [Batch("f.csv", at + 1, table.slice(at, size).combine_chunks().to_batches()[0]) for at in starts]


def test_batches_order_and_partitions_give_the_same(tmp_path: Path) -> None:
    table = random_table(1, 4000)
    expected, refused, twice = run(tmp_path, batches_of(table, 4000), 1)
    assert expected.rows.balanced
    assert min(expected.rows.duplicates, expected.rows.outside_year, expected.rows.other_scheme, refused.num_rows) > 50
    order = list(range(4000))
    for seed, partitions, size in ((2, 3, 700), (3, 8, 999), (4, 1, 64)):
        random.Random(seed).shuffle(order)
        outcome, again, duplicates = run(tmp_path, batches_of(table.take(order), size), partitions)
        assert (outcome.counted, outcome.rows, outcome.dues) == (expected.counted, expected.rows, expected.dues)
        assert duplicates.equals(twice)
        assert sorted(again["note"].to_pylist()) == sorted(refused["note"].to_pylist())


def test_a_rejected_row_is_whole(tmp_path: Path) -> None:
    table = random_table(5, 500)
    _, refused, _ = run(tmp_path, batches_of(table, 100), 3)
    for row in refused.to_pylist():
        assert {name: row[name] for name in SCHEMA.names} == table.slice(row["source_row"] - 1, 1).to_pylist()[0]
        assert (row["source_file"], row["code"] in ("E_MISSING", "E_CODE")) == ("f.csv", True)
        assert row["column"] in SCHEMA.names
    assert {row["code"] for row in refused.to_pylist()} == {"E_MISSING", "E_CODE"}


def test_columns_that_no_text_can_hold_and_names_the_reasons_have() -> None:
    rows = pa.record_batch({"psn_no": ["a"], "code": ["7"], "source_file": ["z"], "list": pa.array([[1, 2]])})
    schema = rejected_schema([rows.schema, pa.schema([("other", pa.int32())])])
    table = rejected_table(Batch("f", 11, rows), [Rejection(0, "E_CODE", "insutype", "x", "y")], schema)
    assert table.to_pylist() == [
        {
            "psn_no": "a",
            "input_code": "7",
            "input_source_file": "z",
            "list": "[1, 2]",
            "other": None,
            "source_file": "f",
            "source_row": 11,
            "code": "E_CODE",
            "column": "insutype",
            "found": "x",
            "expected": "y",
        }
    ]


def test_no_rows_at_all(tmp_path: Path) -> None:
    outcome, refused, twice = run(tmp_path, [], 3)
    assert (outcome.dues, refused.num_rows, twice.num_rows, outcome.rows.balanced) == ((), 0, 0, True)
    assert "0.00 yuan for 0 heads" in summary(outcome)


def test_more_input_more_partitions() -> None:
    assert [partitions_for(size) for size in (0, 999_999, 1_000_000, 25_000_000)] == [1, 1, 2, 26]


def test_a_lost_row_is_noticed() -> None:
    rows = RowCounts(10, 4, 1, 2, 1, {"E_CODE": 2})
    assert rows.balanced
    assert not RowCounts(11, 4, 1, 2, 1, {"E_CODE": 2}).balanced
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
    outcome, _, _ = run(tmp_path, batches_of(pa.Table.from_pylist(people, SCHEMA), 5000), 1)
    text = summary(outcome)
    lines = lines_of(text)
    assert ["220100", "长春市", "1,000", "348,000.00", "139,200.00", "92,800.00", "580,000.00"] in lines
    assert ["220581", "梅河口市", "1", "348.00", "139.20", "92.80", "580.00"] in lines
    assert ["222400", "延边朝鲜族自治州", "10", "4,640.00", "696.00", "464.00", "5,800.00"] in lines
    assert ["150100", "呼和浩特市", "100", "46,400.00", "5,800.00", "5,800.00", "58,000.00"] in lines
    assert ["all", "合计", "1,011", "352,988.00", "140,035.20", "93,356.80", "586,380.00"] in lines
    assert "Subsidy (财政补助) 2021: 644,380.00 yuan for 1,111 heads" in text
    assert "避免重复参保): 1 (same-county 1)" in text
    assert "warning: 150000: 1 of 1 counties at the minimum standard, 580.00" in text


def test_the_record_holds_rules_counts_and_grades(tmp_path: Path) -> None:
    outcome, _, _ = run(tmp_path, batches_of(random_table(6, 300), 300), 1)
    record = outcome.record()
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
