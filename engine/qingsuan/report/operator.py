"""Contracts with operators told to people: premium, claims, surplus or overrun and whose it is; English beside Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from qingsuan.money import fen_of_yuan
from qingsuan.report.summary import read_record
from qingsuan.report.text import grouped_yuan, table

__all__ = ["operator_summary"]

_HEADINGS = {
    "contract": "contract 合同",
    "per_head": "per head 人均筹资",
    "premium": "premium 筹资",
    "counted": "claims 赔付",
    "surplus": "surplus 结余",
    "overrun": "overrun 超支",
    "operator_result": "operator 承办机构盈亏",
    "carried_out": "carried 结转",
    "clearing": "to pay 应拨(收回)",
}


def operator_summary(out_dir: Path) -> str:
    """Tell a finished run, from its folder, in plain text for a terminal with a monospaced font; amounts in yuan.

    Raises
    ------
    InputError
        The folder holds no finished run.
    """
    record = read_record(out_dir)
    contracts = pq.read_table(out_dir / "contracts" / "part-00000.parquet").to_pylist()
    rows = [[row["contract"], *(_yuan(row[name]) for name in list(_HEADINGS)[1:])] for row in contracts]
    sums = ["all 合计", "", *(_yuan(sum(row[name] for row in contracts)) for name in list(_HEADINGS)[2:])]
    blocks = [_head(record)]
    blocks += [table(list(_HEADINGS.values()), [*rows, sums], "l" + "r" * (len(_HEADINGS) - 1))] if rows else []
    blocks += [_rows(record), _identities(record)]
    blocks += [f"warning: {warning}" for warning in record["warnings"]]
    return "\n\n".join(blocks)


def _head(record: Mapping[str, Any]) -> str:
    return (
        f"Contracts with operators (大病保险承办合同) {record['year']}: {record['title']}\n"
        f"{record['contracts']:,} settled, {len(record['not_settled']):,} not for want of a figure (缺少数据)"
    )


def _rows(record: Mapping[str, Any]) -> str:
    uncovered = _yuan(record["amounts"]["uncovered"])
    came = f"settled claims read (结算记录): {record['rows']['in']:,}"
    told = [f"{name} {one['rows']:,}{_amount(one)}" for name, one in record["movements"].items() if one["rows"]]
    moved = f"money that moved (拨付与返还): {', '.join(told) or 'none'}"
    return f"{came}; paid where no contract is settled (无合同): {uncovered} yuan\n{moved}"


def _identities(record: Mapping[str, Any]) -> str:
    lines = [f"  {one['identity']}: {_yuan(one['one'])} = {_yuan(one['other'])}" for one in record["identities"]]
    return "\n".join(["what must be equal (勾稽关系):", *lines])


def _yuan(text: object) -> str:
    return grouped_yuan(fen_of_yuan(str(text)))


def _amount(one: Mapping[str, Any]) -> str:
    return f": {_yuan(one['amount'])} yuan" if "amount" in one else ""
