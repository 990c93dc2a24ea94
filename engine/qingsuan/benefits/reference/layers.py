"""The layers of one claim, in whole numbers and plain Python: the slow twin's second half.

Every step is kept (:class:`LayerStep`), so that a result can be explained line by line. Amounts are in fen.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from qingsuan.benefits.reference.rounding import rounded
from qingsuan.benefits.reference.rules import OwnAmounts, Plan, Setting
from qingsuan.benefits.reference.steps import NOTHING, Bill, Counters, LayerStep, Stay, add, drawn_on, used_by
from qingsuan.benefits.reference.trace import BoundTrace, ClaimTrace, LayerTrace, Part, Used
from qingsuan.money import BP_ONE, apply_bp
from qingsuan.policy.model import PERSONAL_ACCOUNT, Cap, Ceiling, Guarantee, Limit, Select
from qingsuan.policy.per_claim.amount import Amount

__all__ = ["run_layers"]


@dataclass(slots=True)
class _Running:
    """What the earlier layers of the same claim did: later ones see it at once where a bound is shared."""

    before: Mapping[str, Counters]
    stay: Stay
    own: OwnAmounts
    account_fen: int = 0
    paid_fen: int = 0
    steps: dict[str, LayerStep] = field(default_factory=dict)
    used: dict[str, int] = field(default_factory=dict)
    let_in: dict[str, int] = field(default_factory=dict)
    drawn: dict[str, int] = field(default_factory=dict)
    note: LayerTrace | None = None


def run_layers(
    plan: Plan,
    bill: Bill,
    before: Mapping[str, Counters],
    stay: Stay | None = None,
    own: OwnAmounts | None = None,
    account_fen: int = 0,
    trace: ClaimTrace | None = None,
) -> tuple[LayerStep, ...]:
    """Run a rule's layers over one bill.

    Parameters
    ----------
    before
        Group -> its counters before this claim, in the period of the claim; an absent group has counted nothing.
        Not changed here: see :func:`qingsuan.benefits.reference.steps.counted`.
    stay
        What the stay has come to whose part this bill is; its visit numbers are kept here. None: a whole visit.
    own
        The amounts that the claim has for itself.
    account_fen
        What the personal account may pay of the claim, where it has a turn.
    trace
        Where every step is noted; None notes nothing.
    """
    running = _Running(before, stay or Stay(), own or {}, account_fen)
    entered_fen = apply_bp(bill.inscp_scp_amt, plan.rule.entry_bp)
    if trace is not None:
        trace.entered_fen = entered_fen
    for setting in plan.settings:
        if trace is not None:
            running.note = trace.layers[setting.layer] = LayerTrace()
        step = _step(setting, bill, entered_fen, running)
        running.steps[setting.layer] = step
        running.paid_fen += step.pay_fen
        if step.account_fen is not None:
            running.account_fen -= step.pay_fen
        if setting.limit is not None and setting.limit.group is not None:
            add(running.let_in, setting.limit.group, step.base_fen)
        for group, used_fen in used_by(step):
            add(running.used, group, used_fen)
        for group in drawn_on(setting.caps):
            add(running.drawn, group, step.pay_fen)
    steps = tuple(running.steps.values())
    if plan.rule.guarantee is not None:
        _make_up(plan.rule.guarantee, bill, steps, trace)
    if plan.rule.ceiling is not None:
        _take_back(plan.rule.ceiling, bill, steps, trace)
    return steps


def _step(setting: Setting, bill: Bill, entered_fen: int, running: _Running) -> LayerStep:
    components_fen = _components(setting, bill, entered_fen, running)
    base_fen, limit_fen = max(0, sum(components_fen)), None
    if setting.limit is not None:
        limit_fen = _limit(setting, setting.limit, running)
        base_fen = min(base_fen, limit_fen)

    visit_number = 0 if setting.visits is None else _visit_number(setting.visits.group, running)
    standard_fen = _standard(setting, visit_number, running)
    would_take_fen = min(base_fen, standard_fen)
    is_exempt = setting.deductible is not None and setting.deductible.exempt
    is_credited = setting.deductible is not None and setting.deductible.credits
    d_fen = 0 if is_exempt else would_take_fen
    x_fen = base_fen - d_fen

    p0_fen, raw_fen, share_bp = _by_bands(setting, d_fen, x_fen, running)
    left_of_bill_fen = bill.medfee_sumamt - running.paid_fen
    if running.note is not None:
        running.note.gives_fen = raw_fen
    raw_fen = min(raw_fen, left_of_bill_fen)
    rooms_fen = tuple(_room(cap, setting, running) for cap in setting.caps)
    account_fen = running.account_fen if setting.fund == PERSONAL_ACCOUNT else None
    bounds_fen = [room_fen for room_fen in (*rooms_fen, account_fen) if room_fen is not None]
    pay_fen = max(0, min([raw_fen, *bounds_fen]))
    if running.note is not None:
        running.note.left_of_bill_fen, running.note.capped_fen = left_of_bill_fen, pay_fen
    return LayerStep(
        setting=setting,
        components_fen=components_fen,
        limit_fen=limit_fen,
        base_fen=base_fen,
        visit_number=visit_number,
        standard_fen=standard_fen,
        d_fen=d_fen,
        credited_fen=would_take_fen if is_credited else d_fen,
        x_fen=x_fen,
        p0_fen=p0_fen,
        share_bp=share_bp,
        raw_fen=raw_fen,
        rooms_fen=rooms_fen,
        pay_fen=pay_fen,
        cost_above_cap_fen=0 if pay_fen == raw_fen else x_fen - _cost_of(setting, pay_fen, d_fen, x_fen, running),
        account_fen=account_fen,
    )


def _components(setting: Setting, bill: Bill, entered_fen: int, running: _Running) -> tuple[int, ...]:
    """What enters: each component multiplied and rounded on its own; a share below 0 is taken off."""
    found = []
    for entry in setting.entry:
        if entry.layer is not None:
            part_fen: int = getattr(running.steps[entry.layer], _LEFT[entry.part])
        elif entry.part == "inscp_scp_amt":
            part_fen = max(0, entered_fen - running.paid_fen)
        elif entry.of_claim is not None:
            part_fen = running.own[entry.of_claim]
        else:
            part_fen = getattr(bill, entry.part)
        share_fen = apply_bp(part_fen, abs(entry.ratio_bp))
        found.append(-share_fen if entry.ratio_bp < 0 else share_fen)
        if running.note is not None:
            running.note.parts_fen.append(part_fen)
    return tuple(found)


_LEFT = {
    "left_by_ratio": "left_by_ratio_fen",
    "cut_by_cap": "cut_by_cap_fen",
    "deductible": "d_fen",
    "cost_above_cap": "cost_above_cap_fen",
    "cost_above_limit": "cost_above_limit_fen",
}


def _visit_number(group: str, running: _Running) -> int:
    """How many visits the group counted before this one; of a stay, before its first part."""
    return running.stay.numbers.setdefault(group, running.before.get(group, NOTHING).visits)


def _limit(setting: Setting, limit: Limit, running: _Running) -> int:
    """What the limit on the base (封顶) leaves room for."""
    amount_fen = limit.amount_fen if limit.of_claim is None else _own(limit.of_claim, running)
    if limit.of_claim is not None and limit.of_claim.each:
        so_far_fen = 0
    elif limit.per == "visit":
        so_far_fen = running.stay.of(setting.layer).base
    else:
        group = str(limit.group)
        so_far_fen = running.before.get(group, NOTHING).base + running.let_in.get(group, 0)
    if running.note is not None:
        running.note.limit = Used(amount_fen, so_far_fen)
    return max(0, amount_fen - so_far_fen)


def _own(amount: Amount, running: _Running) -> int:
    """An amount of the claim's own; where a counter selects it, by what that was before the claim."""
    if amount.select is None:
        return running.own[amount]
    value = _counter(amount.select, running)
    selected = bisect_right(_steps(amount.select), value)
    if running.note is not None:
        running.note.chosen[amount] = value
    return apply_bp((amount.amounts_fen or ())[selected], amount.ratio_bp)


