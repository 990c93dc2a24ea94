"""Files as bureaus have them: settled with an intake file to the same numbers as from clean Parquet, cell by cell."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qingsuan.run.inputs import intake_of
from qingsuan.run.inputs.intake.said import TABLES
from settling import Ran, claim, install, insured, only, read, run, write

CLAIMS = [claim(setl_id=f"s{place}", psn_no=f"p{place % 3}", medfee_sumamt="1000.00") for place in range(1, 9)]
CLAIMS[4] = claim(
    setl_id="s5", psn_no="p2", begndate="2022-07-01", enddate="2022-07-09", setl_time="2022-07-09 09:05:00",
    medfee_sumamt="12345.60", inscp_scp_amt="12145.60",
)  # fmt: skip
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


def numbers(folder: Path) -> list[tuple[Any, ...]]:
    names = ("setl_id", "psn_no", "benefit_date", "medfee_sumamt", "hifp_pay", "hifmi_pay", "psn_cash_pay")
    return sorted(tuple(row[name] for name in names) for row in read(folder, "settled"))


def csv_text(rows: list[dict[str, Any]], delimiter: str = ",") -> str:
    lines = [delimiter.join(rows[0]), *(delimiter.join(str(cell or "") for cell in row.values()) for row in rows)]
    return "\n".join(lines) + "\n"


def changed(**change: Callable[[str], Any]) -> list[dict[str, Any]]:
    """The claims with some columns written otherwise."""
    return [{name: change[name](cell) if name in change else cell for name, cell in row.items()} for row in CLAIMS]


def texts(path: Path, rows: list[dict[str, Any]], **types: pa.DataType) -> Path:
    """The rows as Parquet, every column text but for those whose type is given."""
    columns = {
        name: pa.array([row[name] for row in rows], types.get(name, pa.string())) for name in rows[0]
    }  # fmt: skip
    pq.write_table(pa.table(columns), path)
    return path


def plain(path: Path, content: str, encoding: str = "utf-8") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode(encoding))
    return path


def packed(path: Path) -> Path:
    text = csv_text(CLAIMS).encode()
    if path.suffix == ".gz":
        with gzip.open(path, "wb") as file:
            file.write(text)
    else:
        with pa.CompressedOutputStream(str(path), "zstd") as stream:
            stream.write(text)
    return path


def workbook(path: Path, rows: list[dict[str, Any]], name: str = "Sheet1") -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = name
    sheet.append(list(rows[0]))
    for row in rows:
        sheet.append([None if cell == "" else cell for cell in row.values()])
    book.save(path)
    return path


def folder(place: Path) -> Path:
    """A folder as Spark writes it, partitioned by scheme."""
    rows = [{name: cell for name, cell in row.items() if name != "insutype"} for row in CLAIMS]
    for part, some in enumerate((rows[:5], rows[5:])):
        write(place / "insutype=390" / f"part-{part:05d}.parquet", some)
        (place / "insutype=390" / f".part-{part:05d}.parquet.crc").write_bytes(b"crc")
    (place / "_SUCCESS").write_bytes(b"")
    return place


def headed() -> str:
    headings = {"setl_id": "结算编号", "psn_no": "人员编号", "insutype": "险种", "medfee_sumamt": "总费用"}
    return csv_text([{headings.get(name, name): cell for name, cell in row.items()} for row in CLAIMS])


def without(name: str) -> list[dict[str, Any]]:
    return [{one: cell for one, cell in row.items() if one != name} for row in CLAIMS]


HEADINGS = (
    'columns = { "结算编号" = "setl_id", "人员编号" = "psn_no", "险种" = "insutype", "总费用" = "medfee_sumamt" }'
)
MONEY = [name for name in CLAIMS[0] if name in ("medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")]  # fmt: skip
DAYS = ("begndate", "enddate")


def money(to: Callable[[str], Any]) -> list[dict[str, Any]]:
    return changed(**dict.fromkeys(MONEY, to))


def stamps(day: Callable[[str], Any], time: Callable[[str], Any]) -> list[dict[str, Any]]:
    return changed(begndate=day, enddate=day, setl_time=time)


def slashed(text: str) -> str:
    year, month, day = text[:10].split("-")
    return f"{year}/{int(month)}/{int(day)}" + text[10:16]


def full_width(text: str) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) for letter in text)


FILES: dict[str, tuple[Callable[[Path], Path], str, str]] = {
    "gbk": (lambda at: plain(at / "c.csv", headed(), "gbk"), f'csv.encoding = "gbk"\n{HEADINGS}', "csv.encoding"),
    "utf-16": (lambda at: plain(at / "c.csv", csv_text(CLAIMS), "utf-16"), 'csv.encoding = "utf-16"', "csv.encoding"),
    "headings": (lambda at: plain(at / "c.csv", headed()), HEADINGS, 'columns."'),
    "oracle": (
        lambda at: plain(at / "c.csv", csv_text([{name.upper(): cell for name, cell in row.items()} for row in CLAIMS])),
        'columns = { case = "ignore" }',
        "columns.SETL_ID",
    ),
    "semicolons": (lambda at: plain(at / "c.csv", csv_text(CLAIMS, ";")), 'csv.delimiter = ";"', 'csv.delimiter = ";"'),
    "tabs": (lambda at: plain(at / "c.csv", csv_text(CLAIMS, "\t")), 'csv.delimiter = "\\t"', 'csv.delimiter = "\\t"'),
    "days": (
        lambda at: plain(at / "c.csv", csv_text(stamps(lambda text: text.replace("-", ""), lambda text: "".join(filter(str.isdigit, text))))),
        'dates = "%Y%m%d"\ntimes = "%Y%m%d%H%M%S"',
        "",
    ),
    "days as numbers": (
        lambda at: texts(
            at / "c.parquet",
            changed(begndate=lambda text: int(text.replace("-", "")), enddate=lambda text: int(text.replace("-", ""))),
            begndate=pa.int32(), enddate=pa.int64(),
        ),
        'dates = "%Y%m%d"',
        'dates = "%Y%m%d"',
    ),
    "slashes": (
        lambda at: plain(at / "c.csv", csv_text(stamps(slashed, slashed))),
        'dates = "%Y/%m/%d"\ntimes = ["%Y/%m/%d %H:%M"]',
        "",
    ),
    "chinese days": (
        lambda at: plain(at / "c.csv", csv_text(changed(begndate=lambda text: "{}年{}月{}日".format(*text.split("-"))))),
        'dates = ["%Y年%m月%d日", "%Y-%m-%d"]',
        "",
    ),
    "days with a time": (
        lambda at: plain(at / "c.csv", csv_text(changed(begndate=lambda text: f"{text} 00:00:00"))),
        'dates = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d"]',
        "",
    ),
    "zone": (
        lambda at: texts(
            at / "c.parquet",
            [{**row, "setl_time": moment(row["setl_time"])} for row in CLAIMS],
            setl_time=pa.timestamp("ms", "UTC"),
        ),
        'times = { zone = "Asia/Shanghai" }',
        'times = { zone = "Asia/Shanghai" }',
    ),
    "offsets": (
        lambda at: plain(at / "c.csv", csv_text(changed(setl_time=lambda text: f"{text.replace(' ', 'T')}+08:00"))),
        'times = { form = "%Y-%m-%dT%H:%M:%S%z", zone = "Asia/Shanghai" }',
        "",
    ),
    "floats": (
        lambda at: texts(at / "c.parquet", money(float), **dict.fromkeys(MONEY, pa.float64())),
        'money.from_float = "exact-to-the-fen"',
        'money.from_float = "exact-to-the-fen"',
    ),
    "whole fen": (
        lambda at: texts(at / "c.parquet", money(lambda text: int(text.replace(".", ""))), **dict.fromkeys(MONEY, pa.int64())),
        'money.unit = "fen"',
        'money.unit = "fen"',
    ),
    "fen as text": (
        lambda at: plain(at / "c.csv", csv_text(money(lambda text: text.replace(".", "")))),
        'money.unit = "fen"',
        "",
    ),
    "thousands": (
        lambda at: plain(at / "c.csv", csv_text(money(lambda text: f"{int(text[:-3]):_}{text[-3:]}"))),
        'money.thousands = "_"',
        "",
    ),
    "codes": (
        lambda at: texts(at / "c.parquet", changed(insutype=lambda _: "居民", med_type=lambda _: "住院")),
        'codes = { insutype = { "居民" = "390", "职工" = "310" }, med_type = { "住院" = "21" } }',
        "",
    ),
    "blanks": (
        lambda at: plain(at / "c.csv", csv_text(changed(psn_no=lambda text: f" {text}", medfee_sumamt=lambda text: f"{text} "))),
        "text.strip = true",
        "",
    ),
    "full width": (
        lambda at: texts(at / "c.parquet", changed(psn_no=full_width, med_type=full_width)),
        'text.width = "half"',
        "",
    ),
    "null": (
        lambda at: plain(at / "c.csv", csv_text(changed(fix_blng_admdvs=lambda _: "NULL", init_setl_id=lambda _: "\\N"))),
        'csv.null = ["", "NULL", "\\\\N"]',
        "",
    ),
    "constants": (
        lambda at: write(at / "c.parquet", without("insutype")),
        'constants.insutype = "390"',
        "insutype",
    ),
    "workbook": (lambda at: workbook(at / "c.xlsx", money(float)), 'money.from_float = "exact-to-the-fen"', "money.from_float"),
}  # fmt: skip
READ = {
    "gz": lambda at: packed(at / "c.csv.gz"),
    "zst": lambda at: packed(at / "c.csv.zst"),
    "workbook of texts": lambda at: workbook(at / "c.xlsx", CLAIMS),
    "workbook of codes as numbers": lambda at: workbook(at / "c.xlsx", changed(insutype=int, med_type=int)),
    "folder": lambda at: folder(at / "claims"),
}


def moment(text: str) -> Any:
    return pa.scalar(text).cast(pa.timestamp("ms")).as_py().replace(tzinfo=None) - __import__("datetime").timedelta(
        hours=8
    )


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
