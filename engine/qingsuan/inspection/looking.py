"""Files opened to be looked at: where one cannot be opened as it is, the encoding or delimiter that opens it is found out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from qingsuan.errors import InputError
from qingsuan.run.inputs import Found, Source, TableIntake, find_files, open_files

__all__ = ["Looked", "look"]

_ENCODINGS = ("gb18030", "utf-16")
_DELIMITERS = (";", "\t", "|")


@dataclass(frozen=True, slots=True)
class Looked:
    """Files that were opened, what has to be said of them so that they can be, and what a run would say as they are."""

    sources: tuple[Source, ...]
    said: TableIntake
    door: str
    left_out: Sequence[str]


def look(places: Sequence[str | Path], said: TableIntake) -> Looked:
    """Open files.

    Raises
    ------
    InputError
        One cannot be read in any way that is known.
    """
    found, door = find_files(places, "files"), ""
    sources: list[Source] = []
    for file in found.files:
        one = Found([file])
        try:
            opened = open_files(one, "utf8", said)
        except InputError as error:
            door = door or str(error)
            said, opened = _otherwise(one, said, error)
        said, opened = _delimited(one, said, opened)
        sources += [replace(source, number=len(sources)) for source in opened]
    return Looked(tuple(replace(source, said=said) for source in sources), said, door, found.left_out)


def _otherwise(found: Found, said: TableIntake, error: InputError) -> tuple[TableIntake, tuple[Source, ...]]:
    """Open a file in another encoding; the error is raised again if none reads it."""
    for encoding in _ENCODINGS if not said.csv.encoding else ():
        other = replace(said, csv=replace(said.csv, encoding=encoding))
        try:
            return other, open_files(found, "utf8", other)
        except InputError:
            continue
    raise error


def _delimited(found: Found, said: TableIntake, opened: tuple[Source, ...]) -> tuple[TableIntake, tuple[Source, ...]]:
    """Open a CSV file that seems to have one column by what is between cells in its name."""
    names = opened[0].schema.names
    sign = next((sign for sign in _DELIMITERS if len(names) == 1 and sign in names[0]), "")
    if opened[0].kind != "csv" or not sign:
        return said, opened
    other = replace(said, csv=replace(said.csv, delimiter=sign))
    try:
        return other, open_files(found, "utf8", other)
    except InputError:
        return said, opened
