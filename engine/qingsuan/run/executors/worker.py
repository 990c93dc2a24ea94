"""What the processes of a cluster do: read parts of the input into pieces, and settle partitions from their pieces.

Neither trusts the engine between them. A worker checks that it settles by the driver's software, plugins and rules; that
every piece of a partition is there, once; and that everybody in a partition belongs there. Order is made inside
(:mod:`qingsuan.benefits.order`). Files are written as drafts under names of their own: the driver gives them theirs.
"""

from __future__ import annotations

import copy
import json
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan import errors
from qingsuan.benefits.accumulators.opening import Groups, check_opening, take_opening
from qingsuan.benefits.partition import Outcome, Settler
from qingsuan.benefits.setup import Setup
from qingsuan.benefits.vocabulary import Vocabulary
from qingsuan.errors import InputError, PluginError, QingsuanError, RunError
from qingsuan.people import Texts, partition_of
from qingsuan.plugins import load
from qingsuan.run.executors.pieces import Collector, Piece, joined, message, pieces_of, report
from qingsuan.run.folder import Written, draft
from qingsuan.run.folder.parquet import write_parquet
from qingsuan.run.inputs import Chunk
from qingsuan.run.kept import Kept, tables_of
from qingsuan.run.reading import TAKE
from qingsuan.run.regions import read_regions
from qingsuan.run.restart.fingerprint import by_what

