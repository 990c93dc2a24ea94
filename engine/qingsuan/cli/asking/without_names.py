"""``qingsuan without-names``: the tables of a finished run for others, without people's numbers."""

from __future__ import annotations

from pathlib import Path

import click

from qingsuan.cli.output import results_apart, show
from qingsuan.exported.pseudonyms import Pseudonyms
from qingsuan.exported.writing import EXPORT_RECORD, export

__all__ = ["command"]


@click.command("without-names")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR")
@click.option("--to", "out", required=True, type=click.Path(path_type=Path), help="The new folder.")
@click.option(
    "--pseudonyms",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The key by which ids become pseudonyms: hexadecimal digits (“openssl rand -hex 32”), for its owner alone.",
)
@results_apart
def command(folder: Path, out: Path, pseudonyms: Path) -> None:
    """Write the tables of a finished run for others: every psn_no, certificate, settlement and visit id a pseudonym.

    The same id has the same pseudonym in every table and every run that is written by the same key. Texts that are not known to
    stand for many are left out, and dates of birth. Rows, amounts, codes and days stay as they are.
    """
    record = export(folder, out, Pseudonyms(pseudonyms))
    gone = sorted({column for columns in record["left_out"].values() for column in columns})
    words = f"; left out: {', '.join(gone)}" if gone else ""
    show(
        f"{out}: {len(record['files'])} files, ids as pseudonyms of the key {record['key']}{words} (see {EXPORT_RECORD})"
    )
