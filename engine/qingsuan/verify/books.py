"""The books of a finished run (基金账), checked without their inputs: entries, lines, closing balances, totals and the record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from qingsuan.listing import files_in
from qingsuan.run.folder import RECORD
from qingsuan.verify.findings import Findings

__all__ = ["NEEDED", "CheckedBooks", "check_books"]

NEEDED = (
    "year",
    "partitions",
    "inputs",
    "rows",
    "claims",
    "runs",
    "books",
    "lines",
    "amounts",
    "gaps",
    "watched",
    "identities",
)
"""What the record of books has to hold so that they can be checked."""

_STATEMENT = "statement/part-00000.parquet"
_CLOSING = "closing/part-00000.parquet"
_BOOKS = "totals/books.parquet"
_POOLS = "totals/pools.parquet"
_GAPS = "gaps/part-00000.parquet"
_BORNE = ("own_fault", "surplus", "city", "county", "reserve", "adjustment", "open")
_FAULTS = ("fault_county", "fault_prefecture", "fault_province", "fault_central")
_WARNINGS = "warnings/part-00000.parquet"
_PRINTED = "printed/part-00000.parquet"
_NOTHING = Decimal("0.00")
_SUMS = (
    "opening",
    "income",
    "expense",
    "surplus",
    "closing",
    "income_within",
    "expense_within",
    "receivable",
    "payable",
)
_OF_LINES = ("income", "expense", "income_within", "expense_within", "receivable", "payable")
_TRANSFERS = ("from-above", "from-below", "to-above", "to-below")

Row = Mapping[str, Any]


@dataclass(slots=True)
class CheckedBooks:
    """What was looked at: books, their lines, accepted entries."""

    books: int = 0
    lines: int = 0
    entries: int = 0


def check_books(folder: Path, record: Mapping[str, Any], findings: Findings) -> CheckedBooks:
    """Check every book, line and accepted entry of a run folder.

    Raises
    ------
    Exception
        Of what reading damaged files raises; :func:`qingsuan.verify.findings.checking` makes findings of it.
    """
    lines, books = _rows(folder, _STATEMENT), _rows(folder, _BOOKS)
    entries = _check_entries(folder, record, lines, findings)
    for number, line in enumerate(lines, 1):
        _check_line(line, number, findings)
    _check_books(lines, books, findings)
    _check_closing(folder, lines, books, findings)
    _check_pools(folder, record, books, findings)
    _check_gaps(folder, record, books, findings)
    _check_watched(folder, record, findings)
    _check_burden(folder, record, findings)
    for one in record["identities"]:
        findings.same(RECORD, one["identity"], one["one"], one["other"])
    found = CheckedBooks(len(books), len(lines), entries)
    findings.same(
        RECORD,
        "books and lines are those of the statement",
        (record["books"], record["lines"]),
        (found.books, found.lines),
    )
    return found


def _rows(folder: Path, file: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(folder / file).to_pylist()
    return rows


def _check_entries(folder: Path, record: Mapping[str, Any], lines: list[dict[str, Any]], findings: Findings) -> int:
    """Entries add up to their lines, where nothing else brings them; each voucher stands once on a line; rows in = out."""
    sums: dict[tuple[str, ...], Decimal] = {}
    seen = Counter[tuple[str, ...]]()
    rows = 0
    for path in files_in(folder / "entries"):
        for entry in pq.read_table(path).to_pylist():
            rows += 1
            key = entry["fund"], entry["insu_admdvs"], entry["line"], entry["basis"]
            sums[key] = sums.get(key, _NOTHING) + entry["amount"]
            seen[(*key, entry["voucher"])] += 1
    for (*_, voucher), times in seen.items():
        if times > 1:
            findings.add("entries", "each voucher once on a line of a book", f"{voucher} {times} times", "once")
    for line in lines:
        for basis in ("cash", "due"):
            key = line["fund"], line["insu_admdvs"], line["line"], basis
            mine = sums.pop(key, None)
            if mine is not None and line["origin"] in ("entries", "entries+opening"):
                findings.same(_STATEMENT, f"{basis} of {' '.join(key[:3])} as its entries add up", line[basis], mine)
    findings.same(_STATEMENT, "entries that stand on no line", sorted(sums), [])
    told = record["rows"]
    findings.same(RECORD, "accepted are the rows of entries", told["accepted"], rows)
    findings.same(RECORD, "rows in = accepted + rejected", told["in"], rows + sum(told["rejected"].values()))
    return rows


def _check_line(line: Row, number: int, findings: Findings) -> None:
    """``opened + due − cash = outstanding − beyond``, and one of the two is 0."""
    if line["due"] is None:
        if line["outstanding"] is not None or line["beyond"] is not None:
            findings.add(_STATEMENT, "what is not told due has nothing outstanding", line["outstanding"], None, number)
        return
    left = line["opened"] + line["due"] - line["cash"]
    found = line["outstanding"], line["beyond"]
    expected = max(left, _NOTHING), max(-left, _NOTHING)
    if found != expected:
        findings.add(_STATEMENT, "opened + due − cash = outstanding − beyond", found, expected, number)


def _check_books(lines: list[dict[str, Any]], books: list[dict[str, Any]], findings: Findings) -> None:
    sums: dict[tuple[str, str], dict[str, Decimal]] = {}
    for line in lines:
        mine = sums.setdefault((line["fund"], line["insu_admdvs"]), dict.fromkeys(_OF_LINES, _NOTHING))
        mine[line["side"]] += line["cash"]
        mine[f"{line['side']}_within"] += _NOTHING if line["line"] in _TRANSFERS else line["cash"]
        mine["receivable" if line["side"] == "income" else "payable"] += line["outstanding"] or _NOTHING
    for number, book in enumerate(books, 1):
        mine = sums.pop((book["fund"], book["insu_admdvs"]), dict.fromkeys(_OF_LINES, _NOTHING))
        for name in _OF_LINES:
            if book[name] != mine[name]:
                findings.add(_BOOKS, f"{name} as its lines add up", book[name], mine[name], number)
        closing = book["opening"] + book["income"] - book["expense"]
        if book["closing"] != closing or book["surplus"] != book["income"] - book["expense"]:
            findings.add(_BOOKS, "opening + income − expense = closing", book["closing"], closing, number)
    findings.same(_BOOKS, "lines without a book", sorted(sums), [])


def _check_closing(folder: Path, lines: list[dict[str, Any]], books: list[dict[str, Any]], findings: Findings) -> None:
    """What the next year opens with is what this one closed with, and what is left on lines."""
    found = [tuple(row.values()) for row in _rows(folder, _CLOSING)]
    expected = [(book["fund"], book["insu_admdvs"], "balance", book["closing"]) for book in books]
    for line in lines:
        left = (line["outstanding"] or _NOTHING) - (line["beyond"] or _NOTHING)
        if left:
            expected.append((line["fund"], line["insu_admdvs"], line["line"], left))
    findings.same(_CLOSING, "its rows are what books and lines close with", found, expected)


def _check_pools(folder: Path, record: Mapping[str, Any], books: list[dict[str, Any]], findings: Findings) -> None:
    sums: dict[tuple[str, str], dict[str, Decimal]] = {}
    for book in books:
        mine = sums.setdefault((book["fund"], book["pool"]), dict.fromkeys(_SUMS, _NOTHING))
        for name in _SUMS:
            mine[name] += book[name]
    found = {(row["fund"], row["pool"]): {name: row[name] for name in _SUMS} for row in _rows(folder, _POOLS)}
    findings.same(_POOLS, "sums by fund and pool as the books add up", found, sums)
    told = {(one["fund"], one["pool"]): {name: Decimal(one[name]) for name in _SUMS} for one in record["amounts"]}
    findings.same(RECORD, "amounts by fund and pool as the books add up", told, sums)


def _check_gaps(folder: Path, record: Mapping[str, Any], books: list[dict[str, Any]], findings: Findings) -> None:
    """What everyone bears is the gap, which is that of the book; own fault explains no more of it than there is."""
    gaps = _rows(folder, _GAPS)
    by_book = {(book["fund"], book["insu_admdvs"]): book for book in books}
    for number, gap in enumerate(gaps, 1):
        book = by_book[gap["fund"], gap["insu_admdvs"]]
        expected = max(_NOTHING, book["expense_within"] - book["income_within"])
        if gap["gap"] != expected:
            findings.add(_GAPS, "gap = max(0, expense − income) of the book", gap["gap"], expected, number)
        borne = sum((gap[name] for name in _BORNE), _NOTHING)
        if borne != gap["gap"] or min(gap[name] for name in _BORNE) < 0:
            findings.add(_GAPS, "what everyone bears = the gap, nothing below 0", borne, gap["gap"], number)
        own = min(gap["gap"], sum((gap[name] for name in _FAULTS), _NOTHING))
        if gap["own_fault"] != own:
            findings.add(_GAPS, "own_fault = the faults, as far as the gap goes", gap["own_fault"], own, number)
    told = record["gaps"]["amounts"]
    sums = {name: str(sum((gap[name] for gap in gaps), _NOTHING)) for name in ("gap", *_BORNE)}
    findings.same(RECORD, "sums of gaps as they add up", told, sums)


def _check_watched(folder: Path, record: Mapping[str, Any], findings: Findings) -> None:
    """A line is crossed where its measure lies outside; a printed total differs by what it says."""
    told = record["watched"]
    crossed = 0
    for number, row in enumerate(_rows(folder, _WARNINGS), 1):
        if row["level"] is not None and row["value"] is not None:
            below = row["low"] is not None and row["value"] < row["low"]
            is_outside = below or (row["high"] is not None and row["value"] > row["high"])
            crossed += is_outside
            if row["crossed"] != is_outside:
                findings.add(_WARNINGS, "crossed = outside low and high", row["crossed"], is_outside, number)
    findings.same(RECORD, "lines of warning that are crossed", len(told["crossed"]), crossed)
    verdicts = Counter[str]()
    if (folder / _PRINTED).is_file():
        for number, row in enumerate(_rows(folder, _PRINTED), 1):
            verdicts[row["verdict"]] += 1
            if row["difference"] != row["printed"] - row["expected"] or (row["verdict"] == "equal") == bool(
                row["difference"]
            ):
                expected = row["printed"] - row["expected"]
                findings.add(_PRINTED, "difference = printed − expected", row["difference"], expected, number)
    findings.same(RECORD, "printed totals by verdict", {k: n for k, n in told["printed"].items() if n}, dict(verdicts))


def _check_burden(folder: Path, record: Mapping[str, Any], findings: Findings) -> None:
    """People who are watched: their burden lies above the line, and they are as many as the record says."""
    if "burden" not in record:
        return
    people = Counter[str]()
    for path in files_in(folder / "burden"):
        file = path.relative_to(folder).as_posix()
        for number, row in enumerate(_rows(folder, file), 1):
            people[row["line"]] += 1
            own = row["own_in_scope"] if row["measure"] == "in-scope" else row["psn_part_amt"]
            if (row["burden"], row["over"]) != (own, own - row["amount"]) or row["over"] <= 0:
                findings.add(file, "burden = the own part, above the line", row["burden"], own, number)
    told = record["burden"]
    findings.same(RECORD, "people above each line", {k: n for k, n in told["people"].items() if n}, dict(people))
    found = sum(pq.read_metadata(path).num_rows for path in files_in(folder / "candidates"))
    findings.same(RECORD, "candidates are those of the list", told["candidates"], found)
