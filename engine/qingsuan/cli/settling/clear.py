"""``qingsuan clear``: what each institution is due by its contract, less what it has been paid already (医疗机构清算)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from qingsuan.cli.options.settlement import settlement_options
from qingsuan.cli.output import finished, results_apart, show_run
from qingsuan.messages import Lang
from qingsuan.run.bounds import FIRST_YEAR, LAST_YEAR

__all__ = ["command"]

_FILE = click.Path(path_type=Path)


@click.command("clear")
@click.argument("settled", nargs=-1, required=True)
@click.option("--year", type=click.IntRange(FIRST_YEAR, LAST_YEAR), required=True, help="The year that is cleared.")
@click.option("--contracts", type=_FILE, required=True, help="The folder with terms.toml and contracts.csv.")
@click.option("--out", type=_FILE, required=True, help="The run folder to write; it must not be finished already.")
@click.option("--cases", multiple=True, help="Cases: setl_id, pool, insutype, group, days. May be repeated.")
@click.option("--procurement", type=_FILE, help="The run folder of “qingsuan procurement” of the year.")
@click.option(
    "--confirmations", type=_FILE, help="Write a confirmation sheet (XLSX) of each institution into this folder."
)
@settlement_options("pools")
@results_apart
def command(
    *,
    settled: tuple[str, ...],
    year: int,
    contracts: Path,
    out: Path,
    cases: tuple[str, ...],
    procurement: Path | None,
    confirmations: Path | None,
    how: dict[str, Any],
    lang: Lang,
    as_json: bool,
) -> None:
    """Clear a year with the institutions: standards by contract and way of payment, audits, advances, what is left to pay.

    SETTLED is the run folder of “qingsuan settle” of the year, or files with the columns of its table settled. The folder of
    --contracts has the bureau's terms and tables (docs/clearing.md). What cannot be cleared stands in “unsettled” with its reason.
    """
    from qingsuan.api.clearing import clear
    from qingsuan.needed import need

    if confirmations is not None:
        need("openpyxl")
    run = clear(
        settled,
        year=year,
        contracts=contracts,
        cases=cases or None,
        procurement=procurement,
        out=out,
        **how,
    )
    with finished(out, run.record_sha256):
        if confirmations is not None:
            from qingsuan.report.confirmation import write_confirmations

            write_confirmations(out, confirmations)
    show_run(run, out, as_json=as_json, lang=lang)
