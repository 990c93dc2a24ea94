"""``qingsuan permitted-changes``: which numbers a pool may change, and by how much each alone closes a gap."""

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


@click.command("permitted-changes")
@click.argument("year", type=_PATH, metavar="YEAR")
@click.option("--books", type=_PATH, help="A folder of “qingsuan fund”: what its gaps leave open.")
@click.option("--gap", "gaps", multiple=True, metavar="POOL:FUND=YUAN", help="What a fund lacks (repeatable).")
@click.option("--out", type=_PATH, help="A new folder for the tables; without it only the text.")
@click.option("--overwrite", is_flag=True, help="Replace an earlier one in --out.")
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
    books: Path | None,
    gaps: tuple[str, ...],
    out: Path | None,
    overwrite: bool,
    workers: int,
    memory: int,
    requirements: tuple[str, ...],
    allow: Path | None,
    rules_dir: Path | None,
    lang: Lang,
    as_json: bool,
) -> None:
    """Say which numbers a pool may change (待遇清单), and by how much each alone closes a gap of its fund.

    YEAR is a folder of “qingsuan prepare”. FUND is one of the books: resident, employee-pool, critical-illness, large-sum,
    civil-servant, supplement or assistance. Each number that the region authorises the pool to set is tried within its bounds,
    on whole yuan and percents, until it closes the gap by itself. Nothing is changed.
    """
    from qingsuan.api.changes.permitted import permitted_changes

    found = permitted_changes(
        year,
        gaps,
        books=books,
        out=out,
        overwrite=overwrite,
        workers=workers,
        memory=memory,
        require=requirements,
        allow=allow,
        rules_dir=rules_dir,
        lang=lang,
        progress=progress_for(as_json=as_json, lang=lang),
    )
    show_json(found.record) if as_json else show(found.summary())
