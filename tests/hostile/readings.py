"""Inputs and results read without the engine, and the one thing that holds of both: every row is there exactly once.

A row is a mapping of column to text; what is absent and what is empty are one.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from settling import BILL

__all__ = [
    "Place",
    "Row",
    "amount",
    "conserved",
    "numbered",
    "read_csv",
    "read_ipc",
    "read_parquet",
    "result",
    "rows_of_table",
]

Row = Mapping[str, str]
Place = tuple[str, int]
"""A file's name, and the number of a row in it from 1 on."""

KEPT = ("setl_id", "psn_no", "insutype", "med_type", "insu_admdvs")
"""What a settled or reversed row has as it came; fixmedins_code and the time too, which absent columns and forms blur."""

ADDED = ("source_file", "source_row", "code", "column", "found", "expected")
AMOUNT = re.compile(r"-?\d+(\.\d{1,2})?", re.ASCII)

csv.field_size_limit(1 << 30)


def read_csv(data: bytes, encoding: str) -> tuple[list[str], list[list[str]]] | None:
    """Header and rows as RFC 4180 has them, blank lines left out; None for what is none."""
    try:
        text = data.decode(encoding)
    except (UnicodeError, LookupError):
        return None
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error:
        return None
    return (rows[0], rows[1:]) if rows else None


def rows_of_table(table: pa.Table) -> list[Row]:
    """The rows of a table as texts, whatever its types."""
    columns = [_texts(column) for column in table.columns]
    return [dict(zip(table.column_names, row, strict=True)) for row in zip(*columns, strict=True)]


def _texts(column: pa.ChunkedArray) -> list[str]:
    try:
        return [text or "" for text in pc.cast(column, pa.string()).to_pylist()]
    except pa.ArrowException:
        return ["" if value is None else str(value) for value in _values(column)]


def _values(column: pa.ChunkedArray) -> list[Any]:
    try:
        return column.to_pylist()  # type: ignore[no-any-return]
    except (ValueError, OverflowError):
        return [None if not value.is_valid else value.value for chunk in column.chunks for value in chunk]


def read_parquet(path: Path, columns: Collection[str] | None = None) -> list[Row] | None:
    """The rows of a Parquet file whose checksums hold, fully validated; None where they do not."""
    try:
        file = pq.ParquetFile(path, page_checksum_verification=True)
        table = file.read(_named(columns, file.schema_arrow), use_threads=False)
        table.validate(full=True)
        return rows_of_table(table)
    except (pa.ArrowException, OSError, UnicodeError):
        return None


def read_ipc(path: Path, columns: Collection[str] | None = None) -> list[Row] | None:
    """The rows of an Arrow file or stream, fully validated; None where it does not hold what it says."""
    data = path.read_bytes()
    try:
        opened = pa.ipc.open_file if data.startswith(b"ARROW1") else pa.ipc.open_stream
        schema = opened(data).schema
        wanted = [schema.get_field_index(name) for name in _named(columns, schema)]
        batches = _ipc_batches(opened(data, options=pa.ipc.IpcReadOptions(included_fields=wanted)))
        for batch in batches:
            batch.validate(full=True)
        return rows_of_table(pa.Table.from_batches(batches)) if batches else []
    except (pa.ArrowException, OSError, UnicodeError):
        return None


def _named(columns: Collection[str] | None, schema: pa.Schema) -> list[str]:
    return [name for name in schema.names if columns is None or name in columns]


def _ipc_batches(reader: Any) -> list[pa.RecordBatch]:
    if isinstance(reader, pa.ipc.RecordBatchFileReader):
        return [reader.get_batch(number) for number in range(reader.num_record_batches)]
    return list(reader)


def result(out: Path, table: str) -> list[Row]:
    """Rows of a result of claims."""
    found: list[Row] = []
    for path in sorted((out / table).glob("part-*.parquet")):
        found += rows_of_table(pq.read_table(path))
    return found


def amount(text: str) -> Decimal | None:
    """Yuan as the tables have them; None for every other form."""
    return Decimal(text) if AMOUNT.fullmatch(text) else None


def conserved(came: Mapping[Place, Row], out: Path, ragged: Collection[Place] = ()) -> list[str]:
    """Whether each row is in exactly one of settled, reversed and rejected, as it came.

    Of ``ragged`` rows the cells belong to no column: they are rejected, whatever the rejected row shows of them.
    """
    refused = result(out, "rejected")
    rejected = {(row["source_file"], int(row["source_row"])): row for row in refused}
    went = [*result(out, "settled"), *result(out, "reversed")]
    found = []
    if len(refused) != len(rejected) or len(came) != len(rejected) + len(went):
        found.append(
            f"{len(came)} rows came, {len(went)} were settled or reversed, {len(refused)} rejected: {sorted(rejected)}"
        )
    found += [
        f"{place} has other cells than columns, and was not rejected" for place in ragged if place not in rejected
    ]
    found += [f"{place} was rejected, and is not there" for place in rejected.keys() - came.keys()]
    for place in rejected.keys() & came.keys():
        found += [] if place in ragged else _altered(place, came[place], rejected[place])
    expected = Counter(_kept(row) for place, row in came.items() if place not in rejected)
    seen = Counter(map(_kept, went))
    found += [f"lost, or changed: {row}" for row in (expected - seen).elements()]
    return found + [f"nowhere in the input: {row}" for row in (seen - expected).elements()]


def numbered(file: str, rows: Iterable[Row]) -> dict[Place, Row]:
    """The rows of a file by their places."""
    return {(file, number): row for number, row in enumerate(rows, 1)}


def _kept(row: Row) -> tuple[object, ...]:
    return (*(row.get(name, "") for name in KEPT), *(amount(row.get(name, "")) for name in BILL))


def _altered(place: Place, came: Row, rejected: Row) -> list[str]:
    """Cells of a rejected row that are not those that came."""
    found = []
    for name, text in came.items():
        there = rejected.get(f"input_{name}" if name in ADDED else name)
        if there != text and (there is None or amount(text) is None or amount(there) != amount(text)):
            found.append(f"{place}: {name} came as {text[:80]!r}, and was rejected as {str(there)[:80]!r}")
    return found
