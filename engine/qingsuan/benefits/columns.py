"""The rows of a partition as NumPy columns: what was read of a table, codes as ranks of the frozen vocabularies."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.benefits.setup import Setup
from qingsuan.columns.rows import numbers
from qingsuan.people import Texts

__all__ = ["Columns"]

Int32 = npt.NDArray[np.int32]


class Columns:
    """A partition's claims as NumPy columns, gathered into an order."""

    def __init__(self, setup: Setup, table: pa.Table) -> None:
        self.setup = setup
        self.table = table.combine_chunks()
        self._ranked: dict[str, Int32] = {}
        self._texts: dict[str, Texts] = {}

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def has(self, name: str) -> bool:
        """Whether the rows have a column."""
        return name in self.table.schema.names

    def raw(self, name: str) -> npt.NDArray[np.int64]:
        """A fixed-width column as it is."""
        return numbers(self.table.column(name))

    def code(self, name: str) -> Int32:
        """A code column as ranks of the frozen vocabulary."""
        if name not in self._ranked:
            self._ranked[name] = self.setup.vocabularies[name].ranked(self.raw(name).astype(np.int32, copy=False))
        return self._ranked[name]

    def texts(self, name: str) -> Texts:
        """A column of texts, taken apart but not hashed."""
        if name not in self._texts:
            self._texts[name] = Texts.plain(self.table.column(name))
        return self._texts[name]
