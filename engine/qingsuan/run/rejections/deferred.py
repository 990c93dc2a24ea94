"""Refusals remembered until a run's end: in memory within a budget, beyond it on disk, in groups that fit in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.ipc

from qingsuan.columns.rejects import REJECT_SCHEMA
from qingsuan.errors import RunError
from qingsuan.run.folder.disk import reading_again
from qingsuan.run.inputs import Source

__all__ = ["Remembered"]

GROUP_ROWS_LOG2 = 20
"""Refusals of a Parquet file are kept apart by a million rows of it; other files can only be read from their beginning."""


class Remembered:
    """The refusals of one input table.

    Parameters
    ----------
    sources
        The table's files.
    budget_bytes
        What may stay in memory.
    folder
        Where the rest goes; the run's folder for rows put aside, which the run removes.
    """

    def __init__(self, sources: Sequence[Source], budget_bytes: int, folder: Path) -> None:
        self.rows = 0
        self._in_groups = {source.number: source.kind == "parquet" for source in sources}
        self.budget_bytes, self.folder = budget_bytes, folder
        self._held: list[pa.Table] = []
        self._held_bytes = 0
        self._files: dict[tuple[int, int], list[Path]] = {}

    def add(self, refusals: pa.Table) -> None:
        """Remember refusals (:data:`qingsuan.columns.rejects.REJECT_SCHEMA`). Called under the run's lock.

        Raises
        ------
        RunError
            There is no room to put them aside.
        """
        if refusals.num_rows == 0:
            return
        self.rows += refusals.num_rows
        self._held.append(refusals)
        self._held_bytes += refusals.nbytes
        if self._held_bytes > self.budget_bytes:
            self._spill()

    def _spill(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for key, group in self._groups():
                files = self._files.setdefault(key, [])
                path = self.folder / f"{key[0]}-{key[1]}-{len(files)}.arrows"
                with pa.ipc.new_stream(path, REJECT_SCHEMA) as writer:
                    writer.write_table(group)
                files.append(path)
        except OSError as error:
            raise RunError(
                str(self.folder),
                found=f"rejections could not be put aside: {error}",
                expected="room for what was found about every rejected row",
                do="make room, or give --memory more",
            ) from error
        self._held, self._held_bytes = [], 0

    def _groups(self) -> Iterator[tuple[tuple[int, int], pa.Table]]:
        """What is held, by file and group of rows, each in the order of rows."""
        if not self._held:
            return
        table = pa.concat_tables(self._held).sort_by([("file", "ascending"), ("row", "ascending")]).combine_chunks()
        file = table.column("file").to_numpy()
        row = table.column("row").to_numpy() >> GROUP_ROWS_LOG2
        group = np.where(np.array([self._in_groups[number] for number in file.tolist()], np.bool_), row, 0)
        begins = np.flatnonzero(np.r_[True, (file[1:] != file[:-1]) | (group[1:] != group[:-1])])
        for begin, end in zip(begins, [*begins[1:], len(file)], strict=True):
            yield (int(file[begin]), int(group[begin])), table.slice(begin, end - begin)

    def take(self) -> Iterator[tuple[int, pa.Table]]:
        """Give everything back, file by file and in the order of rows; it is forgotten here."""
        if self._files:
            self._spill()
        else:
            for (file, _), group in self._groups():
                yield file, group
            self._held, self._held_bytes = [], 0
        for (file, _), paths in sorted(self._files.items()):
            tables = []
            for path in paths:
                with reading_again(path), pa.ipc.open_stream(path) as reader:
                    tables.append(reader.read_all())
                    path.unlink()
            yield file, pa.concat_tables(tables).sort_by([("row", "ascending")]).combine_chunks()
        self._files.clear()
