"""Small files read together: their rows come in one batch, which knows of each piece of which file it is.

What is done to a batch costs as much as some thousand rows, whatever its size. Every file is still opened, read and checked
by itself, and one that cannot be read is told of after the rows before it were taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import pyarrow as pa

from qingsuan.columns.cells import Torn
from qingsuan.columns.pieces import Pieces
from qingsuan.errors import InputError
from qingsuan.run.inputs.formats.source import BATCH_BYTES, BATCH_ROWS
from qingsuan.run.inputs.reading import Chunk, Rows

__all__ = ["Joined", "joined", "parcels"]

PARCEL_ROWS = BATCH_ROWS // 2
"""So many rows are joined, about."""

_JOINED_BYTES = BATCH_BYTES // 2
"""They are in memory twice while they are joined."""

_PARCELS_PER_WORKER = 4


class Joined(NamedTuple):
    """Some rows of some files: where they come from; the rows; which of them are torn."""

    pieces: Pieces
    batch: pa.RecordBatch
    torn: tuple[Torn, ...] = ()


def parcels(chunks: Sequence[Chunk], workers: int) -> list[tuple[Chunk, ...]]:
    """Put chunks together that follow each other and are small, so that there is still work for every worker."""
    rows = sum(chunk.rows for chunk in chunks)
    most = min(PARCEL_ROWS, rows // (_PARCELS_PER_WORKER * workers))
    found: list[tuple[Chunk, ...]] = []
    held: list[Chunk] = []
    size = 0
    for chunk in chunks:
        if held and size + chunk.rows > most:
            found.append(tuple(held))
            held, size = [], 0
        held.append(chunk)
        size += chunk.rows
    return [*found, tuple(held)] if held else found


def joined(parcel: Sequence[Chunk], wanted: Callable[[Chunk], Sequence[str]]) -> Iterator[Joined]:
    """Give the rows of a parcel, those of several files together where their columns are alike.

    Raises
    ------
    InputError
        As :meth:`qingsuan.run.inputs.reading.Chunk.batches`; what was read before has been given by then.
    """
    held = _Held()
    try:
        for chunk in parcel:
            for given in chunk.batches(wanted(chunk)):
                rows = held.in_order(given)
                if not held.has_room_for(rows.batch):
                    yield from held.given()
                held.hold(chunk.source.number, rows)
    except InputError:
        yield from held.given()
        raise
    yield from held.given()


class _Held:
    """Rows that wait to be joined: all of the same columns, and no more than one batch may have."""

    def __init__(self) -> None:
        self._rows: list[tuple[int, Rows]] = []
        self._schema: pa.Schema | None = None
        self._size = self._bytes = 0

    def in_order(self, rows: Rows) -> Rows:
        """Rows with their columns in the order of what is held, where they are the same columns."""
        if self._schema is None or rows.batch.schema.equals(self._schema):
            return rows
        names = self._schema.names
        return rows._replace(batch=rows.batch.select(names)) if {*names} == {*rows.batch.schema.names} else rows

    def has_room_for(self, batch: pa.RecordBatch) -> bool:
        """Whether a batch can be joined to what is held."""
        if self._schema is None:
            return True
        within = (
            self._size + batch.num_rows <= BATCH_ROWS and self._bytes + batch.get_total_buffer_size() <= _JOINED_BYTES
        )
        return within and bool(batch.schema.equals(self._schema))

    def hold(self, file: int, rows: Rows) -> None:
        """Hold rows of a file."""
        self._rows.append((file, rows))
        self._schema = rows.batch.schema
        self._size += rows.batch.num_rows
        self._bytes += rows.batch.get_total_buffer_size()

    def given(self) -> Iterator[Joined]:
        """Give what is held, and hold it no longer."""
        rows, self._rows = self._rows, []
        self._schema, self._size, self._bytes = None, 0, 0
        if not rows:
            return
        try:
            whole = [_join(rows)]
        except pa.ArrowException:  # codes that cannot be put into one dictionary: of few bits, or with nulls in it
            whole = [_join([one]) for one in rows]
        yield from whole


def _join(rows: Sequence[tuple[int, Rows]]) -> Joined:
    pieces = Pieces.joined([(file, one.first_row, one.batch.num_rows) for file, one in rows])
    if len(rows) == 1:
        return Joined(pieces, rows[0][1].batch, rows[0][1].torn)
    table = pa.Table.from_batches([one.batch for _, one in rows]).unify_dictionaries().combine_chunks()
    batches = table.to_batches()
    batch = batches[0] if batches else rows[0][1].batch
    return Joined(pieces, batch, tuple(_torn(pieces.begins.tolist(), [one.torn for _, one in rows])))


def _torn(begins: Iterable[int], torn: Iterable[Sequence[Torn]]) -> Iterator[Torn]:
    """The torn rows of the pieces, by their places in the whole."""
    for begin, some in zip(begins, torn, strict=True):
        for one in some:
            yield one._replace(row=begin + one.row)
