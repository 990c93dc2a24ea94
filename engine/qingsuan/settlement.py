"""What a settlement (结算) is: the one page that a run goes by, and that whoever adds a settlement fills in.

A settlement takes tables in, whose rows are checked on their own as they are read. It spreads them on a key, so that all
rows of a person (or a family, an institution, a county) come together in one partition. It settles each partition by
itself, and at the end adds up what the partitions came to. Everything else is the run's (:mod:`qingsuan.run`): files,
threads or a cluster, memory, the run folder, rejected rows, restart, and the record.

A run calls the methods in the order in which they stand here. Those that are abstract must be filled in, the others have
a meaning that a simple settlement keeps.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.columns.cells import Torn
from qingsuan.columns.pieces import Pieces
from qingsuan.columns.rejects import REJECT_SCHEMA
from qingsuan.columns.vocabulary import Vocabulary
from qingsuan.errors import RunError, UsageError
from qingsuan.policy.model import Region
from qingsuan.tables import Column

__all__ = ["Books", "InputFile", "InputTable", "Recipe", "Rejected", "Rejecter", "Settled", "Settlement", "Taken"]


@dataclass(frozen=True, slots=True)
class InputTable:
    """A table that comes in.

    Attributes
    ----------
    name : such as ``"claims"``.
    columns : those that are checked before a row is read, and read.
    also_read : further columns that are read where a file has them.
    known : further names that mean something and need not be read.
    key : the column on which rows are spread; rows of one value come into one partition, rejected ones too.
    by_hash
        An internal column of hashes on which rows are spread instead: whole numbers of 64 bits, taken as they are.
    row_bytes : what a row needs of memory, at most, while its partition is settled: it decides how many partitions there are.
    settled_bytes
        What it needs where that was measured apart for each table: it decides how many partitions are settled side by side, and
        which one is too large. ``row_bytes`` where it is not given.
    disk_bytes
        What a row takes of the disk: on its way to its partition, packed, and in what comes of it; both measured. Half and a
        quarter of ``row_bytes`` where it is not given, which is more than any table was found to take.
    is_trusted : whether a row that cannot be trusted stops the run, instead of being rejected.
    is_joined
        Whether a batch may have rows of several files (:meth:`Settlement.take_joined`): thousands of small ones are then read
        nearly as fast as one. Not of a table that must be trusted, of which the first row that cannot be is told.
    ties
        Whether its rows tie people together who must come into one partition: it is read once before any other table, only
        to be learnt (:meth:`Settlement.tie`).
    """

    name: str
    columns: tuple[Column, ...]
    also_read: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()
    key: str = "psn_no"
    by_hash: str = ""
    row_bytes: int = 0
    settled_bytes: int | None = None
    disk_bytes: tuple[int, int] | None = None
    is_trusted: bool = False
    ties: bool = False
    is_joined: bool = False

    @property
    def together_bytes(self) -> int:
        """What a row takes of memory while the rows of its partition are together."""
        return self.row_bytes if self.settled_bytes is None else self.settled_bytes

    @property
    def waiting_bytes(self) -> int:
        """What a row takes of the disk on its way to its partition."""
        return self.row_bytes // 2 if self.disk_bytes is None else self.disk_bytes[0]

    @property
    def result_bytes(self) -> int:
        """What comes of a row takes of the disk."""
        return self.row_bytes // 4 if self.disk_bytes is None else self.disk_bytes[1]

    @property
    def spread_on(self) -> str:
        """The column of internal rows that decides in which partition they are settled."""
        return self.by_hash or self.key

    def wanted(self, schema: pa.Schema) -> list[str]:
        """The columns of a file that are read."""
        names = self.also_read.union(column.name for column in self.columns)
        return [name for name in schema.names if name in names]


class InputFile(Protocol):
    """A file of an input table."""

    @property
    def number(self) -> int:
        """Its number among the table's files."""

    @property
    def name(self) -> str:
        """What tables of rejected rows call it."""

    @property
    def where(self) -> str:
        """What messages call it."""

    @property
    def schema(self) -> pa.Schema:
        """Its columns."""


class Taken(NamedTuple):
    """What was made of a batch.

    Attributes
    ----------
    rows : those that go on, in internal columns, the key among them.
    refusals : as :data:`qingsuan.columns.rejects.REJECT_SCHEMA`.
    sums : whole numbers of all its rows as they came, refused ones too, which are added up over the table.
    """

    rows: pa.RecordBatch
    refusals: pa.Table
    sums: dict[str, int]


@dataclass(frozen=True, slots=True)
class Settled:
    """A partition that is settled.

    Attributes
    ----------
    tables : the tables that become files, by the name of their folder.
    counts : whole numbers, added up over partitions.
    totals : small tables by name, kept until the end.
    refused : rows of the first input table that were refused, as :data:`qingsuan.columns.rejects.REJECT_SCHEMA`.
    refused_rows : the same rows as they came, as far as they could be kept; None where none were.
    is_whole : (n,) bool, which of them were.
    """

    tables: dict[str, pa.Table]
    counts: dict[str, int] = field(default_factory=dict)
    totals: dict[str, pa.Table] = field(default_factory=dict)
    refused: pa.Table = field(default_factory=REJECT_SCHEMA.empty_table)
    refused_rows: pa.Table | None = None
    is_whole: npt.NDArray[np.bool_] | None = None


