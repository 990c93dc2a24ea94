"""Refused rows, whole: kept as they came until the end, and written with their reason.

A row refused while its file is read is at hand, one refused later is made again from what the engine keeps of it; what can
be had neither way is remembered by file and row, and fetched at the end.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qingsuan.columns.pieces import Pieces
from qingsuan.columns.rejects import REJECT_SCHEMA
from qingsuan.run.inputs import Source, as_text, carried_as, check_as_it_was, fetch_rows
from qingsuan.run.kept import Kept
from qingsuan.run.machine.memory import WRITTEN_TIMES
from qingsuan.run.model import Run
from qingsuan.run.rejections.deferred import Remembered
from qingsuan.run.shuffle import Shuffle
from qingsuan.settlement import InputTable, Rejecter

__all__ = ["REASON_COLUMNS", "RefusedRows"]

_ROWS_AT_ONCE = 65_536
"""So many rows that a partition refused are put by at once: they are there twice meanwhile."""

_FEW_BYTES = 16 << 20
"""Rows that take no more may be there twice; of more, one column after the other."""

REASON_COLUMNS = ("source_file", "source_row", "code", "column", "found", "expected")
"""Columns put before the row's own; ``source_row`` counts from 1, a CSV's header not counted. A column of the input that
has one of these names is written as ``input_…``."""


class RefusedRows:
    """Collects refused rows of all tables while a run goes on, and writes ``rejected/`` at the end. Threads may add.

    Parameters
    ----------
    run
        Its memory for waiting rows is shared; a sixteenth of all its memory may be taken by what is only remembered.
    spill
        The run's folder for rows put aside, which the run removes.
    """

    def __init__(self, run: Run, spill: Path) -> None:
        tables = [table for table in run.settlement.inputs if not table.is_trusted]
        self._first = tables[0].name
        self._tables = {table.name: _Refused(run, table, spill / f"refused-{table.name}") for table in tables}

    def read(self, table: str, refusals: pa.Table, batch: pa.RecordBatch, pieces: Pieces) -> None:
        """Keep what was refused (:data:`qingsuan.columns.rejects.REJECT_SCHEMA`) of a batch just read from these pieces of files."""
        if refusals.num_rows:
            self._tables[table].read(refusals, batch, pieces)

    def settled(self, kept: Kept) -> None:
        """Keep what was refused of a settled partition."""
        first = self._tables[self._first]
        if kept.refused_rows is None or kept.is_whole is None:
            first.remember(kept.refused)
        elif kept.refused.num_rows:
            first.settled(kept.refused, kept.refused_rows, pa.array(kept.is_whole))

    def remember(self, table: str, refusals: pa.Table) -> None:
        """Remember rows that are fetched at the end."""
        self._tables[table].remember(refusals)

    def kept(self) -> Iterator[tuple[str, int, pa.Table, dict[str, int]]]:
        """Give what was refused so far, by table and partition, with the sums of what a table gives before its first rows."""
        for name, table in self._tables.items():
            yield from ((name, *found) for found in table.kept())

    def put_back(self, table: str, rows: pa.Table, sums: Mapping[str, int]) -> None:
        """Take what :meth:`kept` gave."""
        self._tables[table].put_back(rows, sums)

    def write(self, run: Run) -> None:
        """Write every refused row with all its columns and its reason, in the order of their keys.

        Those of the first input table come last: their reasons may tell of rows of the others.
        """
        rejecter = run.settlement.rejecter(run.books)
        second = next((name for name in self._tables if name != self._first), None)
        for name in (*(name for name in self._tables if name != self._first), self._first):
            table = self._tables[name]
            if name == self._first or table.rows:
                run.progress.stage("rejected rows", run.partitions)
                table.write(run, rejecter, _prefix(name, self._first), second and _prefix(second, self._first))
                run.progress.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for table in self._tables.values():
            table.shuffle.__exit__(kind, error, trace)


def _prefix(table: str, first: str) -> str:
    """How the names of a table's files begin."""
    return "" if table == first else f"{table}-"


