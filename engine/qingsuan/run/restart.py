"""Going on with a run that did not finish: what it finished is checked by digest and used again, the rest is settled.

Partition by partition: files written, synced and renamed; what later stages need, in ``.state``; then the ledger's line.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from qingsuan.errors import InputError, PluginError, QingsuanError, RunError, UsageError
from qingsuan.run.digests import InputDigests
from qingsuan.run.folder import LEDGER, STATE, RunFolder, Written
from qingsuan.run.header import check_same, with_digests
from qingsuan.run.kept import Kept
from qingsuan.run.ledger import Ledger, Lines, read_lines

if TYPE_CHECKING:
    from qingsuan.run.settle import Inputs

__all__ = ["Restart"]


class Restart:
    """The restart of one run: what may be used again, and where what is finished is written down.

    Parameters
    ----------
    folder
        The run folder, held by this run.
    header
        What this run is a run of (:func:`qingsuan.run.header.header_of`).
    inputs, digests
        Its input files and their digests.
    note
        Told what a person should know.

    Raises
    ------
    UsageError, PluginError, PolicyError, InputError
        The folder holds a run of something else.
    """

    def __init__(
        self,
        folder: RunFolder,
        header: dict[str, Any],
        inputs: Inputs,
        digests: InputDigests,
        note: Callable[[str], None],
    ) -> None:
        self.folder, self.header, self.inputs, self.digests, self.note = folder, header, inputs, digests, note
        self.partitions: int = header["options"]["partitions"]
        self._lines = read_lines(folder.path) if folder.resume else Lines(None, {}, "", 0, 0, False)
        self._ledger = Ledger(folder.path, self._lines.size)
        self._begun = self._lines.header is not None
        self._lock = threading.Lock()
        self.finished = {number for number in self._lines.partitions if number < self.partitions}
        if self._lines.header is not None:
            check_same(self._lines.header, header, str(folder.path / LEDGER))
        elif folder.resume and folder.finished:
            raise UsageError(
                str(folder.path),
                found="a finished run without a ledger that can be read",
                expected=f"{LEDGER} saying what it is a run of",
                do="check it with “qingsuan verify”; give another --out, or --overwrite to settle anew",
            )

    @property
    def is_finished(self) -> bool:
        """Whether the run to go on with is finished already."""
        return self.folder.resume and self.folder.finished

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
            self.note(f"{LEDGER}: line {self._lines.broken} is not whole; what follows it is settled again")
        if self._lines.header is None:
            self.folder.clear()
            return {}
        self.check_inputs()
        found = {number: self._lines.partitions[number] for number in sorted(self.finished)}
        self.folder.keep_only({file.file for files in found.values() for file in files})
        return found

    def reuse(self, number: int, files: tuple[Written, ...]) -> Kept | None:
        """What is kept of a finished partition, every file of which still has its digest; None to settle it again."""
        try:
            wrong = [file.file for file in files if Written.of(self.folder.path, file.file) != file]
            state = [file.file for file in files if file.file.startswith(f"{STATE}/")]
            content = (self.folder.path / state[0]).read_bytes() if state and not wrong else b""
        except OSError as error:
            wrong, content = [str(error)], b""
        if wrong or not content:
            self.note(f"partition {number} is settled again: changed since it was written: {', '.join(wrong)}")
            self.finished.discard(number)
            return None
        for file in files:
            self.folder.take_over(file)
        return Kept.from_bytes(content)

    def keep(self, number: int, kept: Kept, files: tuple[Written, ...]) -> None:
        """A partition's files are in place: write down that it is finished."""
        state = self.folder.write_bytes(f"{STATE}/part-{number:05d}.arrow", kept.to_bytes())
        with self._lock:
            if not self._begun:
                self.header = with_digests(self.header, self.inputs, self.digests)
                self._ledger.begin(self.header)
                self._begun = True
        self._ledger.partition(number, (*files, state))
        self.finished.add(number)

    def finish(self, record: dict[str, Any]) -> dict[str, Any]:
        """Finish the folder; returns the record as it stands in ``run.json``."""
        self.digests.check_unchanged()
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
        except (InputError, PluginError, RunError) as error:
            if not self.finished:
                raise
            raise type(error)(
                error.where, found=error.found, expected=error.expected, do=self._go_on(error.do)
            ) from error
        except QingsuanError:
            raise
        except KeyboardInterrupt as error:
            raise RunError(str(self.folder.path), found="interrupted", do=self._go_on()) from error
        except Exception as error:  # whatever a worker died of: what is finished is still finished
            do = self._go_on("give --memory less" if isinstance(error, MemoryError) else "")
            raise RunError(str(self.folder.path), found=f"stopped: {_reason(error)}", do=do) from error

    def _go_on(self, first: str = "") -> str:
        done = f"{len(self.finished)} of {self.partitions} partitions are finished and kept"
        return f"{first + '; then ' if first else ''}give the same command with --resume: {done}"


def _reason(error: Exception) -> str:
    """What was raised, and on which line."""
    at = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({PurePath(at.filename).name}, line {at.lineno})"
