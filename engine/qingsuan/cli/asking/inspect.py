"""``qingsuan inspect``: what is in files, before any run."""

from __future__ import annotations

from pathlib import Path

import click

from qingsuan.cli.options.language import lang_option
from qingsuan.cli.output import results_apart, show, show_json
from qingsuan.errors import UsageError
from qingsuan.inspection.report import inspect, record
from qingsuan.inspection.told import told
from qingsuan.messages import Lang, Words
from qingsuan.run.inputs import read_intake

__all__ = ["command"]


@click.command("inspect")
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option(
    "--table", default="", help="What they are: claims, insured, identities, … Judged by their columns unless given."
)
@click.option(
    "--intake", type=click.Path(path_type=Path), help="Look at them as this intake file says; none is proposed then."
)
@click.option("--propose", type=click.Path(path_type=Path), help="Write the intake file that is proposed here, too.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@lang_option
@results_apart
def command(
    files: tuple[str, ...], table: str, intake: Path | None, propose: Path | None, as_json: bool, lang: Lang
) -> None:
    """Say what is in the files of one table: columns found, missing and unknown, ranges, codes, rows that would be rejected.

    An intake file is proposed where one is needed, and never applied. No id and no name is shown.
    """
    if propose is not None and propose.exists():
        raise UsageError(
            f"--propose {propose}", found="a file that is there", expected="a new one", do="give another name"
        )
    found = inspect(files, table, None if intake is None else read_intake(intake))
    if propose is not None and found.proposal:
        propose.write_text(found.proposal, "utf-8")
    if as_json:
        show_json(record(found))
    else:
        show(told(found, Words(lang)))
