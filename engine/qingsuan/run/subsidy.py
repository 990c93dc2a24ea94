"""One run of ``qingsuan subsidy``, from files to a finished run folder.

Everything is written to a hidden folder beside the output and moved into place at the end: what stops a run, even after
the last row was read, leaves nothing behind, and an earlier result in its place until then.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from qingsuan import __version__
from qingsuan.errors import RunError
from qingsuan.plugins import Installed
from qingsuan.run.apart import beside, check_apart
from qingsuan.run.folder import DIGESTS, RECORD, RunFolder
from qingsuan.run.heads import Batch, count_heads, partitions_for, rejected_schema, rejected_table
from qingsuan.run.inputs import Source, check_door, chunks, find_files, open_files, told_of_inputs, unread_names
from qingsuan.run.record import of_inputs, of_plugins
from qingsuan.run.shuffle import Budget, Shuffle
from qingsuan.subsidies.bureau import BureauTables
from qingsuan.subsidies.counting import DUPLICATES
from qingsuan.subsidies.funding import Funding, resolve
from qingsuan.subsidies.outcome import Outcome, not_counted_table
from qingsuan.subsidies.results import due_table, prefecture_table, region_table
from qingsuan.subsidies.screening import COLUMNS, Rejection, Screening, check_columns

__all__ = ["TABLES", "Finished", "Request", "run_subsidy"]

TABLES = ("due", "totals", "duplicates", "rejected")
"""The sub-folders of a run folder of this kind."""

SPILL_BYTES = 512 * 2**20
ROWS_PER_PART = 1_000_000


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for: paths, folders or globs of insured people, the year, where to write, the bureau's tables."""

    insured: Sequence[str | Path]
    year: int
    out: Path
    tables: BureauTables = field(default_factory=BureauTables)
    skip_unserved: bool = False
    overwrite: bool = False
    partitions: int | None = None
    csv_encoding: str = "utf8"


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished run: the outcome, and the record as it stands in ``run.json``."""

    outcome: Outcome
    record: Mapping[str, Any]


def run_subsidy(request: Request, installed: Installed, say: Callable[[str], None] = lambda _: None) -> Finished:
    """Count, split, and write the run folder; ``say`` gets a line at each stage.

    Raises
    ------
    UsageError, InputError, PolicyError, PluginError, RunError
        Whatever stops the run; nothing has been written then.
    """
    for out in (request.out, beside(request.out)):
        check_apart(out, TABLES, (*request.insured, *request.tables.paths))
    folder = RunFolder(request.out, TABLES, overwrite=request.overwrite)
    broken = [f"{plugin.title} is broken: {plugin.problem}" for plugin in installed.broken]
    funding = resolve(installed.regions, request.year, request.tables, broken)
    found = find_files(request.insured, "insured people")
    sources = open_files(found, request.csv_encoding)
    _check(sources, found.left_out, say)
    with folder.held(), _beside(request.out) as unfinished:
        result = RunFolder(unfinished / "result", TABLES)
        outcome = _calculate(request, installed, funding, sources, result, unfinished / "people", say)
        _write(outcome, result)
        record = result.finish(_record(outcome, installed, sources, found.left_out))
        _publish(result.path, folder)
    return Finished(outcome, record)


def _check(sources: Sequence[Source], left_out: Sequence[str], say: Callable[[str], None]) -> None:
    """Check every file's columns before a row is read, and say which nobody reads, and which files were left out."""
    for source in sources:
        check_door(source, COLUMNS, ("begndate", "enddate"))
        check_columns(source.schema, str(source.path))
    unread = {source.name: [name for name in source.schema.names if name not in COLUMNS] for source in sources}
    for line in told_of_inputs("insured", unread_names(sources, unread, COLUMNS), left_out):
        say(line)


