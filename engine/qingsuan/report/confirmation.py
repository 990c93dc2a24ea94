"""Confirmation sheets (清算确认书): what an institution confirms at the end of the year, one workbook for each, in Chinese."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from qingsuan.errors import UsageError
from qingsuan.listing import files_in
from qingsuan.needed import need
from qingsuan.report.summary import read_record

__all__ = ["LINES", "write_confirmations"]

LINES = (
    ("psntime", "清算人次"),
    ("medfee_sumamt", "医疗费总额"),
    ("claims", "基金申报金额"),
    ("standard", "清算标准"),
    ("remainder", "其中:点数法、总额分配余额"),
    ("others", "其中:非本医共体参保人"),
    ("budget", "年度预算"),
    ("surplus", "结余"),
    ("kept", "结余留用"),
    ("overrun", "超支"),
    ("borne_by_fund", "超支分担:基金"),
    ("borne_by_institution", "超支分担:医疗机构"),
    ("procurement", "集采结余留用"),
    ("audit", "稽核扣款"),
    ("deposit", "质量保证金:扣留"),
    ("deposit_returned", "质量保证金:返还"),
    ("deposit_kept", "质量保证金:不予返还"),
    ("payable", "全年应付 = (4) + (9) - (12) + (13) - (14) - (17)"),
    ("advances", "已预付"),
    ("clearing", "本次清算 = (18) - (19)"),
)
"""Columns of ``clearing`` in the order of the sheet, and what each is called there; the sheet numbers them from 1."""

_WAYS = {
    "01": "按项目",
    "02": "按病种",
    "03": "按床日",
    "04": "按人头",
    "05": "DRG",
    "06": "DIP",
    "07": "县域医共体总额",
    "unit": "按服务单元",
    "special": "单独结算",
}
_SCHEMES = {"310": "职工", "390": "居民"}
_MONEY, _COUNT = "#,##0.00", "#,##0"
_STRONG = ("payable", "clearing")


def write_confirmations(out_dir: Path, folder: Path) -> int:
    """Write a workbook for each institution of a finished run into a folder, by its code; returns how many.

    Raises
    ------
    UsageError
        A file cannot be written, or a library is not installed.
    InputError
        The folder holds no finished run.
    """
    openpyxl = need("openpyxl")
    record = read_record(out_dir)
    made = dt.datetime.combine(dt.date(int(record["year"]), 12, 31), dt.time())
    count = 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for institution, contracts in _institutions(out_dir):
            book = openpyxl.Workbook()
            book.properties.created = book.properties.modified = made
            _fill(book.active, int(record["year"]), institution, contracts)
            book.save(folder / f"{institution}.xlsx")
            count += 1
    except OSError as error:
        expected = "a folder that can be written to"
        raise UsageError(
            str(folder), found=f"cannot be written ({error.strerror or error})", expected=expected
        ) from error
    return count


def _institutions(out_dir: Path) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    """Institutions in the order of their codes, each with its contracts."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for part in files_in(out_dir / "clearing"):
        for row in pq.read_table(part).to_pylist():
            found.setdefault(row["fixmedins_code"], []).append(row)
    for institution in sorted(found):
        by = ("pool", "insutype", "clr_type", "first_month")
        yield institution, sorted(found[institution], key=lambda row: tuple(row[name] for name in by))


def _fill(sheet: Any, year: int, institution: str, contracts: Sequence[Mapping[str, Any]]) -> None:
    """Lay out the sheet: a line for each term, a column for each contract, and their total."""
    styles = need("openpyxl.styles")
    sheet.title = "清算确认书"
    last = len(contracts) + 3
    _title(sheet, 1, f"{year}年度医疗保障费用清算确认书", last, styles.Font(bold=True, size=14))
    _title(sheet, 2, f"医疗机构:{institution}        金额单位:元", last, styles.Font())
    heads = ["", "项目", *(_head(row) for row in contracts), "合计"]
    thin = styles.Border(*[styles.Side(style="thin")] * 4)
    for column, text in enumerate(heads, 1):
        cell = sheet.cell(3, column, text)
        cell.font, cell.border = styles.Font(bold=True), thin
        cell.alignment = styles.Alignment(wrap_text=True, horizontal="center", vertical="center")
    for number, (name, title) in enumerate(LINES, 1):
        values = [row[name] for row in contracts]
        known = [value for value in values if value is not None]
        total = sum(known, Decimal(0)) if known else None
        cells = [f"({number})", title, *values, int(total or 0) if name == "psntime" else total]
        for column, value in enumerate(cells, 1):
            cell = sheet.cell(3 + number, column, value)
            cell.border, cell.font = thin, styles.Font(bold=name in _STRONG)
            if column > 2:
                cell.number_format = _COUNT if name == "psntime" else _MONEY
    _title(
        sheet,
        5 + len(LINES),
        "医疗机构(盖章):                    医保经办机构(盖章):                    日期:",
        last,
        styles.Font(),
    )
    for column in range(1, last + 1):
        width = {1: 6, 2: 40}.get(column, 26)
        sheet.column_dimensions[sheet.cell(3, column).column_letter].width = width
    sheet.row_dimensions[3].height = 54
    sheet.freeze_panes = "C4"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _title(sheet: Any, row: int, text: str, last: int, font: Any) -> None:
    sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=last)
    sheet.cell(row, 1, text).font = font


def _head(row: Mapping[str, Any]) -> str:
    """What a contract's column is called: pool, scheme, kind of care, way of payment, months."""
    scheme = _SCHEMES.get(row["insutype"], row["insutype"])
    months = f"{row['first_month'][5:]}-{row['last_month'][5:]}月"
    return f"{row['pool']} {scheme}\n清算类别{row['clr_type']} {_WAYS[row['clr_way']]}\n{months}"
