"""The rows of a finished subsidy, checked without its inputs: heads, duplicates, what is due, totals, and the account of every row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from qingsuan.heads.counting import KINDS, periods_of
from qingsuan.listing import files_in
from qingsuan.run.folder import RECORD
from qingsuan.run.inputs import BATCH_ROWS
from qingsuan.verify.findings import Findings
from qingsuan.verify.heads.receipts import check_receipts

__all__ = ["NEEDED", "CheckedSubsidy", "check_subsidy"]

NEEDED = (
    *("year", "inputs", "rows", "heads", "resd_permit_heads", "persons_with_duplicates"),
    *("duplicates_by_kind", "amounts", "count_unit"),
)
"""What the record of a subsidy has to hold so that its rows can be checked."""

_DUE = "due/part-00000.parquet"
_LEVELS = ("central", "province", "local")
_PARTS = ("local_prefecture", "local_county")
_UNREADABLE = (OSError, KeyError, ValueError, TypeError, pa.ArrowException)


@dataclass(frozen=True, slots=True)
class CheckedSubsidy:
    """What was looked at: counties with heads, heads, and duplicate and rejected rows."""

    counties: int = 0
    heads: int = 0
    duplicates: int = 0
    rejected: int = 0


def check_subsidy(folder: Path, record: Mapping[str, Any], findings: Findings) -> CheckedSubsidy:
    """Check every row of ``due`` and ``duplicates``, the rejected ones' counts, and all sums against the record."""
    if not (folder / _DUE).is_file():
        return CheckedSubsidy()
    try:
        return _check(folder, record, findings)
    except _UNREADABLE as error:
        found = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        findings.add(RECORD, "it and the tables have the columns of a subsidy", found, "those of docs/tables.md")
        return CheckedSubsidy()


def _check(folder: Path, record: Mapping[str, Any], findings: Findings) -> CheckedSubsidy:
    due = _rows(folder, _DUE, findings)
    for number, row in enumerate(due, 1):
        _check_due(row, number, findings)
    places = [row["admdvs"] for row in due]
    findings.same(_DUE, "each county once", len(places), len(set(places)))
    _check_totals(folder, due, record, findings)
    check_receipts(folder, due, record, findings)
    heads = sum(row["heads"] for row in due)
    findings.same(RECORD, "heads are those of the counties", record["heads"], heads)
    permits = sum(row["resd_permit_heads"] for row in due)
    findings.same(RECORD, "heads by residence permit are those of the counties", record["resd_permit_heads"], permits)
    duplicates = _check_duplicates(folder, record, findings)
    rejected = _check_rows(folder, record, findings)
    return CheckedSubsidy(len(due), heads, duplicates, rejected)


def _rows(folder: Path, name: str, findings: Findings) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = pq.read_table(folder / name).to_pylist()
    except _UNREADABLE as error:
        findings.add(name, "it can be read", " ".join(str(error).split())[:200], "a table of the subsidy")
        return []
    return found


def _check_due(row: Mapping[str, Any], number: int, findings: Findings) -> None:
    """What holds of one county."""
    checks = {
        "total = standard × heads": (row["total"], row["standard"] * row["heads"]),
        "total = central + province + local": (row["total"], sum(row[level] for level in _LEVELS)),
        "prefecture and county are of one region": (row["admdvs"][:2], row["region"][:2]),
    }
    if all(part in row for part in _PARTS) and row[_PARTS[0]] is not None:
        checks["local = local_prefecture + local_county"] = (row["local"], sum(row[part] for part in _PARTS))
    for check, (found, expected) in checks.items():
        if found != expected:
            findings.add(_DUE, check, found, expected, number)
    least = min(row[name] for name in ("resd_permit_heads", *_LEVELS))
    if least < 0 or row["resd_permit_heads"] > row["heads"]:
        check = "heads and amounts are not negative, and permit holders are among the heads"
        findings.add(_DUE, check, f"{row['heads']} heads", check, number)


