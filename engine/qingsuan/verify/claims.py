"""Every row in is a row out: claims files held against a finished folder, row by row, in bounded memory.

A rejected row is known by its file and number. Any other must be in ``settled`` or ``reversed`` with the same ids, codes, time
and bill: the rows of a partition are added up as hashes on both sides, and only where the sums differ are rows looked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qingsuan.columns.cells import Cells, read_money, read_texts, read_times
from qingsuan.contents import content
from qingsuan.listing import files_in
from qingsuan.people import Texts, partition_of
from qingsuan.run.inputs import BATCH_ROWS, Source, chunks
from qingsuan.tables import BILL, CLAIMS
from qingsuan.verify.findings import MOST_OF_A_KIND, Findings

__all__ = ["check_claims", "check_rejected"]

UInt64 = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]

_READERS: dict[str, Callable[[pa.Array], Cells]] = {"time": read_times, "money": read_money}
_SAME = ("setl_id", "psn_no", "insutype", "insu_admdvs", "med_type", "setl_time", "fixmedins_code", *BILL)
"""Columns of a claim that ``settled`` and ``reversed`` repeat."""

_KINDS = {column.name: column.kind for column in CLAIMS if column.name in _SAME}
_PARTITIONS_LOOKED_INTO = 4
_SETTLE_ANEW = "do not use this folder: settle these inputs anew"
Place = tuple[str, int]


def check_rejected(
    folder: Path, sources: Mapping[str, Sequence[Source]], findings: Findings, first: str = "claims"
) -> dict[str, dict[str, Mask]]:
    """Check that every rejected row names a row of the input, and none twice; gives the rows by table and file.

    ``first`` is the table whose files of rejected rows are not called after it.
    """
    found = {
        table: {source.name: np.zeros(source.rows, np.bool_) for source in mine} for table, mine in sources.items()
    }
    for path in files_in(folder / "rejected", "*.parquet"):
        file, table = path.relative_to(folder).as_posix(), _table_of(path.name, first)
        for first_row, batch in _batches(path, ["source_file", "source_row"], findings):
            if table in found:
                _mark(file, first_row, batch, found[table], findings)
    return found


def _table_of(name: str, first: str) -> str:
    return first if name.startswith("part-") else name.split("-part-", maxsplit=1)[0]


def _mark(file: str, first_row: int, batch: pa.RecordBatch, rows_of: Mapping[str, Mask], findings: Findings) -> None:
    named = pc.fill_null(batch.column("source_file").cast(pa.string()), "").dictionary_encode()
    indices = named.indices.to_numpy(zero_copy_only=False)
    numbers = pc.fill_null(batch.column("source_row").cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
    for which, name in enumerate(named.dictionary.to_pylist()):
        places = np.flatnonzero(indices == which)
        rows = rows_of.get(name, np.zeros(0, np.bool_))
        inside = (numbers[places] > 0) & (numbers[places] <= len(rows))
        for place in places[~inside].tolist():
            found, expected = f"{name}, row {numbers[place]}", "a file of the run, and one of its rows"
            findings.add(file, "a rejected row is a row of the input", found, expected, first_row + place + 1)
        places = places[inside]
        again = rows[numbers[places] - 1]
        again[np.setdiff1d(np.arange(len(places)), np.unique(numbers[places], return_index=True)[1])] = True
        for place in places[again].tolist():
            found = f"{name}, row {numbers[place]} again"
            findings.add(file, "a row is rejected once", found, "each row once", first_row + place + 1)
        rows[numbers[places] - 1] = True


def check_claims(
    folder: Path, partitions: int, sources: Sequence[Source], rejected: Mapping[str, Mask], findings: Findings
) -> int:
    """Check that every claim is settled, reversed or rejected, exactly once and as it came; gives how many there are.

    Parameters
    ----------
    rejected
        By file, which of its rows are rejected (:func:`check_rejected`).

    Raises
    ------
    InputError
        A file stops being readable.
    """
    came, left = _Sums(partitions), _Sums(partitions)
    rows = 0
    for source in sources:
        last = 0
        for first_row, batch in _claims(source):
            rows += batch.num_rows
            last = first_row + batch.num_rows
            came.add(*_hashed(batch, partitions, ~rejected[source.name][first_row:last]))
        if rejected[source.name][last:].any():
            found = f"row {int(np.flatnonzero(rejected[source.name])[-1]) + 1} is rejected"
            findings.add(source.name, "a rejected row is a row of the input", found, f"at most row {last}")
    for _, batch in _written(folder, findings):
        left.add(*_hashed(batch, partitions))
    wrong = came.differ(left)
    if len(wrong):
        _name_rows(folder, partitions, wrong, sources, rejected, findings)
    return rows


class _Sums:
    """By partition: how many rows, and the sum of their hashes."""

    def __init__(self, partitions: int) -> None:
        self.rows = np.zeros(partitions, np.int64)
        self.hashes = np.zeros(partitions, np.uint64)

    def add(self, partition: npt.NDArray[np.int32], hashes: UInt64) -> None:
        np.add.at(self.rows, partition, 1)
        np.add.at(self.hashes, partition, hashes)

    def differ(self, other: _Sums) -> npt.NDArray[np.intp]:
        """Partitions that do not hold the same rows."""
        return np.flatnonzero((self.rows != other.rows) | (self.hashes != other.hashes))


def _hashed(batch: pa.RecordBatch, partitions: int, kept: Mask | None = None) -> tuple[npt.NDArray[np.int32], UInt64]:
    """Partition and hash of each row that is kept."""
    hashes = np.zeros(batch.num_rows, np.uint64)
    partition = np.zeros(batch.num_rows, np.int32)
    for name in _SAME:
        if name not in batch.schema.names:
            hashes = _mixed(hashes)  # a column that need not be there, as if it were empty
            continue
        cells = _READERS.get(_KINDS[name], read_texts)(batch.column(name))
        if isinstance(cells.values, np.ndarray):
            values = cells.values.astype(np.int64).view(np.uint64)
        else:
            texts = Texts.of(cells.values)
            values = np.where(cells.absent, np.uint64(0), texts.hashes)
            if name == "psn_no":
                partition = partition_of(texts, partitions)
        hashes = _mixed(hashes + values)
    return (partition, hashes) if kept is None else (partition[kept], hashes[kept])


def _mixed(values: UInt64) -> UInt64:
    """A one-to-one scrambling of 64 bits (two rounds of shift and multiply): sums of it tell multisets of rows apart."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _claims(source: Source) -> Iterator[tuple[int, pa.RecordBatch]]:
    wanted = [name for name in source.schema.names if name in _SAME]
    for chunk in chunks(source):
        for first_row, batch, _ in chunk.batches(wanted):
            yield first_row, batch


