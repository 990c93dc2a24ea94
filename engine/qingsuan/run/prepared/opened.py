"""A prepared year that is there: checked when it is opened, read by partition, or asked for a person or a settlement.

Who asks for one reads the index of one part and the one or two record batches in which the rows can lie, however large the
year is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.columns.rows import numbers
from qingsuan.errors import InputError
from qingsuan.run.folder import is_file
from qingsuan.run.folder.lock import is_held
from qingsuan.run.prepared.bounds import batches_with, placed
from qingsuan.run.prepared.files import read_batches, read_table, reading
from qingsuan.run.prepared.layout import (
    BOUNDS_TYPES,
    CLAIMS,
    DELIVERY,
    DELIVERY_RECORD,
    PERSON_KEY,
    PERSONS,
    PERSONS_TYPES,
    ROWS_PER_BATCH,
    SETTLEMENT_KEY,
    SETTLEMENTS,
    SETTLEMENTS_TYPES,
    YEAR_RECORD,
    bounds_name,
    delivery_name,
    files_in,
    part_name,
    table_name,
)
from qingsuan.run.prepared.records import DeliveryRecord, YearRecord, read_delivery, read_year
from qingsuan.run.prepared.sums import Stored
from qingsuan.run.threads import in_threads

__all__ = ["Delivery", "PreparedYear", "record_of"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery of a prepared year.

    Attributes
    ----------
    folder : where it lies.
    partitions : into how many parts its tables are cut.
    record : what ``delivery.json`` says.
    """

    folder: Path
    partitions: int
    record: DeliveryRecord

    @property
    def state(self) -> Any:
        """What its maker wanted to be known of it."""
        return self.record.state

    def read(self, table: str, partition: int) -> pa.Table:
        """A partition's rows of a table, each column in one piece, in the order in which they were written.

        Raises
        ------
        InputError
            The file cannot be read.
        """
        name = part_name(table, partition)
        return read_table(self.folder / name, self.record.tables[table], self.record.files[name])

    def part_bytes(self, table: str) -> npt.NDArray[np.int64]:
        """(partitions,) int64, how large the file of each partition is."""
        parts = (part_name(table, part) for part in range(self.partitions))
        return np.array([self.record.files[part].size for part in parts], np.int64)

    def read_table(self, name: str) -> pa.Table:
        """A table that is not in parts.

        Raises
        ------
        InputError
            There is none of this name, or it cannot be read.
        """
        return read_table(self.folder / table_name(name), None, self.record.files.get(table_name(name)))

    def person(self, psn_no: str) -> dict[str, pa.Table]:
        """All rows of a person in every table of parts, in their order.

        Raises
        ------
        InputError
            A file cannot be read.
        """
        partition, wanted = placed(psn_no, self.partitions)
        path = self.folder / part_name(PERSONS, partition)
        index = read_table(path, PERSONS_TYPES)
        found = {}
        for table, types in self.record.tables.items():
            with reading(path):
                batches = batches_with(numbers(index.filter(pc.field("table") == table)["first_hash"]), wanted)
            rows = read_batches(self.folder / part_name(table, partition), batches, types)
            found[table] = rows.filter(pc.field(PERSON_KEY) == psn_no).combine_chunks()
        return found

    def claim(self, setl_id: str) -> pa.Table:
        """All claims of a settlement id, in the order of (partition, row).

        Raises
        ------
        InputError
            A file cannot be read.
        """
        part, wanted = placed(setl_id, self.partitions)
        first, path = self.folder / bounds_name(part), self.folder / part_name(SETTLEMENTS, part)
        with reading(first):
            batches = batches_with(numbers(read_table(first, BOUNDS_TYPES)["first_hash"]), wanted)
        index = read_batches(path, batches, SETTLEMENTS_TYPES)
        places = index.filter(pc.field("hash") == pa.scalar(wanted, pa.uint64()))
        with reading(path):
            partitions, rows = (numbers(places[column]) for column in ("partition", "row"))
        found = [self._claims(int(number), rows[partitions == number]) for number in np.unique(partitions)]
        none = read_batches(self.folder / part_name(CLAIMS, 0), (), self.record.tables[CLAIMS])
        return pa.concat_tables([none, *found]).filter(pc.field(SETTLEMENT_KEY) == setl_id).combine_chunks()

    def _claims(self, partition: int, rows: npt.NDArray[np.int32]) -> pa.Table:
        """Some claims of a partition, by their rows: of each batch that has some all is read, once."""
        path = self.folder / part_name(CLAIMS, partition)
        needed, which = np.unique(rows // ROWS_PER_BATCH, return_inverse=True)
        read = read_batches(path, needed.tolist(), self.record.tables[CLAIMS])
        with reading(path):  # every batch but the last of the file is full
            return read.take(pa.array(which * ROWS_PER_BATCH + rows % ROWS_PER_BATCH))


def record_of(path: Path) -> YearRecord:
    """What ``year.json`` of a prepared year says; nothing else is looked at.

    Raises
    ------
    InputError
        There is no prepared year, or its record is not as it was written.
    """
    if not is_file(path / YEAR_RECORD):
        raise _no_year(path)
    return read_year(path)


@dataclass(frozen=True, slots=True)
class PreparedYear:
    """A prepared year as it was opened.

    Attributes
    ----------
    path : its folder.
    record : what ``year.json`` says.
    deliveries : in the order in which they were added.
    """

    path: Path
    record: YearRecord
    deliveries: tuple[Delivery, ...]

    @classmethod
    def open(cls, path: Path) -> PreparedYear:
        """Open a prepared year: its records are what they were, and every file of them is there with its size.

        Raises
        ------
        InputError
            There is none, it was not finished, it is of another version, or a file is gone or of another size.
        """
        record = record_of(path)
        deliveries = []
        for number, sha256 in enumerate(record.deliveries, 1):
            folder = path / delivery_name(number)
            delivery = read_delivery(folder, sha256, record.partitions)
            _check_files(folder, delivery)
            deliveries.append(Delivery(folder, record.partitions, delivery))
        return cls(path, record, tuple(deliveries))

    def check_sums(self, workers: int = 1) -> None:
        """Read every file, and compare its digest.

        Raises
        ------
        InputError
            A file was changed.
        """
        files = [(delivery.folder, one) for delivery in self.deliveries for one in delivery.record.files.values()]
        for _ in in_threads(_check_digest, files, workers):
            continue

    def person(self, psn_no: str) -> dict[str, pa.Table]:
        """All rows of a person in every table of parts, delivery after delivery; see :meth:`Delivery.person`."""
        found: dict[str, list[pa.Table]] = {}
        for delivery in self.deliveries:
            for table, rows in delivery.person(psn_no).items():
                found.setdefault(table, []).append(rows)
        return {table: self._joined(rows) for table, rows in found.items()}

    def claim(self, setl_id: str) -> pa.Table:
        """All claims of a settlement id, delivery after delivery; see :meth:`Delivery.claim`."""
        return self._joined([delivery.claim(setl_id) for delivery in self.deliveries])

    def _joined(self, tables: Sequence[pa.Table]) -> pa.Table:
        with reading(self.path):
            return pa.concat_tables(tables, promote_options="default")


def _no_year(path: Path) -> InputError:
    begun = path.is_dir() and any(DELIVERY.fullmatch(entry.name) for entry in path.iterdir())
    if path.is_dir() and is_held(path):
        found, do = "a prepared year that is being written", "wait until that has ended"
    elif begun:
        found, do = "a prepared year that was not finished", "prepare it again"
    else:
        found, do = "no prepared year", "give the folder that was prepared"
    return InputError(str(path), found=found, expected=f"a folder with {YEAR_RECORD}", do=do)


def _check_files(folder: Path, delivery: DeliveryRecord) -> None:
    with reading(folder):
        there = set(files_in(folder)) - {DELIVERY_RECORD}
    wrong = sorted(there ^ delivery.files.keys())
    if wrong:
        raise _changed(folder / wrong[0], "it is not listed" if wrong[0] in there else "it is gone")
    for name, written in delivery.files.items():
        path = folder / name
        if not is_file(path):
            raise _changed(path, "not a file of its own")
        size = path.stat().st_size
        if size != written.size:
            raise _changed(path, f"{size} bytes where {written.size} were written")


def _check_digest(file: tuple[Path, Stored]) -> None:
    folder, written = file
    with reading(folder / written.file):
        there = Stored.of(folder, written.file)
    if there != written:
        raise _changed(folder / written.file, f"its checksum is not the one in {DELIVERY_RECORD}")


def _changed(path: Path, found: str) -> InputError:
    return InputError(
        str(path),
        found=found,
        expected=f"the files that {DELIVERY_RECORD} lists, as they were written",
        do="put the file back, or prepare the year again",
    )
