"""``qingsuan operator``: contracts with operators of critical illness insurance, settled (大病保险承办)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from qingsuan.cli.options.settlement import running_options
from qingsuan.cli.output import results_apart, show_run
from qingsuan.messages import Lang
from qingsuan.run.bounds import FIRST_YEAR, LAST_YEAR

__all__ = ["command"]

_FILE = click.Path(path_type=Path)


@click.command("operator")
@click.argument("settled", nargs=-1, required=True)
@click.option("--year", type=click.IntRange(FIRST_YEAR, LAST_YEAR), required=True, help="The year that is settled.")
@click.option("--contracts", type=_FILE, required=True, help="The bureau's contracts of the year: TOML.")
@click.option("--heads", type=_FILE, required=True, help="How many people are insured: CSV pool,insutype,heads.")
@click.option(
    "--movements", type=_FILE, help="Money that moved: CSV date,contract,kind,year,amount[,voucher,takes_back]."
)
@click.option("--carried", type=_FILE, help="The run folder of the year before, whose contracts carry something on.")
@click.option("--out", type=_FILE, required=True, help="The run folder to write; it must not be finished already.")
@running_options()
@results_apart
def command(
    *,
    settled: tuple[str, ...],
    year: int,
    contracts: Path,
    heads: Path,
    movements: Path | None,
    carried: Path | None,
    out: Path,
    how: dict[str, Any],
    lang: Lang,
    as_json: bool,
) -> None:
    """Settle contracts with operators of critical illness insurance.

    SETTLED is the run folder of “qingsuan settle” of the year, or its table settled. Contracts say what the premium per head is, which
    funds the operator pays for, what comes off the premium, and by bands whose a surplus or an overrun is.
    """
    from qingsuan.api.agreements.operators import operator

    run = operator(
        settled,
        year=year,
        contracts=contracts,
        heads=heads,
        movements=movements,
        carried=carried,
        out=out,
        **how,
    )
    show_run(run, out, as_json=as_json, lang=lang)
