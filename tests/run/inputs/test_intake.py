"""Files as bureaus have them: settled with an intake file to the same numbers as from clean Parquet, cell by cell."""

from __future__ import annotations

import json
import random
import re
import zipfile
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest

from bureau_files import CLAIMS, FILES, MONEY, READ, changed, csv_text, numbers, packed, plain, texts, workbook
from qingsuan.errors import InputError
from qingsuan.run.inputs import intake_of, open_sources
from qingsuan.run.inputs.intake.said import TABLES
from settling import Ran, claim, install, insured, only, read, run, write

PEOPLE = [insured(psn_no=f"p{place}") for place in range(3)]


@pytest.fixture(autouse=True)
def _plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)
    write(tmp_path / "insured.parquet", PEOPLE)
    write(tmp_path / "clean.parquet", CLAIMS)


def settled(tmp_path: Path, claims: Path, said: str = "", *more: object, out: str = "out") -> Ran:
    intake = tmp_path / "intake.toml"
    intake.write_text(f"format = 1\n{said}", "utf-8")
    given = ["--intake", intake] if said else []
    return run(
        "settle", claims, "--insured", tmp_path / "insured.parquet", "--year", 2022, "--out", tmp_path / out, *given, *more
    )  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_bureaus_file_is_settled_as_clean_parquet_is(tmp_path: Path, name: str) -> None:
    make, said, line = FILES[name]
    assert settled(tmp_path, tmp_path / "clean.parquet", out="clean").status == 0
    claims = make(tmp_path)
    refused = settled(tmp_path, claims, out="refused")
    if line:
        assert refused.status == 3
        assert line in refused.err
    else:
        assert refused.status == 0
        assert numbers(tmp_path / "refused") != numbers(tmp_path / "clean")
    where = "\n".join(f"claims.{one}" for one in said.splitlines())
    ran = settled(tmp_path, claims, where)
    assert ran.status == 0, ran.err
    assert numbers(tmp_path / "out") == numbers(tmp_path / "clean")
    record = json.loads((tmp_path / "out" / "run.json").read_text("utf-8"))
    assert record["intake"][0]["text"] == f"format = 1\n{where}"
    assert {one.get("intake") for one in record["inputs"]["claims"]} == {record["intake"][0]["sha256"]}
    again = ["--settle"] if name in ("gbk", "codes") else []
    verified = run("verify", tmp_path / "out", "--inputs", tmp_path, *again)
    assert verified.status == 0, verified.out + verified.err


@pytest.mark.parametrize("name", READ)
def test_more_kinds_of_files_are_read_as_they_are(tmp_path: Path, name: str) -> None:
    assert settled(tmp_path, tmp_path / "clean.parquet", out="clean").status == 0
    ran = settled(tmp_path, READ[name](tmp_path))
    assert ran.status == 0, ran.err
    assert numbers(tmp_path / "out") == numbers(tmp_path / "clean")
    assert "intake" not in json.loads((tmp_path / "out" / "run.json").read_text("utf-8"))
    verified = run("verify", tmp_path / "out", "--inputs", tmp_path)
    assert verified.status == 0, verified.out + verified.err


def refused_rows(folder: Path) -> list[tuple[str, str, str, str]]:
    return [(row["code"], row["column"], row["found"], row["expected"]) for row in read(folder, "rejected")]


CELLS = {
    "E_CODE": ({"insutype": "农民"}, 'codes.insutype = { "390" = "390" }', '"农民"', "a code that codes.insutype of intake.toml names: 390"),
    "E_FORM": ({"begndate": "20220301"}, 'dates = "%Y-%m-%d"', '"20220301"', "a date written %Y-%m-%d, as dates of intake.toml says"),
    "no day": ({"begndate": "2022-02-30"}, 'dates = "%Y-%m-%d"', '"2022-02-30"', "a date written %Y-%m-%d, as dates of intake.toml says"),
    "two days": (
        {"begndate": "2022-03-01", "enddate": "2022-03-05"},
        'dates = ["%Y-%m-%d", "%Y-%d-%m"]',
        '"2022-03-01"',
        "a date written %Y-%m-%d or %Y-%d-%m, as dates of intake.toml says",
    ),
    "fen": ({"medfee_sumamt": "1000.00"}, 'money.unit = "fen"', '"1000.00"', "a whole number of fen, as money.unit of intake.toml says"),
}  # fmt: skip


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_that_is_not_as_was_said_is_a_rejected_row_as_it_was_written(tmp_path: Path, name: str) -> None:
    change, said, found, expected = CELLS[name]
    column = next(iter(change))
    path = texts(tmp_path / "c.parquet", [claim(**change)])
    assert settled(tmp_path, path, f"claims.{said}").status == 0
    assert refused_rows(tmp_path / "out") == [(name if name.startswith("E_") else "E_FORM", column, found, expected)]
    (row,) = read(tmp_path / "out", "rejected")
    assert (row[column], row["psn_no"]) == (change[column], "p1")


