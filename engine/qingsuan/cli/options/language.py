"""``--lang``: the language in which a command speaks."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import click

from qingsuan.errors import UsageError
from qingsuan.messages import LANGUAGES, Lang, language_of

__all__ = ["lang_option"]


def _language(context: click.Context, parameter: click.Parameter, value: str | None) -> Lang:
    try:
        return language_of(value, os.environ)
    except ValueError as error:
        raise UsageError(
            "--lang", found=str(error), expected=" or ".join(LANGUAGES), do="set QINGSUAN_LANG right, or give --lang"
        ) from error


def lang_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--lang`` to a command, which is given the language as ``lang``."""
    text = "Chinese or English; QINGSUAN_LANG says it for all commands, else the language of the machine."
    return click.option("--lang", type=click.Choice(LANGUAGES), callback=_language, help=text)(command)
