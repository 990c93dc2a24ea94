"""A year prepared: read, checked, spread, and kept in the order of people, so that it is settled from there as often as is wanted."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from qingsuan.errors import InputError
from qingsuan.plugins import Installed
from qingsuan.run.deliveries import inputs_of, next_numbers, rejected_name, state_of
from qingsuan.run.executors.local import Threads
from qingsuan.run.folder import RunFolder
from qingsuan.run.machine.given_back import give_back
from qingsuan.run.model import Inputs, Options, Progress, Run
from qingsuan.run.prepared.files import types_of
from qingsuan.run.prepared.layout import SPILL
from qingsuan.run.prepared.opened import PreparedYear
from qingsuan.run.prepared.writer import DeliveryWriter
from qingsuan.run.prepared.writing import add_delivery, create_year
from qingsuan.run.reading import check_files
from qingsuan.run.rejections.refused import RefusedRows
from qingsuan.run.restart.digests import InputDigests
from qingsuan.run.restart.fingerprint import check_prepared, named, read_by
from qingsuan.run.settle import partitions_of
from qingsuan.settlement import Settlement

__all__ = ["prepare"]

_INDEX_SHARE = 16
"""Such a part of the memory is for the index of settlements."""


def prepare(
    settlement: Settlement,
    inputs: Inputs,
    folder: Path,
    options: Options,
    installed: Installed,
    progress: Progress | None = None,
    *,
    add: bool = False,
) -> dict[str, Any]:
    """Prepare a year, or add a delivery to a prepared one, of which nothing is changed.

    Returns
    -------
    dict
        How many rows of each table this delivery has, and how many were rejected; ``seconds`` by stage.

    Raises
    ------
    InputError, PluginError, PolicyError, UsageError
        What comes in cannot be prepared, or not added to this year.
    RunError
        The machine failed; the year is as it was before.
    """
    progress = progress or Progress()
    problems = tuple(f"{plugin.title}: {plugin.problem}" for plugin in installed.broken)
    now = read_by(settlement, installed)
    year = PreparedYear.open(folder) if add else None
    if year is not None:
        check_prepared(year.record.made_by, now, str(folder))
        inputs = replace(inputs, tables=next_numbers(year, inputs.tables))
    inputs = inputs.bound(settlement.inputs)
    partitions = partitions_of(settlement, inputs, options) if year is None else year.record.partitions
    for_index = options.memory // _INDEX_SHARE
    memory = {"memory_bytes": for_index, "workers": options.workers}
    making: AbstractContextManager[DeliveryWriter] = (
        add_delivery(folder, **memory)
        if year is not None
        else create_year(
            folder, settlement=settlement.name, year=settlement.year, partitions=partitions, made_by=now, **memory
        )
    )
    files = named({table.name: inputs.of(table.name) for table in settlement.inputs})
    with making as writer, InputDigests(files.values()) as digests:
        target = RunFolder(writer.folder, (SPILL,), overwrite=True)  # rows are put aside there; no table is written
        less = replace(options, memory=options.memory - for_index)
        run = Run(settlement, inputs, less, target, progress, partitions, problems)
        check_files(run)
        run.check_room(kept=True)
        with Threads(run, writer.folder / SPILL) as engine, RefusedRows(run, writer.folder / SPILL) as refused:
            since = time.perf_counter()
            engine.read(run, refused)
            give_back()
            run.timed("read", since)
            since = time.perf_counter()
            _write(run, engine, writer, year)
            rejected = _write_rejected(refused, writer)
            run.timed("order", since)
        since = time.perf_counter()
        if year is not None:
            _check_new(year, inputs, digests)
        allowed = {} if installed.allowed is None else {"allowed": installed.allowed.record()}
        writer.finish({**state_of(run, digests.of, digests.size, rejected), **allowed})
        digests.check_unchanged()
        run.timed("index", since)
    rows = {table.name: run.books.rows_read[table.name] for table in settlement.inputs}
    counts = {name: one["rows"] for name, one in rejected.items()}
    return {"partitions": partitions, "rows": rows, "rejected": counts, "seconds": run.seconds}


def _write(run: Run, engine: Threads, writer: DeliveryWriter, year: PreparedYear | None) -> None:
    names = [table.name for table in run.settlement.inputs]

    def write(partition: int) -> None:
        tables = dict(zip(names, run.settlement.in_order(engine.take(partition)), strict=True))
        if year is not None:
            _check_alike(year, tables)
        writer.write_part(partition, tables)

    sizes = engine.sizes(run)
    room = run.memory.to_settle(names[0], sizes)
    engine.close()
    run.progress.stage("ordering", run.partitions)
    for _ in room.each(write, range(run.partitions), sizes, run.options.workers):
        run.progress.step()
    run.progress.end()


def _write_rejected(refused: RefusedRows, writer: DeliveryWriter) -> dict[str, Any]:
    """Write the rejected rows; returns by table how many there are, in which partitions, and their sums."""
    found: dict[str, Any] = {}
    for table, partition, rows, sums in refused.kept():
        writer.write_table(rejected_name(table, partition), rows.combine_chunks())
        one = found.setdefault(table, {"rows": 0, "partitions": [], "sums": sums})
        one["rows"] += rows.num_rows
        one["partitions"].append(partition)
    return found


def _check_alike(year: PreparedYear, tables: Mapping[str, pa.Table]) -> None:
    """Check that a further delivery has the internal columns of those before it: files decide which there are.

    Raises
    ------
    InputError
        It has not.
    """
    for name, rows in tables.items():
        known, here = year.deliveries[0].record.tables[name], types_of(rows.schema)
        if known != here:
            other = sorted({*known.items()} ^ {*here.items()})
            raise InputError(
                name,
                found=f"files with other columns than those of the year: {', '.join(sorted({one for one, _ in other}))}",
                expected="the columns of the interface that the year's files have, and no other that decides something",
                do="prepare the year anew from all its files",
            )


def _check_new(year: PreparedYear, inputs: Inputs, digests: InputDigests) -> None:
    """Check that no file was delivered before.

    Raises
    ------
    InputError
        One was: its rows would be there twice.
    """
    before = {(table, source.sha256) for table, sources in inputs_of(year).tables.items() for source in sources}
    for table, sources in inputs.tables.items():
        for source in sources:
            if source.rows and (table, digests.of(source)) in before:
                raise InputError(
                    source.where,
                    found="a file that an earlier delivery of this year holds already",
                    expected="files that are new",
                    do="leave it out",
                )
