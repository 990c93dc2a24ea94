"""Files as bureaus have them: a year's made-up claims, written in twenty-odd ways, each with the intake file that reads it."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from settling import claim, read, write

__all__ = [
    "CLAIMS",
    "FILES",
    "MONEY",
    "READ",
    "changed",
    "csv_text",
    "numbers",
    "packed",
    "plain",
    "texts",
    "workbook",
]

CLAIMS = [claim(setl_id=f"s{place}", psn_no=f"p{place % 3}", medfee_sumamt="1000.00") for place in range(1, 9)]
CLAIMS[4] = claim(
    setl_id="s5", psn_no="p2", begndate="2022-07-01", enddate="2022-07-09", setl_time="2022-07-09 09:05:00",
    medfee_sumamt="12345.60", inscp_scp_amt="12145.60",
)  # fmt: skip


def numbers(folder: Path) -> list[tuple[Any, ...]]:
    """What a run came to, claim by claim."""
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
        lambda at: texts(at / "c.parquet", money(lambda text: f"{int(text[:-3]):,}{text[-3:]}")),
        'money.thousands = ","',
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
