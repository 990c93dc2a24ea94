"""Reversals (退费) under another person's number: they find no claim, and the claim that they name is settled.

People are settled apart. So each partition keeps its reversals that found no claim, and those of its settled claims whose id some
reversal of the whole run names; both are few, and the run puts them together at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.benefits.order import ROLE, STATUS
from qingsuan.benefits.partition.state import Work

if TYPE_CHECKING:
    from qingsuan.benefits.partition.reversals.taken_back import Judged

__all__ = ["REVERSALS_WITHOUT_CLAIM", "SETTLED_AND_NAMED", "reversals_without_claim", "settled_and_named"]

REVERSALS_WITHOUT_CLAIM = "reversals_without_claim"
"""What such reversals are called among the totals of a partition: ``file``, ``row``, ``init_setl_id``, ``setl_id``."""

SETTLED_AND_NAMED = "settled_and_named"
"""What such claims are called among the totals of a partition: ``setl_id`` and ``psn_no``, each id once."""


Places = npt.NDArray[np.intp]


def reversals_without_claim(work: Work, judged: Judged) -> dict[str, pa.Table]:
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


def _of_person(work: Work, name: str, places: Places) -> pa.Array:
    """Ids of rows, told apart by person."""
    ids = work.columns.table.column(name).take(pa.array(work.rows[places])).combine_chunks()
    return pc.binary_join_element_wise(pa.array(work.person[places]).cast(pa.string()), ids, "\0")


def settled_and_named(work: Work) -> dict[str, pa.Table]:
    """The claims of a partition that are settled though some reversal names their id; of claims with one id the first ``psn_no``."""
    named, hashes = work.known.named_by_reversals, work.setl_id.hashes
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
