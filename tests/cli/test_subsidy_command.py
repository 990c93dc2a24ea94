"""``qingsuan subsidy`` as its users call it: the worked examples C1 to C4, its folder, and everything that stops it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from qingsuan.cli import cli
from qingsuan.errors import QingsuanError
from qingsuan.plugins import Installed, Plugin
from qingsuan.policy.model import Region
from qingsuan.run.regions import read_regions

NAMES = ("psn_no", "insutype", "insu_admdvs", "begndate", "enddate", "resd_permit_flag")
SCHEMA = pa.schema([(name, pa.string()) for name in NAMES])


def people(heads: dict[str, int], **more: Any) -> list[dict[str, Any]]:
    return [
        {"psn_no": f"{code}{number:07d}", "insutype": "390", "insu_admdvs": code, "begndate": "2020-01-01"} | more
        for code, count in heads.items()
        for number in range(count)
    ]


def write(file: Path, rows: list[dict[str, Any]]) -> Path:
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), file)
    return file


def run(*arguments: Any) -> Result:
    return CliRunner().invoke(cli, ["subsidy", *map(str, arguments)], standalone_mode=False)


def done(*arguments: Any) -> Result:
    result = run(*arguments)
    if result.exception is not None:
        raise result.exception
    return result


def refused(*arguments: Any) -> QingsuanError:
    error = run(*arguments).exception
    assert isinstance(error, QingsuanError), error
    return error


def table(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for part in sorted(folder.glob("part-*.parquet")):
        rows += pq.read_table(part).to_pylist()
    return rows


def digests(folder: Path) -> dict[str, str]:
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*.parquet"))
    }


@pytest.fixture
def classes(tmp_path: Path) -> Path:
    file = tmp_path / "classes.csv"
    file.write_text("# made up for a test\nadmdvs,class\n150121,一\n150123,二\n150125,三\n", "utf-8")
    return file


# ---- worked examples of the notices


HUNDRED_THOUSAND = {
    "2021": {
        "220102": ("34800000", "13920000", "9280000", "58000000"),  # C1
        "222401": ("46400000", "6960000", "4640000", "58000000"),
        "220323": ("34800000", "18560000", "4640000", "58000000"),
        "150121": ("46400000", "3480000", "8120000", "58000000"),
        "150123": ("46400000", "5800000", "5800000", "58000000"),  # C4
        "150125": ("46400000", "8120000", "3480000", "58000000"),
    },
    "2022": {
        "220102": ("36600000", "14640000", "9760000", "61000000"),
        "222401": ("48800000", "7320000", "4880000", "61000000"),  # C2
        "220323": ("36600000", "19520000", "4880000", "61000000"),  # C3
        "220623": ("36600000", "19520000", "4880000", "61000000"),
        "220721": ("36600000", "19520000", "4880000", "61000000"),
    },
}


@pytest.mark.parametrize("year", sorted(HUNDRED_THOUSAND))
def test_a_hundred_thousand_people(tmp_path: Path, classes: Path, year: str) -> None:
    expected = HUNDRED_THOUSAND[year]
    codes = [code for code in expected for _ in range(100_000)]
    rows = pa.table(
        {
            "psn_no": pa.array([f"{number:09d}" for number in range(len(codes))]),
            "insutype": pa.array(["390"] * len(codes)).dictionary_encode(),
            "insu_admdvs": pa.array(codes).dictionary_encode(),
            "begndate": pa.array([dt.date(2020, 1, 1)] * len(codes)),
        }
    )
    pq.write_table(rows, tmp_path / "insured.parquet")
    done(tmp_path / "insured.parquet", "--year", year, "--out", tmp_path / "out", "--classes", classes)
    found = {row["admdvs"]: row for row in table(tmp_path / "out/due")}
    assert set(found) == set(expected)
    for code, amounts in expected.items():
        row = found[code]
        assert row["heads"] == 100_000
        assert tuple(row[level] for level in ("central", "province", "local", "total")) == tuple(map(Decimal, amounts))


# ---- what is written


def test_the_folder_holds_every_row_and_every_amount(tmp_path: Path, classes: Path) -> None:
    rows = [
        *people({"220102": 3, "150123": 2}),
        *people({"220104": 1}, resd_permit_flag="1"),
        *people({"220102": 1}, begndate="2021-03-01"),  # again, in the same county
        {"psn_no": "2201020000001", "insutype": "390", "insu_admdvs": "222401", "begndate": "2021-05-01"},
        {"psn_no": "x", "insutype": "310", "insu_admdvs": "220102", "begndate": "2020-01-01"},
        {"psn_no": "y", "insutype": "390", "insu_admdvs": "220102", "begndate": "2022-01-01"},
        {"psn_no": "z", "insutype": "390", "insu_admdvs": "220100", "begndate": "2020-01-01"},
    ]
    out = tmp_path / "out"
    result = done(write(tmp_path / "i.parquet", rows), "--year", 2021, "--out", out, "--classes", classes)
    assert {(row["admdvs"], row["heads"], row["resd_permit_heads"]) for row in table(out / "due")} == {
        ("220102", 3, 0),
        ("150123", 2, 0),
        ("220104", 1, 1),
    }
    kinds = [(row["psn_no"], row["counted_admdvs"], row["admdvs"], row["kind"]) for row in table(out / "duplicates")]
    assert sorted(kinds) == [
        ("2201020000000", "220102", "220102", "same-county"),
        ("2201020000001", "220102", "222401", "overlapping"),
    ]
    [row] = table(out / "rejected")
    assert (row["psn_no"], row["code"], row["column"], row["found"]) == (
        "z",
        "E_CODE",
        "insu_admdvs",
        "220100",
    )
    assert row["source_row"] == len(rows)
    record = json.loads((out / "run.json").read_text("utf-8"))
    counts = record["rows"]
    assert counts == {
        "in": 11,
        "counted": 6,
        "not_counted": {"other-scheme": 1, "outside-year": 1},
        "duplicates": 2,
        "rejected": {"E_CODE": 1},
    }
    assert "earliest first day" in record["counted_once"]
    assert (record["heads"], record["resd_permit_heads"]) == (6, 1)
    assert set(pq.read_table(out / "totals/prefecture.parquet")["prefecture"].to_pylist()) == {"150100", "220100"}
    by_level = pq.read_table(out / "totals/region.parquet").to_pylist()
    assert {(row["region"], row["level"], str(row["amount"])) for row in by_level} >= {
        ("150000", "central", "928.00"),
        ("220000", "total", "2320.00"),
    }
    assert pq.read_schema(out / "due/part-00000.parquet").field("central").type == pa.decimal128(20, 2)
    assert "220100 长春市" in result.stdout
    assert "warning: classes.csv: made up for a test" in result.stdout
    assert [(file["table"], file["file"], len(file["sha256"])) for file in record["tables"]] == [
        ("classes", "classes.csv", 64)
    ]
    assert str(tmp_path) not in (out / "run.json").read_text("utf-8")
    assert not [file for file in tmp_path.rglob("*") if file.suffix == ".tmp"]


def test_a_split_of_the_local_share(tmp_path: Path, classes: Path) -> None:
    (tmp_path / "split.csv").write_text("admdvs,prefecture_percent\n15,33.33\n", "utf-8")
    (tmp_path / "std.csv").write_text("admdvs,standard,excess_bearer\n1501,601.37,local\n", "utf-8")
    out = tmp_path / "out"
    options = ("--classes", classes, "--local-split", tmp_path / "split.csv", "--standards", tmp_path / "std.csv")
    done(write(tmp_path / "i.parquet", people({"150123": 7})), "--year", 2021, "--out", out, *options)
    [row] = table(out / "due")
    amounts = [str(row[name]) for name in ("central", "province", "local", "local_prefecture", "local_county", "total")]
    # per head 464.00 58.00 79.37; a third of 79.37 is 26.454021
    assert amounts == ["3248.00", "406.00", "555.59", "185.15", "370.44", "4209.59"]


def test_order_files_and_formats_do_not_matter(tmp_path: Path, classes: Path) -> None:
    dice = random.Random(7)
    rows = []
    for row in people({"220102": 300, "222401": 200, "150123": 100}):
        rows.append(row)
        if dice.random() < 0.2:
            rows.append(row | {"insu_admdvs": "220104", "begndate": "2019-05-05"})
    write(tmp_path / "one.parquet", rows)
    done(tmp_path / "one.parquet", "--year", 2021, "--out", tmp_path / "a", "--classes", classes)
    dice.shuffle(rows)
    many = tmp_path / "many"
    many.mkdir()
    for number in range(17):
        piece = pa.Table.from_pylist(rows[number::17], SCHEMA)
        if number % 2:
            pa.csv.write_csv(piece, many / f"{number:02d}.csv")
        else:
            pq.write_table(piece, many / f"{number:02d}.parquet")
    done(many / "*.csv", many / "*.parquet", "--year", 2021, "--out", tmp_path / "b", "--classes", classes)
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    assert len(table(tmp_path / "a/duplicates")) > 50


def test_the_record_on_request(tmp_path: Path) -> None:
    insured = write(tmp_path / "i.parquet", people({"220102": 1}))
    result = done(insured, "--year", 2021, "--out", tmp_path / "out", "--json")
    written = (tmp_path / "out/run.json").read_bytes()
    digest = hashlib.sha256(written).hexdigest()
    shown = json.loads(result.stdout)
    assert shown.pop("seconds").keys() >= {"read", "settle"}
    assert shown == {**json.loads(written), "record_sha256": digest}


def test_each_partition_has_its_files(tmp_path: Path) -> None:
    rows = [*people({"220102": 25}), *people({"220102": 25}), *people({"220100": 20})]
    insured = write(tmp_path / "i.parquet", rows)
    done(insured, "--year", 2021, "--out", tmp_path / "out", "--partitions", 3, "--workers", 1, "--memory", "64MB")
    sizes = {
        name: [pq.read_metadata(part).num_rows for part in sorted((tmp_path / "out" / name).iterdir())]
        for name in ("duplicates", "rejected")
    }
    assert {name: (len(found), sum(found)) for name, found in sizes.items()} == {
        "duplicates": (3, 25),
        "rejected": (3, 20),
    }


def test_an_empty_table_owes_nothing(tmp_path: Path) -> None:
    result = done(write(tmp_path / "i.parquet", []), "--year", 2021, "--out", tmp_path / "out")
    assert "0.00 yuan for 0 heads" in result.stdout
    assert table(tmp_path / "out/due") == []
    assert (tmp_path / "out/run.json").exists()


def test_a_finished_folder_is_kept_unless_told(tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = (write(tmp_path / "i.parquet", people({"220102": 1})), "--year", 2021, "--out", out)
    done(*first)
    before = digests(out)
    second = (write(tmp_path / "j.parquet", people({"220102": 2})), *first[1:])
    assert refused(*second).exit_status == 2
    assert digests(out) == before
    done(*second, "--overwrite")
    assert table(out / "due")[0]["heads"] == 2


# ---- what stops a run, with nothing written


def assert_nothing_written(tmp_path: Path) -> None:
    assert not (tmp_path / "out" / "run.json").exists()
    assert not list(tmp_path.glob("out/**/*.parquet"))


def test_without_the_bureaus_classes_it_says_which_file_it_wants(tmp_path: Path) -> None:
    insured = write(tmp_path / "i.parquet", people({"220102": 1, "150123": 1}))
    error = refused(insured, "--year", 2021, "--out", tmp_path / "out")
    assert error.exit_status == 4
    assert "admdvs,class" in str(error)
    assert "--classes" in str(error)
    assert_nothing_written(tmp_path)


def test_a_county_absent_from_the_classes_is_named(tmp_path: Path, classes: Path) -> None:
    insured = write(tmp_path / "i.parquet", people({"150121": 1, "150122": 2}))
    error = refused(insured, "--year", 2021, "--out", tmp_path / "out", "--classes", classes)
    assert error.exit_status == 4
    assert "150122 托克托县" in str(error)
    assert_nothing_written(tmp_path)


@pytest.mark.parametrize(("year", "code"), [(2023, "220102"), (2022, "150123")])
def test_a_year_that_is_not_known(tmp_path: Path, classes: Path, year: int, code: str) -> None:
    insured = write(tmp_path / "i.parquet", people({code: 1}))
    error = refused(insured, "--year", year, "--out", tmp_path / "out", "--classes", classes)
    assert error.exit_status == 4
    assert f"{code[:2]}0000.{year}.standard" in str(error)
    assert_nothing_written(tmp_path)


def test_a_region_without_a_plugin(tmp_path: Path) -> None:
    insured = write(tmp_path / "i.parquet", people({"110101": 1, "220102": 1}))
    error = refused(insured, "--year", 2021, "--out", tmp_path / "out")
    assert error.exit_status == 4
    assert "110101" in str(error)
    assert_nothing_written(tmp_path)
    done(insured, "--year", 2021, "--out", tmp_path / "out", "--skip-unserved")
    assert [row["code"] for row in table(tmp_path / "out/rejected")] == ["E_POOL"]


def test_a_standard_below_the_minimum(tmp_path: Path, classes: Path) -> None:
    (tmp_path / "std.csv").write_text("admdvs,standard,excess_bearer\n1501,579.99,local\n", "utf-8")
    insured = write(tmp_path / "i.parquet", people({"150123": 1}))
    options = ("--classes", classes, "--standards", tmp_path / "std.csv")
    error = refused(insured, "--year", 2021, "--out", tmp_path / "out", *options)
    assert (error.exit_status, "at least 580.00" in str(error)) == (4, True)
    assert_nothing_written(tmp_path)


@pytest.mark.parametrize("content", [b"", b"PAR1 this is no parquet PAR1", b"\x00\xff" * 100])
@pytest.mark.parametrize("name", ["i.parquet", "i.arrow", "i.csv"])
def test_a_file_that_is_no_table_is_refused_with_status_3(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert refused(tmp_path / name, "--year", 2021, "--out", tmp_path / "out").exit_status == 3
    assert_nothing_written(tmp_path)


def test_a_truncated_file(tmp_path: Path) -> None:
    file = write(tmp_path / "i.parquet", people({"220102": 1000}))
    file.write_bytes(file.read_bytes()[:-100])
    assert refused(file, "--year", 2021, "--out", tmp_path / "out").exit_status == 3
    assert_nothing_written(tmp_path)


def test_a_column_that_is_missing_and_a_file_that_is_not_there(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_pylist(people({"220102": 1}), SCHEMA).drop_columns(["psn_no"]), tmp_path / "i.parquet")
    error = refused(tmp_path / "i.parquet", "--year", 2021, "--out", tmp_path / "out")
    assert (error.exit_status, "psn_no" in str(error)) == (3, True)
    assert refused(tmp_path / "absent.parquet", "--year", 2021, "--out", tmp_path / "out").exit_status in (2, 3)
    assert_nothing_written(tmp_path)


def test_missing_or_wrong_options_are_wrong_use(tmp_path: Path) -> None:
    for arguments in ((), ("i.parquet",), ("i.parquet", "--year", "x", "--out", tmp_path)):
        assert isinstance(run(*arguments).exception, click.ClickException)


def test_the_parts_of_the_local_share_have_their_columns_only_when_split(tmp_path: Path, classes: Path) -> None:
    (tmp_path / "split.csv").write_text("admdvs,prefecture_percent\n15,50\n", "utf-8")
    insured = write(tmp_path / "i.parquet", people({"150123": 1}))
    plain = (insured, "--year", 2021, "--classes", classes, "--out")
    done(*plain, tmp_path / "a")
    done(*plain, tmp_path / "b", "--local-split", tmp_path / "split.csv")
    for name in ("due/part-00000.parquet", "totals/prefecture.parquet"):
        before, after = (pq.read_schema(tmp_path / run / name).names for run in ("a", "b"))
        at = before.index("local") + 1
        assert after == [*before[:at], "local_prefecture", "local_county", *before[at:]]


def test_the_list_of_plugins_names_the_years_of_their_subsidies() -> None:
    text = CliRunner().invoke(cli, ["plugins"]).output
    assert [line.split("   ")[0].strip() for line in text.splitlines() if "subsidy of" in line] == [
        "subsidy of 2021 for 390",
        "subsidy of 2022 for 390",
        "subsidy of 2021 for 390",
    ]


def test_a_plugin_whose_funding_cannot_be_trusted_is_a_broken_one(tmp_path: Path) -> None:
    (tmp_path / "2021.toml").write_text("format = 1\n", "utf-8")
    region = Region("990000", "示例省", funding=tmp_path)
    (plugin,) = read_regions(Installed((Plugin("example", "qingsuan-example", "1", region),))).installed.plugins
    assert plugin.region is None
    assert "its funding rules cannot be trusted" in str(plugin.problem)
