"""The rows of a finished clearing (医疗机构清算), checked without their inputs: contracts, cases, forms, totals and the record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from qingsuan.money import fen_of_yuan
from qingsuan.run.folder import RECORD
from qingsuan.verify.findings import Findings

__all__ = ["CLEARING_NEEDS", "CheckedClearing", "check_clearing"]

CLEARING_NEEDS = ("year", "partitions", "inputs", "rows", "amounts", "unsettled", "identities", "terms")
"""What the record of a clearing has to hold so that its rows can be checked."""

_BY = ("pool", "insutype", "clr_type", "clr_way")
_NAME = ("fixmedins_code", "pool", "insutype", "clr_type", "clr_way")
_CLAIMED = ("medfee_sumamt", "inscp_scp_amt", "fund_pay_sumamt", "claims")
_SHARED = ("surplus", "kept", "overrun", "borne_by_fund", "borne_by_institution")
_DEPOSIT = ("deposit", "deposit_returned", "deposit_kept")
_TERMS = (
    "remainder",
    "others",
    "standard",
    *_SHARED,
    "procurement",
    "audit",
    *_DEPOSIT,
    "payable",
    "advances",
    "clearing",
)
_AMOUNTS = (*_CLAIMED, *_TERMS, "difference")
_UNSETTLED = ("medfee_sumamt", "fund_pay_sumamt", "claims")
_OF_CASES = ("02", "03", "05", "06")
_ALLIANCE = ("amount", "outside", "available", "others", "remainder")
_POOL = ("budget", "reserve", "outside", "outside_cases", "available", "standard", "remainder")

_Row = Mapping[str, Any]
_Sums = dict[tuple[str, ...], Counter[str]]


@dataclass(slots=True)
class CheckedClearing:
    """What was looked at: contracts that are cleared, cases, and rows of what is not cleared."""

    contracts: int = 0
    cases: int = 0
    unsettled: int = 0


def check_clearing(folder: Path, record: Mapping[str, Any], findings: Findings) -> CheckedClearing:
    """Check every contract of a run folder.

    Raises
    ------
    Exception
        Of what reading damaged files raises; :func:`qingsuan.verify.findings.checking` makes findings of it.
    """
    found = CheckedClearing()
    care: _Sums = {}
    unsettled: _Sums = {}
    for number in range(int(record["partitions"])):
        part = f"part-{number:05d}.parquet"
        tables = {
            name: pq.read_table(folder / name / part)
            for name in ("clearing", "cases", "forms", "pools", "alliances", "specials", "payers", "unsettled")
        }
        rows = _rows(tables["clearing"], _AMOUNTS)
        for place, row in enumerate(rows, 1):
            _check_terms(f"clearing/{part}", place, row, findings)
        _check_cases(f"cases/{part}", tables["cases"], rows, findings)
        _check_pools(f"pools/{part}", tables["pools"], rows, findings)
        _check_alliances(f"alliances/{part}", tables["alliances"], rows, findings)
        _check_payers(f"payers/{part}", tables["payers"], tables["specials"], rows, findings)
        _check_forms(f"forms/{part}", tables["forms"], rows, findings)
        _add(care, rows, _BY, ("psntime", *_AMOUNTS))
        _add(unsettled, _rows(tables["unsettled"], _UNSETTLED), ("kind", "table"), ("rows", *_UNSETTLED))
        found.contracts += len(rows)
        found.cases += len(tables["cases"])
        found.unsettled += len(tables["unsettled"])
    _check_sums(folder, record, care, unsettled, findings)
    findings.same(RECORD, "contracts are those of clearing", record["rows"]["contracts"]["settled"], found.contracts)
    findings.same(RECORD, "cases are those of cases", record["rows"]["cases"]["settled"], found.cases)
    return found


def _shared(row: _Row) -> int:
    """The standard with what is kept of a surplus or borne of an overrun."""
    return int(row["standard"] + row["kept"] - row["borne_by_institution"])


def _check_terms(file: str, place: int, row: _Row, findings: Findings) -> None:
    """What holds of each contract."""
    checks = {
        "payable = standard + kept - borne by institution + procurement - audit - deposit kept": (
            row["payable"],
            _shared(row) + row["procurement"] - row["audit"] - row["deposit_kept"],
        ),
        "borne by fund + by institution = overrun": (
            row["borne_by_fund"] + row["borne_by_institution"],
            row["overrun"],
        ),
        "deposit - returned = kept": (row["deposit"] - row["deposit_returned"], row["deposit_kept"]),
        "surplus and overrun are those of the budget": (
            (row["surplus"], row["overrun"]),
            _beyond(row["budget"], row["standard"]),
        ),
        "what is kept or borne is no more than there is": (
            row["kept"] <= row["surplus"] and row["borne_by_institution"] >= 0,
            True,
        ),
        "clearing = payable - advances": (row["clearing"], row["payable"] - row["advances"]),
        "difference = standard - claims": (row["difference"], row["standard"] - row["claims"]),
        "the standard by item is what claims add up to": (
            row["standard"] if row["clr_way"] == "01" else row["claims"],
            row["claims"],
        ),
        "only members of an alliance are paid for other people": (row["others"] if row["clr_way"] != "07" else 0, 0),
        "no audit or advance is negative": (min(row["audit"], row["advances"], 0), 0),
    }
    for check, (found, expected) in checks.items():
        if found != expected:
            findings.add(file, check, f"{found} fen", f"{expected} fen", place)


def _beyond(budget: Any, standard: int) -> tuple[int, int]:
    """What is left of an institution's budget, and what is beyond it; nothing where it has none."""
    if not budget and budget != 0:
        return 0, 0
    left = int(budget.scaleb(2)) - standard
    return max(0, left), max(0, -left)


