"""Files opened and read, whatever their format: in chunks that can be read side by side, rows counted twice."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from qingsuan.columns.alike import for_alike
from qingsuan.columns.cells import Torn
from qingsuan.contents import content
from qingsuan.errors import InputError, UsageError
from qingsuan.run.inputs.formats.csv import check_encoding, count_csv_rows, open_csv, read_csv
from qingsuan.run.inputs.formats.ipc import count_ipc_rows, open_ipc, read_ipc
from qingsuan.run.inputs.formats.parquet import (
    count_parquet_rows,
    open_parquet,
    open_to_read,
    read_parquet,
    row_groups,
)
from qingsuan.run.inputs.formats.source import (
    BATCH_BYTES,
    BATCH_ROWS,
    BROKEN,
    FORMATS,
    Source,
    broken,
    ending_of,
    unreadable,
)
from qingsuan.run.inputs.formats.xlsx import count_xlsx_rows, open_xlsx, read_xlsx
from qingsuan.run.inputs.intake.said import CsvForm, TableIntake
from qingsuan.run.inputs.places import Found, find_files, keys_of
from qingsuan.run.machine.crashes import decoding

__all__ = [
    "Chunk",
    "Rows",
    "chunks",
    "count_rows",
    "fetch_rows",
    "names_of",
    "open_again",
    "open_file",
    "open_files",
    "open_sources",
]

MADE_ROWS = BATCH_ROWS // 4
"""So many rows of theirs are made rows of ours at once, at most; those of a CSV block with torn rows together."""

_MANY_COLUMNS = 48
_COLUMNS_AT_ONCE = 16
_MOST_PASSES = 32
_PASS_BYTES = 4 << 20
"""Of a Parquet file with many columns rows are fetched with so many at a time, in so many passes: what is read of a part is there whole.

Passes that take less memory than this are no quicker."""

_LARGE_PART_BYTES = 16 << 20
"""A part that is larger, packed, is read alone when rows are fetched: every column of it is unpacked."""

_CELL_BYTES = 16
"""What a fetched cell takes of memory, about."""

_CODE_BYTES = 4
"""What a number of a dictionary takes."""

_OPEN: dict[str, Callable[[int, Path, str, CsvForm], Source]] = {
    "parquet": open_parquet,
    "ipc": open_ipc,
    "csv": open_csv,
}


_Batch = TypeVar("_Batch")


class Rows(NamedTuple):
    """Some rows of a file: the number of the first one, counted from 0; the rows; which of them are torn, all their cells null."""

    first_row: int
    batch: pa.RecordBatch
    torn: tuple[Torn, ...] = ()


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a file that can be read on its own: ``rows`` rows from ``first_row`` on; of Parquet some row groups.

    ``file`` is the Parquet file where it was opened for several blocks of columns (:meth:`kept_open`).
    """

    source: Source
    first_row: int
    rows: int
    parts: tuple[int, ...] = ()
    file: pq.ParquetFile | None = None

    @contextmanager
    def kept_open(self) -> Iterator[Chunk]:
        """The same part of a Parquet file, opened once for all blocks of columns that are read of it inside.

        Raises
        ------
        InputError
            It cannot be opened any more.
        """
        try:
            with decoding(self.source.path):
                file = open_to_read(self.source, self.parts)
        except BROKEN as error:
            raise broken(self.source.path, self.source.kind, error) from error
        with file:
            yield replace(self, file=file)

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[Rows]:
        """Give the part's rows, batch by batch; no more and no fewer than were counted.

        Raises
        ------
        InputError
            The file stops being readable, or its rows are not those that were counted.
        """
        row = self.first_row
        try:
            for batch, torn in self._read(columns):
                yield Rows(row, batch, torn)
                row += batch.num_rows
        except BROKEN as error:
            raise broken(self.source.path, self.source.kind, error, f" from row {row + 1} on") from error
        if row != self.first_row + self.rows:
            found = f"{row - self.first_row} rows where {self.rows} were counted"
            raise unreadable(self.source.path, self.source.kind, found, f" from row {self.first_row + 1} on")

    def whole_rows(self, columns: Sequence[str]) -> Iterator[Rows]:
        """Give the part's rows of a table in which a torn row stops the run, as any row does there that cannot be trusted.

        Raises
        ------
        InputError
            Like :meth:`batches`; or a row is torn.
        """
        for rows in self.batches(columns):
            for torn in rows.torn[:1]:
                column = f": column {torn.column}" if torn.column else ""
                where = f"{self.source.path}: row {rows.first_row + torn.row + 1}{column}"
                raise InputError(where, found=_torn(torn), expected=torn.expected, do="mend the file")
            yield rows

    def _read(self, columns: Sequence[str] | None) -> Iterator[tuple[pa.RecordBatch, tuple[Torn, ...]]]:
        reading = self.source.reading
        if reading is None:
            yield from self._written(columns)
            return
        for batch, torn in self._written(reading.needed(columns)):
            if torn:
                yield reading.make(batch, columns, torn)
                continue
            for start in range(0, max(1, batch.num_rows), MADE_ROWS):  # what is made of a row is there beside it
                yield reading.make(batch.slice(start, MADE_ROWS), columns, ())

    def _written(self, columns: Sequence[str] | None) -> Iterator[tuple[pa.RecordBatch, tuple[Torn, ...]]]:
        """The rows as the file has them."""
        if self.source.kind == "csv":
            yield from _decoded(self.source.path, read_csv(self.source, self.parts, columns))
            return
        if self.source.kind == "parquet":
            batches = read_parquet(self.source, self.parts, columns, self.file)
        else:
            batches = (read_ipc if self.source.kind == "ipc" else read_xlsx)(self.source, self.parts, columns)
        for batch in _decoded(self.source.path, batches):
            yield batch, ()


