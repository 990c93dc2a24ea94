"""From a claim to its rule, and from a rule's layers to the settings that hold: the slow twin's first half.

Rules are scanned as they are written, with the values of one claim. The compiled tables must say the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from qingsuan.errors import PolicyError
from qingsuan.money import BP_ONE, apply_bp
from qingsuan.policy.model import (
    Adjust,
    AnyOf,
    Bands,
    Cap,
    Case,
    Codes,
    Deductible,
    Entry,
    Held,
    Interval,
    Layer,
    Limit,
    Missing,
    Rounding,
    Rule,
    RuleSet,
    Toward,
    Visits,
    When,
    YearEnd,
)
from qingsuan.policy.per_claim.amount import Amount

__all__ = [
    "OwnAmounts",
    "Plan",
    "Setting",
    "Value",
    "counts_in",
    "has_per_visit",
    "holds",
    "keys_of",
    "meets",
    "missing_parameter",
    "plan_of",
    "rule_of",
    "variant_of",
    "waits",
]

Value = str | int | frozenset[str] | None
"""What one claim has in one dimension: a code ("" where absent), a whole number (None where unknown), or the names of the
identity classes that its person holds."""

OwnAmounts = Mapping[Amount, int]
"""The amounts that a claim has for itself, in fen."""

EVERYTHING_LEFT = (Entry("inscp_scp_amt"),)
"""Without an entry, all in-scope cost that is left enters."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One layer of one claim: its cases combined, its adjustments worked in."""

    layer: str
    fund: str
    entry: tuple[Entry, ...]
    limit: Limit | None
    visits: Visits | None
    deductible: Deductible | None
    standards_fen: tuple[int, ...]
    bands: Bands
    ratio_bp: tuple[int, ...]
    caps: tuple[Cap, ...]
    lifted: frozenset[str]
    counts_toward: Toward | None = None
    rounding: Rounding | None = None
    year_end: YearEnd | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A rule and the settings of its layers, in the order in which they pay."""

    rule: Rule
    settings: tuple[Setting, ...]


def plan_of(rule_set: RuleSet, values: Mapping[str, Value]) -> Plan | None:
    """Find the rule of a claim and combine its layers; None where no rule matches.

    Raises
    ------
    PolicyError
        Two rules match, two cases of a layer set the same thing, or nothing sets a layer's bands.
    """
    rule = rule_of(rule_set, values)
    if rule is None:
        return None
    return Plan(rule, tuple(_setting(rule_set, rule_set.layers[name], values) for name in rule.layers))


def rule_of(rule_set: RuleSet, values: Mapping[str, Value]) -> Rule | None:
    """Find the one rule that matches and to which no other matching rule is preferred."""
    matching = [rule for rule in rule_set.rules if holds(rule.when, values)]
    yielding = {name for rule in matching for name in rule.overrides}
    left = [rule for rule in matching if rule.id not in yielding]
    if len(left) > 1:
        raise PolicyError(
            rule_set.file,
            found=f"rules {left[0].id!r} and {left[1].id!r} both match {dict(values)}",
            expected="one rule, or one that overrides the other",
            do="narrow their conditions, or let one override the other",
        )
    return left[0] if left else None


def variant_of(plan: Plan) -> str:
    """The name of a plan's terms: all that decides an amount, as docs/tables.md says, digested."""
    terms = {
        "entry_bp": plan.rule.entry_bp,
        "layers": [_terms_of(setting) for setting in plan.settings],
        "ceiling": None if plan.rule.ceiling is None else asdict(plan.rule.ceiling),
        "guarantee": None if plan.rule.guarantee is None else asdict(plan.rule.guarantee),
    }
    text = json.dumps(_said(terms), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:12]


def _terms_of(setting: Setting) -> dict[str, Any]:
    """A layer's terms, its adjustments carried out."""
    deductible = setting.deductible
    if deductible is not None:
        deductible = replace(deductible, amounts_fen=setting.standards_fen)
    caps = [
        replace(cap, amount_fen=None, of_claim=None)
        if (cap.group if cap.per == "period" else "visit") in setting.lifted
        else cap
        for cap in setting.caps
        if not cap.is_none
    ]
    return {
        "name": setting.layer,
        "fund": setting.fund,
        "entry": [asdict(one) for one in setting.entry],
        "limit": setting.limit and asdict(setting.limit),
        "visits": setting.visits and asdict(setting.visits),
        "deductible": deductible and asdict(deductible),
        "bands": asdict(replace(setting.bands, ratio_bp=setting.ratio_bp)),
        "caps": [asdict(cap) for cap in caps],
        "counts_toward": setting.counts_toward and asdict(setting.counts_toward),
        "rounding": setting.rounding and asdict(setting.rounding),
        "year_end": setting.year_end and asdict(setting.year_end),
    }


