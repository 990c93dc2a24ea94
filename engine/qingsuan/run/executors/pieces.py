"""Rows on their way between processes: one message for each partition, complete in itself.

A *piece* is a row of :data:`PIECES`: to which partition it goes, which table its rows are of, which part of the input they
come from, and the rows as one Arrow stream. Codes travel as texts, because another process numbers them otherwise. What a
part of the input reports of itself travels the same way, to no partition (:data:`NOWHERE`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.ipc

from qingsuan.columns.rows import Taker, arrow, numbers
from qingsuan.columns.vocabulary import Vocabulary
from qingsuan.errors import RunError
from qingsuan.people import Texts, divide

__all__ = ["NOWHERE", "PIECES", "REFUSED", "REPORT", "Collector", "Piece", "joined", "message", "pieces_of"]

PIECES = pa.schema(
    [
        ("partition", pa.int32()),
        ("kind", pa.string()),
        ("item", pa.int32()),
        ("number", pa.int32()),
        ("rows", pa.int64()),
        ("payload", pa.binary()),
    ]
)
NOWHERE = -1
REPORT, REFUSED = "report", "refused"
"""Kinds of pieces that go nowhere: JSON, and an Arrow stream of refusals."""

HELD_BYTES = 32 << 20
PIECE_BYTES = 8 << 20
"""A piece is not much larger: an engine may hold several at once, twice over."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One message; ``number`` tells pieces of one item and partition apart."""

    partition: int
    kind: str
    item: int
    number: int
    rows: int
    payload: bytes


def message(*pieces: Piece) -> pa.RecordBatch:
    """Pieces as a batch of :data:`PIECES`."""
    columns = [[getattr(piece, name) for piece in pieces] for name in PIECES.names]
    return pa.RecordBatch.from_arrays(
        [pa.array(column, field.type) for column, field in zip(columns, PIECES, strict=True)], schema=PIECES
    )


def pieces_of(batch: pa.RecordBatch) -> Iterator[Piece]:
    """The pieces of a batch of :data:`PIECES`."""
    for row in batch.select(PIECES.names).to_pylist():
        yield Piece(**row)


class Collector:
    """Spreads the rows of one item on their key, and gives them on in pieces once they are many.

    Parameters
    ----------
    item, table, key
        The part of the input, the table it is of, and the column on which its rows are spread.
    partitions
        How many partitions.
    vocabularies
        Those the rows' codes are numbered by.
    """

    def __init__(
        self, item: int, table: str, key: str, partitions: int, vocabularies: Mapping[str, Vocabulary]
    ) -> None:
        self.item, self.table, self.key, self.partitions = item, table, key, partitions
        self.vocabularies = vocabularies
        self.counts: dict[int, list[int]] = {}
        self._held: dict[int, list[pa.RecordBatch]] = {}
        self._held_bytes = 0

    def add(self, batch: pa.RecordBatch) -> Iterator[Piece]:
        """Take a batch of intake's rows; gives pieces if too much is held."""
        if batch.num_rows:
            texts = Texts.of(batch.column(self.key))
            starts, rows = divide(texts, self.partitions)
            ordered = Taker(rows, batch.num_rows).batch(batch, {self.key: texts})
            for partition in np.flatnonzero(np.diff(starts)).tolist():
                piece = ordered.slice(int(starts[partition]), int(starts[partition + 1] - starts[partition]))
                self._held.setdefault(partition, []).append(piece)
            self._held_bytes += batch.nbytes
        if self._held_bytes > HELD_BYTES:
            yield from self.finish()

    def finish(self) -> Iterator[Piece]:
        """Give everything held."""
        for partition, batches in sorted(self._held.items()):
            table = pa.Table.from_batches(batches).combine_chunks()
            size = max(1, table.num_rows * PIECE_BYTES // max(1, table.nbytes))
            for start in range(0, table.num_rows, size):
                yield self._piece(partition, table.slice(start, size))
        self._held, self._held_bytes = {}, 0

    def _piece(self, partition: int, table: pa.Table) -> Piece:
        count = self.counts.setdefault(partition, [0, 0])
        number = count[0]
        count[0] += 1
        count[1] += table.num_rows
        for place, name in enumerate(table.schema.names):
            if name in self.vocabularies:
                table = table.set_column(place, name, _texts(table.column(name), self.vocabularies[name]))
        return Piece(partition, self.table, self.item, number, table.num_rows, stream(table))


def _texts(column: pa.ChunkedArray, vocabulary: Vocabulary) -> pa.DictionaryArray:
    """A column of code numbers with the texts it needs, and no others."""
    codes = numbers(column)
    seen = np.zeros(len(vocabulary.texts), np.bool_)
    seen[codes] = True
    places = (np.cumsum(seen) - 1).astype(np.int32)
    texts = pa.array([vocabulary.texts[number] for number in np.flatnonzero(seen).tolist()], pa.string())
    return pa.DictionaryArray.from_arrays(arrow(places[codes]), texts)


def stream(table: pa.Table) -> bytes:
    """A table as an Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def read_stream(payload: bytes) -> pa.Table:
    """The table of an Arrow stream."""
    with pa.ipc.open_stream(payload) as reader:
        return reader.read_all()


def joined(pieces: list[Piece], empty: pa.RecordBatch, vocabularies: Mapping[str, Vocabulary]) -> pa.Table:
    """All rows of a partition's pieces of one table, in intake's columns, codes numbered by frozen vocabularies.

    Raises
    ------
    RunError
        A piece holds a code that no part of the input reported, or other columns than the others.
    """
    if not pieces:
        return pa.Table.from_batches([empty])
    tables = [read_stream(piece.payload) for piece in pieces]
    if any(table.schema.names != empty.schema.names for table in tables):
        raise RunError("a piece", found=f"columns {tables[0].schema.names}", expected=f"{empty.schema.names}")
    table = pa.concat_tables(tables).unify_dictionaries().combine_chunks()
    for place, name in enumerate(table.schema.names):
        if name in vocabularies:
            vocabulary = vocabularies[name]
            known = len(vocabulary.texts)
            codes = vocabulary.encode(table.column(name).chunk(0))
            if len(vocabulary.texts) != known:
                raise RunError(
                    f"a piece: column {name}",
                    found=f"a code nobody reported: {vocabulary.texts[known]}",
                    expected="codes that were found when the input was read",
                    do="was the input changed during the run? Settle again with --overwrite",
                )
            table = table.set_column(place, name, arrow(codes))
    return table


def report(item: int, content: dict[str, Any], refusals: list[pa.Table]) -> Iterator[Piece]:
    """What an item says of itself, and the rows it refused."""
    if refusals:
        refused = pa.concat_tables(refusals)
        yield Piece(NOWHERE, REFUSED, item, 0, refused.num_rows, stream(refused))
    yield Piece(NOWHERE, REPORT, item, 0, 0, json.dumps(content).encode())
