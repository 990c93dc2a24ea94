"""A prepared year as an object: what lies in it, and people and settlements looked up without reading the rest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from qingsuan.columns.rows import arrow, numbers
from qingsuan.run.folder import is_file
from qingsuan.run.prepared.layout import YEAR_RECORD
from qingsuan.run.prepared.opened import Delivery, PreparedYear

__all__ = ["Prepared", "is_prepared"]


def is_prepared(path: Path) -> bool:
    """Whether a folder is a prepared year."""
    return is_file(path / YEAR_RECORD)


class Prepared:
    """A prepared year.

    Parameters
    ----------
    path
        Its folder.
    told
        What the call that wrote it told.

    Attributes
    ----------
    seconds : what the stages took that wrote it; empty of a year that was only opened.

    Raises
    ------
    InputError
        There is none, or it is not as it was written.
    """

    def __init__(self, path: Path, told: Mapping[str, Any] | None = None) -> None:
        self.path, self._year = path, PreparedYear.open(path)
        self.seconds: Mapping[str, float] = (told or {}).get("seconds", {})

    @property
    def record(self) -> dict[str, Any]:
        """Which year it is, into how many parts it is cut, and of each delivery its files, rows and rejected rows."""
        deliveries = [
            {
                "inputs": {
                    table: [{name: file[name] for name in ("file", "rows", "sha256")} for file in files]
                    for table, files in delivery.state["inputs"].items()
                },
                "rows": delivery.state["rows_read"],
                "rejected": {table: one["rows"] for table, one in delivery.state["rejected"].items()},
            }
            for delivery in self._year.deliveries
        ]
        record = self._year.record
        return {
            "settlement": record.settlement,
            "year": record.year,
            "partitions": record.partitions,
            "deliveries": deliveries,
        }

    def person(self, psn_no: str) -> dict[str, pa.Table]:
        """All rows of a person by table, rejected ones not among them: amounts in fen, codes as texts.

        Raises
        ------
        InputError
            A file cannot be read.
        """
        found: dict[str, list[pa.Table]] = {}
        for delivery in self._year.deliveries:
            for table, rows in delivery.person(psn_no).items():
                found.setdefault(table, []).append(_readable(rows, delivery))
        return {table: pa.concat_tables(rows) for table, rows in found.items()}

    def claim(self, setl_id: str) -> pa.Table:
        """All claims and reversals with a settlement id; like :meth:`person`."""
        return pa.concat_tables([_readable(each.claim(setl_id), each) for each in self._year.deliveries])

    def check(self) -> None:
        """Read every file and compare its checksum.

        Raises
        ------
        InputError
            One was changed.
        """
        self._year.check_sums()

    def __repr__(self) -> str:
        record = self._year.record
        return f"<Prepared {self.path}: year {record.year}, {len(self._year.deliveries)} deliveries>"


def _readable(rows: pa.Table, delivery: Delivery) -> pa.Table:
    """Rows with codes as texts, absent ones as null."""
    texts: Mapping[str, list[str]] = delivery.state["learned"]["texts"]
    for place, name in enumerate(rows.schema.names):
        column = rows.column(name)
        if name in texts:
            codes = numbers(column)
            known = pa.array([text or None for text in texts[name]], pa.string())
            rows = rows.set_column(place, name, known.take(arrow(codes)))
    return rows
