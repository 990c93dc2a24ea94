"""With the inputs at hand `qingsuan verify` finds out whether they are those of the run, and whether every row is there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qingsuan.verify import inputs as verify_inputs
from qingsuan.verify import rows as verify_rows
from sealing import change, found, replace_row
from settling import claim, install, insured, only, read, run, settle, write, write_csv

GOES_OUT = "a row that came in goes out"
CAME_IN = "a row that goes out came in"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample year in two claims files, settled in three partitions."""
    folder = tmp_path_factory.mktemp("inputs")
    year = folder / "year"
    assert run("sample", year, "--people", 1200, "--seed", 6, "--bad-rows", 40, "--files", 2).status == 0
    inputs = ("--insured", year / "insured.parquet", "--identities", year / "identities.parquet", "--year", 2021)
    assert run("settle", year / "claims", *inputs, "--out", folder / "out", "--partitions", 3).status == 0
    return folder


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made / "out", tmp_path / "out")
    shutil.copytree(made / "year", tmp_path / "year")
    return tmp_path


def checks(folder: Path) -> dict[str, str]:
    """What was found to be off, by check; of several the first."""
    told: dict[str, str] = {}
    for one in found(folder / "out", "--inputs", folder / "year"):
        told.setdefault(
            one["check"], f"{one['file']}, row {one['row']}: {one['found']}; {one['expected']}; {one['do']}"
        )
    return told


# ---- whole


def test_the_inputs_of_a_run_are_found_and_every_row_with_them(made: Path) -> None:
    ran = run("verify", made / "out", "--inputs", made / "year", "--json")
    told, record = json.loads(ran.out), json.loads((made / "out" / "run.json").read_text("utf-8"))
    assert (ran.status, told["whole"], told["notes"]) == (0, True, [])
    assert (told["input_files"], told["claims_compared"]) == (4, record["rows"]["in"])
    assert record["rows"]["rejected"] > 10
    words = run("verify", made / "out", "--inputs", made / "year").out
    assert f"4 input files, {record['rows']['in']:,} claims that came in checked; all as it was written" in words


def test_places_may_be_files_and_hold_other_things(made: Path, tmp_path: Path) -> None:
    shutil.copy(made / "year" / "insured.parquet", tmp_path / "other.parquet")
    (tmp_path / "notes.txt").write_text("nothing of the run", "utf-8")
    year = made / "year"
    places = [*sorted((year / "claims").iterdir()), year / "insured.parquet", year / "identities.parquet", tmp_path]
    assert found(made / "out", *(part for place in places for part in ("--inputs", place))) == []


def test_some_inputs_are_compared_alone_and_the_rest_is_missed(made: Path) -> None:
    ran = run("verify", made / "out", "--inputs", made / "year" / "insured.parquet", "--json")
    told = json.loads(ran.out)
    assert (ran.status, told["input_files"], told["claims_compared"]) == (3, 1, 0)
    assert {one["file"] for one in told["findings"]} == {
        "claims: part-000.parquet",
        "claims: part-001.parquet",
        "identities: identities.parquet",
    }
    assert "not all of their files are at hand" in told["notes"][0]


def test_a_subsidy_has_inputs_too(made: Path, tmp_path: Path) -> None:
    year = made / "year"
    subsidy = (
        year / "insured.parquet",
        "--year",
        2021,
        "--classes",
        year / "classes.csv",
        "--out",
        tmp_path / "subsidy",
    )
    assert run("subsidy", *subsidy).status == 0
    assert found(tmp_path / "subsidy", "--inputs", year) == []
    assert {one["file"] for one in found(tmp_path / "subsidy", "--inputs", year / "claims")} == {
        "insured: insured.parquet"
    }


def test_csv_in_another_encoding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)
    rows = [claim(setl_id="结1"), claim(setl_id="结2", med_type="41"), claim(setl_id="结3", fixmedins_code=None)]
    write_csv(tmp_path / "year" / "c.csv", rows, "gb18030")
    write_csv(tmp_path / "year" / "i.csv", [insured()], "gb18030")
    files = tmp_path / "year" / "c.csv", tmp_path / "year" / "i.csv"
    assert settle(*files, tmp_path / "out", "--csv-encoding", "gb18030").status == 0
    assert found(tmp_path / "out", "--inputs", tmp_path / "year", "--csv-encoding", "gb18030") == []
    ran = run("verify", tmp_path / "out", "--inputs", tmp_path / "year")
    assert (ran.status, "--csv-encoding gb18030" in ran.err, "Traceback" in ran.err) == (3, True, False)


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)
    for month in ("01", "02"):
        write(tmp_path / "year" / f"month={month}" / "c.parquet", [claim(setl_id=month), claim(med_type="41")])
    people = write(tmp_path / "i.parquet", [insured()])
    assert settle(tmp_path / "year", people, tmp_path / "out").status == 0
    assert found(tmp_path / "out", "--inputs", tmp_path / "year", "--inputs", people) == []
    (tmp_path / "year" / "month=02").rename(tmp_path / "year" / "month=03")
    (missed,) = found(tmp_path / "out", "--inputs", tmp_path / "year", "--inputs", people)
    assert (missed["file"], "no file of this name" in missed["found"]) == ("claims: month=02/c.parquet", True)


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".arrow"])
def test_rows_are_counted_another_way_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)
    claims = write(tmp_path / "year" / f"c{suffix}", [claim(setl_id=f"s{n}") for n in range(3)])
    people = write(tmp_path / "year" / f"i{suffix}", [insured()])
    assert settle(claims, people, tmp_path / "out").status == 0
    assert found(tmp_path / "out", "--inputs", tmp_path / "year") == []
    monkeypatch.setattr(verify_inputs, "count_rows", lambda source: source.rows + 1)
    told = found(tmp_path / "out", "--inputs", tmp_path / "year")
    assert {one["file"] for one in told} == {f"claims: c{suffix}", f"insured: i{suffix}"}
    assert {one["check"] for one in told} == {"rows, counted another way"}


