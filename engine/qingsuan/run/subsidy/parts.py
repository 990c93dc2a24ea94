"""Tables that are written in parts of a fixed number of rows, so that the files do not depend on how they were made."""

from __future__ import annotations

import pyarrow as pa

from qingsuan.run.folder import RunFolder

__all__ = ["Parts"]

ROWS_PER_PART = 1_000_000


class Parts:
    """One such table, while rows are added to it."""

    def __init__(self, folder: RunFolder, name: str, schema: pa.Schema) -> None:
        self._folder, self._name, self._schema = folder, name, schema
        self._held: list[pa.Table] = []
        self._held_rows = self._written = 0

    def add(self, table: pa.Table) -> None:
        """Add rows at the end."""
        self._held.append(table)
        self._held_rows += table.num_rows
        while self._held_rows >= ROWS_PER_PART:
            held = pa.concat_tables(self._held)
            self._write(held.slice(0, ROWS_PER_PART))
            self._held = [held.slice(ROWS_PER_PART)]
            self._held_rows -= ROWS_PER_PART

    def close(self) -> None:
        """Write what is left; without any row, one empty part."""
        if self._held_rows or not self._written:
            self._write(pa.concat_tables([self._schema.empty_table(), *self._held]))

    def _write(self, table: pa.Table) -> None:
        self._folder.write_table(f"{self._name}/part-{self._written:05d}.parquet", table.combine_chunks())
        self._written += 1
