"""The process of one plugin, seen from the engine: started with nothing of ours, asked within its time, ended with all it started."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import weakref
from collections.abc import Mapping
from typing import Any, NoReturn

from qingsuan.apart.messages import Gone, NoMessage, receive, send
from qingsuan.errors import RunError
from qingsuan.plugins.asking.limits import MEMORY, SECONDS, Limits

__all__ = ["PluginProcess", "SilentError"]

_BOOT = (
    "import json, sys\n"
    "sys.path[:] = json.loads(sys.argv[2])\n"
    "from qingsuan.apart.inside import main\n"
    "main(int(sys.argv[1]))\n"
)
_KEPT = ("PATH", "LD_LIBRARY_PATH", "PYTHONHOME", "TMPDIR")
"""Of the environment no more than this: what else stands there may be secret."""

_MADE = {
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "PYTHONHASHSEED": "0",
    "PYTHONSAFEPATH": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
"""The same on every machine and in every run, so that a function has nothing to decide by but the rows."""

_ENDING_SECONDS = 2


def _path() -> list[str]:
    """Where modules are looked for here; the process stands elsewhere, so the folder at hand has its name."""
    return [os.path.abspath(place) for place in sys.path]


class SilentError(Exception):
    """There was no answer: what happened instead."""


class PluginProcess:
    """A process that serves one plugin; it is ended with the object, or with this process.

    Parameters
    ----------
    order
        What is to be opened (:mod:`qingsuan.apart.inside`); the limits are added here.

    Raises
    ------
    RunError
        The machine starts no process.
    UsageError
        A limit in the environment is none.
    """

    def __init__(self, order: Mapping[str, Any]) -> None:
        self._limits = Limits.of_environment()
        ours, theirs = socket.socketpair()
        with theirs:
            environment = {name: os.environ[name] for name in _KEPT if name in os.environ} | _MADE
            try:
                process = subprocess.Popen(  # noqa: S603 - our own program
                    [sys.executable, "-c", _BOOT, str(theirs.fileno()), json.dumps(_path())],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    env=environment,
                    cwd="/",
                    umask=0o077,
                    start_new_session=True,
                )
            except OSError as error:
                ours.close()
                raise RunError(
                    "plugins",
                    found=f"no process can be started to open them in: {error}",
                    expected="a machine that starts processes",
                    do="end other programs, or raise the limit on processes",
                ) from error
        self._connection, self._process = ours, process
        self.end = weakref.finalize(self, _end, ours, process, os.getpid())
        self.is_over = False
        self._begun = time.monotonic()
        self._send(dict(order) | {"seconds": self._limits.seconds, "memory_bytes": self._limits.memory_bytes}, b"")

    @property
    def is_ours(self) -> bool:
        """Whether this process started it: after a fork it is somebody else's."""
        return self._process.returncode is None and self.end.alive and self.end.peek()[2][2] == os.getpid()  # type: ignore[index]

    def opened(self) -> dict[str, Any]:
        """What opening the plugin came to.

        Raises
        ------
        SilentError
            Nothing was said in time.
        """
        return self._receive(0, self._begun + self._limits.seconds)[0]

    def ask(self, head: Mapping[str, Any], body: bytes | memoryview, most_bytes: int) -> tuple[dict[str, Any], bytes]:
        """Ask it something.

        Raises
        ------
        SilentError
            It did not answer in time, or ended, or what it said is no answer.
        """
        until = time.monotonic() + self._limits.seconds
        self._send(head, body, until)
        return self._receive(most_bytes, until)

    def _send(self, head: Mapping[str, Any], body: bytes | memoryview, until: float | None = None) -> None:
        try:
            send(self._connection, head, body, until)
        except TimeoutError:
            self._late()
        except Gone:
            pass  # how it ended is seen when it is asked
        except BaseException:
            self.end()
            raise

    def _receive(self, most_bytes: int, until: float) -> tuple[dict[str, Any], bytes]:
        try:
            return receive(self._connection, most_bytes, until)
        except TimeoutError:
            self._late()
        except Gone:
            ending = self._ending()
            self.end()
            raise SilentError(ending) from None
        except NoMessage as error:
            self.end()
            raise SilentError(f"gave {error}") from None
        except BaseException:
            self.end()
            raise

    def _late(self) -> NoReturn:
        self.end()
        raise SilentError(f"took more than {self._limits.seconds} seconds ({SECONDS} allows more)") from None

    def _ending(self) -> str:
        """How it ended by itself."""
        try:
            code = self._process.wait(_ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            return "closed its connection to the engine"
        if code == -signal.SIGKILL:
            return f"was killed, as one is that has no memory left ({MEMORY} bounds it)"
        if code < 0:
            return f"crashed its process ({signal.Signals(-code).name})"
        return f"ended its process with status {code}, without a word"


def _end(connection: socket.socket, process: subprocess.Popen[bytes], owner: int) -> None:
    """End a process and those it started; in another process than the owner's only let go of it."""
    connection.close()
    if os.getpid() != owner:
        process.returncode = 0  # not ours to wait for
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
