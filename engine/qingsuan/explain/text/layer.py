"""One layer's turn, line by line."""

from __future__ import annotations

from collections.abc import Iterator

from qingsuan.explain.document import Bands, CapUse, CaseHeld, DeductibleUse, Layer, LimitUse
from qingsuan.explain.names import Names
from qingsuan.explain.text.lines import conditions, indented, sources
from qingsuan.money import BP_ONE
from qingsuan.pages.numbers import exact_yuan, grouped_yuan, percent

__all__ = ["layer_lines"]


def layer_lines(names: Names, number: int, layer: Layer) -> Iterator[str]:
    """What entered, what was deducted, what the bands gave, what caps left, and what was paid."""
    yield f"{number}. {layer.layer}: {names.fund(layer.fund)} ({layer.fund})"
    yield from indented(_steps(names, layer))


def _steps(names: Names, layer: Layer) -> Iterator[str]:
    speak = names.words.speak
    for case in layer.cases:
        yield from _case(names, case)
    for one in layer.components:
        of = f"{names.part(one.part)}{f' ({one.layer})' if one.layer else ''}"
        product = f"{grouped_yuan(one.part_fen)} × {percent(one.ratio_bp)} = {exact_yuan(one.product_fen_bp)}"
        yield f"{of}: {product} → {grouped_yuan(one.entered_fen)}"
        yield from indented(sources(names, one.sources))
    yield f"{speak('enters')}: {grouped_yuan(layer.entered_fen)}"
    if layer.limit is not None:
        yield from _limit(names, layer.limit)
    yield f"{speak('base')}: {grouped_yuan(layer.base_fen)}"
    if layer.visits is not None:
        said = speak(
            "earlier visits counted in {group}: {number}", number=layer.visits.before, group=layer.visits.group
        )
        yield said if layer.visits.counts else f"{said}; {speak('this one does not count')}"
        yield from indented(sources(names, layer.visits.sources))
    if layer.deductible is not None:
        yield from _deductible(names, layer.deductible)
    yield f"{speak('above the deductible')}: {grouped_yuan(layer.x_fen)}"
    yield from _bands(names, layer.bands)
    if layer.raw_fen != layer.bands.gives_fen:
        yield speak("{left} is left of the bill", left=grouped_yuan(layer.left_of_bill_fen))
    yield f"{speak('before the caps')}: {grouped_yuan(layer.raw_fen)}"
    yield from _bounded(names, layer)
    yield f"{speak('payment')}: {grouped_yuan(layer.pay_fen)}"
    if layer.counts_toward is not None:
        yield speak("The payment counts as deductible used of {group}.", group=layer.counts_toward.group)
        yield from indented(sources(names, layer.counts_toward.sources))


def _bounded(names: Names, layer: Layer) -> Iterator[str]:
    """What the caps left, and what was added and taken back after them."""
    speak = names.words.speak
    for cap in layer.caps:
        yield from _cap(names, cap)
    if layer.account_left_fen is not None:
        left = speak("{amount} left", amount=grouped_yuan(layer.account_left_fen))
        yield f"{speak('personal account')}: {left}"
    yield f"{speak('after the caps')}: {grouped_yuan(layer.capped_fen)}"
    if layer.made_up_fen:
        yield f"{speak('added by the guarantee')}: {grouped_yuan(layer.made_up_fen)}"
    if layer.taken_back_fen:
        yield f"{speak('taken back by the ceiling')}: {grouped_yuan(layer.taken_back_fen)}"


def _case(names: Names, case: CaseHeld) -> Iterator[str]:
    speak = names.words.speak
    listed = ("、" if names.words.lang == "zh" else ", ").join(map(names.setting, case.sets))
    cell = f" {case.cell}" if case.cell else ""
    yield f"{speak('A case of this layer holds')}{cell}; {speak('it sets')}: {listed}"
    yield from indented(conditions(names, case.conditions))
    yield from indented(sources(names, case.sources))


def _per(names: Names, one: LimitUse | DeductibleUse | CapUse | Bands) -> str:
    speak = names.words.speak
    said = speak("per visit") if one.per == "visit" else speak("per period")
    return f"{said}{f' ({one.group})' if one.group else ''}"


def _origin(one: LimitUse | DeductibleUse | CapUse) -> str:
    return f" ({one.origin_says})" if one.origin_says else ""


