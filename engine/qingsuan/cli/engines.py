"""``--engine`` and ``--spark-master``: where a run takes place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from qingsuan.benefits.setup import Setup
from qingsuan.errors import UsageError
from qingsuan.plugins import Installed
from qingsuan.run.settle import Engine

__all__ = ["ENGINES", "check_engine", "engine_of", "engine_options"]

ENGINES = ("local", "spark")


def engine_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command both options."""
    master = click.option("--spark-master", metavar="URL", help="Spark's master; if not given, spark-submit's.")
    engine = click.option(
        "--engine", type=click.Choice(ENGINES), default="local", show_default=True, help="Where it is worked out."
    )
    return engine(master(command))


def check_engine(engine: str, spark_master: str | None) -> None:
    """Check that the options go together.

    Raises
    ------
    UsageError
        A master for an engine that has none.
    """
    if spark_master is not None and engine != "spark":
        raise UsageError(
            "--spark-master",
            found=f"given with --engine {engine}",
            expected="--engine spark",
            do="give both or neither",
        )


def engine_of(engine: str, spark_master: str | None, setup: Setup, installed: Installed) -> Engine | None:
    """The engine to hand to :func:`qingsuan.run.settle.settle`; None for this process's own threads."""
    if engine == "local":
        return None
    from qingsuan.run.engine import Cluster
    from qingsuan.run.header import by_what
    from qingsuan.run.spark import SparkExchange

    return Cluster(SparkExchange(spark_master), by_what(setup, installed))
