"""What the stages of one run share: its settlement, inputs and options, whom it tells how it gets on, and the run itself."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from qingsuan.run.folder import RunFolder
from qingsuan.run.inputs import Source, bound
from qingsuan.run.machine.memory import Memory
from qingsuan.run.machine.open_files import files_for_rows
from qingsuan.run.machine.room import check_room
from qingsuan.run.shuffle import Budget
from qingsuan.settlement import Books, InputTable, Settlement

__all__ = ["Inputs", "Options", "Progress", "Run"]


FIXED_BYTES = 320 << 20
"""What a run needs whatever its input: the interpreter, libraries, batches being read."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The files of a run by input table, and by table what lay beside them and was left out; a table may have no file.

    ``intakes`` are the intake files that said how some of them are read, as records have them.
    """

    tables: Mapping[str, tuple[Source, ...]]
    left_out: Mapping[str, Sequence[str]] = field(default_factory=dict)
    intakes: tuple[Mapping[str, str], ...] = ()

    def of(self, table: str) -> tuple[Source, ...]:
        """The files of a table."""
        return self.tables.get(table, ())

    def bound(self, tables: Iterable[InputTable]) -> Inputs:
        """The files with the columns of their tables, as an intake file says, and workbooks and folders do.

        Raises
        ------
        InputError
            What is said does not fit a file.
        """
        known = {table.name: table for table in tables}

        def of(table: InputTable, sources: tuple[Source, ...]) -> tuple[Source, ...]:
            names = {column.name for column in table.columns} | table.also_read | table.known
            return tuple(bound(source, table.columns, names) for source in sources)

        found = {name: of(known[name], sources) if name in known else sources for name, sources in self.tables.items()}
        return replace(self, tables=found)


@dataclass(frozen=True, slots=True)
class Options:
    """How a run works; none of it changes a row of the result.

    ``memory`` (bytes) and ``partitions`` decide into how many files the result is cut, ``workers`` nothing at all.
    """

    workers: int = 2
    memory: int = 2 << 30
    partitions: int | None = None


class Progress:
    """Told how a run gets on; this one keeps silent."""

    def part(self, name: str, number: int, total: int) -> None:
        """The part of that number, of so many that are settled one after the other, begins."""

    def stage(self, name: str, total: int) -> None:
        """A stage with ``total`` steps begins."""

    def step(self, count: int = 1) -> None:
        """Some of its steps are done."""

    def rows(self, count: int) -> None:
        """So many rows more were read or settled in it."""

    def end(self) -> None:
        """It is over."""

    def note(self, text: str) -> None:
        """Something a person should know."""


@dataclass
class Run:
    """What is shared between the stages of one run.

    ``waiting`` is what rows may take of memory until their turn, ``memory`` how all of it is shared.

    Raises
    ------
    RunError
        The system lets this process have too few files open.
    """

    settlement: Settlement
    inputs: Inputs
    options: Options
    folder: RunFolder
    progress: Progress
    partitions: int
    problems: tuple[str, ...] = ()
    books: Books = field(default_factory=Books)
    seconds: dict[str, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    stopped: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        memory = self.options.memory
        workers = self.options.workers
        self.waiting = Budget(max(memory // 16, memory * 5 // 8 - FIXED_BYTES), workers, files_for_rows(workers))
        self.memory = Memory(memory, self.waiting)

    def check_room(self, *, kept: bool = False, here: bool = True) -> None:
        """Check that the disk has room for what is written.

        Parameters
        ----------
        kept
            Whether rows are kept as they are, and nothing is settled.
        here
            Whether rows wait on this machine, and not on a cluster.

        Raises
        ------
        RunError
            It has not.
        """
        tables = self.settlement.inputs
        rows = [(table, sum(source.rows for source in self.inputs.of(table.name))) for table in tables]
        check_room(self.folder.path, rows, self.waiting.size_bytes if here else sys.maxsize, kept=kept)

    def timed(self, stage: str, since: float) -> None:
        """Note how long a stage took that began at ``since``."""
        self.seconds[stage] = round(time.perf_counter() - since, 3)

    @contextmanager
    def stopping_at_once(self) -> Iterator[None]:
        """Let work that nobody needs any more be given up when the run is stopped."""
        try:
            yield
        except BaseException:
            self.stopped.set()
            raise
