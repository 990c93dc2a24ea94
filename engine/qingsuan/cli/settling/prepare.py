"""``qingsuan prepare``: a year read, checked, spread and ordered once, to be settled from there."""

from __future__ import annotations

from pathlib import Path

import click

from qingsuan.api.year import prepare
from qingsuan.cli.options.allowed import allow_option
from qingsuan.cli.options.execution import execution_options
from qingsuan.cli.options.intake import intake_option
from qingsuan.cli.options.language import lang_option
from qingsuan.cli.options.rules import rules_option
from qingsuan.cli.output import results_apart, show, show_json
from qingsuan.cli.progress import progress_for
from qingsuan.messages import Lang, Words
from qingsuan.report.prepared import summary
from qingsuan.run.bounds import FIRST_YEAR, LAST_YEAR

__all__ = ["command"]


@click.command("prepare")
@click.argument("claims", nargs=-1, metavar="CLAIMS…")
@click.option("--insured", multiple=True, help="Insured people: file, folder or glob (repeatable).")
@click.option("--identities", multiple=True, help="Dated identity classes (repeatable).")
@click.option("--registrations", multiple=True, help="Dated registrations 备案, where rules ask for them (repeatable).")
@click.option(
    "--year",
    type=click.IntRange(FIRST_YEAR, LAST_YEAR),
    help="The year that is prepared; with --add the one in --out says it itself.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The folder of the prepared year.")
@click.option("--add", is_flag=True, help="Add a further delivery (a month, say) to the prepared year in --out.")
@execution_options
@click.option("--require", "requirements", multiple=True, help='A plugin that must be there: "qingsuan-jilin>=2022.1".')
@allow_option
@rules_option
@click.option("--skip-unserved", is_flag=True, help="Reject claims of pools no plugin serves instead of stopping.")
@click.option("--csv-encoding", default="utf8", show_default=True, help="Encoding of CSV files, e.g. gb18030.")
@intake_option
@lang_option
@click.option("--json", "as_json", is_flag=True, help="Print what the prepared year holds as JSON.")
@results_apart
def command(
    claims: tuple[str, ...],
    insured: tuple[str, ...],
    identities: tuple[str, ...],
    registrations: tuple[str, ...],
    year: int | None,
    out: Path,
    add: bool,
    workers: int,
    memory: int,
    partitions: int | None,
    requirements: tuple[str, ...],
    allow: Path | None,
    rules_dir: Path | None,
    skip_unserved: bool,
    csv_encoding: str,
    intake: Path | None,
    lang: Lang,
    as_json: bool,
) -> None:
    """Prepare a year of claims: read, check, spread and order it once.

    CLAIMS are files, folders or globs as “qingsuan settle” takes them. “qingsuan settle OUT” settles from there, as often
    as is wanted, to the same bytes.
    """
    prepared = prepare(
        list(claims),
        list(insured) if insured else None,
        list(identities),
        year=year,
        out=out,
        add=add,
        workers=workers,
        memory=memory,
        partitions=partitions,
        require=requirements,
        allow=allow,
        rules_dir=rules_dir,
        skip_unserved=skip_unserved,
        registrations=registrations or None,
        csv_encoding=csv_encoding,
        intake=intake,
        progress=progress_for(as_json=as_json, lang=lang),
    )
    if as_json:
        show_json({**prepared.record, "seconds": prepared.seconds})
    else:
        show(summary(prepared, Words(lang)))
