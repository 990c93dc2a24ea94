"""What has arrived of a subsidy, checked without its inputs: each payer's amounts, and their sums against receipts and what is due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from qingsuan.run.folder import RECORD
from qingsuan.verify.findings import Findings

__all__ = ["check_receipts"]

_ARRIVED = "arrived/part-00000.parquet"
_RECEIPTS = "receipts/part-00000.parquet"
_OWED = {
    "central": "central",
    "province": "province",
    "local": "local",
    "prefecture": "local_prefecture",
    "county": "local_county",
}
_NOTHING = Decimal("0.00")


def check_receipts(folder: Path, due: list[dict[str, Any]], record: Mapping[str, Any], findings: Findings) -> None:
    """Check ``arrived`` and ``receipts``, where the run was given receipts."""
    if "receipts" not in record:
        return
    arrived = pq.read_table(folder / _ARRIVED).to_pylist()
    received: Counter[tuple[str, str]] = Counter()
    sums: dict[str, Counter[str]] = {}
    for number, row in enumerate(arrived, 1):
        _check_row(row, number, findings)
        mine = sums.setdefault(row["level"], Counter())
        mine.update({name: row[name] for name in ("due", "received", "outstanding", "beyond")})
        received[row["level"], row["place"]] += row["received"]
    for level, mine in sorted(sums.items()):
        owed = sum((row[_OWED[level]] for row in due), _NOTHING)
        findings.same(_ARRIVED, f"{level}: due as the counties add up", mine["due"], owed)
    _check_lines(folder, record, sums, findings)
    told = {
        level: {
            name: sum((Decimal(one[name]) for one in record["receipts"]["levels"] if one["level"] == level), _NOTHING)
            for name in mine
        }
        for level, mine in sums.items()
    }
    findings.same(
        RECORD, "sums by level as the payers add up", told, {level: dict(mine) for level, mine in sums.items()}
    )


def _check_row(row: Mapping[str, Any], number: int, findings: Findings) -> None:
    """What holds of one payer and place."""
    short = row["due"] - row["received"]
    checks = {
        "outstanding = max(0, due − received)": (row["outstanding"], max(short, _NOTHING)),
        "beyond = max(0, received − due)": (row["beyond"], max(-short, _NOTHING)),
    }
    if row["budgeted"] is not None:
        checks["short_of_due = max(0, due − budgeted)"] = (
            row["short_of_due"],
            max(row["due"] - row["budgeted"], _NOTHING),
        )
    for check, (found, expected) in checks.items():
        if found != expected:
            findings.add(_ARRIVED, check, found, expected, number)


def _check_lines(folder: Path, record: Mapping[str, Any], sums: Mapping[str, Counter[str]], findings: Findings) -> None:
    """Every line has an outcome; those received add up to what payers brought."""
    lines = pq.read_table(folder / _RECEIPTS).to_pylist()
    outcomes = Counter(line["outcome"] for line in lines)
    told = {name: one["rows"] for name, one in record["receipts"]["lines"].items() if one["rows"]}
    findings.same(RECORD, "receipts by outcome", told, dict(outcomes))
    came = sum((line["amount"] for line in lines if line["outcome"] == "received"), _NOTHING)
    findings.same(
        _ARRIVED, "received as the receipts add up", sum((mine["received"] for mine in sums.values()), _NOTHING), came
    )
