"""Apache Spark as an exchange: ``mapInArrow`` before and after a shuffle by partition. Needs ``pip install qingsuan[spark]``.

Spark's own order is not asked for and its people are not grouped: a partition of ours is a partition of Spark's, and what
has to be in order is ordered inside :mod:`qingsuan.benefits.order`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

import pyarrow as pa

from qingsuan.errors import RunError, UsageError
from qingsuan.run.executors.cluster import Work
from qingsuan.run.executors.pieces import PIECES
from qingsuan.run.executors.worker import fault_in

__all__ = ["SparkExchange"]

_PIECES = "partition int, kind string, item int, number int, rows long, payload binary"
_BATCH_ROWS = "spark.sql.execution.arrow.maxRecordsPerBatch"
_PIECES_PER_BATCH = "4"
"""Pieces are large: what a Python process and its JVM hold at once is this many, several times over."""

_TASKS_PER_CORE = 8


class SparkExchange:
    """Pieces through Spark.

    Parameters
    ----------
    master
        Spark's master URL; None to leave it to ``spark-submit``, ``SPARK_CONF_DIR``, or the session there is.

    Raises
    ------
    UsageError
        On opening: PySpark is not installed.
    """

    def __init__(self, master: str | None = None) -> None:
        self.master = master
        self._pieces: Any = None

    def __enter__(self) -> Self:
        try:
            from pyspark.sql import SparkSession
        except ImportError as error:
            raise UsageError(
                "--engine spark",
                found=f"Spark cannot be used: {error}",
                expected="PySpark 4.1 or newer",
                do='pip install "qingsuan[spark]"',
            ) from error
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        with _telling():
            self._own = SparkSession.getActiveSession() is None
            builder = SparkSession.builder.appName("qingsuan")
            if self.master is not None:
                builder = builder.master(self.master)
            if self._own:
                builder = builder.config("spark.ui.showConsoleProgress", "false")
            self.session = builder.getOrCreate()
            self._batch_rows = str(self.session.conf.get(_BATCH_ROWS))
            self.session.conf.set(_BATCH_ROWS, _PIECES_PER_BATCH)
        return self

    def __exit__(self, *error: object) -> None:
        with _telling():
            if self._own:
                self.session.stop()
                return
            if self._pieces is not None:
                self._pieces.unpersist()
            self.session.conf.set(_BATCH_ROWS, self._batch_rows)

    def read(self, items: int, work: Work) -> Iterable[pa.RecordBatch]:
        """Read, and keep the pieces on the executors' disks; what is lost there is read again."""
        from pyspark import StorageLevel

        with _telling():
            tasks = min(items, _TASKS_PER_CORE * self.session.sparkContext.defaultParallelism)
            numbers = self.session.range(0, items, 1, max(1, tasks))
            self._pieces = numbers.mapInArrow(work, _PIECES).persist(StorageLevel.DISK_ONLY)
            found = self._pieces.where("partition < 0").collect()
        for row in found:
            columns = [pa.array([row[field.name]], field.type) for field in PIECES]
            yield pa.RecordBatch.from_arrays(columns, schema=PIECES)

    def settle(self, partitions: Sequence[int], of: int, work: Work) -> int:
        """Shuffle and settle; partitions of ours that an earlier run finished stay empty ones of Spark's."""
        with _telling():
            wanted = self._pieces.where("partition >= 0")
            if len(partitions) < of:
                left = self.session.createDataFrame([(p,) for p in partitions], "partition int")
                wanted = wanted.join(left.hint("broadcast"), "partition", "left_semi")
            together = wanted.repartitionById(of, "partition")
            return len(together.mapInArrow(work, "partition int").collect())

    def stop(self) -> None:
        """Cancel what is running."""
        with _telling():
            self.session.sparkContext.cancelAllJobs()


@contextmanager
def _telling() -> Iterator[None]:
    """Tell what Spark says as what one of our workers said, or else as a failed run."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JError, ConnectionError) as error:
        text = str(error)
        if fault_in(text) is not None:
            raise
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        raise RunError(
            "Spark",
            found=" / ".join(lines[:3])[:600] or type(error).__name__,
            expected="a cluster that runs the job to its end",
            do="look into Spark's own logs (docs/spark.md)",
        ) from error
