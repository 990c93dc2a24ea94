"""Engines by their names: where a run takes place."""

from __future__ import annotations

from qingsuan.errors import UsageError
from qingsuan.plugins import Installed
from qingsuan.run.executors.interface import Engine
from qingsuan.settlement import Settlement

__all__ = ["ENGINES", "check_engine", "engine_of"]

ENGINES = ("local", "spark")


def check_engine(engine: str, spark_master: str | None) -> None:
    """Check that there is such an engine, and that a master goes with it.

    Raises
    ------
    UsageError
        There is none of this name, or a master for one that has none.
    """
    if engine not in ENGINES:
        raise UsageError("--engine", found=repr(engine), expected=" or ".join(ENGINES))
    if spark_master is not None and engine != "spark":
        raise UsageError(
            "--spark-master",
            found=f"given with --engine {engine}",
            expected="--engine spark",
            do="give both or neither",
        )


def engine_of(engine: str, spark_master: str | None, settlement: Settlement, installed: Installed) -> Engine | None:
    """The engine to hand to :func:`qingsuan.run.settle.settle`; None for this process's own threads."""
    if engine == "local":
        return None
    from qingsuan.run.executors.cluster import Cluster
    from qingsuan.run.executors.spark import SparkExchange
    from qingsuan.run.restart.fingerprint import by_what

    return Cluster(SparkExchange(spark_master), by_what(settlement, installed))
