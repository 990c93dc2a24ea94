"""``--lang``: the language in which a command speaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from qingsuan.messages import LANGUAGES, Lang
from qingsuan.report.wording.speaking import words_in

__all__ = ["lang_option"]


def _language(context: click.Context, parameter: click.Parameter, value: str | None) -> Lang:
    return words_in(value).lang


def lang_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--lang`` to a command, which is given the language as ``lang``."""
    text = "Chinese or English; QINGSUAN_LANG says it for all commands, else the language of the machine."
    return click.option("--lang", type=click.Choice(LANGUAGES), callback=_language, help=text)(command)
