"""Settlement 1 over whole files: read and spread by person, settle partition by partition, write the run folder.

Reading comes first and completely, so that a file that cannot be trusted stops the run before anything is written.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pyarrow as pa

from qingsuan.benefits.intake import check_columns, take_claims, take_identities, take_insured
from qingsuan.benefits.partition import Outcome, Settler
from qingsuan.benefits.setup import Setup
from qingsuan.divisions import name as division_name
from qingsuan.errors import PluginError
from qingsuan.plugins import Installed
from qingsuan.run import record
from qingsuan.run.folder import RunFolder
from qingsuan.run.inputs import Chunk, Source, chunks
from qingsuan.run.refused import RefusedRows
from qingsuan.run.shuffle import Shuffle
from qingsuan.run.tally import Tally
from qingsuan.tables import CLAIMS, IDENTITIES, INSURED, PAID_COLUMNS, Column

__all__ = ["TABLES", "Inputs", "Options", "Progress", "settle"]

TABLES = ("settled", "rejected", "reversed", "differences", "totals", ".shuffle")
BYTES_PER_ROW = 1_500
"""What one claim needs, at most, while its partition is settled: it decides how many partitions a run has."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Inputs:
    """The files of a run."""

    claims: tuple[Source, ...]
    insured: tuple[Source, ...]
    identities: tuple[Source, ...] = ()


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