__all__ = [
    "OPENING",
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

OPENING = "opening"
"""The table of accounts that an earlier run left; it comes last, and only where accounts are kept."""

_FAULT = "qingsuan-fault "


@dataclass(frozen=True, slots=True)
class Item:
    """A part of the input: which table it is of, which of its columns are read, and how large its file is."""

    table: str
    chunk: Chunk
    columns: tuple[str, ...]
    file_bytes: int


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker must know of a run; it travels pickled.

    Attributes
    ----------
    token : names the run among all others.
    by_what : software, plugins and rules of the driver, which a worker must have too.
    drafts : where drafts and receipts go: a folder of the run folder, that every process sees.
    """

    token: str
    year: int
    skip_unserved: bool
    accumulators: bool
    strict: bool
    insured_files: tuple[str, ...]
    claims_files: tuple[str, ...]
    paid_columns: tuple[str, ...]
    has_stays: bool
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
    texts : column -> its codes, in the order of their numbers.
    named_by_reversals, reversals_of_nobody : see :class:`qingsuan.benefits.setup.Setup`.
    expected : partition -> table -> (pieces, rows).
    """

    texts: Mapping[str, tuple[str, ...]]
    absent_columns: frozenset[tuple[str, int]]
    named_by_reversals: npt.NDArray[np.uint64]
    reversals_of_nobody: tuple[pa.Table, ...]
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


_SETUPS: dict[str, Setup] = {}
_SETTLERS: dict[str, Settler] = {}


def _setup(job: Job) -> Setup:
    """The process's own set-up, made once; by the same rules as the driver's."""
    if job.token not in _SETUPS:
        regions = read_regions(load())
        setup = regions.setup(job.year, job.skip_unserved, job.accumulators)
        setup.paid_columns, setup.has_stays = job.paid_columns, job.has_stays
        setup.strict, setup.insured_files, setup.claims_files = job.strict, job.insured_files, job.claims_files
        here = by_what(setup, regions.installed)
        for kind, expected in job.by_what.items():
            other = sorted(n for n in {*expected, *here[kind]} if expected.get(n) != here[kind].get(n))
            if other:
                raise PluginError(
                    "a worker",
                    found=f"its {kind} differ from the driver's: {', '.join(other[:10])}",
                    expected="the same versions of everything on every machine",
                    do="send the driver's environment to the workers (docs/spark.md)",
                )
        _SETUPS.clear()
        _SETUPS[job.token] = setup
    return _SETUPS[job.token]


def read_items(job: Job, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Read items, named by their numbers in the first column, into pieces."""
    with told():
        setup = _setup(job)
        for batch in batches:
            for number in batch.column(0).to_pylist():
                for piece in _read(job, setup, number):
                    yield message(piece)


def _read(job: Job, setup: Setup, number: int) -> Iterator[Piece]:
    """One item. What it learns is its own: the same item gives the same pieces, wherever and however often it is read."""
    item = job.items[number]
    source = item.chunk.source
    _check_size(source.path, item.file_bytes)
    setup = copy.copy(setup)
    setup.vocabularies = {name: Vocabulary() for name in setup.vocabularies}
    setup.unserved, setup.absent_columns, setup.reversals_of_nobody = Counter(), set(), []
    setup.named_by_reversals = []
    collector = Collector(number, item.table, job.partitions, setup.vocabularies)
    rows, amounts, refused = 0, Counter[str](), []
    groups = Groups(setup) if item.table == OPENING else None
    read = item.chunk.batches if groups is None else item.chunk.whole_rows
    for first_row, batch, torn in read(item.columns):
        if groups is not None:
            yield from collector.add(take_opening(groups, batch, str(source.path), first_row))
            continue
        taken = TAKE[item.table](setup, batch, source.number, first_row, torn)
        yield from collector.add(taken.rows)
        rows += batch.num_rows
        amounts.update(taken.amounts)
        if taken.refusals.num_rows:
            refused.append(taken.refusals)
    yield from collector.finish()
    content = {
        "rows": rows,
        "amounts": dict(amounts),
        "pieces": list(collector.counts.items()),
        "texts": {name: words.texts for name, words in setup.vocabularies.items() if len(words.texts) > 1},
        "unserved": dict(setup.unserved),
        "absent": sorted(setup.absent_columns),
        "named_by_reversals": [int(one) for hashes in setup.named_by_reversals for one in hashes],
        "reversals_of_nobody": [named.to_pydict() for named in setup.reversals_of_nobody],
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
    settler = _settler(job, frozen)
    tables = []
    for table, empty in job.empty.items():
        mine = [piece for piece in pieces if piece.kind == table]
        rows = joined(mine, empty, settler.setup.vocabularies)
        expected = frozen.expected.get(partition, {}).get(table, (0, 0))
        if (len(mine), rows.num_rows) != tuple(expected):
            raise _broken(partition, f"{len(mine)} pieces with {rows.num_rows} rows of {table}, not {expected}")
        strangers = partition_of(Texts.of(rows.column("psn_no")), job.partitions) != partition
        if strangers.any():
            raise _broken(partition, f"{int(np.count_nonzero(strangers))} rows of {table} belong elsewhere")
        tables.append(rows)
        if table == OPENING and rows.num_rows:
            check_opening(Groups(settler.setup), rows)
    _write(job, partition, settler.settle(*tables))


def _settler(job: Job, frozen: Frozen) -> Settler:
    if job.token not in _SETTLERS:
        setup = copy.copy(_setup(job))
        setup.vocabularies = {name: Vocabulary() for name in setup.vocabularies}
        for name, texts in frozen.texts.items():
            setup.vocabularies[name].encode(pa.array(texts, pa.string()))
        setup.absent_columns = set(frozen.absent_columns)
        setup.named_by_reversals = [frozen.named_by_reversals]
        setup.reversals_of_nobody = list(frozen.reversals_of_nobody)
        setup.freeze()
        _SETTLERS.clear()
        _SETTLERS[job.token] = Settler(setup)
    return _SETTLERS[job.token]


def _write(job: Job, partition: int, outcome: Outcome) -> None:
    """Write drafts of a partition's tables, then the receipt that names them: nobody looks at drafts without one."""
    attempt = uuid.uuid4().hex
    files = []
    for kind, rows in tables_of(outcome).items():
        path = job.drafts / f"{kind}-{partition:05d}-{attempt}"
        written = draft(path, partial(write_parquet, rows), f"{kind}/part-{partition:05d}.parquet")
        files.append({"draft": path.name, **asdict(written)})
    head = json.dumps({"partition": partition, "files": files}).encode()
    content = len(head).to_bytes(8, "big") + head + Kept.of(outcome).to_bytes()
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
