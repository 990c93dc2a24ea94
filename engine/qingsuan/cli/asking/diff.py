"""``qingsuan diff``: two finished settlements beside each other."""

from __future__ import annotations

from pathlib import Path

import click

from qingsuan.api.changes.comparing import diff
from qingsuan.cli.options.language import lang_option
from qingsuan.cli.output import results_apart, show, show_json
from qingsuan.cli.progress import progress_for
from qingsuan.messages import Lang

__all__ = ["command"]

_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


@click.command("diff")
@click.argument("first", type=_FOLDER)
@click.argument("second", type=_FOLDER)
@click.option(
    "--register",
    type=click.Path(path_type=Path),
    help="People with a former benefit (台账), a CSV file: who gets less, and by how much.",
)
@click.option("--out", type=click.Path(path_type=Path), help="A new folder for the tables; without it only the text.")
@click.option("--workers", type=click.IntRange(1), default=2, show_default=True, help="Threads that work.")
@lang_option
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@results_apart
def command(
    first: Path, second: Path, register: Path | None, out: Path | None, workers: int, lang: Lang, as_json: bool
) -> None:
    """Compare two finished settlements of one year (补退).

    FIRST is the folder of the run that was paid, SECOND of the one that says what is due. Which claims differ, why, and what
    is to be paid out or taken back, by fund, pool, institution and person.
    """
    progress = progress_for(as_json=as_json, lang=lang)
    found = diff(first, second, register=register, out=out, workers=workers, progress=progress)
    if as_json:
        show_json(found.record)
    else:
        show(found.summary(lang))