@dataclass
class _Run:
    """What is shared between the stages of one run."""

    setup: Setup
    inputs: Inputs
    options: Options
    folder: RunFolder
    progress: Progress
    partitions: int
    tally: Tally = field(default_factory=Tally)
    seconds: dict[str, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def timed(self, stage: str, since: float) -> None:
        self.seconds[stage] = round(time.perf_counter() - since, 3)


def settle(
    setup: Setup,
    inputs: Inputs,
    folder: RunFolder,
    options: Options,
    installed: Installed,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Settle a year of claims and write the run folder.

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
    partitions = options.partitions or partitions_for(sum(source.rows for source in inputs.claims), options.memory)
    run = _Run(setup, inputs, options, folder, progress or Progress(), partitions)
    unread = _check(run)
    spill = folder.path / ".shuffle"
    existed = folder.path.exists()
    try:
        with ExitStack() as stack:

            def shuffle(name: str, share: int) -> Shuffle:
                return stack.enter_context(Shuffle(partitions, options.memory // share, spill / name))

            claims, insured, identities = shuffle("claims", 4), shuffle("insured", 8), shuffle("identities", 16)
            refused = stack.enter_context(RefusedRows(inputs, partitions, options.memory // 8, spill))
            _read(run, claims, insured, identities, refused)
            _stop_if_unserved(run, installed)
            _settle_partitions(run, claims, insured, identities, refused)
            since = time.perf_counter()
            refused.write(folder, run.tally, setup, run.progress)
            run.timed("rejected", since)
    except BaseException:
        if not existed and folder.path.exists() and not any(p for p in folder.path.iterdir() if p.name != ".shuffle"):
            shutil.rmtree(folder.path)
        raise
    shutil.rmtree(spill, ignore_errors=True)
    return _finish(run, installed, unread)


def partitions_for(rows: int, memory: int) -> int:
    """How many partitions: so many that one, being settled, takes a quarter of the memory."""
    return max(1, -(-rows * BYTES_PER_ROW // max(1, memory // 4)))


def _check(run: _Run) -> dict[str, list[str]]:
    """Check every file's columns before a row is read; returns columns that nobody reads."""
    unread: dict[str, list[str]] = {}
    for sources, columns, table in _kinds(run):
        for source in sources:
            own = {own.column for own in run.setup.own(table) if own.column}
            extra = [name for name in check_columns(str(source.path), source.schema, columns) if name not in own]
            if extra:
                unread[source.name] = extra
    names = {name for source in run.inputs.claims for name in source.schema.names}
    run.setup.paid_columns = tuple(name for name in PAID_COLUMNS if name in names)
    return unread


def _kinds(run: _Run) -> tuple[tuple[tuple[Source, ...], tuple[Column, ...], str], ...]:
    return (
        (run.inputs.claims, CLAIMS, "claims"),
        (run.inputs.insured, INSURED, "insured"),
        (run.inputs.identities, IDENTITIES, "identities"),
    )


_TAKE = {"claims": take_claims, "insured": take_insured, "identities": take_identities}


def _read(run: _Run, claims: Shuffle, insured: Shuffle, identities: Shuffle, refused: RefusedRows) -> None:
    """Read every file once, check rows on their own, spread them by person."""
    since = time.perf_counter()
    shuffles = {"claims": claims, "insured": insured, "identities": identities}
    work: list[tuple[str, Chunk]] = []
    for sources, _, table in _kinds(run):
        empty, _ = _TAKE[table](run.setup, _empty_batch(run, table), 0, 0)
        shuffles[table].add(empty)
        work.extend((table, chunk) for source in sources for chunk in chunks(source))
    run.progress.stage("reading 读取", len(work))

    def read(item: tuple[str, Chunk]) -> None:
        table, chunk = item
        for first_row, batch in chunk.batches(_wanted(run, table, chunk.source)):
            taken, refusals = _TAKE[table](run.setup, batch, chunk.source.number, first_row)
            shuffles[table].add(taken)
            amounts = run.tally.read_amounts(batch) if table == "claims" else {}
            with run.lock:
                run.tally.read(table, batch.num_rows)
                run.tally.amounts_in.update(amounts)
                refused.add(table, refusals)

    for _ in in_threads(read, work, run.options.workers):
        run.progress.step()
    run.progress.end()
    run.setup.freeze()
    run.timed("read", since)


def _empty_batch(run: _Run, table: str) -> pa.RecordBatch:
    """An empty batch of a table, so that its internal columns are known even where no row comes."""
    kinds = {"money": pa.decimal128(16, 2), "date": pa.date32(), "time": pa.timestamp("us")}
    columns = next(columns for _, columns, name in _kinds(run) if name == table)
    arrays = [pa.array([], kinds.get(column.kind, pa.string())) for column in columns]
    names = [column.name for column in columns]
    for own in run.setup.own(table):
        if own.column and own.column not in names:
            names.append(own.column)
            arrays.append(pa.array([], pa.int64() if own.is_number else pa.string()))
    return pa.RecordBatch.from_arrays(arrays, names=names)


def _wanted(run: _Run, table: str, source: Source) -> list[str]:
    """The columns of a file that are read."""
    columns = next(columns for _, columns, name in _kinds(run) if name == table)
    names = {column.name for column in columns} | {own.column for own in run.setup.own(table)}
    return [name for name in source.schema.names if name in names]


def _stop_if_unserved(run: _Run, installed: Installed) -> None:
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


def _settle_partitions(run: _Run, claims: Shuffle, insured: Shuffle, identities: Shuffle, refused: RefusedRows) -> None:
    since = time.perf_counter()
    for shuffle in (claims, insured, identities):
        shuffle.close()
    settler = Settler(run.setup)
    run.progress.stage("settling 结算", run.partitions)

    def work(partition: int) -> Outcome:
        outcome = settler.settle(claims.take(partition), insured.take(partition), identities.take(partition))
        name = f"part-{partition:05d}.parquet"
        run.folder.write_table(f"settled/{name}", outcome.settled)
        run.folder.write_table(f"reversed/{name}", outcome.reversed_rows)
        if outcome.differences is not None:
            run.folder.write_table(f"differences/{name}", outcome.differences)
        with run.lock:
            refused.add("claims", outcome.refused)
            run.tally.settled(outcome)
        return outcome

    for _ in in_threads(work, range(run.partitions), run.options.workers):
        run.progress.step()
    run.progress.end()
    run.tally.write_totals(run.folder)
    run.timed("settle", since)


def in_threads(work: Callable[[_Item], _Result], items: Iterable[_Item], workers: int) -> Iterable[_Result]:
    """Do work side by side, never more than ``workers`` at once; the first failure stops what has not begun."""
    with ThreadPoolExecutor(workers) as pool:
        running: set[Future[_Result]] = set()
        try:
            for item in items:
                running.add(pool.submit(work, item))
                if len(running) > workers:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        yield future.result()
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        finally:
            for future in running:
                future.cancel()


def _finish(run: _Run, installed: Installed, unread: dict[str, list[str]]) -> dict[str, Any]:
    since = time.perf_counter()
    run.tally.check()
    written = record.of_settlement(run.setup, run.inputs, installed, run.tally, run.partitions, unread)
    run.folder.finish(written)
    run.timed("record", since)
    return {**written, "seconds": run.seconds}