def _said(terms: Any) -> Any:
    """Terms without what is not set, and without sources."""
    if isinstance(terms, dict):
        return {key: _said(term) for key, term in terms.items() if key != "source" and term is not None}
    return [_said(term) for term in terms] if isinstance(terms, (list, tuple)) else terms


def has_per_visit(plan: Plan) -> bool:
    """Whether anything of a rule is per visit, so that two settlements of one stay are paid otherwise than two visits."""
    return any(
        _takes_per_visit(setting)
        or _crosses_per_visit(setting.bands)
        or (setting.visits is not None and setting.visits.counts)
        or (setting.limit is not None and setting.limit.per == "visit" and not _of_each(setting.limit))
        or ("visit" not in setting.lifted and any(_caps_a_visit(cap) for cap in setting.caps))
        or any(one.select is not None and one.select.counter == "visits" for one in _bounds_of_claim(setting))
        for setting in plan.settings
    )


def _takes_per_visit(setting: Setting) -> bool:
    """Whether the layer has a deductible per visit that somebody bears, or is credited with."""
    found = setting.deductible
    if found is None or found.per == "period" or _of_each(found):
        return False
    if found.of_claim is None and max(setting.standards_fen) == 0:
        return False
    return found.credits or not found.exempt


def _crosses_per_visit(bands: Bands) -> bool:
    if bands.select is not None:
        return bands.select.counter == "visits"
    return bands.per == "visit" and len(bands.upto_fen) > 0


def _caps_a_visit(cap: Cap) -> bool:
    return cap.per == "visit" and cap.amount_fen is not None and not _of_each(cap)


def _of_each(setting: Deductible | Limit | Cap) -> bool:
    """Whether it is of an amount that every settlement of a stay has for itself."""
    return setting.of_claim is not None and setting.of_claim.each


def counts_in(rule_set: RuleSet, plan: Plan) -> set[str]:
    """Every group that a rule's layers read or count on; with a group whose periods another counts, that one."""
    found: set[str | None] = set()
    for setting in plan.settings:
        parts = (setting.visits, setting.deductible, setting.bands, setting.limit, setting.bands.select, *setting.caps)
        found |= {part.group for part in parts if part is not None}
        found |= {one.select.group for one in _bounds_of_claim(setting) if one.select is not None}
        found.add(None if setting.counts_toward is None else setting.counts_toward.group)
    for counting, counted in rule_set.group_counts.items():
        if counting in found or counted in found:
            found |= {counting, counted}
    return {group for group in found if group is not None}


def _bounds_of_claim(setting: Setting) -> list[Amount]:
    """The bounds of a layer that are another for each claim, but those of lifted caps."""
    caps = [cap for cap in setting.caps if ("visit" if cap.per == "visit" else cap.group) not in setting.lifted]
    bounds = [one.of_claim for one in (setting.limit, setting.deductible, *caps) if one is not None]
    return [one for one in bounds if one is not None]


def keys_of(rule_set: RuleSet, plan: Plan, values: Mapping[str, Value]) -> dict[str, str]:
    """Group -> the key of this claim, of those groups of its rule that are kept apart by one; "" where it has none."""
    return {
        group: str(values[by] or "")
        for group, by in sorted(rule_set.group_keys.items(), key=lambda pair: pair[1])
        if group in counts_in(rule_set, plan)
    }


def missing_parameter(rule_set: RuleSet, values: Mapping[str, Value]) -> Missing | None:
    """Find the unknown parameter that this claim would need; None where it needs none.

    One that overrides rules is needed only by claims that one of these rules would pay.
    """
    matching = [one for one in rule_set.missing if one.when is not None and holds(one.when, values)]
    for missing in matching:
        if not missing.overrides:
            return missing
    rule = rule_of(rule_set, values) if matching else None
    return next((one for one in matching if rule is not None and rule.id in one.overrides), None)


def waits(rule_set: RuleSet, scheme: str, values: Mapping[str, Value]) -> bool | None:
    """Whether no fund pays a claim inside its person's waiting period; None where the rule set does not say it."""
    said = rule_set.waiting
    if said is None or scheme not in said.schemes:
        return None
    return not any(holds(one.when, values) for one in said.exempt)


def holds(when: When, values: Mapping[str, Value]) -> bool:
    """Whether every condition holds, and of alternatives at least one."""
    for dimension, condition in when.items():
        if isinstance(condition, AnyOf):
            if not any(holds(one, values) for one in condition.alternatives):
                return False
        elif not meets(condition, values[dimension]):
            return False
    return True


