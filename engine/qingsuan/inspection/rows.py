"""Which rows would be rejected for a cell of their own, and why: what only other rows, a year or a plugin show is not among it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from qingsuan.columns.batch import Batch
from qingsuan.errors import InputError
from qingsuan.run.inputs import Source, bound, check_columns, chunks
from qingsuan.tables import Column

__all__ = ["Rejections", "rejections"]

MOST_ROWS = 20
"""So many rejected rows are shown."""


@dataclass(slots=True)
class Rejections:
    """What a run would say: ``door`` is why it would stop before the first row; otherwise how many rows, and the first of them.

    ``first`` has for each row: file, row, code, column, found, expected; of ids, dates and amounts ``found`` is only the shape.
    """

    door: str = ""
    by_code: Counter[str] = field(default_factory=Counter)
    first: list[tuple[str, int, str, str, str, str]] = field(default_factory=list)


def rejections(sources: Sequence[Source], columns: Sequence[Column], known: frozenset[str]) -> Rejections:
    """Hold files against the columns of their table, and their rows against the forms of cells."""
    found = Rejections()
    try:
        ready = [bound(source, columns, known) for source in sources]
        for source in ready:
            check_columns(source, columns, known)
            _add(found, source, columns)
    except InputError as error:
        found.door = str(error)
    return found


def _add(found: Rejections, source: Source, columns: Sequence[Column]) -> None:
    kinds = {column.name: column.kind for column in columns}
    wanted = [name for name in source.schema.names if name in kinds]
    for chunk in chunks(source):
        for first_row, batch, torn in chunk.batches(wanted):
            refused = Batch(batch, columns, source.number, first_row, torn).refusals.table()
            for one in refused.column("code").value_counts().to_pylist():
                found.by_code[one["values"]] += one["counts"]
            left = MOST_ROWS - len(found.first)
            rows = refused.sort_by("row").slice(0, left).to_pylist() if left and refused.num_rows else []
            for row in rows:
                said = row["found"] if kinds.get(row["column"]) in ("code", "flag") else _shaped(row["found"])
                shown = (row["code"], row["column"], said, row["expected"])
                found.first.append((source.name, row["row"] + 1, *shown))


def _shaped(found: str) -> str:
    """What was found, without what stands there: of a cell its shape, digits as 9 and letters as a; of a torn row its line."""
    quoted = re.match(r'"(.*)"(.*)', found, re.DOTALL)
    if quoted is None:
        return found.partition(":")[0]
    shape = "".join("9" if one.isdigit() else "a" if one.isalpha() else one for one in quoted[1][:40])
    return f'"{shape}"{quoted[2]}'
