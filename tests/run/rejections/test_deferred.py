"""Refusals come back whole and in order, whether they stayed in memory or were put aside."""

import random
from pathlib import Path

import pyarrow as pa
import pytest

from qingsuan.columns.rejects import REJECT_SCHEMA
from qingsuan.run.inputs import Source
from qingsuan.run.rejections.deferred import Remembered

SOURCES = tuple(
    Source(number, Path(f"{number}"), kind, pa.schema([]), 0) for number, kind in enumerate(("parquet", "csv"))
)


def table_of(rows):
    return pa.Table.from_pylist(
        [{"file": f, "row": r, "code": "E_DATE", "column": "c", "found": str(r), "expected": "x"} for f, r in rows],
        REJECT_SCHEMA,
    )


@pytest.mark.parametrize("budget", [0, 3_000, 1 << 30])
def test_everything_comes_back_once_in_order_and_in_groups_that_fit(tmp_path, budget):
    rng = random.Random(4)
    rows = [(file, row) for file in (0, 1) for row in rng.sample(range(5_000_000), 300)]
    rng.shuffle(rows)
    remembered = Remembered(SOURCES, budget, tmp_path / "aside")
    for start in range(0, len(rows), 40):
        remembered.add(table_of(rows[start : start + 40]))
    remembered.add(table_of([]))
    assert remembered.rows == 600
    groups = [(file, group.column("row").to_pylist(), group) for file, group in remembered.take()]
    assert [(file, row) for file, numbers, _ in groups for row in numbers] == sorted(rows)
    assert all(group.column("found").to_pylist() == [str(row) for row in numbers] for _, numbers, group in groups)
    assert [file for file, _, _ in groups] == [0] * 5 + [1]
    assert not list(tmp_path.rglob("*.arrows"))
