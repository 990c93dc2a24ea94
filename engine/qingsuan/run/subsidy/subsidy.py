"""One run of ``qingsuan subsidy``, from files to a finished run folder.

Everything is written to a hidden folder beside the output and moved into place at the end: an earlier result stays in its
place until then. What the machine or a person stops leaves that folder with the partitions that are counted, and
``--resume`` goes on with them; anything else that stops a run before one is counted leaves nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qingsuan import __version__
from qingsuan.errors import PolicyError, RunError
from qingsuan.plugins import Installed
from qingsuan.run.folder import DIGESTS, LEDGER, RECORD, RunFolder, UnfinishedFolder, Written, sync
from qingsuan.run.folder.apart import beside, check_apart
from qingsuan.run.folder.disk import writing
from qingsuan.run.inputs import (
    Source,
    Streamed,
    check_door,
    chunks,
    find_files,
    names_unread,
    open_files,
    open_streams,
    told_of_inputs,
    unread_names,
)
from qingsuan.run.record import of_inputs, of_plugins
from qingsuan.run.restart.digests import InputDigests
from qingsuan.run.restart.fingerprint import header_of_subsidy, named
from qingsuan.run.restart.ledger import read_lines
from qingsuan.run.restart.restart import Restart
from qingsuan.run.shuffle import Budget, Shuffle, partitions_within
from qingsuan.run.subsidy.counted import CountedPartition
from qingsuan.run.subsidy.heads import Batch, count_heads, partitions_for, rejected_schema, rejected_table
from qingsuan.run.subsidy.parts import Parts
from qingsuan.subsidies.bureau import BureauTables
from qingsuan.subsidies.counting import DUPLICATES, Counted
from qingsuan.subsidies.funding import Funding, resolve
from qingsuan.subsidies.outcome import Outcome, RowCounts, not_counted_table
from qingsuan.subsidies.results import due_table, prefecture_table, region_table
from qingsuan.subsidies.screening import COLUMNS, Rejection, Screening, check_columns
from qingsuan.tables import INSURED

__all__ = ["TABLES", "Finished", "Request", "run_subsidy"]

TABLES = ("due", "totals", "duplicates", "rejected")
"""The sub-folders of a run folder of this kind."""

SPILL_BYTES = 512 * 2**20

_SPILL = ".shuffle"
_KNOWN = frozenset({*COLUMNS, *(column.name for column in INSURED)})
"""The table is that of ``settle`` as well: a column that this reads is no news."""

_FIRST = "part-00000.parquet"
_MUST_BE = {f"{table}/{_FIRST}" for table in ("due", "duplicates", "rejected")} | {
    f"totals/{name}.parquet" for name in ("prefecture", "region", "not_counted")
}
"""The files that every subsidy writes."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for: paths, folders or globs of insured people, the year, where to write, the bureau's tables.

    ``streams`` are tables of insured people that come as Arrow streams.
    """

    insured: Sequence[str | Path]
    year: int
    out: Path
    tables: BureauTables = field(default_factory=BureauTables)
    skip_unserved: bool = False
    overwrite: bool = False
    resume: bool = False
    partitions: int | None = None
    csv_encoding: str = "utf8"
    streams: Sequence[Streamed] = ()


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished run: the record as it stands in ``run.json``, and the outcome, unless an earlier run had finished it."""

    outcome: Outcome | None
    record: Mapping[str, Any]


