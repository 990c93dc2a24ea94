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
from qingsuan.columns.rows import looked_up
from qingsuan.people import Numbering, Texts

__all__ = ["ROLE", "STATUS", "Marked", "Money", "Ordered", "check_order", "mark", "order_rows"]

ROLE: dict[str, int] = _order.ROLE
"""What a row is to reversals (退费), as bits of one small number; 0 is a claim.

``reversal``: it takes another back. ``marked``: a claim that its platform marked as taken back (``refd_setl_flag`` = 1, no
``init_setl_id``, no negative amount). ``refused``: it was refused for itself, and is here only so that its partner is not
left alone. ``outside year``: its benefit date is of another year.
"""

STATUS: dict[str, int] = _order.STATUS
"""What becomes of a row, and what its ``twin`` is.

``counts``: nothing is known against it. ``copy``: the same ``setl_id`` again; twin is the row that it repeats.
``reversed``: a claim and its reversal; twin is the other. ``orphan``: a reversal that finds no claim (no twin), or one that
was refused or is taken back already (twin). ``mismatch``: a reversal that does not negate its claim, and the claim; twin is
the other. ``open``: a claim whose reversal was refused (twin), or that is marked and no reversal names it (no twin).
"""

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


_MANY_ALIKE = 1_000
"""Of so many rows the contents are no longer made tuples: each is a kilobyte."""


def order_rows(
    people: Numbering,
    setl_id: Texts,
    content: Callable[[int], tuple[object, ...]],
    by_content: Callable[[npt.NDArray[np.int32]], npt.NDArray[np.int32]] | None = None,
) -> Ordered:
    """Order the claims of numbered people.

    Parameters
    ----------
    people
        Numbered with benefit date and ``setl_time`` as keys. Rows that ``setl_id`` does not have are no claims, come before
        those of their person, and are left out.
    content
        A row's content as a sortable tuple; asked only of rows that are alike in all three keys.
    by_content
        Puts rows in the same order; asked where so many are alike that their tuples would take much memory.

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
            alike = rows[place - 1 : end]
            if by_content is None or len(alike) < _MANY_ALIKE:
                rows[place - 1 : end] = sorted(alike.tolist(), key=content)
            else:
                rows[place - 1 : end] = by_content(alike)
    return Ordered(starts, rows)


def check_order(
    person: npt.NDArray[np.int32],
    rows: npt.NDArray[np.int32],
    keys: tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]],
    setl_id: Texts,
    name: Callable[[int], str] = "place {}".format,
) -> None:
    """Check that what is left of each person's claims is together and in order: the core pays wrong amounts otherwise.

    Parameters
    ----------
    person, rows : (n,) int32 by place
        The person and the row at each place.
    keys : (m,) int32 and int64 by row
        Benefit date and ``setl_time``; ``setl_id`` is by row, too.
    name
        Names a place for a message.

    Raises
    ------
    ValueError
        A row does not follow the one before: a bug in the caller, never settled.
    """
    if len(person) != len(rows) or len({len(setl_id), *(len(key) for key in keys)}) != 1:
        raise ValueError("columns differ in length")
    place = _order.find_disorder(person, rows, *keys, setl_id.offsets, setl_id.data)
    if place >= 0:
        raise ValueError(f"{name(place)}: not after the claim before it in person, benefit date, setl_time, setl_id")


@dataclass(frozen=True, slots=True)
class Money:
    """Whose money a row is about: what a reversal repeats of its claim, its amounts negated.

    Attributes
    ----------
    bill : five of (n,) int64 fen by row
    scheme, pool : (n,) int32 by place in the order
    care, institution : (n,) int32 by row; an institution of 0 is none
    """

    bill: Sequence[npt.NDArray[np.int64]]
    scheme: npt.NDArray[np.int32]
    pool: npt.NDArray[np.int32]
    care: npt.NDArray[np.int32]
    institution: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Marked:
    """What was found, by place in the order.

    Attributes
    ----------
    status : (n,) int8, see :data:`STATUS`
    twin : (n,) int32, the place of the other row that is meant; -1 for none
    head : (n,) int32, the place of the first row of this kind and person with the same ``setl_id``; None if no row is a copy
    """

    status: npt.NDArray[np.int8]
    twin: npt.NDArray[np.int32]
    head: npt.NDArray[np.int32] | None


def mark(ordered: Ordered, setl_id: Texts, init_setl_id: Texts, role: npt.NDArray[np.int8], money: Money) -> Marked:
    """Find copies, then reversals, inside each person.

    Parameters
    ----------
    role : (n,) int8 by row, see :data:`ROLE`

    Raises
    ------
    ValueError
        Columns differ in length.
    """
    n = len(ordered.rows)
    lengths = {len(amounts) for amounts in money.bill} | {len(role)}
    lengths |= {len(column) for column in (money.scheme, money.pool, money.care, money.institution)}
    for texts in (setl_id, init_setl_id):
        lengths |= {len(texts), len(texts.hashes)}
    if lengths != {n} or len(money.bill) != BILL_COLUMNS:
        raise ValueError("columns must be as long as the rows")
    status = np.zeros(n, np.int8)
    twin = np.full(n, -1, np.int32)
    longest = int(np.diff(ordered.starts).max(initial=0))
    table = np.empty(1 << (2 * longest + 2).bit_length(), np.int32)
    _order.mark_copies(
        ordered.starts, ordered.rows, role, setl_id.offsets, setl_id.data, setl_id.hashes, table, status, twin
    )
    copies = status == STATUS["copy"]
    head = np.where(copies, twin, np.arange(n, dtype=np.int32)) if copies.any() else None
    if role.any():
        total, own_pay, over_limit, own_share, in_scope = money.bill
        _order.mark_reversals(
            _people_with(looked_up(role, ordered.rows) & (ROLE["reversal"] | ROLE["marked"]), ordered.starts),
            ordered.starts,
            ordered.rows,
            role,
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
            money.scheme,
            money.pool,
            money.care,
            money.institution,
            np.arange(n, dtype=np.int32) if head is None else head,
            table,
            np.empty(2 * len(table), np.int64),
            np.empty(n, np.int32),
            np.empty(n, np.int32),
            status,
            twin,
        )
    return Marked(status, twin, head)


def _people_with(role: npt.NDArray[np.int8], starts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The people with a role that is not 0, by place; ascending, each once."""
    people = np.unique(np.searchsorted(starts, np.flatnonzero(role), "right") - 1)
    found: npt.NDArray[np.int64] = people.astype(np.int64)
    return found
