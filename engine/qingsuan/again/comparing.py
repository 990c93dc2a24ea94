"""Two folders of one run compared: the record field by field, tables row by row, the ledgers.

Files with the same bytes are the same. Of others the first rows that differ are named, by row and column.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qingsuan.contents import content
from qingsuan.run.folder import DIGESTS, LEDGER, RECORD, Written, hidden
from qingsuan.run.restart.fingerprint import changes
from qingsuan.run.restart.ledger import read_lines
from qingsuan.verify.findings import MOST_OF_A_KIND, Findings, checking

__all__ = ["compare", "compare_json", "compare_names", "compare_tables"]

_ROWS_AT_ONCE = 65_536
_DO = "do not use this folder: the inputs, settled again by these rules, come to something else"
_OF_PLACES = ("pool", "insutype", "insu_admdvs", "fixmedins_code", "clr_type", "level", "fund", "kind")
_OF_RULES = ("rule_id", "variant", "source_file", "code", "column", "table")
_PLAIN = frozenset((*_OF_PLACES, *_OF_RULES))
"""Columns of texts that tell nothing of a person."""

_KINDS = ("options", "tables of the bureau", "finished runs", "software", "plugins", "rules", "inputs")
"""The parts of a ledger's header."""


def compare(folder: Path, again: Path, findings: Findings, *, leave_out: frozenset[str] = frozenset()) -> int:
    """Hold a run's folder against the one that was settled again. Returns how many files were compared.

    Parameters
    ----------
    leave_out
        Keys of ``run.json`` that need not be there again.
    """
    mine, other = _listed(folder), _listed(again)
    for name in compare_names(mine.keys(), other.keys(), "", findings):
        with checking(findings, name):
            if Written.of(folder, name).sha256 != other[name]:
                compare_tables(folder / name, again / name, name, findings)
    with checking(findings, RECORD):
        _compare_records(folder, again, leave_out, findings)
    with checking(findings, LEDGER):
        _compare_ledgers(folder, again, findings)
    return len(other)


def _listed(folder: Path) -> dict[str, str]:
    lines = (folder / DIGESTS).read_text("utf8").splitlines()
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def compare_names(mine: AbstractSet[str], other: AbstractSet[str], below: str, findings: Findings) -> list[str]:
    """Name the files ``below`` a folder that are there once only: in it, or where it was settled again. Returns those of both."""
    for name in sorted(mine ^ other):
        found, expected = ("a file", "none") if name in mine else ("nothing", "a file")
        findings.add(f"{below}{name}", "settled again, it is there", found, expected, do=_DO)
    return sorted(mine & other)


def compare_tables(mine: Path, other: Path, name: str, findings: Findings) -> None:
    """Name the first rows that differ between two tables that are not the same bytes, or what else does."""
    before = findings.total
    with pq.ParquetFile(mine) as left, pq.ParquetFile(other) as right:
        if not left.schema_arrow.equals(right.schema_arrow):
            for column in sorted({*left.schema_arrow.names} | {*right.schema_arrow.names}):
                found, expected = (_type_of(one.schema_arrow, column) for one in (left, right))
                if found != expected:
                    findings.add(name, f"settled again, column {column}", found, expected, do=_DO)
            if findings.total == before:
                findings.add(name, "settled again, its columns", "another order", "that of the run", do=_DO)
            return
        rows = left.metadata.num_rows, right.metadata.num_rows
        if rows[0] != rows[1]:
            findings.add(name, "settled again, how many rows there are", *rows, do=_DO)
        first = 0
        for found, expected in _side_by_side(left, right):
            _compare_rows(found, expected, first, name, findings)
            first += expected.num_rows
    if findings.total == before:
        do = "its rows are the same, its bytes are not: it was written by something else than a run"
        findings.add(name, "settled again, its bytes", "other bytes of the same rows", "the same", do=do)


def _type_of(schema: pa.Schema, column: str) -> str:
    return str(schema.field(column).type) if column in schema.names else "no such column"


