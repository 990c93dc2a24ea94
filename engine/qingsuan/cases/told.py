"""A case that came out otherwise, told so that somebody can act on it: expected, found, and the rule that decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from qingsuan.cases.outcome import Difference
from qingsuan.policy.compile import Program
from qingsuan.policy.model import FUNDS, Entry
from qingsuan.policy.resolve import Resolved, ResolvedLayer
from qingsuan.rulebook.words import Words, sources_of

__all__ = ["Deciders", "told"]

_ALL_IN_SCOPE = (Entry("inscp_scp_amt"),)
_SETTINGS = ("visits", "deductible", "bands", "limit", "caps", "entry", "counts_toward", "rounding")


@dataclass(frozen=True)
class Deciders:
    """The rules of a region as they were resolved, by the names that settled rows have for them."""

    program: Program

    def of(self, rule_id: str, variant: str) -> tuple[Resolved, Words] | None:
        """The variant, and words for it; None if it is not one of these rules."""
        for number, resolved in enumerate(self.program.resolved):
            if self.program.rule_id(number) == rule_id and self.program.variant_id(number) == variant:
                rule_set = self.program.rule_sets[self.program.rules[number][0]]
                return resolved, Words(rule_set, "en")
        return None


def told(differences: Sequence[Difference], deciders: Deciders) -> Iterator[str]:
    """Lines about the differences of one case, claim by claim."""
    claims: dict[tuple[str, str], list[Difference]] = {}
    for one in differences:
        claims.setdefault((one.psn_no, one.setl_id), []).append(one)
    for (psn_no, setl_id), found in claims.items():
        if not setl_id:
            yield from (str(one).strip() for one in found)
            continue
        yield f"claim {setl_id} of {psn_no}"
        for one in found:
            yield f"  {one.column or 'what became of it'}: expected {one.expected}, found {one.found}{_apart(one)}"
        yield from (f"  {line}" for line in _decided(found, deciders))


def _apart(one: Difference) -> str:
    """By how much two amounts differ."""
    try:
        apart = Decimal(one.found) - Decimal(one.expected)
    except InvalidOperation:
        return ""
    return f" ({'+' if apart > 0 else ''}{apart})"


def _decided(found: Sequence[Difference], deciders: Deciders) -> Iterator[str]:
    row = found[0].row
    rule_id = row.get("rule_id")
    if not rule_id:
        return
    yield f"decided by {rule_id}"
    decider = deciders.of(rule_id, row.get("variant") or "")
    if decider is None:
        return
    resolved, words = decider
    layer = _first_layer(resolved, {one.column for one in found})
    if layer is not None:
        yield f"in scope {row.get('inscp_scp_amt')}, deductible taken {row.get('act_pay_dedc')}"
        yield f"the first layer that differs is {layer.name}, paid by {layer.fund}:"
        for key in _SETTINGS:
            value = getattr(layer, key)
            if value not in (None, (), _ALL_IN_SCOPE):
                yield f"  {key}: {words.setting(value)}   [{sources_of(value)}]"


def _first_layer(resolved: Resolved, columns: set[str]) -> ResolvedLayer | None:
    """The first layer whose fund came out otherwise; where no fund did, the first layer at all."""
    funds = columns & {*FUNDS, *(layer.fund for layer in resolved.layers)}
    of_funds = [layer for layer in resolved.layers if layer.fund in funds]
    return next(iter(of_funds or ([] if funds else resolved.layers)), None)
