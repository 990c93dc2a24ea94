"""Care across the bounds of county alliances (县域医共体), added up as it comes: of its people elsewhere, of others in it."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from qingsuan.clearing.contracts.bureau import Bureau
from qingsuan.clearing.intake.places import judged
from qingsuan.columns.batch import Batch
from qingsuan.columns.rows import add_to, looked_up

__all__ = ["Crossing"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


class Crossing:
    """Sums of claims whose person is of another alliance than their contract. Threads may add side by side.

    Parameters
    ----------
    bureau
        The contracts, and the alliances.
    kinds
        Kinds of care, in the order of their numbers.

    Attributes
    ----------
    outside : claims and fen that the cleared funds paid outside an alliance for its people, by the alliance's number.
    others : the same in an alliance for other people, by the number of the contract.
    """

    def __init__(self, bureau: Bureau, kinds: tuple[str, ...]) -> None:
        alliances = sorted(bureau.alliances.values(), key=lambda one: one.number)
        self.outside, self.others = (
            [np.zeros(count, np.int64) for _ in range(2)] for count in (len(alliances), len(bureau.contracts))
        )
        none = len(alliances)
        self._lock = threading.Lock()
        self._numbers: list[tuple[str, dict[str, int]]] = [
            (column, {text: number for number, text in enumerate(sorted(texts))})
            for column, texts in (
                ("pool", {one.pool for one in alliances}),
                ("insutype", {one.insutype for one in alliances}),
                ("insu_admdvs", {division for one in alliances for division in one.divisions}),
            )
        ]
        shape = tuple(len(numbers) + 1 for _, numbers in self._numbers)
        of_people = np.full(shape, none, np.int32)
        self._pays_for = np.zeros((none + 1) * (len(kinds) + 1), np.bool_)
        for one in alliances:
            for division in one.divisions:
                texts = (one.pool, one.insutype, division)
                cell = tuple(numbers[text] for (_, numbers), text in zip(self._numbers, texts, strict=True))
                of_people[cell] = one.number
            for kind in one.kinds:
                self._pays_for[one.number * (len(kinds) + 1) + kinds.index(kind)] = True
        self._of_people, self._kinds = of_people.reshape(-1), len(kinds)
        own = [bureau.alliance_of(contract) for contract in bureau.contracts]
        self._of_contract = np.array([none, *(none if one is None else one.number for one in own)], np.int32)

    def add(self, rows: Batch, kind: Int32, contract: Int32, names: Sequence[str]) -> None:
        """Add claims that are not refused.

        Parameters
        ----------
        kind, contract : (n,) of each row its kind of care and contract, -1 where it has none.
        names : columns of the funds that are cleared.
        """
        none = len(self.outside[0])
        if not none:
            return
        place = np.zeros(rows.size, np.int32)
        for column, numbers in self._numbers:
            place *= np.int32(len(numbers) + 1)
            place += judged(rows.codes(column), numbers, otherwise=len(numbers))
        people = looked_up(self._of_people, place)
        within = looked_up(self._of_contract, contract + np.int32(1))
        crosses = rows.good & (people != within)
        funds = sum((rows.values(name) for name in names), np.zeros(rows.size, np.int64))
        known = np.where(kind < 0, np.int32(self._kinds), kind)
        pays = looked_up(self._pays_for, people * np.int32(self._kinds + 1) + known)
        with self._lock:
            _add(self.outside, people, funds, crosses & pays)
            _add(self.others, contract, funds, crosses & (within != none))


def _add(sums: list[Int64], groups: Int32, funds: Int64, wanted: npt.NDArray[np.bool_]) -> None:
    add_to(sums, groups[wanted], [np.ones(int(wanted.sum()), np.int64), funds[wanted]])
