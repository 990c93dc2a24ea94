"""``qingsuan fund``: the fund's books of a year: what came, what was paid, what is due, what is left (基金账)."""

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


@click.command("fund")
@click.argument("entries", nargs=-1, required=True)
@click.option("--year", type=click.IntRange(FIRST_YEAR, LAST_YEAR), required=True, help="The year of the books.")
@click.option("--out", type=_FILE, required=True, help="The run folder to write; it must not be finished already.")
@click.option("--opening", type=_FILE, help="What books open with: CSV fund,insu_admdvs,line,amount.")
@click.option("--earlier", type=_FILE, help="The run folder of “qingsuan fund” of the year before.")
@click.option("--settled", multiple=True, help="The run folder of “qingsuan settle” of the year, or its table settled.")
@click.option("--premiums", type=_FILE, help="The run folder of “qingsuan premium” of the year.")
@click.option("--subsidies", type=_FILE, help="The run folder of “qingsuan subsidy” of the year.")
@click.option("--accounts", type=_FILE, help="The run folder of “qingsuan account” of the year.")
@click.option("--operators", type=_FILE, help="The run folder of “qingsuan operator” of the year.")
@click.option("--clearing", type=_FILE, help="The run folder of “qingsuan clear” of the year.")
@click.option(
    "--cleared", type=_FILE, help="What institutions are cleared: CSV fund,insu_admdvs,line,fixmedins_code,due,paid."
)
@click.option("--targets", type=_FILE, help="Targets of counties: CSV fund,insu_admdvs,measure,target[,actual].")
@click.option(
    "--faults", type=_FILE, help="Cost of rules carried out wrongly: CSV fund,insu_admdvs,level,amount,document."
)
@click.option(
    "--means", type=_FILE, help="What each remedy can give when a fund cannot pay: CSV fund,pool,step,amount."
)
@click.option("--budgets", type=_FILE, help="What was planned: CSV fund,place,line,amount.")
@click.option("--lines", type=_FILE, help="Lines of warning: CSV fund,measure,level,low,high.")
@click.option(
    "--printed",
    type=_FILE,
    help="Printed statements to be held against their sums: CSV year,fund,place,line,amount,unit.",
)
@click.option(
    "--burden", type=_FILE, help="Monitoring lines of people's burden: CSV line,admdvs,measure,amount,codes,becomes."
)
@click.option(
    "--identities", multiple=True, help="What people were, and when: for whom a monitoring line is (repeatable)."
)
@click.option("--applications", type=_FILE, help="Days on which people applied for assistance: CSV psn_no,date.")
@settlement_options("pools")
@results_apart
def command(
    *,
    entries: tuple[str, ...],
    year: int,
    out: Path,
    opening: Path | None,
    earlier: Path | None,
    settled: tuple[str, ...],
    premiums: Path | None,
    subsidies: Path | None,
    accounts: Path | None,
    operators: Path | None,
    clearing: Path | None,
    cleared: Path | None,
    targets: Path | None,
    faults: Path | None,
    means: Path | None,
    budgets: Path | None,
    lines: Path | None,
    printed: Path | None,
    burden: Path | None,
    identities: tuple[str, ...],
    applications: Path | None,
    how: dict[str, Any],
    lang: Lang,
    as_json: bool,
) -> None:
    """Keep the fund's books of a year, per fund and pool with a county's sub-ledger: opening + income - expense = closing.

    ENTRIES are Parquet, Arrow IPC or CSV files, folders or globs with the columns fund, insu_admdvs, line, basis (cash or due), date,
    amount, voucher and, of refunds, takes_back. What a finished run states needs no entry, and may have none.
    """
    from qingsuan.api.closing.funds import fund

    run = fund(
        entries,
        year=year,
        opening=opening,
        earlier=earlier,
        settled=settled or None,
        premiums=premiums,
        subsidies=subsidies,
        accounts=accounts,
        operators=operators,
        clearing=clearing,
        cleared=cleared,
        targets=targets,
        faults=faults,
        means=means,
        budgets=budgets,
        lines=lines,
        printed=printed,
        burden=burden,
        identities=identities,
        applications=applications,
        out=out,
        **how,
    )
    show_run(run, out, as_json=as_json, lang=lang)
