"""Checksums of files that are written and read whole: whatever was changed by accident shows, at the speed of memory.

A file is cut into pieces of 256 bytes. The checksum is the SHA-256 of their hashes (:func:`qingsuan.people.piece_hashes`), one
after another, and of the bytes after the last whole piece. It keeps nobody from changing a file on purpose: for that the digest of
``delivery.json`` would have to be kept elsewhere.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from qingsuan.people import piece_hashes

__all__ = ["PIECE_BYTES", "Checksum", "Stored", "checksum_of"]

PIECE_BYTES = 256


class Checksum:
    """The checksum of bytes that come one after another."""

    def __init__(self) -> None:
        self._digest, self._rest = hashlib.sha256(), b""

    def update(self, content: Any) -> None:
        """Take further bytes: anything that gives them as a buffer."""
        if self._rest:
            content = self._rest + bytes(content)
        data = np.frombuffer(content, np.uint8)
        whole = len(data) - len(data) % PIECE_BYTES
        if whole:
            self._digest.update(piece_hashes(data[:whole], PIECE_BYTES).tobytes())
        self._rest = data[whole:].tobytes()

    def hexdigest(self) -> str:
        """The checksum of all of them."""
        digest = self._digest.copy()
        digest.update(self._rest)
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Stored:
    """A file of a delivery as it was written: its name from the delivery's folder on, its size, its checksum."""

    file: str
    size: int
    checksum: str

    @classmethod
    def of(cls, folder: Path, name: str) -> Stored:
        """Read a file that is there.

        Raises
        ------
        OSError
            It cannot be read.
        """
        with pa.memory_map(str(folder / name)) as source:
            return cls(name, source.size(), checksum_of(source.read_buffer()))


def checksum_of(content: Any) -> str:
    """The checksum of a whole file's bytes."""
    found = Checksum()
    found.update(content)
    return found.hexdigest()
