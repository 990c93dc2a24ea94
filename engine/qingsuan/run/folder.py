"""The run folder: whole, or visibly unfinished.

Parts are written under another name, synced, then renamed; ``run.json``
comes last. A finished folder is never overwritten unless asked.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from qingsuan.errors import RunError, UsageError

__all__ = ["RECORD", "RunFolder"]

RECORD = "run.json"
_TEMPORARY = ".unfinished-"
_COMPRESSION = "zstd"


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

    Raises
    ------
    UsageError
        Something is there already.
    """

    def __init__(self, path: Path, tables: Sequence[str], *, overwrite: bool = False) -> None:
        self.path, self.tables = path, tuple(tables)
        if path.exists() and not path.is_dir():
            raise UsageError(str(path), found="a file", expected="a folder, or nothing", do="give another --out")
        if path.is_dir() and any(path.iterdir()):
            self._refuse_or_clear(overwrite)

    def _refuse_or_clear(self, overwrite: bool) -> None:
        ours = {*self.tables, RECORD}
        others = sorted(
            entry.name for entry in self.path.iterdir() if entry.name not in ours and not entry.name.startswith(".")
        )
        if others:
            raise UsageError(
                str(self.path),
                found=f"it holds other things: {', '.join(others[:5])}",
                expected="an empty folder, or one of an earlier run",
                do="give another --out",
            )
        if not overwrite:
            state = "a finished run" if (self.path / RECORD).exists() else "a run that did not finish"
            raise UsageError(
                str(self.path),
                found=state,
                expected="an empty folder, or none",
                do="give another --out, or --overwrite to replace it",
            )
        (self.path / RECORD).unlink(missing_ok=True)
        for name in self.tables:
            if (self.path / name).is_dir():
                shutil.rmtree(self.path / name)

    def write_table(self, name: str, table: pa.Table) -> None:
        """Write one Parquet file, for example ``settled/part-00000.parquet``.

        Raises
        ------
        RunError
            The disk is full, or the file cannot be written or renamed.
        """

        def write(path: Path) -> None:
            pq.write_table(
                table,
                path,
                compression=_COMPRESSION,
                store_schema=False,
                store_decimal_as_integer=True,
                use_dictionary=[field.name for field in table.schema if pa.types.is_dictionary(field.type)],
                write_statistics=True,
            )

        self._write(name, write)

    def write_text(self, name: str, text: str) -> None:
        """Write a text file atomically."""
        self._write(name, lambda path: path.write_text(text, encoding="utf8"))

    def finish(self, record: Mapping[str, Any]) -> None:
        """Write ``run.json``: from now on the folder is whole."""
        self.write_text(RECORD, json.dumps(record, ensure_ascii=False, indent=2) + "\n")

    def _write(self, name: str, write: Any) -> None:
        target = self.path / name
        temporary = target.with_name(_TEMPORARY + target.name)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            write(temporary)
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            temporary.replace(target)
            self._sync(target.parent)
        except OSError as error:
            raise RunError(
                str(target),
                found=f"could not be written: {error}",
                expected="room and the right to write",
                do="make room, then run again with --overwrite; the folder has no run.json, so nobody takes it for whole",
            ) from error

    @staticmethod
    def _sync(folder: Path) -> None:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
