"""A bureau's small tables: UTF-8 CSV files with a header. Further columns and lines that begin with ``#`` are ignored.

A file that cannot be trusted is a :class:`~qingsuan.errors.PolicyError` before any input is opened.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from qingsuan.errors import PolicyError
from qingsuan.policy.toml.file import decoded, read_bytes, read_text

__all__ = ["Line", "TableFile", "keyed", "lines_of", "longest", "number", "prefix_of"]

_Value = TypeVar("_Value")
Line = tuple[str, dict[str, str]]
"""File and line, for messages; the cells by column, trimmed."""


@dataclass(frozen=True, slots=True)
class TableFile:
    """One file of the bureau: which table, the file's name, its SHA-256, its comment lines, and where it lies."""

    table: str
    name: str
    sha256: str
    comments: tuple[str, ...]
    path: Path = Path()

    @classmethod
    def of(cls, table: str, file: Path) -> TableFile:
        """Read a file's digest and comments."""
        content = read_bytes(file)
        lines = [line for line in decoded(content, file).splitlines() if line.startswith("#")]
        digest = hashlib.sha256(content).hexdigest()
        return cls(table, file.name, digest, tuple(line.lstrip("# ").rstrip() for line in lines), file)


def longest(table: Mapping[str, _Value], admdvs: str) -> _Value | None:
    """What ``table`` holds for the longest of the prefixes (six, four, two digits) of ``admdvs``."""
    return next((table[admdvs[:size]] for size in (6, 4, 2) if admdvs[:size] in table), None)


def keyed(file: Path, columns: Sequence[str], one: Callable[[Mapping[str, str], str], _Value]) -> dict[str, _Value]:
    """Read every line with ``one``, keyed by the prefix in ``admdvs``; the same prefix twice is refused."""
    table: dict[str, _Value] = {}
    lines: dict[str, str] = {}
    for where, row in lines_of(file, columns):
        prefix = prefix_of(row["admdvs"], where)
        if prefix in table:
            first = lines[prefix].rsplit(":", 1)[1].strip()
            raise PolicyError(
                where,
                found=f'admdvs "{row["admdvs"]}" again, first in {first}',
                expected="each once",
                do="take one of the two lines out",
            )
        table[prefix], lines[prefix] = one(row, where), where
    return table


def prefix_of(admdvs: str, where: str) -> str:
    """``150100`` and ``1501`` both mean a prefecture, ``150000`` and ``15`` a region."""
    if re.fullmatch(r"[1-9][0-9]([0-9][0-9]){0,2}", admdvs) is None:
        expected = "six digits, or a prefix of four or two"
        raise PolicyError(where, found=f'admdvs "{admdvs}"', expected=expected, do="write the code of the division")
    while len(admdvs) > 2 and admdvs.endswith("00"):
        admdvs = admdvs[:-2]
    return admdvs


def lines_of(file: Path, columns: Sequence[str]) -> Iterator[Line]:
    """Yield (file and line, row) of a CSV file that has these columns, its cells trimmed."""
    wanted = f"a CSV file with the columns {','.join(columns)}"
    # Comment lines are blanked, not dropped, so that messages name the line an editor shows.
    text = ("" if line.startswith("#") else line for line in read_text(file).splitlines())
    reader = csv.reader(text, strict=True)
    try:
        rows = ([cell.strip() for cell in row] for row in reader if row)
        header = next(rows, [])
        absent = [name for name in columns if name not in header]
        if absent or len(set(header)) != len(header):
            found = f"no column {', '.join(absent)}" if absent else "a column twice"
            raise PolicyError(
                str(file),
                found=f"{found} in the header {','.join(header)}",
                expected=wanted,
                do="write these names into the first line",
            )
        for row in rows:
            where = f"{file}: line {reader.line_num}"
            if len(row) != len(header):
                raise PolicyError(
                    where,
                    found=f"{len(row)} cells",
                    expected=f"{len(header)} cells, as in the header",
                    do="add or take out a cell",
                )
            yield where, dict(zip(header, row, strict=True))
    except csv.Error as error:
        raise PolicyError(
            f"{file}: line {reader.line_num}", found=f"not CSV: {error}", expected=wanted, do="mend that line"
        ) from error


def number(text: str, read: Callable[[str | int], int], where: str, column: str, expected: str) -> int:
    """The number of a cell, as ``read`` reads it.

    Raises
    ------
    PolicyError
        It is none.
    """
    try:
        return read(text)
    except ValueError:
        raise PolicyError(
            where, found=f'{column} "{text}"', expected=expected, do="write the number that the document gives"
        ) from None
