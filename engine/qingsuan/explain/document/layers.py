"""The layers of a claim: every number between the bill and the payments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from qingsuan.explain.document.basics import Condition, Source

__all__ = [
    "Band",
    "Bands",
    "CapUse",
    "CaseHeld",
    "CeilingUse",
    "Component",
    "CountsToward",
    "DeductibleUse",
    "GuaranteeUse",
    "Layer",
    "LimitUse",
    "RoundingUse",
    "VisitNumber",
    "YearEndClaim",
    "YearEndUse",
]


@dataclass(frozen=True, slots=True)
class CaseHeld:
    """A case of a layer whose conditions hold, and what it sets in place of the layer's own settings.

    Attributes
    ----------
    cell : the cell of the notice's table that it stands for; empty for none.
    conditions : its conditions, all of them met.
    sets : what it sets: visits, deductible, bands, limit, caps, entry, adjust, counts_toward.
    deductible_bp : what the deductible is multiplied by (倾斜); null where it is not.
    points_bp : what is added to each band's ratio.
    own_bp : what the person's own share of each band is multiplied by; null where it is not.
    lifts : groups whose caps do not bind; "visit" for those of one visit.
    sources : of the adjustment.
    """

    cell: str
    conditions: tuple[Condition, ...]
    sets: tuple[str, ...]
    deductible_bp: int | None
    points_bp: int
    own_bp: int | None
    lifts: tuple[str, ...]
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Component:
    """One component of what enters a layer.

    Attributes
    ----------
    part : a column of the bill or of the plugin's own, or what an earlier layer left: left_by_ratio, cut_by_cap, deductible, cost_above_….
    layer : the earlier layer; null where the part is one of the bill.
    part_fen : what there is of it.
    ratio_bp : the share of it that enters; below 0 where it is taken off.
    product_fen_bp : the two multiplied, before it is rounded.
    entered_fen : the product, rounded.
    sources : of the component; empty where the rule set says nothing, and all in-scope cost that is left enters.
    """

    part: str
    layer: str | None
    part_fen: int
    ratio_bp: int
    product_fen_bp: int
    entered_fen: int
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class LimitUse:
    """The ceiling on the base (封顶 on what enters).

    Attributes
    ----------
    per : "visit" or "period".
    group : the group whose bases are added up; null for none.
    amount_fen : the ceiling.
    used_before_fen : what was let in before this layer's turn.
    left_fen : what is left of it.
    binds : whether it cut anything off.
    origin_says : how the amount was reckoned, where the rules make it of a figure or of what the claim has, in words; empty for others.
    sources : of the ceiling.
    """

    per: Literal["visit", "period"]
    group: str | None
    amount_fen: int
    used_before_fen: int
    left_fen: int
    binds: bool
    origin_says: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class VisitNumber:
    """Which visit it is in the layer's counting group.

    Attributes
    ----------
    group : the group.
    before : the earlier visits of the period, n.
    counts : whether this visit counts itself.
    sources : of the counting.
    """

    group: str
    before: int
    counts: bool
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class DeductibleUse:
    """The deductible (起付线).

    Attributes
    ----------
    per : "visit" or "period".
    group : the group in which it is used up; null for none.
    schedule_fen : the amounts of the rules by visit number; one where there is no schedule.
    standard_fen : the amount of the schedule that is this claim's.
    relief_bp : what it is multiplied by (倾斜); 10 000 for no relief.
    relieved_fen : the standard after the relief.
    used_before_fen : what the period, or the stay, has used of it before.
    left_fen : D, what may be deducted.
    exempt : whether nothing is taken from this person.
    taken_fen : d, what was deducted.
    credited_fen : what the group is credited with.
    origin_says : how the amount was reckoned, where the rules make it of a figure or of what the claim has, in words; empty for others.
    sources : of the deductible.
    """

    per: Literal["visit", "period"]
    group: str | None
    schedule_fen: tuple[int, ...]
    standard_fen: int
    relief_bp: int
    relieved_fen: int
    used_before_fen: int
    left_fen: int
    exempt: bool
    taken_fen: int
    credited_fen: int
    origin_says: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Band:
    """One band that was crossed, with the part of x inside of it.

    Attributes
    ----------
    from_fen : where the band begins.
    upto_fen : where it ends; null for the last one.
    written_bp : its ratio as the rules write it.
    ratio_bp : its ratio after points and multiplied own share.
    part_fen : the part of x that lies inside of it.
    product_fen_bp : part × ratio, before it is rounded.
    """

    from_fen: int
    upto_fen: int | None
    written_bp: int
    ratio_bp: int
    part_fen: int
    product_fen_bp: int


@dataclass(frozen=True, slots=True)
class RoundingUse:
    """To what the payment is rounded, where a document says another unit than the fen.

    Attributes
    ----------
    unit_fen : the unit: 10 is a jiao, 100 a yuan.
    side : "down", "half" up or "up".
    of : what is rounded: the "payment", or the person's "own_share", which leaves the payment.
    sources : of the rounding.
    """

    unit_fen: int
    side: Literal["down", "half", "up"]
    of: Literal["payment", "own_share"]
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Bands:
    """The ratios by band (分段支付比例), and what they give for x.

    Attributes
    ----------
    measured : "excess" above the deductible, "absolute" on the base itself, the deductible included; "selected" by a counter.
    per : "visit" or "period".
    group : the group in which the period's sum goes on; null for none. Of selected bands the group whose counter selects.
    counter : the counter that selects the band: visits, deductible_used, base, excess or paid; null where bands are crossed.
    counter_value : its value before this claim, in fen or visits; null where bands are crossed.
    start_fen : p0, where x starts on the bands.
    end_fen : p0 + x.
    crossed : the bands that x lies in; where x is 0 none.
    product_fen_bp : all products together, before rounding.
    at_end_fen : the bands' sum up to p0 + x, rounded.
    at_start_fen : the bands' sum up to p0, rounded; what the bands give is the difference, unless another rounding is said.
    rounding : another rounding than to the fen; null for none.
    gives_fen : what the bands give.
    share_bp : that as a ratio of x, in basis points.
    points_bp : points that were added to every written ratio.
    own_bp : what the person's own share was multiplied by; 10 000 for nothing.
    sources : of the ratios.
    """

    measured: Literal["excess", "absolute", "selected"]
    per: Literal["visit", "period"]
    group: str | None
    counter: str | None
    counter_value: int | None
    start_fen: int
    end_fen: int
    crossed: tuple[Band, ...]
    product_fen_bp: int
    at_end_fen: int
    at_start_fen: int
    rounding: RoundingUse | None
    gives_fen: int
    share_bp: int
    points_bp: int
    own_bp: int
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class CapUse:
    """A cap on payment (支付限额).

    Attributes
    ----------
    per : "visit" or "period".
    group : the group that draws on it; null where it is the layer's own.
    amount_fen : the cap; null where the layer draws on the group without a bound of its own.
    lifted : whether it does not bind this person.
    used_before_fen : what was drawn before this layer's turn; null where it does not bind.
    carried_fen : what earlier periods left and was not used yet, beside the cap; 0 where the group carries nothing over.
    left_fen : what is left of it; null where it does not bind.
    binds : whether it cut anything off.
    origin_says : how the amount was reckoned, where the rules make it of a figure or of what the claim has, in words; empty for others.
    sources : of the cap.
    """

    per: Literal["visit", "period"]
    group: str | None
    amount_fen: int | None
    lifted: bool
    used_before_fen: int | None
    carried_fen: int
    left_fen: int | None
    binds: bool
    origin_says: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class CountsToward:
    """A deductible that a payment uses up as if the person had borne it.

    Attributes
    ----------
    group : the group of the deductible.
    sources : of that.
    """

    group: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer's turn to pay: every number between the bill and the payment, in the order in which they are worked out.

    Attributes
    ----------
    layer : its name in the rule set.
    fund : the fund that pays, such as hifp_pay.
    cases : the cases of the layer that hold beside its own settings.
    components : what enters, component by component.
    entered_fen : all components together.
    limit : the ceiling on the base; null for none.
    base_fen : what is left of entered_fen under the limit.
    visits : the visit number; null where visits are not counted.
    deductible : null where nothing is deducted.
    x_fen : the base less the deductible.
    bands : the ratios, and what they give.
    left_of_bill_fen : what the earlier layers left of the whole bill: no layer gives more.
    raw_fen : what the bands give, at most left_of_bill_fen: the payment before the caps.
    caps : in the order of the rules.
    account_left_fen : where it is the personal account's turn (acct_pay), what it had left, which bounds the payment like a cap; else null.
    capped_fen : the payment after the caps.
    made_up_fen : what a guarantee added (保底).
    taken_back_fen : what an overall ceiling took back.
    pay_fen : the payment.
    counts_toward : the deductible that the payment uses up, too; null for none.
    """

    layer: str
    fund: str
    cases: tuple[CaseHeld, ...]
    components: tuple[Component, ...]
    entered_fen: int
    limit: LimitUse | None
    base_fen: int
    visits: VisitNumber | None
    deductible: DeductibleUse | None
    x_fen: int
    bands: Bands
    left_of_bill_fen: int
    raw_fen: int
    caps: tuple[CapUse, ...]
    account_left_fen: int | None
    capped_fen: int
    made_up_fen: int
    taken_back_fen: int
    pay_fen: int
    counts_toward: CountsToward | None


