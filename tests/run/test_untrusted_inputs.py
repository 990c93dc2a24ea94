"""What cannot be trusted stops the run with the status that says whose fault it was, a message that helps, and no file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qingsuan.run.folder import RECORD
from settling import RULES, Ran, claim, install, install_code, insured, only, read, run, settle, typed, write, write_csv

HERE = ("claims.csv", "insured.csv", "site")


@pytest.fixture(autouse=True)
def _plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)
    write(tmp_path / "insured.csv", [insured()])
    write(tmp_path / "claims.csv", [claim()])


def refused(ran: Ran, status: int, *words: str) -> None:
    """The status, and a message with every word: where, found, expected, what to do."""
    assert ran.status == status, ran.err
    assert "Traceback" not in ran.err
    assert ran.err.startswith(("qingsuan: ", "Usage: ")) or "qingsuan: " in ran.err
    for word in words:
        assert word in ran.err, ran.err


def settle_claims(tmp_path: Path, claims: object, *more: object) -> Ran:
    """Settle; when it is refused nothing may be there afterwards."""
    ran = run("settle", claims, "--insured", tmp_path / "insured.csv", "--year", 2022, "--out", tmp_path / "out", *more)
    assert (tmp_path / "out").exists() == (ran.status == 0)
    return ran


def settle_people(tmp_path: Path, people: object, *more: object) -> Ran:
    ran = run("settle", tmp_path / "claims.csv", "--insured", people, "--year", 2022, "--out", tmp_path / "out", *more)
    assert (tmp_path / "out").exists() == (ran.status == 0)
    return ran


# ---- files that are not what their name says


def test_a_truncated_parquet_file(tmp_path: Path) -> None:
    whole = write(tmp_path / "claims.parquet", [claim()]).read_bytes()
    for size in (0, 3, 8, len(whole) // 2, len(whole) - 1):
        (tmp_path / "claims.parquet").write_bytes(whole[:size])
        said = ("claims.parquet: cannot be read", "expected: a whole Parquet", "what to do: fetch the file again")
        refused(settle_claims(tmp_path, tmp_path / "claims.parquet"), 3, *said)


def test_a_parquet_file_damaged_inside(tmp_path: Path) -> None:
    path = write(tmp_path / "claims.parquet", [claim(setl_id=f"s{n}", psn_no=f"p{n}") for n in range(2000)])
    data = bytearray(path.read_bytes())
    data[40:400] = bytes(360)
    path.write_bytes(data)
    refused(settle_claims(tmp_path, path), 3, "claims.parquet: cannot be read from row 1 on", "fetch the file again")


@pytest.mark.parametrize("name", ["claims.parquet", "claims.arrow", "claims.feather"])
def test_a_text_file_named_otherwise(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("setl_id,psn_no\ns1,p1\n", "utf-8")
    refused(settle_claims(tmp_path, tmp_path / name), 3, f"{name}: cannot be read", "what to do")


@pytest.mark.parametrize("name", ["c.csv", "c.arrow", "C.CSV"])
def test_a_parquet_file_named_otherwise(tmp_path: Path, name: str) -> None:
    write(tmp_path / "c.parquet", [claim()]).rename(tmp_path / name)
    said = (f"{name}: cannot be read: by its first bytes", "thing: Parquet file", "give it the ending of what it is")
    refused(settle_claims(tmp_path, tmp_path / name), 3, *said)


@pytest.mark.parametrize(
    ("first", "said"),
    [
        (b"\x1f\x8b\x08\0", "packed with gzip"),
        (b"(\xb5/\xfd\0", "packed with zstd"),
        (b"PK\x03\x04\0", "Excel workbook"),
        (b"\xd0\xcf\x11\xe0", "older Excel"),
        (b"SQLite format 3\0", "SQLite database"),
        (b"FEA1\0\0\0\0", "Feather file of version 1"),
        (b"ARROW1\0\0", "Arrow IPC file"),
    ],
)
@pytest.mark.parametrize("name", ["claims.csv", "claims.parquet"])
def test_what_a_file_is_by_its_first_bytes_is_said(tmp_path: Path, name: str, first: bytes, said: str) -> None:
    """Neither its encoding nor a broken transfer is the matter."""
    (tmp_path / name).write_bytes(first + bytes(100))
    ran = settle_claims(tmp_path, tmp_path / name)
    refused(ran, 3, f"{name}: cannot be read: by its first bytes it is another thing", said)
    assert "fetch the file again" not in ran.err
    assert "encoding" not in ran.err


@pytest.mark.parametrize("name", ["claims.csv", "claims.parquet", "claims.arrow"])
def test_an_empty_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    refused(settle_claims(tmp_path, tmp_path / name), 3, f"{name}: cannot be read", "what to do")


@pytest.mark.parametrize("rows_before", [1, 40_000])
def test_a_csv_line_with_a_cell_missing_is_a_rejected_row(tmp_path: Path, rows_before: int) -> None:
    path = write_csv(tmp_path / "claims.csv", [claim(setl_id=f"s{n}") for n in range(rows_before)])
    with path.open("a", encoding="utf-8") as file:
        file.write("s,p1,390\n")
    assert settle_claims(tmp_path, path).status == 0
    assert counts(tmp_path) == {"in": rows_before + 1, "settled": rows_before, "reversed": 0, "rejected": 1}
    (row,) = read(tmp_path / "out", "rejected")
    assert (row["source_row"], row["code"], row["column"]) == (rows_before + 1, "E_FORM", "")
    assert row["found"] == f"line {rows_before + 2}, 3 cells: s,p1,390"
    assert row["expected"] == "20 cells, as the header has"
    assert {name: row[name] for name in claim()} == dict.fromkeys(claim())


def test_a_csv_file_in_gbk(tmp_path: Path) -> None:
    rows = [claim(my_note="住院 费用", fixmedins_code="示例医院")]
    path = write_csv(tmp_path / "claims.csv", rows, "gb18030")
    refused(settle_claims(tmp_path, path), 3, "claims.csv: line 2: cannot be read", "--csv-encoding gb18030")
    write_csv(tmp_path / "insured.csv", [insured()], "gb18030")
    assert settle_claims(tmp_path, path, "--csv-encoding", "gb18030").status == 0
    assert [row["fixmedins_code"] for row in read(tmp_path / "out", "settled")] == ["示例医院"]


def test_an_encoding_nobody_knows(tmp_path: Path) -> None:
    for name in ("klingon", "gb18300", "hex", ""):
        refused(
            settle_claims(tmp_path, tmp_path / "claims.csv", "--csv-encoding", name), 2, "--csv-encoding", "gb18030"
        )


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "claims.csv", [claim()], "utf-8-sig")
    assert settle_claims(tmp_path, path).status == 0
    assert [row["setl_id"] for row in read(tmp_path / "out", "settled")] == ["s1"]


# ---- columns


def test_a_missing_column(tmp_path: Path) -> None:
    path = write(tmp_path / "c.csv", [claim(inscp_scp_amt=None)])
    said = ("c.csv: no column “inscp_scp_amt”; columns: setl_id, ", "expected: one column", "what to do: check")
    refused(settle_claims(tmp_path, path), 3, *said)
    refused(
        settle_people(tmp_path, write(tmp_path / "i.csv", [insured(psn_type=None)])), 3, "i.csv: no column “psn_type”"
    )


@pytest.mark.parametrize("name", ["medfee_sumamt", "my_note", "init_setl_id"])
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_doubled_column_is_refused_even_one_that_nobody_reads(tmp_path: Path, name: str, suffix: str) -> None:
    path = tmp_path / f"claims{suffix}"
    row = claim(med_type="41")
    names = [*row, name]
    if suffix == ".csv":
        path.write_text(",".join(names) + "\n" + ",".join(row[each] or "" for each in names) + "\n", "utf-8")
    else:
        pq.write_table(pa.Table.from_arrays([pa.array([row[each] or ""]) for each in names], names), path)
    refused(settle_claims(tmp_path, path), 3, f"2 columns “{name}”", "expected: each column once")


WRONG_TYPES: list[tuple[str, pa.Array, str]] = [
    ("medfee_sumamt", pa.array([1000.0]), "double"),
    ("medfee_sumamt", pa.array([1000]), "int64"),
    ("setl_time", pa.array([0], pa.timestamp("us", "Asia/Shanghai")), "time zone"),
    ("begndate", pa.array([20220301]), "int64"),
    ("psn_no", pa.array([1]), "leading zeros"),
    ("med_type", pa.array([21]), "leading zeros"),
    ("refd_setl_flag", pa.array([0]), "leading zeros"),
]


@pytest.mark.parametrize(("name", "values", "word"), WRONG_TYPES)
@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_a_column_of_a_type_that_could_mean_anything(
    tmp_path: Path, name: str, values: pa.Array, word: str, suffix: str
) -> None:
    columns = {key: typed([text or ""], None) for key, text in claim().items()}
    table = pa.table({**columns, name: values})
    path = tmp_path / f"claims.{suffix}"
    if suffix == "parquet":
        pq.write_table(table, path)
    else:
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
    said = (f"claims.{suffix}: column {name}: type ", word, "expected: ", "what to do: write the extract again")
    refused(settle_claims(tmp_path, path), 3, *said)


# ---- places


def test_an_ending_nobody_knows_in_a_folder(tmp_path: Path) -> None:
    write(tmp_path / "in" / "a.csv", [claim()])
    (tmp_path / "in" / "notes.docx").write_bytes(b"x")
    refused(
        settle_claims(tmp_path, tmp_path / "in"), 3, "notes.docx: the ending “.docx”", ".parquet", "left out silently"
    )


def test_hidden_files_in_a_folder_are_no_input(tmp_path: Path) -> None:
    write(tmp_path / "in" / "a.csv", [claim()])
    for name in (".DS_Store", "_SUCCESS"):
        (tmp_path / "in" / name).write_bytes(b"x")
    assert settle_claims(tmp_path, tmp_path / "in").status == 0


def test_an_empty_folder_a_glob_without_match_and_a_missing_file(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for place in (tmp_path / "in", tmp_path / "in" / "*.parquet", tmp_path / "none.csv"):
        refused(
            settle_claims(tmp_path, place),
            3,
            f"{place}: no claims there",
            "expected: a file, a folder",
            "check the path",
        )
    refused(settle_people(tmp_path, tmp_path / "none.csv"), 3, "none.csv: no insured there")
    ran = settle_claims(tmp_path, tmp_path / "claims.csv", "--identities", tmp_path / "none.csv")
    refused(ran, 3, "none.csv: no identities there")


def test_the_same_file_twice(tmp_path: Path) -> None:
    for other in (tmp_path / "claims.csv", tmp_path / "cl*.csv", tmp_path / "site" / ".." / "claims.csv"):
        ran = run(
            *("settle", tmp_path / "claims.csv", other, "--insured", tmp_path / "insured.csv"),
            *("--year", 2022, "--out", tmp_path / "out"),
        )
        refused(ran, 3, "claims.csv: named twice as claims", "each file once")
    assert not (tmp_path / "out").exists()


# ---- --out


def settled(tmp_path: Path, *more: object) -> Ran:
    return settle(tmp_path / "claims.csv", tmp_path / "insured.csv", tmp_path / "out", *more)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_finished_run_stays_unless_asked(tmp_path: Path) -> None:
    assert settled(tmp_path).status == 0
    before = files(tmp_path / "out")
    refused(settled(tmp_path), 2, "out: a finished run", "--overwrite to replace it")
    assert files(tmp_path / "out") == before
    write(tmp_path / "claims.csv", [claim(setl_id="other")])
    assert settled(tmp_path, "--overwrite").status == 0
    assert [row["setl_id"] for row in read(tmp_path / "out", "settled")] == ["other"]


@pytest.mark.parametrize("change", [{"medfee_sumamt": None}, {"insu_admdvs": "880101"}])
def test_a_run_that_is_refused_destroys_no_earlier_one(tmp_path: Path, change: dict[str, Any]) -> None:
    assert settled(tmp_path).status == 0
    before = files(tmp_path / "out")
    write(tmp_path / "claims.csv", [claim(**change)])
    assert settled(tmp_path, "--overwrite").status in {3, 4}
    assert files(tmp_path / "out") == before


def test_an_unfinished_run_is_told_from_a_finished_one(tmp_path: Path) -> None:
    assert settled(tmp_path).status == 0
    (tmp_path / "out" / RECORD).unlink()
    refused(settled(tmp_path), 2, "out: a run that did not finish", "--overwrite")
    assert settled(tmp_path, "--overwrite").status == 0
    assert (tmp_path / "out" / RECORD).exists()


def test_a_foreign_folder_and_a_file_are_never_touched(tmp_path: Path) -> None:
    (tmp_path / "out" / "settled").mkdir(parents=True)
    (tmp_path / "out" / "thesis.docx").write_bytes(b"x")
    for more in ((), ("--overwrite",)):
        refused(settled(tmp_path, *more), 2, "out: it holds other things: thesis.docx", "give another --out")
    assert files(tmp_path / "out") == {"thesis.docx": b"x"}
    file = tmp_path / "a-file"
    file.write_bytes(b"x")
    refused(settle(tmp_path / "claims.csv", tmp_path / "insured.csv", file, "--overwrite"), 2, "a-file: a file")
    assert file.read_bytes() == b"x"


def test_an_empty_folder_is_a_place_like_none(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert settled(tmp_path).status == 0


# ---- plugins and parameters


def test_a_pool_without_a_plugin(tmp_path: Path) -> None:
    rows = [claim(setl_id=f"s{n}", insu_admdvs="880101") for n in range(3)]
    path = write(tmp_path / "claims.csv", [claim(), *rows, claim(setl_id="x", insu_admdvs="not a code")])
    said = ("no installed plugin serves: 880100, 3 claims", "install the region's plugin", "--skip-unserved")
    refused(settle_claims(tmp_path, path), 4, *said)


def test_a_code_that_was_retired_is_answered_with_the_code_of_today(tmp_path: Path) -> None:
    rows = [claim(), claim(setl_id="old", insu_admdvs="220381"), claim(setl_id="far", insu_admdvs="880101")]
    path = write(tmp_path / "claims.csv", rows)
    said = "write the code of today: 220381 公主岭市 is 220184 since 2020; install"
    refused(settle_claims(tmp_path, path), 4, "220300 四平市, 1 claims", said)
    assert settle_claims(tmp_path, path, "--skip-unserved").status == 0
    rejected = pq.read_table(tmp_path / "out" / "rejected").to_pylist()
    assert {row["setl_id"]: row["expected"] for row in rejected} == {
        "old": "the code of today: 220381 公主岭市 is 220184 since 2020",
        "far": "an area of a pool that an installed plugin serves",
    }


def test_a_broken_plugin_is_named_where_its_pool_is_met(tmp_path: Path) -> None:
    (tmp_path / "site" / "qingsuan_settling" / "region.toml").unlink()
    install_code(tmp_path / "site", "import a_module_nobody_has\n")
    said = ("no installed plugin serves: 990100", "qingsuan-settling 2022.1", "a_module_nobody_has")
    refused(settle_claims(tmp_path, tmp_path / "claims.csv"), 4, *said)


PARAMETERS = [
    (RULES.replace("percent = [60]", "percent = [160]"), "layers.critical.bands.percent[1]"),
    (RULES.replace("yuan = 1000", "yuan = 1000.0"), "layers.critical.deductible.yuan"),
    (
        RULES.replace('when = { med_type = ["11"] }', 'when = { med_type = ["21"] }'),
        "missing parameter “outpatient.ratio”",
    ),
    ("format = [", "a.toml"),
]


@pytest.mark.parametrize(("rules", "word"), PARAMETERS)
def test_a_parameter_file_that_cannot_be_trusted(tmp_path: Path, rules: str, word: str) -> None:
    install(tmp_path / "site", rules=rules)
    refused(settle_claims(tmp_path, tmp_path / "claims.csv"), 4, "a.toml", word)


def test_a_requirement_that_is_not_met(tmp_path: Path) -> None:
    for requirement in ("qingsuan-settling>=2023", "qingsuan-setling"):
        ran = settle_claims(tmp_path, tmp_path / "claims.csv", "--require", requirement)
        refused(ran, 4, f"--require {requirement}: ", "expected: ")
    refused(settle_claims(tmp_path, tmp_path / "claims.csv", "--require", "a b"), 2, "--require a b: not a requirement")
    assert settle_claims(tmp_path, tmp_path / "claims.csv", "--require", "qingsuan-settling>=2022.1").status == 0


# ---- wrong use, and runs with nothing in them


@pytest.mark.parametrize(
    "arguments",
    [(), ("settle",), ("settle", "x.csv"), ("settle", "--year", "1999"), ("setle",), ("settle", "--workers", "0")]
    + [("settle", "x.csv", "--insured", "y.csv", "--out", "o", "--year", year) for year in ("1999", "2101", "22", "year")]
    + [("settle", "x.csv", "--insured", "y.csv", "--out", "o", "--year", "2022", "--memory", size) for size in ("1MB", "lots")],
)  # fmt: skip
def test_wrong_use_ends_with_two(arguments: tuple[str, ...]) -> None:
    ran = run(*arguments)
    assert ran.status == 2, ran.err
    assert "Traceback" not in ran.err


def counts(tmp_path: Path) -> dict[str, int]:
    found: dict[str, int] = json.loads((tmp_path / "out" / RECORD).read_text("utf-8"))["rows"]
    return found


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".arrow"])
@pytest.mark.parametrize("partitions", [1, 3])
def test_no_claims_at_all_are_a_run_too(tmp_path: Path, suffix: str, partitions: int) -> None:
    path = write(tmp_path / f"none{suffix}", [claim()])
    make: Callable[[pa.Table], None] = lambda table: pq.write_table(table.slice(0, 0), path)  # noqa: E731
    if suffix == ".csv":
        path.write_text(path.read_text("utf-8").splitlines()[0] + "\n", "utf-8")
    elif suffix == ".parquet":
        make(pq.read_table(path))
    else:
        table = pa.ipc.open_file(path).read_all()
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema):
            pass
    ran = settle_claims(tmp_path, path, "--partitions", partitions)
    assert ran.status == 0, ran.err
    assert counts(tmp_path) == {"in": 0, "settled": 0, "reversed": 0, "rejected": 0}
    for name in ("settled", "reversed", "rejected"):
        assert len(list((tmp_path / "out" / name).glob("*.parquet"))) == partitions
        assert read(tmp_path / "out", name) == []


def test_nobody_insured_rejects_everybody(tmp_path: Path) -> None:
    path = write(tmp_path / "none.csv", [insured()])
    path.write_text(path.read_text("utf-8").splitlines()[0] + "\n", "utf-8")
    assert settle_people(tmp_path, path).status == 0
    assert counts(tmp_path) == {"in": 1, "settled": 0, "reversed": 0, "rejected": 1}


@pytest.mark.parametrize(
    "change", [{"med_type": "99"}, {"psn_no": ""}, {"psn_no": "nobody"}, {"setl_time": "2021-01-01"}]
)
def test_a_run_of_bad_rows_only_ends_well_and_says_so(tmp_path: Path, change: dict[str, Any]) -> None:
    rows = [claim(**{"setl_id": f"s{n}", **change}) for n in range(5)]
    ran = settle_claims(tmp_path, write(tmp_path / "bad.parquet", rows))
    assert ran.status == 0, ran.err
    assert counts(tmp_path) == {"in": 5, "settled": 0, "reversed": 0, "rejected": 5}


def test_the_year_of_other_claims_rejects_them_all_and_settles_none(tmp_path: Path) -> None:
    ran = run(
        *("settle", tmp_path / "claims.csv", "--insured", tmp_path / "insured.csv"),
        *("--year", 2023, "--out", tmp_path / "out"),
    )
    assert ran.status == 0
    assert [(row["code"], row["column"]) for row in read(tmp_path / "out", "rejected")] == [("E_DATE", "setl_time")]


def test_the_machine_that_fails_ends_with_five(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    ran = settle(tmp_path / "claims.csv", tmp_path / "insured.csv", tmp_path / "file" / "out")
    assert ran.status == 5, ran.err
    assert "what to do" in ran.err


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_the_record_counts_the_rows_of_a_csv_file(tmp_path: Path, end: str) -> None:
    path = write_csv(tmp_path / "c.csv", [claim(setl_id=f"s{n}") for n in range(3)])
    path.write_bytes(path.read_bytes().rstrip(b"\n") + end.encode())
    assert settle_claims(tmp_path, path).status == 0
    record = json.loads((tmp_path / "out" / RECORD).read_text("utf-8"))
    assert (record["inputs"]["claims"][0]["rows"], record["rows"]["in"]) == (3, 3)


def test_a_year_that_no_person_can_have_is_named_by_person_and_settlement(tmp_path: Path) -> None:
    rows = []
    for number in range(7206):
        bill = dict.fromkeys(("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt"), "0.00")
        bill |= dict.fromkeys(("medfee_sumamt", "inscp_scp_amt"), "100000000000.00")
        rows.append(claim(setl_id=f"s{number:04d}", **bill))
    said = (
        "psn_no (2 characters: --show-values), setl_id (5 characters: --show-values), pool 990100, insutype 390: bills of one person",
        "720 trillion yuan",
        "what to do",
    )
    refused(settle_claims(tmp_path, write(tmp_path / "c.parquet", rows)), 3, *said)
