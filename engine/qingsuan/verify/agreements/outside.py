"""Care outside the pool (异地就医清算) checked again: the tables of both sides, balances, advances and alarms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from qingsuan.run.folder import RECORD
from qingsuan.verify.agreements.rows import NOTHING, Equation, Row, check_identities, check_rows, rows_of, total
from qingsuan.verify.findings import Findings

__all__ = ["OUTSIDE_NEEDS", "check_outside"]

OUTSIDE_NEEDS = ("year", "clears", "rows", "movements", "amounts", "identities")
"""What the record has to hold so that the rows can be checked."""

_TABLES = ("paying", "treating", "unplaced", "balances", "advances", "alarms", "movements")
_BALANCE: Equation = (
    "to_pay = cleared - transferred",
    lambda row: row["to_pay"],
    lambda row: row["cleared"] - row["transferred"],
)
_ADVANCE: Equation = ("adjust = required - held", lambda row: row["adjust"], lambda row: row["required"] - row["held"])
_ALARM: Equation = (
    "used = cleared - transferred, not below 0",
    lambda row: row["used"],
    lambda row: max(row["cleared"] - row["transferred"], NOTHING),
)


def check_outside(folder: Path, record: Mapping[str, Any], findings: Findings) -> dict[str, int]:
    """Check every row; gives how many were looked at."""
    rows = {name: rows_of(folder, name) for name in _TABLES}
    clears = record["clears"]
    cleared: Equation = (
        "cleared = the sum of what is cleared",
        lambda row: row["cleared"],
        lambda row: sum((row[name] for name in clears), NOTHING),
    )
    for name in ("paying", "treating", "unplaced"):
        check_rows(name, rows[name], (cleared,), findings)
    for name, equation in (("balances", _BALANCE), ("advances", _ADVANCE), ("alarms", _ALARM)):
        check_rows(name, rows[name], (equation,), findings)
    keys = ("paying", "treating", "insutype")
    check = "the table of the paying pool mirrors that of the place of treatment"
    findings.same("paying", check, _sums(rows["paying"], keys), _sums(rows["treating"], keys))
    pair = ("paying", "treating")
    check = "cleared between two sides as the paying pools add up"
    findings.same(
        "balances", check, _sums(rows["balances"], pair, claims=False), _sums(rows["paying"], pair, claims=False)
    )
    counted = [row for row in rows["movements"] if row["outcome"] == "counted"]
    for kind, table, column in (("transfer", "balances", "transferred"), ("advance", "advances", "held")):
        came = total((row for row in counted if row["input_kind"] == kind), "amount")
        findings.same(table, f"{column} as the movements add up", total(rows[table], column), came)
    _check_record(record, rows, findings)
    return {name: len(rows[name]) for name in ("paying", "treating", "balances", "alarms", "movements")}


def _check_record(record: Mapping[str, Any], rows: Mapping[str, list[dict[str, Any]]], findings: Findings) -> None:
    """Counts and sums that the record tells."""
    outcomes = {name: one["rows"] for name, one in record["movements"].items() if one["rows"]}
    told = dict(Counter(row["outcome"] for row in rows["movements"]))
    findings.same(RECORD, "movements by outcome", outcomes, told)
    for name, table in (("elsewhere", "paying"), ("unplaced", "unplaced")):
        claims = sum(row["claims"] for row in rows[table])
        findings.same(RECORD, f"claims {name} as the rows add up", record["rows"][name], claims)
    sums = {
        place: total((row for row in rows["paying"] if row["place"] == place), "cleared")
        for place in ("region", "beyond")
    }
    sums |= {"unplaced": total(rows["unplaced"], "cleared")}
    sums |= {name: total(rows["balances"], name) for name in ("transferred", "to_pay")}
    amounts = {name: Decimal(record["amounts"][name]) for name in sums}
    findings.same(RECORD, "amounts as the tables add up", amounts, sums)
    check_identities(record, findings)


def _sums(rows: Iterable[Row], keys: tuple[str, ...], *, claims: bool = True) -> dict[str, tuple[Decimal, int]]:
    """What is cleared, and for how many claims, by keys."""
    found: dict[str, tuple[Decimal, int]] = {}
    for row in rows:
        key = " ".join(row[name] for name in keys)
        fen, count = found.get(key, (NOTHING, 0))
        found[key] = fen + row["cleared"], count + (row["claims"] if claims else 0)
    return dict(sorted(found.items()))
