"""Personal accounts told to people: what came and went by pool, what was refused; English beside Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qingsuan.money import fen_of_yuan
from qingsuan.report.summary import read_record
from qingsuan.report.text import grouped_yuan, table

__all__ = ["account_summary"]

_HEADINGS = {
    "pool": "pool 统筹区",
    "accounts": "accounts 账户",
    "opening": "opening 上年结转",
    "credit_in_service": "in service 在职计入",
    "credit_retired": "retired 退休划入",
    "interest": "interest 利息",
    "withheld": "withheld 代扣",
    "own_uses": "own 本人支付",
    "family_uses": "family 家庭共济",
    "transfers": "transfers 转移继承",
    "closing": "closing 年末余额",
}


def account_summary(out_dir: Path) -> str:
    """Tell a finished run, from its folder, in plain text for a terminal with a monospaced font; amounts in yuan.

    Raises
    ------
    InputError
        The folder holds no finished run.
    """
    record = read_record(out_dir)
    blocks = [_head(record), _pools(record), _uses(record), _rows(record), _missing(record), _identities(record)]
    blocks += [f"warning: {warning}" for warning in record["warnings"]]
    return "\n\n".join(block for block in blocks if block)


def _head(record: Mapping[str, Any]) -> str:
    return (
        f"Personal accounts (个人账户) {record['year']}: {record['accounts']:,} accounts of {record['people']:,} people;\n"
        f"{record['families']:,} families (家庭); {record['people_refused']:,} people could not be settled"
    )


def _pools(record: Mapping[str, Any]) -> str:
    rows = [
        [row["pool"], f"{row['accounts']:,}", *(_yuan(row[name]) for name in list(_HEADINGS)[2:])]
        for row in record["amounts"]
    ]
    return table(list(_HEADINGS.values()), rows, "l" + "r" * (len(_HEADINGS) - 1)) if rows else ""


def _uses(record: Mapping[str, Any]) -> str:
    refused = [f"{code} {one['uses']:,} ({_yuan(one['amount'])} yuan)" for code, one in record["refused_uses"].items()]
    return f"uses refused (不予支付): {', '.join(refused)}" if refused else ""


def _rows(record: Mapping[str, Any]) -> str:
    names = {"insured": "insured 参保", "months": "months 缴费月", "uses": "uses 支付"}
    lines = []
    for name, title in names.items():
        rows = dict(record["rows"][name])
        rejected, came = rows.pop("rejected"), rows.pop("in")
        if came:
            parts = " + ".join(f"{what.replace('_', ' ')} {count:,}" for what, count in rows.items())
            codes = ", ".join(f"{code} {count:,}" for code, count in rejected.items())
            lines.append(
                f"{title}: {came:,} = {parts} + rejected {sum(rejected.values()):,}{f' ({codes})' if codes else ''}"
            )
    return "\n".join(lines)


def _missing(record: Mapping[str, Any]) -> str:
    """What the rules of pools with accounts lack, by name."""
    pools = {row["pool"] for row in record["amounts"]}
    rules = [rule for rule in record["rules"] if pools.intersection(rule["pools"]) and rule["missing"]]
    lines = [f"  {'+'.join(rule['pools'])}: {', '.join(rule['missing'])}" for rule in rules]
    return "\n".join(["parameters that are missing (缺少的参数):", *lines]) if lines else ""


def _identities(record: Mapping[str, Any]) -> str:
    lines = [f"{one['identity']}: {_yuan(one['one'])} = {_yuan(one['other'])}" for one in record["identities"]]
    return "\n".join(["what must be equal (勾稽关系):", *(f"  {line}" for line in lines)])


def _yuan(text: str) -> str:
    return grouped_yuan(fen_of_yuan(text))