@contextmanager
def _beside(out: Path) -> Iterator[Path]:
    """A hidden folder beside the output, which only the run that holds the output uses; gone at the end."""
    unfinished = beside(out)
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        yield unfinished
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _calculate(
    request: Request,
    installed: Installed,
    funding: Funding,
    sources: Sequence[Source],
    result: RunFolder,
    spill: Path,
    say: Callable[[str], None],
) -> Outcome:
    """Count heads, writing rejected rows and duplicates on the way, and split what is owed."""
    screening = Screening(
        funding, skip_unserved=request.skip_unserved, broken=[plugin.title for plugin in installed.broken]
    )
    schema = rejected_schema(source.schema for source in sources)
    rejected = _Parts(result, "rejected", schema)
    duplicates = _Parts(result, "duplicates", DUPLICATES)

    def reject(batch: Batch, rejections: tuple[Rejection, ...]) -> None:
        rejected.add(rejected_table(batch, rejections, schema))

    partitions = request.partitions or partitions_for(sum(source.rows for source in sources))
    budget = Budget(SPILL_BYTES)
    with Shuffle(partitions, budget, spill) as shuffle, Shuffle(partitions, budget, spill / "employed") as employed:
        batches = _batches(sources, say)
        counted, rows = count_heads(
            batches, screening, funding.periods, shuffle, employed, rejected=reject, duplicates=duplicates.add
        )
    if not rows.balanced:
        raise RunError("rows", found=f"{rows}: a row was lost", expected="rows in = counted + not counted + rejected")
    rejected.close()
    duplicates.close()
    return Outcome.of(funding, request.tables, counted, rows)


def _batches(sources: Sequence[Source], say: Callable[[str], None]) -> Iterator[Batch]:
    for source in sources:
        say(f"reading {source.name} ({source.number + 1} of {len(sources)}, {source.rows:,} rows)")
        for chunk in chunks(source):
            for first_row, rows, torn in chunk.batches(source.schema.names):
                yield Batch(source.name, first_row + 1, rows, torn)
    say("counting heads, one person once")


class _Parts:
    """A table written in parts of a fixed number of rows, so that the files do not depend on how it was made."""

    def __init__(self, folder: RunFolder, name: str, schema: pa.Schema) -> None:
        self._folder, self._name, self._schema = folder, name, schema
        self._held: list[pa.Table] = []
        self._held_rows = self._written = 0

    def add(self, table: pa.Table) -> None:
        """Add rows at the end."""
        self._held.append(table)
        self._held_rows += table.num_rows
        while self._held_rows >= ROWS_PER_PART:
            held = pa.concat_tables(self._held)
            self._write(held.slice(0, ROWS_PER_PART))
            self._held = [held.slice(ROWS_PER_PART)]
            self._held_rows -= ROWS_PER_PART

    def close(self) -> None:
        """Write what is left; without any row, one empty part."""
        if self._held_rows or not self._written:
            self._write(pa.concat_tables([self._schema.empty_table(), *self._held]))

    def _write(self, table: pa.Table) -> None:
        self._folder.write_table(f"{self._name}/part-{self._written:05d}.parquet", table.combine_chunks())
        self._written += 1


def _write(outcome: Outcome, result: RunFolder) -> None:
    result.write_table("due/part-00000.parquet", due_table(outcome.dues, split=outcome.split))
    result.write_table("totals/prefecture.parquet", prefecture_table(outcome.dues, split=outcome.split))
    result.write_table("totals/region.parquet", region_table(outcome.dues, split=outcome.split))
    result.write_table("totals/not_counted.parquet", not_counted_table(outcome.rows))


def _record(
    outcome: Outcome, installed: Installed, sources: Sequence[Source], left_out: Sequence[str]
) -> dict[str, Any]:
    unread = [(source.name, [name for name in source.schema.names if name not in COLUMNS]) for source in sources]
    own = outcome.record()
    own["warnings"] += [f"plugin {plugin.title} is broken: {plugin.problem}" for plugin in installed.broken]
    own["warnings"] += [f"{file}: columns nobody reads: {', '.join(names)}" for file, names in unread if names]
    return {
        "settlement": "subsidy 财政补助",
        "engine": {"name": "qingsuan", "version": __version__},
        "plugins": of_plugins(installed),
        "inputs": {"insured": of_inputs(sources)},
        "left_out": {"insured": list(left_out)} if left_out else {},
        **own,
    }


def _publish(result: Path, folder: RunFolder) -> None:
    """Move the finished tables into place, the record last."""
    folder.clear()
    try:
        for name in (*TABLES, DIGESTS, RECORD):
            (result / name).replace(folder.path / name)
    except OSError as error:
        raise RunError(
            str(folder.path),
            found=f"could not be written: {error}",
            expected="a folder that may be written",
            do="run again with --overwrite",
        ) from error