@dataclass(frozen=True, slots=True)
class GuaranteeUse:
    """What a guarantee (保底) makes sure of.

    Attributes
    ----------
    layers : the layers that it counts.
    to : the layer that pays what is lacking.
    of : the column of the bill that it is a share of.
    of_fen : its amount.
    ratio_bp : the share.
    share_fen : the share, rounded.
    paid_fen : what the layers had paid.
    added_fen : what was added.
    sources : of the guarantee.
    """

    layers: tuple[str, ...]
    to: str
    of: str
    of_fen: int
    ratio_bp: int
    share_fen: int
    paid_fen: int
    added_fen: int
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class CeilingUse:
    """The overall ceiling of several layers.

    Attributes
    ----------
    layers : the layers that it counts.
    of : the column of the bill that it is a share of.
    of_fen : its amount.
    ratio_bp : the share.
    share_fen : the share, rounded.
    paid_fen : what the layers had paid.
    taken_back_fen : what was taken back, from the last of them first.
    sources : of the ceiling.
    """

    layers: tuple[str, ...]
    of: str
    of_fen: int
    ratio_bp: int
    share_fen: int
    paid_fen: int
    taken_back_fen: int
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class YearEndClaim:
    """A claim that counts at the end of the year.

    Attributes
    ----------
    setl_id : the settlement.
    left_fen : what it left to the person of the amount in scope.
    """

    setl_id: str
    left_fen: int


@dataclass(frozen=True, slots=True)
class YearEndUse:
    """What is paid once, after the person's last claim of the year (年终二次报销), and what of it falls to this claim.

    Attributes
    ----------
    group : the group in which the year is added up.
    counted : the claims of the year whose rules name the layer, in their order; the last of them decides which cases hold.
    layer : the layer's turn: what all of them left is settled as one claim.
    left_fen : what this claim left.
    later_fen : what of the payment falls to later claims: to the last one first, none more than it left.
    paid_fen : what falls to this claim.
    sources : of the settlement at the end of the year.
    """

    group: str
    counted: tuple[YearEndClaim, ...]
    layer: Layer
    left_fen: int
    later_fen: int
    paid_fen: int
    sources: tuple[Source, ...]
