"""Settlement 1 over whole files: read and spread by person, settle partition by partition, write the run folder.

Reading comes first and completely, so that a file that cannot be trusted stops the run before anything is written.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

import pyarrow as pa

from qingsuan.benefits.intake import take_claims, take_identities, take_insured
from qingsuan.benefits.interface import REFUSED_WHEN_SET, check_refused_types
from qingsuan.benefits.partition import Outcome, Settler
from qingsuan.benefits.setup import Setup
from qingsuan.divisions import name as division_name
from qingsuan.errors import PluginError
from qingsuan.plugins import Installed
from qingsuan.run import record
from qingsuan.run.digests import InputDigests
from qingsuan.run.folder import RECORD, RunFolder, Written
from qingsuan.run.header import header_of_benefits, named
from qingsuan.run.inputs import Chunk, Source, check_columns, chunks, told_of_inputs, unread_names
from qingsuan.run.kept import Kept, tables_of
from qingsuan.run.opening import OpeningRows
from qingsuan.run.refused import RefusedRows
from qingsuan.run.restart import Restart
from qingsuan.run.shuffle import Budget, Shuffle, partitions_within
from qingsuan.run.tally import Tally
from qingsuan.run.threads import in_threads
from qingsuan.tables import CLAIMS, IDENTITIES, INSURED, INTERFACE, PAID_COLUMNS, Column

__all__ = [
    "TABLES",
    "TAKE",
    "Done",
    "Engine",
    "Inputs",
    "Options",
    "Progress",
    "Run",
    "empty_rows",
    "kinds",
    "settle",
    "wanted",
]

TABLES = ("settled", "rejected", "reversed", "differences", "totals", "accumulators", "contradictions", ".shuffle")
BYTES_PER_ROW = 1_500
"""What one claim needs, at most, while its partition is settled: it decides how many partitions a run has."""

FIXED_BYTES = 320 << 20
"""What a run needs whatever its input: the interpreter, libraries, batches being read."""

ACCUMULATORS_PER_ROW = 6
"""So many rows of accumulators need what one claim needs."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The files of a run, and by table what lay beside them and was left out."""

    claims: tuple[Source, ...]
    insured: tuple[Source, ...]
    identities: tuple[Source, ...] = ()
    opening: tuple[Source, ...] = ()
    left_out: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Options:
    """How a run works; none of it changes a row of the result.

    ``memory`` (bytes) and ``partitions`` decide into how many files the result is cut, ``workers`` nothing at all.
    """

    workers: int = 2
    memory: int = 2 << 30
    partitions: int | None = None


class Progress:
    """Told how a run gets on; this one keeps silent."""

    def stage(self, name: str, total: int) -> None:
        """A stage with ``total`` steps begins."""

    def step(self, count: int = 1) -> None:
        """Some of its steps are done."""

    def end(self) -> None:
        """It is over."""

    def note(self, text: str) -> None:
        """Something a person should know."""


Done = Callable[[int, Kept, tuple[Written, ...]], None]
"""Told that a partition is settled: its number, what is kept of it, its files."""


