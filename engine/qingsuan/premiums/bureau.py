"""What the bureau supplies beside the premium rule: standards of pools, and how many people must be insured.

Each is a small CSV file (:mod:`qingsuan.heads.small_tables`). Nothing has a default.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from qingsuan.errors import PolicyError
from qingsuan.heads.small_tables import TableFile, keyed, number
from qingsuan.heads.standards import MAX_STANDARD_FEN
from qingsuan.money import fen_of_yuan, yuan

__all__ = ["MUST_INSURE_COLUMNS", "STANDARD_COLUMNS", "BureauTables", "PoolStandard"]

STANDARD_COLUMNS = ("admdvs", "standard")
MUST_INSURE_COLUMNS = ("admdvs", "people")
_MOST_PEOPLE = 10**10


@dataclass(frozen=True, slots=True)
class PoolStandard:
    """A pool's own standard per head, and the file and line that says so."""

    fen: int
    where: str


@dataclass(frozen=True, slots=True)
class BureauTables:
    """The bureau's tables.

    Attributes
    ----------
    standards : by prefix of 2, 4 or 6 digits, the longest wins.
    must_insure : by county, how many people must be insured there (应参保人数).
    files : those that were read, with their digests and what their comments say (a made-up table says so).
    """

    standards: Mapping[str, PoolStandard] = field(default_factory=dict)
    must_insure: Mapping[str, int] = field(default_factory=dict)
    files: tuple[TableFile, ...] = ()

    @property
    def paths(self) -> tuple[Path, ...]:
        """Where the files lie that were read."""
        return tuple(file.path for file in self.files)

    @classmethod
    def read(cls, standards: Path | None, must_insure: Path | None) -> BureauTables:
        """Read the files that were handed over.

        Raises
        ------
        PolicyError
            One cannot be trusted.
        """
        named = {"standards": standards, "must_insure": must_insure}
        return cls(
            standards={} if standards is None else keyed(standards, STANDARD_COLUMNS, _standard),
            must_insure={} if must_insure is None else keyed(must_insure, MUST_INSURE_COLUMNS, _people),
            files=tuple(TableFile.of(name, file) for name, file in named.items() if file is not None),
        )


def _standard(row: Mapping[str, str], where: str) -> PoolStandard:
    fen = number(row["standard"], fen_of_yuan, where, "standard", "yuan per head, at most two decimals")
    if not 0 < fen <= MAX_STANDARD_FEN:
        expected = f"above 0, at most {yuan(MAX_STANDARD_FEN)} yuan"
        raise PolicyError(where, found=f"standard {row['standard']}", expected=expected, do="correct the amount")
    return PoolStandard(fen, where)


def _people(row: Mapping[str, str], where: str) -> int:
    if re.fullmatch(r"[0-9]{6}", row["admdvs"]) is None or row["admdvs"].endswith("00"):
        found, expected = f'admdvs "{row["admdvs"]}"', "the six digits of a county or banner"
        raise PolicyError(where, found=found, expected=expected, do="write the county's code in full")
    people = number(row["people"], _whole, where, "people", "a whole number of people")
    if not 0 < people <= _MOST_PEOPLE:
        expected = f"above 0, at most {_MOST_PEOPLE} people"
        raise PolicyError(where, found=f"people {row['people']}", expected=expected, do="correct the number")
    return people


def _whole(text: str | int) -> int:
    if re.fullmatch(r"[0-9]{1,11}", str(text)) is None:
        raise ValueError(f"not a whole number: {text!r}")
    return int(text)
