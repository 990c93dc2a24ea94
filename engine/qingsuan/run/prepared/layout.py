"""What lies where in a prepared year, and which names can be there at all."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from pathlib import Path

from qingsuan.run.folder.known import LITTER, TEMPORARY

__all__ = [
    "BOUNDS_TYPES",
    "CLAIMS",
    "DELIVERY",
    "DELIVERY_RECORD",
    "FORMAT",
    "PERSONS",
    "PERSONS_TYPES",
    "PERSON_KEY",
    "ROWS_PER_BATCH",
    "SETTLEMENTS",
    "SETTLEMENTS_TYPES",
    "SETTLEMENT_KEY",
    "SPILL",
    "TABLE",
    "VERSION",
    "YEAR_RECORD",
    "aside_of",
    "bounds_name",
    "delivery_name",
    "files_in",
    "foreign_in",
    "part_name",
    "table_name",
]

FORMAT, VERSION = "qingsuan prepared year", 1
"""What ``year.json`` calls this format. A change of files, of columns of an index, or of the hash is another version."""

YEAR_RECORD, DELIVERY_RECORD = "year.json", "delivery.json"
PERSON_KEY, SETTLEMENT_KEY = "psn_no", "setl_id"

CLAIMS = "claims"
"""The table of parts whose rows are found by ``setl_id`` as well."""

PERSONS, SETTLEMENTS = "persons", "settlements"
"""The folders of the two indexes."""

PERSONS_TYPES = {"table": "string", "first_hash": "uint64"}
SETTLEMENTS_TYPES = {"hash": "uint64", "partition": "int32", "row": "int32"}
BOUNDS_TYPES = {"first_hash": "uint64"}
"""The columns of the files of the indexes."""

SPILL = ".spill"
"""Sub-folder of a delivery at work in which its maker may put rows aside; the end of the delivery removes it."""

ROWS_PER_BATCH = 8192
"""Rows of each record batch but the last of a file. A batch of claims has about a megabyte, which is read in a millisecond;
smaller ones cost more to write whole files of (docs/prepared-year.md has the figures)."""

DELIVERY = re.compile(r"delivery-\d{4,}")
TABLE = re.compile(r"[a-z][a-z_]*")
_FILE = re.compile(r"(?:[a-z][a-z_]*/)?[a-z][a-z0-9_-]*\.arrow")


def delivery_name(number: int) -> str:
    """The folder of a delivery, counted from 1."""
    return f"delivery-{number:04d}"


def aside_of(delivery: Path) -> Path:
    """The folder beside a delivery at work, by which one is known that was not finished; memory has no room for what is in it."""
    return delivery.with_name(f"{TEMPORARY}{delivery.name}")


def part_name(table: str, partition: int) -> str:
    """The file that has a partition's rows of a table, from the delivery's folder on."""
    return f"{table}/part-{partition:05d}.arrow"


def bounds_name(partition: int) -> str:
    """The file that has the first hash of every record batch of a part of the index of settlements."""
    return f"{SETTLEMENTS}/first-{partition:05d}.arrow"


def table_name(name: str) -> str:
    """The file of a table that is not in parts: ``rejected/claims`` is ``rejected/claims.arrow``.

    Raises
    ------
    ValueError
        No file can be called so.
    """
    file = f"{name}.arrow"
    if not _FILE.fullmatch(file):
        raise ValueError(f"a table is called like rejected/claims, not {name!r}")
    return file


def files_in(delivery: Path) -> Iterator[str]:
    """The files of a delivery's folder by name, in order; litter of file managers is left out.

    Raises
    ------
    OSError
        The folder cannot be looked into.
    """
    for entry in sorted(delivery.iterdir()):
        if stat.S_ISDIR(entry.lstat().st_mode):
            yield from (f"{entry.name}/{file.name}" for file in sorted(entry.iterdir()) if file.name not in LITTER)
        elif entry.name not in LITTER:
            yield entry.name


def foreign_in(delivery: Path) -> str:
    """A file below a delivery's folder that no writer of ours made; nothing if there is none.

    Raises
    ------
    OSError
        The folder cannot be looked into.
    """
    names = list(files_in(delivery))
    if names and not aside_of(delivery).is_dir() and DELIVERY_RECORD not in names:
        return names[0]
    for name in names:
        if name.startswith(f"{SPILL}/"):
            continue
        ours = _FILE.fullmatch(name) or name == DELIVERY_RECORD
        if not ours or not stat.S_ISREG((delivery / name).lstat().st_mode):
            return name
    return ""
