"""Refused rows, whole: kept as they came until the end, and written with their reason.

A row refused while its file is read is at hand, one refused later is made again from what the engine keeps of it; what can
be had neither way is remembered by file and row, and fetched at the end.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.benefits.differences import BY, DIFFERENCES, OUTCOMES, Differences
from qingsuan.benefits.intake.restore import LOST, is_restorable
from qingsuan.benefits.rejects import REJECT_SCHEMA
from qingsuan.benefits.results import merge_totals
from qingsuan.benefits.setup import Setup
from qingsuan.columns.cells import NO_AMOUNT, read_money
from qingsuan.columns.rows import arrow, numbers
from qingsuan.run.inputs import Source, as_text, carried_as, fetch_rows
from qingsuan.run.kept import Kept
from qingsuan.run.rejections.deferred import Remembered
from qingsuan.run.rejections.people import with_rejected_insured
from qingsuan.run.settled_elsewhere import settled_elsewhere, with_settled_elsewhere
from qingsuan.run.shuffle import Shuffle
from qingsuan.run.tally import Tally, sums_of
from qingsuan.run.threads import in_threads

if TYPE_CHECKING:
    from qingsuan.run.model import Run

__all__ = ["REASON_COLUMNS", "RefusedRows"]

REASON_COLUMNS = ("source_file", "source_row", "code", "column", "found", "expected")
"""Columns put before the row's own; ``source_row`` counts from 1, a CSV's header not counted. A column of the input that
has one of these names is written as ``input_…``."""


class RefusedRows:
    """Collects refused rows of all tables while a run goes on, and writes ``rejected/`` at the end. Threads may add.

    Parameters
    ----------
    run
        Its memory for waiting rows is shared; a sixteenth of all its memory may be taken by what is only remembered.
    spill
        The run's folder for rows put aside, which the run removes.
    """

    def __init__(self, run: Run, spill: Path) -> None:
        inputs = run.inputs
        sources = {"claims": inputs.claims, "insured": inputs.insured, "identities": inputs.identities}
        self._tables = {name: _Refused(run, sources[name], spill / f"refused-{name}") for name in sources}

    def read(self, table: str, refusals: pa.Table, batch: pa.RecordBatch, first_row: int) -> None:
        """Keep what was refused (:data:`qingsuan.benefits.rejects.REJECT_SCHEMA`) of a batch just read from a file."""
        if refusals.num_rows:
            self._tables[table].read(refusals, batch, first_row)

    def settled(self, kept: Kept) -> None:
        """Keep what was refused of a settled partition."""
        claims = self._tables["claims"]
        if kept.refused_rows is None:
            claims.remember(kept.refused)
        elif kept.refused.num_rows:
            claims.settled(kept.refused.combine_chunks(), kept.refused_rows)

    def remember(self, table: str, refusals: pa.Table) -> None:
        """Remember rows that are fetched at the end."""
        self._tables[table].remember(refusals)

    def write(self, run: Run) -> None:
        """Write every refused row with all its columns and its reason, in the order of the people.

        Claims come last: their reasons tell of insured rows that were refused, and of claims that are settled.
        """
        run.tally.settled_elsewhere = settled_elsewhere(run.tally.totals, run.inputs.claims)
        for name in ("insured", "identities", "claims"):
            table = self._tables[name]
            if name == "claims" or table.rows:
                run.progress.stage(f"rejected {name} 退回", run.partitions)
                table.write(run, name)
                run.progress.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for table in self._tables.values():
            table.shuffle.__exit__(kind, error, trace)


class _Refused:
    """The refused rows of one input table."""

    def __init__(self, run: Run, sources: tuple[Source, ...], spill: Path) -> None:
        self.rows = 0
        self._sources = {source.number: source for source in sources}
        self._names = pa.array([source.name for source in sources], pa.string())
        self._restorable = pa.array([is_restorable(source.schema) for source in sources], pa.bool_())
        self._schema = _common_schema(sources)
        self._person = "person"
        while self._person in self._schema.names:
            self._person += "_"
        self._remembered = Remembered(sources, run.options.memory // 16, spill / "remembered")
        self._amounts = Counter[str]()
        self._lock = threading.Lock()
        self.shuffle = Shuffle(run.partitions, run.waiting, spill)
        self._paid = run.setup.paid_columns if sources is run.inputs.claims else ()
        inner = [pa.field(self._person, pa.string()), *(pa.field(self._fen(name), pa.int64()) for name in self._paid)]
        self.shuffle.add(pa.RecordBatch.from_pylist([], pa.schema([*self._schema, *inner])))

    def read(self, refusals: pa.Table, batch: pa.RecordBatch, first_row: int) -> None:
        file = self._sources[refusals.column("file")[0].as_py()]
        if set(file.schema.names) <= set(batch.schema.names):
            self._add(refusals, batch.take(pc.subtract(refusals.column("row").combine_chunks(), first_row)))
        else:
            self.remember(refusals)

    def settled(self, refusals: pa.Table, rows: pa.Table) -> None:
        whole = pc.not_equal(rows.column("blank"), LOST)
        whole = pc.and_(whole, self._restorable.take(refusals.column("file").combine_chunks()))
        if pc.any(whole).as_py():
            self._add(refusals.filter(whole), rows.filter(whole).combine_chunks().to_batches()[0])
        self.remember(refusals.filter(pc.invert(whole)))

    def remember(self, refusals: pa.Table) -> None:
        with self._lock:
            self.rows += refusals.num_rows
            self._remembered.add(refusals)

    def _add(self, reasons: pa.Table, rows: pa.RecordBatch) -> None:
        with self._lock:
            self.rows += reasons.num_rows
        self._keep(reasons, rows)

    def _keep(self, reasons: pa.Table, rows: pa.RecordBatch) -> None:
        """Add up the amounts that can be read, as they came; then put rows by for the people they belong to."""
        amounts = sums_of(rows)
        with self._lock:
            self._amounts.update(amounts)
        self.shuffle.add(self._joined(reasons, rows), self._person)

    def _joined(self, reasons: pa.Table, rows: pa.RecordBatch) -> pa.RecordBatch:
        """Reasons and rows side by side, as they are written; last ``psn_no`` as text, empty if there is none."""
        found = {name: reasons.column(name).combine_chunks() for name in REJECT_SCHEMA.names}
        columns = {name: array for name, array in found.items() if name not in ("file", "row")}
        columns["source_file"] = self._names.take(found["file"])
        columns["source_row"] = pc.add(found["row"], 1)
        columns.update({_outer(name): rows.column(name) for name in rows.schema.names})
        arrays = [_carried(columns.get(column.name), column.type, rows.num_rows) for column in self._schema]
        person = pc.fill_null(columns["psn_no"].cast(pa.string()), "")
        paid = [_paid(rows, name) for name in self._paid]
        names = [*self._schema.names, self._person, *map(self._fen, self._paid)]
        return pa.RecordBatch.from_arrays([*arrays, person, *paid], names=names)

    def _fen(self, paid: str) -> str:
        """The column in which rows put by hold in fen what they carry as paid, as it came."""
        return f"{self._person} {paid}"

    def write(self, run: Run, table: str) -> None:
        """Write the table's part files, and count what is in them."""
        for reasons, rows in self._fetched():
            self._keep(reasons, rows)
        run.tally.amounts_rejected.update(self._amounts)
        self.shuffle.close()
        prefix = "" if table == "claims" else f"{table}-"

        def write(partition: int) -> None:
            rows = self.shuffle.take(partition).sort_by(_sort_keys(self._person, self._schema))
            differences, sums = self._differences(rows, run.setup)
            rows = rows.select(self._schema.names)
            if table == "claims":
                rows = with_rejected_insured(rows, run.folder.path / f"rejected/insured-part-{partition:05d}.parquet")
                rows = with_settled_elsewhere(rows, run.tally.settled_elsewhere)
            run.folder.write_table(f"rejected/{prefix}part-{partition:05d}.parquet", rows)
            if differences is not None:
                run.folder.write_table(f"{DIFFERENCES}/rejected-part-{partition:05d}.parquet", differences)
            with run.lock:
                _count(rows, table, run.tally, run.setup)
                if sums is not None:
                    run.tally.totals.setdefault(DIFFERENCES, []).append(sums)

        for _ in in_threads(write, range(run.partitions), run.options.workers):
            run.progress.step()

    def _differences(self, rows: pa.Table, setup: Setup) -> tuple[pa.Table | None, pa.Table | None]:
        """What rejected rows carry as paid: nothing is due for them; and its sums."""
        if not self._paid:
            return None, None
        alike = pa.table(
            {**{name: _text(rows, name) for name in _IDS}, **{n: rows.column(self._fen(n)) for n in self._paid}}
        )
        rows = rows.take(pc.sort_indices(alike, [(name, "ascending") for name in alike.schema.names]))  # not by file
        paid = {name: numbers(rows.column(self._fen(name))) for name in self._paid}
        found = Differences(paid, {}, np.full(rows.num_rows, OUTCOMES.index("rejected"), np.int32))
        texts = {name: _text(rows, name) for name in _IDS}
        some = pa.array(found.some)
        fields = {name: texts[name].filter(some) for name in ("setl_id", "psn_no", *_CODES)}
        for name in _CODES:
            codes_of_rows = fields[name]
            given = pc.not_equal(codes_of_rows, "")
            fields[name] = pc.if_else(given, codes_of_rows, pa.scalar(None, pa.string())).dictionary_encode()
        pools = [setup.places.pool_of(area) for area in texts["insu_admdvs"].to_pylist()]
        codes = [setup.places.pools[pool].code if pool >= 0 else "" for pool in pools]
        keys = pa.table({"pool": pa.array(codes, pa.string()), **{name: texts[name] for name in _BY}})
        sums = found.summed(np.arange(rows.num_rows, dtype=np.int32), keys)
        return found.completed(fields), merge_totals([sums], BY)

    def _fetched(self) -> Iterator[tuple[pa.Table, pa.RecordBatch]]:
        """The rows that were only remembered, and why they were refused."""
        for file, mine in self._remembered.take():
            done = 0
            for places, batch in fetch_rows(self._sources[file], mine.column("row").to_numpy()):
                yield mine.slice(done, len(places)), batch
                done += len(places)


