"""Going on with a run that did not finish: what it finished is checked by digest and used again, the rest is settled.

Partition by partition: files written, synced and renamed; what later stages need, in ``.state``; then the ledger's line.
What that is, each kind of settlement says.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import PurePath
from typing import Any, Generic, Protocol, TypeVar

import pyarrow as pa

from qingsuan.errors import InputError, PluginError, QingsuanError, RunError, UsageError
from qingsuan.run.folder import LEDGER, STATE, RunFolder, Written, is_file
from qingsuan.run.folder.disk import reading_again
from qingsuan.run.inputs import Source
from qingsuan.run.restart.digests import InputDigests
from qingsuan.run.restart.fingerprint import check_same, with_digests
from qingsuan.run.restart.ledger import Ledger, Lines, read_lines

__all__ = ["Restart", "State"]


class State(Protocol):
    """What later stages need of a finished partition, beside the files that it wrote."""

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that it wrote."""

    def to_bytes(self) -> bytes:
        """As it is written down; ``read`` of :class:`Restart` is the way back."""


_S = TypeVar("_S", bound=State)


class Restart(Generic[_S]):
    """The restart of one run: what may be used again, and where what is finished is written down.

    Parameters
    ----------
    folder
        The run folder, held by this run.
    header
        What this run is a run of (:mod:`qingsuan.run.restart.fingerprint`).
    inputs, digests
        Its input files by name, and their digests.
    note
        Told what a person should know.
    read
        Reads the state of a partition; that the bytes are those that were written is checked before.
    always
        The tables of which every partition writes a file.
    called
        What messages call the folder: its path unless given.

    Raises
    ------
    UsageError, PluginError, PolicyError, InputError
        The folder holds a run of something else.
    """

    def __init__(
        self,
        folder: RunFolder,
        header: dict[str, Any],
        inputs: Mapping[str, Source],
        digests: InputDigests,
        note: Callable[[str], None],
        *,
        read: Callable[[bytes], _S],
        always: tuple[str, ...] = (),
        called: str = "",
    ) -> None:
        self.folder, self.header, self.inputs, self.digests, self.note = folder, header, inputs, digests, note
        self.always, self._read_state, self._called = always, read, called or str(folder.path)
        self.partitions: int = header["options"]["partitions"]
        with reading_again(folder.path / LEDGER):
            self._lines = read_lines(folder.path) if folder.resume else Lines(None, {}, "", 0, 0, False)
        self._ledger = Ledger(folder.path, self._lines.size)
        self._begun = self._lines.header is not None
        self._lock = threading.Lock()
        self.finished = {number for number in self._lines.partitions if number < self.partitions}
        if self._lines.header is not None:
            check_same(self._lines.header, header, str(folder.path / LEDGER))
            self._check_numbers()
        elif folder.resume and folder.finished:
            raise UsageError(
                str(folder.path),
                found="a finished run without a ledger that can be read",
                expected=f"{LEDGER} saying what it is a run of",
                do="check it with “qingsuan verify”; give another --out, or --overwrite to settle anew",
            )

    def _check_numbers(self) -> None:
        beyond = sorted(set(self._lines.partitions) - self.finished)
        if beyond:
            raise InputError(
                str(self.folder.path / LEDGER),
                found=f"lines of partitions that the run does not have: {', '.join(map(str, beyond[:5]))}",
                expected=f"partitions from 0 to {self.partitions - 1}",
                do="do not go on with this folder: settle anew with --overwrite",
            )

    @property
    def is_finished(self) -> bool:
        """Whether the run to go on with is finished already.

        Raises
        ------
        InputError
            Its record is not the one that the ledger names, or files are not those that it wrote.
        """
        if not (self.folder.resume and self.folder.finished):
            return False
        wrong = self.folder.differs(self._lines.record_sha256)
        if wrong:
            raise InputError(
                str(self.folder.path),
                found=f"a finished run that is not as it was written: {wrong}",
                expected="the files that it wrote",
                do="see “qingsuan verify”; settle anew with --overwrite",
            )
        return True

    def check_inputs(self) -> None:
        """Compare the digests of the input with those the earlier run wrote down; waits for them.

        Raises
        ------
        InputError
            A file changed.
        """
        self.header = with_digests(self.header, self.inputs, self.digests)
        if self._lines.header is not None:
            check_same(self._lines.header, self.header, str(self.folder.path / LEDGER))

    def begin(self) -> dict[int, tuple[Written, ...]]:
        """Make the folder ready; returns the files of the partitions that may be used again once they are checked."""
        if self._lines.broken and not self._lines.torn:
            self.note(f"{LEDGER}: line {self._lines.broken} is not whole; what follows it is done again")
        if self._lines.header is None:
            self.folder.clear()
            return {}
        self.check_inputs()
        found = {number: self._lines.partitions[number] for number in sorted(self.finished)}
        self.folder.keep_only({file.file for files in found.values() for file in files})
        return found

    def reuse(self, number: int, files: tuple[Written, ...]) -> _S | None:
        """What is kept of a finished partition that is still as it was written down; None to do it again."""
        try:
            kept, wrong = self._kept(number, files)
        except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
            kept, wrong = None, str(error)
        if kept is None or wrong:
            self.note(f"partition {number} is done again: {wrong}")
            self.finished.discard(number)
            return None
        for file in files:
            self.folder.take_over(file)
        return kept

    def _kept(self, number: int, files: tuple[Written, ...]) -> tuple[_S | None, str]:
        """What is kept of a partition, and what is wrong with its files: one of each kind, each a file with its digest."""
        state = _state_of(number)
        if state not in {file.file for file in files}:
            return None, f"its line in {LEDGER} does not name {state}"
        changed = [file.file for file in files if not self._is_as_written(file)]
        if changed:
            return None, f"changed since it was written: {', '.join(changed)}"
        kept = self._read_state((self.folder.path / state).read_bytes())
        expected = {*self._expected(number, kept), state}
        differ = sorted(expected ^ {file.file for file in files})
        return (
            kept,
            f"its line in {LEDGER} names not just the files it must have: {', '.join(differ)}" if differ else "",
        )

    def _is_as_written(self, file: Written) -> bool:
        return is_file(self.folder.path / file.file) and Written.of(self.folder.path, file.file) == file

    def _expected(self, number: int, kept: _S) -> set[str]:
        """The files that a partition must have: of each table that it wrote, and of those that every partition writes."""
        return {f"{table}/part-{number:05d}.parquet" for table in (*self.always, *kept.tables)}

    def keep(self, number: int, kept: _S, files: tuple[Written, ...]) -> None:
        """A partition's files are in place: write down that it is finished."""
        expected = self._expected(number, kept)
        if {file.file for file in files} != expected:
            raise RunError(
                f"partition {number}",
                found=f"it wrote {', '.join(sorted(file.file for file in files))}",
                expected=", ".join(sorted(expected)),
                do="report this; the folder has no run.json, so nobody takes it for whole",
            )
        state = self.folder.write_bytes(_state_of(number), kept.to_bytes())
        with self._lock:
            if not self._begun:
                self.header = with_digests(self.header, self.inputs, self.digests)
                self._ledger.begin(self.header)
                self._begun = True
        self._ledger.partition(number, (*files, state))
        self.finished.add(number)

    def finish(self, record: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
        """Finish the folder, in which ``names`` must be; returns the record as it stands in ``run.json``."""
        self.digests.check_unchanged()
        self.folder.check_whole(names)
        return self.folder.finish(record, self._ledger.finish)

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Let whatever stops the run say what is finished and how to go on.

        Raises
        ------
        RunError
            The machine, or a person, stopped it.
        """
        try:
            yield
        except InputError as error:  # what mends a file changes it, and a run goes on with the same files only
            if not self.finished:
                raise
            do = f"{error.do}; then settle anew with --overwrite; or, if every file is the same as before, {self._go_on()}"
            raise InputError(error.where, found=error.found, expected=error.expected, do=do) from error
        except (PluginError, RunError) as error:
            if not self.finished:
                raise
            raise type(error)(
                error.where, found=error.found, expected=error.expected, do=self._go_on(error.do)
            ) from error
        except QingsuanError:
            raise
        except KeyboardInterrupt as error:
            raise RunError(self._called, found="interrupted", do=self._go_on()) from error
        except Exception as error:  # whatever a worker died of: what is finished is still finished
            do = self._go_on("give --memory less" if isinstance(error, MemoryError) else "")
            raise RunError(self._called, found=f"stopped: {_reason(error)}", do=do) from error

    def _go_on(self, first: str = "") -> str:
        before, finished, partitions = f"{first}; then " if first else "", len(self.finished), self.partitions
        return (
            f"{before}give the same command with --resume: {finished} of {partitions} partitions are finished and kept"
        )


def _state_of(number: int) -> str:
    """The file of what is kept of a partition."""
    return f"{STATE}/part-{number:05d}.arrow"


def _reason(error: Exception) -> str:
    """What was raised, and on which line."""
    at = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({PurePath(at.filename).name}, line {at.lineno})"
