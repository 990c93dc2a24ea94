"""Amounts that each claim has for itself, on their way into the compiled core: checked, and the claims that ask for one set apart."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from qingsuan.money import MAX_FEN
from qingsuan.policy.numeric import VARIANT_FIELDS, Tables

__all__ = ["NO_AMOUNTS", "OwnAmounts"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

NO_AMOUNTS = np.zeros((0, 0), np.int64)
_APART = np.int32(-2)


class OwnAmounts:
    """Which variants ask for amounts of a claim's own.

    The core goes for a claim apart from the others where it is a part of a stay or has amounts for itself. So such a claim has a
    stay's number, and where it is a whole visit, -2: a stay of its own, for which one more row is there.
    """

    def __init__(self, tables: Tables) -> None:
        self.count = tables.own_amounts
        asks = tables.variants[:, VARIANT_FIELDS.index("own_amounts")] > 0
        self.asks = np.append(asks, False)  # the last is of variant -1, for which no layer runs

    def rows(self, own: Int64) -> int:
        """How many rows are wanted among those of stays."""
        return int(own.shape[0] > 0)

    def apart(self, variant: Int32, stay: Int32, own: Int64) -> Int32:
        """The numbers of stays with which the core is called.

        Raises
        ------
        ValueError
            Amounts are not there, or are none; or a stay has a number below 0.
        """
        if len(stay) and int(stay.min()) < 0:
            raise ValueError("stay below 0, or of two accounts")
        if not self.count:
            return stay
        within = variant[(variant >= -1) & (variant < len(self.asks) - 1)]
        if not self.asks[within].any():
            return stay
        if own.shape != (self.count, len(variant)):
            raise ValueError("columns differ in length: amounts that claims have for themselves")
        if int(own.min()) < 0 or int(own.max()) > MAX_FEN:
            raise ValueError(f"amount outside 0 … {MAX_FEN} fen: one that a claim has for itself")
        if len(within) < len(variant):
            return stay  # the core says which row it is
        found = stay.copy() if len(stay) else np.zeros(len(variant), np.int32)
        found[self.asks[variant] & (found == 0)] = _APART
        return found
