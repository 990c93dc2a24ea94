"""Who may read what is written: its owner alone, unless told otherwise.

Rows are about people's health, and files are written by several libraries, each in its own way. So the process itself is told
(``umask``), once, for as long as anything of ours is being written: folders come out as 0700, files as 0600.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from qingsuan.errors import UsageError

__all__ = ["SHARE", "SHARES", "private_files"]

SHARE = "QINGSUAN_SHARE"
"""The environment variable that says otherwise; ``qingsuan --share`` sets it."""

SHARES = {"owner": 0o077, "group": 0o027, "everybody": 0o022}
"""Who may read, and what is taken from the mode of each new file."""

_lock = threading.Lock()
_before: list[int] = []
"""The masks that were there before each of those that are at work; the first one comes back with the last to end."""


@contextmanager
def private_files() -> Iterator[None]:
    """Let new files and folders of this process be for whom :data:`SHARE` says, while it lasts; it may be entered side by side.

    Raises
    ------
    UsageError
        The variable says something else.
    """
    said = os.environ.get(SHARE) or "owner"
    if said not in SHARES:
        raise UsageError(SHARE, found=f"“{said}”", expected=f"one of {', '.join(SHARES)}", do=f"unset {SHARE}")
    with _lock:
        _before.append(os.umask(SHARES[said]))
    try:
        yield
    finally:
        with _lock:
            if len(_before) == 1:
                os.umask(_before[0])
            del _before[-1:]