def run_subsidy(request: Request, installed: Installed, say: Callable[[str], None] = lambda _: None) -> Finished:
    """Count, split, and write the run folder; ``say`` gets a line at each stage.

    Raises
    ------
    UsageError, InputError, PolicyError, PluginError
        The run cannot be made, or is not the one to go on with.
    RunError
        The machine, or a person, stopped it: the message says how to go on.
    """
    for out in (request.out, beside(request.out)):
        check_apart(out, TABLES, (*request.insured, *request.tables.paths))
    how = {"overwrite": request.overwrite, "resume": request.resume}
    folder = RunFolder(request.out, TABLES, **how)
    unfinished = UnfinishedFolder(beside(request.out), (*TABLES, _SPILL), **how)
    broken = [f"{plugin.title} is broken: {plugin.problem}" for plugin in installed.broken]
    funding = resolve(installed.regions, request.year, request.tables, broken)
    found = find_files(request.insured, "insured people")
    sources = open_files(found, request.csv_encoding)
    sources += open_streams(request.streams, len(sources))
    _check(sources, found.left_out, say)
    files = named({"insured": sources})
    header = header_of_subsidy(
        funding,
        request.tables,
        files,
        installed,
        partitions=request.partitions
        or partitions_within(partitions_for(sum(source.rows for source in sources)), sources),
        skip_unserved=request.skip_unserved,
    )
    with _both_held(folder, unfinished), InputDigests(sources) as digests:
        restart = Restart(
            _with_the_ledger(folder, unfinished),
            header,
            files,
            digests,
            say,
            read=CountedPartition.from_bytes,
            called=str(request.out),
        )
        if restart.is_finished:
            restart.check_inputs()
            say(f"{request.out}: the run is finished; nothing was left to do")
            unfinished.clear()
            return Finished(None, json.loads((folder.path / RECORD).read_bytes()))
        run = _Run(request, installed, funding, sources, found.left_out, unfinished, restart, say)
        return run.to_its_end(folder)


@contextmanager
def _both_held(folder: RunFolder, unfinished: RunFolder) -> Iterator[None]:
    """Keep other runs out of the output and of the hidden folder beside it, which is gone at the end if it is empty."""
    with folder.held():
        try:
            with unfinished.held():
                yield
        finally:
            with suppress(OSError):
                unfinished.path.rmdir()


def _with_the_ledger(folder: RunFolder, unfinished: RunFolder) -> RunFolder:
    """The folder whose ledger says what is to be gone on with: the output, if what is beside it has become that."""
    if not (folder.resume and folder.finished):
        return unfinished
    lines = read_lines(unfinished.path)
    is_published = lines.record_sha256 == Written.of(folder.path, RECORD).sha256
    return folder if lines.header is None or is_published else unfinished


def _check(sources: Sequence[Source], left_out: Sequence[str], say: Callable[[str], None]) -> None:
    """Check every file's columns before a row is read, and say which nobody reads, and which files were left out."""
    for source in sources:
        check_door(source, COLUMNS, ("begndate", "enddate"))
        check_columns(source.schema, source.where)
    unread = {source.name: names_unread(source, _KNOWN) for source in sources}
    for line in told_of_inputs("insured", unread_names(sources, unread, _KNOWN), left_out):
        say(line)


