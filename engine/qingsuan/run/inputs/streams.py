"""Tables that come as Arrow streams: each is written to a file once, checked on the way, and read from there like any file.

A stream can be read once only, while a run reads its input, digests it, and fetches rejected rows from it again. The file is an
Arrow IPC stream in a temporary folder (``TMPDIR``), gone when the run is over.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, TypeAlias, runtime_checkable

import pyarrow as pa
import pyarrow.ipc

from qingsuan.errors import InputError, QingsuanError, UsageError
from qingsuan.run.folder.disk import temporary_folder, writing
from qingsuan.run.inputs.database import database_table, is_database
from qingsuan.run.inputs.formats.source import BATCH_ROWS, Source, unreadable
from qingsuan.run.inputs.formats.views import batch_without_views, without_views
from qingsuan.run.inputs.intake.said import TableIntake
from qingsuan.run.inputs.reading import open_file

__all__ = ["ArrowStream", "Given", "Spool", "Streamed", "Table", "open_streams"]


@runtime_checkable
class ArrowStream(Protocol):
    """A table that another program's memory holds: pyarrow, Polars, DuckDB, pandas."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Its rows, as a capsule with a C stream of Arrow."""


Table: TypeAlias = str | os.PathLike[str] | ArrowStream
"""A file, folder or glob by its path; or a table in memory, or a reader of one."""

Given: TypeAlias = Table | Sequence[Table]
"""One table as a caller gives it: whole, or in several pieces."""


class Spool:
    """Where the streams of one run are written, inside ``with``; the folder is made when the first one comes."""

    def __init__(self) -> None:
        self._end = ExitStack()

    @cached_property
    def folder(self) -> Path:
        """The folder.

        Raises
        ------
        RunError
            It cannot be made.
        """
        made = temporary_folder()
        self._end.callback(shutil.rmtree, made, ignore_errors=True)
        return made

    def parted(
        self, given: Given | None, name: str, *, optional: bool = False
    ) -> tuple[tuple[str, ...], tuple[Streamed, ...]]:
        """Tell paths from streams; a stream is called like its table, one of several tables by its place too: ``claims[1]``.

        Parameters
        ----------
        optional
            Whether None, or an empty list, may be given.

        Raises
        ------
        UsageError
            Nothing is given, or something that is neither.
        """
        tables = _tables(given, name)
        if not (tables or optional):
            raise _no_table(name, None)
        paths: list[str] = []
        streams: list[Streamed] = []
        for place, table in enumerate(tables):
            called = name if len(tables) == 1 else f"{name}[{place}]"
            if isinstance(table, str) and is_database(table):
                streams.append(Streamed(database_table(table, called), called, self))
            elif isinstance(table, str | os.PathLike):
                paths.append(_path(table, called))
            elif isinstance(table, ArrowStream):
                streams.append(Streamed(table, called, self))
            else:
                raise _no_table(called, table)
        return tuple(paths), tuple(streams)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.close()


@dataclass(frozen=True, slots=True)
class Streamed:
    """A table that comes as a stream, what messages and records call it, and where it is written when it is opened."""

    table: ArrowStream
    name: str
    spool: Spool

    def open(self, number: int, said: TableIntake | None = None) -> Source:
        """Read the stream to its end, writing it down; then open what was written.

        Raises
        ------
        InputError
            The stream breaks off, or a batch in it is not what it says it is.
        RunError
            It cannot be written down.
        """
        path = self.spool.folder / f"{self.name}.arrow"
        rows = self._write(path)
        source = open_file(number, path, "utf-8")
        if source.rows != rows:
            raise unreadable(path, "ipc", f"{source.rows} rows where {rows} were written")
        return replace(source, name=self.name, is_stream=True, said=said)

    def _write(self, path: Path) -> int:
        try:
            reader = pa.RecordBatchReader.from_stream(self.table)
        except QingsuanError:
            raise
        except Exception as error:  # whatever the other program raises when it is asked for its rows
            raise _broken(self.name, 0, error) from error
        batches = self._batches(reader)
        if isinstance(self.table, pa.RecordBatchReader):
            batches = self._of_a_reader(batches)
        schema, rows = without_views(reader.schema).remove_metadata(), 0
        with writing(path), pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, schema) as writer:
            for batch in batches:
                for start in range(0, batch.num_rows, BATCH_ROWS):
                    writer.write_batch(batch_without_views(batch.slice(start, BATCH_ROWS)))
                rows += batch.num_rows
        return rows

    def _batches(self, reader: Any) -> Iterator[pa.RecordBatch]:
        rows = 0
        while True:
            try:
                batch = reader.read_next_batch()
                batch.validate(full=True)
            except StopIteration:
                return
            except Exception as error:  # whatever the other program raises in the middle
                raise _broken(self.name, rows, error) from error
            yield batch
            rows += batch.num_rows

    def _of_a_reader(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Check that there is a batch, if only one without rows: a reader that was read before looks like one of nothing."""
        first = next(batches, None)
        if first is None:
            raise InputError(
                self.name,
                found="a reader without a single batch: it may have been read before",
                expected="a reader that nobody has read from; a table without rows as a table",
                do="make the reader anew; or, if there are no rows, give its read_all()",
            )
        return chain((first,), batches)


def open_streams(streams: Sequence[Streamed], first_number: int, said: TableIntake | None = None) -> tuple[Source, ...]:
    """Write streams down and open them; their numbers go on behind those of a table's files.

    Raises
    ------
    InputError, RunError
        One cannot be read, or not be written down.
    """
    return tuple(stream.open(number, said) for number, stream in enumerate(streams, first_number))


def _tables(given: object, name: str) -> list[Any]:
    """The tables that are given, whatever they are."""
    if given is None:
        return []
    if isinstance(given, str | os.PathLike | ArrowStream):
        return [given]
    if isinstance(given, Sequence) and not isinstance(given, bytes):
        return list(given)
    raise _no_table(name, given)


def _path(given: str | os.PathLike[str], name: str) -> str:
    path: object = os.fspath(given)
    if not isinstance(path, str) or "\0" in path:
        raise UsageError(name, found=f"the path {path!r}", expected="a path as text, without a NUL")
    return path


def _broken(name: str, rows: int, error: Exception) -> InputError:
    said = " ".join(str(error).partition(". Detail: Python exception")[0].split()) or type(error).__name__
    where = f" behind row {rows}" if rows else ""
    return InputError(
        name,
        found=f"cannot be read{where}: {said.removeprefix('Unknown error: ')[:300]}",
        expected="a whole Arrow stream of a table",
        do="mend what makes the table, and give it again: a stream can be read once only",
    )


def _no_table(name: str, given: object) -> UsageError:
    what = "nothing" if given is None else f"an object of type {type(given).__name__}"
    return UsageError(
        name,
        found=what,
        expected="a table with __arrow_c_stream__ (pyarrow, Polars, DuckDB, pandas from 2.2 on), a path, or a list of these",
        do="collect what is lazy, or turn it into a table of pyarrow",
    )
