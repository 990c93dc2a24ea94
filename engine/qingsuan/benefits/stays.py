"""Settlements of one stay (中途结算, one 就诊ID): which claims they are, and which of them cannot be settled.

Where the rule set says that they are one visit, the core settles them so. Where it does not, claims that would be paid
otherwise are refused, naming what the bureau must supply.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.benefits.rejects import Refusals
from qingsuan.people import Texts

if TYPE_CHECKING:
    from qingsuan.benefits.partition import _Work

__all__ = ["PARAMETER", "number_stays", "refuse_parts"]

PARAMETER = "stays.interim_settlements"
"""What a rule set leaves unsaid that does not say how settlements of one stay count."""

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_ODD = np.uint64(0x9E3779B97F4A7C15)


def number_stays(
    person: Int32, account: Int64, mdtrt_id: pa.ChunkedArray, rows: Int32, settlement: Int64
) -> Int32 | None:
    """Number each person's stays of two settlements or more from 1.

    Parameters
    ----------
    person : (n,) int32
        By place: never falling.
    account : (n,) int64
        By place: tells the scheme and pool of a claim from others.
    mdtrt_id
        By row; empty where there is none.
    rows : (n,) int32
        The row at each place.
    settlement : (n,) int64
        By place: the same for copies of one settlement, which are one.

    Returns
    -------
    (n,) int32 by place, 0 for a claim that shares its ``mdtrt_id`` with none of its account; None where all are so.
    """
    texts = Texts.of(mdtrt_id)
    known = (np.diff(texts.offsets) > 0)[rows]
    with np.errstate(over="ignore"):
        whose = (person.astype(np.uint64) * _ODD + account.astype(np.uint64)) * _ODD
        key = (texts.hashes[rows] ^ whose)[known]
    ordered = np.sort(key)
    again = ordered[1:][ordered[1:] == ordered[:-1]]
    if not len(again):
        return None
    places = np.flatnonzero(known)[np.isin(key, np.unique(again))]
    found = np.zeros(len(rows), np.int32)
    ids = mdtrt_id.take(pa.array(rows[places]))
    found[places] = _numbered(person[places], account[places], ids, settlement[places])
    return found if found.any() else None


def _numbered(person: Int32, account: Int64, ids: pa.ChunkedArray, settlement: Int64) -> Int32:
    """Stays numbered within each person; 0 for those of one settlement, whose hash was alike only."""
    code = ids.combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
    order = np.lexsort((settlement, code, account, person))
    columns = [column[order] for column in (person, account, code)]
    differs = np.r_[True, np.logical_or.reduce([one[1:] != one[:-1] for one in columns])]
    begins = np.flatnonzero(differs)
    sizes = np.diff(np.r_[begins, len(order)])
    other = settlement[order]
    shared = np.add.reduceat(differs | np.r_[True, other[1:] != other[:-1]], begins, dtype=np.int64) > 1
    owner = columns[0][begins]
    count = np.cumsum(shared)
    first = np.r_[True, owner[1:] != owner[:-1]]
    before = np.maximum.accumulate(np.where(first, count - shared, 0))
    found = np.zeros(len(order), np.int32)
    found[order] = np.repeat(np.where(shared, count - before, 0), sizes)
    return found


def refuse_parts(refusals: Refusals, work: _Work) -> None:
    """Refuse parts of stays that would be paid otherwise than visits, where it is not said how they count, or not seen."""
    if not work.setup.has_stays:
        return
    shares = np.zeros(len(work.rows), np.bool_) if work.stay is None else work.stay > 0
    parts = shares | (work.at("mid_setl") == 1)
    began = _began_before(work)
    if not (parts.any() or began.any()):
        return
    differs: Mask = work.settler.per_visit[work.variant] & ~work.waiting()
    unsaid = ~work.settler.says_stays[work.rule_set]
    supply = f"parameter {PARAMETER}, which the bureau must supply: {_UNSAID}"
    _refuse(refusals, work, parts & differs & unsaid, shares, supply)
    if work.settler.carry is not None:
        _refuse(refusals, work, parts & differs & ~unsaid, shares, _CARRIED)
        _refuse(refusals, work, began & differs, began, _BEGAN)


def _began_before(work: _Work) -> Mask:
    """Claims of a stay that began before what an earlier run has settled of its account: a part may lie in that run."""
    if work.settled_until is None:
        return np.zeros(len(work.rows), np.bool_)
    known = np.diff(Texts.plain(work.columns.table.column("mdtrt_id")).offsets) > 0
    found: Mask = known[work.rows] & (work.at("begndate") <= work.settled_until[work.rows])
    return found


_UNSAID = "the rule set does not say whether settlements of one stay (中途结算) are one visit with one deductible"
_CARRIED = (
    "a run of the whole year: accumulators do not hold what a stay of several settlements (中途结算) has come to; "
    "settle this person's year whole, without --accumulators and --opening"
)
_BEGAN = (
    "a stay that began after what --opening has settled of this account: a part of it (中途结算) may be settled already, "
    "and would be paid as a visit again; settle this person's year whole"
)


def _refuse(refusals: Refusals, work: _Work, parts: Mask, by_id: Mask, expected: str) -> None:
    ids = work.columns.table.column("mdtrt_id")
    sets = work.setup.program.rule_sets

    def found(place: int) -> str:
        name, row = sets[work.rule_set[place]].name, int(work.rows[place])
        return f"{name}: mdtrt_id {ids[row].as_py()}" if by_id[place] else f"{name}: mid_setl_flag 1"

    refusals.add(parts & by_id, "E_NO_RULE", "mdtrt_id", found, expected)
    refusals.add(parts & ~by_id, "E_NO_RULE", "mid_setl_flag", found, expected)
