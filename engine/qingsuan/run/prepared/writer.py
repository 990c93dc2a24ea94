"""A delivery being written: part files, what finds a person in them, what finds a settlement, and the record."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.columns.rows import arrow
from qingsuan.people import Texts, partition_of
from qingsuan.run.folder import sync
from qingsuan.run.folder.disk import writing
from qingsuan.run.prepared.bounds import first_hashes
from qingsuan.run.prepared.files import types_of, write_table
from qingsuan.run.prepared.layout import (
    CLAIMS,
    PERSON_KEY,
    PERSONS,
    SETTLEMENT_KEY,
    SETTLEMENTS,
    SPILL,
    TABLE,
    aside_of,
    bounds_name,
    part_name,
    table_name,
)
from qingsuan.run.prepared.records import DeliveryRecord, write_delivery
from qingsuan.run.prepared.settlement_ids import SettlementIds
from qingsuan.run.prepared.sums import Stored
from qingsuan.run.threads import in_threads

__all__ = ["INDEX_MEMORY_BYTES", "DeliveryWriter"]

INDEX_MEMORY_BYTES = 128 << 20
"""What the index of settlements may take while it is collected, unless the caller says otherwise."""


class DeliveryWriter:
    """Writes one delivery. Threads may write parts side by side.

    Parameters
    ----------
    folder
        A new one, which is not there yet.
    partitions
        How many parts each table has.
    memory_bytes
        What the index of settlements may take; the rest of it is put into files meanwhile.
    workers
        How many threads write the index of settlements at the end.

    Attributes
    ----------
    sha256 : of ``delivery.json``, once the delivery is finished.
    """

    def __init__(
        self, folder: Path, partitions: int, *, memory_bytes: int = INDEX_MEMORY_BYTES, workers: int = 1
    ) -> None:
        self.folder, self.partitions, self.workers = folder, partitions, workers
        self.sha256 = ""
        self._begun: set[str] = set()
        self._written: dict[str, Stored] = {}
        self._schemas: dict[str, pa.Schema] | None = None
        self._parts: set[int] = set()
        self._whole = 0
        self._ids = SettlementIds(partitions, memory_bytes, aside_of(folder))
        self._lock = threading.Lock()
        with writing(folder):
            aside_of(folder).mkdir()
            folder.mkdir()

    def write_part(self, partition: int, tables: Mapping[str, pa.Table]) -> None:
        """Write a partition's rows of every table; each partition is written once, empty ones too.

        Parameters
        ----------
        tables
            The same tables and columns for every partition. Rows come in the order of the hashes of ``psn_no``,
            person after person; the table ``claims`` has ``setl_id`` too. Both are texts without nulls.

        Raises
        ------
        ValueError
            The tables are not so, or the partition was written before.
        RunError
            A file cannot be written.
        """
        hashes = {name: self._checked(partition, name, table) for name, table in tables.items()}
        self._begin(partition, {name: table.schema for name, table in tables.items()})
        for name, table in tables.items():
            self._write(part_name(name, partition), table)
        firsts = [first_hashes(each) for each in hashes.values()]
        names = [name for name, each in zip(hashes, firsts, strict=True) for _ in each]
        index = {"table": pa.array(names, pa.string()), "first_hash": arrow(_joined(firsts))}
        self._write(part_name(PERSONS, partition), pa.table(index))
        if CLAIMS in tables:
            self._ids.add(partition, Texts.of(tables[CLAIMS].column(SETTLEMENT_KEY)).hashes)
        with self._lock:
            self._whole += 1

    def _checked(self, partition: int, name: str, table: pa.Table) -> npt.NDArray[np.uint64]:
        """The hashes of the people of rows, which are in their order and belong here."""
        if not TABLE.fullmatch(name) or name in (PERSONS, SETTLEMENTS):
            raise ValueError(f"no table of parts can be called {name!r}")
        for key in (PERSON_KEY, SETTLEMENT_KEY) if name == CLAIMS else (PERSON_KEY,):
            if table.schema.get_field_index(key) < 0 or not pa.types.is_string(table.schema.field(key).type):
                raise ValueError(f"{name} needs one column {key} of texts")
        texts = Texts.of(table.column(PERSON_KEY))
        hashes = texts.hashes
        if not bool((hashes[1:] >= hashes[:-1]).all()):
            raise ValueError(f"rows of {name} in partition {partition} are not in the order of people")
        if len(hashes) and {int(each) for each in partition_of(texts, self.partitions)[[0, -1]]} != {partition}:
            raise ValueError(f"people of {name} in partition {partition} belong to another one")
        return hashes

    def _begin(self, partition: int, schemas: dict[str, pa.Schema]) -> None:
        with self._lock:
            if not 0 <= partition < self.partitions or partition in self._parts:
                raise ValueError(f"partition {partition} of {self.partitions} is none, or was written before")
            self._parts.add(partition)
            self._schemas = self._schemas or schemas
            if schemas != self._schemas:
                raise ValueError(f"partition {partition} has other tables or columns than those before it")

    def write_table(self, name: str, table: pa.Table) -> None:
        """Write a table that is not in parts, for example ``rejected/claims``: it is read whole, by its name.

        Raises
        ------
        ValueError
            No table can be called so, or one is.
        RunError
            It cannot be written.
        """
        self._write(table_name(name), table)

    def _write(self, name: str, table: pa.Table) -> None:
        with self._lock:
            if name in self._begun:
                raise ValueError(f"{name} was written before")
            self._begun.add(name)
        with writing(self.folder / name):
            (self.folder / name).parent.mkdir(exist_ok=True)
        self._written[name] = write_table(self.folder, name, table)

    def finish(self, state: Any) -> None:
        """Write the index of settlements and ``delivery.json``; then everything outlives a power cut.

        Parameters
        ----------
        state
            Whatever JSON is to be known of this delivery.

        Raises
        ------
        ValueError
            A partition is missing.
        RunError
            A file cannot be written.
        """
        if self._whole != self.partitions or self._schemas is None or self._begun != self._written.keys():
            raise ValueError(f"{self._whole} of {self.partitions} partitions were written, or another table was not")
        if CLAIMS in self._schemas:
            self._ids.close()
            for _ in in_threads(self._write_ids, range(self.partitions), self.workers):
                continue
        tables = {name: types_of(schema) for name, schema in self._schemas.items()}
        sha256 = write_delivery(self.folder, DeliveryRecord(state, tables, self._written))
        with writing(self.folder):
            for aside in (self.folder / SPILL, aside_of(self.folder)):
                if aside.exists():
                    shutil.rmtree(aside)
            for folder in sorted({(self.folder / name).parent for name in self._written} | {self.folder}):
                sync(folder)
        self.sha256 = sha256

    def _write_ids(self, part: int) -> None:
        table, hashes = self._ids.part(part)
        self._write(part_name(SETTLEMENTS, part), table)
        self._write(bounds_name(part), pa.table({"first_hash": arrow(first_hashes(hashes))}))


def _joined(hashes: Sequence[npt.NDArray[np.uint64]]) -> npt.NDArray[np.uint64]:
    return np.concatenate([*hashes, np.zeros(0, np.uint64)])