def _counter(select: Select, running: _Running) -> int:
    """What a selecting counter was before the claim."""
    counted: int = getattr(running.before.get(select.group, NOTHING), select.counter)
    return _visit_number(select.group, running) if select.counter == "visits" else counted


def _standard(setting: Setting, visit_number: int, running: _Running) -> int:
    """The deductible D: relief lowers the standard first, then what the period has used is taken off."""
    deductible = setting.deductible
    if deductible is None:
        return 0
    standards_fen, of_claim = setting.standards_fen, deductible.of_claim
    if of_claim is not None:
        standards_fen = (_own(of_claim, running),)
    standard_fen = standards_fen[min(visit_number, len(standards_fen) - 1) if deductible.per == "visit" else 0]
    if of_claim is not None and of_claim.each:
        used_fen = 0
    elif deductible.per == "visit":
        used_fen = running.stay.of(setting.layer).deductible_used
    else:
        group = str(deductible.group)
        used_fen = running.before.get(group, NOTHING).deductible_used + running.used.get(group, 0)
    if running.note is not None:
        running.note.deductible = Used(standard_fen, used_fen)
    return max(0, standard_fen - used_fen)


def _by_bands(setting: Setting, d_fen: int, x_fen: int, running: _Running) -> tuple[int, int, int]:
    """Where x starts on the bands, what they give for it, and that as a ratio of x in basis points."""
    bands, ratio_bp = setting.bands, setting.ratio_bp
    if bands.select is not None:
        value = _counter(bands.select, running)
        selected = bisect_right(_steps(bands.select), value)
        selected_bp = ratio_bp[selected]
        if running.note is not None:
            _note_bands(running.note, [Part(selected, 0, x_fen, x_fen * selected_bp)], (0, x_fen * selected_bp), value)
        product = x_fen * selected_bp
        return 0, _paid(setting, 0, x_fen, 0, product), selected_bp
    p0_fen = _start(setting, d_fen, running)
    low, high = _exact(bands.upto_fen, ratio_bp, p0_fen), _exact(bands.upto_fen, ratio_bp, p0_fen + x_fen)
    if running.note is not None:
        _note_bands(running.note, _parts(bands.upto_fen, ratio_bp, p0_fen, p0_fen + x_fen), (low, high))
    if x_fen == 0:
        share_bp = ratio_bp[bisect_right(bands.upto_fen, p0_fen)]
    else:
        share_bp = (2 * (high - low) + x_fen) // (2 * x_fen)
    return p0_fen, _paid(setting, p0_fen, x_fen, low, high), share_bp


