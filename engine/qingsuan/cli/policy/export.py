"""``qingsuan policy export``: the tables of rules as a spreadsheet."""

from __future__ import annotations

from pathlib import Path

import click

from qingsuan.cli.options.language import lang_option
from qingsuan.cli.options.rules import rules_option
from qingsuan.cli.output import results_apart, show
from qingsuan.messages import Lang, Words
from qingsuan.rulebook.sheets.exchange import take
from qingsuan.rulebook.sheets.others import OTHERS
from qingsuan.rulebook.which import choose

__all__ = ["command"]


@click.command("export")
@click.argument("name", metavar="REGION|POOL")
@click.argument("workbook", type=click.Path(path_type=Path), metavar="FILE.xlsx")
@rules_option
@lang_option
@results_apart
def command(*, name: str, workbook: Path, rules_dir: Path | None, lang: Lang) -> None:
    """Write the tables of the rule sets of a region or pool to a workbook, one sheet for each table of the notice.

    A first sheet lists which sheet is which table of which file. Numbers may be changed, rows and columns not; “qingsuan policy
    import” brings them back. What is no table is in a last sheet, to be read only.
    """
    taken = take(choose(name, rules_dir), workbook)
    speak, comma = Words(lang).speak, "、" if lang == "zh" else ", "
    files = comma.join(dict.fromkeys(sheet.file for sheet in taken.sheets))
    show(speak("{workbook}: {count} tables of {files}", workbook=str(workbook), count=len(taken.sheets), files=files))
    if taken.left_out:
        left_out = comma.join(taken.left_out)
        show(speak("not in it, for they have no table with rows: {files}", files=left_out))
    if taken.others:
        show(
            speak(
                "{count} settings that are no table are in the sheet “{sheet}”, to be read; they are changed in the parameter file",
                count=taken.others,
                sheet=OTHERS,
            )
        )
