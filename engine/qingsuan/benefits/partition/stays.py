"""Settlements of one stay (中途结算, one 就诊ID): which claims they are, and which of them cannot be settled.

Where the rule set says that they are one visit, the core settles them so. Where it does not, claims that would be paid
otherwise are refused, naming what the bureau must supply. So are those of a stay of which another part is not settled here.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.benefits.partition.other_parts import Numbered, name_of_row
from qingsuan.benefits.partition.state import Work
from qingsuan.columns.rejects import Refusals
from qingsuan.people import Texts

__all__ = ["NEW_YEAR", "PARAMETER", "number_stays", "number_stays_of", "refuse_parts"]

PARAMETER = "stays.interim_settlements"
"""What a rule set leaves unsaid that does not say how settlements of one stay count."""

NEW_YEAR = f"{PARAMETER}.new_year"
"""What one leaves unsaid that says it, and does not say it of a stay over New Year (跨年住院)."""

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_ODD = np.uint64(0x9E3779B97F4A7C15)


def number_stays_of(work: Work, group: Int32 | None) -> Numbered | None:
    """Number the stays of several settlements (中途结算); copies of one settlement, which have one ``group``, are not several.

    Returns the claims of such stays; None where no claim says to which stay it belongs.
    """
    if not work.setup.has_stays:
        return None
    account = work.pool.astype(np.int64) * len(work.setup.vocabularies["insutype"].texts) + work.code("insutype")
    own = np.arange(len(work.rows), dtype=np.int64) + len(work.columns)
    settlement = own if group is None else np.where(group >= 0, group, own)
    ids = work.columns.table.column("mdtrt_id")
    work.stay = number_stays(work.person, account, ids, work.rows, settlement)
    return Numbered.of(work, settlement)


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


def refuse_parts(refusals: Refusals, work: Work, numbered: Numbered | None) -> None:
    """Refuse parts of stays that would be paid otherwise than visits, where it is not said how they count, or not seen."""
    if not work.setup.has_stays:
        return
    parts = _Parts(work)
    began = _began_before(work)
    if not (parts.any() or began.any()):
        return
    differs: Mask = work.known.per_visit[work.variant] & ~work.waits
    said = work.known.says_stays[work.rule_set]
    parts.refuse(refusals, differs & ~said, f"parameter {PARAMETER}, which the bureau must supply: {_UNSAID}")
    if work.setup.accumulators:
        parts.refuse(refusals, differs & said, _CARRIED)
        parts.refuse_among(refusals, began & differs, _BEGAN)
        return
    parts.refuse_among(refusals, parts.rejected & differs, _INCOMPLETE)
    unsaid = ~work.known.says_new_year[work.rule_set]
    supply = f"parameter {NEW_YEAR}, which the bureau must supply: {_NEW_YEAR_UNSAID}"
    parts.refuse_among(refusals, parts.other_year & differs & unsaid, supply)
    if numbered is not None:
        lacking = numbered.lacking(work, refusals.refused)
        parts.refuse_lacking(refusals, lacking, differs, _INCOMPLETE)


def _began_before(work: Work) -> Mask:
    """Claims of a stay that began before what an earlier run has settled of its account: a part may lie in that run."""
    if work.settled_until is None:
        return np.zeros(len(work.rows), np.bool_)
    known = np.diff(work.columns.texts("mdtrt_id").offsets) > 0
    found: Mask = known[work.rows] & (work.at("begndate") <= work.settled_until[work.rows])
    return found


_UNSAID = "the rule set does not say whether settlements of one stay (中途结算) are one visit with one deductible"
_NEW_YEAR_UNSAID = "the rule set does not say whether a stay over New Year (跨年住院) begins anew in each year, with its own deductible"
_INCOMPLETE = (
    "every settlement of the stay (中途结算), for they are one visit: correct the other one, or mark it void (vali_flag = 0), "
    "and settle them together"
)
_CARRIED = (
    "a run of the whole year: accumulators do not hold what a stay of several settlements (中途结算) has come to; "
    "settle this person's year whole, without --accumulators and --opening"
)
_BEGAN = (
    "a stay that began after what --opening has settled of this account: a part of it (中途结算) may be settled already, "
    "and would be paid as a visit again; settle this person's year whole"
)
_ALSO = {
    "rejected": "; correct the other settlement of the stay, too",
    "other year": "; for a stay over New Year (跨年住院) also whether it begins anew in each year",
}


class _Parts:
    """Which claims are parts of stays of several settlements, and where their other parts are; by place.

    Attributes
    ----------
    shares : the stay has another part that is settled, or refused, after it was numbered.
    rejected, other_year : it has one that was rejected before, or that belongs to another year.
    """

    def __init__(self, work: Work) -> None:
        self.work = work
        nothing = np.zeros(len(work.rows), np.bool_)
        other = work.other_parts
        self.shares: Mask = nothing if work.stay is None else work.stay > 0
        self.rejected: Mask = nothing if other is None else other.rejected >= 0
        self.other_year: Mask = nothing if other is None else other.other_year >= 0
        self.marked: Mask = work.at("mid_setl") == 1

    def any(self) -> bool:
        """Whether there is a part at all."""
        return any(bool(one.any()) for one in (self.shares, self.rejected, self.other_year, self.marked))

    def refuse(self, refusals: Refusals, among: Mask, expected: str) -> None:
        """Refuse the parts among these claims, and say what else their stays need."""
        self.refuse_among(refusals, among & self.rejected, expected + _ALSO["rejected"])
        self.refuse_among(refusals, among & self.other_year, expected + _ALSO["other year"])
        self.refuse_among(refusals, among & self.shares, expected)
        refusals.add(among & self.marked, "E_NO_RULE", "mid_setl_flag", self._found_marked, expected)

    def refuse_among(self, refusals: Refusals, mask: Mask, expected: str) -> None:
        """Refuse claims for their ``mdtrt_id``."""
        refusals.add(mask, "E_NO_RULE", "mdtrt_id", self._found, expected)

    def refuse_lacking(self, refusals: Refusals, lacking: Int32, among: Mask, expected: str) -> None:
        """Refuse claims whose stay lacks a part that was refused after it was numbered; ``lacking``: its row, -1 for none."""

        def found(place: int) -> str:
            return f"{self._named(place)}; {name_of_row(self.work, int(lacking[place]))} is of the same stay and is rejected"

        refusals.add((lacking >= 0) & among, "E_NO_RULE", "mdtrt_id", found, expected)

    def _found_marked(self, place: int) -> str:
        return f"{self._rule_set(place)}: mid_setl_flag 1"

    def _found(self, place: int) -> str:
        return self._named(place) + self._other(place)

    def _named(self, place: int) -> str:
        mdtrt_id = self.work.columns.table.column("mdtrt_id")[int(self.work.rows[place])].as_py()
        return f"{self._rule_set(place)}: mdtrt_id {mdtrt_id}"

    def _other(self, place: int) -> str:
        """The part that is not settled here, if there is one."""
        other = self.work.other_parts
        if other is None:
            return ""
        if other.rejected[place] >= 0:
            return f"; {name_of_row(self.work, int(other.rejected[place]))} is of the same stay and is rejected"
        if other.other_year[place] >= 0:
            return f"; {name_of_row(self.work, int(other.other_year[place]))} is of the same stay and belongs to another year"
        return ""

    def _rule_set(self, place: int) -> str:
        name: str = self.work.setup.program.rule_sets[self.work.rule_set[place]].name
        return name
