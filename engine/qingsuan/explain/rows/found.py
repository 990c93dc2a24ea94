"""What the run folder has of one person: the rows of ``settled/``, ``reversed/`` and ``rejected/``, and no table whole.

Rows of a person lie together in one part, whose number follows from the hash of ``psn_no``; where rules count by the family, in any
part. Of that part the column ``psn_no`` is read, then the other columns one by one: never more than one column of one part is in memory.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qingsuan.errors import InputError
from qingsuan.listing import files_in
from qingsuan.run.prepared.bounds import placed

__all__ = ["Found", "found_of", "rejected_with", "text_of"]

_FOLDERS = ("settled", "reversed", "rejected")

Texts = Mapping[str, str]


@dataclass(slots=True)
class Found:
    """The rows of a person by table, each a text by column; those that are null are left out."""

    tables: dict[str, list[Texts]] = field(default_factory=lambda: {name: [] for name in _FOLDERS})

    def take(self, table: str, wanted: Mapping[str, str]) -> Texts | None:
        """The first row of a table that has these cells, which is then taken; None if there is none."""
        for number, row in enumerate(self.tables[table]):
            if all(row.get(name, "") == text for name, text in wanted.items()):
                return self.tables[table].pop(number)
        return None

    def peek(self, table: str, wanted: Mapping[str, str]) -> Texts | None:
        """Like :meth:`take`, the row stays."""
        return next(
            (row for row in self.tables[table] if all(row.get(name, "") == text for name, text in wanted.items())), None
        )


def found_of(folder: Path, record: Mapping[str, Any], psn_no: str) -> Found:
    """Read the rows of a person; ``record`` is that of the run.

    Raises
    ------
    InputError
        A file of the folder cannot be read.
    """
    part = f"part-{placed(psn_no, int(record['partitions']))[0]:05d}.parquet"
    found = Found()
    for table in _FOLDERS:
        spread = "families" in record and table != "rejected"
        parts = files_in(folder / table) if spread else [folder / table / part]
        found.tables[table] = [row for one in parts for row in _rows_with(one, "psn_no", psn_no)]
    return found


def rejected_with(folder: Path, column: str, value: str) -> list[Texts]:
    """Rejected claims that have a value, wherever they lie: of some not even the person can be read."""
    return [row for part in files_in(folder / "rejected") for row in _rows_with(part, column, value)]


def _rows_with(path: Path, column: str, value: str) -> Iterator[Texts]:
    try:
        with pq.ParquetFile(path) as file:
            if column not in file.schema_arrow.names:
                return
            for group in range(file.num_row_groups):
                keys = file.read_row_group(group, columns=[column], use_threads=False).column(0)
                places = np.flatnonzero(pc.fill_null(pc.equal(keys.cast(pa.string()), value), False).to_numpy())
                if len(places):
                    yield from _taken(file, group, places)
    except (OSError, pa.ArrowException) as error:
        raise InputError(
            str(path),
            found=f"cannot be read: {error}",
            expected="a part of a finished run as it was written",
            do="see “qingsuan verify”; fetch the folder again, or settle anew",
        ) from error


def _taken(file: pq.ParquetFile, group: int, places: npt.NDArray[np.intp]) -> Iterator[Texts]:
    """Some rows of a row group, of which one column after the other is read."""
    columns: dict[str, Sequence[Any]] = {}
    for name in file.schema_arrow.names:
        column = file.read_row_group(group, columns=[name], use_threads=False).column(0)
        columns[name] = column.take(pa.array(places)).to_pylist()
    for number in range(len(places)):
        yield {name: text_of(values[number]) for name, values in columns.items() if values[number] is not None}


def text_of(value: Any) -> str:
    """A cell as text: amounts with their decimals, dates and times as they are written."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat(sep=" ") if isinstance(value, dt.datetime) else str(value)