class Rejected(NamedTuple):
    """The rejected rows of a partition as they are written; beside them tables by folder, and totals by name."""

    rows: pa.Table
    tables: Mapping[str, pa.Table] = {}
    totals: Mapping[str, pa.Table] = {}


@dataclass
class Books:
    """What a run has counted so far. Whoever changes it holds the run's lock.

    Attributes
    ----------
    rows_read : rows by input table.
    rejected : rows by input table and code.
    sums_in, sums_rejected : of all rows as they came (:attr:`Taken.sums`), and of the rejected ones.
    counts, totals : what partitions came to (:class:`Settled`, :class:`Rejected`).
    """

    rows_read: Counter[str] = field(default_factory=Counter)
    rejected: dict[str, Counter[str]] = field(default_factory=dict)
    sums_in: Counter[str] = field(default_factory=Counter)
    sums_rejected: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    totals: dict[str, list[pa.Table]] = field(default_factory=dict)

    def read(self, table: str, rows: int, sums: Mapping[str, int]) -> None:
        """Rows of an input table have been read."""
        self.rows_read[table] += rows
        self.sums_in.update(sums)

    def settled(self, counts: Mapping[str, int], totals: Mapping[str, pa.Table]) -> None:
        """A partition has been settled, now or by the run that is gone on with."""
        self.counts.update(counts)
        self.add_totals(totals)

    def refused(self, table: str, code: str, rows: int) -> None:
        """Rows of an input table were rejected."""
        self.rejected.setdefault(table, Counter())[code] += rows

    def add_totals(self, totals: Mapping[str, pa.Table]) -> None:
        """Keep totals beside those of other partitions."""
        for name, table in totals.items():
            self.totals.setdefault(name, []).append(table)

    def rejected_rows(self, table: str) -> int:
        """How many rows of an input table were rejected."""
        return sum(self.rejected.get(table, Counter()).values())

    def check_balance(self, table: str, out: Mapping[str, int], wrong: Sequence[str] = ()) -> None:
        """Check that every row of a table went somewhere.

        Parameters
        ----------
        out
            How many rows went where, the rejected ones not counted.
        wrong
            What else was found not to add up.

        Raises
        ------
        RunError
            Something was lost.
        """
        rows = sum(out.values()) + self.rejected_rows(table)
        if rows != self.rows_read[table] or wrong:
            raise RunError(
                "run",
                found=f"{self.rows_read[table]} rows in, {rows} out; amounts that differ: {', '.join(wrong) or 'none'}",
                expected=f"in = {' + '.join((*out, 'rejected'))}",
                do="report this; the folder has no run.json, so nobody takes it for whole",
            )


Rejecter = Callable[[str, pa.Table, Mapping[str, pa.Array], Callable[[], "pa.Table | None"]], Rejected]


class Recipe(Protocol):
    """How another process makes the same settlement; it travels pickled."""

    def make(self, regions: Any) -> Settlement:
        """Make it of what is installed there (:class:`qingsuan.run.regions.Regions`)."""


