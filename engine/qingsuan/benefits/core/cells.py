"""The cells of an account and of a stay, and which of them a row of the plan may name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qingsuan.benefits.core.plan import OWN, SLOT_WIDTH
from qingsuan.benefits.core.plan_stays import STAY_CELLS, STAY_GROUP_CELLS, STAY_LAYER_CELLS

__all__ = ["AccountCells", "StayCells"]

Bool = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class AccountCells:
    """The cells of an account with so many ``groups``, the scratch group not counted."""

    groups: int

    @property
    def spare(self) -> int:
        """The first cell of the scratch group."""
        return self.groups * SLOT_WIDTH

    @property
    def nothing(self) -> int:
        """The cell that is always 0: the key of the scratch group's period."""
        return self.spare + SLOT_WIDTH - 1

    @property
    def handed(self) -> int:
        """The cell through which a layer reads of its stay."""
        return self.spare + SLOT_WIDTH + OWN.index("of_stay")

    @property
    def blank(self) -> Int64:
        """An account before its first claim: nothing counted, each group in its first period."""
        groups = np.zeros((self.groups + 1, SLOT_WIDTH), np.int64)
        groups[:-1, -1] = 1
        return np.append(groups, np.zeros(len(OWN), np.int64))

    def of_group(self, cells: Int64, *counters: int) -> Bool:
        """Whether each is one of these ``counters`` of a group."""
        found: Bool = (cells >= 0) & (cells < self.spare) & np.isin(cells % SLOT_WIDTH, counters)
        return found

    def read(self, cells: Int64, *counters: int) -> Bool:
        """Whether each is one of these counters of a group, or the cell that is always 0."""
        found: Bool = self.of_group(cells, *counters) | (cells == self.nothing)
        return found

    def counted(self, cells: Int64, counter: int) -> Bool:
        """Whether each is this counter of a group, or of the scratch group."""
        found: Bool = self.of_group(cells, counter) | (cells == self.spare + counter)
        return found


@dataclass(frozen=True, slots=True)
class StayCells:
    """The cells of a stay with so many ``groups`` in an account, so many ``names`` of layers in its pool."""

    groups: int
    names: int

    @property
    def first_of_layers(self) -> int:
        """The first cell of the first layer."""
        return len(STAY_CELLS) + self.groups * len(STAY_GROUP_CELLS)

    @property
    def width(self) -> int:
        """How many cells a stay has."""
        return self.first_of_layers + self.names * len(STAY_LAYER_CELLS)

    def nothing(self, cells: Int64) -> Bool:
        """Whether each is the cell that is always 0."""
        found: Bool = cells == STAY_CELLS.index("nothing")
        return found

    def of_group(self, cells: Int64, name: str) -> Bool:
        """Whether each is this cell of a group."""
        place = cells - len(STAY_CELLS)
        found: Bool = (place >= 0) & (cells < self.first_of_layers)
        found &= place % len(STAY_GROUP_CELLS) == STAY_GROUP_CELLS.index(name)
        return found

    def of_layer(self, cells: Int64, name: str) -> Bool:
        """Whether each is this cell of a layer."""
        place = cells - self.first_of_layers
        found: Bool = (place >= 0) & (cells < self.width)
        found &= place % len(STAY_LAYER_CELLS) == STAY_LAYER_CELLS.index(name)
        return found
