"""What the processes of a cluster do: read parts of the input into pieces, and settle partitions from their pieces.

Neither trusts the engine between them. A worker checks that it settles by the driver's software, plugins and rules; that
every piece of a partition is there, once; and that everybody in a partition belongs there. Order is made inside
(:mod:`qingsuan.benefits.order`). Files are written as drafts under names of their own: the driver gives them theirs.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from packaging.utils import canonicalize_name

from qingsuan import errors
from qingsuan.errors import InputError, PluginError, QingsuanError, RunError
from qingsuan.people import Texts, partition_of
from qingsuan.plugins import load
from qingsuan.plugins.finding import NOT_ALLOWED
from qingsuan.run.executors.pieces import Collector, Piece, joined, message, pieces_of, report
from qingsuan.run.folder import Written, draft
from qingsuan.run.folder.modes import private_files
from qingsuan.run.folder.parquet import write_parquet
from qingsuan.run.inputs import Chunk
from qingsuan.run.kept import Kept
from qingsuan.run.regions import read_regions
from qingsuan.run.restart.fingerprint import by_what
from qingsuan.settlement import InputTable, Recipe, Settled, Settlement

__all__ = [
    "Frozen",
    "Item",
    "Job",
    "fault_in",
    "read_items",
    "receipt_of",
    "settle_one",
    "settle_pieces",
    "told",
]

_FAULT = "qingsuan-fault "


@dataclass(frozen=True, slots=True)
class Item:
    """A part of the input: which table it is of, which of its columns are read, and how large its file is."""

    table: InputTable
    chunk: Chunk
    columns: tuple[str, ...]
    file_bytes: int


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker must know of a run; it travels pickled.

    Attributes
    ----------
    token : names the run among all others.
    recipe : how the settlement is made.
    by_what : software, plugins and rules of the driver, which a worker must have too.
    empty : no rows of each table, in the order in which a partition is given them.
    drafts : where drafts and receipts go: a folder of the run folder, that every process sees.
    """

    token: str
    recipe: Recipe
    by_what: Mapping[str, Any]
    items: tuple[Item, ...]
    empty: Mapping[str, pa.RecordBatch]
    partitions: int
    drafts: Path


@dataclass(frozen=True, slots=True)
class Frozen:
    """What is known once everything has been read.

    Attributes
    ----------
    learned : what the settlement has learnt (:meth:`qingsuan.settlement.Settlement.learned`).
    expected : partition -> table -> (pieces, rows).
    """

    learned: Mapping[str, Any]
    expected: Mapping[int, Mapping[str, tuple[int, int]]]


@contextmanager
def told() -> Iterator[None]:
    """Put what a person should read into a form that survives another language's stack trace."""
    try:
        yield
    except QingsuanError as error:
        content = {"kind": type(error).__name__, "where": error.where}
        content.update(found=error.found, expected=error.expected, do=error.do)
        raise RuntimeError(_FAULT + json.dumps(content) + " .") from error


def fault_in(text: str) -> QingsuanError | None:
    """The error of ours that a failed job's message carries."""
    start = text.find(_FAULT)
    if start < 0:
        return None
    content, _ = json.JSONDecoder().raw_decode(text, start + len(_FAULT))
    found: QingsuanError = getattr(errors, content.pop("kind"))(content.pop("where"), **content)
    return found


_MADE: dict[str, Settlement] = {}
_SETTLING: dict[str, tuple[Settlement, Callable[..., Settled]]] = {}


def _settlement(job: Job) -> Settlement:
    """The process's own settlement, made once; by the same rules as the driver's."""
    if job.token not in _MADE:
        plugins = job.by_what["plugins"]
        refused = {canonicalize_name(name) for name, one in plugins.items() if one["region"] == NOT_ALLOWED}
        regions = read_regions(load(is_taken=lambda name: name not in refused))
        made = job.recipe.make(regions)
        here = by_what(made, regions.installed)
        for kind, expected in job.by_what.items():
            other = sorted(n for n in {*expected, *here[kind]} if expected.get(n) != here[kind].get(n))
            if other:
                raise PluginError(
                    "a worker",
                    found=f"its {kind} differ from the driver's: {', '.join(other[:10])}",
                    expected="the same versions of everything on every machine",
                    do="send the driver's environment to the workers (docs/spark.md)",
                )
        _MADE.clear()
        _MADE[job.token] = made
    return _MADE[job.token]


