"""A run folder in plain text: what came in, what each fund paid, what was rejected and why, what to know beside it.

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
from qingsuan.report.names import CONTRADICTION_NAMES, FUND_NAMES, SCHEME_NAMES
from qingsuan.report.text import folded, grouped_yuan, heading, percent, table
from qingsuan.tables import REJECTION_CODES

__all__ = ["read_record", "settle_summary"]

_Sums = dict[tuple[str, str], Counter[str]]
"""Pool and scheme -> column -> number of claims, or fen."""


_COLUMNS = 100
"""Cells in a line."""

_MEANING = 64
"""Cells for the meaning of a rejection code, so that a line fits in 100."""

_TABLE_NAMES = {
    "claims": "claims",
    "insured": "insured rows",
    "identities": "identity rows",
    "registrations": "registrations",
}
"""What rows of the tables that go in are called; in the order in which they are told."""

_OUTCOMES = {"settled": "settled 已结算", "reversed": "reversed 退费", "rejected": "rejected 退回"}
"""What became of rows that carry what was paid."""

_LOUD_PERCENT = 50
"""Where so many percent of the claims were rejected, or more, the summary says it loudly."""


def settle_summary(out_dir: Path) -> str:
    """Say what a finished run settled, in tables no wider than 100 columns.

    Raises
    ------
    InputError
        The folder holds no finished run.
    """
    record = read_record(out_dir)
    sums = _sums(out_dir / "totals" / "care.parquet")
    parts = [_alarm(record), _counts(record), _by_pool(sums), _by_fund(sums)]
    parts += [_differences(out_dir / "totals" / "differences.parquet"), _refunds_of_part(record)]
    parts += [_rejected(record, table_name, out_dir) for table_name in _TABLE_NAMES]
    parts += [_contradictions(record, out_dir), _identities_of_nobody(record), _warnings(record), _alarm(record)]
    return "\n\n".join(part for part in parts if part)


def read_record(out_dir: Path) -> dict[str, Any]:
    """Read the record of a finished run.

    Raises
    ------
    InputError
        The folder holds no finished run, or a record that cannot be read.
    """
    path = out_dir / "run.json"
    if not path.is_file():
        raise InputError(
            str(path),
            found="no run record",
            expected="the folder of a finished run; run.json is written last",
            do="settle first, or finish the run with --resume",
        )
    try:
        record: dict[str, Any] = dict(json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            str(path),
            found=f"cannot be read: {error}",
            expected="the record of a finished run",
            do="see “qingsuan verify”; fetch the folder again, or settle anew",
        ) from error
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
        "rejected": "rejected 退回",
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


def _differences(path: Path) -> str:
    """What was paid during the year and what is to be paid or taken back, by what became of the row."""
    if not path.is_file():
        return ""
    sums: dict[str, Counter[str]] = {outcome: Counter() for outcome in _OUTCOMES}
    for row in pq.read_table(path).to_pylist():
        sums[row["outcome"]].update({name: _whole(row[name]) for name in ("paid", "to_pay", "to_take_back")})
    rows = [
        (_OUTCOMES[outcome], *(grouped_yuan(found[name]) for name in ("paid", "to_pay", "to_take_back")))
        for outcome, found in sums.items()
    ]
    headers = ("", "paid 年中已付", "to pay 应补", "to take back 应退")
    return f"{heading('Differences to what was paid during the year, in yuan 补退')}\n{table(headers, rows, 'lrrr')}"


def _refunds_of_part(record: Mapping[str, Any]) -> str:
    """Refunds of a part of a claim, of which neither is settled; nothing when there is none."""
    count = record["refunds_of_part"]
    if not count:
        return ""
    text = (
        f"{count:,} claims have a reversal that does not negate them (部分退费): both are rejected "
        "(E_REVERSAL_MISMATCH). Send the corrected settlements."
    )
    return "\n    ".join(folded(text, _COLUMNS - 4))


def _alarm(record: Mapping[str, Any]) -> str:
    """A loud line where most claims were rejected; it stands first and last, so that nobody misses it."""
    rows = record["rows"]
    if not rows["rejected"] or rows["rejected"] * 100 < rows["in"] * _LOUD_PERCENT:
        return ""
    codes: Mapping[str, int] = record["rejected"]["claims"]
    most = max(codes, key=lambda code: codes[code])
    text = (
        f"!!! {rows['rejected']:,} of {rows['in']:,} claims were rejected ({percent(rows['rejected'], rows['in'])}), "
        f"{codes[most]:,} of them with {most}: {REJECTION_CODES[most]}. Check --year, the files and the plugins."
    )
    return "\n    ".join(folded(text, _COLUMNS - 4))


def _rejected(record: Mapping[str, Any], table_name: str, out_dir: Path) -> str:
    """Rejected rows of one table that went in, by code, and where they lie; nothing when none was."""
    codes: Mapping[str, int] = record["rejected"].get(table_name, {})
    if not codes:
        return ""
    rows: list[tuple[str, ...]] = []
    for code, number in sorted(codes.items()):
        first, *rest = folded(REJECTION_CODES[code], _MEANING)
        rows += [(code, f"{number:,}", first), *(("", "", line) for line in rest)]
    title = heading(f"Rejected {_TABLE_NAMES[table_name]} by code 退回原因")
    prefix = "" if table_name == "claims" else f"{table_name}-"
    files = out_dir / "rejected" / f"{prefix}part-*.parquet"
    return f"{title}\n{table(('code', 'rows', 'meaning'), rows, 'lrl')}\n  whole, with their reasons, in {files}"


def _contradictions(record: Mapping[str, Any], out_dir: Path) -> str:
    """Insured rows that contradict each other, by kind, and where they lie; nothing when there are none."""
    kinds: Mapping[str, Mapping[str, int]] = record["contradictions"]
    if not kinds:
        return ""
    names = ("pairs", "people", "claims", "would_differ", "not_known")
    rows = [(CONTRADICTION_NAMES[kind], *(f"{counts[name]:,}" for name in names)) for kind, counts in kinds.items()]
    headers = ("kind", "pairs", "people", "claims", "would differ", "not known")
    title = heading("Insured rows that contradict each other 参保记录互相矛盾")
    return (
        f"{title}\n{table(headers, rows, 'lrrrrr')}\n"
        "  would differ: had the other row of the pair decided, a claim's result would be another\n"
        f"  each pair, and which of the two decides, in {out_dir / 'contradictions' / 'part-*.parquet'}"
    )


def _identities_of_nobody(record: Mapping[str, Any]) -> str:
    """Identity rows of people whom the insured table does not have, by class; nothing when there is none."""
    classes: Mapping[str, int] = record["identities_of_nobody"]
    if not classes:
        return ""
    rows = [(name, f"{number:,}") for name, number in sorted(classes.items())]
    title = heading("Identity rows whose psn_no no insured row has, by class 无参保记录的身份")
    return f"{title}\n{table(('psn_idet_type', 'rows'), rows, 'lr')}"


def _warnings(record: Mapping[str, Any]) -> str:
    """What a reader of the amounts should know, as the run record has it."""
    return "\n".join("\n    ".join(folded(f"warning: {text}", _COLUMNS - 4)) for text in record["warnings"])