class Settlement(ABC):
    """A settlement.

    Attributes
    ----------
    name : what the record calls it, such as ``"benefits 待遇结算"``.
    year : the year that is settled.
    inputs
        The tables that come in. The first is the one that is settled: what becomes of its rows must add up, and it has a
        table of rejected rows even where none is.
    tables : the sub-folders that a run writes, ``rejected`` and ``totals`` among them.
    always : those of which every partition writes a file.
    vocabularies
        By column of internal rows, what the numbers in it stand for: rows that travel, or are kept, carry texts instead.
    """

    name: str
    year: int
    inputs: tuple[InputTable, ...]
    tables: tuple[str, ...]
    always: tuple[str, ...]

    @property
    def vocabularies(self) -> Mapping[str, Vocabulary]:
        """None, unless a settlement has some."""
        return {}

    @abstractmethod
    def identity(self) -> dict[str, dict[str, Any]]:
        """What decides a byte of the result beside software, plugins and inputs: ``options``, ``rules``, each by name.

        A run goes on (``--resume``) only where all of it is as before.
        """

    def reading(self) -> dict[str, dict[str, Any]]:
        """Of :meth:`identity`, what decides how rows are read: what a prepared year must have in common with a run."""
        return self.identity()

    def rule_folder(self, region: Region) -> Any:
        """The folder of a region's parameter files that this settlement goes by; None for none."""
        return None

    def begin(self, files: Mapping[str, Sequence[InputFile]]) -> None:
        """Every file is open, and its columns are checked; no row is read.

        Raises
        ------
        QingsuanError
            The files cannot be settled.
        """

    def tie(self, table: str, batch: pa.RecordBatch) -> None:
        """Learn from rows of a table that ties people together who they are; what is wrong with a row is said by :meth:`take`.

        Called in several threads, of every such row before the first one is taken.
        """

    @abstractmethod
    def take(
        self, table: str, batch: pa.RecordBatch, file: InputFile, first_row: int, torn: Sequence[Torn] = ()
    ) -> Taken:
        """Read a batch: check its rows one by one, and make them small. Called in several threads.

        Parameters
        ----------
        file, first_row
            Where the batch comes from.
        torn
            Its rows that have too few or too many cells, all of them null; or a cell that is not as an intake file says.
        """

    def take_joined(self, table: str, batch: pa.RecordBatch, pieces: Pieces, torn: Sequence[Torn] = ()) -> Taken:
        """Read a batch with rows of several files, of a table that is joined; otherwise like :meth:`take`.

        Parameters
        ----------
        pieces
            Where its rows come from.
        """
        raise ValueError(f"{table} of {self.name} is not joined: a bug in the caller")

    @abstractmethod
    def empty(self, table: str) -> pa.RecordBatch:
        """No rows of a table in internal columns, so that these are known even where no row comes."""

    def fork(self) -> Self:
        """The same settlement that has learnt nothing: of its rows another process, or another part of the input, learns."""
        return self

    def learned(self) -> dict[str, Any]:
        """What it has learnt of the rows that it read beyond the rows themselves, as JSON holds it."""
        return {}

    def learn(self, learned: Mapping[str, Any]) -> None:
        """Learn what a fork learned; in any order, and all of it before the first partition."""

    def freeze(self, problems: Sequence[str] = ()) -> None:
        """Everything has been read.

        Parameters
        ----------
        problems
            What is wrong with installed plugins: one of them may be the one that is wanted.

        Raises
        ------
        QingsuanError
            What was read cannot be settled.
        """

    def check_spread(self, table: str, rows: pa.Table) -> None:
        """Check what only all rows of a partition show, of a table that must be trusted.

        Raises
        ------
        InputError
            They cannot be.
        """

    def in_order(self, tables: Sequence[pa.Table]) -> Sequence[pa.Table]:
        """A partition's rows of each input table in the order in which they are settled, to be kept (``qingsuan prepare``).

        What :meth:`settler` gives for them, it gives for the rows as they were. Called in several threads.

        Raises
        ------
        UsageError
            This settlement is not prepared.
        """
        raise UsageError("prepare", found=self.name, expected="a settlement that can be prepared")

    def out_of_order(self, tables: Sequence[pa.Table]) -> Sequence[pa.Table]:
        """Rows of :meth:`in_order` as rows that are in no order: those of several deliveries are put one after another."""
        return tables

    def tie_kept(self, table: str, rows: pa.Table) -> None:
        """Learn from rows of :meth:`out_of_order` who must come into one partition, as :meth:`tie` does from rows as they come."""

    def keyed(self, rows: pa.Table) -> pa.Table:
        """Rows of :meth:`out_of_order` with the internal column on which they are spread, where that is not one of theirs."""
        return rows

    @abstractmethod
    def settler(self) -> Callable[..., Settled]:
        """What settles a partition: given its rows of each input table, in the order of ``inputs``. Called in several threads."""

    def is_restorable(self, schema: pa.Schema) -> bool:
        """Whether rows of a file, refused while a partition is settled, are as they came in :attr:`Settled.refused_rows`."""
        return False

    def sums(self, table: str, rows: pa.RecordBatch) -> dict[str, int]:
        """:attr:`Taken.sums` of rows that are rejected, as they came."""
        return {}

    def beside(self, table: str, rows: pa.RecordBatch) -> dict[str, pa.Array]:
        """Columns that rejected rows carry until they are written, by names of their own; the same ones for every batch."""
        return {}

    def rejecter(self, books: Books) -> Rejecter:
        """What sees the rejected rows of a partition before they are written; every partition is settled.

        It is given the table's name; its rows with their reasons, ordered; what they carry (:meth:`beside`); and a function
        that gives the rejected rows of the partition's second input table, which are written before those of the first.
        Called in several threads.
        """
        return lambda _table, rows, _beside, _second: Rejected(rows)

    @abstractmethod
    def check(self, books: Books) -> None:
        """Check that nothing was lost.

        Raises
        ------
        RunError
            Something was.
        """

    @abstractmethod
    def totals(self, books: Books) -> dict[str, pa.Table]:
        """The files that are written at the end, by name, such as ``totals/care.parquet``.

        Raises
        ------
        PolicyError
            What was counted cannot be settled by these rules or tables: nothing of the run can be kept.
        """

    @abstractmethod
    def record(self, books: Books) -> dict[str, Any]:
        """What the run record says of it; ``warnings`` are added to the run's own."""

    def recipe(self) -> Recipe:
        """How another process makes it.

        Raises
        ------
        UsageError
            It is settled in this process only.
        """
        raise UsageError(
            "--engine",
            found=f"{self.name} on a cluster",
            expected="the engine local: this settlement is carried by one process",
            do="leave --engine out",
        )
