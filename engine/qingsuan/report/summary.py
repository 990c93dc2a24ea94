"""A run folder in plain text: what came in, what each fund paid, what was rejected and why.

Everything is read from ``run.json`` and ``totals/``: no claim is looked at again, and sums stay exact.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from qingsuan.divisions import name as division_name
from qingsuan.errors import InputError
from qingsuan.money import fen_of_yuan
from qingsuan.policy.model import FUNDS
from qingsuan.report.names import FUND_NAMES, SCHEME_NAMES
from qingsuan.report.text import folded, grouped_yuan, heading, percent, table
from qingsuan.tables import REJECTION_CODES

__all__ = ["settle_summary"]

_Sums = dict[tuple[str, str], Counter[str]]
"""Pool and scheme -> column -> number of claims, or fen."""


_MEANING = 64
"""Cells for the meaning of a rejection code, so that a line fits in 100."""


def settle_summary(out_dir: Path) -> str:
    """Say what a finished run settled, in tables no wider than 100 columns.

    Raises
    ------
    InputError
        The folder holds no finished run.
    """
    record = _record(out_dir)
    sums = _sums(out_dir / "totals" / "care.parquet")
    parts = [_counts(record), _by_pool(sums), _by_fund(sums), _rejected(record)]
    return "\n\n".join(part for part in parts if part)


def _record(out_dir: Path) -> dict[str, Any]:
    path = out_dir / "run.json"
    if not path.is_file():
        raise InputError(
            str(path),
            found="no run record",
            expected="the folder of a finished run; run.json is written last",
            do="settle first, or finish the run with --resume",
        )
    record: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return record


def _sums(path: Path) -> _Sums:
    """Add up the kinds of care of each pool and scheme."""
    sums: _Sums = defaultdict(Counter)
    for row in pq.read_table(path).to_pylist():
        for name, value in row.items():
            if name not in ("pool", "insutype", "med_type"):
                sums[row["pool"], row["insutype"]][name] += _whole(value)
    return dict(sorted(sums.items()))


def _whole(value: Decimal | int) -> int:
    return int(value.scaleb(2)) if isinstance(value, Decimal) else value


def _pool(code: str) -> str:
    name = division_name(code)
    return code if name == code else f"{code} {name}"


def _scheme(code: str) -> str:
    return SCHEME_NAMES.get(code, code)


def _counts(record: Mapping[str, Any]) -> str:
    """Rows and cost that came in and where they went; a reversal and its original cancel out."""
    labels = {
        "in": "in 结算记录",
        "settled": "settled 已结算",
        "reversed": "reversed 退费",
        "rejected": "rejected 拒付",
    }
    rows = [
        (label, f"{record['rows'][name]:,}", grouped_yuan(fen_of_yuan(record["amounts"]["medfee_sumamt"][name])))
        for name, label in labels.items()
    ]
    return f"{heading('Claims 结算记录')}\n{table(('', 'rows', 'total cost 医疗费总额'), rows, 'lrr')}"


def _by_pool(sums: _Sums) -> str:
    """In-scope cost, what the funds paid of it, by pool and scheme."""
    rows: list[tuple[str, ...]] = []
    whole: Counter[str] = Counter()
    for (pool, scheme), amounts in sums.items():
        whole.update(amounts)
        rows.append((_pool(pool), _scheme(scheme), *_costs(amounts)))
    rows += [(), ("all 合计", "", *_costs(whole))]
    headers = ("pool 统筹区", "scheme 险种", "claims", "in scope 范围内", "funds 基金支付", "ratio")
    return f"{heading('Paid by pool and scheme, in yuan 分统筹区、险种')}\n{table(headers, rows, 'llrrrr')}"


def _costs(amounts: Mapping[str, int]) -> tuple[str, ...]:
    scope, funds = amounts["inscp_scp_amt"], amounts["fund_pay_sumamt"]
    return f"{amounts['claims']:,}", grouped_yuan(scope), grouped_yuan(funds), percent(funds, scope)


def _by_fund(sums: _Sums) -> str:
    """What each fund paid, by pool and scheme; a fund that paid nothing anywhere is left out."""
    rows: list[tuple[str, ...]] = []
    for fund in FUNDS:
        paid = {key: amounts[fund] for key, amounts in sums.items() if amounts[fund]}
        label = FUND_NAMES[fund]
        for (pool, scheme), fen in paid.items():
            rows.append((label, _pool(pool), _scheme(scheme), grouped_yuan(fen)))
            label = ""
        if len(paid) > 1:
            rows.append(("", "together 小计", "", grouped_yuan(sum(paid.values()))))
    headers = ("fund 基金", "pool 统筹区", "scheme 险种", "paid 支付")
    return f"{heading('Paid by each fund, in yuan 各基金支付')}\n{table(headers, rows, 'lllr')}"


def _rejected(record: Mapping[str, Any]) -> str:
    """Rejected claims by code; nothing when none was."""
    codes: Mapping[str, int] = record["rejected"].get("claims", {})
    if not codes:
        return ""
    rows: list[tuple[str, ...]] = []
    for code, number in sorted(codes.items()):
        first, *rest = folded(REJECTION_CODES[code], _MEANING)
        rows += [(code, f"{number:,}", first), *(("", "", line) for line in rest)]
    return f"{heading('Rejected claims by code 拒付原因')}\n{table(('code', 'rows', 'meaning'), rows, 'lrl')}"
