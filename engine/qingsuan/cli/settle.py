"""``qingsuan settle``: a year of claims, to a run folder."""

from __future__ import annotations

from pathlib import Path

import click

from qingsuan.benefits.setup import Setup
from qingsuan.cli.engines import check_engine, engine_of, engine_options
from qingsuan.cli.most_rejected import MostRejected, MostRejectedType
from qingsuan.cli.output import finished, results_apart, show, show_json
from qingsuan.cli.progress import progress_for
from qingsuan.cli.sizes import Size
from qingsuan.cli.stopping import terminated_as_interrupted
from qingsuan.errors import UsageError
from qingsuan.plugins import Installed, load, require
from qingsuan.report.summary import settle_summary
from qingsuan.report.text import proven
from qingsuan.run.apart import check_apart
from qingsuan.run.folder import RunFolder
from qingsuan.run.inputs import find_files, open_files
from qingsuan.run.known import MOST_PARTITIONS
from qingsuan.run.opening import open_opening
from qingsuan.run.proof import prove
from qingsuan.run.regions import set_up
from qingsuan.run.settle import TABLES, Inputs, Options, settle

__all__ = ["command", "prepare"]


def prepare(
    year: int,
    requirements: tuple[str, ...] = (),
    *,
    skip_unserved: bool = False,
    accumulators: bool = False,
    strict: bool = False,
) -> tuple[Setup, Installed]:
    """Find plugins, read and compile every rule set, check requirements.

    Raises
    ------
    PluginError
        A requirement is not met. A region whose files cannot be trusted is among those refused.
    """
    setup, installed = set_up(load(), year, skip_unserved, accumulators)
    require(installed, requirements)
    setup.strict = strict
    return setup, installed


@click.command("settle")
@click.argument("claims", nargs=-1, required=True, metavar="CLAIMS…")
@click.option("--insured", multiple=True, required=True, help="Insured people: file, folder or glob (repeatable).")
@click.option("--identities", multiple=True, help="Dated identity classes (repeatable).")
@click.option("--year", type=click.IntRange(2000, 2100), required=True, help="The year that is settled.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The run folder to write.")
@click.option("--workers", type=click.IntRange(1, 256), default=2, show_default=True, help="Threads that work.")
@click.option("--memory", type=Size(), default="2GB", show_default=True, help="What the run may hold in memory.")
@click.option("--partitions", type=click.IntRange(1, MOST_PARTITIONS), help="Into how many parts people are spread.")
@engine_options
@click.option("--require", "requirements", multiple=True, help='A plugin that must be there: "qingsuan-jilin>=2022.1".')
@click.option("--skip-unserved", is_flag=True, help="Reject claims of pools no plugin serves instead of stopping.")
@click.option("--strict", is_flag=True, help="Reject claims that meet insured rows which contradict each other.")
@click.option(
    "--max-rejected", type=MostRejectedType(), help="End with status 6 if more claims are rejected: 100, or 0.5%."
)
@click.option("--opening", type=click.Path(path_type=Path), help="Go on with the accumulators of this run folder.")
@click.option(
    "--accumulators", is_flag=True, help="Write accumulators/, for a later --opening (which writes them too)."
)
@click.option(
    "--resume", is_flag=True, help="Go on with a run that did not finish in --out: otherwise the same command."
)
@click.option("--overwrite", is_flag=True, help="Replace what an earlier run left in --out.")
@click.option("--csv-encoding", default="utf8", show_default=True, help="Encoding of CSV files, e.g. gb18030.")
@click.option("--json", "as_json", is_flag=True, help="Print the run record as JSON.")
@results_apart
def command(
    claims: tuple[str, ...],
    insured: tuple[str, ...],
    identities: tuple[str, ...],
    year: int,
    out: Path,
    workers: int,
    memory: int,
    partitions: int | None,
    engine: str,
    spark_master: str | None,
    requirements: tuple[str, ...],
    skip_unserved: bool,
    strict: bool,
    max_rejected: MostRejected | None,
    opening: Path | None,
    accumulators: bool,
    resume: bool,
    overwrite: bool,
    csv_encoding: str,
    as_json: bool,
) -> None:
    """Settle a year of claims (待遇结算): what each fund pays for each of them.

    CLAIMS are Parquet, Arrow IPC or CSV files, folders of them, or globs.
    """
    if resume and overwrite:
        raise UsageError(
            "--resume --overwrite", found="both", expected="one: to go on with what is there, or to replace it"
        )
    check_engine(engine, spark_master)
    if opening is not None and out.resolve() in (opening.resolve(), *opening.resolve().parents):
        raise UsageError("--opening --out", found="one folder", expected="two", do="give another --out")
    check_apart(out, TABLES, (*claims, *insured, *identities, *([] if opening is None else [opening])))
    folder = RunFolder(out, TABLES, overwrite=overwrite, resume=resume)
    setup, installed = prepare(
        year,
        requirements,
        skip_unserved=skip_unserved,
        accumulators=accumulators or opening is not None,
        strict=strict,
    )
    found = {
        "claims": find_files(claims, "claims"),
        "insured": find_files(insured, "insured"),
        "identities": find_files(identities, "identities"),
    }
    inputs = Inputs(
        open_files(found["claims"], csv_encoding),
        open_files(found["insured"], csv_encoding),
        open_files(found["identities"], csv_encoding),
        () if opening is None else open_opening(opening, year, csv_encoding),
        left_out={table: files.left_out for table, files in found.items()},
    )
    options = Options(workers, memory, partitions)
    with terminated_as_interrupted():
        other = engine_of(engine, spark_master, setup, installed)
        record = settle(setup, inputs, folder, options, installed, progress_for(as_json), other)
    digest = prove(out, record)
    with finished(out, digest):
        if as_json:
            show_json({**record, "record_sha256": digest})
        else:
            show(f"{settle_summary(out)}\n\n{proven(digest)}")
    if max_rejected is not None:
        max_rejected.check(record, out)