@pytest.mark.parametrize(
    ("yuan", "fits"),
    [(1000.0, True), (0.1 + 0.2, True), (10.000000001, True), (10.0000001, False), (10.005, False), (float("nan"), False), (float("inf"), False), (9e13 + 0.01, False), (None, True)],
)  # fmt: skip
def test_a_float_is_taken_within_a_millionth_of_a_whole_fen(tmp_path: Path, yuan: float | None, fits: bool) -> None:
    path = texts(tmp_path / "i.parquet", [{**insured(), "acct_balc": yuan}], acct_balc=pa.float64())
    ran = run(
        "settle", tmp_path / "clean.parquet", "--insured", path, "--year", 2022, "--out", tmp_path / "out",
        "--intake", said_in(tmp_path, 'insured.money.from_float = "exact-to-the-fen"'),
    )  # fmt: skip
    assert ran.status == 0, ran.err
    rejected = read(tmp_path / "out", "rejected", "insured-part-*.parquet")
    assert [row["code"] for row in rejected] == ([] if fits else ["E_SCALE"])


def said_in(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "said.toml"
    path.write_text(f"format = 1\n{text}\n", "utf-8")
    return path


def test_a_reversal_with_a_cell_that_is_not_as_was_said_still_holds_its_claim(tmp_path: Path) -> None:
    back = {name: f"-{CLAIMS[0][name]}" for name in MONEY}
    rows = [claim(), claim(setl_id="s2", refd_setl_flag="1", init_setl_id="s1", med_type="门诊", **back)]
    path = texts(tmp_path / "c.parquet", rows)
    assert settled(tmp_path, path, 'claims.codes.med_type = { "21" = "21" }').status == 0
    assert read(tmp_path / "out", "settled") == []
    assert sorted(row["setl_id"] for row in read(tmp_path / "out", "rejected")) == ["s1", "s2"]


WRONG = {
    "claims.colums = {}": "unknown key",
    "claim = {}": 'unknown key "claim"',
    'claims.columns = { a = "setl_id", b = "setl_id" }': "a second column for setl_id",
    'claims.columns = { nowhere = "setl_id" }': 'columns."nowhere": ',
    'claims.columns = { setl_id = "setl_idd" }': "did you mean setl_id?",
    'claims.constants = { setl_id = "1" }': "has the column setl_id itself",
    'claims.constants = { insutyp = "1" }': "did you mean insutype?",
    'claims.codes.begndate = { a = "b" }': "a column of kind date",
    "claims.codes.insutype = {}": "no code",
    'claims.dates = "%Y%m"': "no %d",
    'claims.dates = "%y%m%d"': "%y, which is none of",
    "claims.dates = []": "an empty list",
    'claims.times = "%Y-%m-%d %M"': "a part of the day without the greater one",
    'claims.times = "%Y-%m-%d%z"': "without a zone",
    'claims.times = { zone = "China" }': 'zone: "China"',
    'claims.money.unit = "jiao"': '"yuan" | "fen"',
    'claims.money.unit = "fen"': "has decimals in",
    'claims.money.from_float = "yes"': "exact-to-the-fen",
    'claims.money.thousands = "1"': "what groups digits",
    'claims.csv.encoding = "klingon"': "no encoding",
    'claims.csv.delimiter = "ab"': "one character",
    'claims.csv = { delimiter = ";", quote = ";" }': "the same as delimiter",
    "claims.csv.null = 1": "a list of texts",
    'claims.text.width = "full"': "half",
    "claims.sheet = 0": "from 1",
}


@pytest.mark.parametrize("said", WRONG)
def test_what_an_intake_file_gets_wrong_stops_the_run_by_file_and_key(tmp_path: Path, said: str) -> None:
    ran = settled(tmp_path, tmp_path / "clean.parquet", said)
    assert ran.status in (3, 4), ran.out
    assert "intake.toml: " in ran.err
    assert WRONG[said] in ran.err
    assert "what to do: " in ran.err
    assert not (tmp_path / "out").exists()


def test_two_columns_of_theirs_for_one_of_ours(tmp_path: Path) -> None:
    rows = [{**row, "SETL_ID": row["setl_id"]} for row in CLAIMS]
    ran = settled(tmp_path, texts(tmp_path / "c.parquet", rows), 'columns = { case = "ignore" }')
    assert ran.status == 3
    assert "column setl_id: two columns of the file: “setl_id” and “SETL_ID”" in ran.err


def test_a_run_is_gone_on_with_by_the_same_file_only(tmp_path: Path) -> None:
    upper = plain(tmp_path / "c.csv", csv_text([{name.upper(): cell for name, cell in row.items()} for row in CLAIMS]))
    said = 'columns = { case = "ignore" }'
    assert settled(tmp_path, upper, said).status == 0
    (tmp_path / "out" / "run.json").unlink()
    refused = settled(tmp_path, upper, f"{said}\ntext.strip = true", "--resume")
    assert refused.status == 2
    assert "--resume with other options: intake" in refused.err
    assert settled(tmp_path, upper, said, "--resume").status == 0


def test_a_prepared_year_says_how_it_was_read(tmp_path: Path) -> None:
    rows = changed(med_type=lambda _: "住院")
    rows[2]["med_type"] = "门诊"
    path = texts(tmp_path / "c.parquet", rows)
    intake = said_in(tmp_path, 'claims.codes.med_type = { "住院" = "21" }')
    given = ["--insured", tmp_path / "insured.parquet", "--year", 2022]
    assert run("settle", path, *given, "--out", tmp_path / "out", "--intake", intake).status == 0
    assert run("prepare", path, *given, "--out", tmp_path / "year", "--intake", intake).status == 0
    ran = run("settle", tmp_path / "year", "--year", 2022, "--out", tmp_path / "from", "--intake", intake)
    assert ran.status == 2
    assert "given with a prepared year" in ran.err
    assert run("settle", tmp_path / "year", "--year", 2022, "--out", tmp_path / "from").status == 0
    records = [json.loads((tmp_path / one / "run.json").read_text("utf-8")) for one in ("out", "from")]
    assert records[0]["intake"] == records[1]["intake"]
    for name in ("settled", "rejected"):
        assert read(tmp_path / "out", name) == read(tmp_path / "from", name)
    assert [row["med_type"] for row in read(tmp_path / "from", "rejected")] == ["门诊"]
    assert run("verify", tmp_path / "from", "--inputs", tmp_path).status == 0


def test_a_damaged_packed_file_stops_the_run(tmp_path: Path) -> None:
    for name in ("c.csv.gz", "c.csv.zst"):
        path = packed(tmp_path / name)
        whole = path.read_bytes()
        for content in (whole[:-20], whole[:30] + bytes([whole[30] ^ 255]) + whole[31:], b"setl_id\n"):
            path.write_bytes(content)
            ran = settled(tmp_path, path)
            assert ran.status == 3, (name, ran.out)
            assert f"{name}: cannot be read" in ran.err or f"{name}: line" in ran.err, ran.err


def test_a_workbook_whose_digits_are_lost_is_refused(tmp_path: Path) -> None:
    ran = settled(tmp_path, workbook(tmp_path / "c.xlsx", changed(psn_no=lambda _: 220102199001011234)))
    assert ran.status == 3
    assert "row 2: a number shown as 2.20E+17: its digits are lost" in ran.err
    book = openpyxl.load_workbook(workbook(tmp_path / "c.xlsx", CLAIMS))
    book.create_sheet("说明").append(["a note"])
    book.save(tmp_path / "c.xlsx")
    ran = settled(tmp_path, tmp_path / "c.xlsx")
    assert (ran.status, 'sheet = "Sheet1"' in ran.err) == (3, True)
    assert settled(tmp_path, tmp_path / "c.xlsx", 'claims.sheet = "Sheet1"').status == 0


@pytest.mark.parametrize("member", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "[Content_Types].xml"])
def test_a_damaged_workbook_is_refused_or_read_whole(tmp_path: Path, member: str) -> None:
    with zipfile.ZipFile(workbook(tmp_path / "c.xlsx", CLAIMS)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    draw = random.Random(member)
    for _ in range(12):
        place = draw.randrange(len(parts[member]))
        damaged = {**parts, member: parts[member][:place] + b"<&" + parts[member][place + 1 :]}
        with zipfile.ZipFile(tmp_path / "c.xlsx", "w") as archive:
            for name, content in damaged.items():
                archive.writestr(name, content)
        with pytest.raises(InputError, match=r"c\.xlsx: "):
            open_sources([tmp_path / "c.xlsx"], "claims")


PAGE = (Path(__file__).resolve().parents[3] / "docs" / "intake.md").read_text("utf-8")


def test_the_page_of_intake_files_is_right(tmp_path: Path) -> None:
    blocks = dict(re.findall(r"^```(csv|toml)\n(.*?)^```", PAGE.split("## Keys")[0], re.MULTILINE | re.DOTALL))
    ran = settled(tmp_path, plain(tmp_path / "c.csv", blocks["csv"]), blocks["toml"].partition("\n")[2])
    assert ran.status == 0, ran.err
    assert [row["setl_id"] for row in read(tmp_path / "out", "settled")] == ["s1", "s2"]
    assert [(row["setl_id"], row["code"]) for row in read(tmp_path / "out", "rejected")] == [("s3", "E_CODE")]
    for block in re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        intake_of(block, "page")
    keys = re.findall(r"^\| `(\w+)`(?:, `(\w+)`)? \|", PAGE.split("## Keys")[1].split("## What")[0], re.MULTILINE)
    assert {one for pair in keys for one in pair if one} == {
        "columns", "constants", "codes", "dates", "times", "money", "text", "csv", "sheet",
    }  # fmt: skip
    assert "The tables: " + ", ".join(f"`{table}`" for table in TABLES) in PAGE
