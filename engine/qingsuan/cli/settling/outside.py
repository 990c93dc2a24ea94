"""``qingsuan outside``: care outside the pool, cleared by place of treatment (异地就医清算)."""

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


@click.command("outside")
@click.argument("settled", nargs=-1, required=True)
@click.option("--year", type=click.IntRange(FIRST_YEAR, LAST_YEAR), required=True, help="The year that is settled.")
@click.option("--arrangement", type=_FILE, required=True, help="What is cleared, and advances: the bureau's TOML.")
@click.option("--institutions", type=_FILE, required=True, help="Where they lie: CSV fixmedins_code,fix_blng_admdvs.")
@click.option(
    "--pools", type=_FILE, required=True, help="Which pool a place of the region belongs to: CSV admdvs,pool."
)
@click.option(
    "--movements", type=_FILE, help="Money that moved: CSV date,payer,receiver,kind,year,amount[,voucher,takes_back]."
)
@click.option("--out", type=_FILE, required=True, help="The run folder to write; it must not be finished already.")
@running_options()
@results_apart
def command(
    *,
    settled: tuple[str, ...],
    year: int,
    arrangement: Path,
    institutions: Path,
    pools: Path,
    movements: Path | None,
    out: Path,
    how: dict[str, Any],
    lang: Lang,
    as_json: bool,
) -> None:
    """Clear care outside the pool: within the region and beyond it.

    SETTLED is the run folder of “qingsuan settle” of the year, or its table settled. Where an institution lies says where somebody was
    treated; what the funds paid there is owed by the pool, and the table of each side mirrors that of the other.
    """
    from qingsuan.api.agreements.outside import outside

    run = outside(
        settled,
        year=year,
        arrangement=arrangement,
        institutions=institutions,
        pools=pools,
        movements=movements,
        out=out,
        **how,
    )
    show_run(run, out, as_json=as_json, lang=lang)
