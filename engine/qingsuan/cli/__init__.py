"""The command line: one module per command, each imported only when it is called."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

import click

from qingsuan import __version__
from qingsuan.errors import QingsuanError

__all__ = ["COMMANDS", "cli", "main"]

COMMANDS = {
    "demo": "A made-up year for two regions, settled, with its summary: the first thing to run.",
    "engine-selftest": "Try an engine on a made-up year before it is trusted: the bytes must be those of the local run.",
    "plugins": "List the installed regional plugins, broken ones too.",
    "sample": "Make claims, insured people and identities of a plausible made-up year.",
    "settle": "Settle a year of claims (待遇结算): what each fund pays for each of them.",
    "subsidy": "Count heads and split the subsidy (财政补助): what each level of government owes.",
    "verify": "Check a finished run folder again: digests, rows, sums, accumulators; with its inputs, every row.",
}


class _Lazy(click.Group):
    """A group whose commands are imported when they are called, so that ``--help`` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"qingsuan.cli.{name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name]) for name in sorted(COMMANDS)])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="qingsuan")
def cli() -> None:
    """Settle a whole year of medical insurance at once, exact to the fen (医保年度清算).

    Exit status: 0 done; 2 wrong use; 3 the input cannot be trusted; 4 a plugin or a parameter cannot be trusted;
    5 the run failed part-way; 6 the run is finished, but rejected more claims than --max-rejected accepts.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process with the status that says whose fault it was."""
    try:
        cli.main(args=arguments, standalone_mode=False)
    except QingsuanError as error:
        click.echo(f"qingsuan: {error}", err=True)
        sys.exit(error.exit_status)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except click.Abort:
        click.echo("qingsuan: interrupted; nothing half-written is taken for finished", err=True)
        sys.exit(5)
