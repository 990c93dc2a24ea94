"""``--rules-dir``: parameter files of a working folder in place of those of an installed plugin."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["rules_option"]

rules_option = click.option(
    "--rules-dir",
    type=click.Path(path_type=Path),
    help="Rule sets of this folder in place of the installed ones of their region; marked as a working copy.",
)
