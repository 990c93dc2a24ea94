"""The layers of a claim as the document has them, from the steps of the slow twin and what it noted: nothing is calculated here."""

from __future__ import annotations

from bisect import bisect_right

from qingsuan.benefits.reference.amounts import grown, value_of
from qingsuan.benefits.reference.rows import Claim, YearEndShare
from qingsuan.benefits.reference.rules import Setting, holds
from qingsuan.benefits.reference.steps import LayerStep
from qingsuan.benefits.reference.trace import ClaimTrace, LayerTrace, Used
from qingsuan.explain.document import (
    Band,
    Bands,
    CapUse,
    CaseHeld,
    CeilingUse,
    Component,
    CountsToward,
    DeductibleUse,
    GuaranteeUse,
    Layer,
    LimitUse,
    RoundingUse,
    VisitNumber,
    YearEndClaim,
    YearEndUse,
)
from qingsuan.explain.making.asked import Asked
from qingsuan.money import BP_ONE, fen_of_yuan
from qingsuan.policy.counting.steps import bounds_of
from qingsuan.policy.model import Adjust, Cap, Case
from qingsuan.policy.per_claim.amount import Amount

__all__ = ["ceiling_of", "guarantee_of", "layer_of", "year_end_of"]

_SETS = ("visits", "deductible", "bands", "limit", "caps", "entry", "adjust", "counts_toward", "rounding")


def layer_of(asked: Asked, claim: Claim, step: LayerStep, trace: ClaimTrace) -> Layer:
    """One layer's turn."""
    setting, note = step.setting, trace.layers[step.setting.layer]
    own, *conditional = asked.rule_set.layers[setting.layer].cases
    cases = [case for case in conditional if holds(case.when, trace.values)]
    adjusts = [case.adjust for case in (own, *cases) if case.adjust is not None]
    return Layer(
        layer=setting.layer,
        fund=setting.fund,
        cases=tuple(_case(asked, case, trace) for case in ((own,) if own.adjust else ()) + tuple(cases)),
        components=_components(asked, step, note),
        entered_fen=sum(step.components_fen),
        limit=_limit(asked, claim, step, note, trace),
        base_fen=step.base_fen,
        visits=_visits(asked, step),
        deductible=_deductible(asked, claim, step, trace, adjusts),
        x_fen=step.x_fen,
        bands=_bands(asked, step, note, adjusts),
        left_of_bill_fen=note.left_of_bill_fen,
        raw_fen=step.raw_fen,
        caps=tuple(
            _cap(asked, claim, cap, used, step, trace) for cap, used in zip(setting.caps, note.caps, strict=True)
        ),
        account_left_fen=step.account_fen,
        capped_fen=note.capped_fen,
        made_up_fen=step.made_up_fen,
        taken_back_fen=step.taken_back_fen,
        pay_fen=step.pay_fen,
        counts_toward=_toward(asked, step),
    )


def _toward(asked: Asked, step: LayerStep) -> CountsToward | None:
    toward = step.setting.counts_toward
    return None if toward is None else CountsToward(toward.group, asked.sources(toward.source))


def _case(asked: Asked, case: Case, trace: ClaimTrace) -> CaseHeld:
    adjust = case.adjust or Adjust()
    return CaseHeld(
        cell=case.cell,
        conditions=asked.conditions(case.when, trace.values),
        sets=tuple(name for name in _SETS if getattr(case, name) is not None),
        deductible_bp=adjust.deductible_bp,
        points_bp=adjust.points_bp,
        own_bp=adjust.own_bp,
        lifts=adjust.lift_caps,
        sources=asked.sources(adjust.source),
    )


