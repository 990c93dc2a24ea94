"""A bureau's monitoring lines (监测标准): for whom illness makes poor (因病致贫), whom it throws back (因病返贫); applications."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from qingsuan.errors import PolicyError
from qingsuan.heads.small_tables import TableFile, lines_of, number, prefix_of
from qingsuan.money import MAX_FEN, fen_of_yuan, yuan

__all__ = ["KINDS", "LINE_COLUMNS", "MEASURES", "Monitoring", "MonitoringLine"]

KINDS: Mapping[str, str] = {"made-poor": "因病致贫", "thrown-back": "因病返贫"}
MEASURES = ("in-scope", "all")
"""What is held against a line: the person's own part of the cost in scope (政策范围内), or all of it."""

LINE_COLUMNS = ("line", "admdvs", "measure", "amount", "codes", "becomes")
_EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class MonitoringLine:
    """A line for the people of some places.

    Attributes
    ----------
    codes
        For whom it is: holders of one of these identity classes; none for people who hold no class of the other line.
    becomes
        The class that a candidate would be given; empty for none.
    """

    line: str
    prefix: str
    measure: str
    fen: int
    codes: tuple[str, ...]
    becomes: str


@dataclass(frozen=True, slots=True)
class Monitoring:
    """The lines, and days of application by person; ``applications`` is None where candidates are recognised without one."""

    lines: tuple[MonitoringLine, ...] = ()
    applications: Mapping[str, int] | None = None
    files: tuple[TableFile, ...] = field(default=())

    @property
    def codes(self) -> frozenset[str]:
        """Every identity class that some line names."""
        return frozenset(code for line in self.lines for code in line.codes)

    @property
    def least_fen(self) -> int:
        """The lowest line of all: nobody below is looked at."""
        return min((line.fen for line in self.lines), default=0)

    def of(self, admdvs: str) -> list[MonitoringLine]:
        """The lines of a county: of each kind that of the longest prefix."""
        found: dict[str, MonitoringLine] = {}
        for line in sorted(self.lines, key=lambda one: len(one.prefix)):
            if admdvs.startswith(line.prefix):
                found[line.line] = line
        return [found[kind] for kind in KINDS if kind in found]

    @classmethod
    def read(cls, lines: Path, applications: Path | None) -> Monitoring:
        """Read the tables.

        Raises
        ------
        PolicyError
            A line cannot be trusted, or stands twice.
        """
        named = {"burden": lines, "applications": applications}
        return cls(
            _lines(lines),
            None if applications is None else _applications(applications),
            tuple(TableFile.of(name, file) for name, file in named.items() if file is not None),
        )


def _lines(file: Path) -> tuple[MonitoringLine, ...]:
    found: dict[tuple[str, str], MonitoringLine] = {}
    for where, cells in lines_of(file, LINE_COLUMNS):
        for column, known in (("line", tuple(KINDS)), ("measure", MEASURES)):
            if cells[column] not in known:
                _refuse(where, f'{column} "{cells[column]}"', f"one of {', '.join(known)}")
        prefix = prefix_of(cells["admdvs"], where)
        fen = number(cells["amount"], fen_of_yuan, where, "amount", "yuan, at most two decimals")
        if not 0 < fen <= MAX_FEN:
            _refuse(where, f"amount {yuan(fen)}", f"above 0, at most {yuan(MAX_FEN)}")
        codes = tuple(cells["codes"].split())
        for code in (*codes, *([cells["becomes"]] if cells["becomes"] else [])):
            if re.fullmatch(r"[0-9]{4}", code) is None:
                _refuse(where, f'identity class "{code}"', "four digits")
        if (cells["line"], prefix) in found:
            _refuse(where, f"{cells['line']} of {prefix} again", "each line of a place once")
        found[cells["line"], prefix] = MonitoringLine(
            cells["line"], prefix, cells["measure"], fen, codes, cells["becomes"]
        )
    if not found:
        _refuse(str(file), "no line", "at least one monitoring line")
    return tuple(found.values())


def _applications(file: Path) -> dict[str, int]:
    found: dict[str, int] = {}
    for where, cells in lines_of(file, ("psn_no", "date")):
        try:
            day = dt.date.fromisoformat(cells["date"]) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", cells["date"]) else None
        except ValueError:
            day = None
        if day is None or not cells["psn_no"] or cells["psn_no"] in found:
            said = f'psn_no "{cells["psn_no"]}", date "{cells["date"]}"'
            _refuse(where, said, "a person once, with the day of the application as YYYY-MM-DD")
        else:
            found[cells["psn_no"]] = (day - _EPOCH).days
    return found


def _refuse(where: str, found: str, expected: str) -> None:
    raise PolicyError(where, found=found, expected=expected, do="correct the line")
