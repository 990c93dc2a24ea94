"""The rows of finished premiums, checked without their inputs: amounts, who bears them, lists, and sums against the record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from qingsuan.columns.cells import read_money
from qingsuan.listing import files_in
from qingsuan.money import fen_of_yuan
from qingsuan.premiums.model import BEARERS
from qingsuan.premiums.results import AMOUNTS
from qingsuan.run.folder import RECORD
from qingsuan.run.inputs import BATCH_ROWS
from qingsuan.verify.findings import Findings

__all__ = ["PREMIUM_NEEDS", "CheckedPremiums", "check_premiums"]

PREMIUM_NEEDS = ("year", "inputs", "rows", "heads", "in_arrears", "amounts", "received", "carried_in", "gaps", "rules")
"""What the record of premiums has to hold so that its rows can be checked."""

_UNREADABLE = (OSError, KeyError, ValueError, TypeError, pa.ArrowException)
_SHOWN = 20
"""So many rows of a file are named for one check."""

_Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class CheckedPremiums:
    """What was looked at: people, and rows of duplicates, gaps and money that is not applied."""

    people: int = 0
    duplicates: int = 0
    gaps: int = 0
    unapplied: int = 0


def check_premiums(folder: Path, record: Mapping[str, Any], findings: Findings) -> CheckedPremiums:
    """Check every row of ``premiums``, the lists beside it, and all sums against the record."""
    try:
        return _check(folder, record, findings)
    except _UNREADABLE as error:
        found = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        findings.add(RECORD, "it and the tables have the columns of premiums", found, "those of docs/tables.md")
        return CheckedPremiums()


def _check(folder: Path, record: Mapping[str, Any], findings: Findings) -> CheckedPremiums:
    sums: dict[str, Counter[str]] = {}
    carries = {rule["region"][:2] for rule in record["rules"] if rule["carry_into"] is not None}
    people = arrears = carried = 0
    for file, first_row, batch in _batches(folder, "premiums"):
        amounts = {name: _fen(batch, f"{name}_amt" if name in BEARERS else name) for name in AMOUNTS}
        regions = np.array([code[:2] for code in batch.column("insu_admdvs").cast(pa.string()).to_pylist()])
        _check_people(file, first_row, amounts, np.isin(regions, sorted(carries)), findings)
        people += batch.num_rows
        arrears += int((amounts["shortfall"] > 0).sum())
        carried += int((amounts["carried_out"] > 0).sum())
        for region in np.unique(regions).tolist():
            mine = sums.setdefault(region, Counter())
            mine.update({name: int(fen[regions == region].sum()) for name, fen in amounts.items()})
    findings.same(RECORD, "heads are those of the people", record["heads"], people)
    findings.same(RECORD, "people in arrears", record["in_arrears"], arrears)
    told = {one["region"][:2]: {name: fen_of_yuan(one[name]) for name in AMOUNTS} for one in record["amounts"]}
    expected = {region: {name: mine[name] for name in AMOUNTS} for region, mine in sorted(sums.items())}
    findings.same(RECORD, "amounts in fen by region as the people add up", told, expected)
    _check_totals(folder, expected, people, findings)
    _check_carried(folder, expected, carried, findings)
    return CheckedPremiums(people, *_check_lists(folder, record, expected, findings))


def _check_people(
    file: str, first_row: int, amounts: Mapping[str, _Int64], carries: npt.NDArray[np.bool_], findings: Findings
) -> None:
    """What holds of each person."""
    borne = sum((amounts[bearer] for bearer in BEARERS), np.zeros(len(carries), np.int64))
    short = amounts["due"] - amounts["paid"]
    checks = {
        "assisted = Σ of those who bear it": (amounts["assisted"], borne),
        "due = standard − assisted + carried_in": (
            amounts["due"],
            amounts["standard"] - amounts["assisted"] + amounts["carried_in"],
        ),
        "shortfall = max(0, due − paid)": (amounts["shortfall"], np.maximum(short, 0)),
        "overpaid = max(0, paid − due)": (amounts["overpaid"], np.maximum(-short, 0)),
        "carried_out = shortfall where the rule carries it": (
            amounts["carried_out"],
            np.where(carries, amounts["shortfall"], 0),
        ),
        "assisted is at most the standard": (
            np.minimum(amounts["assisted"], amounts["standard"]),
            amounts["assisted"],
        ),
        "no amount is negative": (
            np.minimum.reduce([amounts[name] for name in AMOUNTS if name != "paid_elsewhere"]) < 0,
            np.zeros(len(carries), np.bool_),
        ),
    }
    for check, (found, expected) in checks.items():
        for place in np.flatnonzero(found != expected)[:_SHOWN].tolist():
            findings.add(file, check, f"{found[place]} fen", f"{expected[place]} fen", first_row + place)


def _check_totals(folder: Path, expected: Mapping[str, Mapping[str, int]], people: int, findings: Findings) -> None:
    """Every table of totals adds up to the people, by region."""
    for name in ("county", "prefecture", "group"):
        file = f"totals/{name}.parquet"
        table = pq.read_table(folder / file)
        findings.same(file, "heads are those of the people", sum(table["heads"].to_pylist()), people)
        found: dict[str, Counter[str]] = {}
        for row in table.to_pylist():
            mine = found.setdefault(row["region"][:2], Counter())
            mine.update({a: fen_of_yuan(str(row[f"{a}_amt" if a in BEARERS else a])) for a in AMOUNTS})
        told = {region: {a: mine[a] for a in AMOUNTS} for region, mine in sorted(found.items())}
        findings.same(file, "amounts in fen by region as the people add up", told, expected)
    file = "totals/bearer.parquet"
    borne = Counter[str]()
    for row in pq.read_table(folder / file).to_pylist():
        borne[row["bearer"]] += fen_of_yuan(str(row["amount"]))
    sums = {bearer: sum(mine[bearer] for mine in expected.values()) for bearer in BEARERS}
    findings.same(file, "amounts in fen by bearer as the people add up", {b: borne[b] for b in BEARERS}, sums)


def _check_carried(folder: Path, expected: Mapping[str, Mapping[str, int]], people: int, findings: Findings) -> None:
    fen = rows = 0
    for _, _, batch in _batches(folder, "carried"):
        fen, rows = fen + int(_fen(batch, "amount").sum()), rows + batch.num_rows
    findings.same("carried", "its rows are the people who carry something on", rows, people)
    due = sum(mine["carried_out"] for mine in expected.values())
    findings.same("carried", "its fen are what people carry on", fen, due)


def _check_lists(
    folder: Path, record: Mapping[str, Any], expected: Mapping[str, Mapping[str, int]], findings: Findings
) -> tuple[int, int, int]:
    """Duplicates, gaps and money that is not applied, against the record; every row and fen that came in is somewhere."""
    duplicates, gaps = _counted(folder, "duplicates"), _counted(folder, "gaps")
    told = {kind: number for kind, number in record["duplicates_by_kind"].items() if number}
    findings.same(RECORD, "duplicates by kind", told, dict(duplicates))
    findings.same(RECORD, "gaps by kind", {kind: n for kind, n in record["gaps"].items() if n}, dict(gaps))
    rows, fen = Counter[str](), Counter[str]()
    for _, _, batch in _batches(folder, "unapplied"):
        amounts = _fen(batch, "amount")
        table = np.array(batch.column("table").to_pylist())
        for name in np.unique(table).tolist():
            rows[name] += int((table == name).sum())
            fen[name] += int(amounts[table == name].sum())
    for name, part, column in (("premiums", "received", "paid"), ("shortfalls", "carried_in", "carried_in")):
        aside, applied = record[part]["unapplied"], record[part]["applied"]
        findings.same(RECORD, f"{name} not applied: rows", aside["rows"], rows[name])
        findings.same(RECORD, f"{name} not applied: fen", fen_of_yuan(aside["amount"]), fen[name])
        own = sum(mine[column] for mine in expected.values())
        findings.same(RECORD, f"{name} applied are those of the people", fen_of_yuan(applied["amount"]), own)
    _check_rows(record, findings)
    return duplicates.total(), gaps.total(), rows.total()


def _check_rows(record: Mapping[str, Any], findings: Findings) -> None:
    rows, came = record["rows"], record["received"]
    out = rows["counted"] + rows["duplicates"] + sum(rows["not_counted"].values()) + sum(rows["rejected"].values())
    findings.same(RECORD, "rows in = counted + not counted + duplicates + rejected", rows["in"], out)
    parts = ("applied", "unapplied", "other_year", "other_scheme")
    out = sum(came[part]["rows"] for part in parts) + sum(came["rejected"].values())
    findings.same(RECORD, "payments in = applied + not applied + others + rejected", came["in"], out)
    for table, read in (("insured", rows["in"]), ("premiums", came["in"])):
        listed = sum(each["rows"] for each in record["inputs"].get(table, ()))
        findings.same(RECORD, f"{table}: rows in are those of the input files", read, listed)


def _counted(folder: Path, table: str) -> Counter[str]:
    kinds = Counter[str]()
    for _, _, batch in _batches(folder, table):
        for each in batch.column("kind").value_counts().to_pylist():
            kinds[each["values"]] += each["counts"]
    return kinds


def _fen(batch: pa.RecordBatch, name: str) -> _Int64:
    fen: _Int64 = read_money(batch.column(name)).values
    return fen


def _batches(folder: Path, table: str) -> Iterator[tuple[str, int, pa.RecordBatch]]:
    """The batches of a table's files: the file, the number of the first row in it from 1, and the rows."""
    for path in files_in(folder / table):
        first_row = 1
        with pq.ParquetFile(path) as parts:
            for batch in parts.iter_batches(BATCH_ROWS, use_threads=False):
                yield path.relative_to(folder).as_posix(), first_row, batch
                first_row += batch.num_rows
