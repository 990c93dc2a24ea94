"""``qingsuan year-end``: all settlements of a year in one folder, and what must add up between them (年终清算)."""

from __future__ import annotations

from pathlib import Path

import click

from qingsuan.cli.options.execution import machine_options
from qingsuan.cli.options.language import lang_option
from qingsuan.cli.output import finished, results_apart, show, show_json
from qingsuan.cli.progress import progress_for
from qingsuan.messages import Lang, Words

__all__ = ["command"]

_FILE = click.Path(path_type=Path)


@click.command("year-end")
@click.argument("case", type=_FILE, metavar="CASE.toml")
@click.option("--out", type=_FILE, required=True, help="The folder of the year to write: a new one.")
@click.option("--supersedes", type=_FILE, help="A closed year that this one corrects: what differs becomes a table.")
@click.option("--resume", is_flag=True, help="Go on with a year that was begun in --out: otherwise the same command.")
@machine_options
@lang_option
@click.option("--json", "as_json", is_flag=True, help="Write the record of the year instead of the summary.")
@results_apart
def command(
    *,
    case: Path,
    out: Path,
    supersedes: Path | None,
    resume: bool,
    workers: int,
    memory: int,
    lang: Lang,
    as_json: bool,
) -> None:
    """Close a year: settle every part that a case file names, each reading what earlier ones wrote.

    CASE.toml names inputs, plugins and the options of every settlement (docs/year-end.md). Each part is a run folder in --out, as if
    its own command had written it. What must be equal between them is checked; where it is not, the year is not closed (status 1).
    A closed year is never settled again: a correction is a new folder with --supersedes.
    """
    from qingsuan.closing.telling import identity_lines
    from qingsuan.closing.year import close_year
    from qingsuan.report.text import proven

    year = close_year(
        case,
        out,
        workers=workers,
        memory=memory,
        resume=resume,
        supersedes=supersedes,
        progress=progress_for(as_json=as_json, lang=lang),
    )
    with finished(out, year.record_sha256):
        if as_json:
            show_json({**year.record, "record_sha256": year.record_sha256})
        else:
            lines = identity_lines(year.record, Words(lang))
            show(f"{year.summary(lang)}\n\n{lines}\n\n{proven(Words(lang), year.record_sha256)}")