def read_items(job: Job, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Read items, named by their numbers in the first column, into pieces."""
    with told():
        settlement = _settlement(job)
        for batch in batches:
            for number in batch.column(0).to_pylist():
                for piece in _read(job, settlement.fork(), number):
                    yield message(piece)


def _read(job: Job, settlement: Settlement, number: int) -> Iterator[Piece]:
    """One item. What it learns is its own: the same item gives the same pieces, wherever and however often it is read."""
    item = job.items[number]
    source, table = item.chunk.source, item.table
    _check_size(source.path, item.file_bytes)
    collector = Collector(number, table.name, table.key, job.partitions, settlement.vocabularies)
    rows, sums, refused = 0, Counter[str](), []
    read = item.chunk.whole_rows if table.is_trusted else item.chunk.batches
    for first_row, batch, torn in read(item.columns):
        taken = settlement.take(table.name, batch, source, first_row, torn)
        yield from collector.add(taken.rows)
        rows += batch.num_rows
        sums.update(taken.sums)
        if taken.refusals.num_rows:
            refused.append(taken.refusals)
    yield from collector.finish()
    content = {
        "rows": rows,
        "sums": dict(sums),
        "pieces": list(collector.counts.items()),
        "learned": settlement.learned(),
    }
    yield from report(number, content, refused)


def _check_size(path: Path, expected: int) -> None:
    """A worker must see the file that the driver sees."""
    try:
        found = path.stat().st_size
    except OSError as error:
        raise InputError(
            str(path),
            found=f"a worker cannot read it: {error.strerror}",
            expected="input in a place that every machine sees under the same path",
            do="put the input on shared storage (docs/spark.md)",
        ) from error
    if found != expected:
        raise InputError(
            str(path),
            found=f"{found} bytes on a worker, {expected} at the driver",
            expected="one and the same file everywhere",
            do="put the input on shared storage (docs/spark.md)",
        )


def settle_pieces(job: Job, frozen: Frozen, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Settle each partition as soon as all its pieces are there; gives one row for each: its number.

    Raises
    ------
    RuntimeError
        With a fault inside (:func:`fault_in`): pieces of a partition were lost, came twice or elsewhere, people are in
        the wrong partition, or the machine failed.
    """
    with told():
        held: dict[int, dict[tuple[str, int, int], Piece]] = {}
        done: set[int] = set()
        for batch in batches:
            for piece in pieces_of(batch):
                mine = held.setdefault(piece.partition, {})
                key = (piece.kind, piece.item, piece.number)
                if piece.partition in done or key in mine:
                    raise _broken(piece.partition, f"a piece of {piece.kind} came twice")
                mine[key] = piece
                if len(mine) == sum(count for count, _ in frozen.expected[piece.partition].values()):
                    settle_one(job, frozen, piece.partition, list(held.pop(piece.partition).values()))
                    done.add(piece.partition)
                    yield pa.RecordBatch.from_pydict({"partition": pa.array([piece.partition], pa.int32())})
        for partition, mine in held.items():
            expected = sum(count for count, _ in frozen.expected[partition].values())
            raise _broken(partition, f"{len(mine)} of {expected} pieces came together")


def _broken(partition: int, found: str) -> RunError:
    return RunError(
        f"partition {partition}",
        found=f"the engine did not keep its people together: {found}",
        expected="every piece of a partition in one task, once",
        do="do not trust this engine; “qingsuan engine-selftest” shows what it does",
    )


def settle_one(job: Job, frozen: Frozen, partition: int, pieces: list[Piece]) -> None:
    """Settle a partition and write its drafts, and last its receipt."""
    settlement, settler = _settling(job, frozen)
    tables = []
    for table in settlement.inputs:
        mine = [piece for piece in pieces if piece.kind == table.name]
        rows = joined(mine, job.empty[table.name], settlement.vocabularies)
        expected = frozen.expected.get(partition, {}).get(table.name, (0, 0))
        if (len(mine), rows.num_rows) != tuple(expected):
            raise _broken(partition, f"{len(mine)} pieces with {rows.num_rows} rows of {table.name}, not {expected}")
        strangers = partition_of(Texts.of(rows.column(table.key)), job.partitions) != partition
        if strangers.any():
            raise _broken(partition, f"{int(np.count_nonzero(strangers))} rows of {table.name} belong elsewhere")
        if table.is_trusted and rows.num_rows:
            settlement.check_spread(table.name, rows)
        tables.append(rows)
    _write(job, partition, settler(*tables))


def _settling(job: Job, frozen: Frozen) -> tuple[Settlement, Callable[..., Settled]]:
    if job.token not in _SETTLING:
        settlement = _settlement(job).fork()
        settlement.learn(frozen.learned)
        settlement.freeze()
        _SETTLING.clear()
        _SETTLING[job.token] = settlement, settlement.settler()
    return _SETTLING[job.token]


def _write(job: Job, partition: int, settled: Settled) -> None:
    """Write drafts of a partition's tables, then the receipt that names them: nobody looks at drafts without one."""
    with private_files():
        attempt = uuid.uuid4().hex
        files = []
        for kind, rows in settled.tables.items():
            path = job.drafts / f"{kind}-{partition:05d}-{attempt}"
            written = draft(path, partial(write_parquet, rows), f"{kind}/part-{partition:05d}.parquet")
            files.append({"draft": path.name, **asdict(written)})
        head = json.dumps({"partition": partition, "files": files}).encode()
        content = len(head).to_bytes(8, "big") + head + Kept.of(settled).to_bytes()
        unnamed = job.drafts / f"unnamed-{attempt}"
        draft(unnamed, lambda path: path.write_bytes(content), unnamed.name)
        unnamed.replace(job.drafts / f"receipt-{partition:05d}-{attempt}")


def receipt_of(path: Path) -> tuple[int, list[tuple[str, Written]], Kept]:
    """Read a receipt: the partition; its drafts with what they are to be called; and what is kept of it."""
    content = path.read_bytes()
    end = 8 + int.from_bytes(content[:8], "big")
    head = json.loads(content[8:end])
    files = [(file.pop("draft"), Written(**file)) for file in head["files"]]
    return head["partition"], files, Kept.from_bytes(content[end:])
