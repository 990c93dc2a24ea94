"""The fund's books told to people: opening, income, expense and closing by fund and pool; English beside Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qingsuan.funds.lines import FUNDS
from qingsuan.money import fen_of_yuan
from qingsuan.report.summary import read_record
from qingsuan.report.text import grouped_yuan, table

__all__ = ["fund_summary"]

_HEADINGS = {
    "opening": "opening 上年结余",
    "income": "income 收入",
    "expense": "expense 支出",
    "surplus": "surplus 本年结余",
    "closing": "closing 滚存结余",
    "receivable": "receivable 应收",
    "payable": "payable 应付",
}


def fund_summary(out_dir: Path) -> str:
    """Tell finished books, from their folder, in plain text for a terminal with a monospaced font; amounts in yuan.

    Raises
    ------
    InputError
        The folder holds no finished run.
    """
    record = read_record(out_dir)
    blocks = [_head(record), _books(record), _gaps(record), _burden(record), _rows(record), _identities(record)]
    blocks += [f"warning: {warning}" for warning in record["warnings"]]
    return "\n\n".join(block for block in blocks if block)


def _head(record: Mapping[str, Any]) -> str:
    runs = ", ".join(record["runs"]) or "none"
    return (
        f"Fund books (基金账) {record['year']}, cash basis (收付实现制): {record['books']:,} books, {record['lines']:,} lines;\n"
        f"finished runs that were read: {runs}"
    )


def _books(record: Mapping[str, Any]) -> str:
    rows = [
        [f"{row['fund']} {FUNDS[row['fund']]}", row["pool"], *(_yuan(row[name]) for name in _HEADINGS)]
        for row in record["amounts"]
    ]
    headings = ["fund 基金", "pool 统筹区", *_HEADINGS.values()]
    return table(headings, rows, "ll" + "r" * len(_HEADINGS)) if rows else ""


_BEARERS = {
    "gap": "gap 缺口",
    "own_fault": "own fault 同级政府补足",
    "surplus": "surplus 累计结余",
    "city": "city 市级",
    "county": "county 县级",
    "reserve": "reserve 风险储备金",
    "adjustment": "adjustment 调剂金",
    "open": "open 未定",
}


def _gaps(record: Mapping[str, Any]) -> str:
    """Who bears the gaps of counties; nothing where there are none."""
    found = record["gaps"]
    if not found["counties"]:
        return ""
    plan = found["plan"]
    head = (
        f"accounts of counties (县级账户): {found['counties']:,}; plan met (完成计划) {plan['met']:,}, not met (未完成) "
        f"{plan['not-met']:,}, without targets (无目标) {plan['none']:,}"
    )
    return f"{head}\n{table(list(_BEARERS.values()), [[_yuan(found['amounts'][name]) for name in _BEARERS]], 'r' * len(_BEARERS))}"


def _burden(record: Mapping[str, Any]) -> str:
    """How many people are above a monitoring line; nothing where nobody is watched."""
    if "burden" not in record:
        return ""
    people = record["burden"]["people"]
    return (
        f"people above a monitoring line (因病返贫致贫监测): made poor (因病致贫) {people['made-poor']:,}, "
        f"thrown back (因病返贫) {people['thrown-back']:,}; candidates for assistance (拟救助对象) {record['burden']['candidates']:,}"
    )


def _rows(record: Mapping[str, Any]) -> str:
    rows = record["rows"]
    codes = ", ".join(f"{code} {number:,}" for code, number in rows["rejected"].items())
    rejected = f"{sum(rows['rejected'].values()):,}{f' ({codes})' if codes else ''}"
    accepted = f"entries in (记账) {rows['in']:,} = accepted (入账) {rows['accepted']:,} + rejected (退回) {rejected}"
    return f"{accepted}; settled claims (结算) {record['claims']:,}"


def _identities(record: Mapping[str, Any]) -> str:
    lines = [f"  {one['identity']}: {_yuan(one['one'])} = {_yuan(one['other'])}" for one in record["identities"]]
    return "\n".join(["what must be equal (勾稽关系):", *lines])


def _yuan(text: str) -> str:
    return grouped_yuan(fen_of_yuan(text))
