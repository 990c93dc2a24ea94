"""The compiled rules as the core reads them: what can be decided once is decided here, not at every claim.

An account's state is a row of *cells*: the counters of each group (and the key of the period they are for), those of a
scratch group, and what is the account's own. A layer says which cells it reads and on which it counts. Where it has no group,
it reads a cell that is always 0 and counts on the scratch group, written but never read: so a layer without limit, deductible or
cap runs through the same formulas as one that has them all, and the core need not ask.

What is per visit is of the stay where settlements of one stay are one visit (:mod:`qingsuan.benefits.core.plan_stays`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qingsuan.benefits.core.calendar import PERIOD_DAYS
from qingsuan.benefits.core.keys import KeyedPlan, write_keyed
from qingsuan.benefits.core.plan_stays import STAY_PERIOD_FIELDS, StayPlan, write_stays
from qingsuan.money import BP_ONE
from qingsuan.policy import numeric
from qingsuan.policy.model import COUNTERS
from qingsuan.policy.numeric import COLUMN_NUMBER

__all__ = [
    "BAND_FIELDS",
    "CAP_FIELDS",
    "ENTRY_FIELDS",
    "FREE_FEN",
    "LAYER_FIELDS",
    "NO_BOUND",
    "OWN",
    "PERIOD_FIELDS",
    "SLOT_WIDTH",
    "TRAITS",
    "VARIANT_FIELDS",
    "Plan",
]

VARIANT_FIELDS = (
    "entry_bp",
    "layer_start",
    "layer_count",
    "ceiling_bp",
    "ceiling_on_total",
    "ceiling_mask",
    "guarantee_bp",
    "guarantee_on_total",
    "guarantee_mask",
    "guarantee_to",
    "apart",
    "visit_cell",
    "visits_start",
    "visits_end",
    "periods_start",
    "periods_end",
)
LAYER_FIELDS = (
    "traits",
    "fund",
    "deductible_fen",
    "used_cell",
    "start_cell",
    "ratio_bp",
    "second_fen",
    "second_bp",
    "third_fen",
    "third_bp",
    "cap_fen",
    "cap_cell",
    "count_used",
    "count_base",
    "count_excess",
    "count_paid",
    "entry_start",
    "entry_end",
    "limit_fen",
    "limit_cell",
    "limit_mask",
    "by_visit",
    "amount_start",
    "amount_last",
    "visits_cell",
    "deductible_mask",
    "exempt",
    "credits",
    "absolute",
    "selected",
    "select_cell",
    "band_start",
    "cap_mask",
    "cap_start",
    "cap_end",
    "count_limit",
    "draw_start",
    "draw_end",
    "beside_fen",
)
BAND_FIELDS = (*numeric.BAND_FIELDS, "upper_fen")
CAP_FIELDS = ("cap_fen", "cap_cell", "cap_mask")
ENTRY_FIELDS = (*numeric.ENTRY_FIELDS, "of_row")
PERIOD_FIELDS = ("slot_cell", "length")

TRAITS = {
    "other_base": 1,
    "other_deductible": 2,
    "other_bands": 4,
    "other_caps": 8,
    "other_counts": 16,
    "pooled": 32,
}
"""Where a layer has more than the plain one, in bits."""

SLOT_WIDTH = len(COUNTERS) + 1
"""A group's counters, and the key of their period."""
OWN = ("opened", "balance", "bills", "day", "of_stay")
"""Behind all groups: whether the personal account is opened, the balance, the bills so far, the last claim's day, and where
a layer reads what its stay has come to."""

_VISITS, _USED, _BASE, _EXCESS, _PAID, _KEY = range(SLOT_WIDTH)
_PER_VISIT, _PER_PERIOD = 1, 2
_ABSOLUTE = (1, 3)
_BY_PERIOD = (2, 3)
_SELECTED = 4
_NONE = -1
_COST_ABOVE_LIMIT = 8
_READ = ("limit_cell", "visits_cell", "used_cell", "start_cell", "select_cell", "cap_cell")
_COUNTED = ("count_used", "count_base", "count_excess", "count_paid", "count_limit")
FREE_FEN = 1 << 62
"""A limit or cap that is none, with room below 2**63: more than any group can count."""
NO_BOUND = (1 << 63) - 1
"""The upper bound of a last band, and of one that is not there."""
_BANDS_BESIDE = 3
"""How many bands stand in the row of a layer."""