_CODES = ("insutype", "insu_admdvs", "fixmedins_code")
_IDS = ("psn_no", "setl_id", *_CODES)
_BY = ("insutype", "fixmedins_code")


def _paid(rows: pa.RecordBatch, name: str) -> pa.Array:
    """What rows carry as paid in fen, as far as cells can be read; ``NO_AMOUNT`` where they say nothing."""
    if name not in rows.schema.names:
        return pa.repeat(pa.scalar(NO_AMOUNT, pa.int64()), rows.num_rows)
    cells = read_money(rows.column(name))
    unknown = cells.absent.copy()
    for fault in cells.faults.values():
        unknown |= fault
    return arrow(np.where(unknown, NO_AMOUNT, cells.values).astype(np.int64))


def _text(rows: pa.Table, name: str) -> pa.Array:
    if name not in rows.schema.names:
        return pa.repeat(pa.scalar(""), rows.num_rows)
    found = rows.column(name).cast(pa.string())
    found = found.combine_chunks() if found.num_chunks != 1 else found.chunk(0)
    return pc.fill_null(found, "")


def _common_schema(sources: tuple[Source, ...]) -> pa.Schema:
    """Every column any file has; as text where two files do not agree on its type, or Parquet does not hold all of it."""
    kinds: dict[str, pa.DataType] = {}
    for source in sources:
        for column in source.schema:
            kind = carried_as(column.type)
            name = _outer(column.name)
            if kinds.setdefault(name, kind) != kind:
                kinds[name] = pa.string()
    reasons = [(name, pa.int64() if name == "source_row" else pa.string()) for name in REASON_COLUMNS]
    return pa.schema([*reasons, *kinds.items()])