def _check_totals(folder: Path, due: list[dict[str, Any]], record: Mapping[str, Any], findings: Findings) -> None:
    """Totals by prefecture and by region are sums of the counties, and those by region are in the record."""
    levels = [name for name in (*_LEVELS, *_PARTS, "total") if due and due[0].get(name) is not None]
    names = ["heads", "resd_permit_heads", *levels]
    prefectures: dict[tuple[str, str], Counter[str]] = {}
    regions: dict[tuple[str, str], Decimal] = {}
    for row in due:
        prefectures.setdefault((row["region"], row["prefecture"]), Counter()).update(
            {name: row[name] for name in names}
        )
        for level in levels:
            key = (row["region"], level)
            regions[key] = regions.get(key, Decimal(0)) + row[level]
    file = "totals/prefecture.parquet"
    told = {(row["region"], row["prefecture"]): row for row in _rows(folder, file, findings)}
    findings.same(file, "the prefectures are those of the counties", sorted(told), sorted(prefectures))
    for place in sorted(set(told) & set(prefectures)):
        for name in names:
            findings.same(
                file, f"{place[1]}: {name} as the counties add up", told[place][name], prefectures[place][name]
            )
    file = "totals/region.parquet"
    amounts = {(row["region"], row["level"]): row["amount"] for row in _rows(folder, file, findings)}
    findings.same(file, "amounts by region and level as the counties add up", _shown(amounts), _shown(regions))
    recorded = {(each["region"], each["level"]): Decimal(each["amount"]) for each in record["amounts"]}
    findings.same(RECORD, "amounts by region and level as the counties add up", _shown(recorded), _shown(regions))


def _shown(amounts: Mapping[tuple[str, str], Decimal]) -> str:
    return ", ".join(f"{region} {level} {amount}" for (region, level), amount in sorted(amounts.items()))


def _check_duplicates(folder: Path, record: Mapping[str, Any], findings: Findings) -> int:
    """Every duplicate's kind is what its places and days say; they are counted by kind and person."""
    unit = "month" if "month" in record["count_unit"].values() else "year"
    labels = [period.label for period in periods_of(int(record["year"]), unit)]  # type: ignore[arg-type]
    kinds, people, rows, last = Counter[str](), 0, 0, None
    for file, first_row, batch in _batches(folder, "duplicates", findings):
        for number, row in enumerate(batch.to_pylist(), first_row):
            kinds[row["kind"]] += 1
            if row["kind"] != "other-scheme" and row["kind"] != _kind_of(row):
                findings.add(file, "the kind is what places and days say", row["kind"], _kind_of(row), number)
            if row["period"] not in labels:
                findings.add(file, "the period is one of the year's", row["period"], ", ".join(labels), number)
            people += row["psn_no"] != last
            last = row["psn_no"]
        rows += batch.num_rows
    told = {kind: record["duplicates_by_kind"].get(kind, 0) for kind in KINDS}
    findings.same(RECORD, "duplicates by kind", told, {kind: kinds[kind] for kind in KINDS})
    findings.same(RECORD, "people with duplicates", record["persons_with_duplicates"], people)
    return rows


def _kind_of(row: Mapping[str, Any]) -> str:
    """What two rows of residents are to each other (:data:`qingsuan.heads.counting.KINDS`)."""
    if row["admdvs"] == row["counted_admdvs"]:
        return "same-county"
    first = row["enddate"] is None or row["counted_begndate"] <= row["enddate"]
    second = row["counted_enddate"] is None or row["begndate"] <= row["counted_enddate"]
    return "overlapping" if first and second else "successive"


def _check_rows(folder: Path, record: Mapping[str, Any], findings: Findings) -> int:
    """Rows in = counted + not counted + duplicates + rejected, as the record, the totals and the rejected rows have them."""
    rows, codes = record["rows"], Counter[str]()
    for _, _, batch in _batches(folder, "rejected", findings):
        for counted in batch.column("code").value_counts().to_pylist():
            codes[counted["values"]] += counted["counts"]
    findings.same(RECORD, "rejected rows by code", rows["rejected"], dict(sorted(codes.items())))
    out = rows["counted"] + rows["duplicates"] + sum(rows["not_counted"].values()) + sum(rows["rejected"].values())
    findings.same(RECORD, "rows in = counted + not counted + duplicates + rejected", rows["in"], out)
    file = "totals/not_counted.parquet"
    told = {row["reason"]: row["rows"] for row in _rows(folder, file, findings)}
    expected = {**rows["not_counted"], "duplicate": rows["duplicates"], **rows["rejected"]}
    findings.same(file, "rows by reason as in run.json", told, expected)
    read = sum(each["rows"] for each in record["inputs"]["insured"])
    findings.same(RECORD, "rows in are those of the input files", rows["in"], read)
    return codes.total()


def _batches(folder: Path, table: str, findings: Findings) -> Iterator[tuple[str, int, pa.RecordBatch]]:
    """The batches of a table's files: the file, the number of the first row in it from 1, and the rows."""
    for path in files_in(folder / table):
        file, first_row = path.relative_to(folder).as_posix(), 1
        try:
            with pq.ParquetFile(path) as parts:
                for batch in parts.iter_batches(BATCH_ROWS, use_threads=False):
                    yield file, first_row, batch
                    first_row += batch.num_rows
        except _UNREADABLE as error:
            findings.add(file, "it can be read", " ".join(str(error).split())[:200], f"a table “{table}”")
