"""The people of a partition: their burden of the year, the lines that it exceeds and on which day, and candidates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.funds.burden.columns import AMOUNTS
from qingsuan.funds.burden.lines import Monitoring, MonitoringLine
from qingsuan.settlement import Settled

__all__ = ["BURDEN", "CANDIDATES", "own_of", "watch_people"]

_MONEY = pa.decimal128(20, 2)
_EPOCH = dt.date(1970, 1, 1)

BURDEN = pa.schema(
    [
        *((name, pa.string()) for name in ("psn_no", "insu_admdvs", "line", "measure")),
        *((name, _MONEY) for name in ("amount", "burden", "over")),
        ("recognised", pa.date32()),
        ("codes", pa.string()),
        ("claims", pa.int64()),
        *((name, _MONEY) for name in (*AMOUNTS, "psn_cash_pay", "own_in_scope")),
    ]
)
CANDIDATES = pa.schema(
    [
        ("psn_no", pa.string()),
        ("psn_idet_type", pa.string()),
        ("begntime", pa.date32()),
        ("endtime", pa.date32()),
        ("line", pa.string()),
    ]
)
"""Candidates as a table of identities is read."""

Claim = Mapping[str, Any]


def watch_people(people: pa.Table, identities: pa.Table, monitoring: Monitoring) -> Settled:
    """Find the people of a partition whose own burden exceeds a line of their place.

    The place is that of a person's last claim. A line is exceeded on the day of the claim with which the burden, added up by day,
    first lies above it. Who holds which class is asked on that day.
    """
    mine = people.filter(pc.is_in(people["psn_no"], _above_the_least(people, monitoring)))
    by_person: dict[str, list[Claim]] = {}
    for claim in mine.sort_by([("psn_no", "ascending"), ("day", "ascending"), ("admdvs", "ascending")]).to_pylist():
        by_person.setdefault(claim["psn_no"], []).append(claim)
    held: dict[str, list[Claim]] = {}
    for row in identities.filter(pc.is_in(identities["psn_no"], pa.array(list(by_person), pa.string()))).to_pylist():
        held.setdefault(row["psn_no"], []).append(row)
    rows, candidates = [], []
    for person, claims in by_person.items():
        for line, day, codes in _exceeded(claims, held.get(person, ()), monitoring):
            rows.append(_row(person, claims, line, day, codes))
            begins = _begins(person, day, monitoring)
            if begins is not None and line.becomes:
                candidates.append((person, line.becomes, _EPOCH + dt.timedelta(days=begins), None, line.line))
    counts = {f"burden.{name}": sum(row["line"] == name for row in rows) for name in ("made-poor", "thrown-back")}
    counts |= {"burden.candidates": len(candidates)}
    table = pa.Table.from_pylist(rows, BURDEN)
    columns = [list(column) for column in zip(*candidates, strict=True)] or [[] for _ in CANDIDATES]
    return Settled({"burden": table, "candidates": pa.table(columns, schema=CANDIDATES)}, counts)


def _above_the_least(people: pa.Table, monitoring: Monitoring) -> pa.Array:
    """People whose whole part lies above the lowest line: the part in scope is never more."""
    sums = people.group_by("psn_no", use_threads=False).aggregate([("psn_part_amt", "sum")])
    return sums.filter(pc.greater(sums["psn_part_amt_sum"], monitoring.least_fen))["psn_no"].combine_chunks()


def own_of(claim: Claim, measure: str) -> int:
    """The person's own part of a claim, in fen: all of it, or that of the cost in scope, which is what funds did not pay of it."""
    whole = int(claim["psn_part_amt"])
    return (
        whole if measure == "all" else max(0, min(whole, int(claim["inscp_scp_amt"]) - int(claim["fund_pay_sumamt"])))
    )


def _exceeded(
    claims: Sequence[Claim], held: Iterable[Claim], monitoring: Monitoring
) -> Iterable[tuple[MonitoringLine, int, tuple[str, ...]]]:
    """The lines that a person's burden exceeds and that are for the person: with the day, and the classes held on it."""
    rows = list(held)
    lines = monitoring.of(claims[-1]["admdvs"])
    for line in lines:
        day = _day_above(claims, line)
        if day is None:
            continue
        codes = tuple(sorted({row["code"] for row in rows if row["first"] <= day <= row["last"]}))
        others = {code for other in lines if other is not line for code in other.codes}
        if set(codes) & set(line.codes) if line.codes else not set(codes) & others:
            yield line, day, codes


def _day_above(claims: Sequence[Claim], line: MonitoringLine) -> int | None:
    burden = 0
    for claim in claims:
        burden += own_of(claim, line.measure)
        if burden > line.fen:
            return int(claim["day"])
    return None


def _begins(person: str, day: int, monitoring: Monitoring) -> int | None:
    """From which day a candidate is one: recognised, or of application (依申请) where those are given and it is later."""
    if monitoring.applications is None:
        return day
    applied = monitoring.applications.get(person)
    return None if applied is None else max(day, applied)


def _row(person: str, claims: Sequence[Claim], line: MonitoringLine, day: int, codes: Sequence[str]) -> dict[str, Any]:
    sums = {name: sum(int(claim[name]) for claim in claims) for name in AMOUNTS}
    in_scope = sum(own_of(claim, "in-scope") for claim in claims)
    burden = in_scope if line.measure == "in-scope" else sums["psn_part_amt"]
    sums |= {
        "psn_cash_pay": sums["psn_part_amt"] - sums["acct_pay"] - sums["acct_mulaid_pay"],
        "own_in_scope": in_scope,
    }
    sums |= {"amount": line.fen, "burden": burden, "over": burden - line.fen}
    return {
        "psn_no": person,
        "insu_admdvs": claims[-1]["admdvs"],
        "line": line.line,
        "measure": line.measure,
        "recognised": _EPOCH + dt.timedelta(days=day),
        "codes": "+".join(codes) or None,
        "claims": len(claims),
        **{name: Decimal(fen).scaleb(-2) for name, fen in sums.items()},
    }
