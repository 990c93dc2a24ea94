"""``qingsuan permitted-changes``: which numbers a pool may change, and by how much each alone closes a gap."""

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


@click.command("permitted-changes")
@click.argument("year", type=_PATH, metavar="YEAR")
@click.option("--books", type=_PATH, help="A folder of “qingsuan fund”: what its gaps leave open.")
@click.option("--gap", "gaps", multiple=True, metavar="POOL:FUND=YUAN", help="What a fund lacks (repeatable).")
@click.option("--out", type=_PATH, help="A new folder for the tables; without it only the text.")
@trying_options()
@results_apart
def command(
    *,
    year: Path,
    books: Path | None,
    gaps: tuple[str, ...],
    out: Path | None,
    how: Mapping[str, Any],
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
        lang=lang,
        **how,
    )
    show_json(found.record) if as_json else show(found.summary())
