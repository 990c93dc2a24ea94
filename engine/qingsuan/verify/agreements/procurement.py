"""Central procurement (集中带量采购) checked again: what is kept, ledgers of advances, quantities, and sums against the record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from qingsuan.run.folder import RECORD
from qingsuan.verify.agreements.rows import NOTHING, Equation, check_identities, check_rows, parts_of, rows_of, total
from qingsuan.verify.findings import Findings

__all__ = ["PROCUREMENT_NEEDS", "check_procurement"]

PROCUREMENT_NEEDS = ("year", "batches", "rows", "outcomes", "movements", "amounts", "advances", "identities")
"""What the record has to hold so that the rows can be checked."""

_KEPT = ("budget", "spent", "saved", "kept")
_SAVED: Equation = (
    "saved = budget - spent, not below 0",
    lambda row: row["saved"],
    lambda row: max(row["budget"] - row["spent"], NOTHING),
)
_AT_MOST: Equation = (
    "kept is at most what was saved",
    lambda row: min(row["kept"], row["saved"]),
    lambda row: row["kept"],
)
_MONTH: Equation = (
    "closing = opening + advanced - repaid - offset",
    lambda row: row["closing"],
    lambda row: row["opening"] + row["advanced"] - row["repaid"] - row["offset"],
)
_INSTITUTION: tuple[Equation, ...] = (
    (
        "left = advanced - repaid - offset",
        lambda row: row["left"],
        lambda row: row["advanced"] - row["repaid"] - row["offset"],
    ),
    ("nothing is kept but where it may be", lambda row: row["outcome"] == "kept" or not row["kept"], lambda _: True),
)


def check_procurement(folder: Path, record: Mapping[str, Any], findings: Findings) -> dict[str, int]:
    """Check every row, partition by partition; gives how many were looked at."""
    looked, sums, outcomes = Counter[str](), Counter[str](), Counter[str]()
    bought = NOTHING
    for part in parts_of(folder, "institutions"):
        kept, institutions, ledger = (rows_of(folder, name, part) for name in ("kept", "institutions", "ledger"))
        check_rows("kept", kept, (_SAVED, _AT_MOST), findings, part)
        check_rows("institutions", institutions, _INSTITUTION, findings, part)
        check_rows("ledger", ledger, (_MONTH,), findings, part)
        for name in _KEPT:
            findings.same(
                part, f"{name} of institutions = of their schemes", total(institutions, name), total(kept, name)
            )
        for name in ("advanced", "repaid", "offset"):
            findings.same(part, f"{name} of institutions = of ledgers", total(institutions, name), total(ledger, name))
        for row in kept:
            sums.update({f"{row['batch']} {row['insutype']} {name}": row[name] for name in _KEPT})
        sums.update({name: total(institutions, name) for name in ("advanced", "repaid", "offset", "left")})
        outcomes.update(row["outcome"] for row in institutions)
        quantities = rows_of(folder, "quantities", part)
        bought += total(quantities, "bought_amount") + total(quantities, "others_amount")
        looked.update(institutions=len(institutions), kept=len(kept), ledger=len(ledger), quantities=len(quantities))
    _check_record(folder, record, sums, outcomes, findings)
    came = Decimal(record["identities"][0]["one"])
    if "E_DUPLICATE" not in record["rows"]["rejected"]:
        findings.same(RECORD, "purchases as the quantities add up", came, bought)
    check_identities(record, findings)
    return dict(looked)


def _check_record(
    folder: Path, record: Mapping[str, Any], sums: Counter[str], outcomes: Counter[str], findings: Findings
) -> None:
    """Sums and counts that the record tells."""
    told = {
        f"{row['batch']} {row['insutype']} {name}": Decimal(row[name]) for row in record["amounts"] for name in _KEPT
    }
    told |= {name: Decimal(amount) for name, amount in record["advances"].items()}
    expected = {name: sums[name] or NOTHING for name in told}
    findings.same(RECORD, "amounts as the tables add up", told, expected)
    findings.same(RECORD, "outcomes", {n: c for n, c in record["outcomes"].items() if c}, dict(outcomes))
    totals = pq.read_table(folder.joinpath("totals", "scheme.parquet")).to_pylist()
    found = {f"{row['batch']} {row['insutype']} {name}": row[name] for row in totals for name in _KEPT}
    wanted = {name: sums[name] or NOTHING for name in found}
    findings.same("totals/scheme.parquet", "amounts as the institutions add up", found, wanted)
    moved = rows_of(folder, "movements")
    counted = [row for row in moved if row["outcome"] == "counted"]
    for kind, name in (("advance", "advanced"), ("repaid", "repaid")):
        came = total((row for row in counted if row["input_kind"] == kind), "amount")
        findings.same("ledger", f"{name} as the movements add up", sums[name] or NOTHING, came)
    rows = record["rows"]
    out = rows["counted"] + sum(rows["rejected"].values())
    findings.same(RECORD, "purchases in = counted + rejected", rows["in"], out)