# ---- another input


def test_an_input_that_changed_is_named_with_both_digests(copy: Path) -> None:
    path = copy / "year" / "insured.parquet"
    path.write_bytes(path.read_bytes() + b"more")
    (finding,) = found(copy / "out", "--inputs", copy / "year")
    record = json.loads((copy / "out" / "run.json").read_text("utf-8"))["inputs"]["insured"][0]
    assert (finding["file"], finding["check"]) == ("insured: insured.parquet", "it is the file that the run read")
    assert str(path) in finding["found"]
    assert finding["expected"] == f"{record['rows']} rows, SHA-256 {record['sha256']}"
    assert "give --inputs the files that the run read" in finding["do"]
    assert "what to do: give --inputs" in run("verify", copy / "out", "--inputs", copy / "year").out


def test_a_place_that_is_not_there(made: Path) -> None:
    assert run("verify", made / "out", "--inputs", made / "nowhere").status == 2


# ---- rows


def without(row: int) -> Callable[[pa.Table], pa.Table]:
    return lambda table: pa.concat_tables([table.slice(0, row), table.slice(row + 1)])


def twice(row: int) -> Callable[[pa.Table], pa.Table]:
    return lambda table: pa.concat_tables([table.slice(0, row + 1), table.slice(row)])


def where_is(copy: Path, setl_id: str) -> tuple[str, int]:
    for path in sorted((copy / "year" / "claims").iterdir()):
        ids = pq.read_table(path).column("setl_id").to_pylist()
        if setl_id in ids:
            return path.name, ids.index(setl_id) + 1
    raise AssertionError(setl_id)


@pytest.mark.parametrize("kind", ["settled", "reversed"])
def test_a_row_that_is_gone_is_named_by_its_file_and_number(copy: Path, kind: str) -> None:
    setl_id = pq.read_table(copy / "out" / kind / "part-00001.parquet").column("setl_id")[2].as_py()
    change(copy / "out", f"{kind}/part-00001.parquet", without(2))
    file, row = where_is(copy, setl_id)
    told = checks(copy)
    assert told[GOES_OUT].startswith(f"{file}, row {row}: setl_id {setl_id}, psn_no ")
    assert "settle these inputs anew" in told[GOES_OUT]
    assert CAME_IN not in told


def test_a_row_that_is_there_twice(copy: Path) -> None:
    change(copy / "out", "settled/part-00002.parquet", twice(3))
    told = checks(copy)
    assert told[CAME_IN].startswith("settled/part-00002.parquet, row 4: setl_id ")
    assert GOES_OUT not in told


def two_rows(copy: Path) -> tuple[int, int, str, str]:
    """Two rows of part 0 of two people, and those people."""
    people = pq.read_table(copy / "out" / "settled" / "part-00000.parquet").column("psn_no").to_pylist()
    other = next(row for row in range(len(people)) if people[row] != people[0])
    return 0, other, people[0], people[other]


def test_two_rows_that_exchange_what_no_sum_knows(copy: Path) -> None:
    """The bills of two people in one partition exchanged: only the input knows."""
    first, second, one, other = two_rows(copy)

    def exchanged(table: pa.Table) -> pa.Table:
        return replace_row("psn_no", second, one)(replace_row("psn_no", first, other)(table))

    change(copy / "out", "settled/part-00000.parquet", exchanged)
    told = checks(copy)
    assert set(told) >= {GOES_OUT, CAME_IN}
    assert all("totals" not in file and "sum" not in check for check, file in told.items())
    assert f"psn_no {other}" in told[CAME_IN]


def test_a_changed_code_of_a_settled_row_is_found(copy: Path) -> None:
    change(copy / "out", "settled/part-00000.parquet", replace_row("insu_admdvs", 5, "220103"))
    told = checks(copy)
    assert told[CAME_IN].startswith("settled/part-00000.parquet, row 6")
    assert GOES_OUT in told


