"""``qingsuan policy export``: the tables of rules as a spreadsheet."""

from __future__ import annotations

from pathlib import Path

import click

from qingsuan.cli.options.rules import rules_option
from qingsuan.cli.output import results_apart, show
from qingsuan.rulebook.sheets.exchange import take
from qingsuan.rulebook.sheets.others import OTHERS
from qingsuan.rulebook.which import choose

__all__ = ["command"]


@click.command("export")
@click.argument("name", metavar="REGION|POOL")
@click.argument("workbook", type=click.Path(path_type=Path), metavar="FILE.xlsx")
@rules_option
@results_apart
def command(*, name: str, workbook: Path, rules_dir: Path | None) -> None:
    """Write the tables of the rule sets of a region or pool to a workbook, one sheet for each table of the notice.

    A first sheet lists which sheet is which table of which file. Numbers may be changed, rows and columns not; “qingsuan policy
    import” brings them back. What is no table is in a last sheet, to be read only.
    """
    taken = take(choose(name, rules_dir), workbook)
    files = dict.fromkeys(sheet.file for sheet in taken.sheets)
    show(f"{workbook}: {len(taken.sheets)} tables of {', '.join(files)}")
    if taken.left_out:
        show(f"not in it, for they have no table with rows: {', '.join(taken.left_out)}")
    if taken.others:
        said = f"{taken.others} settings that are no table are in the sheet “{OTHERS}”, to be read"
        show(f"{said}; they are changed in the parameter file")
