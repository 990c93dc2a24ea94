"""Resolved rules as numbers: the tables of which the compiled core's plan is made.

Every table is an int64 array; its columns are named by the ``…_FIELDS`` tuples, by which the plan
(``benefits/core/plan.py``) is made of them. A slot's reference packs its number with the length of its period.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from qingsuan.money import BP_ONE, apply_bp
from qingsuan.policy.counting.ended import Ended
from qingsuan.policy.counting.steps import bounds_of
from qingsuan.policy.model import (
    COLUMN_PART,
    COUNTERS,
    FUNDS,
    PERSONAL_ACCOUNT,
    Bands,
    Cap,
    Ceiling,
    Deductible,
    Entry,
    Guarantee,
    Limit,
    Rounding,
)
from qingsuan.policy.per_claim.amount import Amount
from qingsuan.policy.per_claim.rounding import SIDES
from qingsuan.policy.resolve import Resolved, ResolvedLayer, amounts_of, choices_of

__all__ = [
    "COLUMN_NUMBER",
    "MAX_ENTRIES",
    "MAX_KEYS",
    "MAX_LAYERS",
    "MOST_PART",
    "PAYERS",
    "PERIODS",
    "Tables",
    "Writer",
]

MAX_LAYERS = 16
MAX_ENTRIES = 16
MAX_KEYS = 1000
"""By how many different keys the groups of one run may be kept apart: each is a number for every claim."""
PERIODS = ("year", "quarter", "month", "day")
PAYERS = (*FUNDS, PERSONAL_ACCOUNT)
"""Who pays in a layer, by number: a fund, or behind all funds the personal account."""

VARIANT_FIELDS = (
    "entry_bp",
    "layer_start",
    "layer_end",
    "ceiling_bp",
    "ceiling_on_total",
    "ceiling_mask",
    "guarantee_bp",
    "guarantee_on_total",
    "guarantee_mask",
    "guarantee_to",
    "visits_start",
    "visits_end",
    "pooled_layer",
    "own_amounts",
)
LAYER_FIELDS = (
    "fund",
    "entry_start",
    "entry_end",
    "limit_kind",
    "limit_fen",
    "limit_slot",
    "limit_mask",
    "deductible_kind",
    "amount_start",
    "amount_last",
    "deductible_slot",
    "deductible_mask",
    "exempt",
    "credits",
    "visits_slot",
    "bands_kind",
    "band_start",
    "band_end",
    "bands_slot",
    "select_slot",
    "select_counter",
    "cap_start",
    "cap_end",
    "draw_start",
    "draw_end",
    "limit_of",
    "limit_each",
    "deductible_of",
    "deductible_each",
    "toward_slot",
    "toward_mask",
    "unit_fen",
    "unit_side",
    "unit_of_own",
    "name",
)
BAND_FIELDS = ("lower_fen", "ratio_bp", "below_fen", "below_rest")
CAP_FIELDS = ("per_period", "cap_fen", "cap_slot", "cap_mask", "cap_of", "cap_each")
ENTRY_FIELDS = ("part", "of_layer", "entry_ratio_bp", "of_claim")
ENDED_FIELDS = ("variant", "slot", "limit_fen", "most_fen", "counted_in")
CHOICE_FIELDS = ("variant", "slot", "counter", "step_start", "step_end")
STEP_FIELDS = ("from_value", "fen")

_KINDS = {None: 0, "visit": 1, "period": 2}
_BANDS_KINDS = {("visit", "excess"): 0, ("visit", "absolute"): 1, ("period", "excess"): 2, ("period", "absolute"): 3}
_SELECTED = 4
_PARTS = {
    "inscp_scp_amt": 0,
    "preselfpay_amt": 1,
    "overlmt_selfpay": 2,
    "fulamt_ownpay_amt": 3,
    "left_by_ratio": 4,
    "cut_by_cap": 5,
    "deductible": 6,
    "cost_above_cap": 7,
    "cost_above_limit": 8,
    COLUMN_PART: 9,
}
COLUMN_NUMBER = _PARTS[COLUMN_PART]
"""The number of a part that stands in a column of its own."""
MOST_PART = max(_PARTS.values())
"""The greatest number of a part of a bill, or of what a layer left."""

Table = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Tables:
    """The numbers of all resolved rules. Its arrays cannot be written: threads share them.

    Attributes
    ----------
    variants, layers, bands, caps, entries : (n, len(…_FIELDS)) int64
    amounts : (n,) int64
        Deductibles in fen.
    draws, visits : (n,) int64
        Slot references: what a layer's payments are counted on; where a rule's visits are counted.
    keys : (n, slots) int64
        For each variant the key by which a slot is kept apart, -1 for none; without rows where no group has a key.
    shared : (n,) int64
        Those of the keys that people share (以户为单位), so that what they count is of no account.
    slots : int
        How many slots an account needs.
    names : int
        How many different layers a pool has: a layer's ``name`` is its number among them.
    own_amounts : int
        How many amounts a claim may have for itself; a variant's say how many it asks for, ``…_of`` which of them, -1 for none.
    ended : (n, len(ENDED_FIELDS)) int64
        Groups of which something is left when their period is over: the limit of which what is not used is carried over, and the most
        that is (-1: none, and no bound); the slot reference in which a period with a payment counts (-1: none).
    choices, steps : (n, len(…_FIELDS)) int64
        Amounts that a counter selects: ``…_of`` says -2 for the first row of choices, -3 for the second; steps say from which value on.
    """

    variants: Table
    layers: Table
    bands: Table
    caps: Table
    entries: Table
    amounts: Table
    draws: Table
    visits: Table
    keys: Table
    slots: int
    names: int
    own_amounts: int
    ended: Table
    choices: Table
    steps: Table
    shared: Table


@dataclass
class Writer:
    """The growing tables."""

    variants: list[list[int]] = field(default_factory=list)
    layers: list[list[int]] = field(default_factory=list)
    bands: list[list[int]] = field(default_factory=list)
    caps: list[list[int]] = field(default_factory=list)
    entries: list[list[int]] = field(default_factory=list)
    amounts: list[int] = field(default_factory=list)
    draws: list[int] = field(default_factory=list)
    visits: list[int] = field(default_factory=list)
    keys: list[dict[int, int]] = field(default_factory=list)
    ended: list[list[int]] = field(default_factory=list)
    choices: list[list[int]] = field(default_factory=list)
    steps: list[list[int]] = field(default_factory=list)

    def tables(self, slots: int, names: int, shared: list[int]) -> Tables:
        """Everything written, as arrays; an account has so many ``slots``, a pool so many different layers, people share some keys."""

        def table(rows: list[list[int]], names: Sequence[object]) -> Table:
            return _read_only(np.array(rows, np.int64).reshape(len(rows), len(names)))

        def column(numbers: list[int]) -> Table:
            return _read_only(np.array(numbers, np.int64))

        return Tables(
            table(self.variants, VARIANT_FIELDS),
            table(self.layers, LAYER_FIELDS),
            table(self.bands, BAND_FIELDS),
            table(self.caps, CAP_FIELDS),
            table(self.entries, ENTRY_FIELDS),
            column(self.amounts),
            column(self.draws),
            column(self.visits),
            table([[one.get(slot, -1) for slot in range(slots)] for one in self.keys if any(self.keys)], range(slots)),
            slots,
            names,
            max((row[-1] for row in self.variants), default=0),
            table(self.ended, ENDED_FIELDS),
            table(self.choices, CHOICE_FIELDS),
            table(self.steps, STEP_FIELDS),
            column(shared),
        )

    def add(
        self,
        resolved: Resolved,
        slots: dict[str, int],
        names: Sequence[str],
        keys: Mapping[str, int],
        ended: Iterable[Ended] = (),
    ) -> int:
        """Write one resolved rule of a pool whose layers have ``names``; returns its number.

        ``keys`` says of groups kept apart by a key which key it is, ``ended`` what becomes of groups whose period is over.
        """
        self.keys.append({slots[group] >> 2: key for group, key in keys.items()})
        start, amounts = len(self.layers), amounts_of(resolved)
        own = {amount: place for place, amount in enumerate(amounts)} | self._choices(resolved, slots)
        for one in ended:
            bounds = [-1 if fen is None else fen for fen in (one.limit_fen, one.most_fen)]
            counted_in = -1 if one.counted_in is None else slots[one.counted_in]
            self.ended.append([len(self.variants), slots[one.group], *bounds, counted_in])
        for number, layer in enumerate(resolved.layers):
            self.layers.append([*self._layer(number, layer, resolved.layers, slots, own), names.index(layer.name)])
        visits_start = len(self.visits)
        counted = (layer.visits for layer in resolved.layers if layer.visits is not None and layer.visits.counts)
        self.visits.extend(dict.fromkeys(slots[visits.group] for visits in counted))
        pooled = [number for number, layer in enumerate(resolved.layers) if layer.fund == "hifp_pay"]
        self.variants.append(
            [
                resolved.entry_bp,
                start,
                len(self.layers),
                *_over_all(resolved.ceiling, resolved.layers),
                *_over_all(resolved.guarantee, resolved.layers),
                _place_of(resolved.guarantee, resolved.layers),
                visits_start,
                len(self.visits),
                pooled[0] if pooled else -1,
                len(amounts),
            ]
        )
        return len(self.variants) - 1

    def _choices(self, resolved: Resolved, slots: dict[str, int]) -> dict[Amount, int]:
        """Write the amounts that a counter selects; below -1, which of them each is."""
        found = {}
        for amount in choices_of(resolved):
            select, start = amount.select, len(self.steps)
            if select is not None:
                fens = [apply_bp(fen, amount.ratio_bp) for fen in amount.amounts_fen or ()]
                self.steps += [[low, fen] for low, fen in zip((0, *bounds_of(select)), fens, strict=True)]
                found[amount] = -2 - len(self.choices)
                reads = slots[select.group], COUNTERS.index(select.counter)
                self.choices.append([len(self.variants), *reads, start, len(self.steps)])
        return found

    def _layer(
        self,
        number: int,
        layer: ResolvedLayer,
        layers: tuple[ResolvedLayer, ...],
        slots: dict[str, int],
        own: Mapping[Amount, int],
    ) -> list[int]:
        earlier = layers[:number]
        limit, deductible, visits, bands = layer.limit, layer.deductible, layer.visits, layer.bands

        def slot(group: str | None) -> int:
            return -1 if group is None else slots[group]

        row = [PAYERS.index(layer.fund), *self._entries(layer.entry, earlier, own)]
        row += [
            _KINDS[limit.per if limit else None],
            limit.amount_fen if limit else 0,
            slot(limit.group) if limit and limit.per == "period" else -1,
            _mask(
                limit is not None
                and limit.per == "period"
                and other.limit is not None
                and other.limit.per == "period"
                and other.limit.group == limit.group
                for other in earlier
            ),
        ]
        amounts = deductible.amounts_fen if deductible else (0,)
        self.amounts.extend(amounts)
        row += [
            _KINDS[deductible.per if deductible else None],
            len(self.amounts) - len(amounts),
            len(self.amounts) - 1,
            slot(deductible.group) if deductible else -1,
            _mask(
                deductible is not None
                and deductible.group is not None
                and other.deductible is not None
                and other.deductible.group == deductible.group
                for other in earlier
            ),
            int(deductible is not None and deductible.exempt),
            int(deductible is not None and deductible.credits),
            slot(visits.group) if visits else -1,
        ]
        row += [*self._bands(bands), slot(bands.group)]
        select = bands.select
        row += [slot(select.group) if select else -1, COUNTERS.index(select.counter) if select else 0]
        row += self._caps(layer.caps, earlier, slots, own)
        row += _own(limit, own) + _own(deductible, own)
        per_period = deductible is not None and deductible.per == "period"
        toward = _mask(
            per_period
            and deductible is not None
            and other.counts_toward is not None
            and other.counts_toward.group == deductible.group
            for other in earlier
        )
        row += [slot(layer.counts_toward.group) if layer.counts_toward else -1, toward]
        return row + _unit(layer.rounding)

    def _entries(
        self, entry: tuple[Entry, ...], earlier: tuple[ResolvedLayer, ...], own: Mapping[Amount, int]
    ) -> list[int]:
        start = len(self.entries)
        names = [layer.name for layer in earlier]
        for component in sorted(
            entry, key=lambda one: one.of_claim is not None
        ):  # parts in columns lie behind the others
            of_layer = -1 if component.layer is None else names.index(component.layer)
            of_claim = -1 if component.of_claim is None else own[component.of_claim]
            self.entries.append([_PARTS[component.part], of_layer, component.ratio_bp, of_claim])
        return [start, len(self.entries)]

    def _bands(self, bands: Bands) -> list[int]:
        """Write bands with what all lower bands amount to: whole fen, and a rest in 1/10 000 fen; no amount where they are selected."""
        start, upto = len(self.bands), _bounds(bands)
        below = 0
        for lower, upper, ratio in zip((0, *upto), (*upto, 0), bands.ratio_bp, strict=True):
            self.bands.append([lower, ratio, below // BP_ONE, below % BP_ONE])
            below += ratio * (upper - lower)
        kind = _SELECTED if bands.select is not None else _BANDS_KINDS[bands.per, bands.measured]
        return [kind, start, len(self.bands)]

    def _caps(
        self,
        caps: tuple[Cap, ...],
        earlier: tuple[ResolvedLayer, ...],
        slots: dict[str, int],
        own: Mapping[Amount, int],
    ) -> list[int]:
        start, draw_start = len(self.caps), len(self.draws)
        for cap in caps:
            mask = _mask(cap.group is not None and any(c.group == cap.group for c in o.caps) for o in earlier)
            if cap.amount_fen is not None:
                reference = -1 if cap.group is None else slots[cap.group]
                self.caps.append([int(cap.per == "period"), cap.amount_fen, reference, mask, *_own(cap, own)])
        self.draws.extend(dict.fromkeys(slots[cap.group] for cap in caps if cap.group is not None))
        return [start, len(self.caps), draw_start, len(self.draws)]


def _own(setting: Deductible | Limit | Cap | None, own: Mapping[Amount, int]) -> list[int]:
    """Which of the claim's own amounts a setting asks for, -1 for none, below that of those that a counter selects.

    Then, whether every settlement of a stay has it for itself.
    """
    amount = None if setting is None else setting.of_claim
    return [-1, 0] if amount is None else [own[amount], int(amount.each)]


def _unit(rounding: Rounding | None) -> list[int]:
    """To what a payment is rounded (0: half up to the fen), to which side, and whether the person's share is instead."""
    if rounding is None:
        return [0, 0, 0]
    return [rounding.unit_fen, SIDES.index(rounding.side), int(rounding.of == "own_share")]


def _over_all(bound: Ceiling | Guarantee | None, layers: Sequence[ResolvedLayer]) -> list[int]:
    """A bound on what layers pay together: its ratio (-1: there is none), whether it is of the total, and the layers as a mask."""
    if bound is None:
        return [-1, 0, 0]
    return [bound.ratio_bp, int(bound.of == "medfee_sumamt"), _mask(layer.name in bound.layers for layer in layers)]


def _place_of(guarantee: Guarantee | None, layers: Sequence[ResolvedLayer]) -> int:
    return -1 if guarantee is None else [layer.name for layer in layers].index(guarantee.to)


def _read_only(array: Table) -> Table:
    array.flags.writeable = False
    return array


def _bounds(bands: Bands) -> tuple[int, ...]:
    """The inner bounds of bands in the unit of what is compared with them: fen, or visits where visits select."""
    if bands.select is None:
        return bands.upto_fen
    return bounds_of(bands.select)


def _mask(bits: Iterable[bool]) -> int:
    return sum(1 << number for number, bit in enumerate(bits) if bit)
