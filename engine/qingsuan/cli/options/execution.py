"""``--workers``, ``--memory`` and ``--partitions``: how a run works, which changes no row of its result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from qingsuan.cli.options.sizes import Size
from qingsuan.run.bounds import MOST_WORKERS
from qingsuan.run.folder.known import MOST_PARTITIONS

__all__ = ["execution_options", "machine_options"]


def execution_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the three options."""
    partitions = click.option(
        "--partitions", type=click.IntRange(1, MOST_PARTITIONS), help="Into how many parts people are spread."
    )
    return machine_options(partitions(command))


def machine_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command ``--workers`` and ``--memory``."""
    workers = click.option(
        "--workers", type=click.IntRange(1, MOST_WORKERS), default=2, show_default=True, help="Threads that work."
    )
    memory = click.option(
        "--memory", type=Size(), default="2GB", show_default=True, help="What the run may hold in memory."
    )
    return workers(memory(command))
