"""A plugin is tried in a process of its own before this one opens it.

What a plugin does when it is imported can end a process without raising anything: ``os._exit``, a crash in compiled
code, an endless wait. In a process of its own it ends that one, and the plugin is refused with what happened.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
import warnings
from collections.abc import Callable
from typing import NoReturn

from qingsuan.errors import RunError
from qingsuan.plugins.code import reason

__all__ = ["PATIENCE_SECONDS", "Apart"]

PATIENCE_SECONDS = 60
"""So long a plugin may take to be opened."""

_SIZE_BYTES = 8


class Apart:
    """Work that is done in a process of its own, with nothing to read and nowhere to print; it begins at once.

    Raises
    ------
    RunError
        The machine starts no process.
    """

    def __init__(self, work: Callable[[], str]) -> None:
        self._until = time.monotonic() + PATIENCE_SECONDS
        self._reading, writing = os.pipe()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter(
                    "ignore", DeprecationWarning
                )  # of threads at a fork: the process only opens a plugin
                self._process = os.fork()
        except OSError as error:
            os.close(self._reading)
            os.close(writing)
            raise RunError(
                "plugins",
                found=f"no process can be started to try them in: {error}",
                expected="a machine that starts processes",
                do="end other programs, or raise the limit on processes",
            ) from error
        if self._process == 0:
            _child(work, writing)
        os.close(writing)

    def said(self) -> str:
        """What the work returned; or, if it raised or its process ended first, how that happened. Asked once."""
        try:
            said = _message(self._reading, self._until)
        finally:
            os.close(self._reading)
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process, signal.SIGKILL)
            ended = _ending(self._process)
        if said is not None:
            return said.decode("utf-8", "backslashreplace")
        return f"opening it {ended}"


def _child(work: Callable[[], str], writing: int) -> NoReturn:
    status = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that waits
        nowhere = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nowhere, standard)
        said = _said(work).encode("utf-8", "backslashreplace")
        content = len(said).to_bytes(_SIZE_BYTES, "big") + said
        while content:
            content = content[os.write(writing, content) :]
        status = 0
    finally:
        os._exit(status)


def _said(work: Callable[[], str]) -> str:
    try:
        return work()
    except BaseException as error:  # noqa: BLE001 - KeyboardInterrupt too: nobody pressed a key here
        return f"opening it failed: {reason(error)}"


def _message(reading: int, until: float) -> bytes | None:
    """The whole message; None if the process ended, or time ran out, before it was there."""
    content = b""
    poll = select.poll()
    poll.register(reading, select.POLLIN)
    while len(content) < _SIZE_BYTES or len(content) < _SIZE_BYTES + int.from_bytes(content[:_SIZE_BYTES], "big"):
        ready = poll.poll(max(0, until - time.monotonic()) * 1000)
        block = os.read(reading, 1 << 16) if ready else b""
        if not block:
            return None
        content += block
    return content[_SIZE_BYTES:]


def _ending(process: int) -> str:
    """How the process ended; it has been killed if it had not."""
    try:
        _, status = os.waitpid(process, 0)
    except ChildProcessError:
        return "ended its process"
    code = os.waitstatus_to_exitcode(status)
    if code == -signal.SIGKILL:
        return f"took more than {PATIENCE_SECONDS} seconds, or its process was killed"
    if code < 0:
        return f"crashed its process ({signal.Signals(-code).name})"
    return f"ended its process with status {code}, without a word"
