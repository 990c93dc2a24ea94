"""A finished run and its prepared year held in memory, a partition at a time: to explain everybody, and not read files for each.

What is explained is what the command explains: the same rows go the same way, only where they are read from is another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qingsuan.explain import whole
from qingsuan.explain.rows import person
from qingsuan.explain.rows.found import Found, text_of
from qingsuan.explain.rows.opening import Opened
from qingsuan.run.deliveries import inputs_of
from qingsuan.run.prepared.bounds import placed
from qingsuan.run.prepared.opened import Delivery

__all__ = ["held_in_memory", "people_by_partition", "readable_claims"]


class _Rows(list[dict[str, Any]]):
    """Rows that are plain already, as tables give them."""

    def to_pylist(self) -> list[dict[str, Any]]:
        return self


class _HeldDelivery:
    """A delivery of which one partition is in memory."""

    def __init__(self, delivery: Delivery) -> None:
        self.delivery, self.partition = delivery, -1
        self.tables: dict[str, dict[str, _Rows]] = {}

    @cached_property
    def state(self) -> Any:
        return self.delivery.state

    def person(self, psn_no: str) -> Mapping[str, _Rows]:
        partition = placed(psn_no, self.delivery.partitions)[0]
        if partition != self.partition:
            self.partition = partition
            self.tables = {
                name: _by_person(self.delivery.read(name, partition)) for name in self.delivery.record.tables
            }
        return {name: people.get(psn_no, _Rows()) for name, people in self.tables.items()}


class _HeldFolder:
    """The rows of a run folder of which one partition is in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.part = folder, ""
        self.tables: dict[str, dict[str, _Rows]] = {}

    def found_of(self, folder: Path, record: Mapping[str, Any], psn_no: str) -> Found:
        assert folder == self.folder
        part = f"part-{placed(psn_no, int(record['partitions']))[0]:05d}.parquet"
        if part != self.part:
            self.part = part
            self.tables = {name: _texts(folder / name / part) for name in Found().tables}
        found = Found()
        for name, people in self.tables.items():
            found.tables[name] = list(people.get(psn_no, ()))
        return found


def _by_person(rows: pa.Table) -> dict[str, _Rows]:
    people: dict[str, _Rows] = {}
    for row in rows.to_pylist():
        people.setdefault(row["psn_no"], _Rows()).append(row)
    return people


def _texts(path: Path) -> dict[str, _Rows]:
    people: dict[str, _Rows] = {}
    for row in pq.read_table(path).to_pylist() if path.exists() else ():
        said = {name: text_of(value) for name, value in row.items() if value is not None}
        people.setdefault(row["psn_no"], _Rows()).append(said)
    return people


@contextmanager
def held_in_memory(opened: Opened) -> Iterator[Opened]:
    """The same run, read a partition at a time; people are asked for in the order of :func:`people_by_partition`."""
    year: Any = replace(opened.year, deliveries=tuple(map(_HeldDelivery, opened.year.deliveries)))
    inputs = inputs_of(opened.year)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(whole, "found_of", _HeldFolder(opened.folder).found_of)
        patched.setattr(person, "inputs_of", lambda _: inputs)
        yield replace(opened, year=year)


def people_by_partition(opened: Opened) -> list[str]:
    """Everybody of whom the run folder has a claim, and whose number can be read, partition after partition."""
    partitions = int(opened.record["partitions"])
    return sorted(set(_people(opened.folder)), key=lambda one: (placed(one, partitions)[0], one))


def readable_claims(folder: Path) -> int:
    """How many claims of a run folder have a person whose number can be read."""
    return sum(1 for _ in _people(folder))


def _people(folder: Path) -> Iterator[str]:
    for name in Found().tables:
        for part in (folder / name).glob("part-*.parquet"):
            yield from (one for one in pq.read_table(part, columns=["psn_no"]).column(0).to_pylist() if one)
