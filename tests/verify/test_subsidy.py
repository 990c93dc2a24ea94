"""``qingsuan verify`` of a subsidy: whole as it was written, and every number that is changed is found, digests or not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sealing import add_fen, change, found, replace_row, seal
from settling import run

HEADER = "psn_no,insutype,insu_admdvs,begndate,enddate,resd_permit_flag\n"
ROWS = """\
a,390,220102,2021-01-01,,
b,390,220102,2021-01-01,,1
b,390,220104,2021-03-01,,
c,390,222401,2021-01-01,2021-03-31,
c,390,220102,2021-04-01,,
d,390,220102,2021-01-01,,
d,390,220102,2021-02-01,,
e,390,220104,2021-01-01,,
e,310,220102,2020-01-01,,
f,310,220102,2020-01-01,,
g,390,220102,2019-01-01,2019-12-31,
h,390,220198,2021-01-01,,
i,390,220323,2021-01-01,,
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("subsidy")
    (folder / "insured.csv").write_text(HEADER + ROWS, "utf-8")
    (folder / "split.csv").write_text("admdvs,prefecture_percent\n22,60\n", "utf-8")
    split = ("--local-split", folder / "split.csv")
    assert run("subsidy", folder / "insured.csv", "--year", 2021, "--out", folder / "out", *split).status == 0
    return folder / "out"


@pytest.fixture
def out(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "out")
    return tmp_path / "out"


def test_its_rows_are_held_against_the_input(made: Path, out: Path) -> None:
    ran = run("verify", out, "--inputs", made.parent / "insured.csv")
    assert (ran.status, "8 rows of insured people in the input" in ran.out) == (0, True), ran.out
    change(out, "duplicates/part-00000.parquet", replace_row("psn_no", 0, "z"))
    change(out, "rejected/part-00000.parquet", replace_row("source_row", 0, 99))
    told = json.loads(run("verify", out, "--inputs", made.parent / "insured.csv", "--json").out)
    checks = {finding["check"] for finding in told["findings"]}
    assert {"a row that it names is in the input", "a rejected row is a row of the input"} <= checks


def test_it_says_what_was_checked_in_its_own_words(made: Path) -> None:
    ran = run("verify", made)
    assert ran.status == 0
    assert "6 files, 3 counties with 5 heads, 4 rows of duplicates, 1 rejected rows checked" in ran.out
    for rule in ("due = standard × heads = central + province + local", "kinds of duplicates", "everything adds up"):
        assert rule in ran.out
    assert "settled" not in ran.out
    told = json.loads(run("verify", made, "--json").out)
    assert {name: told[name] for name in ("counties", "heads", "duplicates", "rejected")} == {
        "counties": 3,
        "heads": 5,
        "duplicates": 4,
        "rejected": 1,
    }


def with_int(column: str, row: int, by: int) -> Callable[[pa.Table], pa.Table]:
    def changed(table: pa.Table) -> pa.Table:
        values = table.column(column).to_pylist()
        values[row] += by
        kind = table.schema.field(column).type
        return table.set_column(table.schema.get_field_index(column), column, pa.array(values, kind))

    return changed


@pytest.mark.parametrize(
    ("file", "how", "check"),
    [
        ("due/part-00000.parquet", add_fen("central", 1), "total = central + province + local"),
        ("due/part-00000.parquet", add_fen("total", -1), "total = standard × heads"),
        ("due/part-00000.parquet", add_fen("standard", 1), "total = standard × heads"),
        ("due/part-00000.parquet", add_fen("local_county", 1), "local = local_prefecture + local_county"),
        ("due/part-00000.parquet", with_int("heads", 0, 1), "heads are those of the counties"),
        ("due/part-00000.parquet", with_int("resd_permit_heads", 0, -1), "heads by residence permit are those of the"),
        ("due/part-00000.parquet", with_int("resd_permit_heads", 0, 9), "permit holders are among the heads"),
        ("due/part-00000.parquet", replace_row("admdvs", 1, "220102"), "each county once"),
        ("due/part-00000.parquet", replace_row("region", 0, "150000"), "prefecture and county are of one region"),
        ("due/part-00000.parquet", replace_row("prefecture", 0, "220200"), "the prefectures are those of the counties"),
        ("totals/prefecture.parquet", add_fen("central", 1), "central as the counties add up"),
        ("totals/prefecture.parquet", with_int("heads", 0, 1), "heads as the counties add up"),
        ("totals/region.parquet", add_fen("amount", 1), "amounts by region and level as the counties add up"),
        ("totals/not_counted.parquet", with_int("rows", 0, 1), "rows by reason as in run.json"),
        ("duplicates/part-00000.parquet", replace_row("kind", 0, "nonsense"), "the kind is what places and days say"),
        ("duplicates/part-00000.parquet", replace_row("period", 0, "2020"), "the period is one of the year's"),
        ("duplicates/part-00000.parquet", replace_row("psn_no", 0, "z"), "partition 0: SHA-256 of duplicates"),
        ("duplicates/part-00000.parquet", lambda table: table.slice(1), "duplicates by kind"),
        ("rejected/part-00000.parquet", replace_row("code", 0, "E_DATE"), "rejected rows by code"),
        ("rejected/part-00000.parquet", lambda table: table.slice(1), "rejected rows by code"),
    ],
)
def test_a_changed_number_is_found_though_digests_are_written_anew(
    out: Path, file: str, how: Callable[[pa.Table], pa.Table], check: str
) -> None:
    change(out, file, how)
    findings = found(out)
    assert any(check in finding["check"] for finding in findings), findings


def move(table: pa.Table) -> pa.Table:
    return add_fen("central", -100)(add_fen("province", 100)(table))


def test_money_moved_between_levels_shows_in_the_totals(out: Path) -> None:
    change(out, "due/part-00000.parquet", move)
    assert {finding["file"] for finding in found(out)} == {
        "totals/prefecture.parquet",
        "totals/region.parquet",
        "run.json",
    }


@pytest.mark.parametrize(
    ("key", "value", "check"),
    [
        ("heads", 6, "heads are those of the counties"),
        ("persons_with_duplicates", 9, "people with duplicates"),
        ("duplicates_by_kind", {"overlapping": 4}, "duplicates by kind"),
        ("amounts", [], "amounts by region and level as the counties add up"),
        ("rows", {"in": 14}, "rows in = counted + not counted + duplicates + rejected"),
        ("inputs", {"insured": []}, "rows in are those of the input files"),
        ("rows", [], "it and the tables have the columns of a subsidy"),
    ],
)
def test_a_changed_record_is_found(out: Path, key: str, value: Any, check: str) -> None:
    record = json.loads((out / "run.json").read_text("utf-8"))
    record[key] = {**record[key], **value} if isinstance(value, dict) else value
    (out / "run.json").write_text(json.dumps(record), "utf-8")
    assert any(check in finding["check"] for finding in found(out))


def test_a_record_without_a_part_and_a_table_without_a_column_are_named(out: Path) -> None:
    record = json.loads((out / "run.json").read_text("utf-8"))
    del record["duplicates_by_kind"]
    (out / "run.json").write_text(json.dumps(record), "utf-8")
    ran = run("verify", out)
    assert ran.status == 3
    assert "a record without duplicates_by_kind" in ran.err
    record["duplicates_by_kind"] = {}
    (out / "run.json").write_text(json.dumps(record), "utf-8")
    pq.write_table(
        pq.read_table(out / "due/part-00000.parquet").drop_columns(["total"]), out / "due/part-00000.parquet"
    )
    seal(out)
    assert any("columns of a subsidy" in finding["check"] for finding in found(out))
