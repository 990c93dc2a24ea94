"""``qingsuan procurement``: central procurement, what is kept of saved money and ledgers of advances (集中带量采购)."""

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


@click.command("procurement")
@click.argument("purchases", nargs=-1, required=True)
@click.option(
    "--year", type=click.IntRange(FIRST_YEAR, LAST_YEAR), required=True, help="The year in which the agreements end."
)
@click.option("--agreed", multiple=True, required=True, help="Agreed quantities: batch, item, fixmedins_code, agreed.")
@click.option(
    "--batches", type=_FILE, required=True, help="The batches whose agreements end in the year: the bureau's TOML."
)
@click.option("--items", type=_FILE, required=True, help="Prices before and now: CSV batch,item,price_before,price.")
@click.option("--scores", type=_FILE, help="Scores of institutions: CSV batch,fixmedins_code,score.")
@click.option(
    "--movements",
    type=_FILE,
    help="Advances: CSV date,batch,fixmedins_code,kind,year,amount[,voucher,takes_back].",
)
@click.option("--out", type=_FILE, required=True, help="The run folder to write; it must not be finished already.")
@running_options()
@results_apart
def command(
    *,
    purchases: tuple[str, ...],
    year: int,
    agreed: tuple[str, ...],
    batches: Path,
    items: Path,
    scores: Path | None,
    movements: Path | None,
    out: Path,
    how: dict[str, Any],
    lang: Lang,
    as_json: bool,
) -> None:
    """Settle batches of central procurement: what institutions keep of saved money, and what is left of advances.

    PURCHASES are Parquet, Arrow IPC or CSV files, folders or globs with the columns purchase_id, fixmedins_code, batch, item, date,
    quantity, amount, winning_flag and, if known, refd_flag. What was saved is budget by the old price less what was spent by the new one.
    """
    from qingsuan.api.agreements.procurement import procurement

    run = procurement(
        purchases,
        year=year,
        agreed=agreed,
        batches=batches,
        items=items,
        scores=scores,
        movements=movements,
        out=out,
        **how,
    )
    show_run(run, out, as_json=as_json, lang=lang)
