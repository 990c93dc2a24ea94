"""``qingsuan policy``: what the rules say, and what is to be asked about them; one module per command."""

from __future__ import annotations

import importlib

import click

from qingsuan.cli.speaking import SpeakingContext

__all__ = ["COMMANDS", "command"]

COMMANDS = {
    "diff": "What changed between two dates, files or folders, table by table, and in which document.",
    "doc": "The rule book of a region as one HTML file that prints on A4.",
    "export": "The tables of the rules as a spreadsheet, one sheet for each table of the notice.",
    "import": "Numbers of a spreadsheet back into the parameter files, with a difference shown first.",
    "lint": "What a colleague would ask about: numbers that load and are seldom meant.",
    "show": "The rules as tables, as a person reads them.",
    "test": "The cases beside the parameters, with a readable difference when one fails.",
}

_MODULES = {"import": "bring"}
"""Modules that cannot be called as their commands are."""


class _Lazy(click.Group):
    """The commands below ``policy``, imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        found: click.Command = importlib.import_module(f"qingsuan.cli.policy.{_MODULES.get(name, name)}").command
        found.context_class = SpeakingContext
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group("policy", cls=_Lazy)
def command() -> None:
    """Show, question, test and compare the rules of a region; nothing is settled."""