def _components(asked: Asked, step: LayerStep, note: LayerTrace) -> tuple[Component, ...]:
    return tuple(
        Component(
            part=entry.part if entry.of_claim is None else str(entry.of_claim.column or entry.of_claim.value),
            layer=entry.layer,
            part_fen=part_fen,
            ratio_bp=entry.ratio_bp,
            product_fen_bp=part_fen * entry.ratio_bp,
            entered_fen=entered_fen,
            sources=asked.sources(entry.source),
        )
        for entry, part_fen, entered_fen in zip(step.setting.entry, note.parts_fen, step.components_fen, strict=True)
    )


def _limit(asked: Asked, claim: Claim, step: LayerStep, note: LayerTrace, trace: ClaimTrace) -> LimitUse | None:
    limit = step.setting.limit
    if limit is None or note.limit is None or step.limit_fen is None:
        return None
    return LimitUse(
        per=limit.per,
        group=limit.group,
        amount_fen=_plain(note.limit.amount_fen),
        used_before_fen=_plain(note.limit.used_fen),
        left_fen=step.limit_fen,
        binds=step.base_fen < sum(step.components_fen),
        origin_says=_origin(asked, claim, limit.amount_fen, limit.of_claim, trace, step),
        sources=asked.sources(limit.source),
    )


def _visits(asked: Asked, step: LayerStep) -> VisitNumber | None:
    visits = step.setting.visits
    if visits is None:
        return None
    return VisitNumber(visits.group, step.visit_number, visits.counts, asked.sources(visits.source))


def _deductible(
    asked: Asked, claim: Claim, step: LayerStep, trace: ClaimTrace, adjusts: list[Adjust]
) -> DeductibleUse | None:
    found, note = step.setting.deductible, trace.layers[step.setting.layer].deductible
    if found is None or note is None:
        return None
    schedule = found.amounts_fen
    place = min(step.visit_number, len(schedule) - 1) if found.per == "visit" else 0
    if (amount := found.of_claim) is not None and amount.select is not None:
        counted = trace.layers[step.setting.layer].chosen.get(amount, 0)
        schedule, place = amount.amounts_fen or (), bisect_right(bounds_of(amount.select), counted)
    elif amount is not None:
        _, value = value_of(asked.rule_set, amount, claim, trace.values)
        schedule = (grown(amount, value or 0),)
    relief = [one.deductible_bp for one in adjusts if one.deductible_bp is not None]
    return DeductibleUse(
        per=found.per,
        group=found.group,
        schedule_fen=tuple(int(fen) for fen in schedule),
        standard_fen=int(schedule[place]),
        relief_bp=relief[0] if relief else BP_ONE,
        relieved_fen=_plain(note.amount_fen),
        used_before_fen=_plain(note.used_fen),
        left_fen=step.standard_fen,
        exempt=found.exempt,
        taken_fen=step.d_fen,
        credited_fen=step.credited_fen,
        origin_says=_origin(asked, claim, schedule[place], found.of_claim, trace, step),
        sources=asked.sources(found.source),
    )


def _bands(asked: Asked, step: LayerStep, note: LayerTrace, adjusts: list[Adjust]) -> Bands:
    setting = step.setting
    bands, how = setting.bands, setting.rounding
    own = [one.own_bp for one in adjusts if one.own_bp is not None]
    select = bands.select
    if select is None:
        bounds = tuple(int(one) for one in bands.upto_fen)
    else:
        bounds = tuple(int(one) if select.counter == "visits" else fen_of_yuan(one) for one in select.upto)
    return Bands(
        measured="selected" if select else bands.measured,
        per=bands.per,
        group=select.group if select else bands.group,
        counter=select.counter if select else None,
        counter_value=note.counter_value,
        start_fen=step.p0_fen,
        end_fen=step.p0_fen + step.x_fen,
        crossed=_crossed(setting, note, bounds),
        product_fen_bp=sum(part.product_fen_bp for part in note.parts),
        at_end_fen=note.end_fen,
        at_start_fen=note.start_fen,
        rounding=None if how is None else RoundingUse(how.unit_fen, how.side, how.of, asked.sources(how.source)),
        gives_fen=note.gives_fen,
        share_bp=step.share_bp,
        points_bp=sum(one.points_bp for one in adjusts),
        own_bp=own[0] if own else BP_ONE,
        sources=asked.sources(bands.source),
    )


