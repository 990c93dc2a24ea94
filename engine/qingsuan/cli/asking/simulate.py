"""``qingsuan simulate``: what changed rules would have come to over a prepared year."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from qingsuan.cli.options.settlement import trying_options
from qingsuan.cli.output import results_apart, show, show_json
from qingsuan.messages import Lang

__all__ = ["command"]

_PATH = click.Path(path_type=Path)


@click.command("simulate")
@click.argument("year", type=_PATH, metavar="YEAR")
@click.option(
    "--set", "changes", multiple=True, metavar="PATH=VALUE", help="A number in the place of another (repeatable)."
)
@click.option("--rules", type=_PATH, help="A changed parameter file, or a folder in the place of a region's rules.")
@click.option("--sweep", metavar="PATH=LOW..HIGH:STEP", help="One number at several values.")
@click.option(
    "--seek",
    metavar="FUND=±0",
    help="Seek the value between the bounds of --sweep that changes a fund's payments by so many yuan.",
)
@click.option(
    "--explain", is_flag=True, help="Explain the biggest changes, by the rules in force beside the changed ones."
)
@click.option("--out", type=_PATH, required=True, help="The folder to write: tables, a workbook, a record.")
@click.option("--page", is_flag=True, help="Write simulation.html, too: one page with pictures, which prints on A4.")
@trying_options()
@results_apart
def command(
    *,
    year: Path,
    changes: tuple[str, ...],
    rules: Path | None,
    sweep: str | None,
    seek: str | None,
    explain: bool,
    out: Path,
    page: bool,
    how: Mapping[str, Any],
    lang: Lang,
    as_json: bool,
) -> None:
    """Settle a prepared year by changed rules beside those in force, and say what differs.

    YEAR is a folder of “qingsuan prepare”. PATH is POOL/SCHEME:LAYER.SETTING.ROW.COLUMN as “qingsuan policy show” has them:
    220100/390:inpatient.bands.minors.3M=70/75/80. Nothing of an installed plugin is changed.
    """
    from qingsuan.api.changes.simulation import simulate

    simulation = simulate(
        year,
        changes,
        rules=rules,
        sweep=sweep,
        seek=seek,
        explain=explain,
        out=out,
        page=page,
        lang=lang,
        **how,
    )
    show_json(simulation.record) if as_json else show(simulation.summary())
