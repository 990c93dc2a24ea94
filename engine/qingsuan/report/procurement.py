"""Central procurement told to people: what was saved and what of it is kept, advances; English beside Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qingsuan.money import fen_of_yuan
from qingsuan.report.summary import read_record
from qingsuan.report.text import grouped_yuan, table

__all__ = ["procurement_summary"]

_HEADINGS = {
    "batch": "batch 批次",
    "insutype": "scheme 险种",
    "budget": "budget 预算",
    "spent": "spent 支出",
    "saved": "saved 结余",
    "kept": "kept 留用",
}
_OUTCOMES = {
    "kept": "keep a part (留用)",
    "nothing-saved": "saved nothing (无结余)",
    "not-completed": "did not complete what was agreed (未完成约定量)",
    "no-score": "without a score (无考核分)",
}


def procurement_summary(out_dir: Path) -> str:
    """Tell a finished run, from its folder, in plain text for a terminal with a monospaced font; amounts in yuan.

    Raises
    ------
    InputError
        The folder holds no finished run.
    """
    record = read_record(out_dir)
    names = list(_HEADINGS)
    lines = [[row["batch"], row["insutype"], *(_yuan(row[name]) for name in names[2:])] for row in record["amounts"]]
    sums = [grouped_yuan(sum(fen_of_yuan(row[name]) for row in record["amounts"])) for name in names[2:]]
    told = table(list(_HEADINGS.values()), [*lines, ["all 合计", "", *sums]], "ll" + "r" * len(sums))
    blocks = [_head(record), told, _rows(record), _advances(record), _identities(record)]
    return "\n\n".join([*blocks, *(f"warning: {warning}" for warning in record["warnings"])])


def _head(record: Mapping[str, Any]) -> str:
    told = ", ".join(f"{count:,} {_OUTCOMES[name]}" for name, count in record["outcomes"].items() if count)
    return f"Central procurement (集中带量采购) {record['year']}: {record['title']}\ninstitutions by batch: {told or 'none'}"


def _rows(record: Mapping[str, Any]) -> str:
    rows = record["rows"]
    rejected = ", ".join(f"{code} {number:,}" for code, number in rows["rejected"].items())
    account = (
        f"purchases in (采购记录) {rows['in']:,} = counted (计入) {rows['counted']:,}"
        f" + rejected (退回) {sum(rows['rejected'].values()):,}; agreed quantities (约定采购量) {rows['agreed']:,}"
    )
    return f"{account}\nrejected by reason: {rejected}" if rejected else account


def _advances(record: Mapping[str, Any]) -> str:
    one = record["advances"]
    return (
        f"advances (预付) {_yuan(one['advanced'])} = given back (归还) {_yuan(one['repaid'])}"
        f" + offset (冲抵) {_yuan(one['offset'])} + left (余额) {_yuan(one['left'])}"
    )


def _identities(record: Mapping[str, Any]) -> str:
    lines = [f"  {one['identity']}: {_yuan(one['one'])} = {_yuan(one['other'])}" for one in record["identities"]]
    return "\n".join(["what must be equal (勾稽关系):", *lines])


def _yuan(text: str) -> str:
    return grouped_yuan(fen_of_yuan(text))
