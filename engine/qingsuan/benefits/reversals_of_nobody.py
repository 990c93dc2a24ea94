"""Reversals (退费) whose person cannot be read: whoever has a claim that one names, the claim is held.

They are noted while files are read, all of them before the first partition is settled; where there are none, nothing is looked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.benefits.order import ROLE, STATUS, Marked
from qingsuan.people import Marks, Texts

if TYPE_CHECKING:
    from qingsuan.benefits.partition import _Work

__all__ = ["NAMED_SCHEMA", "NamedByNobody", "hold_what_reversals_of_nobody_name", "named_ids"]

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


def hold_what_reversals_of_nobody_name(work: _Work, role: npt.NDArray[np.int8], marked: Marked) -> dict[int, int]:
    """Hold each claim of which nothing else is known that such a reversal names.

    Parameters
    ----------
    role : (n,) int8, by row
        See :data:`qingsuan.benefits.order.ROLE`.
    marked
        ``status`` of the claims that are held is changed to open; they have no twin.

    Returns
    -------
    dict
        By place of a claim that is held, the number of its id (:meth:`NamedByNobody.where`).
    """
    named = work.settler.named_by_nobody
    if not len(named):
        return {}
    places, number = named.find(work.setl_id, work.columns.table.column("setl_id"), work.rows)
    claims = (role[work.rows[places]] & (ROLE["reversal"] | ROLE["refused"])) == 0
    places, number = places[claims], number[claims]
    heads = places if marked.head is None else marked.head[places]
    free = marked.status[heads] == STATUS["counts"]
    free |= (marked.status[heads] == STATUS["open"]) & (marked.twin[heads] < 0)
    marked.status[heads[free]] = STATUS["open"]
    return dict(zip(heads[free].tolist(), number[free].tolist(), strict=True))
