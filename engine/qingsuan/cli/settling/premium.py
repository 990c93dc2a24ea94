"""``qingsuan premium``: what each person owes, who bears it, what was paid and what is carried on (个人缴费)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from qingsuan.cli.options.settlement import settlement_options
from qingsuan.cli.output import results_apart, show_run
from qingsuan.messages import Lang
from qingsuan.run.bounds import FIRST_YEAR, LAST_SUBSIDY_YEAR

__all__ = ["command"]

_FILE = click.Path(path_type=Path)


@click.command("premium")
@click.argument("insured", nargs=-1, required=True)
@click.option(
    "--year",
    type=click.IntRange(FIRST_YEAR, LAST_SUBSIDY_YEAR),
    required=True,
    help="The year whose premiums are settled.",
)
@click.option("--out", type=_FILE, required=True, help="The run folder to write; it must not be finished already.")
@click.option("--identities", multiple=True, help="What people were, and when: who is assisted (repeatable).")
@click.option("--premiums", multiple=True, help="Premiums received, one row per payment (repeatable).")
@click.option(
    "--carried", type=_FILE, help="A finished run of an earlier year, whose shortfalls are made up in this one (补缴)."
)
@click.option("--standards", type=_FILE, help="Premiums of pools above the least one: CSV admdvs,standard.")
@click.option("--must-insure", type=_FILE, help="How many people must be insured in each county: CSV admdvs,people.")
@settlement_options("regions")
@results_apart
def command(
    *,
    insured: tuple[str, ...],
    year: int,
    out: Path,
    identities: tuple[str, ...],
    premiums: tuple[str, ...],
    carried: Path | None,
    standards: Path | None,
    must_insure: Path | None,
    how: dict[str, Any],
    lang: Lang,
    as_json: bool,
) -> None:
    """Hold the premiums of a year against what is due.

    INSURED are Parquet, Arrow IPC or CSV files, folders or globs with the columns psn_no, insutype, insu_admdvs, begndate, and, if
    known, enddate and vali_flag; with rows of last year among them, who is not insured any more is listed. Identities say who is
    assisted, premiums what was paid. Each person owes once, in the one place where they count.
    """
    from qingsuan.api.premiums import premium

    run = premium(
        insured,
        identities,
        premiums,
        year=year,
        out=out,
        carried=carried,
        standards=standards,
        must_insure=must_insure,
        **how,
    )
    show_run(run, out, as_json=as_json, lang=lang)
