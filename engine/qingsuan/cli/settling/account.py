"""``qingsuan account``: personal accounts month by month, and what may be paid from them (个人账户)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from qingsuan.cli.options.settlement import settlement_options
from qingsuan.cli.output import results_apart, show_run
from qingsuan.messages import Lang
from qingsuan.run.bounds import FIRST_YEAR, LAST_YEAR

__all__ = ["command"]

_FILE = click.Path(path_type=Path)


@click.command("account")
@click.argument("insured", nargs=-1, required=True)
@click.option("--year", type=click.IntRange(FIRST_YEAR, LAST_YEAR), required=True, help="The year that is settled.")
@click.option("--out", type=_FILE, required=True, help="The run folder to write; it must not be finished already.")
@click.option("--months", multiple=True, help="Contributions: psn_no, month, cntr_base, clct_flag. May be repeated.")
@click.option("--uses", multiple=True, help="What was paid from accounts: psn_no, payer_psn_no, date, use, amount.")
@click.option("--families", multiple=True, help="Registered relations: psn_no, member_psn_no, relation.")
@click.option("--opening", multiple=True, help="The run folder of the year before, or a table psn_no, pool, balc.")
@click.option("--claims", multiple=True, help="The run folder of “qingsuan settle” of the year, or its table settled.")
@settlement_options("pools")
@results_apart
def command(
    *,
    insured: tuple[str, ...],
    year: int,
    out: Path,
    months: tuple[str, ...],
    uses: tuple[str, ...],
    families: tuple[str, ...],
    opening: tuple[str, ...],
    claims: tuple[str, ...],
    how: dict[str, Any],
    lang: Lang,
    as_json: bool,
) -> None:
    """Settle a year of personal accounts: credits by month, uses, families, interest, what is left.

    INSURED are Parquet, Arrow IPC or CSV files, folders or globs with the columns psn_no, insutype, insu_admdvs, psn_type, begndate
    and, if known, enddate, retire_date, brdy, cntr_base, acct_mode, acct_balc and vali_flag. Rules come from the installed plugins.
    """
    from qingsuan.api.accounts import account

    run = account(
        insured,
        year=year,
        months=months or None,
        uses=uses or None,
        families=families or None,
        opening=opening or None,
        claims=claims or None,
        out=out,
        **how,
    )
    show_run(run, out, as_json=as_json, lang=lang)