def _side_by_side(left: pq.ParquetFile, right: pq.ParquetFile) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
    """Rows of both, as many of one as of the other, as far as both have some."""
    mine, other = left.iter_batches(_ROWS_AT_ONCE), right.iter_batches(_ROWS_AT_ONCE)
    one, two = next(mine, None), next(other, None)
    while one is not None and two is not None:
        rows = min(one.num_rows, two.num_rows)
        if rows:
            yield one.slice(0, rows), two.slice(0, rows)
        one = one.slice(rows) if one.num_rows > rows else next(mine, None)
        two = two.slice(rows) if two.num_rows > rows else next(other, None)


def _compare_rows(mine: pa.RecordBatch, other: pa.RecordBatch, first: int, name: str, findings: Findings) -> None:
    for column in other.schema.names:
        found, expected = mine[column], other[column]
        if found.equals(expected):
            continue
        differs = pc.fill_null(pc.not_equal(found, expected), pc.not_equal(found.is_null(), expected.is_null()))
        rows = pc.indices_nonzero(differs).to_pylist()
        check = f"settled again, column {column}"
        for row in rows[:MOST_OF_A_KIND]:
            mine_shown, other_shown = (_shown(column, each[row].as_py()) for each in (found, expected))
            findings.add(name, check, mine_shown, other_shown, first + row + 1, _DO)
        findings.counts[name, check] += len(rows[MOST_OF_A_KIND:])


def _shown(column: str, value: Any) -> object:
    """A cell as a message may show it: amounts and codes of places and rules, and what else tells nobody."""
    return value if value is None or column in _PLAIN or isinstance(value, int | Decimal) else content(value)


def _compare_records(folder: Path, again: Path, leave_out: frozenset[str], findings: Findings) -> None:
    """Every field that is not the same; that the digests differ follows from the tables."""
    mine, other = (json.loads((place / RECORD).read_bytes()) for place in (folder, again))
    for record in (mine, other):
        for key in leave_out:
            record.pop(key, None)
        if isinstance(record.get("prepared"), dict):
            record["prepared"].pop("folder", None)  # named from the run folder on
    is_same_table = _listed(folder) == _listed(again)
    for key in ("sha256", "files") if not is_same_table else ():
        mine["digests"].pop(key, None)
        other["digests"].pop(key, None)
    compare_json(mine, other, RECORD, findings)


def compare_json(mine: Any, other: Any, name: str, findings: Findings) -> None:
    """Name every field in which two JSON values differ; ``name`` is the file's."""
    for field, found, expected in _fields(mine, other, ""):
        findings.add(name, f"settled again, {field}", found, expected, do=_DO)


_NOTHING = "nothing"


def _fields(mine: Any, other: Any, at: str) -> Iterator[tuple[str, Any, Any]]:
    """The places at which two JSON values differ, and what stands there."""
    if isinstance(mine, Mapping) and isinstance(other, Mapping):
        for key in sorted({*mine, *other}):
            yield from _fields(mine.get(key, _NOTHING), other.get(key, _NOTHING), f"{at}.{key}" if at else key)
    elif isinstance(mine, list) and isinstance(other, list):
        for number in range(max(len(mine), len(other))):
            one, two = (each[number] if number < len(each) else _NOTHING for each in (mine, other))
            yield from _fields(one, two, f"{at}[{number + 1}]")
    elif type(mine) is not type(other) or mine != other:
        yield at, mine, other


def _compare_ledgers(folder: Path, again: Path, findings: Findings) -> None:
    """The headers, and what the partitions kept for later stages; the other files are compared themselves."""
    mine, other = read_lines(folder), read_lines(again)
    header, expected = mine.header or {}, other.header or {}
    for kind in _KINDS:
        for change in changes(expected.get(kind, {}), header.get(kind, {})):
            findings.add(LEDGER, f"settled again, its {kind}", change, "as when it is settled again", do=_DO)
    beyond = sorted(header.keys() - expected.keys())
    if beyond or any(header.get(key) != expected.get(key) for key in ("ledger", "settlement")):
        findings.add(LEDGER, "settled again, its header", ", ".join(beyond) or "another one", "that of the run", do=_DO)
    for number, files in sorted(other.partitions.items()):
        kept = {one for one in files if hidden(one.file)}
        if kept != {one for one in mine.partitions.get(number, ()) if hidden(one.file)}:
            findings.add(
                LEDGER, f"settled again, what was kept of partition {number}", "another file", "the same", do=_DO
            )
