"""What an intake file says of the files of one table; nothing of it is ever guessed."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

__all__ = ["EXACT", "TABLES", "CsvForm", "Intake", "TableIntake", "Writing"]

EXACT = "exact-to-the-fen"
"""What ``money.from_float`` says: a float is taken where it is within a millionth of a whole fen."""

TABLES = (
    "claims",
    "insured",
    "identities",
    "registrations",
    "premiums",
    "months",
    "uses",
    "families",
    "settled",
    "contracts",
    "cases",
    "entries",
    "people",
    "purchases",
    "agreed",
)
"""Tables of a bureau that settlements read: an intake file may have a part for each."""


@dataclass(frozen=True, slots=True)
class CsvForm:
    """How CSV files are written; what is not said is what RFC 4180 has.

    Attributes
    ----------
    encoding : empty where the caller says it.
    delimiter, quote : one character of ASCII each; an empty ``quote`` means that no cell stands in quotes.
    null : cells that say that nothing is there.
    """

    encoding: str = ""
    delimiter: str = ","
    quote: str = '"'
    null: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Writing:
    """How dates, or times, are written: the forms, and the zone in which stamps that carry one of their own are meant."""

    forms: tuple[str, ...] = ()
    zone: str = ""


@dataclass(frozen=True, slots=True)
class TableIntake:
    """What is said of one table.

    Attributes
    ----------
    file : the intake file, for messages.
    sha256 : its digest.
    table : the table's name.
    columns : their name to ours; ``own`` are those that are said of this table and not of all: every file must have them.
    ignore_case : whether a name is bound to ours whatever the case of its letters.
    constants : ours to the text of every cell.
    codes : ours to theirs to ours.
    unit, thousands, exact : how amounts are written: ``""``, ``"yuan"`` or ``"fen"``; what groups digits; whether a float may hold one.
    strip, half : whether blanks around cells go, and whether digits and letters of full width are those of half width.
    sheet : of a workbook, its name or its number from 1 on; 0 where nothing is said.
    """

    file: str
    sha256: str
    table: str
    columns: Mapping[str, str] = field(default_factory=dict)
    own: frozenset[str] = frozenset()
    ignore_case: bool = False
    constants: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    dates: Writing = Writing()
    times: Writing = Writing()
    unit: str = ""
    thousands: str = ""
    exact: bool = False
    strip: bool = False
    half: bool = False
    csv: CsvForm = CsvForm()
    sheet: str | int = 0

    def record(self) -> dict[str, Any]:
        """What is said, as JSON holds it."""
        return {**asdict(self), "own": sorted(self.own)}

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> TableIntake:
        """What a record (:meth:`record`) says."""
        csv = {**record["csv"], "null": tuple(record["csv"]["null"])}
        written = {name: Writing(tuple(record[name]["forms"]), record[name]["zone"]) for name in ("dates", "times")}
        return cls(**{**record, **written, "own": frozenset(record["own"]), "csv": CsvForm(**csv)})


@dataclass(frozen=True, slots=True)
class Intake:
    """An intake file.

    Attributes
    ----------
    file : its name.
    sha256 : its digest, as hexadecimal text.
    text : what stands in it.
    tables : what it says of tables that it has a part for; ``others`` is what it says of every other one.
    """

    file: str
    sha256: str
    text: str
    tables: Mapping[str, TableIntake]
    others: TableIntake

    def of(self, table: str) -> TableIntake:
        """What is said of a table."""
        return self.tables[table] if table in self.tables else replace(self.others, table=table)

    @property
    def encodings(self) -> frozenset[str]:
        """The encodings of CSV files that it says, by their usual names."""
        said = (one.csv.encoding for one in (self.others, *self.tables.values()))
        return frozenset(codecs.lookup(name).name for name in said if name)

    def record(self) -> dict[str, str]:
        """What a run record says of it: the text, too, so that files can be read again as they were."""
        return {"file": self.file, "sha256": self.sha256, "text": self.text}
