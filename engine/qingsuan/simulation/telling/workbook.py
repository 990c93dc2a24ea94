"""The tables of a simulation as one XLSX: a sheet for each, headings that stay in sight, numbers as numbers, texts as texts.

Nothing in it is a formula: what a text begins with makes no difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from qingsuan.messages import Words, marked
from qingsuan.needed import need
from qingsuan.pages.workbooks import add_sheet
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
        columns = table.schema.names
        add_sheet(
            book,
            words.speak(SHEETS[name]),
            [heading(column, words) for column in columns],
            [_WIDTHS.get(column, _WIDE) for column in columns],
            zip(*(column.to_pylist() for column in table.columns), strict=True),
        )
    with writing(path):
        book.save(path)


def heading(column: str, words: Words) -> str:
    """What a column is called."""
    if column in COLUMNS:
        return words.speak(COLUMNS[column])
    return words.speak("{column}, change", column=words.speak(COLUMNS[column.removesuffix(_OF_CHANGE)]))
