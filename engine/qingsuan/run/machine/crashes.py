"""Files that end the process: a library that decodes one may meet what its makers did not think of, and takes everything with it.

Nothing can be saved then, but what happened can be told: which file it was, and that the command ends with the status of an input that
cannot be read. What a run finished by then lies in its folder, and ``--resume`` goes on from there. The door of ``_crash``.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qingsuan import _crash
from qingsuan.errors import InputError

__all__ = ["crash_of", "decoding", "tell_of_crashes"]

_FILE = "<file>"

_threads = threading.local()


def crash_of(file: str = _FILE) -> InputError:
    """The error that a crash stands for."""
    return InputError(
        file,
        found="cannot be read: the library that decodes it ended the whole process",
        expected="a whole file, as its writer meant it",
        do="fetch the file again, or have another program write it; then give the command again",
    )


def tell_of_crashes(text: str, file: str = _FILE) -> bool:
    """Have a crash of this process while a file is decoded told so; returns whether this system can do that.

    Only a process that is there for one command asks for it: what a crash means for another program, that program decides.

    Parameters
    ----------
    text
        What :func:`crash_of` says, in the language of the command, ``file`` standing where the file will.
    """
    before, after = text.split(file)
    return _crash.tell(before.encode(), f"{after}\n".encode(), InputError.exit_status)


@contextmanager
def decoding(file: Path | str) -> Iterator[None]:
    """Say that this thread decodes a file inside."""
    if not hasattr(_threads, "mine"):
        _threads.mine = _crash.Thread()
    _threads.mine.decodes(_harmless(str(file)).encode("utf-8", "replace"))
    try:
        yield
    finally:
        _threads.mine.decodes(b"")


def _harmless(text: str) -> str:
    return text if text.isprintable() else "".join(char if char.isprintable() else "?" for char in text)
