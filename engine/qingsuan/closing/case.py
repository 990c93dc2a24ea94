"""A case file: one strict TOML that names what the settlements of a year read, which plugins they take, and their options."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qingsuan.closing.parts import PARTS, Kind, Part
from qingsuan.errors import PolicyError, UsageError
from qingsuan.policy.strict import Table, load
from qingsuan.run.bounds import FIRST_YEAR, LAST_YEAR

__all__ = ["Case", "read_case"]


_OF_PLUGINS = ("require", "allow")


@dataclass(frozen=True, slots=True)
class Case:
    """A year as a case file has it.

    Attributes
    ----------
    file, content : the file, and its bytes as they were read.
    common : what every settlement is given: plugins that must be there, plugins that are allowed, how files are read.
    parts : the parts that the file names, in their order, each with its own arguments.
    """

    file: Path
    content: bytes
    year: int
    common: Mapping[str, Any]
    parts: tuple[tuple[Part, Mapping[str, Any]], ...]

    @property
    def sha256(self) -> str:
        """The digest of the file, as hexadecimal text."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its parts."""
        return tuple(part.name for part, _ in self.parts)

    def common_to(self, part: Part) -> dict[str, Any]:
        """What of :attr:`common` a part takes: only those in which plugins have a say are told which."""
        return {name: value for name, value in self.common.items() if part.takes_plugins or name not in _OF_PLUGINS}

    def places(self) -> Iterator[str]:
        """Every file, folder and glob that is read."""
        for arguments in (self.common, *(own for _, own in self.parts)):
            for value in arguments.values():
                if isinstance(value, Path):
                    yield str(value)
                elif isinstance(value, list):
                    yield from map(str, value)


def read_case(file: Path) -> Case:
    """Read a case file; whatever it names lies where it says from the file's own folder on.

    Raises
    ------
    UsageError
        There is no such file.
    PolicyError
        The file cannot be read, has a key that nobody knows, names no part, or a part without what it needs.
    """
    if not file.is_file():
        raise UsageError(
            str(file),
            found="no such file",
            expected="a case file (docs/year-end.md)",
            do="give its path; a sample has one",
        )
    table = load(file)
    content = file.read_bytes()
    year = table.table("year")
    number = year.whole("year", low=FIRST_YEAR, high=LAST_YEAR)
    folder = file.absolute().parent
    common = {
        "require": year.texts("require", ()),
        "allow": folder / year.text("allow") if year.has("allow") else None,
        "csv_encoding": year.text("csv_encoding", "utf8"),
        "intake": folder / year.text("intake") if year.has("intake") else None,
    }
    shared = table.table("inputs") if table.has("inputs") else Table({}, file=str(file), path="inputs")
    asked = [(part, table.table(part.name)) for part in PARTS if table.has(part.name)]
    if not asked:
        expected = ", ".join(f"[{part.name}]" for part in PARTS)
        table.refuse("", found="no part of the year", expected=f"one of {expected}", do="name the settlements to run")
    inputs = {name: _paths(shared, name, folder) for part in PARTS for name in part.tables if shared.has(name)}
    parts = tuple((part, _arguments(part, own, inputs, folder)) for part, own in asked)
    table.done()
    _check_needs(table, [part for part, _ in asked])
    _check_used(shared, inputs, asked)
    return Case(file, content, number, common, parts)


def _arguments(part: Part, own: Table, inputs: Mapping[str, list[str]], folder: Path) -> dict[str, Any]:
    """The arguments of a part: tables of its own before those of the year."""
    found: dict[str, Any] = {}
    for name, must in part.tables.items():
        if own.has(name):
            found[name] = _paths(own, name, folder)
        elif name in inputs:
            found[name] = inputs[name]
        elif must:
            own.refuse(
                name, found="no such table", expected=f"{name} in [inputs] or [{part.name}]", do=f"add {name} = …"
            )
    for name, kind in part.options.items():
        if own.has(name) or name in part.must:
            found[name] = _READERS[kind](own, name, folder)
    return found


def _path(table: Table, name: str, folder: Path) -> Path:
    return folder / table.text(name)


def _date(table: Table, name: str, _: Path) -> dt.date:
    return table.date(name)


def _flag(table: Table, name: str, _: Path) -> bool:
    return table.flag(name)


_READERS: Mapping[Kind, Callable[[Table, str, Path], Any]] = {"path": _path, "date": _date, "flag": _flag}


def _paths(table: Table, name: str, folder: Path) -> list[str]:
    """One place, or a list of them."""
    texts = table.texts(name) if table.is_list(name) else (table.text(name),)
    if not texts:
        table.refuse(
            name, found="an empty list", expected="files, folders or globs", do="name one, or take the key out"
        )
    return [str(folder / text) for text in texts]


def _check_used(shared: Table, inputs: Mapping[str, list[str]], asked: list[tuple[Part, Table]]) -> None:
    """A table that no part takes was meant for one that is not there."""
    for name in inputs:
        if not any(name in part.tables and not own.has(name) for part, own in asked):
            takers = " or ".join(f"[{part.name}]" for part in PARTS if name in part.tables)
            shared.refuse(
                name, found="a table that no part of this case takes", expected=takers, do="add it, or take it out"
            )


def _check_needs(table: Table, parts: list[Part]) -> None:
    there = {part.name for part in parts}
    for part in parts:
        for needed, why in part.needs.items():
            if needed not in there:
                raise PolicyError(
                    table.where(part.name),
                    found=f"[{part.name}] without [{needed}]",
                    expected=f"[{needed}], too: {why}",
                    do=f"add [{needed}], or take [{part.name}] out",
                )
