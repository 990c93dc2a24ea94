"""Reversals (退费) under another person's number: they find no claim, and the claim that they name is settled.

People are settled apart. So each partition keeps its reversals that found no claim, and those of its settled claims whose id some
reversal of the whole run names; both are few, and the run puts them together at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.benefits.order import ROLE, STATUS
from qingsuan.people import Marks, Texts

if TYPE_CHECKING:
    from qingsuan.benefits.partition import _Work
    from qingsuan.benefits.taken_back import Judged

__all__ = [
    "REVERSALS_WITHOUT_CLAIM",
    "SETTLED_AND_NAMED",
    "NamedByReversals",
    "hashes_of_named",
    "reversals_without_claim",
    "settled_and_named",
]

REVERSALS_WITHOUT_CLAIM = "reversals_without_claim"
"""What such reversals are called among the totals of a partition: ``file``, ``row``, ``init_setl_id``, ``setl_id``."""

SETTLED_AND_NAMED = "settled_and_named"
"""What such claims are called among the totals of a partition: ``setl_id`` and ``psn_no``, each id once."""

_HALF = np.uint64(32)

Places = npt.NDArray[np.intp]
Hashes = npt.NDArray[np.uint64]


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


def reversals_without_claim(work: _Work, judged: Judged) -> dict[str, pa.Table]:
    """The reversals of a partition, those refused for themselves too, of whose person no claim has an id that they name."""
    places = np.flatnonzero(
        judged.reversal & (judged.shadow | ((judged.status == STATUS["orphan"]) & (judged.twin < 0)))
    )
    if not len(places):
        return {}
    claims = np.flatnonzero(((judged.role & ROLE["reversal"]) == 0) & np.isin(work.person, work.person[places]))
    known = _of_person(work, "setl_id", claims)
    found = [pc.is_in(_of_person(work, name, places), value_set=known) for name in ("init_setl_id", "setl_id")]
    rows = work.rows[places[~pc.or_(*found).to_numpy(zero_copy_only=False)]]
    if not len(rows):
        return {}
    names = ("file", "row", "init_setl_id", "setl_id")
    return {REVERSALS_WITHOUT_CLAIM: work.columns.table.select(names).take(pa.array(rows))}


def _of_person(work: _Work, name: str, places: Places) -> pa.Array:
    """Ids of rows, told apart by person."""
    ids = work.columns.table.column(name).take(pa.array(work.rows[places])).combine_chunks()
    return pc.binary_join_element_wise(pa.array(work.person[places]).cast(pa.string()), ids, "\0")


def settled_and_named(work: _Work) -> dict[str, pa.Table]:
    """The claims of a partition that are settled though some reversal names their id; of claims with one id the first ``psn_no``."""
    named, hashes = work.settler.named_by_reversals, work.setl_id.hashes
    rows = named.find(hashes)
    if not len(rows):
        return {}
    settled = np.zeros(len(hashes), np.bool_)
    settled[work.rows] = True
    rows = rows[settled[rows]]
    rows = rows[named.has(hashes[rows])]
    if not len(rows):
        return {}
    table = work.columns.table.select(["setl_id", "psn_no"]).take(pa.array(rows))
    first = table.group_by("setl_id", use_threads=False).aggregate([("psn_no", "min")]).sort_by("setl_id")
    return {SETTLED_AND_NAMED: pa.table({"setl_id": first.column("setl_id"), "psn_no": first.column("psn_no_min")})}
