"""The report of arrived money, written: XLSX for who goes on reckoning, HTML for who reads or prints it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from qingsuan.errors import UsageError
from qingsuan.needed import need
from qingsuan.pages.files import write_page
from qingsuan.pages.numbers import grouped_yuan, percent
from qingsuan.pages.rendering import render
from qingsuan.report.arrival.rows import LEVEL_NAMES, ArrivalReport, Line, read_arrival

__all__ = ["check_report_names", "write_arrival_report"]

_HEADINGS = (
    "统筹区", "市县", "区划代码", "级次", "应到位", "已到位", "其中:规定账户", "未到位", "超出应到位", "到位率", "最近到账日", "逾期天数",
    "预算安排", "安排不足",
)  # fmt: skip
_WIDTHS = (16, 20, 10, 7, 18, 18, 18, 18, 16, 9, 12, 9, 18, 16)
_REFUSED = ("行", "代码", "列", "内容", "应为")
_MONEY, _RATIO, _DAY, _TEXT = "#,##0.00", "0.00%", "yyyy-mm-dd", "@"
_HEAD_ROW = 4


def write_arrival_report(out_dir: Path, report: Path) -> None:
    """Write the report of a finished run; its ending says how.

    Raises
    ------
    UsageError
        The file cannot be written, or a library is not installed.
    InputError
        The folder holds no finished run with receipts.
    """
    found = read_arrival(out_dir)
    if report.suffix.lower() == ".html":
        write_page(_page(found), report, private=False)
    else:
        _write_workbook(found, report)


def check_report_names(reports: Sequence[Path], receipts: Path | None) -> None:
    """Check, before a run begins, that its reports can be written.

    Raises
    ------
    UsageError
        A file ends neither in .xlsx nor in .html, a library is not installed, or no receipts are given.
    """
    for report in reports:
        if receipts is None:
            raise UsageError("--report", found="no --receipts", expected="receipts, which the report is about")
        if report.suffix.lower() not in (".xlsx", ".html"):
            raise UsageError("--report", found=report.name, expected="a name that ends in .xlsx or .html")
        need("openpyxl" if report.suffix.lower() == ".xlsx" else "jinja2")


def _page(report: ArrivalReport) -> str:
    rows = [_told(line) for line in report.lines]
    return render(
        Path(__file__).parent / "templates",
        "arrival.html.j2",
        it=report,
        headings=_HEADINGS,
        rows=rows,
        total=_told(report.total),
        levels=[_told(line) for line in report.levels],
        refused_headings=_REFUSED,
    )


def _told(line: Line) -> list[str]:
    """One line as texts."""

    def yuan(name: str) -> str:
        fen = line.fen[name]
        return "" if fen is None else grouped_yuan(fen)

    return [
        line.prefecture,
        line.name,
        line.place,
        LEVEL_NAMES.get(line.level, ""),
        *(yuan(name) for name in ("due", "received", "in_the_account", "outstanding", "beyond")),
        "" if line.share_bp is None else percent(line.share_bp),
        str(line.last_day or ""),
        "" if line.days_late is None else str(line.days_late),
        *(yuan(name) for name in ("budgeted", "short_of_due")),
    ]


def _write_workbook(report: ArrivalReport, path: Path) -> None:
    openpyxl = need("openpyxl")
    book = openpyxl.Workbook()
    made = dt.datetime.combine(report.as_of, dt.time())
    book.properties.created = book.properties.modified = made
    _sheet(book.active, "到位情况", report, [*report.lines, report.total])
    _sheet(book.create_sheet(), "分级合计", report, report.levels)
    if report.refused:
        sheet = book.create_sheet("未采用的到账记录")
        for row in (_REFUSED, *report.refused):
            sheet.append([None] * len(row))
            for column, text in enumerate(row, 1):
                _text(sheet.cell(sheet.max_row if row is not _REFUSED else 1, column), text)
        _look(sheet, (8, 22, 16, 40, 60), "A2", 1)
    try:
        book.save(path)
    except OSError as error:
        expected = "a folder that is there and can be written to"
        raise UsageError(
            str(path), found=f"cannot be written ({error.strerror or error})", expected=expected
        ) from error


def _sheet(sheet: Any, title: str, report: ArrivalReport, lines: Sequence[Line]) -> None:
    styles = need("openpyxl.styles")
    sheet.title = title
    for number, text in enumerate((report.heading, f"{report.title}　单位:元", "；".join(report.notes)), 1):
        _text(sheet.cell(number, 1), text)
        sheet.merge_cells(start_row=number, end_row=number, start_column=1, end_column=len(_HEADINGS))
        sheet.cell(number, 1).alignment = styles.Alignment(wrap_text=True, vertical="top")
    sheet.cell(1, 1).font = styles.Font(bold=True, size=14)
    sheet.row_dimensions[3].height = 30 * max(1, len(report.notes))
    for column, text in enumerate(_HEADINGS, 1):
        _text(sheet.cell(_HEAD_ROW, column), text)
    for row, line in enumerate(lines, _HEAD_ROW + 1):
        _write_line(sheet, row, line)
    _look(sheet, _WIDTHS, f"E{_HEAD_ROW + 1}", _HEAD_ROW)
    if lines and lines[-1] is report.total:
        for column in range(1, len(_HEADINGS) + 1):
            sheet.cell(_HEAD_ROW + len(lines), column).font = styles.Font(bold=True)


def _write_line(sheet: Any, row: int, line: Line) -> None:
    for column, text in enumerate((line.prefecture, line.name, line.place, LEVEL_NAMES.get(line.level, "")), 1):
        _text(sheet.cell(row, column), text)
    money = {
        5: "due",
        6: "received",
        7: "in_the_account",
        8: "outstanding",
        9: "beyond",
        13: "budgeted",
        14: "short_of_due",
    }
    for column, name in money.items():
        fen = line.fen[name]
        _number(sheet.cell(row, column), None if fen is None else Decimal(fen).scaleb(-2), _MONEY)
    share = line.share_bp
    _number(sheet.cell(row, 10), None if share is None else Decimal(share).scaleb(-4), _RATIO)
    _number(sheet.cell(row, 11), line.last_day, _DAY)
    _number(sheet.cell(row, 12), line.days_late, "0")


def _number(cell: Any, value: Any, form: str) -> None:
    if value is not None:
        cell.value = value
        cell.number_format = form


def _text(cell: Any, text: str) -> None:
    """A text as text: nothing is a formula, and a code keeps its digits; what no cell can hold is left out."""
    cell.value = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", text)
    cell.data_type = "s"
    cell.number_format = _TEXT


def _look(sheet: Any, widths: Sequence[int], frozen: str, head_row: int) -> None:
    styles, utils = need("openpyxl.styles"), need("openpyxl.utils")
    sheet.freeze_panes = frozen
    sheet.print_title_rows = f"{head_row}:{head_row}"
    sheet.page_setup.orientation, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = "landscape", 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    for number, width in enumerate(widths, 1):
        sheet.column_dimensions[utils.get_column_letter(number)].width = width
        head = sheet.cell(head_row, number)
        head.font = styles.Font(bold=True)
        head.fill = styles.PatternFill("solid", start_color="DDE6F0")
        head.alignment = styles.Alignment(horizontal="center", vertical="center", wrap_text=True)
