"""Reading the tables of a settlement: every file once, rows checked on their own and spread on their key.

Tables that must be trusted come first: a row of theirs that cannot be stops the run before any other is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np
import pyarrow as pa

from qingsuan.columns.pieces import Pieces
from qingsuan.run.inputs import Chunk, Source, check_columns, chunks, joined, parcels, told_of_inputs, unread_names
from qingsuan.run.machine.memory import READER_BYTES, WHOLE_TIMES
from qingsuan.run.model import Run
from qingsuan.run.rejections.refused import RefusedRows
from qingsuan.run.shuffle import Shuffle
from qingsuan.settlement import InputTable, Settlement, Taken

__all__ = ["check_files", "read_all", "read_trusted"]

_Parcel = tuple[Chunk, ...]
_Work = tuple[InputTable, _Parcel]
_Result = TypeVar("_Result")


def check_files(run: Run) -> dict[str, list[str]]:
    """Check every file's columns before a row is read; returns columns that nobody reads, after saying so."""
    unread: dict[str, list[str]] = {}
    for table in run.settlement.inputs:
        sources = run.inputs.of(table.name)
        known = {column.name for column in table.columns} | table.also_read | table.known
        mine = _unread(sources, table, known)
        names = unread_names(sources, mine, known)
        for line in told_of_inputs(table.name, names, run.inputs.left_out.get(table.name, ())):
            run.progress.note(line)
        for file, extra in mine.items():
            unread[file] = [*unread.get(file, ()), *extra]
    run.settlement.begin({table.name: run.inputs.of(table.name) for table in run.settlement.inputs})
    return {file: names for file, names in unread.items() if names}


def _unread(sources: Sequence[Source], table: InputTable, known: set[str]) -> dict[str, list[str]]:
    """The columns of each file that nobody reads; of files that are alike in all that is judged, one is."""
    judged: dict[object, list[str]] = {}
    found = {}
    for source in sources:
        alike = (id(source.schema), source.int96, source.keys_below, source.keys_above)
        if alike not in judged:
            judged[alike] = check_columns(source, table.columns, known)
        found[source.name] = judged[alike]
    return found


def read_all(run: Run, shuffles: dict[str, Shuffle], refused: RefusedRows) -> None:
    """Read every file once, check rows on their own, spread them on their key; those that tie people together a first time before."""
    _read_ties(run)
    read_trusted(run, shuffles, refused)
    tables = [table for table in run.settlement.inputs if not table.is_trusted]
    work = [(table, parcel) for table in tables for parcel in _parcels(run, table)]
    run.progress.stage("reading", len(work))
    _read(run, work, shuffles, refused)
    for table in tables:
        _give_columns(run, table, shuffles[table.name])
    run.progress.end()
    run.settlement.freeze(run.problems)


def read_trusted(run: Run, shuffles: dict[str, Shuffle], refused: RefusedRows) -> None:
    """Read the tables that must be trusted, and check what only all rows of a partition show."""
    for table in run.settlement.inputs:
        if table.is_trusted:
            _read(run, [(table, parcel) for parcel in _parcels(run, table)], shuffles, refused)
            _give_columns(run, table, shuffles[table.name])
            shuffles[table.name].close()
            for partition in range(run.partitions if run.inputs.of(table.name) else 0):
                run.settlement.check_spread(table.name, shuffles[table.name].look(partition))


def _give_columns(run: Run, table: InputTable, shuffle: Shuffle) -> None:
    """Let a table of which nothing was read have its columns all the same."""
    if not shuffle.has_columns:
        shuffle.add(run.settlement.empty(table.name), table.spread_on)


def _read_ties(run: Run) -> None:
    """Let the settlement learn who must come into one partition."""
    work = [(table, (chunk,)) for table in run.settlement.inputs if table.ties for chunk in _chunks(run, table)]

    def tie(item: _Work) -> None:
        table, (chunk,) = item
        for _, batch, _ in chunk.batches(table.wanted(chunk.source.schema)):
            run.settlement.tie(table.name, batch)

    for _ in _as_there_is_room(run, tie, work):
        continue


def _chunks(run: Run, table: InputTable) -> list[Chunk]:
    return [chunk for source in run.inputs.of(table.name) for chunk in chunks(source)]


def _parcels(run: Run, table: InputTable) -> list[_Parcel]:
    chunks = _chunks(run, table)
    return parcels(chunks, run.options.workers) if table.is_joined else [(chunk,) for chunk in chunks]


def _as_there_is_room(run: Run, read: Callable[[_Work], _Result], work: Sequence[_Work]) -> Iterator[_Result]:
    """Read side by side, as far as the memory has room for it.

    Raises
    ------
    InputError
        A part that is read into memory whole is larger than the memory.
    """
    whole = [max((chunk.source for chunk in parcel), key=lambda source: source.whole_bytes) for _, parcel in work]
    room = run.memory.to_read((source.where, source.whole_bytes) for source in whole)
    sizes = np.array([READER_BYTES + WHOLE_TIMES * source.whole_bytes for source in whole], np.int64)
    with run.stopping_at_once():
        yield from room.each(read, work, sizes, run.options.workers)


def _read(run: Run, work: Sequence[_Work], shuffles: dict[str, Shuffle], refused: RefusedRows) -> None:
    def read(item: _Work) -> bool:
        table, parcel = item
        for pieces, batch, taken in _taken(run.settlement, table, parcel):
            if run.stopped.is_set():
                break
            shuffles[table.name].add(taken.rows, table.spread_on)
            refused.read(table.name, taken.refusals, batch, pieces)
            with run.lock:
                run.books.read(table.name, batch.num_rows, taken.sums)
                run.progress.rows(batch.num_rows)
        return not table.is_trusted

    for is_step in _as_there_is_room(run, read, work):
        if is_step:
            run.progress.step()


def _taken(
    settlement: Settlement, table: InputTable, parcel: _Parcel
) -> Iterator[tuple[Pieces, pa.RecordBatch, Taken]]:
    """The batches of a parcel, where their rows come from, and what was made of them."""
    if len(parcel) > 1:
        for pieces, batch, torn in joined(parcel, lambda chunk: table.wanted(chunk.source.schema)):
            yield pieces, batch, settlement.take_joined(table.name, batch, pieces, torn)
        return
    (chunk,) = parcel
    rows = chunk.whole_rows if table.is_trusted else chunk.batches
    for first_row, batch, torn in rows(table.wanted(chunk.source.schema)):
        taken = settlement.take(table.name, batch, chunk.source, first_row, torn)
        yield Pieces.of(chunk.source.number, first_row), batch, taken
