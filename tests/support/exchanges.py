"""Exchanges without a cluster: one that is good, and ones that do what engines were seen to do."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from typing import Self

import pyarrow as pa

from qingsuan.run.executors.cluster import Work
from qingsuan.run.executors.pieces import PIECES, message, pieces_of

Pieces = list[pa.RecordBatch]


class InProcess:
    """Keeps pieces in a list; brings them together in any order, several partitions in one task."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def read(self, items: int, work: Work) -> Iterable[pa.RecordBatch]:
        self.pieces: Pieces = []
        for start in range(0, items, 7):
            for batch in work(iter([pa.record_batch({"id": pa.array(range(start, min(start + 7, items)))})])):
                for piece in pieces_of(batch):
                    if piece.partition < 0:
                        yield message(piece)
                    else:
                        self.pieces.append(message(piece))

    def tasks(self, partitions: Sequence[int], of: int) -> Iterator[Pieces]:
        pieces = list(self.pieces)
        random.Random(1).shuffle(pieces)
        for half in (0, 1):
            yield [p for p in pieces if number(p) in set(partitions) and number(p) % 2 == half]

    def settle(self, partitions: Sequence[int], of: int, work: Work) -> int:
        rows = 0
        for task in self.tasks(partitions, of):
            rows += sum(batch.num_rows for batch in work(iter(task)))
        return rows

    def stop(self) -> None:
        pass


def number(piece: pa.RecordBatch) -> int:
    return int(piece.column("partition")[0].as_py())


class Repeats(InProcess):
    """Runs every task twice, as one that retries or speculates does; only the first counts."""

    def settle(self, partitions: Sequence[int], of: int, work: Work) -> int:
        return super().settle(partitions, of, work) and super().settle(partitions, of, work)


class Splits(InProcess):
    """Cuts each partition in two: one person's claims in two tasks."""

    def tasks(self, partitions: Sequence[int], of: int) -> Iterator[Pieces]:
        for task in super().tasks(partitions, of):
            yield task[::2]
            yield task[1::2]


class Loses(InProcess):
    """Loses a piece."""

    def tasks(self, partitions: Sequence[int], of: int) -> Iterator[Pieces]:
        for task in super().tasks(partitions, of):
            yield task[1:]


class Doubles(InProcess):
    """Brings a piece twice."""

    def tasks(self, partitions: Sequence[int], of: int) -> Iterator[Pieces]:
        for task in super().tasks(partitions, of):
            yield [*task, *task[:1]]


class LosesTask(InProcess):
    """Forgets a whole task, and says nothing."""

    def tasks(self, partitions: Sequence[int], of: int) -> Iterator[Pieces]:
        yield next(super().tasks(partitions, of))


class Moves(InProcess):
    """Exchanges the contents of two equally large pieces of two partitions: people go to the wrong one."""

    def tasks(self, partitions: Sequence[int], of: int) -> Iterator[Pieces]:
        pieces = [next(pieces_of(piece)) for task in super().tasks(partitions, of) for piece in task]
        claims = [piece for piece in pieces if piece.kind == "claims"]
        one, other = next((a, b) for a in claims for b in claims if a.partition != b.partition and a.rows == b.rows)
        swapped = {id(one): other.payload, id(other): one.payload}
        yield [
            pa.RecordBatch.from_pylist(
                [{name: getattr(p, name) for name in PIECES.names} | {"payload": swapped.get(id(p), p.payload)}], PIECES
            )
            for p in pieces
        ]


class LosesItem(InProcess):
    """Does not read the last part of the input."""

    def read(self, items: int, work: Work) -> Iterable[pa.RecordBatch]:
        return super().read(items - 1, work)


GOOD = (InProcess, Repeats)
BAD = (Splits, Loses, Doubles, LosesTask, Moves, LosesItem)