class _Refused:
    """The refused rows of one input table."""

    def __init__(self, run: Run, table: InputTable, spill: Path) -> None:
        self.rows, self.table, self._settlement = 0, table, run.settlement
        sources = run.inputs.of(table.name)
        self._sources = {source.number: source for source in sources}
        self._names = _by_number({one.number: one.name for one in sources}, pa.string())
        restorable = {one.number: run.settlement.is_restorable(one.schema) for one in sources}
        self._restorable = _by_number(restorable, pa.bool_())
        self._schema = _common_schema(sources)
        self._key = "key"
        while self._key in self._schema.names:
            self._key += "_"
        self._remembered = Remembered(sources, run.options.memory // 16, spill / "remembered")
        self._sums = Counter[str]()
        self._lock = threading.Lock()
        self.shuffle = Shuffle(run.partitions, run.waiting, spill)
        nothing = pa.RecordBatch.from_pylist([], pa.schema([]))
        self._beside = [(name, column.type) for name, column in run.settlement.beside(table.name, nothing).items()]
        inner = [(self._key, pa.string()), *((self._own(name), kind) for name, kind in self._beside)]
        schema = pa.schema([*self._schema, *(pa.field(*one) for one in inner)])
        self.shuffle.add(pa.RecordBatch.from_struct_array(pa.nulls(0, pa.struct(schema))))

    def read(self, refusals: pa.Table, batch: pa.RecordBatch, pieces: Pieces) -> None:
        there, files = set(batch.schema.names), refusals.column("file").to_numpy()
        whole = {file: set(self._sources[file].schema.names) <= there for file in np.unique(files).tolist()}
        if not all(whole.values()):
            is_whole = pa.array([whole[file] for file in files.tolist()])
            self.remember(refusals.filter(pc.invert(is_whole)))
            refusals = refusals.filter(is_whole)
        if refusals.num_rows:
            places = pieces.places_of(refusals.column("file").to_numpy(), refusals.column("row").to_numpy())
            self._add(refusals, batch.take(pa.array(places)))

    def settled(self, refusals: pa.Table, rows: pa.Table, whole: pa.Array) -> None:
        restorable = self._restorable.take(refusals.column("file").combine_chunks())
        whole = pc.and_(whole, restorable)
        if pc.any(whole).as_py():
            for start in range(0, rows.num_rows, _ROWS_AT_ONCE):
                mine = whole.slice(start, _ROWS_AT_ONCE)
                some = rows.slice(start, _ROWS_AT_ONCE).filter(mine).combine_chunks()
                for batch in some.to_batches():
                    self._add(refusals.slice(start, _ROWS_AT_ONCE).filter(mine), batch)
        if not pc.all(whole).as_py():
            self.remember(refusals.filter(pc.invert(whole)))

    def remember(self, refusals: pa.Table) -> None:
        with self._lock:
            self.rows += refusals.num_rows
            self._remembered.add(refusals)

    def kept(self) -> Iterator[tuple[int, pa.Table, dict[str, int]]]:
        for reasons, rows in self._fetched():
            self._keep(reasons, rows)
        self.shuffle.close()
        sums = dict(self._sums)
        for partition in range(self.shuffle.partitions):
            rows = self.shuffle.take(partition)
            if rows.num_rows:
                yield partition, rows, sums
                sums = {}

    def put_back(self, rows: pa.Table, sums: Mapping[str, int]) -> None:
        with self._lock:
            self.rows += rows.num_rows
            self._sums.update(sums)
        own = rows.columns[-1 - len(self._beside) :]
        there = [rows.column(name) if name in rows.schema.names else None for name in self._schema.names]
        arrays = [
            _carried(None if column is None else column.combine_chunks(), field.type, rows.num_rows)
            for column, field in zip(there, self._schema, strict=True)
        ]
        names = [*self._schema.names, self._key, *(self._own(name) for name, _ in self._beside)]
        arrays += [column.combine_chunks() for column in own]
        self.shuffle.add(pa.RecordBatch.from_arrays(arrays, names=names), self._key)

    def _add(self, reasons: pa.Table, rows: pa.RecordBatch) -> None:
        with self._lock:
            self.rows += reasons.num_rows
        self._keep(reasons, rows)

    def _keep(self, reasons: pa.Table, rows: pa.RecordBatch) -> None:
        """Add up what can be read of them, as they came; then put rows by, spread on their key."""
        sums = self._settlement.sums(self.table.name, rows)
        with self._lock:
            self._sums.update(sums)
        self.shuffle.add(self._joined(reasons, rows), self._key)

    def _joined(self, reasons: pa.Table, rows: pa.RecordBatch) -> pa.RecordBatch:
        """Reasons and rows side by side, as they are written; last the key as text, empty if there is none."""
        found = {name: reasons.column(name).combine_chunks() for name in REJECT_SCHEMA.names}
        columns = {name: array for name, array in found.items() if name not in ("file", "row")}
        columns["source_file"] = self._names.take(found["file"])
        columns["source_row"] = pc.add(found["row"], 1)
        columns.update(zip(map(_outer, rows.schema.names), rows.columns, strict=True))
        arrays = [_carried(columns.get(column.name), column.type, rows.num_rows) for column in self._schema]
        key = pc.fill_null(columns[self.table.key].cast(pa.string()), "")
        beside = self._settlement.beside(self.table.name, rows)
        names = [*self._schema.names, self._key, *map(self._own, beside)]
        return pa.RecordBatch.from_arrays([*arrays, key, *beside.values()], names=names)

    def _own(self, name: str) -> str:
        """What a column is called that a row carries beside those that are written."""
        return f"{self._key} {name}"

    def write(self, run: Run, rejecter: Rejecter, prefix: str, second: str | None) -> None:
        """Write the table's part files, and count what is in them.

        Parameters
        ----------
        prefix, second
            How the names of this table's files begin, and those of the second table.
        """
        for reasons, rows in self._fetched():
            self._keep(reasons, rows)
        run.books.sums_rejected.update(self._sums)
        self.shuffle.close()
        sizes = WRITTEN_TIMES * self.shuffle.bytes_of
        room = run.memory.to_settle(self.table.name, sizes)

        def write(partition: int) -> None:
            part = f"part-{partition:05d}.parquet"
            taken = self._in_order(partition)
            beside = {name: taken.column(self._own(name)).combine_chunks() for name, _ in self._beside}
            found = rejecter(self.table.name, taken.select(self._schema.names), beside, _reads(run, second, part))
            run.folder.write_table(f"rejected/{prefix}{part}", found.rows)
            for folder, rows in found.tables.items():
                run.folder.write_table(f"{folder}/rejected-{part}", rows)
            with run.lock:
                for counted in taken.column("code").value_counts().to_pylist():
                    run.books.refused(self.table.name, counted["values"], counted["counts"])
                run.books.add_totals(found.totals)

        for _ in room.each(write, range(run.partitions), sizes, run.options.workers):
            run.progress.step()

    def _in_order(self, partition: int) -> pa.Table:
        """A partition's rows in their order; column after column, so that they are hardly there twice."""
        rows = self.shuffle.take(partition)
        if rows.num_rows <= 1:
            return rows
        order = pc.sort_indices(rows, sort_keys=_sort_keys(self._key, self._schema))
        if rows.nbytes <= _FEW_BYTES:
            return rows.take(order)
        schema, columns = rows.schema, rows.columns
        del rows
        for at in range(len(columns)):
            columns[at] = columns[at].take(order)
        return pa.Table.from_arrays(columns, schema=schema)

    def _fetched(self) -> Iterator[tuple[pa.Table, pa.RecordBatch]]:
        """The rows that were only remembered, and why they were refused."""
        for file, mine in self._remembered.take():
            done = 0
            check_as_it_was(self._sources[file])
            for places, batch in fetch_rows(self._sources[file], mine.column("row").to_numpy()):
                yield mine.slice(done, len(places)), batch
                done += len(places)


def _by_number(values: Mapping[int, object], kind: pa.DataType) -> pa.Array:
    """What is known of files at the place of their numbers; those of a later delivery do not begin with 0."""
    return pa.array([values.get(number) for number in range(max(values, default=-1) + 1)], kind)


def _reads(run: Run, prefix: str | None, part: str) -> Callable[[], pa.Table | None]:
    """A function that reads the rejected rows of a partition, of the table whose files begin so; None if there are none."""

    def read() -> pa.Table | None:
        path = run.folder.path / f"rejected/{prefix}{part}"
        return pq.read_table(path) if prefix and path.exists() else None

    return read


def _common_schema(sources: tuple[Source, ...]) -> pa.Schema:
    """Every column any file has; as text where two files do not agree on its type, or Parquet does not hold all of it."""
    kinds: dict[str, pa.DataType] = {}
    schemas = {id(source.schema): source.schema for source in sources}  # files that are alike share theirs
    for schema in schemas.values():
        for name, kind in zip(map(_outer, schema.names), map(carried_as, schema.types), strict=True):
            other = kinds.setdefault(name, kind)
            if other is not kind and other != kind:
                kinds[name] = pa.string()
    reasons = [(name, pa.int64() if name == "source_row" else pa.string()) for name in REASON_COLUMNS]
    return pa.schema([*reasons, *kinds.items()])


def _carried(column: pa.Array | None, kind: pa.DataType, rows: int) -> pa.Array:
    """A column in the type in which it is written."""
    if column is None:
        return pa.nulls(rows, kind)
    if column.type == kind:
        return column
    return as_text(column) if kind == pa.string() else column.cast(kind)


def _outer(name: str) -> str:
    """The name of an input column in ``rejected/``."""
    return f"input_{name}" if name in REASON_COLUMNS else name


def _sort_keys(key: str, schema: pa.Schema) -> list[tuple[str, str]]:
    names = (key, "setl_id", "code", "column", "found", "source_file", "source_row")
    return [(name, "ascending") for name in names if name == key or name in schema.names]
