"""What a row takes of the disk: on its way to its partition, packed, and in what comes of it, for each table of every settlement.

The figures that :mod:`qingsuan.run.machine.room` counts with are those of this, rounded up: python benchmarks/disk.py --people 60000
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import pyarrow as pa

import qingsuan
from qingsuan.run.shuffle import Budget, Shuffle
from qingsuan.sample import make_year


class _Seen:
    """Rows that were spread and bytes of them on the disk, by table."""

    def __init__(self) -> None:
        self.rows, self.bytes = Counter[str](), Counter[str]()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """See every shuffle, while it lasts."""
        real_add, real_close = Shuffle.add, Shuffle.close

        def add(shuffle: Shuffle, batch: pa.RecordBatch, key: str = "psn_no") -> None:
            self.rows[shuffle.folder.name] += batch.num_rows
            real_add(shuffle, batch, key)

        def close(shuffle: Shuffle) -> None:
            real_close(shuffle)
            self.bytes[shuffle.folder.name] += _size(shuffle.folder)

        with patch.object(Shuffle, "add", add), patch.object(Shuffle, "close", close):
            yield

    def told(self) -> str:
        """Bytes a row on its way, table by table."""
        packed = [f"{name} {self.bytes[name] / rows:.0f}" for name, rows in self.rows.items() if self.bytes[name]]
        return ", ".join(packed)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _measure(place: Path, people: int) -> None:
    make_year(place / "in", people=people, seed=4)
    tables = {"insured": place / "in/insured.parquet", "identities": place / "in/identities.parquet"}
    claims, more = place / "in/claims", {"partitions": 16, "workers": 2}
    runs = {
        "settle": lambda out: qingsuan.settle(claims, **tables, year=2021, out=out, **more),
        "settle --detail --accumulators": lambda out: qingsuan.settle(
            claims, **tables, year=2021, out=out, detail=True, accumulators=True, **more
        ),
        "prepare": lambda out: qingsuan.prepare(claims, **tables, year=2021, out=out, **more),
        "subsidy": lambda out: qingsuan.subsidy(
            place / "in/insured.parquet", year=2021, out=out, classes=place / "in/classes.csv", **more
        ),
    }
    for number, (name, settle) in enumerate(runs.items()):
        seen, out = _Seen(), place / str(number)
        with seen.watching(), patch("qingsuan.run.model.Budget", lambda *_: Budget(1 << 20)):
            settle(out)
        first = next(iter(seen.rows[table] for table in ("claims", "insured") if seen.rows[table]))
        print(json.dumps(name), f"on its way: {seen.told()}; result {_size(out) / first:.0f} a row of the first table")


if __name__ == "__main__":
    asked = argparse.ArgumentParser()
    asked.add_argument("--people", type=int, default=60_000)
    with tempfile.TemporaryDirectory() as folder:
        _measure(Path(folder), asked.parse_args().people)
