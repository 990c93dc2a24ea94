"""``--engine`` and ``--spark-master``: where a run takes place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from qingsuan.run.executors.engines import ENGINES, check_engine, engine_of

__all__ = ["ENGINES", "check_engine", "engine_of", "engine_options"]


def engine_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command both options."""
    master = click.option("--spark-master", metavar="URL", help="Spark's master; if not given, spark-submit's.")
    engine = click.option(
        "--engine", type=click.Choice(ENGINES), default="local", show_default=True, help="Execution engine."
    )
    return engine(master(command))
