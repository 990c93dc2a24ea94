"""Parts of a stay (中途结算, one 就诊ID) that are not settled here: rejected while they were read, held, or of another year.

A claim that shares its stay with such a part is not the whole stay. A part is a settlement: a void row is none, nor is one
that a reversal takes back, nor a further copy of one that is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.benefits.order import ROLE, STATUS
from qingsuan.benefits.partition.state import OtherParts, Work
from qingsuan.columns.forms import CODE_FORMS
from qingsuan.people import Texts
from qingsuan.tables import BILL

if TYPE_CHECKING:
    from qingsuan.benefits.partition.reversals.taken_back import Judged

__all__ = ["Numbered", "find_other_parts", "name_of_row"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Places = npt.NDArray[np.intp]

_ODD = np.uint64(0x9E3779B97F4A7C15)
_ANY = -2
"""The scheme or pool of a row in which it cannot be read: the row may be a part of a stay of any."""


def find_other_parts(work: Work, judged: Judged) -> OtherParts | None:
    """Find, for each claim that goes on, the parts of its stay that do not; None if no stay has any.

    Parameters
    ----------
    judged
        What was found of reversals; by place in the order of all rows, like ``work``.
    """
    stands = judged.kept()
    gone = ~stands & ~judged.reversal & (judged.status != STATUS["reversed"])
    if not gone.any():
        return None
    mdtrt_id = work.columns.table.column("mdtrt_id")
    known = (np.diff(Texts.plain(mdtrt_id).offsets) > 0)[work.rows]
    parts, claims = np.flatnonzero(gone & known), np.flatnonzero(stands & known)
    if not (len(parts) and len(claims)):
        return None
    key = Texts.of(mdtrt_id).hashes[work.rows] ^ (work.person.astype(np.uint64) * _ODD)
    parts = parts[np.isin(key[parts], key[claims])]
    if not len(parts):
        return None
    settlement = _settlements(work, parts)
    parts = _parts_among(work, judged, parts, settlement)
    held = settlement[gone & ~judged.shadow & (settlement >= 0)]
    claims = claims[np.isin(key[claims], key[parts]) & ~np.isin(settlement[claims], held)]
    if not (len(parts) and len(claims)):
        return None
    return _matched(work, judged, claims, parts)


def _settlements(work: Work, parts: Places) -> Int64:
    """By place: the number of the person's settlement, the same for rows of one ``setl_id``; -1 for other people's rows."""
    concerned = np.zeros(work.numbering.count, np.bool_)
    concerned[work.person[parts]] = True
    mine = np.flatnonzero(concerned[work.person])
    found = np.full(len(work.rows), -1, np.int64)
    found[mine] = _numbers_of(work, "setl_id", mine)
    return found


def _numbers_of(work: Work, name: str, places: Places) -> Int64:
    """Number the texts of a column person by person."""
    texts = work.columns.table.column(name).take(pa.array(work.rows[places])).combine_chunks()
    encoded = texts.dictionary_encode()
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    numbers: Int64 = work.person[places].astype(np.int64) * len(encoded.dictionary) + codes
    return numbers


def _parts_among(work: Work, judged: Judged, places: Places, settlement: Int64) -> Places:
    """Those that are parts: no copies of a claim that was not rejected while it was read, and not taken back."""
    claim = settlement[(settlement >= 0) & ~judged.shadow & ~judged.reversal]
    copies = judged.shadow[places] & np.isin(settlement[places], claim)
    return places[~copies & ~np.isin(settlement[places], _taken_back(work, judged, places, settlement))]


def _taken_back(work: Work, judged: Judged, places: Places, settlement: Int64) -> Int64:
    """Settlements of rejected rows that a reversal names and negates: it takes them back in their own year, or once mended."""
    reversals = np.flatnonzero((judged.status == STATUS["orphan"]) & ~judged.shadow & (judged.twin >= 0))
    of_reversal = settlement[judged.twin[reversals]]
    asked = judged.shadow[judged.twin[reversals]] & np.isin(of_reversal, settlement[places])
    if not asked.any():
        return settlement[:0]
    shadows = np.flatnonzero(judged.shadow & ~judged.reversal & np.isin(settlement, of_reversal[asked]))
    reversals, of_reversal = reversals[asked], of_reversal[asked]
    negated = _money(work, reversals, of_reversal, -1) & _money(work, shadows, settlement[shadows], 1)
    return np.array(sorted({key[0] for key in negated}), np.int64)


def _money(work: Work, places: Places, settlement: Int64, sign: int) -> set[tuple[int, ...]]:
    """What a reversal has to agree in with its claim: settlement, scheme, pool, kind of care and amounts."""
    columns, rows = work.columns, work.rows[places]
    whose: list[npt.NDArray[Any]] = [
        settlement,
        work.code("insutype")[places],
        work.pool[places],
        columns.code("med_type")[rows],
    ]
    amounts = [sign * columns.raw(name)[rows] for name in BILL]
    return set(zip(*(column.tolist() for column in (*whose, *amounts)), strict=True))


def _matched(work: Work, judged: Judged, claims: Places, parts: Places) -> OtherParts:
    """Match claims with the parts of their stays: those of their scheme and pool, or for which these cannot be read."""
    parts = parts[_by_id(work, work.rows[parts])]
    both = np.concatenate([claims, parts])
    number = np.unique(_numbers_of(work, "mdtrt_id", both), return_inverse=True)[1].reshape(-1).astype(np.int64)
    stay_of_claim, stay_of_part = number[: len(claims)], number[len(claims) :]
    scheme, pool = _schemes_of(work, parts), _pools_of(work, parts)
    outside = (judged.role[parts] & ROLE["outside year"]) != 0

    def first(some: Mask) -> Int32:
        best = np.full(len(claims), len(parts), np.int64)
        for any_scheme, any_pool in product((False, True), repeat=2):
            among = np.flatnonzero(some & ((scheme == _ANY) == any_scheme) & ((pool == _ANY) == any_pool))
            if not len(among):
                continue
            claim_scheme = np.full(len(claims), _ANY, np.int32) if any_scheme else work.code("insutype")[claims]
            claim_pool = np.full(len(claims), _ANY, np.int32) if any_pool else work.pool[claims]
            wanted, index = np.unique(_key(work, stay_of_part, scheme, pool)[among], return_index=True)
            key = _key(work, stay_of_claim, claim_scheme, claim_pool)
            at = np.minimum(np.searchsorted(wanted, key), len(wanted) - 1)
            best = np.where(wanted[at] == key, np.minimum(best, among[index[at]]), best)
        found = np.full(len(work.rows), -1, np.int32)
        matched = best < len(parts)
        found[claims[matched]] = work.rows[parts[best[matched]]]
        return found

    return OtherParts(first(~outside), first(outside))


def _key(work: Work, stay: Int64, scheme: Int32, pool: Int32) -> Int64:
    schemes, pools = len(work.setup.vocabularies["insutype"].texts) - _ANY, len(work.setup.places.pools) - _ANY
    key: Int64 = (stay * pools + (pool - _ANY)) * schemes + (scheme - _ANY)
    return key


def _schemes_of(work: Work, places: Places) -> Int32:
    texts, known = work.setup.vocabularies["insutype"].texts, work.setup.codes("insutype")
    read = np.array([text in known for text in texts], np.bool_)
    scheme = work.code("insutype")[places]
    return np.where(read[scheme], scheme, np.int32(_ANY))


def _pools_of(work: Work, places: Places) -> Int32:
    """Pools; -1 for an area that nobody serves, which is another pool than any that is served."""
    texts, (form, _) = work.setup.vocabularies["insu_admdvs"].texts, CODE_FORMS["insu_admdvs"]
    pool, area = work.pool[places], work.code("insu_admdvs")[places]
    read = pool >= 0
    for number in np.unique(area[~read]).tolist():
        read |= (area == number) & bool(pc.match_substring_regex(pa.scalar(texts[number]), form).as_py())
    return np.where(read, pool, np.int32(_ANY))


@dataclass(frozen=True, slots=True)
class Numbered:
    """Claims of stays of several settlements, when these were numbered; one element for each.

    Attributes
    ----------
    rows : in order.
    stay : the same for the claims of one stay, of one person.
    settlement : the same for copies of one settlement.
    """

    rows: Int32
    stay: Int64
    settlement: Int64

    @classmethod
    def of(cls, work: Work, settlement: Int64) -> Numbered | None:
        """Those of the claims that go on; None where no stay has several settlements."""
        if work.stay is None:
            return None
        places = np.flatnonzero(work.stay)
        return cls(work.rows[places], _stays_of(work, places, work.stay), settlement[places])

    def lacking(self, work: Work, refused: Mask) -> Int32:
        """By place of the claims still there: the row of a part of their stay of which no copy is left; -1 for none."""
        found = np.full(len(work.rows), -1, np.int32)
        there = np.zeros(len(work.columns), np.bool_)
        there[work.rows[~refused]] = True
        left = there[self.rows]
        gone = np.flatnonzero(~left & ~np.isin(self.settlement, self.settlement[left]))
        if work.stay is None or not len(gone):
            return found
        gone = gone[_by_id(work, self.rows[gone])]
        stays, first = np.unique(self.stay[gone], return_index=True)
        places = np.flatnonzero(work.stay)
        key = _stays_of(work, places, work.stay)
        at = np.minimum(np.searchsorted(stays, key), len(stays) - 1)
        same = stays[at] == key
        found[places[same]] = self.rows[gone[first[at[same]]]]
        return found


def _stays_of(work: Work, places: Places, stay: Int32) -> Int64:
    """Stays told apart among all people: those of one person are numbered from 1."""
    found: Int64 = (work.person[places].astype(np.int64) << 32) | stay[places]
    return found


def _by_id(work: Work, rows: Int32) -> Places:
    """How to order rows by ``setl_id``: the order of rows and files decides nothing."""
    ids = work.columns.table.column("setl_id").take(pa.array(rows)).combine_chunks()
    order: Places = pc.sort_indices(ids).to_numpy().astype(np.intp)
    return order


def name_of_row(work: Work, row: int) -> str:
    """A settlement, for a message."""
    return str(work.columns.table.column("setl_id")[row].as_py() or "a settlement without a setl_id")