def _decoded(path: Path, batches: Iterator[_Batch]) -> Iterator[_Batch]:
    """The same batches, known to be decoded from this file."""
    while True:
        with decoding(path):
            batch = next(batches, None)
        if batch is None:
            return
        yield batch


def _torn(torn: Torn) -> str:
    """Where a torn row stands, and its cells as far as they may be shown."""
    if torn.column:
        return content(torn.found)
    place, _, cells = torn.found.partition(": ")
    return f"{place}: {content(cells)}"


def open_sources(places: Sequence[str | Path], what: str, encoding: str = "utf8") -> tuple[Source, ...]:
    """Find and open the files named by paths, folders and globs, in the order of their paths.

    Raises
    ------
    UsageError
        Nobody knows the encoding.
    InputError
        Nothing is there, something there cannot be trusted (:func:`find_files`), or a file cannot be read.
    """
    return open_files(find_files(places, what), encoding)


def open_files(found: Found, encoding: str = "utf8", said: TableIntake | None = None) -> tuple[Source, ...]:
    """Open files that were found, as an intake file says of their table; like :func:`open_sources`."""
    encoding = check_encoding(_encoding(encoding, said))
    names = names_of([file.path for file in found.files])
    return tuple(
        replace(
            open_file(number, file.path, encoding, said),
            name=name,
            keys_below=tuple(key for key, _ in file.partitions),
            keys_above=file.keys_above,
            partitions=file.partitions,
        )
        for number, (file, name) in enumerate(zip(found.files, names, strict=True))
    )


def open_again(path: Path, what: str, encoding: str, said: TableIntake | None = None) -> Source:
    """Open one file that was read before: every folder ``key=value`` on its path may have had a value for it.

    Raises
    ------
    InputError
        As :func:`open_files`.
    """
    found = find_files([path], what)
    files = [replace(file, partitions=keys_of(file.path.parent), keys_above=()) for file in found.files]
    return open_files(Found(files), encoding, said)[0]


def _encoding(encoding: str, said: TableIntake | None) -> str:
    """The encoding of CSV files: what the caller says, or an intake file.

    Raises
    ------
    UsageError
        Both do.
    """
    if said is None or not said.csv.encoding:
        return encoding
    if check_encoding(encoding) not in ("utf-8", check_encoding(said.csv.encoding)):
        raise UsageError(
            f"--csv-encoding {encoding}",
            found=f"given beside csv.encoding of {said.file}",
            expected="one of the two",
            do="leave --csv-encoding out",
        )
    return said.csv.encoding


def names_of(paths: Sequence[Path]) -> list[str]:
    """The files' own names; where two share one, their paths from the folder on that holds them all."""
    names = [path.name for path in paths]
    if len(set(names)) == len(names):
        return names
    common = os.path.commonpath([path.parent for path in paths])
    return [path.relative_to(common).as_posix() for path in paths]


def open_file(number: int, path: Path, encoding: str, said: TableIntake | None = None) -> Source:
    """Open one file, in the format that its ending says.

    Raises
    ------
    InputError
        It cannot be read.
    """
    kind = FORMATS[ending_of(path)]
    try:
        with decoding(path):
            if kind == "xlsx":
                source = open_xlsx(number, path, 0 if said is None else said.sheet)
            else:
                source = _OPEN[kind](number, path, encoding, CsvForm() if said is None else said.csv)
        _spell(source.schema)
        return source if said is None else replace(source, said=said)
    except BROKEN as error:
        raise broken(path, kind, error) from error


@for_alike
def _spell(schema: pa.Schema) -> None:
    """Spell the names of columns and of what is in them: those that cannot be are found only when they are asked for."""
    for field in schema:
        f"{field.name} {field.type}".encode()


