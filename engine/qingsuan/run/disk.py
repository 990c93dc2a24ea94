"""What the operating system, or Arrow, could not write, told as the machine's fault."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from qingsuan.errors import RunError

__all__ = ["writing"]


@contextmanager
def writing(where: Path) -> Iterator[None]:
    """Raise a RunError that names ``where`` if what is done inside cannot be written.

    Raises
    ------
    RunError
        The disk is full, the right to write is missing, or memory ran out.
    """
    try:
        yield
    except (OSError, MemoryError, pa.ArrowException) as error:
        raise RunError(
            str(where),
            found=f"could not be written: {error}",
            expected="room and the right to write",
            do="make room, or let this user write there",
        ) from error