class Engine(Protocol):
    """Where the two stages of a run take place if not in this process's threads; open during one run."""

    def read(self, run: Run, refused: RefusedRows) -> None:
        """Read every file once, check rows on their own, spread them by person; freeze the vocabularies."""

    def settle(self, run: Run, partitions: Sequence[int], done: Done) -> None:
        """Settle these partitions and write their files."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...


@dataclass
class Run:
    """What is shared between the stages of one run; ``waiting`` is what rows may take of memory until their turn."""

    setup: Setup
    inputs: Inputs
    options: Options
    folder: RunFolder
    progress: Progress
    partitions: int
    tally: Tally = field(default_factory=Tally)
    seconds: dict[str, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    stopped: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        memory = self.options.memory
        self.waiting = Budget(max(memory // 16, memory * 5 // 8 - FIXED_BYTES), self.options.workers)

    def timed(self, stage: str, since: float) -> None:
        """Note how long a stage took that began at ``since``."""
        self.seconds[stage] = round(time.perf_counter() - since, 3)

    @contextmanager
    def stopping_at_once(self) -> Iterator[None]:
        """Let work that nobody needs any more be given up when the run is stopped."""
        try:
            yield
        except BaseException:
            self.stopped.set()
            raise


def settle(
    setup: Setup,
    inputs: Inputs,
    folder: RunFolder,
    options: Options,
    installed: Installed,
    progress: Progress | None = None,
    engine: Engine | None = None,
) -> dict[str, Any]:
    """Settle a year of claims and write the run folder; in threads of this process unless another engine is given.

    Returns
    -------
    dict
        The run record (``run.json``), with ``seconds`` by stage added.

    Raises
    ------
    InputError, PluginError
        Before anything is written: a file, or a pool in it, cannot be settled.
    RunError
        The machine failed part-way; the folder has no ``run.json``.
    """
    rows = sum(source.rows for source in inputs.claims)
    rows += sum(source.rows for source in inputs.opening) // ACCUMULATORS_PER_ROW
    files = named({table: getattr(inputs, table) for table in ("claims", "insured", "identities", "opening")})
    partitions = options.partitions or partitions_within(partitions_for(rows, options.memory), files.values())
    run = Run(setup, inputs, options, folder, progress or Progress(), partitions)
    unread = _check(run)
    header = header_of_benefits(setup, files, installed, partitions)
    always = ("settled", "reversed", *(("accumulators",) if setup.accumulators else ()))
    with folder.held(), InputDigests(files.values()) as digests:
        restart = Restart(folder, header, files, digests, run.progress.note, read=Kept.from_bytes, always=always)
        if restart.is_finished:
            return _finished_before(run, restart)
        with restart.telling():
            _settle(run, restart, installed, engine)
        run.tally.check()
        with restart.telling():
            return _finish(
                run, restart, record.of_settlement(setup, inputs, installed, run.tally, partitions, unread, digests.of)
            )


def _finished_before(run: Run, restart: Restart[Kept]) -> dict[str, Any]:
    """The record of a run that was to be gone on with, and is finished."""
    restart.check_inputs()
    run.progress.note(f"{run.folder.path}: the run is finished; nothing was left to do")
    found: dict[str, Any] = json.loads((run.folder.path / RECORD).read_text("utf8"))
    return found


def _settle(run: Run, restart: Restart[Kept], installed: Installed, other: Engine | None) -> None:
    """All stages up to the last table."""
    spill = run.folder.path / ".shuffle"
    with (
        other or _Threads(run, spill) as engine,
        RefusedRows(run, spill) as refused,
    ):
        since = time.perf_counter()
        engine.read(run, refused)
        run.timed("read", since)
        _stop_if_unserved(run, installed)
        left = _reuse(run, restart, refused)

        def done(partition: int, kept: Kept, files: tuple[Written, ...]) -> None:
            restart.keep(partition, kept, files)
            refused.settled(kept)
            with run.lock:
                run.tally.settled(kept)

        since = time.perf_counter()
        run.progress.stage("settling 结算", len(left))
        engine.settle(run, left, done)
        run.progress.end()
        run.timed("settle", since)
        since = time.perf_counter()
        refused.write(run)
        run.tally.write_totals(run.folder)
        run.timed("rejected", since)


class _Threads:
    """Threads of this process; rows wait for the others of their partition in memory, and beyond a budget on disk."""

    def __init__(self, run: Run, spill: Path) -> None:
        self.shuffles = {name: Shuffle(run.partitions, run.waiting, spill / name) for _, _, name in kinds(run)}
        self.opening = OpeningRows(run, spill) if run.setup.accumulators else None

    def read(self, run: Run, refused: RefusedRows) -> None:
        if self.opening is not None:
            self.opening.read(run, in_threads)
        _read(run, self.shuffles, refused)

    def settle(self, run: Run, partitions: Sequence[int], done: Done) -> None:
        _settle_partitions(run, self.shuffles, self.opening, partitions, done)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for shuffle in (*self.shuffles.values(), *([] if self.opening is None else [self.opening.shuffle])):
            shuffle.__exit__(None, None, None)


def partitions_for(rows: int, memory: int) -> int:
    """How many partitions: so many that one, being settled, takes a quarter of the memory.

    More than one are a multiple of four, so that two or four workers end together.
    """
    needed = max(1, -(-rows * BYTES_PER_ROW // max(1, memory // 4)))
    return needed if needed == 1 else -(-needed // 4) * 4


def _check(run: Run) -> dict[str, list[str]]:
    """Check every file's columns before a row is read; returns columns that nobody reads, after saying so."""
    unread: dict[str, list[str]] = {}
    for sources, columns, table in kinds(run):
        known = {column.name for column in columns} | {own.column for own in run.setup.own(table) if own.column}
        known |= {column.name for column in INTERFACE} if table == "claims" else set()
        mine = {source.name: check_columns(source, columns, known) for source in sources}
        told = told_of_inputs(table, unread_names(sources, mine, known), run.inputs.left_out.get(table, ()))
        for line in told:
            run.progress.note(line)
        for file, extra in mine.items():
            unread[file] = [*unread.get(file, ()), *extra]
    for source in run.inputs.claims:
        check_refused_types(source.where, source.schema)
    names = {name for source in run.inputs.claims for name in source.schema.names}
    run.setup.paid_columns = tuple(name for name in PAID_COLUMNS if name in names)
    run.setup.insured_files = tuple(source.name for source in run.inputs.insured)
    run.setup.claims_files = tuple(source.name for source in run.inputs.claims)
    run.setup.has_stays = bool(names & {"mdtrt_id", "mid_setl_flag"})
    return {file: names for file, names in unread.items() if names}


def kinds(run: Run) -> tuple[tuple[tuple[Source, ...], tuple[Column, ...], str], ...]:
    """The tables that go in: their files, their columns, their names."""
    return (
        (run.inputs.claims, CLAIMS, "claims"),
        (run.inputs.insured, INSURED, "insured"),
        (run.inputs.identities, IDENTITIES, "identities"),
    )


TAKE = {"claims": take_claims, "insured": take_insured, "identities": take_identities}
"""How rows of each table that goes in are read."""


