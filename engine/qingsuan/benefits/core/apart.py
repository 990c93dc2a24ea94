"""Claims that the compiled core runs apart from the others: what they ask for is asked of them alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from qingsuan.money import MAX_FEN
from qingsuan.policy.model import FUNDS, PERSONAL_ACCOUNT
from qingsuan.policy.numeric import CAP_FIELDS, ENDED_FIELDS, LAYER_FIELDS, PAYERS, VARIANT_FIELDS, Tables

__all__ = ["NO_AMOUNTS", "Apart"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

NO_AMOUNTS = np.zeros((0, 0), np.int64)
_APART = np.int32(-2)


class Apart:
    """Which variants run apart.

    They ask for amounts of a claim's own or such as a counter selects, a layer of theirs is the personal account's turn, or its payment
    counts toward a deductible or is rounded to another unit; or something is left of a group of theirs when its period is over.

    The core goes for a claim apart from the others where it is a part of a stay or asks for more than other claims. So such a
    claim has a stay's number, and where it is a whole visit, -2: a stay of its own, for which one more row is there.
    """

    def __init__(self, tables: Tables) -> None:
        self.count = tables.own_amounts
        asks = tables.variants[:, VARIANT_FIELDS.index("own_amounts")] > 0
        self.asks = np.append(asks, False)  # the last is of variant -1, for which no layer runs
        self.of_account = tables.layers[:, LAYER_FIELDS.index("fund")] == PAYERS.index(PERSONAL_ACCOUNT)
        self.runs_apart = self.asks.copy()
        first, last = (tables.variants[:, VARIANT_FIELDS.index(name)] for name in ("layer_start", "layer_end"))
        toward, unit = (tables.layers[:, LAYER_FIELDS.index(name)] for name in ("toward_slot", "unit_fen"))
        more = self.of_account | (toward >= 0) | (unit > 0) | _asks_a_counter(tables)
        turns = np.append(0, np.cumsum(more))
        self.runs_apart[:-1] |= turns[last] > turns[first]
        self.runs_apart[tables.ended[:, ENDED_FIELDS.index("variant")]] = True

    @property
    def rows(self) -> int:
        """How many rows are wanted among those of stays."""
        return int(self.runs_apart.any())

    @property
    def payers(self) -> int:
        """How many rows of payments are wanted: one for each fund, and one for the account where it has a turn."""
        return len(PAYERS) if self.of_account.any() else len(FUNDS)

    def numbers(self, variant: Int32, stay: Int32, own: Int64) -> Int32:
        """The numbers of stays with which the core is called.

        Raises
        ------
        ValueError
            Amounts are not there, or are none; or a stay has a number below 0.
        """
        if len(stay) and int(stay.min()) < 0:
            raise ValueError("stay below 0, or of two accounts")
        if not self.rows:
            return stay
        within = variant[(variant >= -1) & (variant < len(self.runs_apart) - 1)]
        if not self.runs_apart[within].any():
            return stay
        if self.asks[within].any():
            self._check(own, len(variant))
        if len(within) < len(variant):
            return stay  # the core says which row it is
        found = stay.copy() if len(stay) else np.zeros(len(variant), np.int32)
        found[self.runs_apart[variant] & (found == 0)] = _APART
        return found

    def _check(self, own: Int64, rows: int) -> None:
        if own.shape != (self.count, rows):
            raise ValueError("columns differ in length: amounts that claims have for themselves")
        if int(own.min()) < 0 or int(own.max()) > MAX_FEN:
            raise ValueError(f"amount outside 0 … {MAX_FEN} fen: one that a claim has for itself")


def _asks_a_counter(tables: Tables) -> npt.NDArray[np.bool_]:
    """Which layers have an amount that a counter selects."""
    limit, deductible, start, end = (
        tables.layers[:, LAYER_FIELDS.index(name)] for name in ("limit_of", "deductible_of", "cap_start", "cap_end")
    )
    of_caps = np.append(0, np.cumsum(tables.caps[:, CAP_FIELDS.index("cap_of")] < -1))
    found: npt.NDArray[np.bool_] = (limit < -1) | (deductible < -1) | (of_caps[end] > of_caps[start])
    return found
