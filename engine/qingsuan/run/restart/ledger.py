"""``ledger.jsonl``: which partitions of a run are finished, line by line, so that a killed run can go on.

The first line (the *header*) is the fingerprint of the run; then comes one line for each partition, appended when all its
files are in place; the last names the digest of ``run.json``. Each line ends with a check of itself: truncated
lines are ignored, and so is what follows a broken one.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from dataclasses import asdict, dataclass
from io import RawIOBase
from pathlib import Path
from typing import Any

from qingsuan.errors import RunError
from qingsuan.run.folder import LEDGER, Written, sync

__all__ = ["Ledger", "Lines", "read_lines"]


_DIGEST = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"\.?[a-z]+/part-\d{5,}\.[a-z]+")


@dataclass(frozen=True, slots=True)
class Lines:
    """What a ledger says.

    Attributes
    ----------
    header : the first line, or None.
    partitions : partition -> its files.
    record_sha256 : digest of ``run.json``, or "" while there is none.
    size : up to which byte the header and the partitions' lines are whole; a run that goes on cuts off the rest.
    broken : number of the first line that is not whole, from 1; 0 if all are.
    torn : the broken line is the last and has no end: a crash cut it off.
    """

    header: dict[str, Any] | None
    partitions: dict[int, tuple[Written, ...]]
    record_sha256: str
    size: int
    broken: int
    torn: bool


def _check_of(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _line(content: dict[str, Any]) -> bytes:
    text = json.dumps(content, ensure_ascii=False, separators=(", ", ": "))
    return (text[:-1] + f', "check": "{_check_of(text)}"}}\n').encode()


def _read(line: bytes) -> dict[str, Any] | None:
    try:
        content = json.loads(line)
        is_whole = isinstance(content, dict) and _line(_without_check(content)) == line + b"\n"
    except (ValueError, RecursionError):
        return None
    return content if is_whole else None


def _without_check(content: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name != "check"}


def read_lines(folder: Path) -> Lines:
    """Read a folder's ledger as far as it is whole; none is the same as an empty one.

    Raises
    ------
    OSError
        It is there and cannot be read.
    """
    path = folder / LEDGER
    content = path.read_bytes() if path.exists() else b""
    header: dict[str, Any] | None = None
    partitions: dict[int, tuple[Written, ...]] = {}
    record, size, broken = "", 0, 0
    lines = content.split(b"\n")
    for number, line in enumerate(lines[:-1], 1):
        read = _read(line)
        if number == 1 and read is not None:
            header = _without_check(read)
        elif not record and (found := _partition(read)) is not None:
            partitions[found[0]] = found[1]  # a partition that was settled again has a later line
        elif not record and read is not None and _is_digest(read.get("run.json")):
            record = str(read["run.json"])
            continue  # nothing stands behind it: a run that was killed before run.json appeared writes the line anew
        else:
            broken = number
            break
        size += len(line) + 1
    torn = not broken and lines[-1] != b""
    return Lines(header, partitions, record, size, broken or (len(lines) if torn else 0), torn)


def _partition(read: dict[str, Any] | None) -> tuple[int, tuple[Written, ...]] | None:
    """What a line says of a partition; None if it says no such thing."""
    number: Any = (read or {}).get("partition")
    files: Any = (read or {}).get("files")
    if not _is_count(number) or not isinstance(files, list) or not all(map(_is_written, files)):
        return None
    written = tuple(Written(**file) for file in files)
    return (int(number), written) if len({file.file for file in written}) == len(written) else None


def _is_written(file: Any) -> bool:
    """Whether it has the form of a :class:`~qingsuan.run.folder.Written`: a name below the folder, a size, a digest."""
    if not isinstance(file, dict) or file.keys() != {"file", "size", "sha256"}:
        return False
    name = file["file"]
    return (
        isinstance(name, str) and bool(_NAME.fullmatch(name)) and _is_count(file["size"]) and _is_digest(file["sha256"])
    )


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and bool(_DIGEST.fullmatch(value))


def _write_all(file: RawIOBase, line: bytes) -> None:
    rest = memoryview(line)
    while rest:
        rest = rest[file.write(rest) or 0 :]


class Ledger:
    """A ledger being written. Threads may append side by side.

    Parameters
    ----------
    folder
        The run folder, which has to exist.
    size
        Up to which byte an earlier run's lines are whole; what follows is cut off.
    """

    def __init__(self, folder: Path, size: int = 0) -> None:
        self.path = folder / LEDGER
        self._size = size
        self._lock = threading.Lock()
        self._open = False

    def begin(self, header: dict[str, Any]) -> None:
        """Write the header; an earlier run's lines are gone then."""
        self._size = 0
        self._append(header)

    def partition(self, number: int, files: tuple[Written, ...]) -> None:
        """A partition is finished: all its files are in place."""
        self._append({"partition": number, "files": [asdict(file) for file in files]})

    def finish(self, record_sha256: str) -> None:
        """The run record is about to appear."""
        self._append({"run.json": record_sha256})

    def _append(self, content: dict[str, Any]) -> None:
        line = _line(content)
        try:
            with self._lock:
                new = not self.path.exists()
                with self.path.open("ab", buffering=0) as file:
                    if not self._open:
                        file.truncate(self._size)
                        self._open = True
                    try:
                        _write_all(file, line)
                        os.fsync(file.fileno())
                    except OSError:
                        file.truncate(self._size)
                        raise
                    self._size += len(line)
                if new:
                    sync(self.path.parent)
        except OSError as error:
            raise RunError(
                str(self.path),
                found=f"could not be written: {error}",
                expected="room and the right to write",
                do="make room, or let this user write there",
            ) from error
