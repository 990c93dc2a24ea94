"""``qingsuan subsidy``: heads per county, and what each level of government owes (财政补助)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import click

from qingsuan.cli.options.settlement import settlement_options
from qingsuan.cli.output import finished, results_apart, show_run
from qingsuan.messages import Lang
from qingsuan.run.bounds import FIRST_YEAR, LAST_SUBSIDY_YEAR

__all__ = ["command"]

_FILE = click.Path(path_type=Path)
_DAY = click.DateTime(["%Y-%m-%d"])


@click.command("subsidy")
@click.argument("insured", nargs=-1, required=True)
@click.option(
    "--year",
    type=click.IntRange(FIRST_YEAR, LAST_SUBSIDY_YEAR),
    required=True,
    help="The year whose subsidy is calculated.",
)
@click.option("--out", type=_FILE, required=True, help="The run folder to write; it must not be finished already.")
@click.option("--classes", type=_FILE, help="The bureau's classes of counties: CSV admdvs,class.")
@click.option(
    "--standards", type=_FILE, help="Standards of pools above the minimum: CSV admdvs,standard,excess_bearer."
)
@click.option(
    "--local-split", type=_FILE, help="The prefecture's part of the local share: CSV admdvs,prefecture_percent."
)
@click.option(
    "--receipts", type=_FILE, help="Money that has arrived: CSV date,payer_level,admdvs,year,amount,dest_account."
)
@click.option("--as-of", type=_DAY, help="The day up to which receipts count, with --receipts.")
@click.option("--budgets", type=_FILE, help="What payers have budgeted: CSV payer_level,admdvs,scheme,year,amount.")
@click.option(
    "--report",
    "reports",
    type=_FILE,
    multiple=True,
    help="Write the report of what has arrived: X.xlsx or X.html (repeatable).",
)
@settlement_options("regions")
@results_apart
def command(
    *,
    insured: tuple[str, ...],
    year: int,
    out: Path,
    classes: Path | None,
    standards: Path | None,
    local_split: Path | None,
    receipts: Path | None,
    as_of: dt.datetime | None,
    budgets: Path | None,
    reports: tuple[Path, ...],
    how: dict[str, Any],
    lang: Lang,
    as_json: bool,
) -> None:
    """Count the insured of a year and split the subsidy for them.

    INSURED are Parquet, Arrow IPC or CSV files, folders or globs with the columns psn_no, insutype, insu_admdvs, begndate,
    and, if known, enddate, resd_permit_flag and vali_flag. One person counts once, wherever in the input; regions come from the
    installed plugins.
    """
    from qingsuan.api.subsidies import subsidy
    from qingsuan.report.arrival.writing import check_report_names, write_arrival_report

    check_report_names(reports, receipts)
    run = subsidy(
        insured,
        year=year,
        out=out,
        classes=classes,
        standards=standards,
        local_split=local_split,
        receipts=receipts,
        as_of=None if as_of is None else as_of.date(),
        budgets=budgets,
        **how,
    )
    with finished(out, run.record_sha256):
        for report in reports:
            write_arrival_report(out, report)
    show_run(run, out, as_json=as_json, lang=lang)