@dataclass(frozen=True, slots=True)
class _Run:
    """One run, from the first row to the last file."""

    request: Request
    installed: Installed
    funding: Funding
    sources: Sequence[Source]
    left_out: Sequence[str]
    unfinished: RunFolder
    restart: Restart[CountedPartition]
    say: Callable[[str], None]

    def to_its_end(self, folder: RunFolder) -> Finished:
        """Count, split, write, and give the tables their place in ``folder``."""
        with self.restart.telling():
            found = self.restart.begin()
        try:
            with self.restart.telling():
                counted, rows = self._count(found)
            outcome = self._outcome(counted, rows)
            with self.restart.telling():
                _write(outcome, self.unfinished)
                record = self.restart.finish(_record(outcome, self), _MUST_BE)
                _publish(self.unfinished, folder)
            self.unfinished.clear()
        finally:
            if not self.restart.finished:
                self.unfinished.clear()
        return Finished(outcome, record)

    def _count(self, found: Mapping[int, tuple[Written, ...]]) -> tuple[Counted, RowCounts]:
        """Count heads, but for the partitions that can be used again; write rejected rows and duplicates on the way."""
        broken = [plugin.title for plugin in self.installed.broken]
        screening = Screening(self.funding, skip_unserved=self.request.skip_unserved, broken=broken)
        schema = rejected_schema(source.schema for source in self.sources)
        rejected = Parts(self.unfinished, "rejected", schema)
        duplicates = Parts(self.unfinished, "duplicates", DUPLICATES)
        restart = self.restart

        def reject(batch: Batch, rejections: tuple[Rejection, ...]) -> None:
            rejected.add(rejected_table(batch, rejections, schema))

        def earlier(partition: int) -> CountedPartition | None:
            return restart.reuse(partition, found[partition]) if partition in found else None

        budget, spill = Budget(SPILL_BYTES), self.unfinished.path / _SPILL
        with (
            Shuffle(restart.partitions, budget, spill / "people") as people,
            Shuffle(restart.partitions, budget, spill / "employed") as employed,
        ):
            counted, rows = count_heads(
                _batches(self.sources, self.say),
                screening,
                self.funding.periods,
                people,
                employed,
                rejected=reject,
                duplicates=duplicates.add,
                earlier=earlier,
                keep=lambda partition, part: restart.keep(partition, part, ()),
            )
        rejected.close()
        duplicates.close()
        return counted, rows

    def _outcome(self, counted: Counted, rows: RowCounts) -> Outcome:
        """Split what is owed; what the bureau's tables lack stops the run for good: with other tables it is another one."""
        if not rows.balanced:
            raise RunError(
                "rows", found=f"{rows}: a row was lost", expected="rows in = counted + not counted + rejected"
            )
        try:
            return Outcome.of(self.funding, self.request.tables, counted, rows)
        except PolicyError:
            self.unfinished.clear()
            raise


def _batches(sources: Sequence[Source], say: Callable[[str], None]) -> Iterator[Batch]:
    for source in sources:
        say(f"reading {source.name} ({source.number + 1} of {len(sources)}, {source.rows:,} rows)")
        for chunk in chunks(source):
            for first_row, rows, torn in chunk.batches(source.schema.names):
                yield Batch(source.name, first_row + 1, rows, torn)
    say("counting heads, one person once")


def _write(outcome: Outcome, result: RunFolder) -> None:
    result.write_table("due/part-00000.parquet", due_table(outcome.dues, split=outcome.split))
    result.write_table("totals/prefecture.parquet", prefecture_table(outcome.dues, split=outcome.split))
    result.write_table("totals/region.parquet", region_table(outcome.dues, split=outcome.split))
    result.write_table("totals/not_counted.parquet", not_counted_table(outcome.rows))


def _record(outcome: Outcome, run: _Run) -> dict[str, Any]:
    sources, installed, left_out = run.sources, run.installed, run.left_out
    unread = [(source.name, names_unread(source, _KNOWN)) for source in sources]
    own = outcome.record()
    own["warnings"] += [f"plugin {plugin.title} is broken: {plugin.problem}" for plugin in installed.broken]
    own["warnings"] += [f"{file}: columns nobody reads: {', '.join(names)}" for file, names in unread if names]
    return {
        "settlement": "subsidy 财政补助",
        "engine": {"name": "qingsuan", "version": __version__},
        "plugins": of_plugins(installed),
        "inputs": {"insured": of_inputs(sources, run.restart.digests.of)},
        "left_out": {"insured": list(left_out)} if left_out else {},
        **own,
    }


def _publish(unfinished: RunFolder, folder: RunFolder) -> None:
    """Give the finished tables their place, the record last; the ledger stays where it was, too, until all is done."""
    with writing(folder.path):
        folder.clear()
        for name in (*TABLES, DIGESTS):
            (unfinished.path / name).replace(folder.path / name)
        folder.write_bytes(LEDGER, (unfinished.path / LEDGER).read_bytes())
        sync(folder.path)
        (unfinished.path / RECORD).replace(folder.path / RECORD)
        sync(folder.path)
