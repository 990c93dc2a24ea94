"""One input file: what is known of it before a row is read, and how a message says that it cannot be read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from qingsuan.errors import InputError

__all__ = ["BATCH_ROWS", "FORMATS", "Source", "digest_of", "unreadable"]

FORMATS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "ipc",
    ".ipc": "ipc",
    ".feather": "ipc",
    ".csv": "csv",
}
"""The format of a file, by its ending."""

BATCH_ROWS = 262_144
"""So many rows are read at once, at most."""

_KINDS = {"parquet": "Parquet file", "ipc": "Arrow IPC file", "csv": "CSV file"}


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


def unreadable(path: Path, kind: str, found: str, where: str = "") -> InputError:
    """The error that says what is wrong with this file, and from where on."""
    return InputError(
        str(path),
        found=f"cannot be read{where}: {found}",
        expected=f"a whole {_KINDS[kind]}",
        do="fetch the file again, or write it again",
    )


def digest_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
