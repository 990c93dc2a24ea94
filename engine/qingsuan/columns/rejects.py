"""Rows that are refused: which row, why, what was found, what was expected. A row is refused once, for its first fault."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.columns.cells import Torn

__all__ = ["REJECT_SCHEMA", "Refusals", "Said"]

REJECT_SCHEMA = pa.schema(
    [
        ("file", pa.int32()),
        ("row", pa.int64()),
        ("code", pa.string()),
        ("column", pa.string()),
        ("found", pa.string()),
        ("expected", pa.string()),
    ]
)
"""A refused row is named by its file's number and its place in it; the row itself is kept, or fetched, by the run."""

Said: TypeAlias = pa.Array | str | Callable[[int], str]
"""What a refusal says: one text for all rows, a column of texts, or a function asked for each refused row's place."""


@dataclass
class Refusals:
    """Collects refusals of rows given by (file, row); ``refused`` marks which rows already have one.

    ``order``, where it is given, says which element of ``files`` and ``rows`` is meant at each place.
    """

    files: npt.NDArray[np.int32]
    rows: npt.NDArray[np.int64]
    order: npt.NDArray[np.int32] | None = None

    def __post_init__(self) -> None:
        self.refused = np.zeros(len(self.rows if self.order is None else self.order), np.bool_)
        self._parts: list[pa.Table] = []
        self._places: list[npt.NDArray[np.intp]] = []

    def add(self, mask: npt.NDArray[np.bool_], code: str, column: str, found: Said, expected: Said) -> None:
        """Refuse the rows marked that are not refused yet."""
        fresh = mask & ~self.refused
        if not fresh.any():
            return
        self.refused |= fresh
        places = np.flatnonzero(fresh)
        meant = places if self.order is None else self.order[places]

        def texts(value: Said) -> pa.Array:
            if callable(value):
                return pa.array([value(place) for place in places.tolist()], pa.string())
            if isinstance(value, str):
                return pa.repeat(pa.scalar(value), len(places))
            taken = value.take(pa.array(places))
            if pa.types.is_dictionary(taken.type):
                taken = taken.dictionary_decode()
            return taken.cast(pa.string())

        self._places.append(places)
        self._parts.append(
            pa.table(
                [
                    pa.array(self.files[meant]),
                    pa.array(self.rows[meant]),
                    texts(code),
                    texts(column),
                    texts(found),
                    texts(expected),
                ],
                schema=REJECT_SCHEMA,
            )
        )

    def add_torn(self, torn: Sequence[Torn]) -> None:
        """Refuse rows that cannot be read, each for what is said of it."""
        by_reason: dict[tuple[str, str], dict[int, Torn]] = {}
        for one in torn:
            by_reason.setdefault((one.code, one.column), {})[one.row] = one
        for (code, column), said in by_reason.items():
            found = [one.found for _, one in sorted(said.items())]
            expected = [one.expected for _, one in sorted(said.items())]
            mask = self._marked(said)
            self.add(mask, code, column, _spread(found, mask), _spread(expected, mask))

    def _marked(self, rows: Iterable[int]) -> npt.NDArray[np.bool_]:
        mask = np.zeros(len(self.refused), np.bool_)
        mask[list(rows)] = True
        return mask

    def table(self) -> pa.Table:
        """All refusals as a table of :data:`REJECT_SCHEMA`."""
        return pa.concat_tables(self._parts) if self._parts else REJECT_SCHEMA.empty_table()

    def places(self) -> npt.NDArray[np.intp]:
        """Which of the rows given each row of :meth:`table` is."""
        return np.concatenate(self._places) if self._places else np.zeros(0, np.intp)


def _spread(texts: Sequence[str], mask: npt.NDArray[np.bool_]) -> pa.Array:
    """Texts at the places that are marked, in their order; nothing elsewhere."""
    return pc.replace_with_mask(pa.nulls(len(mask), pa.string()), pa.array(mask), pa.array(texts, pa.string()))
