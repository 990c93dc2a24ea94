"""``--allow``: the plugins that a run may take."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["allow_option"]

allow_option = click.option(
    "--allow",
    type=click.Path(path_type=Path),
    help="Take only plugins that stand in this file, with version and digest (“qingsuan plugins seal”).",
)
