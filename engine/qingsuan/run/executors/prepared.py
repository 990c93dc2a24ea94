"""The stages of a run over a prepared year: nothing is read, checked, spread or ordered again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.columns.rows import arrow, looked_up, numbers
from qingsuan.run.deliveries import rejected_name
from qingsuan.run.executors.interface import Done
from qingsuan.run.executors.local import settle_partitions, settled_sizes
from qingsuan.run.model import Run
from qingsuan.run.prepared.opened import PreparedYear
from qingsuan.run.reading import read_trusted
from qingsuan.run.rejections.refused import RefusedRows
from qingsuan.run.shuffle import Shuffle
from qingsuan.settlement import Settlement

__all__ = ["FromYear", "YearRows"]

Numbers = npt.NDArray[np.int32]
Sizes = npt.NDArray[np.int64]


class YearRows:
    """The rows of a prepared year for a settlement that is learnt from it, partition by partition.

    Parameters
    ----------
    settlement
        Not yet frozen: it learns here what was learnt when the year was prepared.
    """

    def __init__(self, year: PreparedYear, settlement: Settlement) -> None:
        self.year, self.settlement = year, settlement
        self._codes: list[Mapping[str, Numbers]] = []
        for delivery in year.deliveries:
            learned = delivery.state["learned"]
            settlement.learn(learned)
            self._codes.append(_numbers_of(settlement, learned.get("texts", {})))

    def of(self, partition: int) -> Sequence[pa.Table]:
        """The rows of a partition, table after table; of several deliveries, put together."""
        names = [table.name for table in self.settlement.inputs if not table.is_trusted]
        parts = [
            [_recoded(delivery.read(name, partition), codes) for name in names]
            for delivery, codes in zip(self.year.deliveries, self._codes, strict=True)
        ]
        if len(parts) == 1:
            return parts[0]
        return self.settlement.out_of_order([pa.concat_tables(tables) for tables in zip(*parts, strict=True)])

    def of_people(self, people: Iterable[str]) -> Sequence[pa.Table]:
        """The rows of some people, table after table: of the year little else is read."""
        names = [table.name for table in self.settlement.inputs if not table.is_trusted]
        parts = []
        for psn_no in people:
            for delivery, codes in zip(self.year.deliveries, self._codes, strict=True):
                rows = delivery.person(psn_no)
                parts.append([_recoded(rows[name], codes) for name in names])
        return self.settlement.out_of_order([pa.concat_tables(tables) for tables in zip(*parts, strict=True)])


class FromYear:
    """Partitions as a prepared year holds them; of several deliveries, put together."""

    def __init__(self, year: PreparedYear) -> None:
        self.year = year
        self._shuffles: dict[str, Shuffle] = {}
        self._is_spread = False

    def read(self, run: Run, refused: RefusedRows) -> None:
        """Take over what was learnt and rejected when the year was prepared; read what must be trusted from its files."""
        tables = [table for table in run.settlement.inputs if table.is_trusted]
        spill = Path(run.folder.path) / ".shuffle"
        self._shuffles = {table.name: Shuffle(run.partitions, run.waiting, spill / table.name) for table in tables}
        read_trusted(run, self._shuffles, refused)
        self._rows = YearRows(self.year, run.settlement)
        for delivery in self.year.deliveries:
            state = delivery.state
            with run.lock:
                for table, rows in state["rows_read"].items():
                    run.books.read(table, rows, {})
                run.books.sums_in.update(state["sums_in"])
            for table, one in state["rejected"].items():
                sums: Mapping[str, int] = one["sums"]
                for partition in one["partitions"]:
                    refused.put_back(table, delivery.read_table(rejected_name(table, partition)), sums)
                    sums = {}
        run.settlement.freeze(run.problems)
        if any(table.by_hash for table in run.settlement.inputs):
            self._spread(run, spill)
        run.memory.to_settle(run.settlement.inputs[0].name, self._sizes(run))

    def _spread(self, run: Run, spill: Path) -> None:
        """Spread the rows of the year, which lie by person, on what this settlement spreads them on; those that tie people first."""
        tables = [table for table in run.settlement.inputs if not table.is_trusted]
        spread = {table.name: Shuffle(run.partitions, run.waiting, spill / table.name) for table in tables}
        for tie in (True, False):
            for partition in range(run.partitions):
                found = self._rows.of(partition)
                if len(self.year.deliveries) == 1:
                    found = run.settlement.out_of_order(found)
                for table, rows in zip(tables, found, strict=True):
                    if tie:
                        run.settlement.tie_kept(table.name, rows)
                        continue
                    keyed = run.settlement.keyed(rows)
                    for batch in (pa.RecordBatch.from_pylist([], keyed.schema), *keyed.to_batches()):
                        spread[table.name].add(batch, table.spread_on)
        self._shuffles, self._is_spread = {**spread, **self._shuffles}, True

    def settle(self, run: Run, partitions: Sequence[int], done: Done) -> None:
        """Settle these partitions; see :meth:`qingsuan.run.executors.interface.Engine.settle`."""

        def take(partition: int) -> Sequence[pa.Table]:
            waiting = [shuffle.take(partition) for shuffle in self._shuffles.values()]
            return waiting if self._is_spread else (*self._rows.of(partition), *waiting)

        settle_partitions(run, partitions, take, self._sizes(run), done)

    def _sizes(self, run: Run) -> Sizes:
        """What the rows of each partition take of memory while they are settled; of those in files by how large the files are."""
        found = settled_sizes(run, self._shuffles)
        if not self._is_spread:
            for delivery in self.year.deliveries:
                for table in run.settlement.inputs:
                    if not table.is_trusted:
                        rows, sizes = delivery.state["rows_read"][table.name], delivery.part_bytes(table.name)
                        found += (table.together_bytes * rows * (sizes / max(1, sizes.sum()))).astype(np.int64)
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for shuffle in self._shuffles.values():
            shuffle.__exit__(None, None, None)


def _numbers_of(settlement: Settlement, texts: Mapping[str, Any]) -> Mapping[str, Numbers]:
    """By column, the number that each text of a delivery has in this run, where that is another one."""
    found = {}
    for name, known in texts.items():
        numbers_here = settlement.vocabularies[name].encode(pa.array(known, pa.string()))
        if not np.array_equal(numbers_here, np.arange(len(known))):
            found[name] = numbers_here
    return found


def _recoded(rows: pa.Table, codes: Mapping[str, Numbers]) -> pa.Table:
    for name in set(codes).intersection(rows.schema.names):
        column = arrow(looked_up(codes[name], numbers(rows.column(name))))
        rows = rows.set_column(rows.schema.get_field_index(name), name, column)
    return rows
