"""One rule with its cases decided: layers whose every number is fixed, ready to be written into tables, and whether it is per visit."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from qingsuan.errors import PolicyError
from qingsuan.money import BP_ONE, apply_bp
from qingsuan.policy.model import (
    Adjust,
    Bands,
    Cap,
    Case,
    Ceiling,
    Deductible,
    Entry,
    Guarantee,
    Layer,
    Limit,
    Rounding,
    RuleSet,
    Toward,
    Visits,
    YearEnd,
)
from qingsuan.policy.per_claim.amount import Amount

__all__ = ["Known", "Resolved", "ResolvedLayer", "amounts_of", "choices_of", "is_per_visit", "name_of", "resolve_rule"]

_SETTINGS = tuple(field.name for field in fields(Case) if field.name not in ("when", "adjust", "cell"))
_DEFAULT_ENTRY = (Entry("inscp_scp_amt"),)
_SAYS_NOTHING = ("rule", "source")
"""Fields that decide no amount: where a rule stands in its file, and where its numbers come from."""
_DIGITS = 12
_SAID_EVERYWHERE = {
    "deductible": ("a deductible", "deductible = { exempt = true, source = … }"),
    "caps": ("caps", "caps = [{ none = true, source = … }]"),
}
"""Settings that a layer has for every claim or for none: what is forgotten for some would be paid as if it did not exist."""


@dataclass(frozen=True, slots=True)
class ResolvedLayer:
    """A layer with its adjustments carried out: amounts and ratios are those that apply.

    The ``source`` of each value names where it is from (依据): its own document, and that of every adjustment that changed it.
    """

    name: str
    fund: str
    visits: Visits | None
    deductible: Deductible | None
    bands: Bands
    limit: Limit | None
    caps: tuple[Cap, ...]
    entry: tuple[Entry, ...]
    counts_toward: Toward | None = None
    rounding: Rounding | None = None
    year_end: YearEnd | None = None


@dataclass(frozen=True, slots=True)
class Resolved:
    """A rule as it applies to one combination of classes; ``source`` is that of the rule, and so of ``entry_bp``."""

    rule: int
    entry_bp: int
    layers: tuple[ResolvedLayer, ...]
    ceiling: Ceiling | None
    source: str
    guarantee: Guarantee | None = None


def name_of(resolved: Resolved) -> str:
    """What a variant is called in results: the first digits of the SHA-256 of its terms.

    The name is the same in every run, whatever else the rule set says; rules with equal terms have equal names.
    """
    text = json.dumps(_terms(resolved), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _terms(value: Any) -> Any:
    """All that decides an amount, as JSON has it; what is not set is not there."""
    if is_dataclass(value):
        terms = ((one.name, getattr(value, one.name)) for one in fields(value) if one.name not in _SAYS_NOTHING)
        return {name: _terms(term) for name, term in terms if term is not None}
    return [_terms(one) for one in value] if isinstance(value, tuple) else value


Known = dict[tuple[str, tuple[int, ...]], ResolvedLayer]
"""Layers of one rule set that are decided already, by name and the numbers of the conditional cases that hold."""


def resolve_rule(
    rule_set: RuleSet, rule: int, cases: dict[str, tuple[int, ...]], example: str, known: Known | None = None
) -> Resolved:
    """Decide a rule's cases.

    Parameters
    ----------
    cases
        For each layer the numbers of the conditional cases that hold.
    known
        Grows by the layers that are decided here: few rules have a combination of cases for themselves.

    Raises
    ------
    PolicyError
        Two cases set the same thing, or nothing sets a layer's bands.
    """
    row = rule_set.rules[rule]
    known = {} if known is None else known
    for name in row.layers:
        if (name, cases[name]) not in known:
            layer = _resolve_layer(rule_set, name, cases[name], f"rule “{row.id}”, {example}")
            known[name, cases[name]] = layer
    layers = tuple(known[name, cases[name]] for name in row.layers)
    return Resolved(rule, row.entry_bp, layers, row.ceiling, row.source, row.guarantee)


def _resolve_layer(rule_set: RuleSet, name: str, numbers: tuple[int, ...], example: str) -> ResolvedLayer:
    layer = rule_set.layers[name]
    where = f"{rule_set.file}: layers.{name}"
    conditional = [layer.cases[number] for number in numbers]
    settings: dict[str, Any] = {}
    for setting in _SETTINGS:
        set_by = [(n, case) for n, case in zip(numbers, conditional, strict=True) if getattr(case, setting) is not None]
        if len(set_by) > 1:
            raise PolicyError(
                where,
                found=f"{_both(set_by[0], set_by[1])} both set {setting} for {example}",
                expected="at most one case that sets it for each combination",
                do="narrow the condition of one of the two cases",
            )
        settings[setting] = getattr(set_by[0][1] if set_by else layer.cases[0], setting)
    if settings["bands"] is None:
        raise PolicyError(
            where,
            found=f"nothing sets bands for {example}",
            expected="bands from the layer or from one of its cases",
            do="add a case for this combination, or narrow the rule",
        )
    for setting in _SAID_EVERYWHERE:
        if settings[setting] is None:
            _refuse_silence(layer, setting, where, example)
    adjusts = [case.adjust for case in (layer.cases[0], *conditional) if case.adjust is not None]
    _only_one(adjusts, where, example)
    return ResolvedLayer(
        name,
        layer.fund,
        settings["visits"],
        _relieved(settings["deductible"], adjusts),
        _adjusted(settings["bands"], adjusts),
        settings["limit"],
        tuple(_lifted(cap, adjusts) for cap in settings["caps"] or () if not cap.is_none),
        _DEFAULT_ENTRY if settings["entry"] is None else settings["entry"],
        settings["counts_toward"],
        settings["rounding"],
        layer.year_end,
    )


def _refuse_silence(layer: Layer, setting: str, where: str, example: str) -> None:
    """Refuse what is set for some claims of a layer and forgotten for others: "none" is said, not left out."""
    for number, case in enumerate(layer.cases):
        if getattr(case, setting):
            what, none = _SAID_EVERYWHERE[setting]
            raise PolicyError(
                where,
                found=f"nothing sets {setting} for {example}; {case.cell or f'case {number}'} does for other claims",
                expected=f"{what} for every combination that the rule can meet, or the word that there is none",
                do=f"add a case or a row for this combination; where there is none, write {none}",
            )


def _both(one: tuple[int, Case], other: tuple[int, Case]) -> str:
    """Two conditional cases by their numbers; a cell of a matrix by where it stands."""
    if not one[1].cell and not other[1].cell:
        return f"cases {one[0]} and {other[0]}"
    return " and ".join(case.cell or f"case {number}" for number, case in (one, other))


def _only_one(adjusts: list[Adjust], where: str, example: str) -> None:
    """Refuse two adjustments of one factor."""
    for field, what in (("deductible_bp", "deductible_percent"), ("own_bp", "own_percent")):
        count = sum(getattr(adjust, field) is not None for adjust in adjusts)
        if count > 1:
            raise PolicyError(
                where,
                found=f"{count} cases adjust {what} at once for {example}",
                expected="at most one (points add up, factors do not)",
                do="narrow the condition of one of the cases",
            )


def _from(value: Deductible | Bands | Cap, changed_by: list[Adjust]) -> str:
    """The sources of a value that adjustments changed: its own, then theirs, each once."""
    keys = [key for text in (value.source, *(one.source for one in changed_by)) if text for key in text.split(", ")]
    return ", ".join(dict.fromkeys(keys))


def _relieved(deductible: Deductible | None, adjusts: list[Adjust]) -> Deductible | None:
    by = [adjust for adjust in adjusts if adjust.deductible_bp not in {None, BP_ONE}]
    if deductible is None or not by:
        return deductible
    amounts = tuple(apply_bp(amount, by[0].deductible_bp or 0) for amount in deductible.amounts_fen)
    of_claim = deductible.of_claim
    if of_claim is not None:
        of_claim = replace(of_claim, ratio_bp=by[0].deductible_bp or 0)
    return replace(deductible, amounts_fen=amounts, source=_from(deductible, by), of_claim=of_claim)


def _adjusted(bands: Bands, adjusts: list[Adjust]) -> Bands:
    """Add points, then multiply what is left to the person; never beyond 0 and 100 %."""
    by = [adjust for adjust in adjusts if adjust.points_bp or adjust.own_bp is not None]
    points_bp = sum(adjust.points_bp for adjust in by)
    own_bp = next((adjust.own_bp for adjust in by if adjust.own_bp is not None), BP_ONE)
    ratios = []
    for ratio in bands.ratio_bp:
        own = BP_ONE - max(0, min(BP_ONE, ratio + points_bp))
        ratios.append(BP_ONE - min(BP_ONE, apply_bp(own, own_bp)))
    return replace(bands, ratio_bp=tuple(ratios), source=_from(bands, by))


def _lifted(cap: Cap, adjusts: list[Adjust]) -> Cap:
    name = "visit" if cap.per == "visit" else cap.group
    by = [adjust for adjust in adjusts if name in adjust.lift_caps]
    return replace(cap, amount_fen=None, of_claim=None, source=_from(cap, by)) if by else cap


def amounts_of(resolved: Resolved) -> tuple[Amount, ...]:
    """The amounts of a rule that are another for each claim, each once, in the order in which its layers ask for them."""
    return tuple(one for one in _asked(resolved) if one.select is None)


def choices_of(resolved: Resolved) -> tuple[Amount, ...]:
    """The amounts of a rule that a counter selects, each once, in the order in which its layers ask for them."""
    return tuple(one for one in _asked(resolved) if one.select is not None)


def _asked(resolved: Resolved) -> tuple[Amount, ...]:
    bounds = (one for layer in resolved.layers for one in (layer.limit, layer.deductible, *layer.caps, *layer.entry))
    return tuple(dict.fromkeys(one.of_claim for one in bounds if one is not None and one.of_claim is not None))


def is_per_visit(resolved: Resolved) -> bool:
    """Whether a rule pays several settlements of one stay (中途结算) otherwise than one.

    It does where it counts visits, or has a deductible, bands, a limit or a cap per visit. Where it has none of these, it makes
    no difference which settlements are of one visit. A single ratio is no band: each settlement is rounded on its own, whether
    it is a visit or a part of one.
    """
    return any(_is_per_visit(layer) for layer in resolved.layers)


def _is_per_visit(layer: ResolvedLayer) -> bool:
    deductible, bands, limit = layer.deductible, layer.bands, layer.limit
    return (
        (layer.visits is not None and layer.visits.counts)
        or (deductible is not None and _takes_or_credits(deductible))
        or (bands.select is None and bands.per == "visit" and len(bands.ratio_bp) > 1)
        or (bands.select is not None and bands.select.counter == "visits")
        or (limit is not None and limit.per == "visit" and not _is_of_each(limit))
        or any(cap.per == "visit" and cap.amount_fen is not None and not _is_of_each(cap) for cap in layer.caps)
        or any(_is_by_visits(one) for one in (deductible, limit, *layer.caps))
    )


def _is_by_visits(setting: Deductible | Limit | Cap | None) -> bool:
    """Whether a setting has an amount that the number of visits selects."""
    select = None if setting is None or setting.of_claim is None else setting.of_claim.select
    return select is not None and select.counter == "visits"


def _takes_or_credits(deductible: Deductible) -> bool:
    counts = not deductible.exempt or deductible.credits
    takes = any(deductible.amounts_fen) or deductible.of_claim is not None
    return deductible.per == "visit" and counts and takes and not _is_of_each(deductible)


def _is_of_each(setting: Deductible | Limit | Cap) -> bool:
    """Whether every settlement of one stay has the amount for itself."""
    return setting.of_claim is not None and setting.of_claim.each
