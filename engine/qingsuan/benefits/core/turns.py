"""What each layer did with each claim (基金分项), line by line, as the compiled core tells it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qingsuan.benefits.core.plan import FREE_FEN, VARIANT_FIELDS

__all__ = ["NO_ROOM", "Teller", "Turns"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

NO_ROOM = FREE_FEN
"""The room of a layer that no cap binds."""

_ASIDE = np.int32(-1)


@dataclass(frozen=True, slots=True)
class Turns:
    """A line for each layer of each claim in which anything entered or that paid, in the order of claims and of their layers.

    Attributes
    ----------
    row : (m,) int32
        The claim.
    layer : (m,) int32
        The layer, counted through all variants in their order; those of the year's end behind them.
    base_fen : (m,) int64
        What entered.
    deductible_fen : (m,) int64
        What of it the deductible took.
    room_fen : (m,) int64
        What the caps left for the payment before this claim; :data:`NO_ROOM` where no cap binds.
    paid_fen : (m,) int64
        The payment, after guarantee and ceiling.
    """

    row: Int32
    layer: Int32
    base_fen: Int64
    deductible_fen: Int64
    room_fen: Int64
    paid_fen: Int64


class Teller:
    """Room in which the core tells: a line for every layer of every claim, or none where nothing is to be told.

    Parameters
    ----------
    variants : (v, fields) int64
        Those of the plan.
    variant : (n,) int32
        Of each claim; -1 where no layer runs. Others are the core's to refuse.
    """

    def __init__(self, variants: Int64, variant: Int32, *, wanted: bool) -> None:
        self.wanted = wanted
        most = 0
        if wanted:
            layers = np.append(variants[:, VARIANT_FIELDS.index("layer_count")], 0)
            within = (variant >= -1) & (variant < len(variants))
            most = int(layers[variant[within]].sum())
        self.of = np.empty((2, most), np.int32)
        self.fen = np.empty((4, most), np.int64)
        self.lines = np.zeros(1, np.int64)

    def aside(self, stay: Int32, count: int) -> Int32:
        """The numbers of stays with which the core is called: every claim that is to be told goes aside."""
        if not self.wanted:
            return stay
        return np.where(stay == 0, _ASIDE, stay) if len(stay) else np.full(count, _ASIDE)

    def turns(self) -> Turns | None:
        """What was told; None where nothing was to be."""
        if not self.wanted:
            return None
        lines = int(self.lines[0])
        return Turns(*(one[:lines] for one in (*self.of, *self.fen)))
