"""``qingsuan export``: a finished run into a database."""

from __future__ import annotations

from pathlib import Path

import click

from qingsuan.cli.options.language import lang_option
from qingsuan.cli.output import results_apart, show, show_json
from qingsuan.databases.postgresql import export
from qingsuan.messages import Lang, Words

__all__ = ["command"]


@click.command("export")
@click.argument("out", type=click.Path(path_type=Path), metavar="OUT")
@click.argument("database", metavar="postgresql://…")
@click.option("--schema", default="public", show_default=True, help="Of the database; made if it is not there.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
@lang_option
@results_apart
def command(out: Path, database: str, schema: str, as_json: bool, lang: Lang) -> None:
    """Write the tables of a finished run into PostgreSQL, each in one transaction; never to a table of another run.

    OUT is the folder of a finished run. Given again after it was stopped, it writes what is not there yet.
    """
    written = export(out, database, schema)
    if as_json:
        show_json([one._asdict() for one in written])
        return
    words = Words(lang)
    for one in written:
        values = {"table": f"{schema}.{one.table}", "rows": f"{one.rows:,}"}
        if one.is_new:
            show(words.speak("{table}: {rows} rows written", **values))
        else:
            show(words.speak("{table}: {rows} rows, there already", **values))
