"""Files inspected: rows, columns found, missing and unknown, what stands in them, an intake file proposed, rows that would be rejected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from qingsuan.errors import InputError, UsageError
from qingsuan.inspection.looking import Looked, look
from qingsuan.inspection.proposing import proposed
from qingsuan.inspection.rows import Rejections, rejections
from qingsuan.inspection.tables import COLUMNS, known_of, meant, taken_for
from qingsuan.inspection.tallies import Tally, plain_text
from qingsuan.run.inputs import Intake, Source, TableIntake, bound, chunks, intake_of

__all__ = ["Inspected", "inspect"]

_PROPOSAL = "intake.toml"


@dataclass(frozen=True, slots=True)
class Inspected:
    """What was found in files.

    Attributes
    ----------
    table : what they were taken for.
    sources : the files.
    tallies : what stands in each column that the table has, and in how many cells nothing does.
    missing : columns that every file must have, and one lacks; ``unread`` are those that nobody reads.
    proposal : the text of an intake file; empty where none is needed.
    as_it_is, as_proposed : what a run would reject; the second is None without a proposal.
    """

    table: str
    sources: tuple[Source, ...]
    tallies: tuple[Tally, ...]
    missing: tuple[str, ...]
    unread: tuple[str, ...]
    left_out: tuple[str, ...]
    proposal: str
    as_it_is: Rejections
    as_proposed: Rejections | None

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return sum(source.rows for source in self.sources)


def inspect(places: Sequence[str | Path], table: str = "", intake: Intake | None = None) -> Inspected:
    """Look into files, batch by batch; ``table`` is what they are, or empty for the table that their columns are most like.

    Raises
    ------
    UsageError
        There is no such table.
    InputError
        A file cannot be read in any way that is known.
    """
    if table and table not in COLUMNS:
        raise UsageError(f"--table {table}", found="no such table", expected=", ".join(COLUMNS), do="give one of these")
    said = TableIntake("", "", table) if intake is None else intake.of(table)
    given = look(places, said)
    table = table or taken_for({name for source in given.sources for name in source.schema.names})
    said = replace(given.said if intake is None else intake.of(table), csv=given.said.csv, table=table)
    named = _named(given, said)
    tallies, missing, unread = _tallied(given.sources, named)
    text = "" if intake is not None else proposed(named, tallies, missing, unread)
    columns, known = COLUMNS[table], known_of(table)
    as_it_is = (
        Rejections(given.door) if given.door else rejections(_as_said(given.sources, intake, table), columns, known)
    )
    then = None
    if text:
        then = rejections(_as_said(given.sources, intake_of(text, _PROPOSAL), table), columns, known)
    return Inspected(table, given.sources, tallies, missing, unread, tuple(given.left_out), text, as_it_is, then)


def _as_said(sources: Sequence[Source], intake: Intake | None, table: str) -> list[Source]:
    return [replace(source, said=None if intake is None else intake.of(table)) for source in sources]


def _named(given: Looked, said: TableIntake) -> TableIntake:
    """What would have to be said of names."""
    known = known_of(said.table)
    columns, ignore_case = dict(said.columns), said.ignore_case
    for source in given.sources:
        there = {name for name in source.schema.names if name in known} | set(columns.values())
        for name in source.schema.names:
            if name in known or name in columns:
                continue
            if name.casefold() in known and name.casefold() not in there:
                ignore_case = True
                there.add(name.casefold())
            elif ours := meant(name, said.table, there):
                columns[name] = ours
                there.add(ours)
    return replace(said, columns=columns, ignore_case=ignore_case)


def _tallied(
    sources: Sequence[Source], named: TableIntake
) -> tuple[tuple[Tally, ...], tuple[str, ...], tuple[str, ...]]:
    """What stands in the columns, as they are written: nothing but their names is changed."""
    kinds = {column.name: column for column in COLUMNS[named.table]}
    only_names = TableIntake(
        "", "", named.table, named.columns, ignore_case=named.ignore_case, csv=named.csv, sheet=named.sheet
    )
    tallies: dict[str, Tally] = {}
    missing: dict[str, None] = {}
    unread: dict[str, None] = {}
    for source in sources:
        try:
            ready = bound(replace(source, said=only_names), COLUMNS[named.table], known_of(named.table))
        except InputError:
            ready = source  # two columns for one: what a run says of that is told with the rows
        called = {} if ready.reading is None else {ours: theirs for theirs, ours in ready.reading.called.items()}
        there = [name for name in ready.schema.names if name in kinds]
        missing.update(dict.fromkeys(name for name, column in kinds.items() if column.must and name not in there))
        unread.update(dict.fromkeys(name for name in ready.schema.names if name not in known_of(named.table)))
        for name in there:
            kind, type_ = kinds[name].kind, ready.schema.field(name).type
            tallies.setdefault(
                name, Tally(name, called.get(name, name), kind, type_, in_workbook=source.kind == "xlsx")
            )
        for chunk in chunks(ready) if there else ():
            for _, batch, _ in chunk.batches(there):
                for name in there:
                    tallies[name].add(batch.column(name))
    return tuple(tallies.values()), tuple(missing), tuple(unread)


def record(found: Inspected) -> dict[str, Any]:
    """What was found, as JSON holds it."""
    return {
        "table": found.table,
        "files": [{"file": source.name, "rows": source.rows, "kind": source.kind} for source in found.sources],
        "left_out": list(found.left_out),
        "rows": found.rows,
        "columns": [
            {
                "column": tally.name,
                "in_the_file": tally.theirs,
                "type": str(tally.type),
                "nulls": tally.nulls,
                "least": None if tally.least is None else plain_text(tally.least),
                "greatest": None if tally.greatest is None else plain_text(tally.greatest),
                "codes": dict(sorted(tally.codes.items())),
                "written": {way: count for way, count in tally.ways.items() if count},
            }
            for tally in found.tallies
        ],
        "missing": list(found.missing),
        "unread": list(found.unread),
        "proposal": found.proposal,
        "as_it_is": _rejected(found.as_it_is),
        "as_proposed": None if found.as_proposed is None else _rejected(found.as_proposed),
    }


def _rejected(found: Rejections) -> dict[str, Any]:
    names = ("file", "row", "code", "column", "found", "expected")
    return {
        "stops": found.door,
        "rejected": dict(sorted(found.by_code.items())),
        "first": [dict(zip(names, one, strict=True)) for one in found.first],
    }
