"""The room on the disk that a run needs, known before its first row is read.

The figures of a row are measured (``benchmarks/disk.py``). How many rows are rejected nobody knows before: of most years few are, and
what they take beyond is not counted.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from qingsuan.errors import RunError
from qingsuan.listing import files_below
from qingsuan.settlement import InputTable

__all__ = ["DISK", "check_room"]

DISK = "QINGSUAN_DISK"
"""The environment variable that says ``unchecked``: what the system says of its room is not what there is (quotas, packing disks)."""

_MB = 10**6


def check_room(out: Path, rows: Sequence[tuple[InputTable, int]], in_memory: int, *, kept: bool = False) -> None:
    """Check that there is room for the rows on their way and for what comes of them.

    Parameters
    ----------
    out
        The folder that is written.
    rows
        The tables that come in, with how many rows each has.
    in_memory
        How many bytes of rows wait in memory.
    kept
        Whether rows are kept as they are (a prepared year), and nothing is settled.

    Raises
    ------
    RunError
        There is not.
    """
    if os.environ.get(DISK) == "unchecked":
        return
    waiting = sum(count * table.waiting_bytes for table, count in rows)
    result = 2 * waiting if kept else sum(count * table.result_bytes for table, count in rows)
    if 2 * waiting <= in_memory:  # what is packed on the disk is half of what it was
        waiting = 0
    place = _existing(out)
    free = shutil.disk_usage(place).free + _held(out)
    waits = ", or more --memory so that rows wait there" if waiting else ""
    if waiting + result > free:
        raise RunError(
            str(out),
            found=f"{_told(free)} free on the disk of {place}, counting what an earlier run left there",
            expected=f"{_told(waiting + result)}: {_told(result)} for the result, {_told(waiting)} for rows on their way",
            do=f"make room, or give another --out{waits}; if there is more room than the system says, set {DISK}=unchecked",
        )


def _existing(path: Path) -> Path:
    """The folder that is there, of a path."""
    return next(one for one in (path.absolute(), *path.absolute().parents) if one.exists())


def _held(path: Path) -> int:
    """What lies in the folder already: a run that goes on uses it, one that replaces it removes it."""
    return sum(one.lstat().st_size for one in files_below(path))


def _told(size_bytes: int) -> str:
    return f"{-(-size_bytes // _MB):,} MB"
