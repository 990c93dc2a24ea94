"""What every settlement of a year's tables is asked: which plugins, what is set aside, how it works, what becomes of an earlier run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from qingsuan.cli.options.allowed import allow_option
from qingsuan.cli.options.execution import execution_options
from qingsuan.cli.options.intake import intake_option
from qingsuan.cli.options.language import lang_option

__all__ = ["running_options", "settlement_options"]


def running_options() -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the options of a settlement on which no plugin has a say: how it works, what becomes of an earlier run."""
    return _given(
        (
            click.option(
                "--csv-encoding", default="utf8", show_default=True, help="Of CSV input, for example gb18030."
            ),
            intake_option,
            execution_options,
            click.option(
                "--resume",
                is_flag=True,
                help="Go on with a run that did not finish in --out: otherwise the same command.",
            ),
            click.option("--overwrite", is_flag=True, help="Replace what an earlier run left in --out."),
            lang_option,
            click.option("--json", "as_json", is_flag=True, help="Write the run record instead of the summary."),
        )
    )


def settlement_options(served: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the options; ``served`` is what plugins serve by its rules: "regions" or "pools"."""
    return _given(
        (
            click.option(
                "--require",
                "requirements",
                multiple=True,
                metavar="REQ",
                help='Insist on a plugin: "qingsuan-jilin>=2022.1".',
            ),
            allow_option,
            click.option(
                "--skip-unserved",
                is_flag=True,
                help=f"Set rows of {served} without a plugin aside (E_POOL) instead of stopping.",
            ),
            running_options(),
        )
    )


def _given(options: Sequence[Callable[..., Any]]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def given(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return given
