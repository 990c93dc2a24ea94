"""A TOML file opened and parsed: no float, and what is wrong with one that is no TOML."""

from __future__ import annotations

import re
import stat
import tomllib
from decimal import Decimal
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from qingsuan.errors import PolicyError
from qingsuan.policy.toml.noted import Noted, note_file, note_folder, noting
from qingsuan.policy.toml.told import MOST_DIGITS

__all__ = ["MOST_BYTES", "decoded", "files_in", "is_unchanged", "parsed_text", "read_bytes", "read_text", "toml_in"]

MOST_BYTES = 16 << 20
"""A parameter file that is longer is none that anybody wrote."""


def toml_in(folder: Traversable | Path) -> list[Traversable | Path]:
    """The parameter files (``*.toml``) of a folder, by name.

    Raises
    ------
    OSError
        The folder cannot be read; whose fault that is, the caller knows.
    """
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    note_folder(folder, [file.name for file in files])
    return files


def files_in(folder: Traversable | Path, what: str, key: str) -> list[Traversable | Path]:
    """The parameter files (``*.toml``) of a folder that a region hands over, by name.

    ``what`` says in a message which folder of which region it is; ``key`` is the word of ``Region`` that has it.

    Raises
    ------
    PolicyError
        The folder cannot be read.
    """
    try:
        return toml_in(folder)
    except OSError as error:
        raise PolicyError(
            str(folder),
            found=f"{what} cannot be read ({error.strerror or error})",
            expected="a folder of *.toml files",
            do=f"check Region({key}=…) and that the plugin ships the folder (package-data)",
        ) from error


def read_text(file: Traversable | Path) -> str:
    """Read a parameter file as UTF-8 text (a byte order mark is allowed).

    Raises
    ------
    PolicyError
        The file cannot be opened, or is not UTF-8.
    """
    return decoded(read_bytes(file), file)


def decoded(content: bytes, file: Traversable | Path) -> str:
    """The text of a parameter file that was read; see :func:`read_text`."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PolicyError(
            str(file),
            found=f"byte {error.start + 1} (0x{error.object[error.start]:02x}) is not UTF-8",
            expected="a UTF-8 text file",
            do="save the file as UTF-8 (Chinese editors often save GBK)",
        ) from error


def read_bytes(file: Traversable | Path) -> bytes:
    """Read a parameter file as it is.

    Raises
    ------
    PolicyError
        The file cannot be opened, is no file that has an end, or is longer than ``MOST_BYTES``.
    """
    try:
        content = _whole(file) if isinstance(file, Path) else file.read_bytes()
    except OSError as error:
        raise PolicyError(
            str(file),
            found=f"the file cannot be read ({error.strerror or error})",
            expected="a readable UTF-8 text file",
            do="check that the file is there, is shipped with the plugin, and may be read",
        ) from error
    note_file(file, content)
    return content


def is_unchanged(noted: Noted) -> bool:
    """Whether all that was noted would be read again as it was."""
    try:
        with noting() as now:
            for folder in noted.folders:
                toml_in(folder)
            for file in noted.files:
                read_bytes(file)
    except (OSError, PolicyError):
        return False
    return noted.is_whole and now.is_whole and (now.files, now.folders) == (noted.files, noted.folders)


def _whole(file: Path) -> bytes:
    state = file.stat()
    if not stat.S_ISREG(state.st_mode):
        raise PolicyError(
            str(file),
            found="something else than a file: nobody knows where it ends",
            expected="a readable UTF-8 text file",
            do="put a file in its place",
        )
    with file.open("rb") as stream:
        content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise PolicyError(
            str(file),
            found=f"more than {MOST_BYTES:,} bytes",
            expected="a file of rules, or a list, that can be read at once",
            do="divide it, or take out what is no rule",
        )
    return content


def parsed_text(text: str, label: str) -> dict[str, Any]:
    """Parse the text of a TOML file, floats as decimals.

    Raises
    ------
    PolicyError
        It is not TOML.
    """
    if not text.strip():
        raise PolicyError(label, found="an empty file", expected="a TOML 1.0 file", do="write it, or take it away")
    try:
        return tomllib.loads(text, parse_float=_decimal)
    except (ValueError, RecursionError) as error:
        raise PolicyError(
            label, found=f"not TOML: {_why(text, error)}", expected="a TOML 1.0 file", do="mend that line"
        ) from error


class _NumberError(ValueError):
    """A number that TOML allows, and nobody can hold."""


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except ArithmeticError as error:
        raise _NumberError(text) from error


def _why(text: str, error: Exception) -> str:
    """Say what is wrong with a text that is no TOML, and in which line."""
    match error:
        case tomllib.TOMLDecodeError():
            return str(error)
        case _NumberError():
            number = str(error)
        case RecursionError():
            return "brackets within brackets, too deep to be read"
        case _:
            number = max(re.findall(r"[0-9_]+", text), key=len, default="")
    line = text.count("\n", 0, max(0, text.find(number))) + 1
    shown = number if len(number) <= MOST_DIGITS else f"{number[:8]}… of {len(number)} digits"
    return f"the number {shown} is beyond what can be read (at line {line})"
