"""People of one family (户) at the core's door: their claims in one order, and what is paid for them back at its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.benefits.core.accounts import accounts_of
from qingsuan.benefits.core.core import AtDoor, Core, Paid
from qingsuan.benefits.core.keys import Key, number_blocks
from qingsuan.benefits.core.turns import Turns
from qingsuan.benefits.partition.state import Work
from qingsuan.benefits.setup import TIED

__all__ = ["Together"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Rows = npt.NDArray[Any]


class Together:
    """The claims of a partition in the order in which those of people who are tied together are settled.

    Attributes
    ----------
    order : (n,) int64
        By place at the door, the place of the claim: people who are tied side by side, their claims by benefit date, ``setl_time``,
        ``setl_id`` and ``psn_no``, as texts; so each person's are in the order of before.
    group : (n,) int32
        By place of the claim, a number of those who are tied.

    Raises
    ------
    ValueError
        The rows were not spread by family: a bug in the caller, never settled.
    """

    def __init__(self, work: Work) -> None:
        if not work.columns.has(TIED):
            raise ValueError("rules that count by the family, and rows that were not spread by it")
        tied = np.unique(work.taker.numbers(work.columns.raw(TIED)), return_inverse=True)[1]
        self.group = tied.reshape(-1).astype(np.int32)
        self.work, rows = work, pa.array(work.rows)
        benefit, setl_time = work.at("benefit"), work.at("setl_time")
        ids = {name: work.columns.table.column(name).take(rows) for name in ("setl_id", "psn_no")}
        by = pa.table({"group": self.group, "benefit": benefit, "setl_time": setl_time, **ids})
        keys = [(name, "ascending") for name in by.schema.names]
        self.order: Int64 = pc.sort_indices(by, sort_keys=keys).to_numpy().astype(np.int64)

    def settle(self, core: Core, claims: AtDoor, name: Callable[[int], str]) -> Paid:
        """Run the core over claims that stand at the door person by person, family by family; by the places of the claims.

        Raises
        ------
        ValueError, InputError, RunError
            As :meth:`qingsuan.benefits.core.core.Core.settle`.
        """
        keys = list(self.work.keys(core.needs_keys))
        claims = self._at_door(claims, keys, core.needs_keys.shape[1])
        return self._back(core.run(claims, lambda at: name(int(self.order[at])), told=self.work.setup.detail))

    def _at_door(self, claims: AtDoor, keys: list[Key], count: int) -> AtDoor:
        """The claims family by family: accounts, stays and blocks are numbered within it. There are so many keys."""
        work, group, order = self.work, self.group, self.order
        people = np.stack([work.person, work.series])
        account = np.unique(people, axis=1, return_inverse=True)[1].reshape(-1).astype(np.int32)
        whole = {one.name: _taken(getattr(claims, one.name), order) for one in fields(AtDoor)}
        stays = number_blocks(group, work.person, _stays(claims.stay), 1)[0] if len(claims.stay) else claims.stay
        by = [(key.number, key.places, key.values) for key in keys]
        shared = dict.fromkeys(work.shared_keys(), work.series)
        blocks = number_blocks(group, account, by, count, shared)
        person = group[order]
        whole.update(person=person, account=accounts_of(person, account[order]))
        return AtDoor(**{**whole, "stay": _taken(stays, order), "keys": _taken(blocks, order)})

    def _back(self, paid: Paid) -> Paid:
        """What was paid at the door, by the places of the claims."""
        amounts = {one.name: self._placed(getattr(paid, one.name)) for one in fields(Paid) if one.name != "turns"}
        return replace(paid, **amounts, turns=None if paid.turns is None else self._turns(paid.turns))

    def _placed(self, values: Int64) -> Int64:
        found = np.empty_like(values)
        found[..., self.order] = values
        return found

    def _turns(self, turns: Turns) -> Turns:
        row = self.order[turns.row].astype(np.int32)
        order = np.argsort(row, kind="stable")
        found = {one.name: getattr(turns, one.name)[order] for one in fields(Turns)}
        return Turns(**{**found, "row": row[order]})


def _taken(rows: Rows, order: Int64) -> Rows:
    """The claims of a column, or of each row of them, in another order; one that says nothing of any stays as it is."""
    return np.ascontiguousarray(rows[..., order]) if rows.shape[-1] else rows


def _stays(stay: Int32) -> list[tuple[int, Int32, Int32]]:
    """Parts of stays as claims that count by one key, by whose numbers they are told apart within the family."""
    places = np.flatnonzero(stay).astype(np.int32)
    return [(0, places, stay[places])] if len(places) else []
