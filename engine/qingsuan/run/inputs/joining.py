"""Small files read together: their rows come in one batch, which knows of each piece of which file it is.

What is done to a batch costs as much as some thousand rows, whatever its size. Every file is still opened and its rows counted by
itself, and one that cannot be read is told of after the rows before it were taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

import pyarrow as pa

from qingsuan.columns.cells import Torn
from qingsuan.columns.pieces import Pieces
from qingsuan.errors import InputError
from qingsuan.run.inputs.formats.parquet import MOST_BYTES, read_together, size_together
from qingsuan.run.inputs.formats.source import BATCH_BYTES, BATCH_ROWS
from qingsuan.run.inputs.reading import Chunk

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
        for part in _parts(parcel, wanted):
            ordered = held.in_order(part)
            if not held.has_room_for(ordered.batch):
                yield from held.given()
            held.hold(ordered)
    except InputError:
        yield from held.given()
        raise
    yield from held.given()


class _Part(NamedTuple):
    """Rows of one file, or of several read as one: the file, the first row and the number of rows of each piece; and the torn ones."""

    pieces: list[tuple[int, int, int]]
    batch: pa.RecordBatch
    torn: tuple[Torn, ...] = ()


def _parts(parcel: Sequence[Chunk], wanted: Callable[[Chunk], Sequence[str]]) -> Iterator[_Part]:
    for alike in _alike(parcel):
        together = read_together([chunk.source for chunk in alike], wanted(alike[0])) if len(alike) > 1 else None
        if together is not None:
            yield _Part([(chunk.source.number, 0, chunk.rows) for chunk in alike if chunk.rows], together)
            continue
        for chunk in alike:
            for first_row, batch, torn in chunk.batches(wanted(chunk)):
                yield _Part([(chunk.source.number, first_row, batch.num_rows)], batch, torn)


def _alike(parcel: Sequence[Chunk]) -> Iterator[list[Chunk]]:
    """The chunks of a parcel, those together that follow each other and can be read as one file."""
    held: list[Chunk] = []
    held_bytes = 0
    for chunk in parcel:
        size = size_together(chunk.source) if chunk.rows == chunk.source.rows else 0
        is_alike = held_bytes and size and chunk.source.schema.equals(held[0].source.schema)
        if held and not (is_alike and held_bytes + size <= MOST_BYTES):
            yield held
            held, held_bytes = [], 0
        held.append(chunk)
        held_bytes += size
    if held:
        yield held


class _Held:
    """Rows that wait to be joined: all of the same columns, and no more than one batch may have."""

    def __init__(self) -> None:
        self._parts: list[_Part] = []
        self._schema: pa.Schema | None = None
        self._size = self._bytes = 0

    def in_order(self, part: _Part) -> _Part:
        """Rows with their columns in the order of what is held, where they are the same columns."""
        if self._schema is None or part.batch.schema.equals(self._schema):
            return part
        names = self._schema.names
        return part._replace(batch=part.batch.select(names)) if {*names} == {*part.batch.schema.names} else part

    def has_room_for(self, batch: pa.RecordBatch) -> bool:
        """Whether a batch can be joined to what is held."""
        if self._schema is None:
            return True
        within = (
            self._size + batch.num_rows <= BATCH_ROWS and self._bytes + batch.get_total_buffer_size() <= _JOINED_BYTES
        )
        return within and bool(batch.schema.equals(self._schema))

    def hold(self, part: _Part) -> None:
        """Hold rows."""
        self._parts.append(part)
        self._schema = part.batch.schema
        self._size += part.batch.num_rows
        self._bytes += part.batch.get_total_buffer_size()

    def given(self) -> Iterator[Joined]:
        """Give what is held, and hold it no longer."""
        parts, self._parts = self._parts, []
        self._schema, self._size, self._bytes = None, 0, 0
        if not parts:
            return
        try:
            whole = [_join(parts)]
        except pa.ArrowException:  # codes that cannot be put into one dictionary: of few bits, or with nulls in it
            whole = [_join([one]) for one in parts]
        yield from whole


def _join(parts: Sequence[_Part]) -> Joined:
    pieces = Pieces.joined([piece for part in parts for piece in part.pieces])
    if len(parts) == 1:
        return Joined(pieces, parts[0].batch, parts[0].torn)
    table = pa.Table.from_batches([part.batch for part in parts]).unify_dictionaries().combine_chunks()
    batches = table.to_batches()
    batch = batches[0] if batches else parts[0].batch
    begins = accumulate((part.batch.num_rows for part in parts), initial=0)
    return Joined(pieces, batch, tuple(_torn(begins, [part.torn for part in parts])))


def _torn(begins: Iterable[int], torn: Iterable[Sequence[Torn]]) -> Iterator[Torn]:
    """The torn rows of the parts, by their places in the whole."""
    for begin, some in zip(begins, torn, strict=False):  # the last begin is the end
        for one in some:
            yield one._replace(row=begin + one.row)
