"""Reading the tables of a benefit settlement: every file once, rows checked on their own and spread by person."""

from __future__ import annotations

import pyarrow as pa

from qingsuan.benefits.intake.intake import take_claims, take_identities, take_insured
from qingsuan.benefits.intake.interface import REFUSED_WHEN_SET
from qingsuan.run.inputs import Chunk, Source, chunks
from qingsuan.run.model import Run
from qingsuan.run.rejections.refused import RefusedRows
from qingsuan.run.shuffle import Shuffle
from qingsuan.run.threads import in_threads
from qingsuan.tables import CLAIMS, IDENTITIES, INSURED, Column

__all__ = ["TAKE", "empty_rows", "kinds", "read_all", "wanted"]


def kinds(run: Run) -> tuple[tuple[tuple[Source, ...], tuple[Column, ...], str], ...]:
    """The tables that go in: their files, their columns, their names."""
    return (
        (run.inputs.claims, CLAIMS, "claims"),
        (run.inputs.insured, INSURED, "insured"),
        (run.inputs.identities, IDENTITIES, "identities"),
    )


TAKE = {"claims": take_claims, "insured": take_insured, "identities": take_identities}
"""How rows of each table that goes in are read."""


def read_all(run: Run, shuffles: dict[str, Shuffle], refused: RefusedRows) -> None:
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
