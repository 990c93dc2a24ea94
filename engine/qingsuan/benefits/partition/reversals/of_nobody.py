"""Reversals (退费) whose person cannot be read: whoever has a claim that one names, the claim is held.

They are noted while files are read, all of them before the first partition is settled; where there are none, nothing is looked for.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from qingsuan.benefits.order import ROLE, STATUS, Marked
from qingsuan.benefits.partition.state import Work

__all__ = ["hold_what_reversals_of_nobody_name"]


def hold_what_reversals_of_nobody_name(work: Work, role: npt.NDArray[np.int8], marked: Marked) -> dict[int, int]:
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
        By place of a claim that is held, the number of its id (:meth:`qingsuan.benefits.named.NamedByNobody.where`).
    """
    named = work.known.named_by_nobody
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
