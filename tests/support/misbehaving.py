"""A machine that misbehaves: files that cannot be written, read, synced, renamed or listed, files that vanish, a clock that jumps back.

The faults lie under Python and pyarrow, where these open, write, read, sync, rename, list and remove files: whatever the engine
reaches a file by (pathlib, shutil, tempfile, hashlib, a reader of Parquet), it meets the same machine. What of pyarrow opens files
in C++ is given a Python file here, so that its reads and writes fail too.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest

__all__ = ["FAULTS", "Fault", "Machine", "fault_of", "misbehaving"]

_REAL_OPEN = io.open

FAULTS: dict[str, tuple[tuple[str, ...], tuple[int, ...]]] = {
    "full": (("write", "create", "mkdir", "sync"), (errno.ENOSPC, errno.EDQUOT)),
    "short": (("write",), ()),
    "write": (("write", "create", "mkdir"), (errno.EIO, errno.ENOSPC, errno.EFBIG, errno.EROFS)),
    "sync": (("sync",), (errno.EIO, errno.ENOSPC)),
    "rename": (("rename",), (errno.EIO, errno.ENOSPC, errno.EACCES, errno.EXDEV)),
    "remove": (("remove",), (errno.EIO, errno.EACCES)),
    "list": (("list",), (errno.EIO, errno.EACCES)),
    "look": (("look",), (errno.EIO, errno.EACCES, errno.ESTALE)),
    "read": (("read", "open"), (errno.EIO, errno.ESTALE)),
    "handles": (("open", "create", "list"), (errno.EMFILE, errno.ENFILE)),
    "vanish": (("open", "read", "write", "sync", "rename", "list", "create"), ()),
    "clock": (("open", "read", "write", "sync", "rename", "list", "create"), ()),
}
"""What goes wrong -> at what it can go wrong, and with which errors of the system."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Attributes
    ----------
    kind : of :data:`FAULTS`.
    at : what the machine is asked for when it happens: "out write" is a write below the output, "in read" a read of an input.
    turn : how many times it was asked for that before.
    error : the error of the system; 0 where there is none.
    lasts : whether it happens at every such turn from then on, as a full disk does.
    """

    kind: str
    at: str
    turn: int
    error: int
    lasts: bool


def fault_of(dice: Random, asked: Counter[str]) -> Fault:
    """A fault that can happen in a run that asks for so much."""
    kind = dice.choice([each for each in FAULTS if any(_can(each, at) for at in asked)])
    at = dice.choice(sorted(at for at in asked if _can(kind, at)))
    errors = FAULTS[kind][1]
    lasts = kind == "full" or (kind in ("write", "read", "rename", "handles") and dice.random() < 0.3)
    return Fault(kind, at, dice.randrange(asked[at]), dice.choice(errors) if errors else 0, lasts)


def _can(kind: str, at: str) -> bool:
    return at.partition(" ")[2] in FAULTS[kind][0]


@dataclass(slots=True)
class Machine:
    """What is asked of a machine below some folders, and what goes wrong there.

    Attributes
    ----------
    places : "in", "out" -> the folder; what lies elsewhere is left alone.
    faults : what goes wrong.
    asked : how often it was asked for what.
    met : the faults that happened, with the path at which they did.
    vanished : the files that went.
    back : by how much the clock was put back.
    handles : file descriptors, and below which folder they are.
    """

    places: dict[str, Path]
    faults: tuple[Fault, ...] = ()
    dice: Random = field(default_factory=Random)
    asked: Counter[str] = field(default_factory=Counter)
    met: list[tuple[Fault, str]] = field(default_factory=list)
    vanished: list[Path] = field(default_factory=list)
    back: float = 0.0
    handles: dict[int, str] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def place_of(self, path: Any) -> str:
        """Where a path lies; nothing if it is not below one of the folders."""
        try:
            name = os.path.abspath(os.fsdecode(path))
        except (TypeError, ValueError):
            return ""
        for place, folder in self.places.items():
            if name == str(folder) or name.startswith(f"{folder}{os.sep}"):
                return place
        return ""

    def asks(self, what: str, path: Any, place: str = "") -> Fault | None:
        """Something is asked for: whether it goes wrong, without an error of the system.

        Raises
        ------
        OSError
            It goes wrong with one.
        """
        place = place or self.place_of(path)
        if not place:
            return None
        at = f"{place} {what}"
        with self.lock:
            turn = self.asked[at]
            self.asked[at] += 1
            hit = next((fault for fault in self.faults if self._happens(fault, at, turn)), None)
            if hit is None:
                return None
            self.met.append((hit, str(path)))
            if hit.kind == "vanish":
                self._vanish(place)
            if hit.kind == "clock":
                self.back -= 86_400.0
        if hit.error:
            raise OSError(
                hit.error, os.strerror(hit.error), *([str(path)] if what not in ("write", "read", "sync") else [])
            )
        return hit

    def _happens(self, fault: Fault, at: str, turn: int) -> bool:
        if fault.lasts and fault.kind == "full":
            begun = any(met is fault for met, _ in self.met)
            return (begun and at.startswith(fault.at.partition(" ")[0]) and _can("full", at)) or (
                fault.at == at and turn == fault.turn
            )
        return fault.at == at and (turn == fault.turn or (fault.lasts and turn > fault.turn))

    def _vanish(self, place: str) -> None:
        """Some file of the folder goes, as under the hands of another program."""
        there = sorted(path for path in self.places[place].rglob("*") if path.is_file() and path.name != ".lock")
        if there:
            gone = self.dice.choice(there)
            _REAL["unlink"](gone)
            self.vanished.append(gone)


_REAL: dict[str, Callable[..., Any]] = {
    name: getattr(os, name)
    for name in (
        "open",
        "fsync",
        "replace",
        "rename",
        "unlink",
        "remove",
        "mkdir",
        "rmdir",
        "scandir",
        "listdir",
        "stat",
        "lstat",
    )
}
_WHAT = {
    "replace": "rename",
    "rename": "rename",
    "unlink": "remove",
    "remove": "remove",
    "mkdir": "mkdir",
    "rmdir": "remove",
    "scandir": "list",
    "listdir": "list",
    "stat": "look",
    "lstat": "look",
}


class _File(io.FileIO):
    """A file of the machine."""

    def __init__(self, machine: Machine, path: Any, mode: str, place: str, opener: Any = None) -> None:
        self._machine, self._path, self._place = machine, path, place
        machine.asks("create" if set(mode) & set("wxa+") else "open", path, place)
        super().__init__(path, mode, opener=opener)
        machine.handles[self.fileno()] = place

    def write(self, content: Any, /) -> int:
        """Write, or a part of it, or fail."""
        hit = self._machine.asks("write", self._path, self._place)
        view = memoryview(content).cast("B")
        return super().write(view[: max(1, len(view) // 2)] if hit and hit.kind == "short" and len(view) else view) or 0

    def readinto(self, buffer: Any, /) -> int | None:
        """Read, or fail."""
        self._machine.asks("read", self._path, self._place)
        return super().readinto(buffer)

    def readall(self) -> bytes:
        """Read, or fail."""
        self._machine.asks("read", self._path, self._place)
        return super().readall() or b""


class _Source(io.BufferedReader):
    """A file as Arrow reads from one: closed when nobody has it any more."""

    def __del__(self) -> None:
        self.close()


class _Sink(io.RawIOBase):
    """A file as Arrow writes to one: whole, however little is taken at once."""

    def __init__(self, file: _File) -> None:
        self._file, self._at = file, 0

    def writable(self) -> bool:
        """It is there to be written."""
        return True

    def tell(self) -> int:
        """How much was written."""
        return self._at

    def write(self, content: Any, /) -> int:
        """Write all of it."""
        rest = memoryview(content).cast("B")
        while len(rest):
            count = self._file.write(rest)
            self._at += count
            rest = rest[count:]
        return len(content)

    def close(self) -> None:
        """Close it."""
        self._file.close()
        super().close()

    def __del__(self) -> None:
        self.close()


@contextmanager
def misbehaving(machine: Machine) -> Iterator[Machine]:
    """Let everything in this process run on the machine, while it lasts."""
    python, arrow = _Python(machine), _Arrow(machine)
    with pytest.MonkeyPatch.context() as patch:
        python.put(patch)
        arrow.put(patch)
        yield machine


class _Python:
    """What Python reaches files by, on a machine."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def put(self, patch: pytest.MonkeyPatch) -> None:
        """Put it in the place of the real one."""
        patch.setattr(io, "open", self.open)
        patch.setattr(builtins, "open", self.open)
        patch.setattr(os, "open", self.handle)
        patch.setattr(os, "fsync", self.sync)
        for name in _WHAT:
            patch.setattr(os, name, self.by_path(name))
        for name, second in (("time", 1), ("time_ns", 1_000_000_000)):
            patch.setattr(time, name, self.clock(getattr(time, name), second))

    def open(
        self,
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,
        opener: Any = None,
    ) -> Any:
        """Open a file, as :func:`open` does."""
        place = "" if isinstance(file, int) else self.machine.place_of(file)
        if not place:
            return _REAL_OPEN(file, mode, buffering, encoding, errors, newline, closefd, opener)
        raw = _File(self.machine, file, mode.replace("b", "").replace("t", ""), place, opener)
        if buffering == 0:
            return raw
        kind: Any = io.BufferedRandom if "+" in mode else io.BufferedReader if "r" in mode else io.BufferedWriter
        binary = kind(raw)
        return binary if "b" in mode else io.TextIOWrapper(binary, encoding, errors, newline)

    def handle(self, path: Any, flags: int, *arguments: Any, dir_fd: int | None = None, **named: Any) -> int:
        """Open a file, as :func:`os.open` does."""
        place = self.machine.handles.get(dir_fd, "") if dir_fd is not None else self.machine.place_of(path)
        self.machine.asks("create" if flags & os.O_CREAT else "open", path, place)
        found: int = _REAL["open"](path, flags, *arguments, dir_fd=dir_fd, **named)
        if place:
            self.machine.handles[found] = place
        else:
            self.machine.handles.pop(found, None)
        return found

    def sync(self, handle: Any) -> None:
        """Sync a file, as :func:`os.fsync` does."""
        number = handle if isinstance(handle, int) else handle.fileno()
        self.machine.asks("sync", f"handle {number}", self.machine.handles.get(number, ""))
        _REAL["fsync"](handle)

    def by_path(self, name: str) -> Callable[..., Any]:
        """A function of :mod:`os` that is given a path, or the number of an open folder."""

        def asked(path: Any = ".", *arguments: Any, **named: Any) -> Any:
            number = path if isinstance(path, int) else named.get("dir_fd")
            place = self.machine.handles.get(number, "") if number is not None else self.machine.place_of(path)
            self.machine.asks(_WHAT[name], path, place)
            return _REAL[name](path, *arguments, **named)

        return asked

    def clock(self, real: Callable[[], Any], second: int) -> Callable[[], Any]:
        """A clock that is put back now and then."""
        return lambda: real() + type(real())(self.machine.back * second)


