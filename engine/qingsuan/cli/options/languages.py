"""``--lang``: the language in which a command speaks."""

from __future__ import annotations

import os

import click

from qingsuan.errors import UsageError
from qingsuan.messages import LANGUAGES, Lang, language_of

__all__ = ["lang_option", "language"]

lang_option = click.option(
    "--lang", type=click.Choice(LANGUAGES), help="Chinese or English; else QINGSUAN_LANG, then the locale."
)


def language(asked: str | None) -> Lang:
    """The language that was asked for, or that of the environment.

    Raises
    ------
    UsageError
        ``QINGSUAN_LANG`` names none.
    """
    try:
        return language_of(asked, os.environ)
    except ValueError as error:
        raise UsageError("--lang", found=str(error), expected=" or ".join(LANGUAGES)) from error
