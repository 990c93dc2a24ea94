"""Which contract a claim belongs to: by institution, pool, scheme, kind of care and month, looked up for whole columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.clearing.contracts.model import Contract
from qingsuan.columns.batch import Batch
from qingsuan.columns.rows import looked_up, recoded

__all__ = ["Places", "judged"]

_MONTHS = 12
Int32 = npt.NDArray[np.int32]


class Places:
    """Contracts in two tables: which place an institution has in a pool and scheme, and the contract there by kind and month.

    Both end with a row and a column for what is not known, so that each claim is looked up twice and never searched for.

    Parameters
    ----------
    contracts
        By number.
    kinds
        Kinds of care, in the order of their numbers.
    """

    def __init__(self, contracts: Sequence[Contract], kinds: Sequence[str]) -> None:
        self._institutions, self._pools, self._schemes = (
            {text: number for number, text in enumerate(sorted({one.name[part] for one in contracts}))}
            for part in range(3)
        )
        self._kinds = len(kinds)
        places: dict[tuple[int, int], int] = {}
        kind_of = {text: number for number, text in enumerate(kinds)}
        rows = []
        for one in contracts:
            owner = places.setdefault(self._owner(one), len(places))
            cells = (owner * (self._kinds + 1) + kind_of[one.clr_type]) * _MONTHS
            rows.append(slice(cells + one.first_month - 1, cells + one.last_month))
        self._pairs = (len(self._pools) + 1) * (len(self._schemes) + 1)
        self._places = np.full((len(self._institutions) + 1) * self._pairs, len(places), np.int32)
        for (institution, pair), place in places.items():
            self._places[institution * self._pairs + pair] = place
        self._contracts = np.full((len(places) + 1) * (self._kinds + 1) * _MONTHS, -1, np.int32)
        for one, cell in zip(contracts, rows, strict=True):
            self._contracts[cell] = one.number

    def _owner(self, one: Contract) -> tuple[int, int]:
        pair = self._pools[one.pool] * (len(self._schemes) + 1) + self._schemes[one.insutype]
        return self._institutions[one.fixmedins_code], pair

    def find(self, rows: Batch, kind: Int32, month: Int32) -> Int32:
        """The contract of each row, -1 where there is none; ``kind`` is -1 where it is in none, ``month`` 1 to 12."""
        place = np.zeros(rows.size, np.int32)
        for numbers, name in (
            (self._institutions, "fixmedins_code"),
            (self._pools, "pool"),
            (self._schemes, "insutype"),
        ):
            place *= np.int32(len(numbers) + 1)
            place += judged(rows.codes(name), numbers, otherwise=len(numbers))
        place = looked_up(self._places, place) * np.int32(self._kinds + 1)
        place += np.where(kind < 0, np.int32(self._kinds), kind)
        found: Int32 = looked_up(self._contracts, place * np.int32(_MONTHS) + (month - np.int32(1)))
        return found


def judged(
    codes: pa.DictionaryArray, numbers: Mapping[str, int], kind: type = np.int32, otherwise: int = -1
) -> npt.NDArray[Any]:
    """The number of each row's text, ``otherwise`` where it has none."""
    said: npt.NDArray[Any] = np.array([numbers.get(text, otherwise) for text in codes.dictionary.to_pylist()], kind)
    return recoded(codes.indices, said) if len(said) else np.full(len(codes), otherwise, kind)