def _paid(setting: Setting, p0_fen: int, x_fen: int, low: int, high: int) -> int:
    """What bands give for x, rounded once: to the fen, unless the layer says otherwise."""
    how = setting.rounding
    return _round(high) - _round(low) if how is None else rounded(how, p0_fen, x_fen, low, high)


def _note_bands(note: LayerTrace, parts: list[Part], sums_fen_bp: tuple[int, int], value: int | None = None) -> None:
    note.parts, note.counter_value = parts, value
    note.start_fen, note.end_fen = (_round(one) for one in sums_fen_bp)


def _parts(upto_fen: tuple[int, ...], ratio_bp: tuple[int, ...], start_fen: int, end_fen: int) -> list[Part]:
    """What of a stretch lies in which band, and what the bands' sum grows by over it."""
    found = []
    for band, (low_fen, high_fen) in enumerate(zip((0, *upto_fen), (*upto_fen, end_fen), strict=True)):
        begin_fen, stop_fen = max(low_fen, start_fen), min(high_fen, end_fen)
        if begin_fen < stop_fen:
            product = _exact(upto_fen, ratio_bp, stop_fen) - _exact(upto_fen, ratio_bp, begin_fen)
            found.append(Part(band, begin_fen, stop_fen, product))
    return found


def _cost_of(setting: Setting, pay_fen: int, d_fen: int, x_fen: int, running: _Running) -> int:
    """The smallest cost above the deductible for which the bands give a payment: found by trying, as more cost never gives less."""
    note, running.note = running.note, None  # what is tried is not what happens
    found = bisect_left(range(x_fen), pay_fen, key=lambda cost_fen: _by_bands(setting, d_fen, cost_fen, running)[1])
    running.note = note
    return found


def _steps(select: Select) -> list[int]:
    """The bounds of a selecting counter: visits are counted one by one, every other counter in fen."""
    if select.counter == "visits":
        return [int(bound) for bound in select.upto]
    return [int(Decimal(bound) * 100) for bound in select.upto]


