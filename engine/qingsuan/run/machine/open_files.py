"""How many files a run may have open at once: what the system lets it have, bounded and known before the first row is read."""

from __future__ import annotations

import resource

from qingsuan.errors import RunError

__all__ = ["files_for_rows"]

_FILES = 64
_FILES_PER_WORKER = 8
"""Files that a run has open besides rows put aside: libraries, inputs, results being written and synced."""

_LEAST_FOR_ROWS = 16
_MOST_FOR_ROWS = 1024


def files_for_rows(workers: int) -> int:
    """How many files of rows put aside may stay open at once; what comes beyond is opened for each write.

    Raises
    ------
    RunError
        The system lets this process have too few files open.
    """
    open_files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    needed = _FILES + _FILES_PER_WORKER * workers + _LEAST_FOR_ROWS
    if open_files == resource.RLIM_INFINITY:
        return _MOST_FOR_ROWS
    if open_files < needed:
        raise RunError(
            "open files",
            found=f"the system lets this process have {open_files} files open at once",
            expected=f"{needed} for {workers} workers",
            do=f"give it more (ulimit -n {max(1024, needed)}), or give fewer --workers",
        )
    return min(_MOST_FOR_ROWS, int(open_files) - needed + _LEAST_FOR_ROWS)