def _written(folder: Path, findings: Findings) -> Iterator[tuple[Place, pa.RecordBatch]]:
    """Rows of ``settled`` and ``reversed``: file, number of rows before them, rows."""
    for path in (*files_in(folder / "reversed"), *files_in(folder / "settled")):
        for first_row, batch in _batches(path, list(_SAME), findings):
            yield (path.relative_to(folder).as_posix(), first_row), batch


def _batches(path: Path, columns: list[str], findings: Findings) -> Iterator[tuple[int, pa.RecordBatch]]:
    row = 0
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(BATCH_ROWS, columns=columns, use_threads=False):
                if batch.num_columns != len(columns):
                    raise ValueError(f"not all of the columns {', '.join(columns)}")
                yield row, batch
                row += batch.num_rows
    except (OSError, ValueError, pa.ArrowException) as error:
        name = f"{path.parent.name}/{path.name}"
        findings.add(name, "its rows can be compared", " ".join(str(error).split())[:200], "a table of the run")


def _name_rows(
    folder: Path,
    partitions: int,
    wrong: npt.NDArray[np.intp],
    sources: Sequence[Source],
    rejected: Mapping[str, Mask],
    findings: Findings,
) -> None:
    """Say which rows of the first wrong partitions are on one side only; count what is not looked into."""
    looked = wrong[:_PARTITIONS_LOOKED_INTO]
    came, left = _Rows(looked, partitions), _Rows(looked, partitions)
    for source in sources:
        for first_row, batch in _claims(source):
            came.add((source.name, first_row), batch, ~rejected[source.name][first_row : first_row + batch.num_rows])
    for place, batch in _written(folder, findings):
        left.add(place, batch)
    both = np.concatenate([came.hashes, left.hashes])
    _, number = np.unique(both, return_inverse=True)
    number = number.reshape(-1)
    ours, theirs = number[: len(came.hashes)], number[len(came.hashes) :]
    for rows, places, others, check, expected in (
        (came, ours, theirs, "a row that came in goes out", "settled, reversed or rejected once, as it came"),
        (left, theirs, ours, "a row that goes out came in", "a row of the input that is not rejected, once"),
    ):
        for file, row, ids, at in rows.beyond(places, others):
            told = findings.counts[file, check] < MOST_OF_A_KIND
            text = (
                ", ".join(f"{name} {content(ids.column(name)[at].as_py())}" for name in ids.schema.names)
                if told
                else ""
            )
            findings.add(file, check, text, expected, row, do=_SETTLE_ANEW)
    if len(wrong) > len(looked):
        findings.add(
            "settled and reversed",
            "their rows are those of the input that are not rejected",
            f"{len(wrong)} partitions that differ, the first {len(looked)} of them looked into",
            "none",
            do=_SETTLE_ANEW,
        )


class _Rows:
    """Rows of a few partitions: their hashes, and where they are."""

    def __init__(self, wanted: npt.NDArray[np.intp], partitions: int) -> None:
        self.wanted, self.partitions = wanted, partitions
        self.hashes: UInt64 = np.zeros(0, np.uint64)
        self._parts: list[tuple[Place, npt.NDArray[np.intp], pa.RecordBatch]] = []

    def add(self, place: Place, batch: pa.RecordBatch, kept: Mask | None = None) -> None:
        partition, hashes = _hashed(batch, self.partitions)
        mine = np.flatnonzero(np.isin(partition, self.wanted) & (True if kept is None else kept))
        if len(mine):
            self.hashes = np.concatenate([self.hashes, hashes[mine]])
            self._parts.append((place, mine, batch.select(["setl_id", "psn_no"]).take(pa.array(mine))))

    def beyond(
        self, numbers: npt.NDArray[np.intp], others: npt.NDArray[np.intp]
    ) -> Iterator[tuple[str, int, pa.RecordBatch, int]]:
        """Rows that the other side does not have, or has fewer of: file, row from 1, and where its ids are."""
        most = int(max(numbers.max(initial=-1), others.max(initial=-1))) + 1
        more = np.bincount(numbers, minlength=most) - np.bincount(others, minlength=most)
        starts = np.cumsum([0, *(len(mine) for _, mine, _ in self._parts)])
        for place in np.flatnonzero(more[numbers] > 0).tolist():
            part = int(np.searchsorted(starts, place, "right")) - 1
            (file, first_row), mine, ids = self._parts[part]
            at = place - int(starts[part])
            yield file, first_row + int(mine[at]) + 1, ids, at
