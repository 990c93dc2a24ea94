"""What a rule set sets for some claims, value by value, as it can be authorised; adjustments are carried out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from qingsuan.money import BP_ONE, MAX_FEN, apply_bp, yuan
from qingsuan.policy.authority.model import AMOUNTS, Setting, Tilt
from qingsuan.policy.decision import Combination
from qingsuan.policy.model import Adjust, Entry, Layer, RuleSet
from qingsuan.policy.per_claim.amount import Amount
from qingsuan.policy.resolve import ResolvedLayer, resolve_rule

__all__ = ["Value", "as_tilt", "tilt_text", "values_of"]

_WITHOUT_NUMBERS: dict[Setting, str] = {
    "entry": "other parts of the bill than those in scope",
    "counts_toward": "payments that count toward a deductible",
    "rounding": "rounding to another unit than the fen",
    "carry_over": "what is not used of a cap carried over",
}
_NO_SHARE = (Entry("inscp_scp_amt"),)


@dataclass(frozen=True, slots=True)
class Value:
    """What one layer, or one rule, sets for some claims."""

    setting: Setting
    key: str
    fund: str
    source: str
    numbers: tuple[int, ...] = ()
    adjust: Adjust | None = None
    layer: Layer | None = None

    def text(self) -> str:
        """As it is said to whoever wrote it."""
        if self.adjust is not None:
            said = tilt_text(as_tilt(self.adjust, self.layer))
            return said if self.adjust.own_bp is None else f"{said}, own share times {yuan(self.adjust.own_bp)} %"
        unit = "yuan" if self.setting in AMOUNTS else "%"
        return f"{', '.join(map(yuan, self.numbers))} {unit}" if self.numbers else _WITHOUT_NUMBERS[self.setting]


def values_of(rule_set: RuleSet, at: Combination) -> Iterator[Value]:
    """Everything that a rule and its layers set for some claims.

    Raises
    ------
    PolicyError
        See :func:`qingsuan.policy.resolve.resolve_rule`.
    """
    resolved = resolve_rule(rule_set, at.rule, at.cases, at.example)
    where = f"rules “{rule_set.rules[at.rule].id}”"
    if resolved.entry_bp != BP_ONE:
        yield Value("entry_percent", f"{where}.entry_percent", "", resolved.source, (resolved.entry_bp,))
    if resolved.ceiling is not None:
        yield Value("ceiling", f"{where}.ceiling", "", resolved.ceiling.source, (resolved.ceiling.ratio_bp,))
    if resolved.guarantee is not None:
        yield Value("guarantee", f"{where}.guarantee", "", resolved.guarantee.source, (resolved.guarantee.ratio_bp,))
    for layer in resolved.layers:
        yield from _of_layer(layer)
        for group in dict.fromkeys(cap.group for cap in layer.caps if cap.group in rule_set.carry_over):
            said = rule_set.carry_over[str(group)]
            yield Value("carry_over", f"groups.{group}.carry_over", layer.fund, said.source)
        written = rule_set.layers[layer.name]
        for number in (0, *at.cases[layer.name]):
            adjust = written.cases[number].adjust
            if adjust is not None:
                key = f"layers.{layer.name}.adjust"
                yield Value("adjust", key, layer.fund, adjust.source, adjust=adjust, layer=written)


def _of_layer(layer: ResolvedLayer) -> Iterator[Value]:
    key, fund, deductible = f"layers.{layer.name}", layer.fund, layer.deductible
    yield Value("ratio", f"{key}.bands", fund, layer.bands.source, layer.bands.ratio_bp)
    if deductible is not None and not deductible.exempt:
        amounts = _reach(deductible.amounts_fen, deductible.of_claim)
        if any(amounts):
            yield Value("deductible", f"{key}.deductible", fund, deductible.source, amounts)
    if layer.limit is not None:
        yield Value(
            "limit", f"{key}.limit", fund, layer.limit.source, _reach((layer.limit.amount_fen,), layer.limit.of_claim)
        )
    for cap in layer.caps:
        if cap.amount_fen is not None:
            yield Value("cap", f"{key}.caps", fund, cap.source, _reach((cap.amount_fen,), cap.of_claim))
    if layer.rounding is not None:
        yield Value("rounding", f"{key}.rounding", fund, layer.rounding.source)
    if layer.counts_toward is not None:
        yield Value("counts_toward", f"{key}.counts_toward", fund, layer.counts_toward.source)
    if tuple(replace(each, source="") for each in layer.entry) != _NO_SHARE:
        yield Value("entry", f"{key}.entry", fund, next((each.source for each in layer.entry if each.source), ""))


def _reach(amounts: tuple[int, ...], of_claim: Amount | None) -> tuple[int, ...]:
    """The amounts that a setting has; of one that each claim has for itself the least and the most."""
    if of_claim is None:
        return amounts
    if of_claim.select is not None:
        return tuple(apply_bp(fen, of_claim.ratio_bp) for fen in of_claim.amounts_fen or ())
    return of_claim.of(0), MAX_FEN if of_claim.upto_fen is None else of_claim.of(MAX_FEN)


def as_tilt(adjust: Adjust, layer: Layer | None) -> Tilt:
    """An adjustment as a tilt; it lifts the caps if none of the layer's is left that binds."""
    caps = [cap for case in (layer.cases if layer else ()) for cap in case.caps or () if cap.amount_fen is not None]
    names = {"visit" if cap.per == "visit" else cap.group for cap in caps}
    deductible_bp = BP_ONE if adjust.deductible_bp is None else adjust.deductible_bp
    lifts_caps = bool(adjust.lift_caps) and names <= set(adjust.lift_caps)
    return Tilt(deductible_bp, adjust.points_bp, lifts_caps)


def tilt_text(tilt: Tilt) -> str:
    """A tilt in words."""
    caps = "caps lifted" if tilt.lifts_caps else "caps kept"
    return f"deductible times {yuan(tilt.deductible_bp)} %, {yuan(tilt.points_bp)} points more, {caps}"
