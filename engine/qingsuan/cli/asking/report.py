"""``qingsuan report``: what a finished run comes to, as a page for a meeting and a workbook."""

from __future__ import annotations

from pathlib import Path

import click

from qingsuan.cli.options.language import lang_option
from qingsuan.cli.output import results_apart, show
from qingsuan.closing.folder import is_closed_year
from qingsuan.closing.printed.report import report_of_year
from qingsuan.errors import UsageError
from qingsuan.messages import Lang, Words
from qingsuan.printed.report import check_names, report_of

__all__ = ["command"]


@click.command("report")
@click.argument("out", type=click.Path(path_type=Path), metavar="OUT")
@click.option(
    "--to", "files", type=click.Path(path_type=Path), multiple=True,
    help="Where it is written: NAME.html for one page, NAME.xlsx for a workbook of the same tables (repeatable).",
)  # fmt: skip
@lang_option
@results_apart
def command(out: Path, files: tuple[Path, ...], lang: Lang) -> None:
    """Report what a finished settlement of benefits comes to, or a closed year: tables and pictures for a meeting.

    OUT is the folder of a finished run of benefits, or that of “qingsuan year-end”. The page needs no network and prints on A4; nobody
    is named in it.
    """
    if not files:
        raise UsageError("report", found="no --to", expected="--to NAME.html, --to NAME.xlsx, or both")
    check_names(files)
    report, words = report_of_year(out, lang) if is_closed_year(out) else report_of(out, lang), Words(lang)
    for file in files:
        report.write(file)
        show(words.speak("report written to {file}", file=str(file)))
