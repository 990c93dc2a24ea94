"""A file bound to the table that it is of: its columns, and keys of its folders, become columns of the interface as was said.

What is said is held against the file: a column of theirs that it lacks, a name of ours that nobody reads, two columns for one,
a constant for a column that is there: each stops the run before a row is read. Without an intake file, and but for workbooks and
folders ``key=value``, a file stays as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn

import pyarrow as pa

from qingsuan.errors import InputError
from qingsuan.run.inputs.formats.source import Source
from qingsuan.run.inputs.intake.reading import Reading
from qingsuan.run.inputs.intake.said import TableIntake
from qingsuan.run.inputs.intake.steps import Step
from qingsuan.run.inputs.names import INTERFACE_NAMES
from qingsuan.tables import Column

__all__ = ["bound"]

_BY_CODES = ("text", "code", "flag")


def bound(source: Source, columns: Iterable[Column], known: Collection[str]) -> Source:
    """A file with the columns of a table.

    Parameters
    ----------
    columns
        Those of the table that are read, with their kinds.
    known
        Every name that means something in the table.

    Raises
    ------
    InputError
        What an intake file says does not fit the file.
    """
    names = source.schema.names
    keys = [key for key, _ in source.partitions]
    if source.said is None and source.kind != "xlsx" and not set(keys) & set(known):
        return source
    if len(set(names)) < len(names) or source.reading is not None:
        return source  # a name that is there twice is refused with the other faults of columns
    binding = _Binding(source, {column.name: column.kind for column in columns}, frozenset(known))
    reading = Reading(source.schema, tuple(binding.steps()))
    called = reading.called
    int96 = frozenset(called.get(name, name) for name in source.int96)
    left = tuple(key for key in keys if binding.meant(key) not in reading.schema.names)
    return replace(source, schema=reading.schema, reading=reading, int96=int96, keys_below=left)


class _Binding:
    """What is found of one file while it is bound."""

    def __init__(self, source: Source, kinds: dict[str, str], known: frozenset[str]) -> None:
        self._source, self._kinds, self._known = source, kinds, known
        self._said = TableIntake("", "", "") if source.said is None else source.said
        self._theirs: dict[str, str] = {}

    def steps(self) -> Iterator[Step]:
        """A step for each column of ours, those of the file first."""
        self._bind()
        self._check_codes()
        ours = {theirs: name for name, theirs in self._theirs.items()}
        for name in self._source.schema.names:
            yield self._step(ours.get(name, name), name)
        for key, value in self._source.partitions:
            if name := self.meant(key):
                self._check_new(name, f"folder {key}=…")
                yield replace(self._step(name, ""), constant=value)
        for name, text in self._said.constants.items():
            if self._is_known(name, f"constants.{name}"):
                self._check_new(name, f"constants.{name}")
                yield Step(name, "", self._kind(name), constant=text, is_ours=True)

    def _bind(self) -> None:
        """Find the column of theirs for each of ours."""
        there = self._source.schema.names
        for theirs, ours in self._said.columns.items():
            found = self._found(theirs)
            if not self._is_known(ours, f'columns."{theirs}"', must=theirs in self._said.own):
                continue
            if found:
                self._take(ours, found)
            elif theirs in self._said.own:
                self._refuse(
                    f'columns."{theirs}"',
                    f"{self._source.where} has no such column; columns: {', '.join(there)}",
                    "a column of the file",
                    "mend the name, or take the line out",
                )
        taken = set(self._theirs.values())
        for name in there:
            if name not in taken and (ours := self.meant(name)):
                self._take(ours, name)

    def _found(self, theirs: str) -> str:
        """The column of the file that is meant by a name of theirs; empty if it has none."""
        names = self._source.schema.names
        if theirs in names:
            return theirs
        alike = [name for name in names if self._said.ignore_case and name.casefold() == theirs.casefold()]
        return alike[0] if alike else ""

    def meant(self, name: str) -> str:
        """The column of ours that a name is, if case is not looked at where that is said; empty if it is none."""
        if name in self._known:
            return name
        alike = [one for one in self._known if self._said.ignore_case and one == name.casefold()]
        return alike[0] if alike else ""

    def _take(self, ours: str, theirs: str) -> None:
        other = self._theirs.setdefault(ours, theirs)
        if other != theirs:
            self._refuse(
                f"{self._source.where}: column {ours}",
                f"two columns of the file: “{other}” and “{theirs}”",
                "one column of theirs for each of ours",
                "bind one of them, and write the extract without the other",
                is_file=True,
            )

    def _check_new(self, name: str, key: str) -> None:
        if name in self._theirs:
            self._refuse(
                key,
                f"{self._source.where} has the column {name} itself (“{self._theirs[name]}”)",
                "a column that it lacks",
                "take it out",
            )
        self._theirs[name] = key

    def _check_codes(self) -> None:
        for name in self._said.codes:
            if self._is_known(name, f"codes.{name}") and self._kind(name) not in _BY_CODES:
                self._refuse(
                    f"codes.{name}", f"a column of kind {self._kind(name)}", "a column of codes", "take it out"
                )

    def _is_known(self, ours: str, key: str, *, must: bool = False) -> bool:
        """Whether this table has a column of ours; one that no table has, or that this one must have, is refused."""
        if ours in self._known:
            return True
        if ours in INTERFACE_NAMES and not must:
            return False
        near = get_close_matches(ours, sorted(self._known), 1)
        table = self._said.table or "this table"
        self._refuse(
            key,
            f'"{ours}", which is no column of {table}',
            "a name of docs/tables.md",
            f"did you mean {near[0]}?" if near else "mend it, or take it out",
        )

    def _refuse(self, key: str, found: str, expected: str, do: str, *, is_file: bool = False) -> NoReturn:
        table = f"{self._said.table}." if self._said.table else ""
        where = key if is_file or not self._said.file else f"{self._said.file}: {table}{key}"
        raise InputError(where, found=found, expected=expected, do=do)

    def _kind(self, name: str) -> str:
        return self._kinds.get(name, "code" if name in self._known else "")

    def _step(self, ours: str, theirs: str) -> Step:
        said, kind = self._said, self._kind(ours)
        if not kind or (theirs and self._theirs.get(ours) != theirs):
            return Step(ours, theirs)
        given = self._source.schema.field(theirs).type if theirs else pa.string()
        if kind == "money" and said.unit == "fen" and pa.types.is_decimal(given):
            self._refuse(
                "money.unit",
                f"fen, and {self._source.where} has decimals in {theirs}",
                "decimals of yuan, or whole numbers of fen",
                "say the unit of other tables only",
            )
        writing = {"date": said.dates, "time": said.times}.get(kind)
        return Step(
            ours,
            theirs,
            kind,
            digits=self._source.kind == "xlsx",
            null=said.csv.null if self._source.kind == "csv" else (),
            strip=said.strip,
            half=said.half,
            codes=dict(said.codes.get(ours, {})),
            forms=writing.forms if writing else (),
            zone=writing.zone if writing else "",
            unit=said.unit if kind == "money" else "",
            thousands=said.thousands if kind == "money" else "",
            exact=said.exact and kind == "money",
            file=Path(said.file).name,
        )
