"""The tables of a simulation as one XLSX: a sheet for each, headings that stay in sight, numbers as numbers, texts as texts.

Nothing in it is a formula: what a text begins with makes no difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from qingsuan.messages import Words, marked
from qingsuan.needed import need
from qingsuan.run.folder.disk import writing

__all__ = ["COLUMNS", "heading", "write_workbook"]

SHEETS = {
    "variants": marked("Variants"),
    "funds": marked("Funds"),
    "effects": marked("Effects"),
    "people": marked("Winners and losers"),
    "deciles": marked("Tenths by own burden"),
    "biggest": marked("Biggest changes"),
    "tried": marked("Values tried"),
}
COLUMNS = {
    "variant": marked("Variant"),
    "label": marked("What is changed"),
    "value": marked("Value"),
    "unit": marked("Unit"),
    "claims": marked("Claims"),
    "claims_change": marked("Claims, change"),
    "claims_changed": marked("Claims paid otherwise"),
    "pool": marked("Pool"),
    "insutype": marked("Scheme"),
    "fund": marked("Fund"),
    "before": marked("Before"),
    "after": marked("After"),
    "change": marked("Change"),
    "dimension": marked("By"),
    "group": marked("Group"),
    "who": marked("Who"),
    "people": marked("People"),
    "winners": marked("Winners"),
    "losers": marked("Losers"),
    "gained": marked("Gained"),
    "lost": marked("Lost"),
    "decile": marked("Tenth"),
    "own_from": marked("Own burden from"),
    "rank": marked("Rank"),
    "psn_no": marked("Person"),
    "setl_id": marked("Settlement"),
    "off": marked("Off the target"),
    "fund_pay_sumamt": marked("Funds together"),
    "psn_part_amt": marked("Own burden"),
    "hifp_pay": marked("Pooled fund"),
    "cvlserv_pay": marked("Civil servants"),
    "hifes_pay": marked("Enterprise supplement"),
    "hifmi_pay": marked("Critical illness (residents)"),
    "hifob_pay": marked("Large sums (employees)"),
    "hifdm_pay": marked("Disabled veterans"),
    "maf_pay": marked("Medical assistance"),
    "oth_pay": marked("Other funds"),
}
_OF_CHANGE = "_change"
_WIDTHS = {"label": 48, "psn_no": 24, "setl_id": 26, "group": 22}
_WIDE = 16


def write_workbook(path: Path, tables: Mapping[str, pa.Table], words: Words) -> None:
    """Write the tables as one workbook.

    Raises
    ------
    UsageError
        openpyxl is not installed.
    RunError
        It cannot be written.
    """
    book = need("openpyxl").Workbook(write_only=True)
    for name, table in tables.items():
        page = book.create_sheet(words.speak(SHEETS[name]))
        page.freeze_panes = "A2"
        for place, column in enumerate(table.schema.names):
            page.column_dimensions[_letter(place)].width = _WIDTHS.get(column, _WIDE)
        page.append([_cell(page, heading(column, words)) for column in table.schema.names])
        for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
            page.append([_cell(page, value) for value in row])
    with writing(path):
        book.save(path)


def heading(column: str, words: Words) -> str:
    """What a column is called."""
    if column in COLUMNS:
        return words.speak(COLUMNS[column])
    return words.speak("{column}, change", column=words.speak(COLUMNS[column.removesuffix(_OF_CHANGE)]))


def _letter(place: int) -> str:
    letter: str = need("openpyxl.utils").get_column_letter(place + 1)
    return letter


def _cell(page: Any, value: Any) -> Any:
    """A text as a text, whatever it begins with; an amount with two decimals."""
    cell = need("openpyxl.cell").WriteOnlyCell(page, value if not isinstance(value, str) else None)
    if isinstance(value, str):
        cell.value = value
        cell.data_type = "s"
        cell.number_format = "@"
    elif isinstance(value, Decimal):
        cell.number_format = "#,##0.00"
    elif isinstance(value, int):
        cell.number_format = "#,##0"
    return cell
