"""``qingsuan plugins``: what is installed, what it settles, what is wrong with it; and whether one keeps what plugins promise."""

from __future__ import annotations

import click

from qingsuan.cli.output import results_apart
from qingsuan.cli.plugins.check import check
from qingsuan.cli.plugins.listing import show_installed
from qingsuan.errors import UsageError

__all__ = ["command"]


@click.group("plugins", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Write one JSON document instead of the table.")
@click.option(
    "--require", "requirements", multiple=True, metavar="REQ", help='Insist on one: "qingsuan-jilin>=2022.1".'
)
@click.option("--allow-list", is_flag=True, help="Print those that can be used as a file for --allow.")
@click.pass_context
def command(context: click.Context, *, as_json: bool, requirements: tuple[str, ...], allow_list: bool) -> None:
    """List the installed regional plugins and their rule sets; broken ones with the reason, and all that is wrong.

    Exit status 4 if one of them is broken, or a required one is missing or of another version.
    """
    if as_json and allow_list:
        do = "leave one out: the list for --allow is TOML"
        raise UsageError("plugins --json --allow-list", found="both", expected="one of them", do=do)
    if context.invoked_subcommand is None:
        results_apart(show_installed)(as_json=as_json, requirements=requirements, allow_list=allow_list)
    elif as_json or requirements or allow_list:
        raise UsageError(
            f"plugins {context.invoked_subcommand}",
            found="an option of the list before the command's name",
            expected="options of the command, after its name",
            do=f"qingsuan plugins {context.invoked_subcommand} --help shows them",
        )


command.add_command(check)