def _limit(names: Names, limit: LimitUse) -> Iterator[str]:
    speak = names.words.speak
    amount, used, left = (grouped_yuan(fen) for fen in (limit.amount_fen, limit.used_before_fen, limit.left_fen))
    said = speak("{amount}, {used} used before, {left} left", amount=amount, used=used, left=left)
    cut = f" {speak('The limit cuts off.')}" if limit.binds else ""
    yield f"{speak('limit on what enters')}: {_per(names, limit)} {said}{_origin(limit)}{cut}"
    yield from indented(sources(names, limit.sources))


def _deductible(names: Names, one: DeductibleUse) -> Iterator[str]:
    speak = names.words.speak
    schedule = " / ".join(map(grouped_yuan, one.schedule_fen))
    yield f"{speak('deductible')}: {_per(names, one)} {schedule}{_origin(one)}"
    yield "  " + speak(
        "standard {standard} × {relief} = {relieved}",
        standard=grouped_yuan(one.standard_fen),
        relief=percent(one.relief_bp),
        relieved=grouped_yuan(one.relieved_fen),
    )
    yield "  " + speak(
        "{used} used before, {left} left", used=grouped_yuan(one.used_before_fen), left=grouped_yuan(one.left_fen)
    )
    if one.exempt:
        yield f"  {speak('Nothing is taken from this person.')}"
    yield "  " + speak(
        "{taken} taken, {credited} counts as used",
        taken=grouped_yuan(one.taken_fen),
        credited=grouped_yuan(one.credited_fen),
    )
    yield from indented(sources(names, one.sources))


def _bands(names: Names, one: Bands) -> Iterator[str]:
    speak = names.words.speak
    yield f"{speak('ratios')}: {_measured(names, one)}"
    yield from indented(sources(names, one.sources))
    if one.points_bp or one.own_bp != BP_ONE:
        points, own = percent(one.points_bp), percent(one.own_bp)
        yield "  " + speak("added to every ratio: {points}; own share multiplied by {own}", points=points, own=own)
    in_visits = one.counter == "visits"
    for band in one.crossed:
        bounds = [str(fen) if in_visits else grouped_yuan(fen) for fen in (band.from_fen, band.upto_fen or 0)]
        upto = bounds[1] if band.upto_fen is not None else "∞"
        product = f"{grouped_yuan(band.part_fen)} × {percent(band.ratio_bp)} = {exact_yuan(band.product_fen_bp)}"
        yield f"  {bounds[0]} – {upto}: {product}"
    if one.rounding is not None:
        how = one.rounding
        yield f"  {speak('the rounding')}: {grouped_yuan(how.unit_fen)} {how.side} {how.of}"
        yield from indented(indented(sources(names, how.sources)))
        yield f"  {exact_yuan(one.product_fen_bp)} → {grouped_yuan(one.gives_fen)}"
        return
    rounded = f"{grouped_yuan(one.at_end_fen)} − {grouped_yuan(one.at_start_fen)} = {grouped_yuan(one.gives_fen)}"
    yield f"  {speak('the bands give, rounded to the fen')}: {rounded}"


def _measured(names: Names, one: Bands) -> str:
    speak = names.words.speak
    if one.counter is not None:
        value = one.counter_value or 0
        shown = str(value) if one.counter == "visits" else grouped_yuan(value)
        said = speak(
            "the band is selected by a counter: {group}, {counter}",
            group=one.group or "",
            counter=names.counter(one.counter),
        )
        return f"{said}: {shown}"
    how = (
        speak("bands on the amount itself, the deductible included")
        if one.measured == "absolute"
        else speak("bands on what lies above the deductible")
    )
    where = speak("from {start} to {end}", start=grouped_yuan(one.start_fen), end=grouped_yuan(one.end_fen))
    return f"{_per(names, one)} {how}; {where}"


def _cap(names: Names, cap: CapUse) -> Iterator[str]:
    speak = names.words.speak
    amount = speak("no bound of its own") if cap.amount_fen is None else grouped_yuan(cap.amount_fen)
    said = [f"{_per(names, cap)} {amount}{_origin(cap)}"]
    if cap.used_before_fen is not None and cap.left_fen is not None:
        used, left = grouped_yuan(cap.used_before_fen), grouped_yuan(cap.left_fen)
        if cap.carried_fen:
            said.append(speak("{carried} carried over from earlier periods", carried=grouped_yuan(cap.carried_fen)))
        said.append(speak("{used} used before, {left} left", used=used, left=left))
    if cap.lifted:
        said.append(speak("It does not bind this person."))
    if cap.binds:
        said.append(speak("The cap cuts off."))
    yield f"{speak('cap on payment')}: {'; '.join(said)}"
    yield from indented(sources(names, cap.sources))
