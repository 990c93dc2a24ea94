"""What the layers of a claim come to, step by step, and how counters move on by it: the slow twin's bookkeeping.

Amounts are in fen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from qingsuan.benefits.reference.rules import Setting
from qingsuan.policy.model import Cap

__all__ = ["NOTHING", "Bill", "Counters", "LayerStep", "Stay", "add", "counted", "drawn_on", "used_by"]


@dataclass(slots=True)
class Counters:
    """What is counted per person, scheme, pool, group and period.

    ``carried`` is what earlier periods left and is not used yet: a payment takes of it first, and of the rest ``paid`` is counted.
    """

    visits: int = 0
    deductible_used: int = 0
    base: int = 0
    excess: int = 0
    paid: int = 0
    carried: int = 0


NOTHING = Counters()
"""What a group has before its first claim of a period; only ever read."""


@dataclass(slots=True)
class Stay:
    """What the settlements of one stay (中途结算) have come to, where they are one visit.

    ``numbers`` is each group's visit number when the stay came to it first, ``counted`` where the stay has counted as a
    visit, ``drawn`` what was paid of the stay by all that draws on a group, ``layers`` what each layer, by its name, has
    used, let in and paid.
    """

    numbers: dict[str, int] = field(default_factory=dict)
    counted: set[str] = field(default_factory=set)
    drawn: dict[str, int] = field(default_factory=dict)
    layers: dict[str, Counters] = field(default_factory=dict)

    def of(self, layer: str) -> Counters:
        """What a layer has come to so far."""
        return self.layers.setdefault(layer, Counters())

    def move_on(self, steps: Sequence[LayerStep]) -> None:
        """Count one more settlement, after its ceiling has taken back what was too much."""
        for step in steps:
            counters = self.of(step.setting.layer)
            counters.deductible_used += step.credited_fen
            counters.base += step.base_fen
            counters.excess += step.x_fen
            counters.paid += step.pay_fen
            for group in drawn_on(step.setting.caps):
                add(self.drawn, group, step.pay_fen)


@dataclass(frozen=True, slots=True)
class Bill:
    """The total of a bill and its four parts."""

    medfee_sumamt: int
    fulamt_ownpay_amt: int
    overlmt_selfpay: int
    preselfpay_amt: int
    inscp_scp_amt: int


@dataclass(slots=True)
class LayerStep:
    """One layer's turn: every number between the bill and the payment.

    ``components_fen`` are the entries after their ratios, ``limit_fen`` what the limit left room for (None: no limit),
    ``visit_number`` the earlier visits n, ``standard_fen`` the deductible D, ``d_fen`` what it took, ``credited_fen``
    what its group is credited with, ``p0_fen`` where x starts on the bands, ``share_bp`` the ratio over x as a whole,
    ``raw_fen`` the payment before the caps, ``rooms_fen`` what each cap left (None: it does not bind), ``pay_fen`` the
    payment, to which a guarantee has added ``made_up_fen``, and off which a ceiling has taken ``taken_back_fen``.
    ``cost_above_cap_fen`` is what of x lies above the caps. In a turn of the personal account ``account_fen`` is what it had
    left, which bounds the payment like a cap; None: a fund's turn.
    """

    setting: Setting
    components_fen: tuple[int, ...]
    limit_fen: int | None
    base_fen: int
    visit_number: int
    standard_fen: int
    d_fen: int
    credited_fen: int
    x_fen: int
    p0_fen: int
    share_bp: int
    raw_fen: int
    rooms_fen: tuple[int | None, ...]
    pay_fen: int
    cost_above_cap_fen: int
    made_up_fen: int = 0
    taken_back_fen: int = 0
    account_fen: int | None = None

    @property
    def cost_above_limit_fen(self) -> int:
        """What the limit kept from entering."""
        return max(0, sum(self.components_fen)) - self.base_fen

    @property
    def left_by_ratio_fen(self) -> int:
        """What the ratio left to the person, before any cap."""
        return self.x_fen - self.raw_fen

    @property
    def cut_by_cap_fen(self) -> int:
        """What the caps cut off, before any guarantee and ceiling."""
        return self.raw_fen - (self.pay_fen + self.taken_back_fen - self.made_up_fen)


def counted(
    steps: Sequence[LayerStep], before: Mapping[str, Counters], stay: Stay | None = None
) -> dict[str, Counters]:
    """Move the counters on after a claim: every group it touches, with its new counters; those of its stay too."""
    after: dict[str, Counters] = {}

    def of(group: str) -> Counters:
        if group not in after:
            old = before.get(group, NOTHING)
            after[group] = replace(old)
        return after[group]

    for step in steps:
        setting = step.setting
        for group, used_fen in used_by(step):
            of(group).deductible_used += used_fen
        if setting.bands.group is not None:
            of(setting.bands.group).base += step.base_fen
            of(setting.bands.group).excess += step.x_fen
        limit_group = None if setting.limit is None else setting.limit.group
        if limit_group is not None and limit_group != setting.bands.group:
            of(limit_group).base += step.base_fen
        for group in drawn_on(setting.caps):
            _pay(of(group), step.pay_fen)
    for group in _visited(steps) - (set() if stay is None else stay.counted):
        of(group).visits += 1
    if stay is not None:
        stay.counted |= _visited(steps)
        stay.move_on(steps)
    return after


def _pay(counters: Counters, pay_fen: int) -> None:
    """Count a payment: what was carried over is used first."""
    of_carried_fen = min(counters.carried, pay_fen)
    counters.carried -= of_carried_fen
    counters.paid += pay_fen - of_carried_fen


def used_by(step: LayerStep) -> list[tuple[str, int]]:
    """The groups of which a layer uses up the deductible: by what it took or credits, and by a payment that counts toward one."""
    deductible, toward = step.setting.deductible, step.setting.counts_toward
    taken = [] if deductible is None or deductible.group is None else [(deductible.group, step.credited_fen)]
    return taken if toward is None else [*taken, (toward.group, step.pay_fen)]


def _visited(steps: Sequence[LayerStep]) -> set[str]:
    """The groups in which a claim counts as a visit."""
    return {step.setting.visits.group for step in steps if step.setting.visits and step.setting.visits.counts}


def drawn_on(caps: Sequence[Cap]) -> list[str]:
    """The groups on which a layer draws, each once."""
    return list(dict.fromkeys(cap.group for cap in caps if cap.group is not None))


def add(sums: dict[str, int], group: str, amount_fen: int) -> None:
    """Add an amount to the sum of a group."""
    sums[group] = sums.get(group, 0) + amount_fen
