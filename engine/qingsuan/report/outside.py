"""Care outside the pool told to people: what is cleared with whom, advances and alarms; English beside Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from qingsuan.money import fen_of_yuan
from qingsuan.report.summary import read_record
from qingsuan.report.text import grouped_yuan, table

__all__ = ["outside_summary"]

_PLACES = {"region": "region 省内异地", "beyond": "beyond 跨省异地"}


def outside_summary(out_dir: Path) -> str:
    """Tell a finished run, from its folder, in plain text for a terminal with a monospaced font; amounts in yuan.

    Raises
    ------
    InputError
        The folder holds no finished run.
    """
    record = read_record(out_dir)
    blocks = [_head(record), _balances(out_dir), _advances(out_dir), _rows(record), _identities(record)]
    blocks += [f"warning: {warning}" for warning in record["warnings"]]
    return "\n\n".join(block for block in blocks if block)


def _head(record: Mapping[str, Any]) -> str:
    amounts = record["amounts"]
    return (
        f"Care outside the pool (异地就医清算) {record['year']}: {record['title']}\n"
        f"cleared within the region (省内) {_yuan(amounts['region'])} yuan, beyond it (跨省) {_yuan(amounts['beyond'])} yuan; "
        f"still to be paid {_yuan(amounts['to_pay'])}"
    )


def _balances(out_dir: Path) -> str:
    headings = [
        "paying 参保地",
        "treating 就医地",
        "place 地点",
        "cleared 应清算",
        "transferred 已拨付",
        "to pay 待拨付",
    ]
    lines = [
        [
            row["paying"],
            row["treating"],
            _PLACES[row["place"]],
            *(_yuan(row[name]) for name in ("cleared", "transferred", "to_pay")),
        ]
        for row in _rows_of(out_dir, "balances")
    ]
    return table(headings, lines, "lllrrr") if lines else ""


def _advances(out_dir: Path) -> str:
    headings = ["payer 付款方", "receiver 收款方", "required 应付预付金", "held 已付预付金", "adjust 调整"]
    lines = [
        [row["payer"], row["receiver"], *(_yuan(row[name]) for name in ("required", "held", "adjust"))]
        for row in _rows_of(out_dir, "advances")
    ]
    return f"advances (预付金)\n{table(headings, lines, 'llrrr')}" if lines else ""


def _rows(record: Mapping[str, Any]) -> str:
    rows = record["rows"]
    return (
        f"settled claims read (结算记录): {rows['in']:,} = in the pool (统筹区内) {rows['in_the_pool']:,}"
        f" + elsewhere (异地) {rows['elsewhere']:,} + of no known place (地点不明) {rows['unplaced']:,}"
    )


def _identities(record: Mapping[str, Any]) -> str:
    lines = [f"  {one['identity']}: {_yuan(one['one'])} = {_yuan(one['other'])}" for one in record["identities"]]
    return "\n".join(["what must be equal (勾稽关系):", *lines])


def _rows_of(out_dir: Path, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(out_dir.joinpath(name, "part-00000.parquet")).to_pylist()
    return found


def _yuan(text: object) -> str:
    return grouped_yuan(fen_of_yuan(str(text)))