def _crossed(setting: Setting, note: LayerTrace, bounds: tuple[int, ...]) -> tuple[Band, ...]:
    return tuple(
        Band(
            from_fen=(0, *bounds)[part.band],
            upto_fen=(*bounds, None)[part.band],
            written_bp=setting.bands.ratio_bp[part.band],
            ratio_bp=setting.ratio_bp[part.band],
            part_fen=part.high_fen - part.low_fen,
            product_fen_bp=part.product_fen_bp,
        )
        for part in note.parts
        if part.high_fen > part.low_fen
    )


def _cap(asked: Asked, claim: Claim, cap: Cap, used: Used, step: LayerStep, trace: ClaimTrace) -> CapUse:
    name = "visit" if cap.per == "visit" else cap.group
    left = None
    if used.used_fen is not None and used.amount_fen is not None:
        left = max(0, used.amount_fen + used.carried_fen - used.used_fen)
    return CapUse(
        per=cap.per,
        group=cap.group,
        amount_fen=None if used.amount_fen is None else int(used.amount_fen),
        lifted=name in step.setting.lifted,
        used_before_fen=used.used_fen,
        carried_fen=used.carried_fen,
        left_fen=left,
        binds=left is not None and left < step.raw_fen,
        origin_says=_origin(asked, claim, cap.amount_fen, cap.of_claim, trace, step),
        sources=asked.sources(cap.source),
    )


def _origin(asked: Asked, claim: Claim, fen: object, amount: Amount | None, trace: ClaimTrace, step: LayerStep) -> str:
    if amount is not None and amount.select is not None:
        return asked.chosen(amount.select, trace.layers[step.setting.layer].chosen.get(amount))
    value = None if amount is None else value_of(asked.rule_set, amount, claim, trace.values)[1]
    return asked.origin(fen, amount, value)


def guarantee_of(asked: Asked, trace: ClaimTrace, steps: tuple[LayerStep, ...]) -> GuaranteeUse | None:
    """What a guarantee made sure of."""
    found, note = trace.plan.rule.guarantee, trace.guarantee
    if found is None or note is None:
        return None
    added = sum(step.made_up_fen for step in steps)
    share = (note.of_fen, found.ratio_bp, note.share_fen, note.paid_fen, added)
    return GuaranteeUse(found.layers, found.to, found.of, *share, asked.sources(found.source))


def ceiling_of(asked: Asked, trace: ClaimTrace, steps: tuple[LayerStep, ...]) -> CeilingUse | None:
    """What an overall ceiling took back."""
    found, note = trace.plan.rule.ceiling, trace.ceiling
    if found is None or note is None:
        return None
    back = sum(step.taken_back_fen for step in steps)
    share = (note.of_fen, found.ratio_bp, note.share_fen, note.paid_fen, back)
    return CeilingUse(found.layers, found.of, *share, asked.sources(found.source))


def year_end_of(asked: Asked, claim: Claim, share: YearEndShare) -> YearEndUse | None:
    """What is paid at the end of the year, and what of it falls to a claim."""
    trace, end = share.trace, share.step.setting.year_end
    if trace is None or end is None:
        return None
    counted = [YearEndClaim(*one) for one in share.counted]
    after = sum(one.left_fen for one in counted[[one.setl_id for one in counted].index(claim.setl_id) + 1 :])
    return YearEndUse(
        group=end.group,
        counted=tuple(counted),
        layer=layer_of(asked, claim, share.step, trace),
        left_fen=share.left_fen,
        later_fen=min(after, share.step.pay_fen),
        paid_fen=share.paid_fen,
        sources=asked.sources(end.source),
    )


def _plain(fen: int | None) -> int:
    """An amount as a whole number and nothing else: multiples of figures know where they come from."""
    return int(fen or 0)