def _carried(column: pa.Array | None, kind: pa.DataType, rows: int) -> pa.Array:
    """A column in the type in which it is written."""
    if column is None:
        return pa.nulls(rows, kind)
    return as_text(column) if kind == pa.string() else column.cast(kind)


def _outer(name: str) -> str:
    """The name of an input column in ``rejected/``."""
    return f"input_{name}" if name in REASON_COLUMNS else name


def _sort_keys(person: str, schema: pa.Schema) -> list[tuple[str, str]]:
    names = (person, "setl_id", "code", "column", "found", "source_file", "source_row")
    return [(name, "ascending") for name in names if name == person or name in schema.names]


def _count(rows: pa.Table, table: str, tally: Tally, setup: Setup) -> None:
    """Count a partition's refused rows, those of claims by pool and scheme too."""
    for counted in rows.column("code").value_counts().to_pylist():
        tally.refused(table, counted["values"], counted["counts"])
    if table != "claims":
        return
    by = ["insu_admdvs", "insutype", "code"]
    for row in rows.select(by).group_by(by, use_threads=False).aggregate([([], "count_all")]).to_pylist():
        pool = setup.places.pool_of(str(row["insu_admdvs"]))
        code = setup.places.pools[pool].code if pool >= 0 else ""
        tally.rejected_by[code, str(row["insutype"] or ""), row["code"]] += row["count_all"]