def meets(condition: Codes | Interval | Held, value: Value) -> bool:
    """Whether a value meets a condition on its dimension."""
    if isinstance(condition, Held):
        return _holds_classes(condition, value if isinstance(value, frozenset) else frozenset())
    if isinstance(condition, Codes):
        code = "" if value is None else str(value)
        return any(_fits(pattern, code) for pattern in condition.patterns) != condition.negated
    if not isinstance(value, int):
        return False
    return (condition.low is None or condition.low <= value) and (condition.high is None or value < condition.high)


def _holds_classes(condition: Held, held: frozenset[str]) -> bool:
    """Whether somebody who holds these identity classes meets the condition."""
    if condition.any and held.isdisjoint(condition.any):
        return False
    if not held.issuperset(condition.all) or not held.isdisjoint(condition.none):
        return False
    if not condition.highest:
        return True
    highest = next((name for name in condition.rank if name in held), None)
    return highest in condition.highest


def _fits(pattern: str, code: str) -> bool:
    return code.startswith(pattern[:-1]) if pattern.endswith("*") else code == pattern


def _setting(rule_set: RuleSet, layer: Layer, values: Mapping[str, Value]) -> Setting:
    """Combine a layer's own settings with its conditional cases that hold, then work the adjustments in."""
    where = f"{rule_set.file}: layers.{layer.name}"
    own, *conditional = layer.cases
    cases = [case for case in conditional if holds(case.when, values)]
    adjusts = [case.adjust for case in (own, *cases) if case.adjust is not None]
    bands: Bands | None = _one(where, "bands", own, cases)
    if bands is None:
        raise PolicyError(
            where,
            found=f"no bands for {dict(values)}",
            expected="bands in the layer's own settings or in the case that holds",
            do="write the bands, or leave the layer out of the rule",
        )
    deductible: Deductible | None = _one(where, "deductible", own, cases)
    entry: tuple[Entry, ...] | None = _one(where, "entry", own, cases)
    relief_bp = _once(where, "deductible_bp", adjusts)
    amounts_fen = () if deductible is None else deductible.amounts_fen
    if deductible is not None and deductible.of_claim is not None:
        deductible = replace(deductible, of_claim=replace(deductible.of_claim, ratio_bp=relief_bp))
    return Setting(
        layer=layer.name,
        fund=layer.fund,
        entry=EVERYTHING_LEFT if entry is None else entry,
        limit=_one(where, "limit", own, cases),
        visits=_one(where, "visits", own, cases),
        deductible=deductible,
        standards_fen=tuple(apply_bp(amount_fen, relief_bp) for amount_fen in amounts_fen),
        bands=bands,
        ratio_bp=_adjusted(bands, sum(adjust.points_bp for adjust in adjusts), _once(where, "own_bp", adjusts)),
        caps=_one(where, "caps", own, cases) or (),
        lifted=frozenset(name for adjust in adjusts for name in adjust.lift_caps),
        counts_toward=_one(where, "counts_toward", own, cases),
        rounding=_one(where, "rounding", own, cases),
        year_end=layer.year_end,
    )


def _one(where: str, key: str, own: Case, cases: list[Case]) -> Any:
    """The value of a key: that of the one conditional case that sets it, else the layer's own."""
    found = [getattr(case, key) for case in cases if getattr(case, key) is not None]
    if len(found) > 1:
        raise PolicyError(
            where,
            found=f"two cases that hold at once set {key!r}",
            expected="one",
            do="narrow the conditions of the cases",
        )
    return found[0] if found else getattr(own, key)


def _once(where: str, key: str, adjusts: list[Adjust]) -> int:
    """A multiplier that may be set once; one whole where nothing sets it."""
    found: list[int] = [getattr(adjust, key) for adjust in adjusts if getattr(adjust, key) is not None]
    if len(found) > 1:
        raise PolicyError(
            where,
            found=f"two adjustments that hold at once set {key!r}",
            expected="one",
            do="narrow the conditions of the cases",
        )
    return found[0] if found else BP_ONE


def _adjusted(bands: Bands, points_bp: int, own_bp: int) -> tuple[int, ...]:
    """Add the points to each band, then multiply the person's share; never beyond 0 and 100 %."""
    raised = (min(max(ratio_bp + points_bp, 0), BP_ONE) for ratio_bp in bands.ratio_bp)
    return tuple(BP_ONE - min(apply_bp(BP_ONE - ratio_bp, own_bp), BP_ONE) for ratio_bp in raised)