def _read(run: Run, shuffles: dict[str, Shuffle], refused: RefusedRows) -> None:
    """Read every file once, check rows on their own, spread them by person."""
    work: list[tuple[str, Chunk]] = []
    for sources, _, table in kinds(run):
        shuffles[table].add(empty_rows(run, table))
        work.extend((table, chunk) for source in sources for chunk in chunks(source))
    run.progress.stage("reading 读取", len(work))

    def read(item: tuple[str, Chunk]) -> None:
        table, chunk = item
        for first_row, batch, torn in chunk.batches(wanted(run, table, chunk.source)):
            if run.stopped.is_set():
                return
            taken = TAKE[table](run.setup, batch, chunk.source.number, first_row, torn)
            shuffles[table].add(taken.rows)
            refused.read(table, taken.refusals, batch, first_row)
            with run.lock:
                run.tally.read(table, batch.num_rows)
                run.tally.amounts_in.update(taken.amounts)

    with run.stopping_at_once():
        for _ in in_threads(read, work, run.options.workers):
            run.progress.step()
    run.progress.end()
    run.setup.freeze()


def empty_rows(run: Run, table: str) -> pa.RecordBatch:
    """No rows of a table in internal columns, so that these are known even where no row comes."""
    types = {"money": pa.decimal128(16, 2), "date": pa.date32(), "time": pa.timestamp("us")}
    columns = next(columns for _, columns, name in kinds(run) if name == table)
    arrays = [pa.array([], types.get(column.kind, pa.string())) for column in columns]
    names = [column.name for column in columns]
    for own in run.setup.own(table):
        if own.column and own.column not in names:
            names.append(own.column)
            arrays.append(pa.array([], pa.int64() if own.is_number else pa.string()))
    return TAKE[table](run.setup, pa.RecordBatch.from_arrays(arrays, names=names), 0, 0).rows


def wanted(run: Run, table: str, source: Source) -> list[str]:
    """The columns of a file that are read."""
    columns = next(columns for _, columns, name in kinds(run) if name == table)
    names = {column.name for column in columns} | {own.column for own in run.setup.own(table)}
    names |= set(REFUSED_WHEN_SET) if table == "claims" else set()
    return [name for name in source.schema.names if name in names]


def _stop_if_unserved(run: Run, installed: Installed) -> None:
    unserved = run.setup.unserved
    if not unserved:
        return
    pools: dict[str, int] = {}
    for area, count in unserved.items():
        pools[area[:4] + "00"] = pools.get(area[:4] + "00", 0) + count
    listed = "; ".join(f"{pool} {division_name(pool)}: {count} claims" for pool, count in sorted(pools.items())[:10])
    broken = "".join(f"\n  broken plugin {plugin.title}: {plugin.problem}" for plugin in installed.broken)
    raise PluginError(
        "claims",
        found=f"pools that no installed plugin serves: {listed}{broken}",
        expected="a plugin for every pool in the input; no pool is ever settled by another one's rules",
        do="install the region's plugin (see “qingsuan plugins”), or give --skip-unserved to reject these claims",
    )


def _reuse(run: Run, restart: Restart[Kept], refused: RefusedRows) -> list[int]:
    """Take over what an earlier run finished; returns the partitions that are left."""
    since = time.perf_counter()
    found = restart.begin()
    if found:
        run.progress.stage("checking 核对", len(found))
        for kept in in_threads(lambda item: restart.reuse(*item), found.items(), run.options.workers):
            if kept is not None:
                refused.settled(kept)
                run.tally.settled(kept)
            run.progress.step()
        run.progress.end()
        run.timed("reuse", since)
    return [number for number in range(run.partitions) if number not in restart.finished]


def _settle_partitions(
    run: Run, shuffles: dict[str, Shuffle], opening: OpeningRows | None, partitions: Sequence[int], done: Done
) -> None:
    for shuffle in shuffles.values():
        shuffle.close()
    settler = Settler(run.setup)

    def work(partition: int) -> None:
        accounts = None if opening is None else opening.take(partition)
        claims, insured, identities = (shuffle.take(partition) for shuffle in shuffles.values())
        outcome = settler.settle(claims, insured, identities, accounts)
        done(partition, Kept.of(outcome), _write(run.folder, f"part-{partition:05d}.parquet", outcome))

    for _ in in_threads(work, partitions, run.options.workers):
        run.progress.step()


def _write(folder: RunFolder, name: str, outcome: Outcome) -> tuple[Written, ...]:
    """Write the tables of a partition."""
    return tuple(folder.write_table(f"{kind}/{name}", rows) for kind, rows in tables_of(outcome).items())


def _finish(run: Run, restart: Restart[Kept], written: dict[str, Any]) -> dict[str, Any]:
    since = time.perf_counter()
    kinds_of_files = (*restart.always, "rejected")
    names = {f"{kind}/part-{number:05d}.parquet" for kind in kinds_of_files for number in range(run.partitions)}
    whole = restart.finish(written, names)
    run.timed("record", since)
    return {**whole, "seconds": run.seconds}
