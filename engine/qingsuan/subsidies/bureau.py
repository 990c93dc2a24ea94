"""What the bureau supplies beside the rule: classes of counties, higher standards, the split of the local share.

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
from qingsuan.money import BP_ONE, bp_of_percent, fen_of_yuan, yuan
from qingsuan.policy.toml.told import SMALL_BP, did_you_mean, plain_percent
from qingsuan.subsidies.model import BEARERS

__all__ = [
    "CLASS_COLUMNS",
    "SPLIT_COLUMNS",
    "STANDARD_COLUMNS",
    "BureauTables",
    "PoolStandard",
    "read_classes",
    "read_local_split",
    "read_standards",
]

CLASS_COLUMNS = ("admdvs", "class")
STANDARD_COLUMNS = ("admdvs", "standard", "excess_bearer")
SPLIT_COLUMNS = ("admdvs", "prefecture_percent")


@dataclass(frozen=True, slots=True)
class PoolStandard:
    """A pool's own standard per head, and who bears what is above the minimum (empty when it is the minimum)."""

    fen: int
    bearer: str
    where: str


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

    return keyed(file, CLASS_COLUMNS, one)


def read_standards(file: Path) -> dict[str, PoolStandard]:
    """Read ``admdvs,standard,excess_bearer``: prefix -> the pool's standard."""

    def one(row: Mapping[str, str], where: str) -> PoolStandard:
        fen = number(row["standard"], fen_of_yuan, where, "standard", "yuan per head, at most two decimals")
        if not 0 < fen <= MAX_STANDARD_FEN:
            expected = f"above 0, at most {yuan(MAX_STANDARD_FEN)} yuan"
            raise PolicyError(where, found=f"standard {row['standard']}", expected=expected, do="correct the amount")
        bearer = row["excess_bearer"]
        if bearer and bearer not in BEARERS:
            hint = did_you_mean(bearer, BEARERS) or "write one of these, or nothing where there is no excess"
            raise PolicyError(where, found=f'excess_bearer "{bearer}"', expected=" | ".join(BEARERS), do=hint)
        return PoolStandard(fen, bearer, where)

    return keyed(file, STANDARD_COLUMNS, one)


def read_local_split(file: Path) -> dict[str, int]:
    """Read ``admdvs,prefecture_percent``: prefix -> the prefecture's part of the local share, in basis points."""

    def one(row: Mapping[str, str], where: str) -> int:
        expected = "a percentage from 0 to 100, at most two decimals, such as 33.33"
        bp = number(row["prefecture_percent"], bp_of_percent, where, "prefecture_percent", expected)
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

    return keyed(file, SPLIT_COLUMNS, one)