Int64 = npt.NDArray[np.int64]
Row = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """Tables for :class:`qingsuan._kernel.Tables`, in its order, all int64; made of :class:`qingsuan.policy.numeric.Tables`.

    Attributes
    ----------
    variants, layers, bands, caps, entries, periods : (n, len(…_FIELDS))
        An entry of an earlier layer says in which row of ``layers`` that stands.
        A layer's first cap and draw, a rule's first visit count and a layer's first bounds stand in their rows; the tables
        have the rest. ``periods`` are the groups of a rule whose period is shorter than the year, and its days; those of which something
        is left when it is over stand in ``stays``.
    amounts : (n,)
        Deductibles in fen.
    draws, visits : (n,)
        Cells.
    blank : (w,)
        The state of an account before its first claim; as wide as an account is.
    stays
        What is per visit, for settlements of one stay.
    keyed
        Which groups are kept apart by a key.
    """

    variants: Int64
    layers: Int64
    bands: Int64
    caps: Int64
    entries: Int64
    periods: Int64
    amounts: Int64
    draws: Int64
    visits: Int64
    blank: Int64
    stays: StayPlan
    keyed: KeyedPlan

    @property
    def carries(self) -> npt.NDArray[np.bool_]:
        """(slots,): in which a group of some rule carries over what is not used of its cap."""
        found = np.zeros((len(self.blank) - len(OWN)) // SLOT_WIDTH - 1, np.bool_)
        periods = self.stays.periods
        carrying = periods[:, STAY_PERIOD_FIELDS.index("limit_fen")] != _NONE
        found[periods[carrying, STAY_PERIOD_FIELDS.index("slot_cell")] // SLOT_WIDTH] = True
        return found

    @classmethod
    def of(cls, tables: numeric.Tables) -> Plan:
        """Make the plan of tables that were checked.

        Raises
        ------
        ValueError
            A rule has one group with two periods: its counters would be emptied at every claim.
        """
        return _Writer(tables).plan()


class _Writer:
    def __init__(self, tables: numeric.Tables) -> None:
        self.tables = tables
        self.spare = tables.slots * SLOT_WIDTH  # the group that nobody reads; the key of its period stays 0
        self.nothing = self.spare + _KEY
        self.layers = [dict(zip(numeric.LAYER_FIELDS, row.tolist(), strict=True)) for row in tables.layers]
        self.caps = [dict(zip(numeric.CAP_FIELDS, row.tolist(), strict=True)) for row in tables.caps]
        self.draws, self.visits = tables.draws.tolist(), tables.visits.tolist()
        self.ended: dict[int, list[Row]] = {}
        for values in tables.ended.tolist():
            self.ended.setdefault(values[0], []).append(dict(zip(numeric.ENDED_FIELDS, values, strict=True)))
        self.chosen_by: dict[int, set[int]] = {}
        for variant, slot, *_ in tables.choices.tolist():
            self.chosen_by.setdefault(variant, set()).add(slot)
        self.leaving: list[list[list[int]]] = []
        self.periods: list[list[int]] = []
        self.bands: list[list[int]] = []
        self.planned: list[Row] = []
        self.entries: list[list[int]] = [[*row, _NONE] for row in tables.entries.tolist()]

    def plan(self) -> Plan:
        """Write everything, rule after rule; each has its layers, bands and periods for itself."""
        tables = self.tables
        rows = [dict(zip(numeric.VARIANT_FIELDS, row.tolist(), strict=True)) for row in tables.variants]
        blank = np.zeros((tables.slots + 1) * SLOT_WIDTH + len(OWN), np.int64)
        blank[_KEY : self.spare : SLOT_WIDTH] = 1
        variants = [self.variant(row, at) for at, row in enumerate(rows)]
        caps = [self.cap(row) for row in self.caps]
        handed = len(blank) - len(OWN) + OWN.index("of_stay")
        return Plan(
            _table(variants, VARIANT_FIELDS),
            _table(self.planned, LAYER_FIELDS),
            np.array(self.bands, np.int64).reshape(-1, len(BAND_FIELDS)),
            _table(caps, CAP_FIELDS),
            np.array(self.entries, np.int64).reshape(-1, len(ENTRY_FIELDS)),
            np.array(self.periods, np.int64).reshape(-1, len(PERIOD_FIELDS)),
            tables.amounts,
            np.array([self.written(draw, _PAID) for draw in self.draws], np.int64),
            np.array([self.written(visit, _VISITS) for visit in self.visits], np.int64),
            blank,
            write_stays(tables, self.planned, caps, SLOT_WIDTH, handed, self.leaving),
            write_keyed(
                tables.keys,
                tables.shared,
                [{one >> 2 for one in self.references(row, at)} for at, row in enumerate(rows)],
                SLOT_WIDTH,
                tables.slots,
            ),
        )

    def read(self, reference: int, counter: int, *, when: bool) -> int:
        """The cell of a group's counter; where there is no group, or ``when`` does not hold, one that is 0."""
        return (reference >> 2) * SLOT_WIDTH + counter if when and reference != _NONE else self.nothing

    def written(self, reference: int, counter: int) -> int:
        """The cell of a group's counter; where there is no group, one that nobody reads."""
        return (reference >> 2) * SLOT_WIDTH + counter if reference != _NONE else self.spare + counter

    def variant(self, row: Row, at: int) -> Row:
        visits = self.visits[row["visits_start"] : row["visits_end"]]
        layers = [self.layer(layer) for layer in self.layers[row["layer_start"] : row["layer_end"]]]
        if row["pooled_layer"] != _NONE:
            layers[row["pooled_layer"]]["traits"] |= TRAITS["pooled"]
        self.enter(layers)
        found = {
            "layer_start": len(self.planned),
            "layer_count": len(layers),
            "apart": row["ceiling_bp"] == row["guarantee_bp"] == _NONE and self.apart(layers),
            "visit_cell": self.written(visits[0] if visits else _NONE, _VISITS),
            "visits_start": row["visits_start"] + len(visits[:1]),
            "periods_start": len(self.periods),
        }
        self.planned += layers
        self.periods += self.short_periods(row, at)
        return {**row, **found, "periods_end": len(self.periods)}

    def enter(self, layers: Sequence[Row]) -> None:
        """Say of each entry of an earlier layer where that stands; one that is asked what its limit cut off has to know it."""
        for layer in layers:
            for entry in self.entries[layer["entry_start"] : layer["entry_end"]]:
                part, of_layer = entry[:2]
                if of_layer != _NONE:
                    entry[-1] = len(self.planned) + of_layer
                if part == _COST_ABOVE_LIMIT:
                    layers[of_layer]["traits"] |= TRAITS["other_base"]

    def references(self, variant: Row, at: int) -> set[int]:
        """Every group that a rule reads or counts on; ``at`` is its number."""
        references = set(self.visits[variant["visits_start"] : variant["visits_end"]])
        for layer in self.layers[variant["layer_start"] : variant["layer_end"]]:
            references.update(value for name, value in layer.items() if name.endswith("_slot"))
            references.update(cap["cap_slot"] for cap in self.caps[layer["cap_start"] : layer["cap_end"]])
            references.update(self.draws[layer["draw_start"] : layer["draw_end"]])
        references |= self.chosen_by.get(at, set())
        for one in self.ended.get(at, ()):
            references |= {one["slot"], one["counted_in"]}
        return references - {_NONE}

    def short_periods(self, variant: Row, at: int) -> list[list[int]]:
        """Every group shorter than the year that a rule reads or counts on: its first cell, the length of its period.

        Those of which something is left when their period is over are kept apart: their claims run apart.
        """
        references = self.references(variant, at)
        if len({reference >> 2 for reference in references}) != len(references):
            raise ValueError("compiled rules: a group has two periods in one rule")
        left = {one["slot"]: one for one in self.ended.get(at, ())}
        self.leaving.append([self.left(left[one]) for one in sorted(left)])
        return [[(one >> 2) * SLOT_WIDTH, PERIOD_DAYS[one & 3]] for one in sorted(references - left.keys()) if one & 3]

    def left(self, ended: Row) -> list[int]:
        """A group of which something is left: of which limit, the most that is carried over, where a period counts that has paid."""
        most = FREE_FEN if ended["most_fen"] == _NONE else ended["most_fen"]
        counted_cell = self.written(ended["counted_in"], _VISITS)
        return [
            (ended["slot"] >> 2) * SLOT_WIDTH,
            PERIOD_DAYS[ended["slot"] & 3],
            ended["limit_fen"],
            most,
            counted_cell,
        ]

    def apart(self, layers: Sequence[Row]) -> bool:
        """Whether no layer reads a cell on which an earlier one counts: then each can count as soon as it has paid."""
        counted: set[int] = set()
        for layer in layers:
            caps = self.caps[layer["cap_start"] : layer["cap_end"]]
            read = {layer[name] for name in _READ} | {self.cap(cap)["cap_cell"] for cap in caps}
            if counted & (read - {self.nothing}):
                return False
            draws = self.draws[layer["draw_start"] : layer["draw_end"]]
            counted |= {layer[name] for name in _COUNTED} | {self.written(draw, _PAID) for draw in draws}
        return True

    def layer(self, row: Row) -> Row:
        found = {**row, **self._base(row), **self._deductible(row), **self._bands(row), **self._caps(row)}
        found["traits"] = sum(bit for name, bit in TRAITS.items() if found.get(name))
        return found

    def _base(self, row: Row) -> Row:
        entries = self.tables.entries[row["entry_start"] : row["entry_end"]].tolist()
        columns = sum(part == COLUMN_NUMBER for part, *_ in entries)
        limit, limited = row["limit_kind"], row["limit_kind"] == _PER_PERIOD
        elsewhere = row["limit_slot"] not in {_NONE, row["bands_slot"]}
        return {
            "other_base": limit or [(part, ratio) for part, _, ratio, _ in entries] != [(0, BP_ONE)],
            # what columns of a claim bring in is added up where it runs apart (plan_stays)
            "beside_fen": 0,
            "entry_end": row["entry_end"] - columns,
            "limit_fen": row["limit_fen"] if limit else FREE_FEN,
            "limit_cell": self.read(row["limit_slot"], _BASE, when=limited),
            "limit_mask": row["limit_mask"] if limited else 0,
            # beside the bands' own count of it; where there is none, on a cell that not even the spare group uses twice
            "count_limit": self.written(row["limit_slot"], _BASE) if elsewhere else self.spare + _VISITS,
        }

    def _deductible(self, row: Row) -> Row:
        kind, start, last = row["deductible_kind"], row["amount_start"], row["amount_last"]
        by_visit = kind == _PER_VISIT and last > start and row["visits_slot"] != _NONE
        mask = row["deductible_mask"] if kind == _PER_PERIOD else 0
        return {
            "other_deductible": by_visit or mask or row["exempt"],
            "deductible_fen": int(self.tables.amounts[start]) if kind else 0,
            "by_visit": by_visit,
            "visits_cell": self.read(row["visits_slot"], _VISITS, when=by_visit),
            "used_cell": self.read(row["deductible_slot"], _USED, when=kind == _PER_PERIOD),
            "deductible_mask": mask,
            "count_used": self.written(row["deductible_slot"], _USED),
        }

    def _bands(self, row: Row) -> Row:
        kind, slot = row["bands_kind"], row["bands_slot"]
        bands = self.tables.bands[row["band_start"] : row["band_end"]].tolist()
        start, upper = len(self.bands), [*(band[0] for band in bands[1:]), NO_BOUND]
        self.bands += [[*band, bound] for band, bound in zip(bands, upper, strict=True)]
        last = [NO_BOUND, bands[-1][1]]  # a bound that is never reached, and no step
        (_, ratio), (second, second_bp), (third, third_bp) = [*(band[:2] for band in bands), last, last][:_BANDS_BESIDE]
        return {
            "band_start": start,
            "other_bands": kind == _SELECTED or kind in _ABSOLUTE or len(bands) > _BANDS_BESIDE,
            "selected": kind == _SELECTED,
            "select_cell": self.read(row["select_slot"], row["select_counter"], when=kind == _SELECTED),
            "start_cell": self.read(slot, _BASE if kind in _ABSOLUTE else _EXCESS, when=kind in _BY_PERIOD),
            "absolute": kind in _ABSOLUTE,
            "ratio_bp": ratio,
            "second_fen": second,
            "second_bp": second_bp - ratio,
            "third_fen": third,
            "third_bp": third_bp - second_bp,
            "count_base": self.written(slot, _BASE),
            "count_excess": self.written(slot, _EXCESS),
        }

    def _caps(self, row: Row) -> Row:
        caps = self.caps[row["cap_start"] : row["cap_end"]]
        draws = self.draws[row["draw_start"] : row["draw_end"]]
        none = {"cap_fen": FREE_FEN, "cap_cell": self.nothing, "cap_mask": 0}
        first = self.cap(caps[0]) if caps else none
        return first | {
            "other_caps": first["cap_mask"] or len(caps) > 1,
            "other_counts": row["limit_slot"] not in {_NONE, row["bands_slot"]} or len(draws) > 1,
            "cap_start": row["cap_start"] + len(caps[:1]),
            "count_paid": self.written(draws[0] if draws else _NONE, _PAID),
            "draw_start": row["draw_start"] + len(draws[:1]),
        }

    def cap(self, row: Row) -> Row:
        return {**row, "cap_cell": self.read(row["cap_slot"], _PAID, when=row["per_period"] == 1)}


def _table(rows: Sequence[Row], names: Sequence[str]) -> Int64:
    return np.array([[row[name] for name in names] for row in rows], np.int64).reshape(len(rows), len(names))
