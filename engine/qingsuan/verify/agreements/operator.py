"""Contracts with operators (大病保险承办合同) checked again: each contract's terms, its bands, and the money that moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from qingsuan.run.folder import RECORD
from qingsuan.verify.agreements.rows import NOTHING, Equation, Row, check_identities, check_rows, rows_of, total
from qingsuan.verify.findings import Findings

__all__ = ["OPERATOR_NEEDS", "check_operator"]

OPERATOR_NEEDS = ("year", "contracts", "rows", "movements", "amounts", "identities")
"""What the record has to hold so that the rows can be checked."""

_PARTIES = {"fund": "fund", "operator": "operator", "next_year": "next year"}
"""Who has a part of a surplus or overrun: how columns end, and what it is called."""

_SUMS = ("premium", "counted", "surplus", "overrun", "operator_result", "carried_out", "clearing")


def _parts(row: Row, side: str) -> Decimal:
    found: Decimal = sum((row[f"{side}_{party}"] for party in _PARTIES), NOTHING)
    return found


_EQUATIONS: tuple[Equation, ...] = (
    ("premium = per head × heads", lambda row: row["premium"], lambda row: row["per_head"] * row["heads"]),
    ("unpaid = settled - paid", lambda row: row["unpaid"], lambda row: row["settled"] - row["paid"]),
    (
        "premium = claims + reserve + operating cost + profit + surplus - overrun",
        lambda row: row["premium"],
        lambda row: (
            row["counted"] + row["reserve"] + row["operating"] + row["profit"] + row["surplus"] - row["overrun"]
        ),
    ),
    ("surplus or overrun, not both", lambda row: min(row["surplus"], row["overrun"]), lambda _: NOTHING),
    ("surplus = fund + operator + next year", lambda row: row["surplus"], lambda row: _parts(row, "surplus")),
    ("overrun = fund + operator + next year", lambda row: row["overrun"], lambda row: _parts(row, "overrun")),
    (
        "operator's result = profit + its surplus - its overrun",
        lambda row: row["operator_result"],
        lambda row: row["profit"] + row["surplus_operator"] - row["overrun_operator"],
    ),
    (
        "carried out = carried in + next year's surplus - next year's overrun",
        lambda row: row["carried_out"],
        lambda row: row["carried_in"] + row["surplus_next_year"] - row["overrun_next_year"],
    ),
    (
        "due = premium - the fund's surplus + the fund's overrun",
        lambda row: row["due"],
        lambda row: row["premium"] - row["surplus_fund"] + row["overrun_fund"],
    ),
    (
        "clearing = due - advanced + returned",
        lambda row: row["clearing"],
        lambda row: row["due"] - row["advanced"] + row["returned"],
    ),
)
_BAND: Equation = (
    "amount = fund + operator + next year",
    lambda row: row["amount"],
    lambda row: sum((row[party] for party in _PARTIES), NOTHING),
)


def check_operator(folder: Path, record: Mapping[str, Any], findings: Findings) -> dict[str, int]:
    """Check every row; gives how many were looked at."""
    contracts, bands, moved, uncovered = (
        rows_of(folder, name) for name in ("contracts", "bands", "movements", "uncovered")
    )
    check_rows("contracts", contracts, _EQUATIONS, findings)
    check_rows("bands", bands, (_BAND,), findings)
    for side in ("surplus", "overrun"):
        mine = [row for row in bands if row["side"] == side]
        for party, called in _PARTIES.items():
            check = f"{side}: {called}'s part as the bands add up"
            findings.same("contracts", check, total(contracts, f"{side}_{party}"), total(mine, party))
    counted = [row for row in moved if row["outcome"] == "counted"]
    for kind, column in (("advance", "advanced"), ("payout", "paid"), ("return", "returned")):
        came = total((row for row in counted if row["input_kind"] == kind), "amount")
        findings.same("contracts", f"{column} as the movements add up", total(contracts, column), came)
    findings.same(RECORD, "how many contracts there are", record["contracts"], len(contracts))
    outcomes = {name: one["rows"] for name, one in record["movements"].items() if one["rows"]}
    findings.same(RECORD, "movements by outcome", outcomes, dict(Counter(row["outcome"] for row in moved)))
    sums = {name: total(contracts, name) for name in _SUMS} | {"uncovered": total(uncovered, "amount")}
    told = {name: Decimal(record["amounts"][name]) for name in sums}
    findings.same(RECORD, "amounts as the tables add up", told, sums)
    check_identities(record, findings)
    return {"contracts": len(contracts), "bands": len(bands), "movements": len(moved)}
