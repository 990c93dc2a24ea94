"""``qingsuan settle``: a year of claims, to a run folder."""

from __future__ import annotations

from pathlib import Path

import click

from qingsuan.api.benefits import settle
from qingsuan.cli.options.allowed import allow_option
from qingsuan.cli.options.engines import engine_options
from qingsuan.cli.options.execution import execution_options
from qingsuan.cli.options.intake import intake_option
from qingsuan.cli.options.language import lang_option
from qingsuan.cli.options.most_rejected import MostRejected, MostRejectedType
from qingsuan.cli.options.rules import rules_option
from qingsuan.cli.output import results_apart, show_run
from qingsuan.cli.progress import progress_for
from qingsuan.messages import Lang
from qingsuan.run.bounds import FIRST_YEAR, LAST_YEAR

__all__ = ["command"]


@click.command("settle")
@click.argument("claims", nargs=-1, required=True, metavar="CLAIMS…")
@click.option("--insured", multiple=True, help="Insured people: file, folder or glob (repeatable).")
@click.option("--identities", multiple=True, help="Dated identity classes (repeatable).")
@click.option("--registrations", multiple=True, help="Dated registrations 备案, where rules ask for them (repeatable).")
@click.option(
    "--year",
    type=click.IntRange(FIRST_YEAR, LAST_YEAR),
    help="The year that is settled; a prepared one says it itself.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The run folder to write.")
@execution_options
@engine_options
@click.option("--require", "requirements", multiple=True, help='A plugin that must be there: "qingsuan-jilin>=2022.1".')
@allow_option
@rules_option
@click.option("--skip-unserved", is_flag=True, help="Reject claims of pools no plugin serves instead of stopping.")
@click.option("--strict", is_flag=True, help="Reject claims that meet insured rows which contradict each other.")
@click.option(
    "--max-rejected", type=MostRejectedType(), help="End with status 6 if more claims are rejected: 100, or 0.5%."
)
@click.option("--opening", type=click.Path(path_type=Path), help="Go on with the accumulators of this run folder.")
@click.option(
    "--accumulators", is_flag=True, help="Write accumulators/, for a later --opening (which writes them too)."
)
@click.option("--detail", is_flag=True, help="Write setldetail/ too: what each fund's turn came to 基金分项.")
@click.option(
    "--resume", is_flag=True, help="Go on with a run that did not finish in --out: otherwise the same command."
)
@click.option("--overwrite", is_flag=True, help="Replace what an earlier run left in --out.")
@click.option(
    "--keep", type=click.Path(path_type=Path), help="Keep the prepared year here, to settle it again from there."
)
@click.option("--csv-encoding", default="utf8", show_default=True, help="Encoding of CSV files, e.g. gb18030.")
@intake_option
@lang_option
@click.option("--json", "as_json", is_flag=True, help="Print the run record as JSON.")
@results_apart
def command(
    claims: tuple[str, ...],
    insured: tuple[str, ...],
    identities: tuple[str, ...],
    registrations: tuple[str, ...],
    year: int | None,
    out: Path,
    workers: int,
    memory: int,
    partitions: int | None,
    engine: str,
    spark_master: str | None,
    requirements: tuple[str, ...],
    allow: Path | None,
    rules_dir: Path | None,
    skip_unserved: bool,
    strict: bool,
    max_rejected: MostRejected | None,
    opening: Path | None,
    accumulators: bool,
    detail: bool,
    resume: bool,
    overwrite: bool,
    keep: Path | None,
    csv_encoding: str,
    intake: Path | None,
    lang: Lang,
    as_json: bool,
) -> None:
    """Settle a year of claims (待遇结算): what each fund pays for each of them.

    CLAIMS are Parquet, Arrow IPC or CSV files, folders of them, or globs; or the folder of a prepared year (“qingsuan
    prepare”), which has insured people and identities, too.
    """
    run = settle(
        claims,
        insured or None,
        identities,
        year=year,
        out=out,
        workers=workers,
        memory=memory,
        partitions=partitions,
        require=requirements,
        allow=allow,
        rules_dir=rules_dir,
        skip_unserved=skip_unserved,
        strict=strict,
        opening=opening,
        accumulators=accumulators,
        detail=detail,
        resume=resume,
        overwrite=overwrite,
        keep=keep,
        registrations=registrations or None,
        csv_encoding=csv_encoding,
        intake=intake,
        engine=engine,
        spark_master=spark_master,
        progress=progress_for(as_json=as_json, lang=lang),
    )
    show_run(run, out, as_json=as_json, lang=lang)
    if max_rejected is not None:
        max_rejected.check(run.record, out)
