"""What reversals (退费) name: noted while rows are read, all of it before the first partition is settled, and looked for in each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.people import Marks, Texts

__all__ = ["NAMED_SCHEMA", "NamedByNobody", "NamedByReversals", "hashes_of_named", "named_ids"]

Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.intp]
_HALF = np.uint64(32)

NAMED_SCHEMA = pa.schema([("setl_id", pa.string()), ("file", pa.int32()), ("row", pa.int64())])
"""An id that a reversal names, and which row the reversal is."""


def named_ids(
    setl_id: pa.Array,
    init_setl_id: pa.Array,
    files: npt.NDArray[np.int32],
    rows: npt.NDArray[np.int64],
    places: npt.NDArray[np.intp],
) -> pa.Table:
    """The ids that the reversals at these places name, as :data:`NAMED_SCHEMA`: of their original, and their own."""
    where = [pa.array(files[places]), pa.array(rows[places])]
    ids = (column.take(pa.array(places)) for column in (init_setl_id, setl_id))
    table = pa.concat_tables([pa.table([some, *where], schema=NAMED_SCHEMA) for some in ids])
    return table.filter(pc.not_equal(table.column("setl_id"), ""))


class NamedByNobody:
    """The ids that such reversals name in a whole run, each once, with the first reversal that names it.

    Parameters
    ----------
    noted
        Tables of :data:`NAMED_SCHEMA`, in any order.
    """

    def __init__(self, noted: Sequence[pa.Table]) -> None:
        table = pa.concat_tables([NAMED_SCHEMA.empty_table(), *noted])
        table = table.sort_by([(name, "ascending") for name in NAMED_SCHEMA.names]).combine_chunks()
        ids = table.column("setl_id")
        first = np.ones(len(table), np.bool_)
        if len(table):
            first[1:] = pc.not_equal(ids.slice(1), ids.slice(0, len(table) - 1)).to_numpy()
        self._first = table.filter(pa.array(first)).combine_chunks()
        self._marks = Marks(Texts.of(self._first.column("setl_id")).hashes)

    def __len__(self) -> int:
        return int(self._first.num_rows)

    def where(self, number: int) -> tuple[int, int]:
        """The file and the row of the first reversal that names an id."""
        return tuple(self._first.column(name)[number].as_py() for name in ("file", "row"))

    def find(
        self, texts: Texts, column: pa.ChunkedArray, rows: npt.NDArray[np.int32]
    ) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]:
        """Which of these rows have an id that is named: their places, and the number of the id of each."""
        places = np.flatnonzero(self._marks.may_have(texts.hashes)[rows])
        numbers = pc.index_in(column.take(pa.array(rows[places])), value_set=self._first.column("setl_id"))
        number = pc.fill_null(numbers, -1).to_numpy()
        return places[number >= 0], number[number >= 0]


def hashes_of_named(setl_id: pa.Array, init_setl_id: pa.Array, places: Places) -> Hashes:
    """The hashes of the ids that the reversals at these places name: of their original, and their own."""
    ids = pa.concat_arrays([column.take(pa.array(places)) for column in (init_setl_id, setl_id)])
    return Texts.of(ids.filter(pc.not_equal(ids, ""))).hashes


class NamedByReversals:
    """Which ids some reversal of a whole run names, told by their hashes.

    Parameters
    ----------
    noted
        Hashes (:func:`hashes_of_named`), in any order.
    """

    def __init__(self, noted: Sequence[Hashes]) -> None:
        self.hashes: Hashes = np.sort(np.concatenate([np.zeros(0, np.uint64), *noted]))
        self._upper, self._lower = Marks(self.hashes), Marks(self.hashes << _HALF)

    def find(self, hashes: Hashes) -> Places:
        """The places of those that may be named: all that are, and hardly any besides."""
        if not len(self.hashes):
            return np.zeros(0, np.intp)
        places = np.flatnonzero(self._upper.may_have(hashes))
        return places[self._lower.may_have(hashes[places] << _HALF)]

    def has(self, hashes: Hashes) -> npt.NDArray[np.bool_]:
        """Which of a few are named; at least one id is."""
        places = np.searchsorted(self.hashes, hashes)
        found: npt.NDArray[np.bool_] = self.hashes[np.minimum(places, len(self.hashes) - 1)] == hashes
        return found
