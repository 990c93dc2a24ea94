"""One input file: what is known of it before a row is read, and how a message says that it cannot be read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from qingsuan.errors import InputError
from qingsuan.run.inputs.intake.reading import Reading
from qingsuan.run.inputs.intake.said import CsvForm, TableIntake

__all__ = [
    "BATCH_BYTES",
    "BATCH_ROWS",
    "BROKEN",
    "FORMATS",
    "LEAST_ROWS",
    "SMALL_BYTES",
    "Source",
    "broken",
    "check_as_it_was",
    "check_beginning",
    "content_of_small",
    "digest_of",
    "ending_of",
    "unreadable",
]

FORMATS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "ipc",
    ".ipc": "ipc",
    ".feather": "ipc",
    ".csv": "csv",
    ".csv.gz": "csv",
    ".csv.zst": "csv",
    ".xlsx": "xlsx",
}
"""The format of a file, by its ending."""

BATCH_ROWS = 262_144
"""So many rows are read at once, at most."""

SMALL_BYTES = 1 << 20
"""A file that is not larger is sooner read at once than here and there."""

BATCH_BYTES = 128 << 20
"""Rows that take more bytes are read fewer at once, as far as the file or its longest text tells."""

LEAST_ROWS = 1_024
"""So many rows are read at once, whatever they take."""

BROKEN = (pa.ArrowException, OSError, UnicodeError, ValueError, OverflowError, MemoryError)
"""What a format's reader raises of a file that is broken."""

_KINDS = {"parquet": "Parquet file", "ipc": "Arrow IPC file", "csv": "CSV file", "xlsx": "XLSX workbook"}

_BEGINNINGS = {
    b"PAR1": "parquet",
    b"ARROW1": "ipc",
    b"FEA1": "Feather file of version 1",
    b"\x1f\x8b": "file packed with gzip",
    b"\x28\xb5\x2f\xfd": "file packed with zstd",
    b"PK\x03\x04": "zip archive, or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "workbook of an older Excel",
    b"SQLite format 3\0": "SQLite database",
}
"""What a file is by its first bytes: one of ours by its format, others by what they are called."""

_PACKED = {
    ".csv.gz": "file packed with gzip",
    ".csv.zst": "file packed with zstd",
    ".xlsx": "zip archive, or an Excel workbook",
}
"""How files of an ending begin that begin in one way only."""

_OURS = frozenset(_KINDS)


@dataclass(frozen=True, slots=True)
class Source:
    """One input file.

    Attributes
    ----------
    number : its place among the inputs of its kind.
    rows : how many rows it has, counted without reading them as rows.
    encoding : of a CSV file.
    name : the file's name for messages and records, with as many of its folders as tell all inputs of its kind apart.
    int96 : columns of a Parquet file whose times are INT96.
    keys_below, keys_above
        Keys of folders called ``key=value`` on the way to the file: below the place that was named, and in its own path.
    partitions : keys of ``keys_below`` with their values, None where a folder says that there is none.
    said : what an intake file says of its table; None without one.
    reading : how its columns become those of the interface; None where they are as they are.
    whole_bytes : what of it is read into memory whole: the largest record batch of an Arrow IPC file, and its dictionaries.
    is_stream : whether the file is only what a stream was written to (:mod:`qingsuan.run.inputs.streams`).
    size, sha256
        What the file was when it was read, where that was before this run: it is read again only for rows that were kept nowhere.
    """

    number: int
    path: Path
    kind: str
    schema: pa.Schema
    rows: int
    encoding: str = "utf-8"
    name: str = ""
    int96: frozenset[str] = frozenset()
    keys_below: tuple[str, ...] = ()
    keys_above: tuple[str, ...] = ()
    partitions: tuple[tuple[str, str | None], ...] = ()
    said: TableIntake | None = None
    reading: Reading | None = None
    whole_bytes: int = 0
    is_stream: bool = False
    size: int = 0
    sha256: str = ""

    @property
    def where(self) -> str:
        """What messages call it: the file's path, or the name of the table that came as a stream."""
        return self.name if self.is_stream else str(self.path)

    @property
    def written(self) -> pa.Schema:
        """The columns as the file has them; ``schema`` has those that are read of it."""
        return self.schema if self.reading is None else self.reading.written

    @property
    def form(self) -> CsvForm:
        """How it is written if it is CSV."""
        return CsvForm() if self.said is None else self.said.csv


def content_of_small(path: Path, size_bytes: int) -> bytes | None:
    """A file of so many bytes, if it is so small that it is sooner read at once than here and there; None if it is not."""
    return path.read_bytes() if size_bytes <= SMALL_BYTES else None


def ending_of(path: Path) -> str:
    """The ending of a file's name that says its format, with that of its packing; in lower case."""
    name = path.name.lower()
    return next((ending for ending in FORMATS if name.endswith(ending)), path.suffix.lower())


def unreadable(path: Path, kind: str, found: str, where: str = "") -> InputError:
    """The error that says what is wrong with this file, and from where on."""
    return InputError(
        str(path),
        found=f"cannot be read{where}: {found}",
        expected=f"a whole {_KINDS[kind]}",
        do="fetch the file again, or write it again",
    )


def broken(path: Path, kind: str, error: BaseException, where: str = "") -> InputError:
    """The error that says what a format's reader said of a file, and from where on."""
    text = " ".join(str(error).split()) or type(error).__name__
    return unreadable(path, kind, text[:300], where)


def check_beginning(path: Path) -> None:
    """Check that a file does not begin as one of another format than its ending says.

    Raises
    ------
    InputError
        It does; the message says as which.
    """
    ending = ending_of(path)
    kind = FORMATS[ending]
    with path.open("rb") as file:
        first = file.read(max(map(len, _BEGINNINGS)))
    begins = next((what for sign, what in _BEGINNINGS.items() if first.startswith(sign)), "")
    if begins == _PACKED.get(ending, kind) or (not begins and ending not in _PACKED):
        return
    found = f"another thing: {_KINDS.get(begins, begins)}" if begins else f"no {_PACKED[ending]}"
    raise InputError(
        str(path),
        found=f"cannot be read: by its first bytes it is {found}",
        expected=f"a {_KINDS[kind]}, as its ending {ending} says",
        do="give it the ending of what it is" if begins in _OURS else "unpack it, or write it as CSV or Parquet",
    )


def check_as_it_was(source: Source) -> None:
    """Check that a file which was read before this run is there as it was then.

    Raises
    ------
    InputError
        It is gone, or has changed.
    """
    if not source.sha256:
        return
    try:
        found = "" if digest_of(source.path) == source.sha256 else "it is not as it was when the year was prepared"
    except InputError as error:
        found = f"it {error.found}"
    if found:
        raise InputError(
            source.where,
            found=found,
            expected="the file that was prepared: rows of it were rejected, and it has columns that were not kept",
            do="put it back where it was, or prepare the year again",
        )


def digest_of(path: Path) -> str:
    """SHA-256 of a file.

    Raises
    ------
    InputError
        It cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(
            str(path),
            found=f"cannot be read: {error.strerror or error}",
            expected="a file that this user may read",
            do="mend that, or fetch the file again, and give the command again",
        ) from error
