"""Arrow IPC files and streams: read through a file and never mapped, every batch validated before anything looks into it.

A mapped file that is cut short while it is read ends the process, and an offset that lies points at other memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc

from qingsuan.run.inputs.formats.dictionaries import batch_with_used
from qingsuan.run.inputs.formats.layout import Batch, Lies, check_layout
from qingsuan.run.inputs.formats.limits import longest_cell
from qingsuan.run.inputs.formats.messages import batches_of
from qingsuan.run.inputs.formats.source import (
    BATCH_BYTES,
    BATCH_ROWS,
    LEAST_ROWS,
    Source,
    check_beginning,
    unreadable,
)
from qingsuan.run.inputs.formats.views import batch_without_views, without_views
from qingsuan.run.inputs.intake.said import CsvForm

__all__ = ["count_ipc_rows", "open_ipc", "read_ipc"]


def open_ipc(number: int, path: Path, _encoding: str = "", _form: CsvForm | None = None) -> Source:
    """Read a file's schema, and count its rows by what its messages say.

    Raises
    ------
    InputError
        A message says something that cannot be, or a record batch has not the bytes for its rows.
    """
    check_beginning(path)
    batches = batches_of(path)
    first = [batch for batch in (next(batches, None),) if batch is not None]  # looked at before Arrow believes anything
    with _opened(path) as reader:
        schema, rows, place, largest, dictionaries = reader.schema, 0, 0, 0, 0
        for batch in chain(first, batches):
            if batch.is_dictionary:
                dictionaries += batch.bytes
                continue
            place, largest = place + 1, max(largest, batch.bytes)
            rows += _rows(path, place, batch, schema)
        return Source(number, path, "ipc", without_views(schema), rows, whole_bytes=largest + dictionaries)


def _rows(path: Path, place: int, batch: Batch, schema: pa.Schema) -> int:
    """The rows of the batch at a place of the file, counted from 1: as many as it has bytes for."""
    try:
        check_layout(batch, schema)
    except Lies as error:
        raise unreadable(path, "ipc", f"record batch {place}: {error}") from error
    return batch.rows


def read_ipc(source: Source, _: tuple[int, ...], columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
    """Give the rows of a file, batch by batch."""
    names = source.written.names
    kept = None if columns is None else [names.index(name) for name in columns]
    with _opened(source.path, kept) as reader:
        for batch in _batches(reader):
            batch.validate(full=True)
            longest = longest_cell(source.path, batch)  # of views and dictionaries many rows may have one text
            yield from _pieces(batch, columns, max(LEAST_ROWS, min(BATCH_ROWS, BATCH_BYTES // max(1, longest))))
            del batch  # the next one is read when this one is gone


def _pieces(batch: pa.RecordBatch, columns: Sequence[str] | None, rows: int) -> Iterator[pa.RecordBatch]:
    """The rows of a batch, so many at once: of a large one copies, so that who still has the last piece does not hold it."""
    for start in range(0, max(1, batch.num_rows), rows):
        piece = batch.slice(start, rows)
        piece = piece if columns is None else piece.select(list(columns))
        if batch.num_rows > rows:
            piece = pa.concat_batches([piece, piece.slice(0, 0)])
        yield batch_with_used(batch_without_views(piece))


def count_ipc_rows(path: Path) -> int:
    """How many rows the record batches of a file really have."""
    with _opened(path) as reader:
        return sum(batch.num_rows for batch in _batches(reader))


@contextmanager
def _opened(path: Path, columns: list[int] | None = None) -> Iterator[Any]:
    """The file's reader; it reads only some columns, given by their places, unless there is none."""
    options = pa.ipc.IpcReadOptions(included_fields=columns or [], use_threads=False)
    with pa.OSFile(str(path)) as file:
        try:
            reader = pa.ipc.open_file(file, options=options)
        except pa.ArrowInvalid:
            file.seek(0)
            reader = pa.ipc.open_stream(file, options=options)
        yield reader


def _batches(reader: Any) -> Iterator[pa.RecordBatch]:
    if isinstance(reader, pa.ipc.RecordBatchFileReader):
        return (reader.get_batch(number) for number in range(reader.num_record_batches))
    return iter(reader)
