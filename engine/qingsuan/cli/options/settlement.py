"""What every settlement of a year's tables is asked: which plugins, what is set aside, how it works, what becomes of an earlier run."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import click

from qingsuan.cli.options.allowed import allow_option
from qingsuan.cli.options.execution import execution_options, machine_options
from qingsuan.cli.options.intake import intake_option
from qingsuan.cli.options.language import lang_option
from qingsuan.cli.options.rules import rules_option

__all__ = ["running_options", "settlement_options", "trying_options"]

Command = Callable[..., Any]

_RUNNING = (
    click.option("--csv-encoding", default="utf8", show_default=True, help="Of CSV input, for example gb18030."),
    intake_option,
    execution_options,
    click.option(
        "--resume", is_flag=True, help="Go on with a run that did not finish in --out: otherwise the same command."
    ),
    click.option("--overwrite", is_flag=True, help="Replace what an earlier run left in --out."),
    lang_option,
    click.option("--json", "as_json", is_flag=True, help="Write the run record instead of the summary."),
)
_TRYING = (
    click.option("--overwrite", is_flag=True, help="Replace an earlier one in --out."),
    machine_options,
    click.option("--require", multiple=True, metavar="REQ", help='Insist on a plugin: "qingsuan-jilin>=2022.1".'),
    allow_option,
    rules_option,
    lang_option,
    click.option("--json", "as_json", is_flag=True, help="Print the record as JSON instead of the summary."),
)
_HOW_IT_TRIES = ("overwrite", "workers", "memory", "require", "allow", "rules_dir")
_HOW_IT_RUNS = ("csv_encoding", "intake", "workers", "memory", "partitions", "resume", "overwrite")
_WHO_SETTLES = ("require", "allow", "skip_unserved")


def running_options() -> Callable[[Command], Command]:
    """Give a command the options of a settlement on which no plugin has a say: how it works, what becomes of an earlier run.

    The command is given them as ``how``, under the names of the functions of :mod:`qingsuan.api`, with the progress that fits; and
    ``lang`` and ``as_json`` beside.
    """
    return _given(_RUNNING, _HOW_IT_RUNS)


def settlement_options(served: str) -> Callable[[Command], Command]:
    """Give a command also the options of plugins; ``served`` is what they serve by its rules: "regions" or "pools"."""
    asked = (
        click.option("--require", multiple=True, metavar="REQ", help='Insist on a plugin: "qingsuan-jilin>=2022.1".'),
        allow_option,
        click.option(
            "--skip-unserved",
            is_flag=True,
            help=f"Set rows of {served} without a plugin aside (E_POOL) instead of stopping.",
        ),
    )
    return _given((*asked, *_RUNNING), (*_WHO_SETTLES, *_HOW_IT_RUNS))


def trying_options() -> Callable[[Command], Command]:
    """Give a command what everything is asked that tries rules on a prepared year; it is given them as of :func:`running_options`."""
    return _given(_TRYING, _HOW_IT_TRIES)


def _given(options: Sequence[Callable[..., Any]], names: Sequence[str]) -> Callable[[Command], Command]:
    def given(command: Command) -> Command:
        @functools.wraps(command)
        def told(**values: Any) -> Any:
            from qingsuan.cli.progress import progress_for  # --help stays quick

            how = {name: values.pop(name) for name in names}
            how["progress"] = progress_for(as_json=values["as_json"], lang=values["lang"])
            return command(**values, how=how)

        for option in reversed(options):
            told = option(told)
        return told

    return given
