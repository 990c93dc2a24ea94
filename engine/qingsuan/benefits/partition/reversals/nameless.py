"""Reversals (退费) that name no claim: those of a person's claims that they negate are held, for one of them is meant."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.benefits.order import ROLE, STATUS, Marked
from qingsuan.benefits.partition.state import Work
from qingsuan.tables import BILL

__all__ = ["hold_what_nameless_reversals_negate"]

Places = npt.NDArray[np.intp]


def hold_what_nameless_reversals_negate(work: Work, role: npt.NDArray[np.int8], marked: Marked) -> None:
    """Hold each claim whose amounts a nameless reversal of the same person, scheme and pool negates.

    Parameters
    ----------
    role : (n,) int8, by place in the order
        See :data:`qingsuan.benefits.order.ROLE`.
    marked
        ``status`` and ``twin`` of the claims that are held are changed: to open, and to the first such reversal.
    """
    reversals = _nameless(work, role)
    if not len(reversals):
        return
    claims = (role & (ROLE["reversal"] | ROLE["refused"])) == 0
    among = np.flatnonzero(claims & np.isin(work.person, work.person[reversals]))
    keys = np.concatenate([_keys(work, reversals, -1), _keys(work, among, 1)], axis=1)
    number = np.unique(keys, axis=1, return_inverse=True)[1].reshape(-1)
    first_reversal = np.full(len(number), -1, np.intp)
    first_reversal[number[: len(reversals)][::-1]] = reversals[::-1]
    meant = first_reversal[number[len(reversals) :]]
    held = among[meant >= 0]
    heads = held if marked.head is None else marked.head[held]
    for place, reversal in zip(heads.tolist(), meant[meant >= 0].tolist(), strict=True):
        if marked.status[place] == STATUS["counts"]:
            marked.status[place], marked.twin[place] = STATUS["open"], reversal


def _nameless(work: Work, role: npt.NDArray[np.int8]) -> Places:
    """The places of reversals, refused ones too, that name no original and whose own id no claim of the person has."""
    places: Places = np.flatnonzero(role & ROLE["reversal"])
    inits = work.columns.texts("init_setl_id")
    places = places[np.diff(inits.offsets)[work.rows[places]] == 0]
    places = places[work.columns.raw(BILL[0])[work.rows[places]] < 0]
    if not len(places):
        return places
    claims = np.flatnonzero(((role & ROLE["reversal"]) == 0) & np.isin(work.person, work.person[places]))
    named: npt.NDArray[np.bool_] = pc.is_in(_ids(work, places), value_set=_ids(work, claims)).to_numpy(
        zero_copy_only=False
    )
    found: Places = places[~named]
    return found


def _ids(work: Work, places: Places) -> pa.Array:
    """The ids of rows, told apart by person."""
    ids = work.columns.table.column("setl_id").take(pa.array(work.rows[places])).combine_chunks()
    return pc.binary_join_element_wise(pa.array(work.person[places]).cast(pa.string()), ids, "\0")


def _keys(work: Work, places: Places, sign: int) -> npt.NDArray[np.int64]:
    """Person, scheme, pool and amounts of rows; a reversal has those of the claim that it negates."""
    whose = [work.person[places], work.code("insutype")[places], work.pool[places]]
    amounts = [sign * work.columns.raw(name)[work.rows[places]] for name in BILL]
    return np.stack([*whose, *amounts]).astype(np.int64)