def test_more_partitions_than_are_looked_into_are_counted(copy: Path, tmp_path: Path) -> None:
    arguments = ("--insured", copy / "year" / "insured.parquet", "--year", 2021, "--partitions", 9)
    assert run("settle", copy / "year" / "claims", *arguments, "--out", tmp_path / "nine").status == 0
    for number in range(6):
        change(tmp_path / "nine", f"settled/part-{number:05d}.parquet", without(0))
    told = found(tmp_path / "nine", "--inputs", copy / "year" / "claims", "--inputs", copy / "year" / "insured.parquet")
    assert "6 partitions that differ, the first 4 of them looked into" in str(told)


def number_of(row: int, value: int) -> Callable[[pa.Table], pa.Table]:
    def changed(table: pa.Table) -> pa.Table:
        numbers = table.column("source_row").to_pylist()
        numbers[row] = value
        return table.set_column(table.schema.get_field_index("source_row"), "source_row", pa.array(numbers, pa.int64()))

    return changed


def test_a_rejected_row_that_was_none(copy: Path) -> None:
    """It points to a row that is settled: that one is out twice then, and the one that it was is nowhere."""
    name = "rejected/part-00000.parquet"
    rejected = pq.read_table(copy / "out" / name)
    setl_id = pq.read_table(copy / "out" / "settled" / "part-00000.parquet").column("setl_id")[0].as_py()
    file, row = where_is(copy, setl_id)
    place = rejected.column("source_file").to_pylist().index(file)
    change(copy / "out", name, number_of(place, row))
    told = checks(copy)
    assert f"setl_id {setl_id}" in told[CAME_IN]
    assert GOES_OUT in told


@pytest.mark.parametrize("value", [0, -1, 10**9])
def test_a_rejected_row_beyond_the_file(copy: Path, value: int) -> None:
    change(copy / "out", "rejected/part-00001.parquet", number_of(0, value))
    told = checks(copy)["a rejected row is a row of the input"]
    assert told.startswith("rejected/part-00001.parquet, row 1: part-00")
    assert f"row {value}" in told


def test_a_rejected_row_of_no_file(copy: Path) -> None:
    change(copy / "out", "rejected/part-00001.parquet", replace_row("source_file", 1, "nobody.parquet"))
    assert "nobody.parquet, row " in checks(copy)["a rejected row is a row of the input"]


def test_a_row_rejected_twice(copy: Path) -> None:
    change(copy / "out", "rejected/part-00000.parquet", twice(0))
    assert checks(copy)["a row is rejected once"].startswith("rejected/part-00000.parquet, row 2: part-00")


def test_a_table_that_lost_a_column_cannot_be_compared(copy: Path) -> None:
    change(copy / "out", "settled/part-00000.parquet", lambda table: table.drop_columns(["fixmedins_code"]))
    assert "its rows can be compared" in checks(copy)


# ---- what verify must not find


@pytest.fixture
def region(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)
    return tmp_path


def test_claims_without_an_institution_are_in_the_totals_all_the_same(region: Path) -> None:
    rows = [claim(setl_id="a", fixmedins_code=""), claim(setl_id="b"), claim(setl_id="c", fixmedins_code="")]
    for suffix in (".csv", ".parquet"):
        claims, people = write(region / f"c{suffix}", rows), write(region / f"i{suffix}", [insured()])
        assert settle(claims, people, region / "out", "--overwrite").status == 0
        assert found(region / "out", "--inputs", claims, "--inputs", people) == []


def test_totals_may_be_more_than_any_single_amount(region: Path) -> None:
    most = {"medfee_sumamt": "100000000000.00", "inscp_scp_amt": "100000000000.00"}
    nothing = dict.fromkeys(("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt"), "0.00")
    rows = [claim(setl_id=f"s{n}", **most, **nothing) for n in range(3)]
    claims, people = write(region / "c.parquet", rows), write(region / "i.parquet", [insured()])
    assert settle(claims, people, region / "out").status == 0
    assert sum(row["medfee_sumamt"] for row in read(region / "out", "settled")) == 3 * Decimal(10**11)
    assert found(region / "out") == []


def test_a_pair_may_be_cut_by_the_end_of_a_batch(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify_rows, "BATCH_ROWS", 3)
    assert pq.read_table(made / "out" / "reversed" / "part-00000.parquet").num_rows > 3
    assert found(made / "out") == []


def test_rejected_people_are_held_against_their_files_too(region: Path) -> None:
    claims = write(region / "year" / "c.parquet", [claim()])
    people = write(region / "year" / "i.parquet", [insured(), insured(psn_no="p2", acct_balc="-1.00")])
    assert settle(claims, people, region / "out", "--partitions", 1).status == 0
    assert found(region / "out", "--inputs", region / "year") == []
    change(region / "out", "rejected/insured-part-00000.parquet", twice(0))
    told = {one["check"]: one["found"] for one in found(region / "out", "--inputs", region / "year")}
    assert told["a row is rejected once"] == "i.parquet, row 2 again"
