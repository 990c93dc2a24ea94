"""What is per visit in the compiled rules, as the core reads it for settlements of one stay (中途结算).

A stay's state is a row of *cells*, as an account's is: whose it is, one that is always 0, then for each group the visit number,
whether the stay has counted, and what was drawn on it, and for each layer of the pool the deductible used, base, excess and
payment. A part of a stay runs its layers like a whole visit, with what the stay has come to taken off before: each layer
says here which cells those are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qingsuan.policy import numeric
from qingsuan.policy.model import COUNTERS

__all__ = [
    "STAY_CAP_FIELDS",
    "STAY_CELLS",
    "STAY_CHOICE_FIELDS",
    "STAY_GROUP_CELLS",
    "STAY_GROUP_FIELDS",
    "STAY_LAYER_CELLS",
    "STAY_LAYER_FIELDS",
    "STAY_PERIOD_FIELDS",
    "STAY_VARIANT_FIELDS",
    "StayPlan",
    "write_stays",
]

STAY_CELLS = ("opened_for", "of_account", "nothing")
STAY_GROUP_CELLS = ("number", "counted", "drawn")
STAY_LAYER_CELLS = ("stay_used", "stay_base", "stay_excess", "stay_paid")

STAY_VARIANT_FIELDS = ("group_start", "group_end", "period_start", "period_end")
STAY_PERIOD_FIELDS = ("slot_cell", "length", "limit_fen", "most_fen", "counted_cell")
STAY_GROUP_FIELDS = ("visits_cell", "first_cell", "counts")
STAY_LAYER_FIELDS = (
    "first_cell",
    "limit_cell",
    "used_cell",
    "number_cell",
    "handed_cell",
    "handed_less",
    "start_cell",
    "select_cell",
    "cap_start",
    "cap_end",
    "draw_start",
    "draw_end",
    "limit_of",
    "deductible_of",
    "toward_cell",
    "toward_mask",
    "column_start",
    "column_end",
    "unit_fen",
    "unit_side",
    "unit_of_own",
)
STAY_CAP_FIELDS = ("cap_fen", "cap_cell", "cap_mask", "paid_cell", "cap_of")
STAY_CHOICE_FIELDS = ("counter_cell", "number_cell", "step_start", "step_end")

_NOTHING = STAY_CELLS.index("nothing")
_NUMBER, _, _DRAWN = range(len(STAY_GROUP_CELLS))
_USED, _BASE, _EXCESS, _PAID = range(len(STAY_LAYER_CELLS))
_PER_VISIT = 1
_CROSSED_PER_VISIT = {0: _EXCESS, 1: _BASE}
"""Kinds of bands that each visit crosses anew, and where a stay has come to on them."""
_VISITS = COUNTERS.index("visits")
_USED_OF_GROUP = COUNTERS.index("deductible_used")
_NONE = -1

Int64 = npt.NDArray[np.int64]
Row = dict[str, Any]


@dataclass(frozen=True)
class StayPlan:
    """Tables for :class:`qingsuan._kernel.Tables`, all int64; rows of ``variants`` and ``layers`` are those of the plan.

    Attributes
    ----------
    variants, groups, layers, caps, periods, choices : (n, len(STAY_…_FIELDS))
        ``periods`` are groups of which something is left when their period is over.
        A choice reads a counter of the account; of visits the number that the stay keeps (-1: none).
    steps : (n, len(STEP_FIELDS))
    draws : (n,)
        Cells of a stay on which layers' payments are counted.
    sizes : (3,)
        How many cells a stay has; the account's cell that is always 0; the one through which a layer reads of its stay.
    """

    variants: Int64
    groups: Int64
    layers: Int64
    caps: Int64
    periods: Int64
    choices: Int64
    steps: Int64
    draws: Int64
    sizes: Int64


def write_stays(
    tables: numeric.Tables,
    planned: Sequence[Row],
    caps: Sequence[Row],
    group_width: int,
    handed: int,
    leaving: Sequence[Sequence[Sequence[int]]],
) -> StayPlan:
    """Write the tables of stays.

    Parameters
    ----------
    planned, caps
        Rows of the plan's layers, rule after rule, and of its caps: with the cells that they read in an account.
    group_width
        How many cells a group has in an account.
    handed
        The account's cell through which a layer reads of its stay.
    leaving
        Of each rule its rows of ``periods``.
    """
    return _Writer(tables, planned, caps, group_width, handed).plan(leaving)


class _Writer:
    def __init__(
        self, tables: numeric.Tables, planned: Sequence[Row], caps: Sequence[Row], group_width: int, handed: int
    ) -> None:
        self.tables, self.planned, self.planned_caps = tables, planned, caps
        self.group_width, self.handed = group_width, handed
        self.nothing = tables.slots * group_width + len(COUNTERS)
        self.numeric_caps = [dict(zip(numeric.CAP_FIELDS, row.tolist(), strict=True)) for row in tables.caps]
        self.choices = [dict(zip(numeric.CHOICE_FIELDS, row, strict=True)) for row in tables.choices.tolist()]
        self.chosen_by_visits: dict[int, set[int]] = {}
        for one in self.choices:
            if one["counter"] == _VISITS:
                self.chosen_by_visits.setdefault(one["variant"], set()).add(one["slot"])
        self.groups: list[list[int]] = []
        self.caps: list[list[int]] = []
        self.draws: list[int] = []
        self.layers: list[list[int]] = []

    def plan(self, leaving: Sequence[Sequence[Sequence[int]]]) -> StayPlan:
        rows = [dict(zip(numeric.LAYER_FIELDS, row.tolist(), strict=True)) for row in self.tables.layers]
        variants: list[list[int]] = []
        periods: list[Sequence[int]] = []
        for at, values in enumerate(self.tables.variants.tolist()):
            variant = dict(zip(numeric.VARIANT_FIELDS, values, strict=True))
            layers = rows[variant["layer_start"] : variant["layer_end"]]
            start = len(self.groups)
            self.groups += self._groups(variant, layers, at)
            first = len(periods)
            periods += leaving[at]
            variants.append([start, len(self.groups), first, len(periods)])
            for layer in layers:
                self.layers.append(self._layer(layer, self.planned[len(self.layers)]))
        width = len(STAY_CELLS) + self.tables.slots * len(STAY_GROUP_CELLS) + self.tables.names * len(STAY_LAYER_CELLS)
        return StayPlan(
            _table(variants, STAY_VARIANT_FIELDS),
            _table(self.groups, STAY_GROUP_FIELDS),
            _table(self.layers, STAY_LAYER_FIELDS),
            _table(self.caps, STAY_CAP_FIELDS),
            _table(periods, STAY_PERIOD_FIELDS),
            _table([self._choice(row) for row in self.choices], STAY_CHOICE_FIELDS),
            self.tables.steps,
            np.array(self.draws, np.int64),
            np.array([width, self.nothing, self.handed], np.int64),
        )

    def _of_group(self, reference: int, cell: int) -> int:
        """A group's cell in a stay."""
        return len(STAY_CELLS) + (reference >> 2) * len(STAY_GROUP_CELLS) + cell

    def _choice(self, row: Row) -> list[int]:
        """Where an amount finds its counter: of visits in the stay, which keeps the number that it had when it began."""
        by_visits = row["counter"] == _VISITS
        number = self._of_group(row["slot"], _NUMBER) if by_visits else _NONE
        return [(row["slot"] >> 2) * self.group_width + row["counter"], number, row["step_start"], row["step_end"]]

    def _groups(self, variant: Row, layers: Sequence[Row], at: int) -> list[list[int]]:
        """Every group whose visits a rule reads or counts, once; ``at`` is the rule's number."""
        counted = set(self.tables.visits[variant["visits_start"] : variant["visits_end"]].tolist())
        read = {layer["visits_slot"] for layer in layers}
        read |= {layer["select_slot"] for layer in layers if layer["select_counter"] == _VISITS}
        read |= self.chosen_by_visits.get(at, set())
        return [
            [(one >> 2) * self.group_width + _VISITS, self._of_group(one, _NUMBER), int(one in counted)]
            for one in sorted((counted | read) - {_NONE})
        ]

    def _layer(self, row: Row, planned: Row) -> list[int]:
        slots = self.tables.slots * len(STAY_GROUP_CELLS)
        first = len(STAY_CELLS) + slots + row["name"] * len(STAY_LAYER_CELLS)
        handed, less, start, select = self._handed(row, planned, first)
        cap_start, draw_start = len(self.caps), len(self.draws)
        for number in range(row["cap_start"], row["cap_end"]):
            cap, read = self.numeric_caps[number], self.planned_caps[number]
            of_visit = first + _PAID if cap["cap_slot"] == _NONE else self._of_group(cap["cap_slot"], _DRAWN)
            paid = _NOTHING if cap["per_period"] or cap["cap_each"] else of_visit
            self.caps.append([cap["cap_fen"], read["cap_cell"], cap["cap_mask"], paid, cap["cap_of"]])
        draws = self.tables.draws[row["draw_start"] : row["draw_end"]].tolist()
        self.draws += [self._of_group(one, _DRAWN) for one in draws]
        return [
            first,
            first + _BASE if row["limit_kind"] == _PER_VISIT and not row["limit_each"] else _NOTHING,
            first + _USED if row["deductible_kind"] == _PER_VISIT and not row["deductible_each"] else _NOTHING,
            self._of_group(row["visits_slot"], _NUMBER) if planned["by_visit"] else _NOTHING,
            *(handed, less, start, select),
            *(cap_start, len(self.caps), draw_start, len(self.draws)),
            *(row["limit_of"], row["deductible_of"]),
            *(self._toward(row["toward_slot"]), row["toward_mask"]),
            *(planned["entry_end"], row["entry_end"]),
            *(row["unit_fen"], row["unit_side"], row["unit_of_own"]),
        ]

    def _toward(self, reference: int) -> int:
        """The account's cell on which a payment counts as deductible used; where there is none, one that nobody reads."""
        return (self.tables.slots if reference == _NONE else reference >> 2) * self.group_width + _USED_OF_GROUP

    def _handed(self, row: Row, planned: Row, first: int) -> tuple[int, int, int, int]:
        """What a layer reads of its stay through the account, what is taken off it, and where bands start or are selected."""
        if planned["selected"] and row["select_counter"] == _VISITS:
            return self._of_group(row["select_slot"], _NUMBER), 1, planned["start_cell"], self.handed
        if row["bands_kind"] in _CROSSED_PER_VISIT and row["band_end"] - row["band_start"] > 1:
            return first + _CROSSED_PER_VISIT[row["bands_kind"]], 0, self.handed, planned["select_cell"]
        return _NOTHING, 0, planned["start_cell"], planned["select_cell"]


def _table(rows: Sequence[Sequence[int]], names: Sequence[str]) -> Int64:
    return np.array(rows, np.int64).reshape(len(rows), len(names))
