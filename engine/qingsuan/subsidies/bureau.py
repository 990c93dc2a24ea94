"""What the bureau supplies beside the rule: classes of counties, higher standards, the split of the local share.

Each is a small UTF-8 CSV file with a header; unknown further columns and lines that begin with ``#`` are ignored. Nothing has a default.
A file that cannot be trusted is a :class:`~qingsuan.errors.PolicyError` before any input is opened.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from qingsuan.errors import PolicyError
from qingsuan.money import BP_ONE, bp_of_percent, fen_of_yuan, yuan
from qingsuan.policy.toml.file import read_text
from qingsuan.policy.toml.told import SMALL_BP, did_you_mean, plain_percent
from qingsuan.subsidies.model import BEARERS, MAX_STANDARD_FEN

__all__ = [
    "CLASS_COLUMNS",
    "SPLIT_COLUMNS",
    "STANDARD_COLUMNS",
    "BureauTables",
    "PoolStandard",
    "TableFile",
    "longest",
    "read_classes",
    "read_local_split",
    "read_standards",
]

CLASS_COLUMNS = ("admdvs", "class")
STANDARD_COLUMNS = ("admdvs", "standard", "excess_bearer")
SPLIT_COLUMNS = ("admdvs", "prefecture_percent")

_Value = TypeVar("_Value")
_Line = tuple[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class PoolStandard:
    """A pool's own standard per head, and who bears what is above the minimum (empty when it is the minimum)."""

    fen: int
    bearer: str
    where: str


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
        lines = [line for line in read_text(file).splitlines() if line.startswith("#")]
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        return cls(table, file.name, digest, tuple(line.lstrip("# ").rstrip() for line in lines), file)


@dataclass(frozen=True, slots=True)
class BureauTables:
    """The bureau's tables. None means the table was not handed over.

    ``files`` names the files that were read, with their digests and what their comments say (a made-up table says so).
    ``classes`` maps a county to (class, file and line); ``standards`` and ``prefecture_bp`` map a prefix of 2, 4 or 6
    digits, the longest wins.
    """

    classes: Mapping[str, tuple[str, str]] | None = None
    standards: Mapping[str, PoolStandard] = field(default_factory=dict)
    prefecture_bp: Mapping[str, int] | None = None
    files: tuple[TableFile, ...] = ()

    @property
    def paths(self) -> tuple[Path, ...]:
        """Where the files lie that were read."""
        return tuple(file.path for file in self.files)

    @classmethod
    def read(cls, classes: Path | None, standards: Path | None, local_split: Path | None) -> BureauTables:
        """Read the files that were handed over."""
        named = {"classes": classes, "standards": standards, "local_split": local_split}
        return cls(
            classes=None if classes is None else read_classes(classes),
            standards={} if standards is None else read_standards(standards),
            prefecture_bp=None if local_split is None else read_local_split(local_split),
            files=tuple(TableFile.of(name, file) for name, file in named.items() if file is not None),
        )


def longest(table: Mapping[str, _Value], admdvs: str) -> _Value | None:
    """What ``table`` holds for the longest of the prefixes (six, four, two digits) of ``admdvs``."""
    return next((table[admdvs[:size]] for size in (6, 4, 2) if admdvs[:size] in table), None)


def read_classes(file: Path) -> dict[str, tuple[str, str]]:
    """Read ``admdvs,class``: county -> (class, file and line). Whether the class exists the rule decides."""

    def one(row: Mapping[str, str], where: str) -> tuple[str, str]:
        if re.fullmatch(r"[0-9]{6}", row["admdvs"]) is None:
            raise PolicyError(
                where,
                found=f'admdvs "{row["admdvs"]}"',
                expected="the six digits of a county or banner",
                do="write the county's code in full",
            )
        return row["class"], where

    return _keyed(file, CLASS_COLUMNS, one)


def read_standards(file: Path) -> dict[str, PoolStandard]:
    """Read ``admdvs,standard,excess_bearer``: prefix -> the pool's standard."""

    def one(row: Mapping[str, str], where: str) -> PoolStandard:
        fen = _number(row["standard"], fen_of_yuan, where, "standard", "yuan per head, at most two decimals")
        if not 0 < fen <= MAX_STANDARD_FEN:
            expected = f"above 0, at most {yuan(MAX_STANDARD_FEN)} yuan"
            raise PolicyError(where, found=f"standard {row['standard']}", expected=expected, do="correct the amount")
        bearer = row["excess_bearer"]
        if bearer and bearer not in BEARERS:
            hint = did_you_mean(bearer, BEARERS) or "write one of these, or nothing where there is no excess"
            raise PolicyError(where, found=f'excess_bearer "{bearer}"', expected=" | ".join(BEARERS), do=hint)
        return PoolStandard(fen, bearer, where)

    return _keyed(file, STANDARD_COLUMNS, one)


def read_local_split(file: Path) -> dict[str, int]:
    """Read ``admdvs,prefecture_percent``: prefix -> the prefecture's part of the local share, in basis points."""

    def one(row: Mapping[str, str], where: str) -> int:
        expected = "a percentage from 0 to 100, at most two decimals, such as 33.33"
        bp = _number(row["prefecture_percent"], bp_of_percent, where, "prefecture_percent", expected)
        if not 0 <= bp <= BP_ONE:
            found, do = f"prefecture_percent {row['prefecture_percent']}", "correct the percentage"
            raise PolicyError(where, found=found, expected=expected, do=do)
        if 0 < bp < SMALL_BP and row.get("exact") != "1":
            raise PolicyError(
                where,
                found=f"prefecture_percent {row['prefecture_percent']}",
                expected="a percentage of at least 2, or 1 in a column exact: 0.6 is 0.6 %, and rarely meant",
                do=f"write {plain_percent(bp * 100)} if {plain_percent(bp * 100)} % is meant",
            )
        return bp

    return _keyed(file, SPLIT_COLUMNS, one)


def _keyed(file: Path, columns: Sequence[str], one: Callable[[Mapping[str, str], str], _Value]) -> dict[str, _Value]:
    """Read every line with ``one``, keyed by the prefix in ``admdvs``; the same prefix twice is refused."""
    table: dict[str, _Value] = {}
    lines: dict[str, str] = {}
    for where, row in _rows(file, columns):
        prefix = _prefix(row["admdvs"], where)
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


def _prefix(admdvs: str, where: str) -> str:
    """``150100`` and ``1501`` both mean a prefecture, ``150000`` and ``15`` a region."""
    if re.fullmatch(r"[1-9][0-9]([0-9][0-9]){0,2}", admdvs) is None:
        expected = "six digits, or a prefix of four or two"
        raise PolicyError(where, found=f'admdvs "{admdvs}"', expected=expected, do="write the code of the division")
    while len(admdvs) > 2 and admdvs.endswith("00"):
        admdvs = admdvs[:-2]
    return admdvs


def _rows(file: Path, columns: Sequence[str]) -> Iterator[_Line]:
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


def _number(text: str, read: Callable[[str | int], int], where: str, column: str, expected: str) -> int:
    try:
        return read(text)
    except ValueError:
        raise PolicyError(
            where, found=f'{column} "{text}"', expected=expected, do="write the number that the document gives"
        ) from None
