"""``qingsuan plugins``: what is installed and settles what, what is wrong with it, whether it keeps its promises; what was approved."""

from __future__ import annotations

import click

from qingsuan.cli.options.language import lang_option
from qingsuan.cli.output import results_apart
from qingsuan.cli.plugins.check import check
from qingsuan.cli.plugins.listing import show_installed
from qingsuan.cli.plugins.seal import seal
from qingsuan.cli.speaking import SpeakingContext
from qingsuan.errors import UsageError
from qingsuan.messages import Lang

__all__ = ["command"]


@click.group("plugins", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Write one JSON document instead of the table.")
@click.option(
    "--require", "requirements", multiple=True, metavar="REQ", help='Insist on one: "qingsuan-jilin>=2022.1".'
)
@lang_option
@click.pass_context
def command(context: click.Context, *, as_json: bool, requirements: tuple[str, ...], lang: Lang) -> None:
    """List the installed regional plugins and their rule sets; broken ones with the reason, and all that is wrong.

    Exit status 4 if one of them is broken, or a required one is missing or of another version.
    """
    if context.invoked_subcommand is None:
        results_apart(show_installed)(as_json=as_json, requirements=requirements, lang=lang)
    elif as_json or requirements:
        raise UsageError(
            f"plugins {context.invoked_subcommand}",
            found="an option of the list before the command's name",
            expected="options of the command, after its name",
            do=f"qingsuan plugins {context.invoked_subcommand} --help shows them",
        )


for one in (check, seal):
    one.context_class = SpeakingContext
    command.add_command(one)
