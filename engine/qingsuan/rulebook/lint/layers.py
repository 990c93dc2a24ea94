"""Oddities of layers in their place: one that can pay nothing there, a cap that nothing can reach, numbers that no claim meets.

They are looked for in the rules as resolved, where every case is decided and every relief carried out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from qingsuan.messages import Words as Speech
from qingsuan.money import BP_ONE
from qingsuan.policy.compile import Program
from qingsuan.policy.model import Cap, Entry, RuleSet
from qingsuan.policy.resolve import Resolved, ResolvedLayer
from qingsuan.rulebook.lint.oddity import Oddity
from qingsuan.rulebook.phrases import amount, plain_fen

__all__ = ["odd_layers", "odd_sources", "of_set"]


def odd_layers(rule_set: RuleSet, resolved: Iterable[Resolved], speech: Speech) -> Iterator[Oddity]:
    """Look at every rule as it was resolved."""
    variants = list(resolved)
    for number, rule in enumerate(rule_set.rules):
        own = [one for one in variants if one.rule == number]
        for at, name in enumerate(rule.layers):
            reasons = [_pays_nothing(one.layers[at], one.layers[:at], speech) for one in own]
            if reasons and all(reasons):
                yield Oddity("pays-nothing", rule_set.file, f"rules.{rule.id}.layers: {name}", reasons[0])
    yield from _caps(rule_set, variants, speech)


def _pays_nothing(layer: ResolvedLayer, earlier: tuple[ResolvedLayer, ...], speech: Speech) -> str:
    """Why a layer can pay nothing after the earlier ones; nothing if it can."""
    if not any(layer.bands.ratio_bp):
        return speech.speak("its bands pay 0 % of everything")
    if any(cap.amount_fen == 0 and cap.of_claim is None for cap in layer.caps):
        return speech.speak("a cap of 0")
    if layer.limit is not None and layer.limit.amount_fen == 0 and layer.limit.of_claim is None:
        return speech.speak("a limit of 0 on what enters")
    before = {one.name: one for one in earlier}
    reasons = [_nothing_enters(layer, entry, before, speech) for entry in layer.entry]
    return reasons[0] if all(reasons) else ""


def _nothing_enters(layer: ResolvedLayer, entry: Entry, before: dict[str, ResolvedLayer], speech: Speech) -> str:
    speak = speech.speak
    if entry.ratio_bp == 0:
        return speak("0 % of {part} enters", part=entry.part)
    if entry.layer is None:
        takes_all = next((one.name for one in before.values() if _leaves_nothing(one)), None)
        if entry.part == "inscp_scp_amt" and takes_all is not None:
            return speak("layer {name} before it pays everything in scope", name=takes_all)
        return ""
    source = before[entry.layer]
    if entry.part == "left_by_ratio" and min(source.bands.ratio_bp) == BP_ONE:
        return speak("layer {name} leaves nothing by its ratio, which is 100 %", name=source.name)
    if entry.part == "deductible" and not _takes(source):
        return speak("layer {name} has no deductible", name=source.name)
    if entry.part == "cut_by_cap":
        return _no_room(layer, source, speech)
    return ""


def _leaves_nothing(layer: ResolvedLayer) -> bool:
    whole = layer.entry == (Entry("inscp_scp_amt"),) and min(layer.bands.ratio_bp) == BP_ONE
    return whole and not _takes(layer) and layer.limit is None and all(cap.amount_fen is None for cap in layer.caps)


def _takes(layer: ResolvedLayer) -> bool:
    return layer.deductible is not None and not layer.deductible.exempt and any(layer.deductible.amounts_fen)


def _no_room(layer: ResolvedLayer, source: ResolvedLayer, speech: Speech) -> str:
    """Whether what a cap cuts off can be paid by a layer that draws on the same group, which is full by then."""
    binding = [cap for cap in source.caps if cap.amount_fen is not None]
    if not binding:
        return speech.speak("layer {name} has no cap that could cut anything off", name=source.name)
    for cap in layer.caps:
        for full in binding:
            same = cap.per == full.per == "period" and cap.group == full.group and len(binding) == 1
            if (
                same
                and cap.amount_fen is not None
                and full.amount_fen is not None
                and cap.amount_fen <= full.amount_fen
            ):
                return speech.speak(
                    "what the cap of {name} cuts off enters, and by then the group {group} is full: {here} here, {there} there",
                    name=source.name,
                    group=cap.group or "",
                    here=amount(cap.amount_fen),
                    there=amount(full.amount_fen),
                )
    return ""


def _caps(rule_set: RuleSet, variants: list[Resolved], speech: Speech) -> Iterator[Oddity]:
    layers = [layer for one in variants for layer in one.layers]
    drawn: dict[str, set[str]] = {}
    for layer in layers:
        for cap in layer.caps:
            drawn.setdefault(cap.group or "", set()).add(layer.name)
    told: set[tuple[str, str]] = set()
    for layer in layers:
        for cap in layer.caps:
            alone = cap.per == "visit" or drawn[cap.group or ""] == {layer.name}
            most = _most(rule_set, layer, cap) if alone else None
            fen = plain_fen(cap.amount_fen)
            if most is not None and fen is not None and fen > most:
                found = speech.speak(
                    "a cap of {cap}, where at most {most} can be paid", cap=amount(fen), most=amount(most)
                )
                if (layer.name, found) not in told:
                    told.add((layer.name, found))
                    yield Oddity("cap-out-of-reach", rule_set.file, f"layers.{layer.name}.caps", found)


def _most(rule_set: RuleSet, layer: ResolvedLayer, cap: Cap) -> int | None:
    """The most that a layer can pay within the scope of a cap, by its limit on what enters; None if nothing bounds it."""
    limit = layer.limit
    if limit is None or _scope(rule_set, limit.per, limit.group) != _scope(rule_set, cap.per, cap.group):
        return None
    fen = plain_fen(limit.amount_fen)
    return None if fen is None else (fen * max(layer.bands.ratio_bp) + BP_ONE - 1) // BP_ONE


def _scope(rule_set: RuleSet, per: str, group: str | None) -> object:
    return per if per == "visit" else rule_set.groups.get(group or "")


def odd_sources(rule_set: RuleSet, resolved: Iterable[Resolved], speech: Speech) -> Iterator[Oddity]:
    """Sources that only values name which no claim can meet: cases overridden everywhere, or of rules that never match."""
    met = set(_cited(rule_set, resolved))
    for key in rule_set.sources:
        if key not in met:
            found = speech.speak("no claim meets a value that names it")
            yield Oddity("source-decides-nothing", rule_set.file, f"sources.{key}", found)


def _cited(rule_set: RuleSet, resolved: Iterable[Resolved]) -> Iterator[str]:
    """Sources of the head, of every value of every variant, and of explanations."""
    head = (
        rule_set.identities,
        rule_set.identity_rank,
        rule_set.interim_settlements,
        rule_set.waiting,
        rule_set.explained,
        rule_set.beyond,
    )
    yield from rule_set.source.split(", ")
    no_caps = [
        cap for layer in rule_set.layers.values() for case in layer.cases for cap in case.caps or () if cap.is_none
    ]
    for value in (*head, *resolved, *no_caps):  # that there is no cap is no cap of a variant
        yield from _sources_in(value)


def _sources_in(value: Any) -> Iterator[str]:
    """The keys of sources that a value of the model names, and all that it consists of."""
    if isinstance(value, tuple):
        for one in value:
            yield from _sources_in(one)
    elif is_dataclass(value):
        for field in fields(value):
            found = getattr(value, field.name)
            yield from found.split(", ") if field.name == "source" else _sources_in(found)


def of_set(program: Program, number: int) -> list[Resolved]:
    """The variants of one rule set."""
    return [one for one, (at, _) in zip(program.resolved, program.rules, strict=True) if at == number]
