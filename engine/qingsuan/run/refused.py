"""Refused rows, whole: they are remembered by file and row, fetched again at the end, and written with their reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.benefits.rejects import REJECT_SCHEMA
from qingsuan.benefits.setup import Setup
from qingsuan.cells import read_money
from qingsuan.run.folder import RunFolder
from qingsuan.run.inputs import Source, fetch_rows
from qingsuan.run.remembered import Remembered
from qingsuan.run.shuffle import Shuffle
from qingsuan.run.tally import Tally
from qingsuan.tables import BILL

if TYPE_CHECKING:
    from qingsuan.run.settle import Inputs, Progress

__all__ = ["REASON_COLUMNS", "RefusedRows"]

REASON_COLUMNS = ("source_file", "source_row", "code", "column", "found", "expected")
"""Columns put before the row's own; ``source_row`` counts from 1, a CSV's header not counted. A column of the input that
has one of these names is written as ``input_…``."""


class RefusedRows:
    """Collects refusals while a run goes on, and writes ``rejected/`` at the end."""

    def __init__(self, inputs: Inputs, partitions: int, budget_bytes: int, spill: Path) -> None:
        self.sources = {"claims": inputs.claims, "insured": inputs.insured, "identities": inputs.identities}
        self.partitions, self.budget_bytes, self.spill = partitions, budget_bytes, spill
        self._remembered = {
            name: Remembered(sources, budget_bytes, spill / f"refused-{name}") for name, sources in self.sources.items()
        }

    def add(self, table: str, refusals: pa.Table) -> None:
        """Remember refusals (:data:`qingsuan.benefits.rejects.REJECT_SCHEMA`). Called under the run's lock."""
        self._remembered[table].add(refusals)

    def write(self, folder: RunFolder, tally: Tally, setup: Setup, progress: Progress) -> None:
        """Fetch every refused row with all its columns and write it with its reason, in the order of the people."""
        progress.stage("rejected 拒付", sum(1 for one in self._remembered.values() if one.rows))
        for table, remembered in self._remembered.items():
            prefix = "" if table == "claims" else f"{table}-"
            schema = _common_schema(self.sources[table])
            if not remembered.rows and table != "claims":
                continue
            with Shuffle(self.partitions, self.budget_bytes, self.spill / f"rejected-{table}") as shuffle:
                shuffle.add(pa.RecordBatch.from_pylist([], schema))
                for batch, as_it_came in self._fetch(table, schema):
                    _count(batch, as_it_came, table, tally, setup)
                    shuffle.add(batch)
                shuffle.close()
                for partition in range(self.partitions):
                    rows = shuffle.take(partition).sort_by(_sort_keys(schema))
                    folder.write_table(f"rejected/{prefix}part-{partition:05d}.parquet", rows)
            progress.step()
        progress.end()

    def _fetch(self, table: str, schema: pa.Schema) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
        """Give refused rows as they are written, and as they came."""
        sources = {source.number: source for source in self.sources[table]}
        for file, mine in self._remembered[table].take():
            done = 0
            for numbers, batch in fetch_rows(sources[file], mine.column("row").to_numpy()):
                reasons = mine.slice(done, len(numbers))
                done += len(numbers)
                yield _joined(sources[file], reasons, batch, schema), batch

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._remembered.clear()


def _common_schema(sources: tuple[Source, ...]) -> pa.Schema:
    """Every column any file has; as text where two files do not agree on its type, or a dictionary holds it."""
    kinds: dict[str, pa.DataType] = {}
    for source in sources:
        for column in source.schema:
            kind = pa.string() if pa.types.is_dictionary(column.type) else column.type
            name = _outer(column.name)
            if kinds.setdefault(name, kind) != kind:
                kinds[name] = pa.string()
    if pa.types.is_null(kinds.get("psn_no", pa.string())):
        kinds["psn_no"] = pa.string()
    reasons = [(name, pa.int64() if name == "source_row" else pa.string()) for name in REASON_COLUMNS]
    return pa.schema([*reasons, *kinds.items()])


def _outer(name: str) -> str:
    """The name of an input column in ``rejected/``."""
    return f"input_{name}" if name in REASON_COLUMNS else name


def _joined(source: Source, reasons: pa.Table, batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    columns = {
        "source_file": pa.repeat(pa.scalar(source.name), batch.num_rows),
        "source_row": pc.add(reasons.column("row").combine_chunks(), 1),
        **{name: reasons.column(name).combine_chunks() for name in REJECT_SCHEMA.names if name not in ("file", "row")},
    }
    columns.update({_outer(name): batch.column(name) for name in batch.schema.names})
    arrays = []
    for column in schema:
        array = columns.get(column.name, pa.nulls(batch.num_rows))
        if column.name == "psn_no":
            array = pc.fill_null(array.cast(pa.string()), "")
        arrays.append(array if array.type == column.type else array.cast(column.type))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _sort_keys(schema: pa.Schema) -> list[tuple[str, str]]:
    names = ("psn_no", "setl_id", "code", "column", "found", "source_file", "source_row")
    return [(name, "ascending") for name in names if name in schema.names]


def _count(batch: pa.RecordBatch, as_it_came: pa.RecordBatch, table: str, tally: Tally, setup: Setup) -> None:
    """Count a batch of refused rows, and add up the amounts that can be read."""
    for counted in batch.column("code").value_counts().to_pylist():
        tally.refused(table, counted["values"], counted["counts"])
    if table != "claims":
        return
    for name in BILL:
        tally.amounts_rejected[name] += int(read_money(as_it_came.column(name)).values.sum())
    by = ["insu_admdvs", "insutype", "code"]
    for row in pa.table(batch.select(by)).group_by(by).aggregate([([], "count_all")]).to_pylist():
        pool = setup.places.pool_of(str(row["insu_admdvs"]))
        code = setup.places.pools[pool].code if pool >= 0 else ""
        tally.rejected_by[code, str(row["insutype"] or ""), row["code"]] += row["count_all"]
