"""A clearing told to people: by pool and way of payment what is due, paid already and left; English beside Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qingsuan.money import fen_of_yuan
from qingsuan.report.summary import read_record
from qingsuan.report.text import folded, grouped_yuan, heading, table

__all__ = ["KINDS", "clearing_summary"]

_COLUMNS = 100
"""Cells in a line."""

_AMOUNTS = {
    "claims": "claims 申报",
    "standard": "standard 标准",
    "payable": "payable 应付",
    "advances": "paid 已付",
    "clearing": "to pay 清算",
}
_WAYS = {
    "01": "01 item 项目",
    "02": "02 disease 病种",
    "03": "03 bed-day 床日",
    "04": "04 head 人头",
    "05": "05 DRG 病组",
    "06": "06 DIP 病种分值",
    "07": "07 alliance 医共体",
    "unit": "unit 服务单元",
    "special": "special 特殊支付",
}
KINDS = {
    "missing-parameter": "contracts that lack something they need 合同缺参数",
    "no-contract": "claims of no contract 无合同",
    "no-kind": "claims of a kind of care that is not cleared 无清算类别",
    "no-case": "claims without a case 无病例",
    "case-twice": "claims with several cases 病例重复",
    "claim-twice": "claims that share a setl_id 结算ID重复",
    "no-group": "cases without a group 未入组",
    "no-standard": "cases of a group without a standard 病组无标准",
    "no-days": "bed-day cases without days 无床日数",
    "no-flag": "cases with a flag that the terms do not have 特殊病例无规定",
    "out-of-range": "cases that are worth more than one can be 超出范围",
    "several-terms": "contracts of one pool with different terms of points 条款不一",
    "no-budget": "contracts of a pool without a budget 无预算",
    "budget-too-small": "contracts of a pool whose budget lies outside points 预算不足",
    "no-points": "contracts of a pool whose points sum to zero 点数为零",
    "no-ratio": "contracts of a pool without a ratio that was paid 无支付比例",
    "sum-spent": "contracts of an alliance whose sum was spent outside it 总额不足",
    "no-weight": "contracts of an alliance whose weights sum to zero 权重为零",
    "no-claim": "cases of no claim 无对应结算",
}


def clearing_summary(out_dir: Path) -> str:
    """Tell a finished run in plain text, for a terminal with a monospaced font; amounts in yuan.

    Raises
    ------
    InputError
        The folder holds no finished run.
    """
    record = read_record(out_dir)
    parts = [_head(record), _by_way(record), _unsettled(record)]
    parts += ["\n    ".join(folded(f"warning: {text}", _COLUMNS - 4)) for text in record["warnings"]]
    return "\n\n".join(part for part in parts if part)


def _head(record: Mapping[str, Any]) -> str:
    rows = record["rows"]["settled"]
    rejected = sum(rows["rejected"].values())
    contracts = record["rows"]["contracts"]
    return (
        f"Clearing (医疗机构清算) {record['year']}: {contracts['settled']:,} of {contracts['in']:,} contracts\n"
        f"claims in (结算) {rows['in']:,} = cleared (清算) {rows['cleared']:,} + not cleared (未清算) {rows['unsettled']:,}"
        f" + rejected (退回) {rejected:,}"
    ) + _cases(record["rows"]["cases"])


def _cases(rows: Mapping[str, Any]) -> str:
    """What became of rows of cases; nothing where none came."""
    if not rows["in"]:
        return ""
    rejected = sum(rows["rejected"].values())
    other = rows["in"] - rows["settled"] - rows["of_no_claim"] - rejected
    return (
        f"\ncases in (病例) {rows['in']:,} = paid for (计付) {rows['settled']:,} + of no claim (无对应结算) {rows['of_no_claim']:,}"
        f" + of claims not cleared (未清算) {other:,} + rejected (退回) {rejected:,}"
    )


def _by_way(record: Mapping[str, Any]) -> str:
    lines = [
        [
            f"{row['pool']} {row['insutype']} {row['clr_type']}",
            _WAYS[row["clr_way"]],
            f"{row['contracts']:,}",
            *(grouped_yuan(fen_of_yuan(row[name])) for name in _AMOUNTS),
        ]
        for row in record["amounts"]
    ]
    sums = [grouped_yuan(sum(fen_of_yuan(row[name]) for row in record["amounts"])) for name in _AMOUNTS]
    contracts = sum(row["contracts"] for row in record["amounts"])
    headings = ("pool, scheme, kind", "way 方式", "contracts", *_AMOUNTS.values())
    rows = [*lines, [], ["all 合计", "", f"{contracts:,}", *sums]]
    return f"{heading('By pool and way of payment, in yuan')}\n{table(headings, rows, 'llr' + 'r' * len(_AMOUNTS))}"


def _unsettled(record: Mapping[str, Any]) -> str:
    rows = [
        (KINDS[row["kind"]], row["table"], f"{row['rows']:,}", grouped_yuan(fen_of_yuan(row["fund_pay_sumamt"])))
        for row in record["unsettled"]
    ]
    if not rows:
        return ""
    headings = ("what", "rows of", "rows", "paid by funds")
    return f"{heading('Not cleared 未清算: each with its reason in unsettled')}\n{table(headings, rows, 'llrr')}"
