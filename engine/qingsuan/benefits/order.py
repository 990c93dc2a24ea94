"""Order inside a person, duplicates and reversals. The door of the compiled ``_order``.

The order is benefit date, then ``setl_time``, then ``setl_id`` as text. Two rows with all three alike are copies of one
settlement; which of them stays is decided by their content, so that the order of rows and files never decides anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qingsuan import _order
from qingsuan.people import Numbering, Texts

__all__ = ["STATUS", "Ordered", "mark", "order_rows"]

STATUS: dict[str, int] = _order.STATUS
"""What becomes of a row: counts, duplicate, reversed, orphan, mismatch."""

BILL_COLUMNS = 5


@dataclass(frozen=True, slots=True)
class Ordered:
    """Rows person after person, in order.

    Attributes
    ----------
    starts : (people + 1,) int64
        Where each person begins.
    rows : (n,) int32
        The row at each place.
    """

    starts: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int32]


def order_rows(people: Numbering, setl_id: Texts, content: Callable[[int], tuple[object, ...]]) -> Ordered:
    """Order the claims of numbered people.

    Parameters
    ----------
    people
        Numbered with benefit date and ``setl_time`` as keys. Rows that ``setl_id`` does not have are no claims, come before
        those of their person, and are left out.
    content
        A row's content as a sortable tuple; asked only of rows that are alike in all three keys.

    Raises
    ------
    ValueError
        There are more claims than rows that were numbered.
    """
    n = len(setl_id)
    if n > people.size:
        raise ValueError(f"keys must be as long as the rows: {people.size} were numbered, there are {n} claims")
    starts, rows, tied = people.starts, people.rows, people.tied
    if n < people.size:
        claims = rows < n
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(claims)])[starts]
        rows, tied = rows[claims], tied[claims]
    if not tied.any():
        return Ordered(starts, rows)
    rows, tied = rows.copy(), tied.copy()
    _order.break_ties(setl_id.offsets, setl_id.data, rows, np.empty(len(rows), np.int32), tied)
    for place in np.flatnonzero(tied).tolist():
        if not tied[place - 1]:
            end = place + 1
            while end < len(rows) and tied[end]:
                end += 1
            rows[place - 1 : end] = sorted(rows[place - 1 : end].tolist(), key=content)
    return Ordered(starts, rows)


def mark(
    ordered: Ordered,
    setl_id: Texts,
    init_setl_id: Texts,
    takes_back: npt.NDArray[np.int8],
    bill: Sequence[npt.NDArray[np.int64]],
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int32]]:
    """Find duplicates, then reversals, inside each person.

    Parameters
    ----------
    takes_back : (n,) int8
        1 for a reversal.
    bill : five of (n,) int64 fen
        The amounts that a reversal negates.

    Returns
    -------
    status : (n,) int8 by place in the order, see :data:`STATUS`
    twin : (n,) int32
        The place of the row a duplicate repeats, or of the other half of a reversal; -1 for none.
    """
    n = len(ordered.rows)
    if [len(amounts) for amounts in bill] != [n] * BILL_COLUMNS or not (
        len(setl_id) == len(setl_id.hashes) == len(init_setl_id) == len(init_setl_id.hashes) == len(takes_back) == n
    ):
        raise ValueError("columns must be as long as the rows")
    status = np.zeros(n, np.int8)
    twin = np.full(n, -1, np.int32)
    longest = int(np.diff(ordered.starts).max(initial=0))
    table = np.empty(1 << (2 * longest + 2).bit_length(), np.int32)
    _order.mark_duplicates(
        ordered.starts, ordered.rows, setl_id.offsets, setl_id.data, setl_id.hashes, table, status, twin
    )
    if takes_back.any():
        total, own_pay, over_limit, own_share, in_scope = bill
        _order.mark_reversals(
            ordered.starts,
            ordered.rows,
            takes_back,
            setl_id.offsets,
            setl_id.data,
            setl_id.hashes,
            init_setl_id.offsets,
            init_setl_id.data,
            init_setl_id.hashes,
            total,
            own_pay,
            over_limit,
            own_share,
            in_scope,
            table,
            status,
            twin,
        )
    return status, twin