def chunks(source: Source) -> list[Chunk]:
    """Cut a file into parts that can be read side by side: Parquet by row groups, small ones together; others whole."""
    if source.kind != "parquet":
        return [Chunk(source, 0, source.rows)]
    found, first_row, row, size = [], 0, 0, 0
    parts: list[int] = []
    groups = row_groups(source.path)
    for group, (rows, size_bytes) in enumerate(groups):
        parts.append(group)
        row, size = row + rows, size + size_bytes
        if row - first_row >= BATCH_ROWS // 2 or size >= BATCH_BYTES or group + 1 == len(groups):
            found.append(Chunk(source, first_row, row - first_row, tuple(parts)))
            first_row, parts, size = row, [], 0
    return found


def fetch_rows(
    source: Source, rows: npt.NDArray[np.int64], workers: int = 2
) -> Iterator[tuple[npt.NDArray[np.int64], pa.RecordBatch]]:
    """Fetch rows of a file with every column it has; ``rows`` ascending, counted from 0. Parts without any are skipped.

    Parts come in the order of their rows; no more of them are held than work side by side, and of large ones a batch.
    """
    running: deque[Future[list[tuple[npt.NDArray[np.int64], pa.RecordBatch]]]] = deque()
    cut = chunks(source)
    found = [(part, rows[(rows >= part.first_row) & (rows < part.first_row + part.rows)]) for part in cut]
    parts = [(part, mine) for part, mine in found if len(mine)]
    if len(parts) <= 1 or source.path.stat().st_size // len(cut) > _LARGE_PART_BYTES:
        for part, mine in parts:
            yield from _fetch(part, mine)
        return
    with ThreadPoolExecutor(workers) as pool:
        for part, mine in parts:
            running.append(pool.submit(_fetch_all, part, mine))
            if len(running) > workers:
                yield from running.popleft().result()
        while running:
            yield from running.popleft().result()


def _fetch_all(part: Chunk, rows: npt.NDArray[np.int64]) -> list[tuple[npt.NDArray[np.int64], pa.RecordBatch]]:
    return list(_fetch(part, rows))


def _fetch(part: Chunk, rows: npt.NDArray[np.int64]) -> Iterator[tuple[npt.NDArray[np.int64], pa.RecordBatch]]:
    names = part.source.schema.names
    if part.source.kind != "parquet" or len(names) <= _MANY_COLUMNS:
        yield from _fetched(part, rows, None)
        return
    passes = min(_MOST_PASSES, -(-_bytes_of(part) // _PASS_BYTES))
    at_once = max(_COLUMNS_AT_ONCE, -(-len(names) // max(1, passes)))
    sections = [names[start : start + at_once] for start in range(0, len(names), at_once)]
    most = max(1, BATCH_BYTES // 2 // (_CELL_BYTES * len(names)))
    with part.kept_open() as opened:
        for start in range(0, len(rows), most):
            some = rows[start : start + most]
            columns: list[pa.Array] = []
            for section in sections:
                read = pa.Table.from_batches(batch for _, batch in _fetched(opened, some, section))
                columns += map(_plain, read.columns)
            yield some, pa.RecordBatch.from_arrays(columns, names=names)


def _bytes_of(part: Chunk) -> int:
    """What a part of a Parquet file takes in memory when it is read with dictionaries of its texts, about."""
    groups = row_groups(part.source.path)
    return part.rows * _row_bytes(part.source.schema) + sum(groups[group][1] for group in part.parts)


@for_alike
def _row_bytes(schema: pa.Schema) -> int:
    """What a row takes, texts being numbers of a dictionary."""
    return sum(_cell_bytes(kind) for kind in schema.types)


def _cell_bytes(kind: pa.DataType) -> int:
    if pa.types.is_string(kind):
        return _CODE_BYTES
    return -(-kind.bit_width // 8) if pa.types.is_primitive(kind) or pa.types.is_decimal(kind) else _CELL_BYTES


def _fetched(
    part: Chunk, rows: npt.NDArray[np.int64], columns: Sequence[str] | None
) -> Iterator[tuple[npt.NDArray[np.int64], pa.RecordBatch]]:
    for first_row, batch, _ in part.batches(columns):
        here = rows[(rows >= first_row) & (rows < first_row + batch.num_rows)]
        if len(here):
            yield here, batch.take(pa.array(here - first_row))


def _plain(column: pa.ChunkedArray) -> pa.Array:
    """One array of a column's values, in no dictionary."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def count_rows(source: Source) -> int:
    """How many rows a file has, counted in a way that reading does not use.

    Raises
    ------
    InputError
        The file cannot be read so.
    """
    try:
        with decoding(source.path):
            if source.kind == "csv":
                return count_csv_rows(source.path, source.encoding, source.form)
            if source.kind == "xlsx":
                return count_xlsx_rows(source)
            return (count_parquet_rows if source.kind == "parquet" else count_ipc_rows)(source.path)
    except BROKEN as error:
        raise broken(source.path, source.kind, error) from error