def _start(setting: Setting, d_fen: int, running: _Running) -> int:
    bands = setting.bands
    absolute = bands.measured == "absolute"
    if bands.per == "visit":
        of_stay = running.stay.of(setting.layer) if len(bands.ratio_bp) > 1 else NOTHING
        return of_stay.base + d_fen if absolute else of_stay.excess
    so_far = running.before.get(str(bands.group), NOTHING)
    return so_far.base + d_fen if absolute else so_far.excess


def _exact(upto_fen: tuple[int, ...], ratio_bp: tuple[int, ...], t_fen: int) -> int:
    """B(t), exact: in fen times basis points."""
    total, low_fen = 0, 0
    for high_fen, band_bp in zip(upto_fen, ratio_bp, strict=False):
        if t_fen <= high_fen:
            return total + (t_fen - low_fen) * band_bp
        total += (high_fen - low_fen) * band_bp
        low_fen = high_fen
    return total + (t_fen - low_fen) * ratio_bp[-1]


def _round(fen_bp: int) -> int:
    return (fen_bp + BP_ONE // 2) // BP_ONE


def _room(cap: Cap, setting: Setting, running: _Running) -> int | None:
    """What a cap leaves for this layer; None where it does not bind."""
    if cap.amount_fen is None or ("visit" if cap.per == "visit" else cap.group) in setting.lifted:
        if running.note is not None:
            running.note.caps.append(Used(cap.amount_fen if cap.of_claim is None else None, None))
        return None
    amount_fen = cap.amount_fen if cap.of_claim is None else _own(cap.of_claim, running)
    drawn_fen = _drawn(cap, setting, running)
    carried_fen = running.before.get(str(cap.group), NOTHING).carried if cap.per == "period" else 0
    if running.note is not None:
        running.note.caps.append(Used(amount_fen, drawn_fen, carried_fen))
    return amount_fen + carried_fen - drawn_fen


def _drawn(cap: Cap, setting: Setting, running: _Running) -> int:
    """What was paid before of what a cap bounds."""
    of_each = cap.of_claim is not None and cap.of_claim.each
    if cap.group is None:
        return 0 if of_each else running.stay.of(setting.layer).paid
    drawn_fen = running.drawn.get(cap.group, 0)
    if cap.per == "period":
        drawn_fen += running.before.get(cap.group, NOTHING).paid
    elif not of_each:
        drawn_fen += running.stay.drawn.get(cap.group, 0)
    return drawn_fen


def _make_up(guarantee: Guarantee, bill: Bill, steps: Sequence[LayerStep], trace: ClaimTrace | None) -> None:
    """Add what the named layers lack of their share (保底) to the one that has to pay it, as long as anything of the bill is left."""
    pays = {step.setting.layer: step.pay_fen for step in steps}
    of_fen: int = getattr(bill, guarantee.of)
    share_fen, paid_fen = apply_bp(of_fen, guarantee.ratio_bp), sum(pays[name] for name in set(guarantee.layers))
    if trace is not None:
        trace.guarantee = BoundTrace(of_fen, share_fen, paid_fen)
    added_fen = max(0, min(share_fen - paid_fen, bill.medfee_sumamt - sum(pays.values())))
    for step in steps:
        if step.setting.layer == guarantee.to:
            step.pay_fen += added_fen
            step.made_up_fen = added_fen


def _take_back(ceiling: Ceiling, bill: Bill, steps: Sequence[LayerStep], trace: ClaimTrace | None) -> None:
    """Close the list: what the named layers paid beyond the ceiling comes back, from the last of them first."""
    of_fen = bill.medfee_sumamt if ceiling.of == "medfee_sumamt" else bill.inscp_scp_amt
    named = [step for step in steps if step.setting.layer in ceiling.layers]
    share_fen, paid_fen = apply_bp(of_fen, ceiling.ratio_bp), sum(step.pay_fen for step in named)
    if trace is not None:
        trace.ceiling = BoundTrace(of_fen, share_fen, paid_fen)
    beyond_fen = paid_fen - share_fen
    for step in reversed(named):
        back_fen = max(0, min(beyond_fen, step.pay_fen))
        step.pay_fen -= back_fen
        step.taken_back_fen = back_fen
        beyond_fen -= back_fen
