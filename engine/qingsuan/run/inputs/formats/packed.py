"""CSV files that are packed, unpacked as they are read: nothing of them is written anywhere, and little of them is held."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa

__all__ = ["opened"]


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The bytes of a file, unpacked if its ending says that it is packed.

    Raises
    ------
    OSError
        It cannot be opened; while it is read: what is packed is cut short or damaged.
    """
    name = path.name.lower()
    try:
        if name.endswith(".gz"):
            with gzip.open(path, "rb") as file:
                yield cast("BinaryIO", file)
        elif name.endswith(".zst"):
            with pa.CompressedInputStream(pa.OSFile(str(path)), "zstd") as stream:
                yield cast("BinaryIO", _Stream(stream))
        else:
            with path.open("rb") as plain:
                yield plain
    except (EOFError, zlib.error) as error:
        raise OSError(f"what is packed is cut short or damaged: {error}") from error


class _Stream:
    """A stream of Arrow's as the standard library's text layer asks for one."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.closed = False

    def read(self, size: int = -1) -> bytes:
        """So many bytes, or all that is left."""
        return bytes(self._stream.read(None if size < 0 else size))

    read1 = read

    def readable(self) -> bool:
        """It is."""
        return True

    def writable(self) -> bool:
        """It is not."""
        return False

    def seekable(self) -> bool:
        """It is not."""
        return False

    def flush(self) -> None:
        """Nothing is written."""

    def close(self) -> None:
        """It is closed by who opened it."""
