"""``qingsuan serve``: pages to look around in, on loopback."""

from __future__ import annotations

from pathlib import Path

import click

from qingsuan.cli.options.language import lang_option
from qingsuan.cli.options.rules import rules_option
from qingsuan.cli.output import results_apart, show
from qingsuan.messages import Lang
from qingsuan.needed import need

__all__ = ["command"]

_LAST_PORT = 65_535


@click.command("serve")
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="OUT...")
@click.option(
    "--year", "years", multiple=True, type=click.Path(path_type=Path),
    help="A prepared year, for explanations and simulations, if not where the run names it (repeatable).",
)  # fmt: skip
@click.option(
    "--port", type=click.IntRange(0, _LAST_PORT), default=0,
    help="The port of this machine; one that is free unless given.",
)  # fmt: skip
@click.option("--no-token", is_flag=True, help="Let everybody on this machine in who knows the port.")
@rules_option
@lang_option
@results_apart
def command(
    *, folders: tuple[Path, ...], years: tuple[Path, ...], port: int, no_token: bool, rules_dir: Path | None, lang: Lang
) -> None:
    """Serve pages about finished runs to a browser of this machine: what came of them, institutions, people, explanations, simulations.

    OUT is the folder of a finished run or of a closed year. Nothing is written and nothing can be changed; the address that is printed
    has a random token in it. It is served until the command is stopped (Ctrl-C).
    """
    for library in ("waitress", "werkzeug", "jinja2", "matplotlib", "tomlkit"):
        need(library)
    from qingsuan.served.runs import open_runs
    from qingsuan.served.server import serve

    serve(open_runs(folders, years, rules_dir), port=port, with_token=not no_token, lang=lang, tell=show)
