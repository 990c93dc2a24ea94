"""A PostgreSQL server of the tests' own, on loopback, in a folder of its own: started when it is asked for, gone with the session."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

__all__ = ["Server", "running"]

_USER = "postgres"


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    binaries: Path
    folder: Path
    port: int

    @property
    def address(self) -> str:
        return f"postgresql://{_USER}@127.0.0.1:{self.port}/{_USER}"

    def start(self) -> None:
        options = f"-h 127.0.0.1 -p {self.port} -k {self.folder} -c fsync=off"
        self._do(
            "pg_ctl", "-D", self.folder / "data", "-w", "-t", "60", "-l", self.folder / "log", "-o", options, "start"
        )

    def stop(self) -> None:
        """Stop it as a machine that loses its power does."""
        self._do("pg_ctl", "-D", self.folder / "data", "-w", "-m", "immediate", "stop")

    def make(self) -> None:
        self._do(
            "initdb", "-D", self.folder / "data", "-A", "trust", "-U", _USER, "--no-sync", "-E", "UTF8", "--locale=C"
        )

    def _do(self, program: str, *arguments: object) -> None:
        command = [*_as_somebody_else(), str(self.binaries / program), *map(str, arguments)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)


def _as_somebody_else() -> Sequence[str]:
    """PostgreSQL will not run as root."""
    return ["setpriv", f"--reuid={_USER}", f"--regid={_USER}", "--clear-groups"] if os.getuid() == 0 else []


def _binaries() -> Path | None:
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return next((place for place in reversed(places) if (place / "initdb").is_file()), None)


def _installed() -> Path | None:
    """Where the server's programs are; in CI they are installed where they are not."""
    if _binaries() is None and os.environ.get("CI") and os.getuid() == 0 and shutil.which("apt-get"):
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "postgresql"]
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=240)
    return _binaries()


@contextmanager
def running() -> Iterator[Server]:
    """A server, with nothing in it; the test is skipped where there is none."""
    if importlib.util.find_spec("adbc_driver_postgresql") is None:
        pytest.skip('the extra "postgresql" is not installed')
    binaries = _installed()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed, and could not be")
    folder = Path(tempfile.mkdtemp(prefix="qingsuan-postgresql-"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Server(binaries, folder, port)
    try:
        if os.getuid() == 0:
            shutil.chown(folder, _USER, _USER)
        server.make()
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
