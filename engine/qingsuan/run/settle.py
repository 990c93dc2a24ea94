"""Settlement 1 over whole files: read and spread by person, settle partition by partition, write the run folder.

Reading comes first and completely, so that a file that cannot be trusted stops the run before anything is written.
"""

from __future__ import annotations

import json
import time
from typing import Any

from qingsuan.benefits.intake.interface import check_refused_types
from qingsuan.benefits.setup import Setup
from qingsuan.divisions import name as division_name
from qingsuan.errors import PluginError
from qingsuan.plugins import Installed
from qingsuan.run import record
from qingsuan.run.executors.interface import Engine
from qingsuan.run.executors.local import Threads
from qingsuan.run.folder import RECORD, RunFolder, Written
from qingsuan.run.inputs import check_columns, told_of_inputs, unread_names
from qingsuan.run.kept import Kept
from qingsuan.run.model import Inputs, Options, Progress, Run
from qingsuan.run.reading import kinds
from qingsuan.run.rejections.refused import RefusedRows
from qingsuan.run.restart.digests import InputDigests
from qingsuan.run.restart.fingerprint import header_of_benefits, named
from qingsuan.run.restart.restart import Restart
from qingsuan.run.shuffle import partitions_within
from qingsuan.run.threads import in_threads
from qingsuan.tables import INTERFACE, PAID_COLUMNS

__all__ = ["partitions_for", "settle"]

BYTES_PER_ROW = 1_500
"""What one claim needs, at most, while its partition is settled: it decides how many partitions a run has."""


ACCUMULATORS_PER_ROW = 6
"""So many rows of accumulators need what one claim needs."""


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
        other or Threads(run, spill) as engine,
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


def _finish(run: Run, restart: Restart[Kept], written: dict[str, Any]) -> dict[str, Any]:
    since = time.perf_counter()
    kinds_of_files = (*restart.always, "rejected")
    names = {f"{kind}/part-{number:05d}.parquet" for kind in kinds_of_files for number in range(run.partitions)}
    whole = restart.finish(written, names)
    run.timed("record", since)
    return {**whole, "seconds": run.seconds}
