"""A log of one command as JSON lines: when it began, its stages, what it notes, how it ended; nothing of people."""

from __future__ import annotations

import datetime as dt
import json
import os
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO

from qingsuan import __version__
from qingsuan.errors import UsageError
from qingsuan.messages import Words

__all__ = ["Log", "Telling"]

_FAILED = 5
"""The status of an end that no error of ours says: the machine refused something, or the command was interrupted."""


class Log(AbstractContextManager["Log"]):
    """Where a command writes down how it gets on; nowhere until :meth:`open` says where.

    Each line is an object with ``time`` (of this machine, with its offset) and ``event``: ``command``, ``stage``, ``stage done``,
    ``note`` or ``ended``. Lines are added to what is there, so that a night's commands share a file.
    """

    def __init__(self) -> None:
        self._file: IO[str] | None = None
        self._since = time.monotonic()

    def open(self, file: Path, command: str) -> None:
        """Write to a file from now on, for its owner alone where it is new.

        Raises
        ------
        UsageError
            It cannot be written.
        """
        try:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            expected = "a file that can be written"
            raise UsageError(f"--log {file}", found=error.strerror or str(error), expected=expected) from error
        self._file = os.fdopen(handle, "a", encoding="utf-8")
        self.write("command", command=command, version=__version__)

    def write(self, event: str, **values: object) -> None:
        """Add a line."""
        if self._file is not None:
            now = dt.datetime.now().astimezone().isoformat(timespec="milliseconds")
            self._file.write(json.dumps({"time": now, "event": event, **values}, ensure_ascii=False) + "\n")
            self._file.flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Write how the command ended: the status, and the kind of an error; its words may hold what stands in a row."""
        if self._file is not None:
            status = 0 if error is None else getattr(error, "exit_status", getattr(error, "exit_code", _FAILED))
            failed = {} if kind is None else {"error": kind.__name__}
            self.write("ended", status=status, seconds=round(time.monotonic() - self._since, 3), **failed)
            self._file.close()
            self._file = None


@dataclass(slots=True)
class Telling:
    """What the command line says for all commands: ``--quiet``, ``--verbose`` and ``--log``; and the language of help and errors."""

    quiet: bool = False
    verbose: bool = False
    words: Words = field(default_factory=lambda: Words("en"))
    log: Log = field(default_factory=Log)
