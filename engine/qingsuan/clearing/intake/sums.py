"""Claims added up while they are read, by contract and month of settlement: most of a year's claims need nothing else."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.clearing.intake.columns import AMOUNTS, INTERNAL
from qingsuan.columns.rows import add_to, arrow

__all__ = ["Sums"]

_MONTHS = 36
"""Months of settlement that are added up here: of the year, and of the years before and after it."""

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


class Sums:
    """Sums of claims by contract and month of settlement, in bounded memory. Threads may add side by side.

    Parameters
    ----------
    contracts
        How many there are.
    year
        The year that is cleared.
    """

    def __init__(self, contracts: int, year: int) -> None:
        self._first = (year - 1) * 12
        self._sums = [np.zeros(contracts * _MONTHS, np.int64) for _ in range(1 + len(AMOUNTS))]
        self._lock = threading.Lock()

    def fits(self, month: Int32) -> npt.NDArray[np.bool_]:
        """Which months, as 202203, are added up here."""
        place = self._place(month)
        fits: npt.NDArray[np.bool_] = (place >= 0) & (place < _MONTHS)
        return fits

    def add(self, contract: Int32, month: Int32, amounts: Sequence[Int64]) -> None:
        """Add claims: of each its contract, month, and :data:`~qingsuan.clearing.intake.columns.AMOUNTS`.

        Raises
        ------
        ValueError
            A sum could leave 64 bits.
        """
        groups = (contract.astype(np.int64) * _MONTHS + self._place(month)).astype(np.int32)
        with self._lock:
            add_to(self._sums, groups, [np.ones(len(groups), np.int64), *amounts])

    def rows(self, contracts: Sequence[int]) -> pa.Table:
        """What was added for these contracts, as internal rows of ``settled``: one for each contract and month with claims."""
        places = (np.array(contracts, np.int64)[:, None] * _MONTHS + np.arange(_MONTHS)).reshape(-1)
        at = places[self._sums[0][places] > 0]
        months = self._first + at % _MONTHS
        values = {
            "contract": arrow((at // _MONTHS).astype(np.int32)),
            "month": arrow((months // 12 * 100 + months % 12 + 1).astype(np.int32)),
            **{name: arrow(own[at]) for name, own in zip(("rows", *AMOUNTS), self._sums, strict=True)},
        }
        nothing = {"hash": arrow(np.zeros(len(at), np.int64))}
        schema = INTERNAL["settled"]
        empty = pa.repeat(pa.scalar(""), len(at))
        return pa.table([{**nothing, **values}.get(name, empty) for name in schema.names], schema=schema)

    def _place(self, month: Int32) -> Int64:
        return (month.astype(np.int64) // 100) * 12 + month.astype(np.int64) % 100 - 1 - self._first
