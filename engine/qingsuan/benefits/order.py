"""Order inside a person, duplicates and reversals. The door of the compiled ``_order``.

The order is benefit date, then ``setl_time``, then ``setl_id`` as text. Two rows with all three alike are copies of one
settlement; which of them stays is decided by their content, so that the order of rows and files never decides anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qingsuan import _order
from qingsuan.people import Texts

__all__ = ["STATUS", "Ordered", "mark", "order_rows"]

STATUS: dict[str, int] = _order.STATUS
"""What becomes of a row: counts, duplicate, reversed, orphan, mismatch."""

BILL_ROWS = 5


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


def order_rows(
    starts: npt.NDArray[np.int64],
    rows: npt.NDArray[np.int32],
    benefit: npt.NDArray[np.int32],
    setl_time: npt.NDArray[np.int64],
    setl_id: Texts,
    content: Callable[[int], tuple[object, ...]],
) -> Ordered:
    """Order spread rows (see :func:`qingsuan.people.spread`) inside each person.

    Parameters
    ----------
    benefit, setl_time : (n,) int32 days, (n,) int64 microseconds
    content
        A row's content as a sortable tuple; asked only of rows that are alike in all three keys.

    Raises
    ------
    ValueError
        The columns differ in length, or ``rows`` is not a permutation in ``starts``.
    """
    n = len(rows)
    _check_spread(starts, rows, n)
    if not len(benefit) == len(setl_time) == len(setl_id) == n:
        raise ValueError("keys must be as long as the rows")
    rows = np.ascontiguousarray(rows)
    tied = np.zeros(n, np.int8)
    longest = int(np.diff(starts).max(initial=0))
    scratch = np.empty(max(1, longest), np.int32)
    _order.order_rows(starts, benefit, setl_time, setl_id.offsets, setl_id.data, rows, scratch, tied)
    for place in np.flatnonzero(tied).tolist():
        if not tied[place - 1]:
            end = place + 1
            while end < n and tied[end]:
                end += 1
            rows[place - 1 : end] = sorted(rows[place - 1 : end].tolist(), key=content)
    return Ordered(starts, rows)


def _check_spread(starts: npt.NDArray[np.int64], rows: npt.NDArray[np.int32], n: int) -> None:
    if len(starts) == 0 or starts[0] != 0 or starts[-1] != n or (np.diff(starts) < 0).any():
        raise ValueError("people must begin at 0, end at the number of rows, and follow each other")
    seen = np.zeros(n, np.bool_)
    if n and not (int(rows.min()) >= 0 and int(rows.max()) < n):
        raise ValueError("a row number is out of range")
    seen[rows] = True
    if not seen.all():
        raise ValueError("a row is missing from the order, so another is in it twice")


def mark(
    ordered: Ordered,
    setl_id: Texts,
    init_setl_id: Texts,
    takes_back: npt.NDArray[np.int8],
    bill: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int32]]:
    """Find duplicates, then reversals, inside each person.

    Parameters
    ----------
    takes_back : (n,) int8
        1 for a reversal.
    bill : (5, n) int64 fen
        The amounts that a reversal negates.

    Returns
    -------
    status : (n,) int8 by place in the order, see :data:`STATUS`
    twin : (n,) int32
        The place of the row a duplicate repeats, or of the other half of a reversal; -1 for none.
    """
    n = len(ordered.rows)
    if bill.shape != (BILL_ROWS, n) or not len(setl_id) == len(init_setl_id) == len(takes_back) == n:
        raise ValueError("columns must be as long as the rows")
    status = np.zeros(n, np.int8)
    twin = np.full(n, -1, np.int32)
    longest = int(np.diff(ordered.starts).max(initial=0))
    table = np.empty(1 << (2 * longest + 2).bit_length(), np.int32)
    _order.mark_duplicates(
        ordered.starts, ordered.rows, setl_id.offsets, setl_id.data, setl_id.hashes, table, status, twin
    )
    if takes_back.any():
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
            bill,
            table,
            status,
            twin,
        )
    return status, twin