def _check_cases(file: str, table: pa.Table, contracts: list[dict[str, Any]], findings: Findings) -> None:
    """The standard of a contract that goes by cases is what its cases add up to, with its part of a pool's remainder."""
    names = ("medfee_sumamt", "claims", "standard")
    cases: _Sums = {}
    _add(cases, _rows(table, names), _NAME, names)
    own: _Sums = {}
    of_cases = [row for row in contracts if row["clr_way"] in _OF_CASES]
    _add(own, [row | {"standard": row["standard"] - row["remainder"]} for row in of_cases], _NAME, names)
    for name in sorted(cases.keys() | own.keys()):
        told = {each: cases.get(name, Counter())[each] for each in names}
        expected = {each: own.get(name, Counter())[each] for each in names}
        findings.same(file, f"fen of cases of {' '.join(name)} as clearing has them", told, expected)


def _check_pools(file: str, table: pa.Table, contracts: list[dict[str, Any]], findings: Findings) -> None:
    """A pool has what its budget leaves; where it is emptied its contracts get all of it."""
    for place, row in enumerate(_rows(table, _POOL), 1):
        apart = row["reserve"] + row["outside"] + row["outside_cases"]
        name = tuple(row[each] for each in _BY)
        mine = [one for one in contracts if (*(one[each] for each in _BY), one["terms"]) == (*name, row["terms"])]
        taken = sum(one["remainder"] for one in mine)
        checks = {
            "available = budget - reserve - what lies outside points": (row["available"], row["budget"] - apart),
            "standards of its contracts = its standard + cases outside points": (
                sum(one["standard"] for one in mine),
                row["standard"] + row["outside_cases"],
            ),
            "what contracts took of the remainder is all of it, and empties the pool": (
                (taken, row["standard"] if taken else 0),
                (row["remainder"], row["available"]) if row["taken_by"] else (0, 0),
            ),
        }
        for check, (found, expected) in checks.items():
            if found != expected:
                findings.add(file, check, f"{found} fen", f"{expected} fen", place)


def _check_alliances(file: str, table: pa.Table, contracts: list[dict[str, Any]], findings: Findings) -> None:
    """Members get what is left of their alliance's sum, by their weights and to the last fen, and care of others beside it."""
    by = ("alliance", "pool", "insutype")
    every = [one for one in contracts if one["clr_way"] == "07"]
    told = _rows(table, _ALLIANCE)
    for name in sorted(
        {tuple(one[each] for each in by) for one in every} - {tuple(row[each] for each in by) for row in told}
    ):
        findings.add(file, "each member's alliance is there", "no such row", " ".join(name))
    for place, row in enumerate(told, 1):
        mine = [one for one in every if all(one[each] == row[each] for each in by)]
        weights = sum(one["weight"] for one in mine)
        shares = [one["standard"] - one["others"] - one["remainder"] for one in mine]
        checks = {
            "available = amount - spent outside": (row["available"], row["amount"] - row["outside"]),
            "contracts and weights are those of its members": (
                (row["contracts"], row["weight"]),
                (len(mine), weights),
            ),
            "each member's share is that of its weight, half away from zero": (
                shares,
                [_share(row["available"], one["weight"], weights) for one in mine],
            ),
            "shares and remainder = available": (sum(shares) + row["remainder"], row["available"]),
            "remainder and care of others are those of its members": (
                (row["remainder"], row["others"]),
                (sum(one["remainder"] for one in mine), sum(one["others"] for one in mine)),
            ),
        }
        for check, (found, expected) in checks.items():
            if found != expected:
                findings.add(file, check, f"{found} fen", f"{expected} fen", place)


