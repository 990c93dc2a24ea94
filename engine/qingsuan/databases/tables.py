"""Which files of a run folder make one table of a database, and how its rows are read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from qingsuan.listing import files_in, names_in

__all__ = ["batches_of", "schema_of", "tables_of"]

BATCH_ROWS = 65_536
_PART = re.compile(r"(?:(?P<table>.+)-)?part-\d+")


def tables_of(folder: Path) -> dict[str, list[Path]]:
    """The Parquet files of a run by the name of their table: ``settled``, ``rejected_insured``, ``totals_care``."""
    found: dict[str, list[Path]] = {}
    for path in (path for name in names_in(folder) for path in files_in(folder / name, "*.parquet")):
        if not path.parent.name.startswith("."):
            part = _PART.fullmatch(path.stem)
            own = path.stem if part is None else part["table"] or ""
            name = "_".join(filter(None, (path.parent.name, own)))
            found.setdefault(re.sub(r"[^a-z0-9_]", "_", name.lower()), []).append(path)
    return found


def schema_of(files: Sequence[Path]) -> pa.Schema:
    """The columns of a table, texts as texts."""
    return pa.schema([(field.name, _plain(field.type)) for field in pq.read_schema(files[0])])


def batches_of(files: Sequence[Path], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The rows of a table, some thousands at a time."""
    for path in files:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            for batch in file.iter_batches(BATCH_ROWS, use_threads=False):
                yield batch.cast(schema)


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return kind.value_type
    return pa.decimal128(kind.precision, kind.scale) if pa.types.is_decimal(kind) else kind
