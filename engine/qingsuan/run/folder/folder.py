"""The run folder: whole, or visibly unfinished.

Parts are written under another name, synced, then renamed; ``run.json`` comes last. A finished folder is never
overwritten unless asked, and only one run at a time writes into a folder.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from qingsuan.errors import RunError, UsageError
from qingsuan.run.folder.disk import looking_into, writing
from qingsuan.run.folder.known import DIGESTS, LEDGER, RECORD, SIGNATURE, STATE, TEMPORARY, strangers
from qingsuan.run.folder.lock import held
from qingsuan.run.folder.parquet import write_parquet

__all__ = [
    "DIGESTS",
    "LEDGER",
    "RECORD",
    "STATE",
    "RunFolder",
    "Written",
    "draft",
    "hidden",
    "is_file",
    "sync",
]


_NO_SUCH_NAME = (errno.ENAMETOOLONG, errno.ELOOP)
"""What the system says of a name that no file can have."""


@dataclass(frozen=True, slots=True)
class Written:
    """A file of the folder as it was written: its name from the folder on, its size, and its SHA-256."""

    file: str
    size: int
    sha256: str

    @classmethod
    def of(cls, folder: Path, name: str) -> Written:
        """Digest a file that is there.

        Raises
        ------
        OSError
            It cannot be read; the error names it.
        """
        path = folder / name
        try:
            with path.open("rb") as file:
                return cls(name, os.fstat(file.fileno()).st_size, hashlib.file_digest(file, "sha256").hexdigest())
        except OSError as error:
            error.filename = error.filename or str(path)  # one of reading says no name
            raise


def is_file(path: Path) -> bool:
    """Whether there is a file of its own, not a link to one.

    Raises
    ------
    OSError
        The machine cannot say: what cannot be looked at is not taken for missing.
    """
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError as error:
        if error.errno in _NO_SUCH_NAME:
            return False
        raise


def hidden(name: str) -> bool:
    """Whether a file belongs to how the run works and not to its result."""
    return any(part.startswith(".") for part in Path(name).parts)


class RunFolder:
    """A folder that one run writes.

    Parameters
    ----------
    path
        Where; made when the first file is written, so that a run that is refused leaves nothing.
    tables
        The sub-folders this kind of run writes.
    overwrite
        Whether what an earlier run left there may go.
    resume
        Whether a run that did not finish there is to be gone on with.
    private
        Those of the sub-folders that are about people: they and their files are for their owner alone (0700, 0600).

    Attributes
    ----------
    written : every file of the result so far, by name.

    Raises
    ------
    UsageError
        Something is there already.
    """

    def __init__(
        self,
        path: Path,
        tables: Sequence[str],
        *,
        overwrite: bool = False,
        resume: bool = False,
        private: Sequence[str] = (),
    ) -> None:
        self._private = frozenset(private)
        self.path, self.tables, self.overwrite, self.resume = path, tuple(tables), overwrite, resume
        self.written: dict[str, Written] = {}
        self._check()

    @property
    def finished(self) -> bool:
        """Whether a run finished here."""
        return is_file(self.path / RECORD)

    def _check(self) -> None:
        names, others = self._look()
        if others:
            raise UsageError(
                str(self.path),
                found=f"it holds other things: {', '.join(others[:5])}",
                expected="an empty folder, or one of an earlier run, with files of its own",
                do="give another --out, or take them away: no run removes what it did not write, nor follows a link",
            )
        if (set(names) & set(self._ours())) and not (self.overwrite or self.resume):
            resume = "--resume to go on with it, or " if LEDGER in names and not self.finished else ""
            raise UsageError(
                str(self.path),
                found="a finished run" if self.finished else "a run that did not finish",
                expected="an empty folder, or none",
                do=f"give another --out, or {resume}--overwrite to replace it",
            )

    def _look(self) -> tuple[list[str], list[str]]:
        """Names in the folder, and what there is none of ours."""
        with looking_into(self.path):
            if not self.path.exists() and not self.path.is_symlink():
                return [], []
            if not self.path.is_dir():
                found = "a file" if self.path.exists() else "a link that leads nowhere"
                raise UsageError(str(self.path), found=found, expected="a folder, or nothing", do="give another --out")
            return sorted(os.listdir(self.path)), list(strangers(self.path, self.tables))

    def _results(self) -> list[str]:
        return [name for name in self.tables if not hidden(name)]

    def _ours(self) -> tuple[str, ...]:
        return (*self.tables, RECORD, DIGESTS, LEDGER, SIGNATURE)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other runs out of the folder, which is made, and gone again if nothing was written.

        The kernel lets go when the process dies, however it dies.

        Raises
        ------
        UsageError
            Something is there already.
        RunError
            Another run is writing here, or the folder cannot be made.
        """
        with held(self.path):
            try:
                self._check()
                self.sweep()
                yield
            finally:
                self.sweep()

    def clear(self) -> None:
        """Remove what an earlier run left: first what says that it is finished, and what of it."""
        for name in (RECORD, SIGNATURE, LEDGER, DIGESTS):
            (self.path / name).unlink(missing_ok=True)
        for name in (*self._results(), STATE):
            if (self.path / name).is_dir():
                shutil.rmtree(self.path / name)

    def keep_only(self, names: set[str]) -> None:
        """Remove everything in the tables and ``.state`` that is not named: what a killed run left unaccounted for."""
        for name in self._files():
            if name not in names:
                (self.path / name).unlink()

    def _files(self) -> list[str]:
        """Names of the files in the tables and in ``.state``; there are no folders in these."""
        folders = [name for name in (*self._results(), STATE) if (self.path / name).is_dir()]
        return sorted(f"{folder}/{name}" for folder in folders for name in os.listdir(self.path / folder))

    def sweep(self) -> None:
        """Remove what is of no use to anyone any more: half-written files, rows put aside, the state of a finished run."""
        for name in (*os.listdir(self.path), *self._files()):
            if Path(name).name.startswith(TEMPORARY):
                (self.path / name).unlink(missing_ok=True)
        hidden_folders = [name for name in self.tables if hidden(name)]
        for name in (*hidden_folders, STATE) if self.finished else hidden_folders:
            shutil.rmtree(self.path / name, ignore_errors=True)

    def write_table(self, name: str, table: pa.Table) -> Written:
        """Write one Parquet file, for example ``settled/part-00000.parquet``.

        Raises
        ------
        RunError
            The disk is full, or the file cannot be written or renamed.
        """
        return self._write(name, lambda path: write_parquet(table, path))

    def begin_table(self, name: str, table: pa.Table) -> None:
        """Write a table without waiting for the disk; it has its name only when :meth:`seal` was called.

        Raises
        ------
        RunError
            It cannot be written.
        """
        begin_draft(self._temporary(name), lambda path: write_parquet(table, path))

    def seal(self, name: str) -> Written:
        """Have a table that :meth:`begin_table` wrote outlive a power cut, and give it its name.

        Raises
        ------
        RunError
            It cannot be synced, read or renamed.
        """
        temporary = self._temporary(name)
        return self.adopt(temporary, seal_draft(temporary, name))

    def write_bytes(self, name: str, content: bytes) -> Written:
        """Write any file atomically; like :meth:`write_table`."""
        return self._write(name, lambda path: path.write_bytes(content))

    def take_over(self, written: Written) -> None:
        """Count a file of an earlier run, which was checked, among those of this one."""
        if not hidden(written.file):
            self.written[written.file] = written

    def check_whole(self, names: set[str]) -> None:
        """Check that the tables hold what was written, and that this includes ``names``.

        Raises
        ------
        RunError
            A file is missing, has another size, or is one too many.
        """
        there = {name for name in self._files() if not hidden(name)}
        wrong = sorted((there ^ self.written.keys()) | (names - self.written.keys()))
        wrong += [name for name in sorted(there & self.written.keys()) if not self._has_its_size(name)]
        if wrong:
            raise RunError(
                str(self.path),
                found=f"not the files that this run wrote: {', '.join(wrong[:5])}",
                expected="every part of every table, and no other file",
                do="look whether another program writes into the folder, then settle anew with --overwrite",
            )

    def _has_its_size(self, name: str) -> bool:
        return is_file(self.path / name) and (self.path / name).stat().st_size == self.written[name].size

    def differs(self, record_sha256: str) -> str:
        """How a finished folder differs from what its ledger, record and digests say; nothing if it does not."""
        try:
            if Written.of(self.path, RECORD).sha256 != record_sha256:
                return f"{RECORD} is not the one that {LEDGER} names"
            record = json.loads((self.path / RECORD).read_bytes())
            if Written.of(self.path, DIGESTS).sha256 != record["digests"]["sha256"]:
                return f"{DIGESTS} is not the one that {RECORD} names"
            lines = (self.path / DIGESTS).read_text("utf8").splitlines()
            listed = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
            there = {name for name in self._files() if not hidden(name)}
            changed = sorted(name for name in there & listed.keys() if not self._has_digest(name, listed[name]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            return f"{RECORD} or {DIGESTS} cannot be read: {error}"
        wrong = sorted(listed.keys() ^ there)
        if wrong:
            return f"{', '.join(wrong[:5])}: gone, or not of it"
        return f"{', '.join(changed[:5])}: not as {DIGESTS} says" if changed else ""

    def _has_digest(self, name: str, digest: str) -> bool:
        return is_file(self.path / name) and Written.of(self.path, name).sha256 == digest

    def finish(self, record: Mapping[str, Any], before: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
        """Write ``SHA256SUMS`` and ``run.json``: from now on the folder is whole. Returns the record as written.

        ``before`` is called with the digest of ``run.json`` just before that file appears.
        """
        lines = [f"{one.sha256}  {name}\n" for name, one in sorted(self.written.items())]
        sums = self.write_bytes(DIGESTS, "".join(lines).encode())
        whole = {**record, "digests": {"file": DIGESTS, "files": len(lines), "sha256": sums.sha256}}
        content = (json.dumps(whole, ensure_ascii=False, indent=2) + "\n").encode()
        before(hashlib.sha256(content).hexdigest())
        self._sync_names()
        self.write_bytes(RECORD, content)
        with writing(self.path):
            sync(self.path)
        for name in (RECORD, DIGESTS):
            del self.written[name]
        return whole

    def _sync_names(self) -> None:
        """Have every file's name outlive a power cut. Once is enough: before that, a lost part is missed and settled again."""
        with writing(self.path):
            for folder in sorted({(self.path / name).parent for name in self.written}):
                sync(folder)

    def _write(self, name: str, write: Callable[[Path], Any]) -> Written:
        temporary = self._temporary(name)
        return self.adopt(temporary, draft(temporary, write, name))

    def _temporary(self, name: str) -> Path:
        target = self.path / name
        with writing(target):
            self._make_room(target)
        return target.with_name(TEMPORARY + target.name)

    def _make_room(self, target: Path) -> None:
        """Make the sub-folder of a file; one about people is closed to others before there is anything in it."""
        is_private = target.parent.name in self._private
        target.parent.mkdir(mode=0o700 if is_private else 0o777, parents=True, exist_ok=True)

    def adopt(self, path: Path, written: Written) -> Written:
        """Give a draft (:func:`draft`) its name.

        Raises
        ------
        RunError
            It cannot be renamed.
        """
        target = self.path / written.file
        with writing(target):
            try:
                self._make_room(target)
                if target.parent.name in self._private:
                    path.chmod(0o600)
                path.replace(target)
            except BaseException:
                path.unlink(missing_ok=True)
                raise
        self.take_over(written)
        return written


def draft(path: Path, write: Callable[[Path], Any], name: str) -> Written:
    """Write a file that has no name in the folder yet, synced; ``name`` is the one it will get.

    Raises
    ------
    RunError
        It cannot be written; nothing of it is left.
    """
    begin_draft(path, write)
    return seal_draft(path, name)


def begin_draft(path: Path, write: Callable[[Path], Any]) -> None:
    """Write a draft that is not synced yet: a power cut may take it; see :func:`draft`."""
    with _leaving_nothing(path):
        write(path)


def seal_draft(path: Path, name: str) -> Written:
    """Digest a draft and have it outlive a power cut; see :func:`draft`."""
    with _leaving_nothing(path), path.open("rb+") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.tell()
        os.fsync(file.fileno())
    return Written(name, size, digest)


@contextmanager
def _leaving_nothing(path: Path) -> Iterator[None]:
    with writing(path):
        try:
            yield
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def sync(folder: Path) -> None:
    """Have the names in a folder outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
