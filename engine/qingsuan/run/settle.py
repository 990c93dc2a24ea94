"""A settlement over whole files: read and spread, settle partition by partition, write the run folder.

Reading comes first and completely, so that a file that cannot be trusted stops the run before anything is written.
"""

from __future__ import annotations

import json
import time
from typing import Any

from qingsuan.errors import PolicyError
from qingsuan.plugins import Installed
from qingsuan.run import record
from qingsuan.run.executors.interface import Engine
from qingsuan.run.executors.local import Threads
from qingsuan.run.folder import RECORD, RunFolder, Written
from qingsuan.run.kept import Kept
from qingsuan.run.machine.given_back import give_back
from qingsuan.run.model import Inputs, Options, Progress, Run
from qingsuan.run.reading import check_files
from qingsuan.run.rejections.refused import RefusedRows
from qingsuan.run.restart.digests import InputDigests
from qingsuan.run.restart.fingerprint import header_of, named
from qingsuan.run.restart.restart import Restart
from qingsuan.run.shuffle import partitions_within
from qingsuan.run.threads import in_threads
from qingsuan.settlement import Settlement

__all__ = ["partitions_for", "partitions_of", "settle"]


def settle(
    settlement: Settlement,
    inputs: Inputs,
    folder: RunFolder,
    options: Options,
    installed: Installed,
    progress: Progress | None = None,
    engine: Engine | None = None,
) -> dict[str, Any]:
    """Settle a year and write the run folder; in threads of this process unless another engine is given.

    Returns
    -------
    dict
        The run record (``run.json``), with ``seconds`` by stage added.

    Raises
    ------
    InputError, PluginError
        Before anything is written: a file, or a pool in it, cannot be settled.
    PolicyError
        What was counted cannot be settled by these rules or tables; nothing is left of the run.
    RunError
        The machine failed part-way; the folder has no ``run.json``.
    """
    inputs = inputs.bound(settlement.inputs)
    files = named({table.name: inputs.of(table.name) for table in settlement.inputs})
    partitions = partitions_of(settlement, inputs, options)
    problems = tuple(f"{plugin.title}: {plugin.problem}" for plugin in installed.broken)
    run = Run(settlement, inputs, options, folder, progress or Progress(), partitions, problems)
    unread = check_files(run)
    run.check_room(here=engine is None)
    header = header_of(settlement, files, installed, partitions, inputs.intakes)
    with folder.held(), InputDigests(files.values()) as digests:
        restart = Restart(
            folder, header, files, digests, run.progress.note, read=Kept.from_bytes, always=settlement.always
        )
        if restart.is_finished:
            return _finished_before(run, restart)
        with restart.telling():
            _settle(run, restart, engine)
        settlement.check(run.books)
        with restart.telling():
            inputs_of = {
                table.name: record.of_inputs(inputs.of(table.name), digests.of)
                for table in settlement.inputs
                if inputs.of(table.name) or not table.is_trusted
            }
            own = settlement.record(run.books)
            whole = record.of_run(
                settlement.name, settlement.year, installed, partitions, inputs_of, inputs, unread, own
            )
            return _finish(run, restart, whole)


def partitions_of(settlement: Settlement, inputs: Inputs, options: Options) -> int:
    """How many partitions a run of these files has.

    Raises
    ------
    InputError
        A file says that it has more rows than a run can hold.
    """
    if options.partitions:
        return options.partitions
    sources = [(table.row_bytes, source) for table in settlement.inputs for source in inputs.of(table.name)]
    needed = partitions_for(sum(row_bytes * source.rows for row_bytes, source in sources), options.memory)
    return partitions_within(needed, (source for _, source in sources))


def partitions_for(needed_bytes: int, memory: int) -> int:
    """How many partitions: so many that one, being settled, takes a quarter of the memory.

    More than one are a multiple of four, so that two or four workers end together.
    """
    needed = max(1, -(-needed_bytes // max(1, memory // 4)))
    return needed if needed == 1 else -(-needed // 4) * 4


def _finished_before(run: Run, restart: Restart[Kept]) -> dict[str, Any]:
    """The record of a run that was to be gone on with, and is finished."""
    restart.check_inputs()
    run.progress.note(f"{run.folder.path}: the run is finished; nothing was left to do")
    found: dict[str, Any] = json.loads((run.folder.path / RECORD).read_text("utf8"))
    return found


def _settle(run: Run, restart: Restart[Kept], other: Engine | None) -> None:
    """All stages up to the last table."""
    spill = run.folder.path / ".shuffle"
    with (
        other or Threads(run, spill) as engine,
        RefusedRows(run, spill) as refused,
    ):
        since = time.perf_counter()
        engine.read(run, refused)
        give_back()
        run.timed("read", since)
        left = _reuse(run, restart, refused)

        def done(partition: int, kept: Kept, files: tuple[Written, ...]) -> None:
            restart.keep(partition, kept, files)
            _count(run, refused, kept)

        since = time.perf_counter()
        run.progress.stage("settling", len(left))
        engine.settle(run, left, done)
        run.progress.end()
        give_back()
        run.timed("settle", since)
        since = time.perf_counter()
        refused.write(run)
        _write_totals(run)
        run.timed("rejected", since)


def _count(run: Run, refused: RefusedRows, kept: Kept) -> None:
    refused.settled(kept)
    with run.lock:
        run.books.settled(kept.counts, kept.totals)


def _write_totals(run: Run) -> None:
    try:
        found = run.settlement.totals(run.books)
    except PolicyError:  # with other rules or tables it is another run: nothing of this one can be gone on with
        run.folder.clear()
        raise
    for name, table in found.items():
        run.folder.write_table(name, table)


def _reuse(run: Run, restart: Restart[Kept], refused: RefusedRows) -> list[int]:
    """Take over what an earlier run finished; returns the partitions that are left."""
    since = time.perf_counter()
    found = restart.begin()
    if found:
        run.progress.stage("checking", len(found))
        for kept in in_threads(lambda item: restart.reuse(*item), found.items(), run.options.workers):
            if kept is not None:
                _count(run, refused, kept)
            run.progress.step()
        run.progress.end()
        run.timed("reuse", since)
    return [number for number in range(run.partitions) if number not in restart.finished]


def _finish(run: Run, restart: Restart[Kept], written: dict[str, Any]) -> dict[str, Any]:
    since = time.perf_counter()
    kinds_of_files = (*run.settlement.always, "rejected")
    names = {f"{kind}/part-{number:05d}.parquet" for kind in kinds_of_files for number in range(run.partitions)}
    whole = restart.finish(written, names)
    run.timed("record", since)
    return {**whole, "seconds": run.seconds}
