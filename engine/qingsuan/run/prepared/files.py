"""Tables as files in Arrow's IPC file format: written in record batches of one size, read whole or batch by batch.

They are not compressed. Of 5 million rows of 140 bytes two threads write 0.5 seconds and read 0.1 without compression; with
lz4 they write 0.95 seconds and read 0.4, for half the bytes (on two cores, from the page cache): a year is prepared to be
read often.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.ipc

from qingsuan.errors import InputError
from qingsuan.run.folder.disk import writing
from qingsuan.run.prepared.layout import DELIVERY_RECORD, ROWS_PER_BATCH
from qingsuan.run.prepared.sums import Checksum, Stored, checksum_of

__all__ = ["opened", "read_batches", "read_table", "reading", "types_of", "write_table"]

Types = Mapping[str, str]
"""The Arrow types of columns by their names, in order."""

_OPTIONS = pa.ipc.IpcWriteOptions(compression=None, use_threads=False)
_WRITTEN_AT_ONCE_BYTES = 1 << 20


class _Digested(io.RawIOBase):
    """A file being written whose bytes are digested on their way, while they lie in the processor's cache."""

    def __init__(self, file: BinaryIO) -> None:
        self.size, self._file, self._sum = 0, file, Checksum()

    @property
    def checksum(self) -> str:
        """The checksum of what was written so far."""
        return self._sum.hexdigest()

    def writable(self) -> bool:
        """It is there to be written."""
        return True

    def tell(self) -> int:
        """How much was written."""
        return self.size

    def write(self, content: Any, /) -> int:
        """Write all of it."""
        self._sum.update(content)
        self._file.write(content)
        self.size += len(content)
        return len(content)


def write_table(folder: Path, name: str, table: pa.Table) -> Stored:
    """Write a table as one file, which is not there yet, synced.

    Raises
    ------
    RunError
        It cannot be written.
    """
    path = folder / name
    table = table.unify_dictionaries()  # a file has one dictionary for a column
    with writing(path), path.open("xb") as file:
        sink = _Digested(file)
        with (
            pa.BufferedOutputStream(pa.PythonFile(sink, "w"), _WRITTEN_AT_ONCE_BYTES) as stream,
            pa.ipc.new_file(stream, table.schema, options=_OPTIONS) as writer,
        ):
            for start in range(0, len(table), ROWS_PER_BATCH):
                rows = table.slice(start, ROWS_PER_BATCH).combine_chunks()  # one batch, wherever the table's chunks end
                writer.write_batch(rows.to_batches()[0])
        file.flush()
        os.fsync(file.fileno())
    return Stored(name, sink.size, sink.checksum)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Raise an InputError that names a file if what is done inside cannot read it.

    Raises
    ------
    InputError
        It is gone, may not be read, or does not hold what was written.
    """
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError, pa.ArrowException) as error:
        raise InputError(
            str(path),
            found=f"it cannot be read: {error}",
            expected="a file of a prepared year, as it was written",
            do="prepare the year again: what is in it was changed",
        ) from error


def opened(path: Path) -> pa.NativeFile:
    """Open a file of which parts are read."""
    return pa.OSFile(str(path))


def read_table(path: Path, types: Types | None = None, stored: Stored | None = None) -> pa.Table:
    """Read a file whole, each column in one piece.

    Parameters
    ----------
    types
        The columns that it must have, if that is known.
    stored
        What was written; without it damage is seen only where it breaks the form of the file.

    Raises
    ------
    InputError
        It cannot be read, has other columns, or is damaged where their values lie.
    """
    with reading(path), pa.memory_map(str(path)) as source:
        content = source.read_buffer()
        if stored is not None and (len(content), checksum_of(content)) != (stored.size, stored.checksum):
            raise ValueError(f"its checksum is not the one in {DELIVERY_RECORD}")
        return _checked(pa.ipc.open_file(content).read_all(), types).combine_chunks()


def read_batches(path: Path, numbers: Sequence[int], types: Types) -> pa.Table:
    """Read some record batches of a file, and of the rest only the footer.

    Raises
    ------
    InputError
        There are no such batches, they have other columns, or they are damaged.
    """
    with reading(path), opened(path) as source:
        reader = pa.ipc.open_file(source)
        return _checked(pa.Table.from_batches(map(reader.get_batch, numbers), reader.schema), types)


def types_of(schema: pa.Schema) -> dict[str, str]:
    """The Arrow types of columns, as texts."""
    return {field.name: str(field.type) for field in schema}


def _checked(table: pa.Table, types: Types | None) -> pa.Table:
    if types is not None and list(types_of(table.schema).items()) != list(types.items()):
        raise ValueError(
            f"its columns are {', '.join(table.schema.names)}, not {', '.join(types)}, or have other types"
        )
    table.validate(full=True)
    return table