class _Arrow:
    """What PyArrow reaches files by, on a machine: it is given a Python file in the place of a path."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.real_file, self.real_map, self.real_write = pa.OSFile, pa.memory_map, pq.write_table

    def put(self, patch: pytest.MonkeyPatch) -> None:
        """Put it in the place of the real one."""
        patch.setattr(pa, "OSFile", self.file)
        patch.setattr(pa, "memory_map", self.map)
        patch.setattr(pq, "write_table", self.write)
        for room, name, made in (
            *((pa.ipc, name, self.source) for name in ("open_stream", "open_file")),
            *((pa.ipc, name, self.sink) for name in ("new_stream", "new_file")),
            *((pq, name, self.source) for name in ("read_table", "read_schema", "read_metadata")),
        ):
            patch.setattr(room, name, _first(getattr(room, name), made))
        patch.setattr(pq, "ParquetFile", _on(pq.ParquetFile, self.source))
        patch.setattr(pq, "ParquetWriter", _on(pq.ParquetWriter, self.sink))

    def source(self, path: Any) -> Any:
        """A file to read from, in the place of a path of the machine."""
        if isinstance(path, str | os.PathLike) and (place := self.machine.place_of(path)):
            return pa.PythonFile(_Source(_File(self.machine, path, "r", place)), "r")
        return path

    def sink(self, path: Any) -> Any:
        """A file to write to, likewise."""
        if isinstance(path, str | os.PathLike) and (place := self.machine.place_of(path)):
            return pa.PythonFile(_Sink(_File(self.machine, path, "w", place)), "w")
        return path

    def file(self, path: Any, mode: str = "r") -> Any:
        """A file, as :class:`pyarrow.OSFile` is one."""
        found = self.sink(path) if mode in ("w", "wb") else self.source(path)
        return self.real_file(path, mode) if found is path else found

    def map(self, path: Any, *rest: Any) -> Any:
        """A file that PyArrow would map into memory: it is read."""
        found = self.source(path)
        return self.real_map(path, *rest) if found is path else found

    def write(self, table: pa.Table, where: Any, **named: Any) -> Any:
        """Write a table, as :func:`pyarrow.parquet.write_table` does."""
        return self.real_write(table, self.sink(where), **named)


def _first(real: Callable[..., Any], made: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda path, *arguments, **named: real(made(path), *arguments, **named)


def _on(real: type, made: Callable[[Any], Any]) -> type:
    class OnMachine(real):
        def __init__(self, path: Any, *arguments: Any, **named: Any) -> None:
            super().__init__(made(path), *arguments, **named)

    return OnMachine
