"""``qingsuan simulate``: what changed rules would have come to over a prepared year."""

from __future__ import annotations

from pathlib import Path

import click

from qingsuan.cli.options.allowed import allow_option
from qingsuan.cli.options.language import lang_option
from qingsuan.cli.options.rules import rules_option
from qingsuan.cli.options.sizes import Size
from qingsuan.cli.output import results_apart, show, show_json
from qingsuan.cli.progress import progress_for
from qingsuan.messages import Lang
from qingsuan.run.bounds import MOST_WORKERS

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
@click.option("--overwrite", is_flag=True, help="Replace an earlier simulation in --out.")
@click.option("--page", is_flag=True, help="Write simulation.html, too: one page with pictures, which prints on A4.")
@click.option(
    "--workers", type=click.IntRange(1, MOST_WORKERS), default=2, show_default=True, help="Threads that work."
)
@click.option("--memory", type=Size(), default="2GB", show_default=True, help="What may be held in memory.")
@click.option("--require", "requirements", multiple=True, help='A plugin that must be there: "qingsuan-jilin>=2022.1".')
@allow_option
@rules_option
@lang_option
@click.option("--json", "as_json", is_flag=True, help="Print the record as JSON instead of the summary.")
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
    overwrite: bool,
    page: bool,
    workers: int,
    memory: int,
    requirements: tuple[str, ...],
    allow: Path | None,
    rules_dir: Path | None,
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
        overwrite=overwrite,
        page=page,
        workers=workers,
        memory=memory,
        require=requirements,
        allow=allow,
        rules_dir=rules_dir,
        lang=lang,
        progress=progress_for(as_json=as_json, lang=lang),
    )
    show_json(simulation.record) if as_json else show(simulation.summary())