def _check_payers(
    file: str, table: pa.Table, specials: pa.Table, contracts: list[dict[str, Any]], findings: Findings
) -> None:
    """What payers bear of a contract is its standard; of one with special payers, claim by claim what payers has of it."""
    by, money = ("fixmedins_code", "pool", "insutype", "clr_type"), ("amount",)
    rows, claims = _rows(table, money), _rows(specials, money)
    told: _Sums = {}
    _add(told, rows, (*by, "first_month"), money)
    own = {tuple(one[name] for name in (*by, "first_month")): one for one in contracts}
    for name, sums in sorted(told.items()):
        expected = own.get(name, {}).get("standard")
        findings.same(file, f"payers of {' '.join(name)} bear its standard, in fen", sums["amount"], expected)
    for name, one in sorted(own.items()):
        if one["clr_way"] == "special" and name not in told:
            findings.add(file, "who bears it is said", "no row", " ".join(name))
    of_rows: _Sums = {}
    _add(of_rows, [row for row in rows if row["part"] != "standard"], (*by, "part", "payer"), money)
    of_claims: _Sums = {}
    _add(of_claims, claims, (*by, "part", "payer"), money)
    for name in sorted(of_rows.keys() | of_claims.keys()):
        found = of_rows.get(name, Counter())["amount"]
        findings.same(
            file, f"{' '.join(name)} in fen as specials has it", found, of_claims.get(name, Counter())["amount"]
        )


def _share(available: int, weight: Any, weights: Any) -> int:
    """A part of what is not negative, half away from zero."""
    part, whole = (int(each.scaleb(4)) if each else 0 for each in (weight, weights))
    return (2 * available * part + whole) // (2 * whole) if whole else 0


def _check_forms(file: str, table: pa.Table, contracts: list[dict[str, Any]], findings: Findings) -> None:
    """The months of the national form add up to the contract."""
    forms: _Sums = {}
    _add(forms, _rows(table, ("medfee_sumamt", "fund_appy_sum")), _NAME, ("psntime", "medfee_sumamt", "fund_appy_sum"))
    own: _Sums = {}
    _add(own, contracts, _NAME, ("psntime", "medfee_sumamt", "claims"))
    for name, sums in sorted(own.items()):
        expected = (sums["psntime"], sums["medfee_sumamt"], sums["claims"])
        mine = forms.pop(name, Counter())
        told = (mine["psntime"], mine["medfee_sumamt"], mine["fund_appy_sum"])
        findings.same(file, f"claims, cost and funds in fen of {' '.join(name)} as clearing has them", told, expected)
    for name in sorted(forms):
        findings.add(file, "each form is of a contract of clearing", " ".join(name), "no such row")


def _check_sums(folder: Path, record: Mapping[str, Any], care: _Sums, unsettled: _Sums, findings: Findings) -> None:
    """Totals and the record are what contracts, and what is not cleared, add up to."""
    every = (
        ("totals/care.parquet", "amounts", _BY, ("psntime", *_AMOUNTS), care),
        ("totals/unsettled.parquet", "unsettled", ("kind", "table"), ("rows", *_UNSETTLED), unsettled),
    )
    for file, key, by, names, sums in every:
        money = [name for name in names if name not in ("psntime", "rows")]
        expected = {name: dict(mine) for name, mine in sorted(sums.items())}
        totals: _Sums = {}
        _add(totals, _rows(pq.read_table(folder / file), money), by, names)
        findings.same(file, "sums in fen", {name: dict(mine) for name, mine in sorted(totals.items())}, expected)
        told: _Sums = {}
        lines = [
            {name: fen_of_yuan(value) if name in money else value for name, value in row.items()} for row in record[key]
        ]
        _add(told, lines, by, names)
        findings.same(RECORD, f"{key} in fen", {name: dict(mine) for name, mine in sorted(told.items())}, expected)
    rows = record["rows"]["settled"]
    out = rows["cleared"] + rows["unsettled"] + sum(rows["rejected"].values())
    findings.same(RECORD, "claims in = cleared + not cleared + rejected", rows["in"], out)
    cleared = sum(sums["psntime"] for sums in care.values())
    findings.same(RECORD, "claims cleared are those of contracts", rows["cleared"], cleared)
    if "procurement" in record:
        told_of = {name: fen_of_yuan(value) for name, value in record["procurement"].items()}
        taken = sum(sums["procurement"] for sums in care.values())
        findings.same(RECORD, "cleared of procurement is that of contracts", told_of["cleared"], taken)
        where = sum(told_of[name] for name in ("cleared", "of_unsettled", "of_none"))
        findings.same(RECORD, "kept of procurement is cleared or not", told_of["kept"], where)
    for one in record["identities"]:
        findings.same(RECORD, one["identity"], one["one"], one["other"])


def _rows(table: pa.Table, money: Iterable[str]) -> list[dict[str, Any]]:
    """Rows of a table, amounts in fen and absent texts empty."""
    rows: list[dict[str, Any]] = table.to_pylist()
    for row in rows:
        row.update({name: int(row[name].scaleb(2)) for name in money})
        row.update({name: "" for name, value in row.items() if value is None})
    return rows


def _add(sums: _Sums, rows: Iterable[_Row], by: Iterable[str], names: Iterable[str]) -> None:
    by, names = tuple(by), tuple(names)
    for row in rows:
        mine = sums.setdefault(tuple(row[name] for name in by), Counter())
        mine.update({name: row[name] for name in names})
