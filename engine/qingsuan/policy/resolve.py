"""One rule with its cases decided: layers whose every number is fixed, ready to be written into tables, and whether it is per visit."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from qingsuan.errors import PolicyError
from qingsuan.money import BP_ONE, apply_bp
from qingsuan.policy.model import Adjust, Bands, Cap, Case, Ceiling, Deductible, Entry, Limit, RuleSet, Visits

__all__ = ["Resolved", "ResolvedLayer", "is_per_visit", "resolve_rule"]

_SETTINGS = tuple(field.name for field in fields(Case) if field.name not in ("when", "adjust"))
_DEFAULT_ENTRY = (Entry("inscp_scp_amt"),)


@dataclass(frozen=True, slots=True)
class ResolvedLayer:
    """A layer with its adjustments carried out: amounts and ratios are those that apply."""

    name: str
    fund: str
    visits: Visits | None
    deductible: Deductible | None
    bands: Bands
    limit: Limit | None
    caps: tuple[Cap, ...]
    entry: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Resolved:
    """A rule as it applies to one combination of classes."""

    rule: int
    entry_bp: int
    layers: tuple[ResolvedLayer, ...]
    ceiling: Ceiling | None


def resolve_rule(rule_set: RuleSet, rule: int, cases: dict[str, tuple[int, ...]], example: str) -> Resolved:
    """Decide a rule's cases; ``cases`` gives for each layer the numbers of the conditional cases that hold.

    Raises
    ------
    PolicyError
        Two cases set the same thing, or nothing sets a layer's bands.
    """
    row = rule_set.rules[rule]
    layers = tuple(_resolve_layer(rule_set, name, cases[name], f"rule “{row.id}”, {example}") for name in row.layers)
    return Resolved(rule, row.entry_bp, layers, row.ceiling)


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
                found=f"cases {set_by[0][0]} and {set_by[1][0]} both set {setting} for {example}",
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
    adjusts = [case.adjust for case in (layer.cases[0], *conditional) if case.adjust is not None]
    deductible_bp = _only(adjusts, "deductible_bp", where, example)
    own_bp = _only(adjusts, "own_bp", where, example)
    points_bp = sum(adjust.points_bp for adjust in adjusts)
    lifted = {name for adjust in adjusts for name in adjust.lift_caps}
    return ResolvedLayer(
        name,
        layer.fund,
        settings["visits"],
        _relieved(settings["deductible"], deductible_bp),
        _adjusted(settings["bands"], points_bp, own_bp),
        settings["limit"],
        tuple(_lifted(cap, lifted) for cap in settings["caps"] or ()),
        _DEFAULT_ENTRY if settings["entry"] is None else settings["entry"],
    )


def _only(adjusts: list[Adjust], what: str, where: str, example: str) -> int:
    values = [getattr(adjust, what) for adjust in adjusts if getattr(adjust, what) is not None]
    if len(values) > 1:
        raise PolicyError(
            where,
            found=f"{len(values)} cases adjust {what} at once for {example}",
            expected="at most one (points add up, factors do not)",
            do="narrow the condition of one of the cases",
        )
    return values[0] if values else BP_ONE


def _relieved(deductible: Deductible | None, factor_bp: int) -> Deductible | None:
    if deductible is None or factor_bp == BP_ONE:
        return deductible
    amounts = tuple(apply_bp(amount, factor_bp) for amount in deductible.amounts_fen)
    return Deductible(deductible.per, amounts, deductible.group, deductible.exempt, deductible.credits)


def _adjusted(bands: Bands, points_bp: int, own_bp: int) -> Bands:
    """Add points, then multiply what is left to the person; never beyond 0 and 100 %."""
    ratios = []
    for ratio in bands.ratio_bp:
        own = BP_ONE - max(0, min(BP_ONE, ratio + points_bp))
        ratios.append(BP_ONE - min(BP_ONE, apply_bp(own, own_bp)))
    return Bands(tuple(ratios), bands.upto_fen, bands.per, bands.measured, bands.group, bands.select)


def _lifted(cap: Cap, lifted: set[str]) -> Cap:
    name = "visit" if cap.per == "visit" else cap.group
    return Cap(None, cap.per, cap.group) if name in lifted else cap


def is_per_visit(resolved: Resolved) -> bool:
    """Whether a rule pays several settlements of one stay (中途结算) otherwise than one.

    It does where it counts visits, or has a deductible, bands, a limit or a cap per visit. Where it has none of these, it makes no difference which settlements are of one visit. A single ratio is no band: each
    settlement is rounded on its own, whether it is a visit or a part of one.
    """
    return any(_is_per_visit(layer) for layer in resolved.layers)


def _is_per_visit(layer: ResolvedLayer) -> bool:
    deductible, bands, limit = layer.deductible, layer.bands, layer.limit
    return (
        (layer.visits is not None and layer.visits.counts)
        or (deductible is not None and _takes_or_credits(deductible))
        or (bands.select is None and bands.per == "visit" and len(bands.ratio_bp) > 1)
        or (bands.select is not None and bands.select.counter == "visits")
        or (limit is not None and limit.per == "visit")
        or any(cap.per == "visit" and cap.amount_fen is not None for cap in layer.caps)
    )


def _takes_or_credits(deductible: Deductible) -> bool:
    counts = not deductible.exempt or deductible.credits
    return deductible.per == "visit" and counts and any(deductible.amounts_fen)
