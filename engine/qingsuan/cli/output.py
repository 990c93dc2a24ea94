"""What a command prints: results on standard output, everything else on standard error.

While a command runs, standard output is not there for anybody else: file descriptor 1 leads to standard error, so what a plugin
prints, from Python or from C, never stands between the results. These are written to a copy of it that nobody else knows.
"""

from __future__ import annotations

import errno
import functools
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

from qingsuan.errors import RunError
from qingsuan.messages import Lang, Words
from qingsuan.report.text import harmless, proven

if TYPE_CHECKING:
    from qingsuan.finished import FinishedRun

__all__ = ["finished", "open_standard_streams", "results_apart", "show", "show_json", "show_run", "tell"]

_P = ParamSpec("_P")
_R = TypeVar("_R")

_STANDARD_OUTPUT = 1


class _Results:
    """Where results go: by descriptor, where standard output is the process's own; else by the stream that stands for it."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.encoding: str = getattr(stream, "encoding", None) or "utf-8"
        self.descriptor: int | None = None

    def write(self, text: str) -> None:
        """Write a text whole.

        Raises
        ------
        OSError
            Standard output is closed, or the disk it leads to is full.
        """
        if self.stream is None:
            raise OSError(errno.EBADF, "standard output is closed")
        content = text.encode(self.encoding, "backslashreplace")
        if self.descriptor is None:
            self.stream.write(content.decode(self.encoding))
            self.stream.flush()
            return
        while content:
            content = content[os.write(self.descriptor, content) :]

    def can_show(self, text: str) -> bool:
        """Whether the terminal has every character of the text."""
        try:
            text.encode(self.encoding)
        except UnicodeEncodeError:
            return False
        return True


_results: list[_Results] = []
"""Where the results of the command that runs go; empty between commands."""


def results_apart(command: Callable[_P, _R]) -> Callable[_P, _R]:
    """Decorate a command: while it runs, what is not a result of its own goes to standard error."""

    @functools.wraps(command)
    def apart(*arguments: _P.args, **named: _P.kwargs) -> _R:
        with _apart():
            return command(*arguments, **named)

    return apart


@contextmanager
def _apart() -> Iterator[None]:
    standard = sys.stdout
    results = _Results(standard)
    if _is_descriptor_1(standard):
        standard.flush()
        results.descriptor = os.dup(_STANDARD_OUTPUT)
        os.dup2(2, _STANDARD_OUTPUT)
    sys.stdout = sys.stderr
    _results.append(results)
    try:
        yield
    finally:
        _results.pop()
        sys.stdout = standard
        if results.descriptor is not None:
            os.dup2(results.descriptor, _STANDARD_OUTPUT)
            os.close(results.descriptor)


def _is_descriptor_1(stream: Any) -> bool:
    try:
        return bool(stream.fileno() == _STANDARD_OUTPUT)
    except (AttributeError, OSError, ValueError):  # None, or a stream that a test put there
        return False


def show(text: str) -> None:
    """Print a result; what the terminal has no character for is written as an escape, and what it would obey, too.

    Raises
    ------
    OSError
        It cannot be printed.
    """
    _results[-1].write(f"{harmless(text)}\n")


def show_json(value: object) -> None:
    """Print a result as one JSON document, in ASCII where the terminal has not every character; like :func:`show`."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    is_plain = _results[-1].can_show(text) and harmless(text) == text
    show(text if is_plain else json.dumps(value, indent=2))


def tell(text: str) -> None:
    """Say something on standard error; a run does not end because nobody can hear it."""
    with suppress(OSError, ValueError):
        click.echo(harmless(text), err=True)


@contextmanager
def finished(out: Path, digest: str) -> Iterator[None]:
    """Print what a finished run came to; that it is finished is said whatever becomes of the printing.

    Raises
    ------
    RunError
        Only the printing failed.
    """
    try:
        yield
    except OSError as error:
        raise RunError(
            str(out),
            found=f"the run is finished, and run.json is whole (SHA-256 {digest}); only printing it failed: {error}",
            expected="a standard output that can be written",
            do="read run.json there; nothing has to be settled again",
        ) from error


def show_run(run: FinishedRun, out: Path, *, as_json: bool, lang: Lang) -> None:
    """Print what a finished run came to: its summary in a language, or its record as one JSON document.

    Raises
    ------
    RunError
        Only the printing failed: the run is finished.
    """
    with finished(out, run.record_sha256):
        if as_json:
            seconds = {"seconds": run.seconds} if run.seconds else {}
            show_json({**run.record, **seconds, "record_sha256": run.record_sha256})
        else:
            show(f"{run.summary(lang)}\n\n{proven(Words(lang), run.record_sha256)}")


def open_standard_streams() -> None:
    """Have descriptors 0, 1 and 2 taken, so that no file of a run gets one of them; and no character stop a sentence."""
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(handle)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
