"""What the slow twin notes on its way, where it is asked to: the numbers between those that a result keeps.

Everything here is written by the twin while it calculates, and read by :mod:`qingsuan.explain`; nothing is worked out from it. Amounts
are in fen.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

__all__ = ["BoundTrace", "ClaimTrace", "LayerTrace", "Part", "Traces", "Used"]


class Used(NamedTuple):
    """An amount of the rules, what was used of it before, None where nothing binds, and what earlier periods left beside it."""

    amount_fen: int | None
    used_fen: int | None
    carried_fen: int = 0


class Part(NamedTuple):
    """What of x lies in a band: the band's place, from where to where, and the bands' sum over it in fen times basis points."""

    band: int
    low_fen: int
    high_fen: int
    product_fen_bp: int


class BoundTrace(NamedTuple):
    """A share of the bill for several layers together: of how much, the share, and what they had paid."""

    of_fen: int
    share_fen: int
    paid_fen: int


@dataclass(slots=True)
class LayerTrace:
    """One layer's turn.

    Attributes
    ----------
    parts_fen : what there is of each component before its ratio.
    limit : the ceiling on the base; None for none.
    deductible : the standard after relief, and what was used of it; None for none.
    counter_value : what the selecting counter was; None where bands are crossed.
    parts : what of x lies in which band.
    start_fen, end_fen : the bands' sum up to where x starts, and up to where it ends, rounded.
    gives_fen : what the bands give, rounded as the layer says.
    left_of_bill_fen : what the earlier layers left of the bill.
    caps : in the order of the setting.
    capped_fen : the payment after the caps.
    chosen : of amounts that a counter selects what that was.
    """

    parts_fen: list[int] = field(default_factory=list)
    limit: Used | None = None
    deductible: Used | None = None
    counter_value: int | None = None
    parts: list[Part] = field(default_factory=list)
    start_fen: int = 0
    end_fen: int = 0
    gives_fen: int = 0
    left_of_bill_fen: int = 0
    caps: list[Used] = field(default_factory=list)
    capped_fen: int = 0
    chosen: dict[Any, int] = field(default_factory=dict)


@dataclass(slots=True)
class ClaimTrace:
    """One claim; what it did not come to stays as it is.

    Attributes
    ----------
    judged : whether the claim was judged by itself: it is no reversal, was not taken back and not refused before.
    rule_set : the rule set of its pool, scheme and date (:class:`qingsuan.policy.model.RuleSet`).
    insured : the insured row that decides.
    identity_date : the date on which identities are read.
    values : what the claim has in each dimension.
    plan : its rule and the settings of its layers; a text says what it lacks.
    waits : whether its person's waiting period holds; None where the visit did not begin inside of one.
    entered_fen : what of the in-scope amount enters at all.
    layers : by their names.
    guarantee, ceiling : what closes the list of layers.
    places : group -> the group, its period and its key, as counters are kept.
    before, after : counters by group.
    stay : what the layers had counted of the stay before, by their names.
    balance_fen : the personal account before.
    """

    judged: bool = False
    rule_set: Any = None
    insured: Any = None
    identity_date: dt.date | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    plan: Any = None
    waits: bool | None = None
    entered_fen: int = 0
    layers: dict[str, LayerTrace] = field(default_factory=dict)
    guarantee: BoundTrace | None = None
    ceiling: BoundTrace | None = None
    places: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    stay: Mapping[str, Any] | None = None
    balance_fen: int = 0


class Traces:
    """What was noted of claims; each is known by being the very same value."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[Any, ClaimTrace]] = {}

    def of(self, claim: Any) -> ClaimTrace:
        """What was noted of a claim so far; nothing at first."""
        return self._kept.setdefault(id(claim), (claim, ClaimTrace()))[1]
