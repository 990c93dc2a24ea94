"""How a bureau's own files are read: the intake file that says so."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["intake_option"]

intake_option = click.option(
    "--intake",
    type=click.Path(path_type=Path),
    help="What the files look like: names, codes, dates, money, CSV (a TOML file; “inspect” proposes one).",
)
"""Give a command the option; a run that is given such a file records it."""
