"""What a row is to reversals (退费), told from the row alone: the column ``role`` (:data:`qingsuan.benefits.order.ROLE`).

The platform writes reversals in more than one way: with the id of the claim in ``init_setl_id``, with that id as their own,
and with the flag on the claim too. A refused row has a role as well, so that its partner is not left alone.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.benefits.intake.dates import Years
from qingsuan.benefits.order import ROLE
from qingsuan.benefits.setup import BENEFIT_DATES
from qingsuan.columns.cells import Cells
from qingsuan.columns.legible import no_id
from qingsuan.tables import BILL

__all__ = ["IDS", "ids_of_shadows", "role_of_flags", "role_of_refused", "role_outside_year"]

Roles = npt.NDArray[np.int8]
Mask = npt.NDArray[np.bool_]
IDS = ("psn_no", "setl_id", "init_setl_id")
"""The columns by which a row finds its partner."""

_INVISIBLE = r"[^\p{L}\p{N}\p{P}\p{S}]"
_QUOTES = r"^['\"]+|['\"]+$"
"""Marks that a spreadsheet puts around an id."""

_Cells = Mapping[str, Cells | None]


def ids_of_shadows(name: str, texts: pa.Array, cells: Cells | None, refused: Mask) -> pa.Array:
    """Ids, those of refused rows without what cannot be seen in them: so a row refused for a blank still finds its partner.

    An original may stand in quotes, too; one that then is no id is none, and its reversal may mean any claim that it negates.
    """
    if cells is None or "E_FORM" not in cells.faults:
        return texts
    visible = pc.replace_substring_regex(texts.filter(pa.array(refused)), _INVISIBLE, "")
    plain = pc.utf8_normalize(visible, "NFKC")
    if name == "init_setl_id":
        plain = pc.replace_substring_regex(plain, _QUOTES, "")
        bad = no_id(plain)
        plain = plain if bad is None else pc.if_else(pa.array(bad), "", plain)
    return pc.replace_with_mask(texts, pa.array(refused), plain)


def role_of_flags(cells: _Cells, size: int) -> Roles:
    """Reversals, and claims marked as taken back: flagged, without an original and with no negative or unread amount."""
    role = np.zeros(size, np.int8)
    flags = cells["refd_setl_flag"]
    if flags is None or not flags.values.any():
        return role
    places = np.flatnonzero(flags.values != 0)
    marked = _absent(cells["init_setl_id"], places)
    for name in BILL:
        amounts = cells[name]
        if amounts is not None:
            marked &= (amounts.values[places] >= 0) & ~_faulty(amounts, places)
    role[places] = np.where(marked, ROLE["marked"], ROLE["reversal"])
    return role


def role_of_refused(role: Roles, refused: Mask, cells: _Cells, money: Mapping[str, npt.NDArray[np.int64]]) -> Roles:
    """Refused rows as such; one that is not flagged is a reversal if it names an original or is negative throughout.

    A row with one wrong sign is a claim: its corrected copy is settled.
    """
    if not refused.any():
        return role
    places = np.flatnonzero(refused)
    total, *parts = (money[name][places] for name in BILL)
    negative = (total < 0) & np.logical_and.reduce([part <= 0 for part in parts])
    some = np.logical_or.reduce([amounts < 0 for amounts in (total, *parts)])
    named = ~_absent(cells["init_setl_id"], places)
    unread = _faulty(cells["refd_setl_flag"], places)
    takes_back = negative | (named & (some | unread))
    role = role.copy()
    role[places] |= np.int8(ROLE["refused"])
    role[places[takes_back & (role[places] & ROLE["marked"] == 0)]] |= np.int8(ROLE["reversal"])
    return role


def role_outside_year(
    role: Roles, benefit: npt.NDArray[np.int32], kinds: npt.NDArray[np.int8], cells: _Cells, years: Years
) -> Roles:
    """Reversals and refused rows whose benefit date was read and is of another year; ``kinds``: which date it is."""
    places = np.flatnonzero(role != 0)
    if not len(places):
        return role
    outside = years.take(places).outside(benefit[places])
    for kind, name in enumerate(BENEFIT_DATES):
        unread = _absent(cells[name], places) | _faulty(cells[name], places)
        outside &= ~(unread & (kinds[places] == kind))
    role = role.copy()
    role[places[outside]] |= np.int8(ROLE["outside year"])
    return role


def _absent(cells: Cells | None, places: npt.NDArray[np.intp]) -> Mask:
    return np.ones(len(places), np.bool_) if cells is None else cells.absent[places]


def _faulty(cells: Cells | None, places: npt.NDArray[np.intp]) -> Mask:
    found = np.zeros(len(places), np.bool_)
    for mask in () if cells is None else cells.faults.values():
        found |= mask[places]
    return found
