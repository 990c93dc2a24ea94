"""Small Parquet files of the same columns read as one: what PyArrow does for each column of a file costs as much as some hundred rows.

Nothing is said of a file here. What goes wrong among several goes wrong again where each is read by itself, and is told there.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from qingsuan.columns.alike import for_alike
from qingsuan.errors import InputError
from qingsuan.run.inputs.formats.dictionaries import batch_with_used
from qingsuan.run.inputs.formats.limits import check_cells
from qingsuan.run.inputs.formats.parquet.amounts import are_many, narrow_schema
from qingsuan.run.inputs.formats.parquet.file import IDENTIFIERS, opened, row_groups, texts_of
from qingsuan.run.inputs.formats.parquet.footers import ended, saying, under_one_footer
from qingsuan.run.inputs.formats.parquet.sound import check_table_sound
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
    texts = texts_of(sources[0].schema)
    ids = IDENTIFIERS.intersection(columns, texts)
    whole = _whole(sources, ids)
    rows = sum(source.rows for source in sources)
    if whole is None:
        return None
    try:
        with decoding(f"{sources[0].path} … {sources[-1].path}"):
            batch = _decoded(whole, columns, [name for name in texts if name not in ids])
        if batch is not None:
            check_cells(sources[0].path, batch)
    except (*BROKEN, InputError):
        return None
    return None if batch is None or batch.num_rows != rows else batch


def _whole(sources: Sequence[Source], ids: Collection[str]) -> bytes | None:
    """The files as one; where they have many rows, its footer says that decimals are numbers of 64 bits where these hold them.

    None if that cannot be, or the ids would take more memory than they may once they are written out.
    """
    contents, rows = [], [source.rows for source in sources]
    for source in sources:
        try:
            contents.append(source.path.read_bytes())
        except OSError as error:
            raise broken(source.path, source.kind, error) from error
    try:
        footer, id_bytes = under_one_footer(contents, rows, frozenset(map(sources[0].schema.get_field_index, ids)))
        if id_bytes > _MOST_ID_BYTES:
            return None
        if are_many(sum(rows), sources[0].schema):
            narrow = narrow_schema(pq.read_metadata(pa.BufferReader(contents[0])).schema, sources[0].schema)
            footer = footer if narrow is None else saying(footer, narrow)
        return b"".join((*contents, ended(footer)))
    except BROKEN:
        return None


def _decoded(whole: bytes, columns: Sequence[str], codes: Sequence[str]) -> pa.RecordBatch | None:
    """The rows, checked, with dictionaries of the columns ``codes``; None if there are none."""
    with opened(pa.BufferReader(whole), codes=codes) as file:
        table = file.read_row_groups(list(range(file.num_row_groups)), list(columns), use_threads=False)
    check_table_sound(table)
    batches = table.unify_dictionaries().combine_chunks().to_batches()
    return batch_with_used(batches[0]) if len(batches) == 1 else None


@for_alike
def _are_plain(schema: pa.Schema) -> bool:
    """Whether columns are texts, numbers, days and times only: what a row of theirs takes is known, texts apart."""
    kinds = schema.types
    return all(pa.types.is_string(kind) or pa.types.is_primitive(kind) or pa.types.is_decimal(kind) for kind in kinds)
