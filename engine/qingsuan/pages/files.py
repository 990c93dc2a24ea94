"""A page written to a file: whole or not at all, and for its owner alone where it is about people."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from qingsuan.errors import UsageError

__all__ = ["write_page"]

_EVERYBODY = 0o644


def write_page(page: str, out: Path, *, private: bool) -> None:
    """Write a page in place of what is there.

    Parameters
    ----------
    private
        The page is about people: only the owner of the file can read it (0600), from its first byte on.

    Raises
    ------
    UsageError
        It cannot be written there.
    """
    written = None
    try:
        handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
        written = Path(name)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(page)
        if not private:
            written.chmod(_EVERYBODY)
        written.replace(out)
    except OSError as error:
        if written is not None:
            written.unlink(missing_ok=True)
        raise UsageError(
            str(out),
            found=f"cannot be written ({error.strerror or error})",
            expected="a file in a folder that is there and can be written to",
        ) from error
