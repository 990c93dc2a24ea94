"""The names that a run of ours writes into its folder: nothing else there is ever removed, and no link is followed."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath

__all__ = [
    "DIGESTS",
    "LEDGER",
    "LITTER",
    "MOST_PARTITIONS",
    "PART",
    "RECORD",
    "SIGNATURE",
    "STATE",
    "TEMPORARY",
    "is_of_work",
    "strangers",
]

RECORD = "run.json"
DIGESTS = "SHA256SUMS"
"""The digest of every table file of a finished run, as ``sha256sum`` writes and checks them."""

LEDGER = "ledger.jsonl"
SIGNATURE = "SIGNATURE"
"""Who signed a finished run, and what (:mod:`qingsuan.signatures`)."""

STATE = ".state"
"""Sub-folder of an unfinished run: what its later stages need of finished partitions."""

TEMPORARY = ".unfinished-"
"""How names of files begin that are being written."""

LITTER = (".DS_Store", "Thumbs.db", "desktop.ini")
"""What file managers leave in a folder that somebody looked into: nobody else's data, and no table's rows."""

MOST_PARTITIONS = 100_000
"""So many parts a table has at most."""

PART = re.compile(r"(?:[a-z]+-)?part-\d{5,}\.parquet")
"""The name of a file of rows."""

_FILES = {"totals": re.compile(r"[a-z_]+\.parquet"), STATE: re.compile(r"part-\d{5,}\.arrow")}
_LOCK, _SPILL = ".lock", ".shuffle"
_TOP = (RECORD, DIGESTS, LEDGER, SIGNATURE, _LOCK)


def strangers(folder: Path, tables: Sequence[str]) -> Iterator[str]:
    """What lies below a run folder, or in the place of a file or folder of it, and is none that a run writes.

    Parameters
    ----------
    tables
        The sub-folders of this kind of run; of hidden ones only the kind is looked at. Litter may lie beside them, not in them.
    """
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.name in _TOP or entry.name.startswith(TEMPORARY):
            yield from _unless(entry, stat.S_ISREG, "a file", entry.name)
        elif entry.name in (*tables, STATE):
            yield from _unless(entry, stat.S_ISDIR, "a folder", entry.name)
            if entry.is_dir(follow_symlinks=False) and (not entry.name.startswith(".") or entry.name in _FILES):
                yield from _in_table(entry)
        elif entry.name in LITTER:
            yield from _unless(entry, stat.S_ISREG, "a file", entry.name)
        else:
            yield entry.name


def is_of_work(name: str) -> bool:
    """Whether a file, named from the run folder on, is one that a run at work writes and its end removes."""
    folders, last = PurePosixPath(name).parts[:-1], PurePosixPath(name).name
    if folders == (STATE,) and _FILES[STATE].fullmatch(last):
        return True
    return name == _LOCK or folders[:1] == (_SPILL,) or (last.startswith(TEMPORARY) and len(folders) <= 1)


def _in_table(table: os.DirEntry[str]) -> Iterator[str]:
    known = _FILES.get(table.name, PART)
    for entry in sorted(os.scandir(table.path), key=lambda entry: entry.name):
        name = f"{table.name}/{entry.name}"
        if entry.name.startswith(TEMPORARY) or known.fullmatch(entry.name):
            yield from _unless(entry, stat.S_ISREG, "a file", name)
        else:
            yield name


def _unless(entry: os.DirEntry[str], is_right: Callable[[int], bool], what: str, name: str) -> Iterator[str]:
    mode = entry.stat(follow_symlinks=False).st_mode
    if not is_right(mode):
        yield f"{name} (a link)" if stat.S_ISLNK(mode) else f"{name} (not {what})"
