"""Small Parquet files of the same columns read as one: what PyArrow does for each column of a file costs as much as some hundred rows.

Nothing is said of a file here. What goes wrong among several goes wrong again where each is read by itself, and is told there.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qingsuan.columns.alike import for_alike
from qingsuan.errors import InputError
from qingsuan.run.inputs.formats.dictionaries import batch_with_used
from qingsuan.run.inputs.formats.limits import check_cells
from qingsuan.run.inputs.formats.parquet.amounts import are_many, narrow_schema
from qingsuan.run.inputs.formats.parquet.file import IDENTIFIERS, opened, row_groups, texts_of
from qingsuan.run.inputs.formats.parquet.footers import ended, saying, under_one_footer
from qingsuan.run.inputs.formats.parquet.sound import check_sound
from qingsuan.run.inputs.formats.source import BATCH_BYTES, BROKEN, SMALL_BYTES, Source, broken
from qingsuan.run.machine.crashes import decoding

__all__ = ["MOST_BYTES", "read_together", "size_together"]

MOST_BYTES = BATCH_BYTES // 2
"""So many bytes, packed and unpacked, are read as one file: they are in memory twice."""

_MOST_ID_BYTES = BATCH_BYTES // 4
"""So many bytes of ids are written out together."""


def size_together(source: Source) -> int:
    """How many bytes a file brings to those that it is read with, packed and unpacked; 0 where it is read by itself."""
    if source.kind != "parquet" or source.reading is not None or not _are_plain(source.schema):
        return 0
    try:
        packed = source.path.stat().st_size
        return packed + sum(size for _, size in row_groups(source.path)) if packed <= SMALL_BYTES else 0
    except BROKEN:  # it is not as it was when it was opened
        return 0


def read_together(sources: Sequence[Source], columns: Sequence[str]) -> pa.RecordBatch | None:
    """The rows of files of the same columns, one file's after the other's; None where each has to be read by itself.

    Texts that repeat are dictionaries, as where a file is read by itself.

    Raises
    ------
    InputError
        The machine cannot read a file.
    """
    whole = _whole(sources)
    rows = sum(source.rows for source in sources)
    if whole is None:
        return None
    try:
        with decoding(f"{sources[0].path} … {sources[-1].path}"):
            batch = _decoded(whole, columns, texts_of(sources[0].schema))
        if batch is not None:
            check_cells(sources[0].path, batch)
    except (*BROKEN, InputError):
        return None
    return None if batch is None or batch.num_rows != rows else batch


def _whole(sources: Sequence[Source]) -> bytes | None:
    """The files as one; where they have many rows, its footer says that decimals are numbers of 64 bits where these hold them."""
    contents, rows = [], [source.rows for source in sources]
    for source in sources:
        try:
            contents.append(source.path.read_bytes())
        except OSError as error:
            raise broken(source.path, source.kind, error) from error
    try:
        *parts, footer = under_one_footer(contents, rows)
        if are_many(sum(rows), sources[0].schema):
            narrow = narrow_schema(pq.read_metadata(pa.BufferReader(contents[0])).schema, sources[0].schema)
            footer = footer if narrow is None else saying(footer, narrow)
        return b"".join((*parts, ended(footer)))
    except BROKEN:
        return None


def _decoded(whole: bytes, columns: Sequence[str], texts: Sequence[str]) -> pa.RecordBatch | None:
    """The rows, checked; None if they would take more memory than they may, or there are none.

    Every text is read as one of a dictionary first: so it is known how long it can become before it is written out.
    """
    with opened(pa.BufferReader(whole), codes=texts) as file:
        table = file.read_row_groups(list(range(file.num_row_groups)), list(columns), use_threads=False)
    for batch in table.to_batches():
        check_sound(batch)
    ids = IDENTIFIERS.intersection(columns, texts)
    if sum(_most_bytes(part) for name in ids for part in table.column(name).chunks) > _MOST_ID_BYTES:
        return None
    for name in ids:
        at = table.schema.get_field_index(name)
        table = table.set_column(at, name, table.column(at).cast(pa.string()))
    batches = table.unify_dictionaries().combine_chunks().to_batches()
    return batch_with_used(batches[0]) if len(batches) == 1 else None


def _most_bytes(column: pa.DictionaryArray) -> int:
    """How many bytes the texts of a part of a column have at most, written out."""
    return len(column) * (pc.max(pc.binary_length(column.dictionary)).as_py() or 0)


@for_alike
def _are_plain(schema: pa.Schema) -> bool:
    """Whether columns are texts, numbers, days and times only: what a row of theirs takes is known, texts apart."""
    kinds = schema.types
    return all(pa.types.is_string(kind) or pa.types.is_primitive(kind) or pa.types.is_decimal(kind) for kind in kinds)
