"""``qingsuan policy import``: numbers of a spreadsheet back into the parameter files of a working folder."""

from __future__ import annotations

import os
from pathlib import Path

import click

from qingsuan.cli.options.language import lang_option
from qingsuan.cli.output import results_apart, show
from qingsuan.errors import RunError
from qingsuan.messages import Lang, Words
from qingsuan.rulebook.changes import changes, changes_text
from qingsuan.rulebook.sheets.exchange import Brought, bring
from qingsuan.rulebook.which import words_by_pool

__all__ = ["command"]


@click.command("import")
@click.argument("workbook", type=click.Path(path_type=Path), metavar="FILE.xlsx")
@click.option(
    "--rules-dir",
    type=click.Path(path_type=Path),
    required=True,
    help="The working folder whose files are changed; an installed plugin is never written to.",
)
@click.option("--write", is_flag=True, help="Write the files; without it only what would change is shown.")
@lang_option
@results_apart
def command(*, workbook: Path, rules_dir: Path, write: bool, lang: Lang) -> None:
    """Bring the numbers of a workbook back into the parameter files of a working folder, comments and sources kept.

    What would change is shown first; nothing is written without --write. A cell that is not what its column says is refused, with sheet and
    cell; so is a workbook of another version of a file, and numbers that the files cannot be trusted with.
    """
    brought = bring(workbook, rules_dir)
    speak = Words(lang).speak
    for one in brought:
        words = (words_by_pool(one.before, lang), words_by_pool(one.after, lang))
        show(changes_text(one.before, one.after, changes(one.before, one.after, words), lang))
        show("")
    cells = sum(len(one.edits) for one in brought)
    if not cells:
        show(speak("no difference: nothing to write"))
    elif write:
        for one in brought:
            _replace(one)
        files = ("、" if lang == "zh" else ", ").join(str(one.path) for one in brought)
        show(speak("{cells} cells written: {files}", cells=cells, files=files))
    else:
        show(speak("{cells} cells would change; nothing is written without --write", cells=cells))


def _replace(one: Brought) -> None:
    """Write a file beside the old one first: there is always a whole one.

    Raises
    ------
    RunError
        It cannot be written.
    """
    beside = one.path.with_name(f".{one.path.name}.new")
    try:
        beside.write_bytes(one.content)
        os.replace(beside, one.path)
    except OSError as error:
        found = f"cannot be written ({error.strerror or error})"
        raise RunError(str(one.path), found=found, expected="a file that can be written", do="mend that") from error
